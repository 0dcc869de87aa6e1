//! The examples on the RTL: the same bytes as on the model, on every port and in the summary.

use std::fs;
use std::path::{Path, PathBuf};

use underpass_host_driver::access::CardName;
use underpass_host_driver::replay::{replay, Options, Pace};
use underpass_host_driver::show::Format;
use underpass_layout::profile::SIM;
use underpass_verilator::Toolchain;

/// The folder of an example, and what enters the ports of its first node.
type Example = (&'static str, &'static [(&'static str, &'static str)]);

/// IPv4 and IPv6 over IPv4.
const TWO_COMPUTES: Example = (
    "two-computes",
    &[
        ("vf0", "red1.pcap"),
        ("vf1", "red2.pcap"),
        ("vf2", "blue1.pcap"),
        ("vf3", "edge1.pcap"),
        ("wire0", "wire0.pcap"),
    ],
);
/// Both over IPv6.
const IPV6_UNDERLAY: Example = (
    "ipv6-underlay",
    &[("vf0", "red1.pcap"), ("wire0", "wire0.pcap")],
);

fn run((example, inputs): Example, card: CardName, out: &Path) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let example = examples.join(example);
    let inputs = inputs.iter().map(|(port, file)| {
        let path = example.join(file);
        format!("{port}={}", path.display()).parse().unwrap()
    });
    let options = Options {
        network: example.join("compute-1.yaml"),
        inputs: inputs.collect(),
        out: out.to_owned(),
        card,
        profile: &SIM,
        pace: Pace::Quiet,
        trace: false,
        show: Vec::new(),
        format: Format::default(),
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
    for example in [TWO_COMPUTES, IPV6_UNDERLAY] {
        let around = tempfile::tempdir().unwrap();
        let (model, rtl) = (around.path().join("model"), around.path().join("rtl"));
        assert_eq!(
            run(example, CardName::Model, &model),
            run(example, CardName::Rtl, &rtl)
        );
        assert_eq!(left(&model), left(&rtl), "{}", example.0);
    }
}
