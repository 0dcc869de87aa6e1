//! Chapter: how many packets a second the model forwards, beside what the peer's software core does.

use std::fmt::Write;

use anyhow::{Context, Result};

/// The peer's forwarding core, million packets a second on one core: the path, flows (0: packet mode), and the figure.
const PEER: [(&str, u32, f64); 9] = [
    ("VM to VM, bridged", 0, 17.3),
    ("VM to VM, routed", 0, 8.9),
    ("VM to MPLSoUDP", 0, 7.2),
    ("MPLSoUDP to VM", 0, 8.9),
    ("VM to MPLSoUDP", 1, 4.7),
    ("VM to MPLSoUDP", 1_000, 4.7),
    ("VM to MPLSoUDP", 100_000, 2.1),
    ("VM to MPLSoUDP", 400_000, 1.85),
    ("MPLSoUDP to VM", 1, 4.2),
];

const HEAD: &str = "\
## Model

The model, which is also the card behind `--card sim:model`, decides and edits packets of 62 bytes from a VM and of 94 to
it, with tables of the size of an Alveo U250: million packets a second on one core, a copy of each packet, no ports. With
0 flows every packet is routed; else each is looked up first, in an order that no cache can guess. The peer's forwarding
core was measured on another machine (one core of an AMD EPYC VM, -O3, the same packets and flows, a copy of each, one
after the other): the ratio compares with our better figure, and is of figures of two machines.

| path | flows | one by one | in bursts | peer | ratio |
|---|---:|---:|---:|---:|---:|
";

/// A line of figures.
#[derive(Debug, PartialEq)]
struct Rates<'a> {
    path: &'a str,
    flows: u32,
    single: f64,
    burst: f64,
}

impl<'a> Rates<'a> {
    /// The last three words of a line are numbers, what stands before them is the path.
    fn of(line: &'a str) -> Option<Self> {
        let (rest, burst) = line.trim_end().rsplit_once(' ')?;
        let (rest, single) = rest.trim_end().rsplit_once(' ')?;
        let (path, flows) = rest.trim_end().rsplit_once(' ')?;
        Some(Rates {
            path: path.trim_end(),
            flows: flows.parse().ok()?,
            single: single.parse().ok()?,
            burst: burst.parse().ok()?,
        })
    }
}

/// The chapter, from what the model's example prints.
pub fn chapter(printed: &str) -> Result<String> {
    let mut text = String::from(HEAD);
    for (path, flows, peer) in PEER {
        let rates = printed.lines().filter_map(Rates::of);
        let found = rates
            .into_iter()
            .find(|rates| (rates.path, rates.flows) == (path, flows));
        let Rates { single, burst, .. } =
            found.with_context(|| format!("no rate of \"{path}\" with {flows} flows"))?;
        let ratio = single.max(burst) / peer;
        let _ = writeln!(
            text,
            "| {path} | {} | {single:.2} | {burst:.2} | {peer} | {ratio:.2} |",
            super::grouped(flows)
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_beside_the_peers() {
        let lines: Vec<String> = PEER
            .iter()
            .map(|(path, flows, peer)| {
                format!("{path:<22} {flows:>8} {peer:>8.2} {:>8.2}", peer * 2.0)
            })
            .collect();
        let printed = format!(
            "Mpps   flows   single   bursts of 32\n{}\n",
            lines.join("\n")
        );
        let text = chapter(&printed).unwrap();
        assert!(
            text.ends_with("| MPLSoUDP to VM | 1 | 4.20 | 8.40 | 4.2 | 2.00 |\n"),
            "{text}"
        );
        assert!(text.contains("| VM to MPLSoUDP | 400,000 | 1.85 | 3.70 | 1.85 | 2.00 |"));
    }

    #[test]
    fn a_figure_that_is_missing_is_named() {
        let error = chapter("VM to VM, bridged 0 1.0 2.0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no rate of \"VM to VM, routed\" with 0 flows"
        );
    }
}
