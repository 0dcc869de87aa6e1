//! A mapped netlist, as Yosys' `write_json` gives it.
//!
//! Nets are single bits. A constant on a pin is dropped here: it arrives before any clock and has no timing.
//!
//! ```text
//!   "cells": { "name": { "type": "LUT2", "port_directions": {"I0": "input", ..}, "connections": {"I0": [7], ..} } }
//!   "netnames": { "key": { "hide_name": 0, "bits": [7, 8, "0"] } }
//! ```

use anyhow::{bail, Context, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// One net: a single bit.
pub type Net = u64;

/// A flat module of library cells.
#[derive(Debug, Deserialize)]
pub struct Netlist {
    /// Pins of the module.
    ports: BTreeMap<String, Port>,
    cells: BTreeMap<String, Cell>,
    netnames: BTreeMap<String, NetName>,
}

/// A library cell.
#[derive(Debug, Deserialize)]
pub struct Cell {
    /// Its type, such as `LUT6`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    port_directions: BTreeMap<String, Direction>,
    connections: BTreeMap<String, Vec<Bit>>,
}

#[derive(Debug, Deserialize)]
struct Port {
    direction: Direction,
    bits: Vec<Bit>,
}

#[derive(Debug, Deserialize)]
struct NetName {
    #[serde(default)]
    hide_name: u8,
    bits: Vec<Bit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Input,
    Output,
    Inout,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Bit {
    Net(Net),
    #[expect(
        dead_code,
        reason = "the letter of a constant is read only to tell it from a net"
    )]
    Constant(String),
}

/// One bit of one port of a cell, with a net on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin<'a> {
    /// The port's name.
    pub port: &'a str,
    /// Which bit of it.
    pub index: usize,
    /// What is connected.
    pub net: Net,
}

impl Netlist {
    /// Takes the one module that the file is about: the only one of it.
    pub fn parse(json: &str) -> Result<Self> {
        let mut modules = Self::parse_all(json)?;
        match modules.len() {
            1 => modules
                .pop_first()
                .map(|(_, netlist)| netlist)
                .context("the netlist is empty"),
            count => bail!("expected one flat module in the netlist, found {count}"),
        }
    }

    /// Takes all modules of the file, by name.
    pub fn parse_all(json: &str) -> Result<BTreeMap<String, Self>> {
        #[derive(Deserialize)]
        struct File {
            modules: BTreeMap<String, Netlist>,
        }
        let file: File = serde_json::from_str(json).context("cannot read the netlist")?;
        Ok(file.modules)
    }

    /// Cells by name, save Yosys' own annotations (`$scopeinfo`).
    pub fn cells(&self) -> impl Iterator<Item = (&str, &Cell)> {
        self.cells
            .iter()
            .filter(|(_, cell)| !cell.kind.starts_with('$'))
            .map(|(name, cell)| (name.as_str(), cell))
    }

    /// Nets that leave through the module's ports.
    pub fn outputs(&self) -> impl Iterator<Item = Pin<'_>> {
        self.ports
            .iter()
            .filter(|(_, port)| port.direction == Direction::Output)
            .flat_map(|(name, port)| pins(name, &port.bits))
    }

    /// A name for every net: the shortest that somebody wrote, or the shortest of those that Yosys made up.
    pub fn names(&self) -> HashMap<Net, String> {
        let mut best: HashMap<Net, (u8, usize, String)> = HashMap::new();
        for (name, entry) in &self.netnames {
            for (index, bit) in entry.bits.iter().enumerate() {
                let Bit::Net(net) = bit else { continue };
                let text = if entry.bits.len() == 1 {
                    name.clone()
                } else {
                    format!("{name}[{index}]")
                };
                let candidate = (entry.hide_name, text.len(), text);
                match best.get(net) {
                    Some(old) if *old <= candidate => {}
                    _ => {
                        best.insert(*net, candidate);
                    }
                }
            }
        }
        best.into_iter()
            .map(|(net, (_, _, text))| (net, text))
            .collect()
    }
}

impl Cell {
    /// Connected input bits.
    pub fn inputs(&self) -> impl Iterator<Item = Pin<'_>> {
        self.pins_with(Direction::Input)
    }

    /// Connected output bits.
    pub fn outputs(&self) -> impl Iterator<Item = Pin<'_>> {
        self.pins_with(Direction::Output)
    }

    fn pins_with(&self, direction: Direction) -> impl Iterator<Item = Pin<'_>> {
        self.connections
            .iter()
            .filter(move |(port, _)| self.port_directions.get(*port) == Some(&direction))
            .flat_map(|(port, bits)| pins(port, bits))
    }
}

fn pins<'a>(port: &'a str, bits: &'a [Bit]) -> impl Iterator<Item = Pin<'a>> {
    bits.iter()
        .enumerate()
        .filter_map(move |(index, bit)| match bit {
            Bit::Net(net) => Some(Pin {
                port,
                index,
                net: *net,
            }),
            Bit::Constant(_) => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"creator": "Yosys", "modules": {"t": {
        "attributes": {"top": "1"},
        "ports": {"a": {"direction": "input", "bits": [2, 3]}, "o": {"direction": "output", "bits": [4, "0"]}},
        "cells": {
            "lut": {"hide_name": 1, "type": "LUT3", "parameters": {}, "attributes": {},
                "port_directions": {"I0": "input", "I1": "input", "I2": "input", "O": "output"},
                "connections": {"I0": [2], "I1": [3], "I2": ["1"], "O": [4]}},
            "scope": {"type": "$scopeinfo", "connections": {}}
        },
        "netnames": {
            "$1": {"hide_name": 1, "bits": [4]},
            "longer": {"hide_name": 0, "bits": [4]},
            "o": {"hide_name": 0, "bits": [4, "0"]},
            "a": {"hide_name": 0, "bits": [2, 3]}
        }
    }}}"#;

    #[test]
    fn constants_and_annotations_fall_away() {
        let netlist = Netlist::parse(ONE).unwrap();
        let cells: Vec<_> = netlist.cells().collect();
        assert_eq!(cells.len(), 1);
        let nets: Vec<_> = cells[0]
            .1
            .inputs()
            .map(|pin| (pin.port, pin.index, pin.net))
            .collect();
        assert_eq!(nets, [("I0", 0, 2), ("I1", 0, 3)]);
        assert_eq!(
            netlist.outputs().map(|pin| pin.net).collect::<Vec<_>>(),
            [4]
        );
    }

    #[test]
    fn the_shortest_written_name_wins() {
        let names = Netlist::parse(ONE).unwrap().names();
        assert_eq!(names[&4], "o[0]");
        assert_eq!(names[&3], "a[1]");
    }

    #[test]
    fn a_file_of_many_modules_is_refused() {
        let two = r#"{"modules": {"a": {"ports": {}, "cells": {}, "netnames": {}}, "b": {"ports": {}, "cells": {}, "netnames": {}}}}"#;
        assert_eq!(
            Netlist::parse(two).unwrap_err().to_string(),
            "expected one flat module in the netlist, found 2"
        );
        assert!(Netlist::parse("{").is_err());
    }
}
