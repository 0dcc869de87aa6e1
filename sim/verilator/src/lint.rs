//! Lint: what Verilator thinks of a text, with the codes that say nothing about the logic left out.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache;
use crate::error::Error;
use crate::source::Source;
use crate::toolchain::Toolchain;
use crate::verilate::printed;

/// Codes about files and style of text, which a generated text in one file trips over by its nature.
const ALLOWED: [&str; 3] = ["DECLFILENAME", "EOFNEWLINE", "MULTITOP"];

/// Refuses a text that `verilator -Wall` has anything to say about, apart from [`Source::lint_allowed`].
pub fn lint(source: &Source) -> Result<(), Error> {
    let tools = Toolchain::find()?;
    // Lint writes nothing but its words, yet Verilator wants a file to read.
    let dir = cache::default_dir().join("lint");
    fs::create_dir_all(&dir).map_err(Error::file("create", &dir))?;
    // The same text may be linted by several threads and processes at once.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let file = dir.join(format!("{process}-{count}.v"));
    fs::write(&file, &source.verilog).map_err(Error::file("write", &file))?;
    let mut command = tools.verilator_command();
    command.args([
        "--lint-only",
        "-Wall",
        "--no-timing",
        "--top-module",
        &source.top,
    ]);
    command.args(
        ALLOWED
            .iter()
            .copied()
            .chain(source.lint_allowed.iter().map(String::as_str))
            .map(|c| format!("-Wno-{c}")),
    );
    let output = command.arg(&file).output().map_err(|error| Error::Start {
        command: tools.verilator().display().to_string(),
        source: error,
    })?;
    let _ = fs::remove_file(&file);
    if output.status.success() {
        return Ok(());
    }
    let warnings =
        printed(&output).replace(&file.display().to_string(), &format!("{}.v", source.top));
    Err(Error::Lint {
        top: source.top.clone(),
        warnings,
    })
}
