//! The objects of whole networks, compared with files that people have read.
//!
//! After a change that is meant: `UPDATE_GOLDEN=1 cargo test -p underpass-table-compiler --test golden`,
//! and read the difference.

use std::fs;
use std::path::PathBuf;

use underpass_table_compiler::objects::{Object, Objects};
use underpass_table_compiler::{objects, parse};

fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(here(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A JSON list with one object per line, so that a difference is a line.
fn lines(objects: &Objects) -> String {
    let list: Vec<Object> = objects.clone().into();
    let lines: Vec<String> = list
        .iter()
        .map(|object| serde_json::to_string(object).expect("objects are plain data"))
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn compare(network: &str, golden: &str) {
    let network = parse(network, &read(network)).unwrap_or_else(|error| panic!("{error}"));
    let objects = objects(&network);
    let text = lines(&objects);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(here(golden), &text).expect("the golden file can be written");
    }
    for (line, (found, expected)) in text.lines().zip(read(golden).lines()).enumerate() {
        assert_eq!(found, expected, "{golden}:{}", line + 1);
    }
    assert_eq!(
        text.lines().count(),
        read(golden).lines().count(),
        "{golden}"
    );
    let back: Objects = serde_json::from_str(&text).expect("objects read back");
    assert_eq!(back, objects);
}

#[test]
fn two_computes_first() {
    compare(
        "../examples/two-computes/compute-1.yaml",
        "tests/golden/compute-1.json",
    );
}

#[test]
fn two_computes_second() {
    compare(
        "../examples/two-computes/compute-2.yaml",
        "tests/golden/compute-2.json",
    );
}

#[test]
fn ipv6_beside_ipv4() {
    compare("tests/golden/ipv6.yaml", "tests/golden/ipv6.json");
}

#[test]
fn frames_for_many() {
    compare("../examples/bum/network.yaml", "tests/golden/bum.json");
}

#[test]
fn mirrors() {
    compare(
        "../examples/mirror/network.yaml",
        "tests/golden/mirror.json",
    );
    compare(
        "../examples/mirror/raw.yaml",
        "tests/golden/mirror-raw.json",
    );
}

#[test]
fn ways_out_on_wires() {
    compare("tests/golden/gateways.yaml", "tests/golden/gateways.json");
}
