//! The inputs that every run starts from: `corpus/TARGET/`, made by the example `fuzz_seeds`, and findings added by hand.

use std::fs;
use std::path::PathBuf;

/// One input.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Its file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Where the inputs of a target are.
pub fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target)
}

/// The inputs of a target by name, so that a seeded run is the same everywhere.
///
/// # Panics
/// They cannot be read, or there are none.
pub fn load(target: &str) -> Vec<Seed> {
    let folder = folder(target);
    let cannot = |error| -> ! { panic!("{}: {error}", folder.display()) };
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| cannot(error));
    let paths = entries.map(|entry| entry.unwrap_or_else(|error| cannot(error)).path());
    let mut seeds: Vec<Seed> = paths
        .map(|path| Seed {
            bytes: fs::read(&path).unwrap_or_else(|error| cannot(error)),
            path,
        })
        .collect();
    assert!(!seeds.is_empty(), "{}: no inputs", folder.display());
    seeds.sort_by(|one, other| one.path.cmp(&other.path));
    seeds
}
