//! Behaviour cases on the model and on the RTL: the peer's, and our own. One card runs all cases of a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use underpass_host_driver::access::{Card, CardName};
use underpass_host_driver::conform::{conform, parse, run_all, Case, Ended, Line, Options, Report};
use underpass_layout::profile::SIM;
use underpass_verilator::Toolchain;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/conformance")
        .join(name)
}

fn cases(name: &str) -> Vec<Case> {
    let path = path(name);
    let text = fs::read_to_string(&path).unwrap();
    parse(name, &text).unwrap()
}

fn card(name: &CardName) -> Box<dyn Card> {
    name.open(&SIM, &mut |_| ()).unwrap()
}

/// Runs the cases of a file and looks at what differs.
fn all_as_expected(name: &str, on: &CardName) {
    let report = run_all(&cases(name), card(on), &mut |_| Ok(())).unwrap();
    let mut failed = report.cases.iter().filter(|line| failed(line));
    if let Some(line) = failed.next() {
        panic!("{name} on {on}: {line}");
    }
    assert_eq!(report.skipped, 0, "{name} on {on}");
    assert!(report.passed > 20, "{name}");
}

fn failed(line: &Line) -> bool {
    matches!(line.ended, Ended::Fail { .. })
}

#[test]
fn the_model_does_what_the_peer_was_seen_to_do() {
    all_as_expected("given.json", &CardName::Model);
}

#[test]
fn the_model_does_what_the_sentences_say() {
    all_as_expected("own.json", &CardName::Model);
}

#[test]
fn the_rtl_does_all_of_it() {
    if let Err(error) = Toolchain::find() {
        eprintln!("skipped: {error}");
        return;
    }
    all_as_expected("given.json", &CardName::Rtl);
    all_as_expected("own.json", &CardName::Rtl);
}

#[test]
fn a_case_leaves_nothing_behind_for_the_next() {
    // Backwards, and each twice: the same verdicts as alone.
    let mut cases = cases("given.json");
    cases.reverse();
    let twice: Vec<Case> = cases
        .iter()
        .flat_map(|case| [case.clone(), case.clone()])
        .collect();
    let together = run_all(&twice, card(&CardName::Model), &mut |_| Ok(())).unwrap();
    for (case, lines) in cases.iter().zip(together.cases.chunks(2)) {
        let alone = std::slice::from_ref(case);
        let alone = run_all(alone, card(&CardName::Model), &mut |_| Ok(())).unwrap();
        assert!(
            lines.iter().all(|line| *line == alone.cases[0]),
            "{}",
            case.id
        );
    }
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    let text = fs::read_to_string(path("given.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let one = |file: &mut serde_json::Value, id: &str| -> Case {
        let text = serde_json::to_string(file).unwrap();
        let cases = parse("c.json", &text).unwrap();
        cases.into_iter().find(|case| case.id == id).unwrap()
    };
    for (id, pointer, by, said) in [
        (
            "rpf-tunnel",
            "/steps/1/expect/drops/INVALID_SOURCE",
            serde_json::json!(2),
            "step 2: drops: INVALID_SOURCE want 2 got 1",
        ),
        (
            "tcp-teardown",
            "/steps/2/expect/flows_new_or_changed/0/tcp_state",
            serde_json::json!(["SYN"]),
            "step 3: flow nh 23 10.1.1.3 1136 to 10.2.2.4 500 proto 6: tcp_state want [SYN] got [SYN SYN_R EST EST_R]",
        ),
        (
            "l2-vm-vm",
            "/steps/0/expect/out/0/vif",
            serde_json::json!(3),
            "step 1: vif 3: want a frame of 62 bytes, got none (and 1 more)",
        ),
    ] {
        let place = file["cases"].as_array().unwrap().iter();
        let place = place.clone().position(|case| case["id"] == id).unwrap();
        let value = file.pointer_mut(&format!("/cases/{place}{pointer}")).unwrap();
        let before = std::mem::replace(value, by);
        let case = one(&mut file, id);
        *file.pointer_mut(&format!("/cases/{place}{pointer}")).unwrap() = before;
        let report = run_all(&[case], card(&CardName::Model), &mut |_| Ok(())).unwrap();
        assert_eq!(report.cases[0].to_string(), format!("FAIL {id}: {said}"));
    }
}

#[test]
fn each_line_is_told_as_it_is_known() {
    let options = Options {
        file: path("given.json"),
        case: None,
        json: false,
    };
    let mut out = Vec::new();
    let mut open = || CardName::Model.open(&SIM, &mut |_| ());
    let report = conform(&options, &mut open, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let (lines, last) = text.trim_end().rsplit_once('\n').unwrap();
    let told: Vec<String> = report.cases.iter().map(Line::to_string).collect();
    assert_eq!(lines.lines().collect::<Vec<_>>(), told);
    let Report {
        passed,
        failed,
        skipped,
        ..
    } = report;
    assert_eq!(
        last,
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    );
}

fn underpass(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_underpass"));
    command.args(arguments).args(["--card", "sim:model"]);
    command.output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// A case that asks for what is not built.
fn of_a_service_chain() -> String {
    let text = fs::read_to_string(path("given.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array_mut().unwrap();
    cases.truncate(1);
    let mut objects = cases[0]["config"].as_array_mut().unwrap().iter_mut();
    let guest = objects.find(|object| object["type"] == "vm").unwrap();
    guest["flags"] = serde_json::json!({"value": "0x4", "names": ["service(S)"]});
    serde_json::json!({"cases": cases}).to_string()
}

#[test]
fn the_program_ends_as_the_cases_do() {
    let given = path("given.json");
    let given = given.to_str().unwrap();
    let output = underpass(&["conform", given, "--case", "l2-vm-vm"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(output.stdout),
        "ok l2-vm-vm\n1 passed, 0 failed, 0 skipped\n"
    );

    let folder = tempfile::tempdir().unwrap();
    let chained = folder.path().join("chained.json");
    fs::write(&chained, of_a_service_chain()).unwrap();
    let output = underpass(&["conform", chained.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["cases"][0]["result"], "skip");
    assert_eq!(json["skipped"], 1);

    let output = underpass(&["conform", given, "--case", "no-such-case"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stderr).contains("found no case `no-such-case`, expected one of its 28"));
}

#[test]
fn a_bad_file_is_refused_with_file_case_and_reason() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let bad = folder.path().join("bad.json");
    let text_of_given = fs::read_to_string(path("given.json"))?;
    fs::write(&bad, text_of_given.replacen("\"vif\": 3", "\"vif\": 33", 1))?;
    let output = underpass(&["conform", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let errors = text(output.stderr);
    assert!(
        errors
            .contains("bad.json: case l2-vm-vm: step 1: found vif 33, expected one of the case's"),
        "{errors}"
    );
    assert!(errors.contains("\nhint: "), "{errors}");
    let output = underpass(&["conform", "/nowhere/cases.json"]);
    assert_eq!(output.status.code(), Some(2));
    Ok(())
}
