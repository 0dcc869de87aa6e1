//! Running Verilator: Verilog in, C++ out.
//!
//! The switches are measured ones. Modules are inlined: between two that stay apart, older releases (5.006) pack every
//! bundle into one wide signal and unpack it again in every clock, more than a third of a pipeline's time. Functions are
//! split small, which halves the C++ build and costs no speed. Unknown values are taken as whatever is fastest, since a
//! design that depends on them is wrong under any simulator that randomises them. The rewriting of bit-operator trees,
//! which `-O3` switches on, stays off: it answers XORs of single bits wrongly in 5.006 and some later releases
//! (Verilator's issues 4059 and 5186). One thread: two spin against each other on a shared machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::source::Source;
use crate::toolchain::Toolchain;

/// Name of the generated C++ class, whatever the top module is called.
pub(crate) const PREFIX: &str = "Vdut";

/// The switches of a source, without file names.
pub(crate) fn switches(source: &Source) -> Vec<&'static str> {
    let mut list = vec![
        "--cc",
        "--prefix",
        PREFIX,
        "-O3",
        "-fno-const-bit-op-tree",
        "--x-assign",
        "fast",
        "--x-initial",
        "fast",
    ];
    list.extend([
        "--noassert",
        "--no-timing",
        "--output-split",
        "20000",
        "--output-split-cfuncs",
        "500",
        "-Wno-fatal",
        "-Wno-lint",
        "-Wno-style",
    ]);
    if source.trace {
        list.push("--trace");
    }
    if source.coverage {
        list.push("--coverage-line");
    }
    list
}

/// Writes the Verilog to `dir/top.v` and the C++ made of it to `dir/obj`.
pub(crate) fn verilate(tools: &Toolchain, source: &Source, dir: &Path) -> Result<PathBuf, Error> {
    let text = dir.join("top.v");
    fs::write(&text, &source.verilog).map_err(Error::file("write", &text))?;
    let mut command = tools.verilator_command();
    command
        .args(switches(source))
        .args(["--top-module", &source.top, "-Mdir", "obj", "top.v"])
        .current_dir(dir);
    let output = command.output().map_err(|error| Error::Start {
        command: tools.verilator().display().to_string(),
        source: error,
    })?;
    if !output.status.success() {
        let output = printed(&output);
        return Err(Error::Refused {
            step: "verilating",
            top: source.top.clone(),
            output,
        });
    }
    Ok(dir.join("obj"))
}

/// All that a tool printed, complaints first.
pub(crate) fn printed(output: &std::process::Output) -> String {
    let (err, out) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    format!("{}\n{}", err.trim_end(), out.trim_end())
        .trim()
        .to_string()
}
