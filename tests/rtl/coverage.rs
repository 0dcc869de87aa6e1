//! Line coverage on request: what `cargo xtask coverage` runs the tests with.
//!
//! `UNDERPASS_COVERAGE=$PWD/folder` builds the model anew with counters in it, and each core leaves `core-N.dat` there when
//! it goes, as Verilator writes it, beside `core.v`, the text whose lines are counted.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use underpass_verilator::{Instance, Source};

/// The environment variable that names the folder.
const VARIABLE: &str = "UNDERPASS_COVERAGE";

fn folder() -> Option<PathBuf> {
    std::env::var_os(VARIABLE)
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
}

/// The source with counters in it, if somebody wants them; its text is kept then.
pub(super) fn counted(source: Source) -> Source {
    let Some(folder) = folder() else {
        return source;
    };
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("core.v"), &source.verilog));
    written.unwrap_or_else(|error| panic!("{VARIABLE} is {}: {error}", folder.display()));
    source.coverage(true)
}

/// Writes what this core has run through, if somebody wants it.
pub(super) fn end(dut: &mut Instance) {
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = folder() else { return };
    let file = numbered(&folder, ENDED.fetch_add(1, Ordering::Relaxed));
    if let Err(error) = dut.write_coverage(&file) {
        eprintln!("no coverage in {}: {error}", file.display());
    }
}

fn numbered(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("core-{number}.dat"))
}
