//! The files below a folder.

use anyhow::{Context, Result};
use std::path::Path;

/// Folders that hold no sources.
const LEFT_OUT: [&str; 3] = [".git", "target", "out"];

/// Paths of all files below `folder`, relative to it, sorted; none where there is no such folder.
pub fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if folder.exists() {
        walk(folder, "", &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<()> {
    let cannot = || format!("cannot list {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().with_context(cannot)?.is_dir() {
            found.push(format!("{prefix}{name}"));
        } else if !LEFT_OUT.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{prefix}{name}/"), found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_crate_is_listed_from_its_folder() {
        let files = files(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(
            files.contains(&"Cargo.toml".to_string()) && files.contains(&"src/tree.rs".to_string())
        );
        assert!(files.is_sorted());
    }

    #[test]
    fn a_folder_that_is_not_there_is_empty() {
        assert!(files(Path::new("/nowhere/at/all")).unwrap().is_empty());
    }
}
