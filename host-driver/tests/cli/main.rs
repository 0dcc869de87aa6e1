//! The program as people and scripts meet it: what it prints, what it refuses, and how it exits.

mod replay;
mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The examples, whose captures are small.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/two-computes")
}

fn underpass(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_underpass"));
    command.current_dir(examples()).args(arguments);
    command.output().unwrap()
}

/// Standard output of a command that succeeds.
fn done(arguments: &[&str]) -> String {
    let output = underpass(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Standard error of a command that is refused and prints nothing else.
fn refused(arguments: &[&str]) -> String {
    let output = underpass(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert!(errors.starts_with("error: "), "{errors}");
    assert!(errors.contains("\nhint: "), "{errors}");
    errors
}

#[test]
fn what_was_mistyped_is_named() {
    for (arguments, words) in [
        (&["frobnicate"][..], "'frobnicate'"),
        (&["replay", "compute-1.yaml"], "--in <PORT=FILE.pcap>"),
        (
            &["card", "show", "--card", "sim:fpga"],
            "found card `sim:fpga`, expected `sim:model`, `sim:rtl`, `vfio-user:PATH` or",
        ),
        (
            &["card", "show", "--card", "vfio:1"],
            "found PCI address `1`",
        ),
        (
            &[
                "replay",
                "compute-1.yaml",
                "--out",
                "x",
                "--in",
                "red1.pcap",
            ],
            "found `red1.pcap`, expected PORT=FILE",
        ),
        (
            &[
                "replay",
                "compute-1.yaml",
                "--out",
                "x",
                "--in",
                "vf0=red1.pcap",
                "--json",
                "--trace",
            ],
            "'--json' cannot be used with '--trace'",
        ),
        (
            &["compile", "compute-1.yaml", "--emit", "rows"],
            "objects, entries, plan",
        ),
        (
            &["compile", "compute-1.yaml", "--profile", "tiny"],
            "expected one of sim, u250",
        ),
        (
            &["table", "dump", "compute-1.yaml", "routes"],
            "expected one of port, vif, mpls",
        ),
        (
            &["table", "dump", "--card", "sim:model"],
            "found no network file",
        ),
    ] {
        let errors = refused(arguments);
        assert!(errors.contains(words), "{errors}");
    }
}

#[test]
fn a_card_says_what_it_is() {
    let text = done(&["card", "show", "--card", "sim:model"]);
    assert!(
        text.contains("profile  sim\n") && text.contains("ports    wire0 wire1 host0 vf0"),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&done(&["card", "show", "--card", "sim:model", "--json"])).unwrap();
    assert_eq!(json["ports"]["vf0"], 0x101);
    assert_eq!(json["tables"][1]["rows"], 64);
    assert_eq!(json["layout"].as_str().unwrap().len(), 16);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_underpass"));
    command
        .current_dir(examples())
        .args(["compile", "compute-1.yaml", "--emit", "objects"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_is_no_error() {
    assert!(done(&["--help"]).contains("Usage: underpass"));
    assert!(done(&["replay", "--help"]).contains("--pace"));
    assert!(done(&["--version"]).starts_with("underpass "));
}
