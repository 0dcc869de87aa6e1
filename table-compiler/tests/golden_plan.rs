//! The plans of whole networks onto an empty card, compared with files that people have read.
//!
//! After a change that is meant: `UPDATE_GOLDEN=1 cargo test -p underpass-table-compiler --test golden_plan`,
//! and read the difference.

use std::fs;
use std::path::PathBuf;

use underpass_layout::profile::SIM;
use underpass_table_compiler::{compile, parse, Network, Placed};

/// Decides which way and row a key gets, so the files depend on it.
const SEED: u128 = 0x7061_6c65_2d6b_6e6f_7420_6120_7365_6372;

fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn network(path: &str) -> Network {
    let text = fs::read_to_string(here(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    parse(path, &text).unwrap_or_else(|error| panic!("{error}"))
}

fn compare(path: &str, golden: &str) {
    let compiled =
        compile(&network(path), &Placed::empty(&SIM, SEED)).expect("a small network fits");
    let text = compiled.plan.to_string();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(here(golden), &text).expect("the golden file can be written");
    }
    let expected =
        fs::read_to_string(here(golden)).unwrap_or_else(|error| panic!("{golden}: {error}"));
    for (line, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{golden}:{}", line + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "{golden}");
}

#[test]
fn two_computes_first() {
    compare(
        "../examples/two-computes/compute-1.yaml",
        "tests/golden/compute-1.plan.txt",
    );
}

#[test]
fn two_computes_second() {
    compare(
        "../examples/two-computes/compute-2.yaml",
        "tests/golden/compute-2.plan.txt",
    );
}

#[test]
fn ipv6_beside_ipv4() {
    compare("tests/golden/ipv6.yaml", "tests/golden/ipv6.plan.txt");
}

#[test]
fn the_same_network_once_more_is_no_write() {
    let network = network("../examples/two-computes/compute-1.yaml");
    let first = compile(&network, &Placed::empty(&SIM, SEED)).expect("a small network fits");
    let again = compile(&network, &first.placed).expect("what fits once fits again");
    assert_eq!(again.plan.steps, []);
    assert_eq!(again.placed.rows().count(), first.plan.steps.len());
}
