//! Yosys and nextpnr, as WebAssembly from PyPI: the same version on every machine, no vendor tool, no system package.
//!
//! Two traps shape this file. Absolute paths fail without a word, so each run has a folder of its own and names files
//! relative to it; and the exit status is not to be trusted alone, so the product of an earlier run is removed first.
//! The first start of all compiles the WebAssembly, which takes a minute; later ones take a quarter of a second.

use crate::run;
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// How many lines of the log an error shows.
const LOG_LINES: usize = 15;

/// How long to sleep between two looks at a program that runs.
const LOOK: Duration = Duration::from_millis(200);

/// A pinned package and the function in it that is the program.
pub struct Package {
    /// Its name on PyPI.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The module to import.
    pub module: &'static str,
    /// The function that takes the arguments.
    pub function: &'static str,
}

/// An installed package.
pub struct Program {
    package: &'static Package,
    library: PathBuf,
}

/// One start of a program: its arguments, and the files below the folder that it writes.
pub struct Start<'a> {
    /// The arguments.
    pub args: &'a [&'a str],
    /// The file that it makes.
    pub product: &'a str,
    /// The file that it logs to.
    pub log: &'a str,
    /// How long it may take.
    pub limit: Duration,
}

impl Program {
    /// Uses the copy among the build products; fetches it where there is none.
    pub fn get(package: &'static Package) -> Result<Self> {
        let library = run::target_dir()
            .join("tools")
            .join(format!("{}-{}", package.name, package.version));
        if !library.is_dir() {
            fetch(package, &library)?;
        }
        Ok(Self { package, library })
    }

    /// What tells apart what different versions make.
    pub fn version(&self) -> String {
        format!("{} {}", self.package.name, self.package.version)
    }

    /// Runs it in `folder`; gives the text of its product, or `None` where it had to be stopped.
    pub fn run(&self, folder: &Path, start: &Start) -> Result<Option<String>> {
        let product = folder.join(start.product);
        if product.exists() {
            std::fs::remove_file(&product)
                .with_context(|| format!("cannot remove {}", product.display()))?;
        }
        let Package {
            name,
            module,
            function,
            ..
        } = self.package;
        let mut child = run::command("python3")
            .current_dir(folder)
            .env("PYTHONPATH", &self.library)
            .arg("-c")
            .arg(format!(
                "import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))"
            ))
            .args(start.args)
            .spawn()
            .context("cannot start python3")?;
        let Some(status) = wait(&mut child, start.limit)? else {
            return Ok(None);
        };
        match std::fs::read_to_string(&product) {
            Ok(text) if status.success() => Ok(Some(text)),
            _ => {
                let log = folder.join(start.log);
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                bail!(
                    "{name} made no {} ({status}); the end of {}:\n{}",
                    start.product,
                    log.display(),
                    last_lines(&text)
                )
            }
        }
    }
}

/// The exit status, or `None` for a program that had to be stopped.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for python3")? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill().context("cannot stop python3")?;
            child.wait().context("cannot wait for python3")?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

/// Installs into a folder beside, then renames: a broken download leaves nothing that looks installed.
fn fetch(package: &Package, library: &Path) -> Result<()> {
    let Package { name, version, .. } = package;
    eprintln!("fetching {name} {version} (its first start takes a minute)");
    let partial = library.with_extension("partial");
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_takes_too_long_is_stopped() {
        let mut quick = Command::new("true").spawn().unwrap();
        let status = wait(&mut quick, Duration::from_secs(60)).unwrap();
        assert!(status.unwrap().success());
        let mut slow = Command::new("sleep").arg("600").spawn().unwrap();
        assert_eq!(wait(&mut slow, Duration::ZERO).unwrap(), None);
        assert!(!slow.wait().unwrap().success());
    }

    #[test]
    fn an_error_shows_the_end_of_the_log() {
        let log: String = (0..40).map(|line| format!("line {line}\n")).collect();
        let shown = last_lines(&log);
        assert!(shown.starts_with("line 25\n") && shown.ends_with("line 39"));
        assert_eq!(last_lines("one\ntwo"), "one\ntwo");
        assert_eq!(last_lines(""), "");
    }
}
