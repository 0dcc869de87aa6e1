//! The example on the RTL: the same bytes as on the model, on every port and in the summary.

use std::fs;
use std::path::{Path, PathBuf};

use underpass_host_driver::access::CardName;
use underpass_host_driver::replay::{replay, Options, Pace};
use underpass_layout::profile::SIM;
use underpass_verilator::Toolchain;

fn run(card: CardName, out: &Path) -> String {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/two-computes");
    let input = |port: &str, file: &str| {
        let path = example.join(file);
        format!("{port}={}", path.display()).parse().unwrap()
    };
    let options = Options {
        network: example.join("compute-1.yaml"),
        inputs: vec![
            input("vf0", "red1.pcap"),
            input("vf1", "red2.pcap"),
            input("vf2", "blue1.pcap"),
            input("vf3", "edge1.pcap"),
            input("wire0", "wire0.pcap"),
        ],
        out: out.to_owned(),
        card,
        profile: &SIM,
        pace: Pace::Quiet,
        trace: false,
        show: Vec::new(),
        json: false,
    };
    let mut printed = Vec::new();
    replay(&options, &mut printed, &mut |_| ()).unwrap();
    String::from_utf8(printed).unwrap()
}

/// The files of a run, and the summary apart from `clocks`.
fn left(out: &Path) -> (Vec<(PathBuf, Vec<u8>)>, serde_json::Value) {
    let mut captures = Vec::new();
    let mut summary = serde_json::Value::Null;
    for entry in fs::read_dir(out).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if path.ends_with("summary.json") {
            summary = serde_json::from_slice(&bytes).unwrap();
        } else {
            captures.push((path.strip_prefix(out).unwrap().to_owned(), bytes));
        }
    }
    captures.sort();
    if let Some(fields) = summary.as_object_mut() {
        fields.remove("clocks");
    }
    (captures, summary)
}

#[test]
fn the_rtl_and_the_model_leave_the_same_bytes() {
    if let Err(error) = Toolchain::find() {
        eprintln!("skipped: {error}");
        return;
    }
    let around = tempfile::tempdir().unwrap();
    let (model, rtl) = (around.path().join("model"), around.path().join("rtl"));
    assert_eq!(run(CardName::Model, &model), run(CardName::Rtl, &rtl));
    assert_eq!(left(&model), left(&rtl));
}
