//! The direct dependencies of every workspace member, as cargo sees them.
//!
//! Members are named by their folder (`hdl/wires`), which is how the tree and its documents name them. Build-time and
//! platform-specific dependencies count like ordinary ones; only dev-dependencies are told apart.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One direct dependency of one member.
#[derive(Debug, PartialEq, Eq)]
pub struct Edge {
    /// The member's folder.
    pub from: String,
    /// What it depends on; every member also has one edge to nothing, which says that it exists.
    pub to: Option<Target>,
    /// A dev-dependency.
    pub for_tests: bool,
}

/// The far end of an edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A workspace member, by folder.
    Member(String),
    /// A crate from a registry, by package name.
    External(String),
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// Reads what `cargo metadata --no-deps` prints.
pub fn of(metadata: &str) -> Result<Vec<Edge>> {
    let metadata: Metadata =
        serde_json::from_str(metadata).context("cannot read the output of cargo metadata")?;
    let folder = |path: &Path| {
        path.strip_prefix(&metadata.workspace_root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    let mut edges = BTreeMap::new();
    for package in &metadata.packages {
        let from = folder(
            package
                .manifest_path
                .parent()
                .unwrap_or(&package.manifest_path),
        );
        edges.insert((from.clone(), None, false), ());
        for dependency in &package.dependencies {
            let to = match &dependency.path {
                Some(path) => Target::Member(folder(path)),
                None => Target::External(dependency.name.clone()),
            };
            edges.insert(
                (
                    from.clone(),
                    Some(to),
                    dependency.kind.as_deref() == Some("dev"),
                ),
                (),
            );
        }
    }
    Ok(edges
        .into_keys()
        .map(|(from, to, for_tests)| Edge {
            from,
            to,
            for_tests,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_name_members_and_kinds_are_told_apart() {
        let edges = of(r#"{
            "workspace_root": "/w",
            "packages": [{
                "manifest_path": "/w/hdl/wires/Cargo.toml",
                "dependencies": [
                    {"name": "cc", "kind": "build", "path": null},
                    {"name": "proptest", "kind": "dev", "path": null},
                    {"name": "underpass-layout", "kind": null, "path": "/w/layout"}
                ]
            }]
        }"#)
        .unwrap();
        let seen: Vec<_> = edges
            .iter()
            .map(|e| (e.from.as_str(), e.to.clone(), e.for_tests))
            .collect();
        assert_eq!(
            seen,
            [
                ("hdl/wires", None, false),
                ("hdl/wires", Some(Target::Member("layout".into())), false),
                ("hdl/wires", Some(Target::External("cc".into())), false),
                ("hdl/wires", Some(Target::External("proptest".into())), true),
            ]
        );
    }

    #[test]
    fn anything_but_metadata_is_an_error() {
        assert!(of("{}").is_err());
    }
}
