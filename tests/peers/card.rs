//! The card: `underpass sim` with TAP devices at its ports, and `underpass daemon` that owns it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::namespace::Namespace;
use crate::process::Process;

/// What the card shall carry.
const NETWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/network.yaml");
/// Its ports that something is plugged into; the TAP devices are called as they are.
const PORTS: [&str; 3] = ["vf0", "vf1", "wire0"];

/// What is inside the card: `rtl`, or what `UNDERPASS_CARD` says.
pub fn inside() -> &'static str {
    match std::env::var("UNDERPASS_CARD").as_deref() {
        Ok("model") => "model",
        _ => "rtl",
    }
}

/// The card's processes. The daemon goes first: it disables the card.
pub struct Card {
    daemon: Option<Process>,
    sim: Option<Process>,
    namespace: Namespace,
    dir: TempDir,
}

impl Card {
    /// Starts a simulated card. Its TAP devices are in a namespace of its own, until they are handed over.
    pub fn start() -> Card {
        let namespace = Namespace::new("card");
        let dir = tempfile::tempdir().unwrap();
        let mut command = namespace.command(program());
        command.args(["sim", "--card", inside(), "--socket"]);
        command.arg(dir.path().join("card.sock"));
        for port in PORTS {
            command.args(["--port", &format!("{port}=tap:{port}")]);
        }
        let mut sim = Process::start(&mut command);
        sim.wait_for("listening at ");
        Card {
            daemon: None,
            sim: Some(sim),
            namespace,
            dir,
        }
    }

    /// What is inside.
    pub fn inside(&self) -> &'static str {
        inside()
    }

    /// Moves the TAP device of a port.
    pub fn hand_over(&self, port: &str, to: &Namespace) {
        self.namespace
            .ip(&format!("link set {port} netns {}", to.name()));
    }

    /// Programs the card and starts its slow path.
    pub fn carry(&mut self) {
        let socket = self.dir.path().join("card.sock");
        let mut command = self.namespace.command(program());
        command.args(["daemon", "--network", NETWORK, "--card"]);
        command.arg(format!("vfio-user:{}", socket.display()));
        let mut daemon = Process::start(&mut command);
        daemon.wait_for(" carries ");
        self.daemon = Some(daemon);
    }

    /// Ends both in order: what they say of what they did.
    pub fn end(&mut self) -> Vec<String> {
        let processes = [self.daemon.take(), self.sim.take()];
        let said = processes.into_iter().flatten().map(Process::end);
        said.flatten().collect()
    }
}

/// The program under test: the one that was built beside this test.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here
        .parent()
        .and_then(Path::parent)
        .map(|profile| profile.join("underpass"))
        .filter(|program| program.is_file());
    program.unwrap_or_else(|| {
        panic!(
            "found no `underpass` beside {}: cargo build --package underpass-host-driver",
            here.display()
        )
    })
}
