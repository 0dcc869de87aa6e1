//! Waveforms on request: `UNDERPASS_WAVES=$PWD/core.vcd cargo test -p underpass-tests ..`.
//!
//! The first core of the program writes the file that is named, the next ones write `core-1.vcd`, `core-2.vcd` and so
//! on beside it. The model is built anew with waveforms in it and runs several times slower; a thousand clocks take
//! about ten megabytes. Run a single test (`-- --exact NAME`) with few packets (`UNDERPASS_PACKETS`).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use underpass_verilator::Instance;

/// The environment variable that names the file.
const VARIABLE: &str = "UNDERPASS_WAVES";

fn file() -> Option<PathBuf> {
    std::env::var_os(VARIABLE)
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
}

/// Whether somebody wants waveforms.
pub(super) fn asked() -> bool {
    file().is_some()
}

/// Writes the waveforms of this core from now on, if they are wanted.
pub(super) fn begin(dut: &mut Instance) {
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    let Some(file) = file() else { return };
    let file = numbered(&file, BEGUN.fetch_add(1, Ordering::Relaxed));
    dut.trace_to(&file)
        .unwrap_or_else(|error| panic!("{VARIABLE} is {}: {error}", file.display()));
    eprintln!("waveforms: {}", file.display());
}

/// `core.vcd`, `core-1.vcd`, `core-2.vcd` ..
fn numbered(file: &Path, number: usize) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    match number {
        0 => file.to_path_buf(),
        _ => {
            let (stem, ending) = (part(file.file_stem()), part(file.extension()));
            file.with_file_name(format!("{stem}-{number}.{ending}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_has_a_file_of_its_own() {
        let file = Path::new("out/core.vcd");
        assert_eq!(numbered(file, 0), file);
        assert_eq!(numbered(file, 2), Path::new("out/core-2.vcd"));
    }
}
