//! `underpass daemon` and a card behind a socket, without cables: how it starts, ends, and refuses.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{kill_process, Pid, Signal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underpass");

fn network() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/two-computes/compute-1.yaml")
}

/// A process that is killed when it is dropped.
struct Running {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Running {
    fn start(arguments: &[&str]) -> Running {
        let mut process = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        Running { process, said }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// SIGTERM or another one, and what it ends with: status, and what it said since.
    fn end(mut self, signal: Signal) -> (Option<i32>, Vec<String>) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        let lines = (&mut self.said).lines().map(Result::unwrap).collect();
        (self.process.wait().unwrap().code(), lines)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A model behind a socket, and the name of that card.
fn card(dir: &Path) -> (Running, String) {
    let socket = dir.join("card.sock");
    let socket = socket.to_str().unwrap();
    let mut sim = Running::start(&["sim", "--card", "model", "--socket", socket]);
    assert_eq!(sim.line(), format!("listening at {socket}\n"));
    (sim, format!("vfio-user:{socket}"))
}

fn daemon(card: &str) -> Running {
    Running::start(&[
        "daemon",
        "--card",
        card,
        "--network",
        network().to_str().unwrap(),
    ])
}

/// Processor time of a process, in ticks of the kernel (proc(5): fields 14 and 15 of `stat`).
fn ticks(process: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<_> = fields.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_daemon_carries_a_network_until_it_is_asked_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let (mut sim, card) = card(dir.path());
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = daemon(&card);
        let line = daemon.line();
        assert!(line.starts_with(&format!("{card} carries ")), "{line}");
        assert!(line.ends_with(": 3 networks, 4 interfaces\n"), "{line}");
        let (code, lines) = daemon.end(signal);
        assert_eq!(code, Some(0), "{lines:?}");
        assert_eq!(
            lines,
            [
                "0 packets were handed over".to_owned(),
                "0 of them were dropped".to_owned(),
                format!("{card} takes no more packets"),
            ]
        );
        assert_eq!(sim.line(), "a host came\n");
        assert_eq!(sim.line(), "the host went\n");
    }
    assert_eq!(sim.end(Signal::TERM), (Some(0), Vec::new()));
    assert!(
        !dir.path().join("card.sock").exists(),
        "the socket lies there"
    );
}

#[test]
fn a_daemon_without_work_and_its_card_sleep() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, card) = card(dir.path());
    let mut daemon = daemon(&card);
    daemon.line();
    let before = [&sim, &daemon].map(|running| ticks(&running.process));
    let start = Instant::now();
    std::thread::sleep(Duration::from_secs(2));
    let after = [&sim, &daemon].map(|running| ticks(&running.process));
    // A tick is a hundredth of a second; one that never sleeps has a hundred a second.
    let most = start.elapsed().as_secs() * 10;
    for (before, after) in before.into_iter().zip(after) {
        assert!(after - before <= most, "{} ticks", after - before);
    }
}

#[test]
fn a_daemon_that_waits_for_its_card_ends_when_it_is_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let (_sim, card) = card(dir.path());
    let mut first = daemon(&card);
    first.line();
    let second = daemon(&card);
    // It has connected, and waits for its turn behind the first one.
    std::thread::sleep(Duration::from_millis(500));
    let start = Instant::now();
    assert_eq!(second.end(Signal::TERM), (None, Vec::new()));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(first.end(Signal::TERM).0, Some(0));
}

#[test]
fn who_looks_whether_the_socket_is_free_is_no_host() {
    let dir = tempfile::tempdir().unwrap();
    let (mut sim, card) = card(dir.path());
    let socket = card.trim_start_matches("vfio-user:");
    let mut other = Running::start(&["sim", "--card", "model", "--socket", socket]);
    assert_eq!(other.process.wait().unwrap().code(), Some(2));
    daemon(&card).line();
    assert_eq!(sim.line(), "a host came\n");
    assert!(Path::new(socket).exists(), "the other one took the socket");
}

#[test]
fn a_card_that_goes_away_ends_the_daemon_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, card) = card(dir.path());
    let mut daemon = daemon(&card);
    daemon.line();
    drop(sim);
    let output = daemon.process.stderr.take().unwrap();
    assert_eq!(daemon.process.wait().unwrap().code(), Some(2));
    let errors = std::io::read_to_string(output).unwrap();
    assert!(errors.starts_with("error: vfio-user failed: "), "{errors}");
}

/// What a command that is refused says.
fn refused(arguments: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_card_without_ports_outside_is_refused() {
    for inside in ["model", "rtl"] {
        let card = format!("sim:{inside}");
        let errors = refused(&["daemon", "--card", &card, "--network", "n.yaml"]);
        let start = format!("error: found card `{card}`, expected vfio-user:PATH");
        assert!(errors.starts_with(&start), "{errors}");
        let hint = format!("\nhint: underpass sim --card {inside} ");
        assert!(errors.contains(&hint), "{errors}");
    }
}

#[test]
fn what_cannot_be_plugged_in_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("card.sock");
    let socket = socket.to_str().unwrap();
    let sim = ["sim", "--card", "model", "--socket", socket];
    for (ports, words) in [
        (
            &["vf9=tap:a"][..],
            "found port `vf9`, expected one of the card's: ",
        ),
        (&["vf0=a"], "expected PORT=tap:INTERFACE"),
        (&["vf0=tap:a", "vf0=tap:b"], "found port `vf0` twice"),
        // There is one in every network namespace, and it is no TAP device.
        (&["vf0=tap:lo"], ""),
    ] {
        let mut arguments = sim.to_vec();
        arguments.extend(ports.iter().flat_map(|port| ["--port", port]));
        let errors = refused(&arguments);
        assert!(
            errors.starts_with("error: ") && errors.contains(words),
            "{errors}"
        );
        assert!(errors.contains("\nhint: "), "{errors}");
    }
}
