//! `cargo xtask rtl`: the Verilog of a card, as files, with a manifest that says what is in them.
//!
//! ```text
//!   DIR/underpass_core.v      the top module and all below it
//!   DIR/manifest.json         profile, shell, layout id, top, its ports, all modules
//! ```
//!
//! The manifest's layout id is the one that the card will show in its register and that an image header carries.

use crate::{project, Outcome};
use anyhow::{Context, Result};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The Verilog of one profile in one shell.
pub struct Rtl {
    /// The top module.
    pub top: String,
    /// Hash of the layout that it was made from.
    pub layout_id: u64,
    /// Its text, with all modules below it.
    pub verilog: String,
    /// Ports of the top module: name, bits, and whether it is an input.
    pub ports: Vec<(String, usize, bool)>,
}

/// What to write, and where.
#[derive(clap::Args)]
pub struct Options {
    /// Capacities to build in
    #[arg(long, default_value = "sim")]
    profile: String,
    /// What is around the core
    #[arg(long, default_value = "core")]
    shell: String,
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the files and the manifest.
pub fn run(options: &Options) -> Result<Outcome> {
    let Options {
        profile,
        shell,
        out,
    } = options;
    let Some(rtl) = project::rtl(profile, shell) else {
        return project::again(std::env::args_os().skip(1));
    };
    let rtl = rtl?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let manifest = serde_json::to_string_pretty(&manifest(profile, shell, &rtl))
        .context("cannot print the manifest")?;
    for (name, text) in [
        (file_name(&rtl), &rtl.verilog),
        ("manifest.json".into(), &format!("{manifest}\n")),
    ] {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(Outcome::Clean)
}

/// Modules that hold no other module, in the order of the text: what there is besides structure. A line that begins
/// with the name of a module makes one.
pub fn leaves(verilog: &str) -> Vec<&str> {
    let all: BTreeSet<&str> = modules(verilog).into_iter().collect();
    let mut found = Vec::new();
    for text in verilog.split("\nendmodule") {
        let Some(name) = modules(text).last().copied() else {
            continue;
        };
        let mut firsts = text
            .lines()
            .filter_map(|line| line.trim_start().split(|c| !is_name(c)).next());
        if !firsts.any(|word| all.contains(word)) {
            found.push(name);
        }
    }
    found
}

/// The text of a module that holds no other one, so that it can be taken alone; `None` where it holds some.
pub fn text_of<'a>(verilog: &'a str, module: &str) -> Option<&'a str> {
    const END: &str = "\nendmodule";
    if !leaves(verilog).contains(&module) {
        return None;
    }
    let mut from = 0;
    while let Some(length) = verilog[from..].find(END) {
        let text = &verilog[from..from + length + END.len()];
        if modules(text).last() == Some(&module) {
            return Some(text);
        }
        from += text.len();
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The names of the modules that a Verilog text declares, in order.
pub fn modules(verilog: &str) -> Vec<&str> {
    verilog
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("module "))
        .filter_map(|rest| {
            rest.split(|c: char| !is_name(c))
                .find(|word| !word.is_empty())
        })
        .collect()
}

fn manifest(profile: &str, shell: &str, rtl: &Rtl) -> Value {
    let port = |(name, width, input): &(String, usize, bool)| json!({ "name": name, "width": width, "direction": if *input { "input" } else { "output" } });
    json!({
        "profile": profile,
        "shell": shell,
        "layout_id": format!("{:016x}", rtl.layout_id),
        "file": file_name(rtl),
        "top": rtl.top,
        "ports": rtl.ports.iter().map(port).collect::<Vec<_>>(),
        "modules": modules(&rtl.verilog),
    })
}

fn file_name(rtl: &Rtl) -> String {
    format!("{}.v", rtl.top)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "// module no\nmodule s1_parse(input a);\nendmodule\n  module underpass_core\n  (input b);\nendmodule\nmodule \\odd (c);\n";

    #[test]
    fn modules_are_found_in_order() {
        assert_eq!(modules(TEXT), ["s1_parse", "underpass_core", "odd"]);
    }

    #[test]
    fn leaves_hold_no_other_module() {
        let text = "module a_b(x);\n  wire a;\nendmodule\nmodule a(x);\n  a_b part (.x(x));\nendmodule\nmodule c(x);\nendmodule\n";
        assert_eq!(leaves(text), ["a_b", "c"]);
        assert_eq!(text_of(text, "c"), Some("\nmodule c(x);\nendmodule"));
        assert_eq!(text_of(text, "a"), None);
    }

    #[test]
    fn the_manifest_says_what_is_where() {
        let rtl = Rtl {
            top: "underpass_core".into(),
            layout_id: 0x9f,
            verilog: TEXT.into(),
            ports: vec![("clk".into(), 1, true), ("m_axis_tdata".into(), 512, false)],
        };
        assert_eq!(
            manifest("sim", "core", &rtl),
            json!({
                "profile": "sim",
                "shell": "core",
                "layout_id": "000000000000009f",
                "file": "underpass_core.v",
                "top": "underpass_core",
                "ports": [
                    { "name": "clk", "width": 1, "direction": "input" },
                    { "name": "m_axis_tdata", "width": 512, "direction": "output" },
                ],
                "modules": ["s1_parse", "underpass_core", "odd"],
            })
        );
    }
}
