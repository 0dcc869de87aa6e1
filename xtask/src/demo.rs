//! `cargo xtask demo`: the main job, on a machine that has nothing yet but Rust and a C++ compiler.
//!
//! ```text
//!   red1, red2, blue1, edge1 ─▶ vf0..3 ┌───────────┐                              ┌───────────┐ vf0, vf1 ─▶ out/compute-2
//!   answers from elsewhere ──▶ wire0   │ compute-1 │ wire0 ─▶ wire0.pcap ─▶ wire0 │ compute-2 │ ◀─ red3, blue2
//!        out/compute-1 ◀────────────── └───────────┘                              └───────────┘
//! ```
//! Every command is printed as it could be typed in the workspace's top folder.

use crate::{run, Outcome};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Where the networks and the captures are.
const EXAMPLE: &str = "examples/two-computes";
/// Where the output goes, one folder a node.
const OUT: &str = "out";
/// What cargo is told, to make the program.
const BUILD: [&str; 6] = [
    "build",
    "--release",
    "--package",
    "underpass-host-driver",
    "--bin",
    "underpass",
];
/// Bytes of a capture without packets: the file header.
const EMPTY_CAPTURE: u64 = 24;

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// The card of both nodes: sim:rtl or sim:model
    #[arg(long, default_value = "sim:rtl")]
    card: String,
}

/// One node, and which captures enter which of its ports.
struct Node {
    name: &'static str,
    inputs: &'static [(&'static str, &'static str)],
}

/// In the order in which they run: the second one is fed with what the first one sent.
const NODES: [Node; 2] = [
    Node {
        name: "compute-1",
        inputs: &[
            ("vf0", "examples/two-computes/red1.pcap"),
            ("vf1", "examples/two-computes/red2.pcap"),
            ("vf2", "examples/two-computes/blue1.pcap"),
            ("vf3", "examples/two-computes/edge1.pcap"),
            ("wire0", "examples/two-computes/wire0.pcap"),
        ],
    },
    Node {
        name: "compute-2",
        inputs: &[
            ("wire0", "out/compute-1/wire0.pcap"),
            ("vf0", "examples/two-computes/red3.pcap"),
            ("vf1", "examples/two-computes/blue2.pcap"),
        ],
    },
];

/// Builds the program, replays both nodes, and says where the captures are.
pub fn run(options: &Options) -> Result<Outcome> {
    println!("$ cargo {}", BUILD.join(" "));
    if run::check(run::cargo().args(BUILD))? == Outcome::Found {
        return Ok(Outcome::Found);
    }
    for node in &NODES {
        let command = replay(&program(), node, &options.card);
        println!("\n$ {}", command.join(" "));
        let (program, arguments) = command.split_first().context("the command is empty")?;
        if run::check(run::command(program).args(arguments))? == Outcome::Found {
            return Ok(Outcome::Found);
        }
    }
    println!("\nWhat left each port:");
    for node in &NODES {
        for capture in captures(&out(node))? {
            println!("  {}", capture.display());
        }
    }
    println!("Look inside with, for instance:");
    println!("  tshark -r {OUT}/compute-1/wire0.pcap -O mpls,vxlan,gre");
    Ok(Outcome::Clean)
}

/// The command line of one node's replay.
fn replay(program: &Path, node: &Node, card: &str) -> Vec<String> {
    let network = format!("{EXAMPLE}/{}.yaml", node.name);
    let mut command = vec![program.display().to_string(), "replay".into(), network];
    for (port, capture) in node.inputs {
        command.extend(["--in".into(), format!("{port}={capture}")]);
    }
    command.extend(["--out".into(), out(node).display().to_string()]);
    command.extend(["--card".into(), card.into()]);
    command
}

fn out(node: &Node) -> PathBuf {
    Path::new(OUT).join(node.name)
}

/// The built program, seen from the workspace's top folder.
fn program() -> PathBuf {
    let path = run::target_dir().join("release").join("underpass");
    match path.strip_prefix(run::root()) {
        Ok(inside) => inside.to_path_buf(),
        Err(_) => path,
    }
}

/// The captures of a folder in which there are packets, by name.
fn captures(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot list {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(run::root().join(folder)).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = PathBuf::from(entry.file_name());
        let length = entry.metadata().with_context(cannot)?.len();
        if name.extension().is_some_and(|kind| kind == "pcap") && length > EMPTY_CAPTURE {
            found.push(folder.join(name));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_command_is_the_one_that_runs() {
        let command = replay(
            Path::new("target/release/underpass"),
            &NODES[1],
            "sim:model",
        );
        assert_eq!(
            command.join(" "),
            "target/release/underpass replay examples/two-computes/compute-2.yaml \
             --in wire0=out/compute-1/wire0.pcap --in vf0=examples/two-computes/red3.pcap \
             --in vf1=examples/two-computes/blue2.pcap --out out/compute-2 --card sim:model"
        );
    }

    #[test]
    fn every_input_is_in_the_tree_or_made_by_a_node_before() {
        for (place, node) in NODES.iter().enumerate() {
            let network = format!("{EXAMPLE}/{}.yaml", node.name);
            assert!(run::root().join(&network).is_file(), "{network}");
            for (_, capture) in node.inputs {
                let made = NODES[..place]
                    .iter()
                    .any(|before| Path::new(capture).starts_with(out(before)));
                assert!(made || run::root().join(capture).is_file(), "{capture}");
            }
        }
    }

    #[test]
    fn only_captures_are_listed() {
        let found = captures(Path::new(EXAMPLE)).unwrap();
        let names = ["blue1", "blue2", "edge1", "red1", "red2", "red3", "wire0"]
            .map(|name| PathBuf::from(format!("{EXAMPLE}/{name}.pcap")));
        assert_eq!(found, names);
    }
}
