//! The cache on disk: directories that appear whole or not at all, and are built once however many want them.
//!
//! ```text
//! $UNDERPASS_CACHE/tools/verilator-fetched/   a fetched Verilator
//!                  runtime/<key>/*.o          Verilator's own C++, compiled once for each pair of tools
//!                  models/<key>/model.so      one model
//!                  models/<key>.lock          held while <key>.building is filled; then renamed to <key>
//! ```
//!
//! A key is a hash of all that the content depends on, so an entry is never stale and never changed.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// `$UNDERPASS_CACHE`, or `underpass` in the user's cache directory.
pub(crate) fn default_dir() -> PathBuf {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    set("UNDERPASS_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("underpass")))
        .or_else(|| set("HOME").map(|d| d.join(".cache/underpass")))
        .unwrap_or_else(|| env::temp_dir().join("underpass"))
}

/// Hash of a list of texts; where one ends and the next begins counts too.
pub(crate) fn key<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..12]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// A directory of the cache and who made it.
pub(crate) struct Published {
    pub(crate) dir: PathBuf,
    /// It was there already.
    pub(crate) was_there: bool,
}

/// The directory `parent/name`, filled by `fill` if it is not there. Of several processes or threads that ask at
/// once, one fills and the others wait; if `fill` fails nothing is left behind.
pub(crate) fn publish(
    parent: &Path,
    name: &str,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<Published, Error> {
    let dir = parent.join(name);
    if dir.is_dir() {
        return Ok(Published {
            dir,
            was_there: true,
        });
    }
    fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    let lock_path = parent.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(Error::file("create", &lock_path))?;
    lock.lock().map_err(Error::file("lock", &lock_path))?;
    if dir.is_dir() {
        return Ok(Published {
            dir,
            was_there: true,
        });
    }
    let building = parent.join(format!("{name}.building"));
    // Left over by a process that was killed while it held the lock.
    if building.exists() {
        fs::remove_dir_all(&building).map_err(Error::file("remove", &building))?;
    }
    fs::create_dir(&building).map_err(Error::file("create", &building))?;
    if let Err(error) = fill(&building) {
        let _ = fs::remove_dir_all(&building);
        return Err(error);
    }
    fs::rename(&building, &dir).map_err(Error::file("rename", &building))?;
    Ok(Published {
        dir,
        was_there: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    #[test]
    fn keys_tell_where_parts_end() {
        assert_ne!(key(["ab", "c"]), key(["a", "bc"]));
        assert_ne!(key(["ab"]), key(["ab", ""]));
        assert_eq!(key(["ab", "c"]), key(["ab", "c"]));
    }

    #[test]
    fn many_who_ask_at_once_fill_once() {
        let root = tempfile::tempdir().unwrap();
        let fills = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let published = publish(root.path(), "x", |dir| {
                        fills.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(std::time::Duration::from_millis(20));
                        fs::write(dir.join("file"), "whole").map_err(Error::file("write", dir))
                    })
                    .unwrap();
                    assert_eq!(
                        fs::read_to_string(published.dir.join("file")).unwrap(),
                        "whole"
                    );
                });
            }
        });
        assert_eq!(fills.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_failed_fill_leaves_nothing_and_can_be_repeated() {
        let root = tempfile::tempdir().unwrap();
        let fail = publish(root.path(), "x", |dir| {
            fs::write(dir.join("half"), "").map_err(Error::file("write", dir))?;
            Err(Error::NoClock {
                top: "t".into(),
                clock: "c".into(),
            })
        });
        assert!(fail.is_err());
        assert!(!root.path().join("x").exists() && !root.path().join("x.building").exists());
        assert!(!publish(root.path(), "x", |_| Ok(())).unwrap().was_there);
    }

    #[test]
    fn what_a_killed_builder_left_is_swept_away() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("x.building")).unwrap();
        fs::write(root.path().join("x.building/half"), "").unwrap();
        let published = publish(root.path(), "x", |_| Ok(())).unwrap();
        assert!(!published.dir.join("half").exists());
    }
}
