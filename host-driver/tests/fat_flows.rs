//! examples/fat-flows: what a run prints is what lies beside it, on every card.
//!
//! `UPDATE_GOLDEN=1` writes the files anew, from the model.

use std::path::{Path, PathBuf};

use underpass_host_driver::access::CardName;
use underpass_host_driver::replay::{replay, Input, Options, Pace};
use underpass_host_driver::show::{Format, Show};
use underpass_layout::profile::SIM;
use underpass_verilator::Toolchain;

const NETWORKS: [&str; 7] = [
    "zero-none",
    "22-none",
    "zero-source",
    "22-source",
    "zero-destination",
    "22-destination",
    "prefix",
];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/fat-flows")
}

/// What the command of the example's README prints.
fn printed(name: &str, card: CardName) -> String {
    let folder = example();
    let input = |port: &str, file: &str| Input {
        port: port.to_owned(),
        path: folder.join(file),
    };
    let out = tempfile::tempdir().unwrap();
    let options = Options {
        network: folder.join(format!("{name}.yaml")),
        inputs: vec![
            input("vf0", "subscribers.pcap"),
            input("wire0", "servers.pcap"),
        ],
        out: out.path().join("out"),
        card,
        profile: &SIM,
        pace: Pace::Quiet,
        trace: false,
        show: vec![Show::Vif, Show::Flow],
        format: Format::Classic,
        json: false,
    };
    let mut text = Vec::new();
    replay(&options, &mut text, &mut |_| ()).unwrap();
    String::from_utf8(text).unwrap()
}

fn compare(card: &CardName) {
    for name in NETWORKS {
        let file = example().join(format!("expected/{name}.txt"));
        let found = printed(name, card.clone());
        if std::env::var_os("UPDATE_GOLDEN").is_some() && *card == CardName::Model {
            std::fs::write(&file, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == expected,
            "{name} on {card} printed:\n{found}\nexpected:\n{expected}"
        );
    }
}

#[test]
fn the_model_prints_what_is_expected() {
    compare(&CardName::Model);
}

#[test]
fn the_rtl_prints_the_same() {
    if let Err(error) = Toolchain::find() {
        eprintln!("skipped: {error}");
        return;
    }
    compare(&CardName::Rtl);
}
