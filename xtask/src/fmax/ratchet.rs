//! The committed figures, `docs/fmax.md`: a page for people whose table is read back.
//!
//! A figure may rise at any time. One that falls by more than [`SLACK`] is a regression; one that fell for a reason is
//! written anew with `--write`, which shows in review.

use super::nextpnr::Routed;
use anyhow::{bail, Context, Result};
use std::collections::BTreeMap;

/// How far a figure may fall: placement is a matter of luck, and small changes move it by some percent.
pub const SLACK: f64 = 0.10;

/// Module -> what it was when somebody last wrote it down.
#[derive(Debug, Default, PartialEq)]
pub struct Ratchet(BTreeMap<String, Routed>);

/// What a new figure is beside the old one.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// There was none.
    New,
    /// It is at least what it has to be.
    Holds,
    /// It is less than this many MHz.
    Fell(f64),
}

const PREAMBLE: &str = "\
# Routed on ECP5

**ECP5, routed: a yardstick for regressions, no claim on UltraScale+.** Modules of the simulated card, each alone
behind a scan shell of five pins, by Yosys `synth_ecp5` and nextpnr for an LFE5U-85F of grade 8. A 40 nm part is two to
three times slower than the boards that the card is made for; what tells something is a figure that falls.

`cargo xtask fmax` routes them again and exits with 1 where one has fallen by more than 10 %; with `--write` it writes
this page. It takes minutes of a core for each module, so it is a nightly check and no step of `cargo xtask ci`.

| module | MHz | LUT4 | FF |
|---|---:|---:|---:|
";

impl Ratchet {
    /// Reads the table of the page.
    pub fn parse(page: &str) -> Result<Self> {
        let mut rows = BTreeMap::new();
        for (number, line) in (1..).zip(page.lines()) {
            let Some(rest) = line.strip_prefix("| `") else {
                continue;
            };
            let (name, row) = Self::row(rest).with_context(|| {
                format!("line {number}: expected `module`, MHz, LUT4, FF, found {line}")
            })?;
            if rows.insert(name.to_string(), row).is_some() {
                bail!("line {number}: {name} stands there twice");
            }
        }
        Ok(Self(rows))
    }

    fn row(rest: &str) -> Option<(&str, Routed)> {
        let (name, cells) = rest.split_once("` |")?;
        let mut cells = cells.split('|').map(str::trim);
        let row = Routed {
            mhz: cells.next()?.parse().ok()?,
            luts: cells.next()?.parse().ok()?,
            flip_flops: cells.next()?.parse().ok()?,
        };
        Some((name, row))
    }

    /// The page.
    pub fn page(&self) -> String {
        let mut page = PREAMBLE.to_string();
        for (name, row) in &self.0 {
            page.push_str(&format!(
                "| `{name}` | {:.1} | {} | {} |\n",
                row.mhz, row.luts, row.flip_flops
            ));
        }
        page
    }

    /// What the module's new figure is beside the one here.
    pub fn judge(&self, module: &str, mhz: f64) -> Verdict {
        match self.0.get(module).map(|old| old.mhz * (1.0 - SLACK)) {
            None => Verdict::New,
            Some(least) if mhz < least => Verdict::Fell(least),
            Some(_) => Verdict::Holds,
        }
    }

    /// Writes a figure down.
    pub fn set(&mut self, module: &str, routed: Routed) {
        self.0.insert(module.to_string(), routed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(mhz: f64) -> Routed {
        Routed {
            mhz,
            luts: 12,
            flip_flops: 34,
        }
    }

    #[test]
    fn a_figure_may_fall_by_a_tenth_and_rise_by_anything() {
        let mut ratchet = Ratchet::default();
        ratchet.set("parse", routed(200.0));
        assert_eq!(ratchet.judge("parse", 900.0), Verdict::Holds);
        assert_eq!(ratchet.judge("parse", 180.0), Verdict::Holds);
        assert_eq!(ratchet.judge("parse", 179.9), Verdict::Fell(180.0));
        assert_eq!(ratchet.judge("inner", 1.0), Verdict::New);
    }

    #[test]
    fn a_page_reads_back_as_it_was() {
        let mut ratchet = Ratchet::default();
        ratchet.set("core_pipeline_parse", routed(153.4));
        ratchet.set("rings_punt", routed(90.0));
        let page = ratchet.page();
        assert!(page.ends_with(
            "| `core_pipeline_parse` | 153.4 | 12 | 34 |\n| `rings_punt` | 90.0 | 12 | 34 |\n"
        ));
        assert_eq!(Ratchet::parse(&page).unwrap(), ratchet);
    }

    #[test]
    fn a_page_of_other_rows_is_refused() {
        assert_eq!(
            Ratchet::parse("#\n| `parse` | fast | 1 | 2 |\n")
                .unwrap_err()
                .to_string(),
            "line 2: expected `module`, MHz, LUT4, FF, found | `parse` | fast | 1 | 2 |"
        );
        let twice = "| `a` | 1.0 | 1 | 2 |\n| `a` | 1.0 | 1 | 2 |\n";
        assert_eq!(
            Ratchet::parse(twice).unwrap_err().to_string(),
            "line 2: a stands there twice"
        );
        assert_eq!(Ratchet::parse("").unwrap(), Ratchet::default());
    }
}
