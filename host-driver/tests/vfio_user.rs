//! Two processes and a socket: `underpass sim` serves a card, `underpass replay` drives it. Either may be killed at any
//! moment.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use underpass_verilator::Toolchain;

const PROGRAM: &str = env!("CARGO_BIN_EXE_underpass");
const NETWORK: &str = "compute-1.yaml";
const INPUTS: [&str; 5] = [
    "vf0=red1.pcap",
    "vf1=red2.pcap",
    "vf2=blue1.pcap",
    "vf3=edge1.pcap",
    "wire0=wire0.pcap",
];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/two-computes")
}

/// A card in a process of its own.
struct Card {
    process: Child,
    /// What it said, for whoever wants to read on.
    said: BufReader<std::process::ChildStdout>,
}

impl Card {
    fn start(inside: &str, socket: &Path) -> Card {
        Card::sized(inside, "sim", socket)
    }

    fn sized(inside: &str, profile: &str, socket: &Path) -> Card {
        let mut process = Command::new(PROGRAM)
            .args(["sim", "--card", inside, "--profile", profile, "--socket"])
            .arg(socket)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, format!("listening at {}\n", socket.display()));
        Card { process, said }
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn replay(card: &str, out: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(example()).args(["replay", NETWORK]);
    for input in INPUTS {
        command.args(["--in", input]);
    }
    command.args(["--card", card, "--out"]).arg(out);
    command
}

fn finished(mut command: Command) -> Output {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    output
}

/// The captures that a run left, and its summary without the clock.
fn left(out: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(out).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if path.ends_with("summary.json") {
            let mut summary: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            summary.as_object_mut().unwrap().remove("clocks");
            bytes = summary.to_string().into_bytes();
        }
        files.push((path.strip_prefix(out).unwrap().to_owned(), bytes));
    }
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    files
}

struct Bench {
    dir: TempDir,
    expected: Vec<(PathBuf, Vec<u8>)>,
    printed: Vec<u8>,
}

impl Bench {
    /// What the model in the driver's own process leaves is what every card must leave.
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("expected");
        let printed = finished(replay("sim:model", &out)).stdout;
        Bench {
            expected: left(&out),
            printed,
            dir,
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("card.sock")
    }

    fn card(&self) -> String {
        format!("vfio-user:{}", self.socket().display())
    }

    fn check(&self, name: &str) {
        let out = self.dir.path().join(name);
        let printed = finished(replay(&self.card(), &out)).stdout;
        assert!(left(&out) == self.expected, "other files in run `{name}`");
        assert_eq!(
            String::from_utf8_lossy(&printed),
            String::from_utf8_lossy(&self.printed)
        );
    }
}

#[test]
fn a_card_behind_a_socket_leaves_the_same_bytes_however_often_its_host_is_killed() {
    let bench = Bench::new();
    let mut card = Card::start("model", &bench.socket());
    bench.check("first");
    for milliseconds in [1, 5, 20, 40] {
        let out = bench.dir.path().join("killed");
        let mut host = replay(&bench.card(), &out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        host.kill().unwrap();
        host.wait().unwrap();
        let _ = fs::remove_dir_all(&out);
    }
    bench.check("after the kills");
    assert_eq!(card.next_line(), "a host came\n");
    assert_eq!(card.next_line(), "the host went\n");
}

#[test]
fn a_card_that_is_killed_is_an_error_and_can_be_started_again() {
    let bench = Bench::new();
    let mut card = Card::start("model", &bench.socket());
    let out = bench.dir.path().join("cut");
    let mut host = replay(&bench.card(), &out)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    card.next_line();
    card.kill();
    let code = host.wait().unwrap().code();
    // It may have been done just before.
    assert!(matches!(code, Some(0 | 2)), "{code:?}");
    assert!(bench.socket().exists(), "the dead card's socket lies there");

    let output = replay(&bench.card(), &bench.dir.path().join("nobody"))
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.starts_with("error: vfio-user failed: "), "{errors}");
    assert!(errors.contains("\nhint: a simulated card is served by"));
    assert!(!bench
        .dir
        .path()
        .join("nobody")
        .join("summary.json")
        .exists());

    let _card = Card::start("model", &bench.socket());
    bench.check("again");
}

#[test]
fn one_socket_serves_one_card() {
    let bench = Bench::new();
    let _card = Card::start("model", &bench.socket());
    let output = Command::new(PROGRAM)
        .args(["sim", "--card", "model", "--socket"])
        .arg(bench.socket())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("belongs to a server that is running"),
        "{errors}"
    );
}

#[test]
fn a_card_behind_a_socket_shows_what_it_is_and_can_be_reset() {
    let bench = Bench::new();
    let _card = Card::start("model", &bench.socket());
    let card = |what: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["card", what, "--card", &bench.card()]);
        String::from_utf8(finished(command).stdout).unwrap()
    };
    let shown = card("show");
    assert!(
        shown.starts_with(&format!("card     {}\n", bench.card())),
        "{shown}"
    );
    assert!(shown.contains("\nprofile  sim\n"), "{shown}");
    assert_eq!(card("reset"), format!("{} was reset\n", bench.card()));
}

#[test]
fn a_card_of_another_size_is_listed_and_traced_as_it_is() {
    let bench = Bench::new();
    let _card = Card::sized("model", "u250", &bench.socket());
    let mut list = Command::new(PROGRAM);
    list.current_dir(example());
    list.args(["table", "list", NETWORK, "--card", &bench.card()]);
    let list = String::from_utf8(finished(list).stdout).unwrap();
    assert!(
        list.contains("bridge           key      294912  294912"),
        "{list}"
    );
    let traced = |card: &str, out: &str| {
        let mut command = replay(card, &bench.dir.path().join(out));
        command.arg("--trace");
        String::from_utf8(finished(command).stdout).unwrap()
    };
    let walks = traced("sim:model", "small");
    assert!(walks.contains("-> answered with 02:00:00:01:01:04"));
    assert_eq!(traced(&bench.card(), "large"), walks);
}

/// The whole card in RTL, rings and all, behind the socket.
#[test]
fn the_rtl_behind_a_socket_leaves_the_same_bytes() {
    if let Err(error) = Toolchain::find() {
        eprintln!("skipped: {error}");
        return;
    }
    let bench = Bench::new();
    let mut card = Card::start("rtl", &bench.socket());
    bench.check("rtl");
    card.kill();
    let _card = Card::start("rtl", &bench.socket());
    bench.check("rtl again");
}
