//! Network namespaces that go when they are dropped.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use rustix::thread::{move_into_link_name_space, LinkNameSpaceType};

use crate::process::said;

/// What the names of ours begin with; the process and a name follow.
const PREFIX: &str = "underpass-peers-";
/// Where `ip netns` keeps them.
const PLACE: &str = "/run/netns";

/// A namespace.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one, with nothing in it but its loopback.
    pub fn new(name: &str) -> Namespace {
        let name = format!("{PREFIX}{}-{name}", std::process::id());
        done(Command::new("ip").args(["netns", "add", &name]));
        let namespace = Namespace { name };
        namespace.ip("link set lo up");
        namespace
    }

    /// Its name for `ip`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A program that runs in it and does not outlive us.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]);
        command.args(["setpriv", "--pdeathsig", "KILL"]);
        command.arg(program.as_ref());
        command
    }

    /// `ip` in this namespace, which must succeed.
    pub fn ip(&self, arguments: &str) {
        done(
            Command::new("ip")
                .args(["-n", &self.name])
                .args(arguments.split_whitespace()),
        );
    }

    /// Runs something in a thread that is in this namespace.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let place = Path::new(PLACE).join(&self.name);
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                enter(&place);
                work()
            });
            match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}

/// Moves this thread.
fn enter(place: &Path) {
    use std::os::fd::AsFd;
    let file = File::open(place).unwrap();
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What cannot be removed the next run sweeps away.
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .output();
    }
}

/// Removes the namespaces of runs that were killed.
pub fn sweep() {
    for entry in fs::read_dir(PLACE).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        // Of a process that nobody waited for there is a folder still, but no program.
        let program = |id: &str| fs::read_link(Path::new("/proc").join(id).join("exe"));
        let dead = process.is_some_and(|id| program(id).is_err());
        if dead {
            drop(Namespace { name });
        }
    }
}

/// Runs a command that must succeed.
pub fn done(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    output
}
