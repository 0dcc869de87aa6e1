//! How much logic stands between two flip-flops: the longest chain of cells in front of every endpoint.
//!
//! ```text
//!   input, FF, memory ──▶ LUT ──▶ CARRY4 ──▶ MUXF7 ──▶ LUT ──▶ D of an FF     3 levels
//!     level 0              1        2          2         3
//! ```
//!
//! A net's level is the largest of its driver's inputs plus the driver's own; endpoints are the pins of clocked cells
//! and the module's outputs. Nets are settled in topological order, so that one visit of every arc is enough; a net
//! that never settles lies on a combinational loop.

use super::cells::{self, Resource};
use super::netlist::{Net, Netlist};
use anyhow::{bail, Context, Result};
use std::collections::{BTreeMap, HashMap};

/// What the traversal found.
#[derive(Debug, PartialEq, Eq)]
pub struct Levels {
    /// Level -> how many endpoints have it.
    pub endpoints: BTreeMap<u32, u32>,
    /// One of the longest paths, from its start to its endpoint, a line a hop.
    pub worst: Vec<String>,
}

impl Levels {
    /// The longest path's levels.
    pub fn max(&self) -> u32 {
        self.endpoints.keys().next_back().copied().unwrap_or(0)
    }

    /// How many endpoints are as far away as the farthest.
    pub fn at_max(&self) -> u32 {
        self.endpoints.values().next_back().copied().unwrap_or(0)
    }

    /// Walks the netlist.
    pub fn of(netlist: &Netlist) -> Result<Self> {
        let graph = Graph::of(netlist)?;
        let settled = graph.settle(netlist)?;
        let mut endpoints = BTreeMap::new();
        let mut worst: Option<(u32, &Endpoint)> = None;
        for endpoint in &graph.endpoints {
            let level = settled.get(&endpoint.net).map_or(0, |place| place.level);
            *endpoints.entry(level).or_default() += 1;
            if worst.is_none_or(|(old, _)| old < level) {
                worst = Some((level, endpoint));
            }
        }
        let worst = worst.map_or_else(Vec::new, |(_, endpoint)| path(netlist, &settled, endpoint));
        Ok(Self { endpoints, worst })
    }
}

/// One combinational connection through a cell.
struct Arc {
    from: Net,
    to: Net,
    levels: u32,
    cell: usize,
}

/// Where a path ends.
struct Endpoint {
    net: Net,
    /// `FDRE D[0]`, or the module's output.
    pin: String,
    /// The first net that the cell drives, whose name tells a reader more than the cell's.
    makes: Option<Net>,
}

/// How far a net is from its farthest start, and over which cell and net that path comes.
#[derive(Default)]
struct Place {
    level: u32,
    over: Option<(usize, Net)>,
}

struct Graph {
    arcs: Vec<Arc>,
    endpoints: Vec<Endpoint>,
}

impl Graph {
    fn of(netlist: &Netlist) -> Result<Self> {
        let mut graph = Self {
            arcs: Vec::new(),
            endpoints: Vec::new(),
        };
        for (index, (name, cell)) in netlist.cells().enumerate() {
            let (resource, _) = known(name, &cell.kind)?;
            for input in cell.inputs() {
                let before = graph.arcs.len();
                for output in cell.outputs() {
                    if let Some(levels) = cells::arc(
                        resource,
                        (input.port, input.index),
                        (output.port, output.index),
                    ) {
                        graph.arcs.push(Arc {
                            from: input.net,
                            to: output.net,
                            levels,
                            cell: index,
                        });
                    }
                }
                if graph.arcs.len() == before && cells::has_state(resource) {
                    graph.endpoints.push(Endpoint {
                        net: input.net,
                        pin: format!("{} {}[{}]", cell.kind, input.port, input.index),
                        makes: cell.outputs().next().map(|output| output.net),
                    });
                }
            }
        }
        graph
            .endpoints
            .extend(netlist.outputs().map(|pin| Endpoint {
                net: pin.net,
                pin: format!("output {}[{}]", pin.port, pin.index),
                makes: None,
            }));
        Ok(graph)
    }

    /// Levels of all nets, by taking nets in an order in which every net comes after all that it depends on.
    fn settle(&self, netlist: &Netlist) -> Result<HashMap<Net, Place>> {
        let mut leaving: HashMap<Net, Vec<&Arc>> = HashMap::new();
        let mut waiting: HashMap<Net, usize> = HashMap::new();
        for arc in &self.arcs {
            leaving.entry(arc.from).or_default().push(arc);
            *waiting.entry(arc.to).or_default() += 1;
        }
        let mut ready: Vec<Net> = leaving
            .keys()
            .copied()
            .filter(|net| !waiting.contains_key(net))
            .collect();
        ready.sort_unstable();
        let mut places: HashMap<Net, Place> = HashMap::new();
        while let Some(net) = ready.pop() {
            let level = places.entry(net).or_default().level;
            for arc in leaving.get(&net).into_iter().flatten() {
                let place = places.entry(arc.to).or_default();
                if place.over.is_none() || place.level < level + arc.levels {
                    *place = Place {
                        level: level + arc.levels,
                        over: Some((arc.cell, net)),
                    };
                }
                if let Some(count) = waiting.get_mut(&arc.to) {
                    *count -= 1;
                    if *count == 0 {
                        waiting.remove(&arc.to);
                        ready.push(arc.to);
                    }
                }
            }
        }
        if let Some(net) = waiting.keys().min() {
            let names = netlist.names();
            bail!(
                "combinational loop: {} nets never settle, one is {}",
                waiting.len(),
                names.get(net).map_or("unnamed", String::as_str)
            );
        }
        Ok(places)
    }
}

/// The cell type's place in the library, or an error that names the cell.
pub fn known(name: &str, kind: &str) -> Result<(Resource, u32)> {
    cells::resource(kind)
        .with_context(|| format!("cell {name} has type {kind}, which is not among the known ones"))
}

/// The hops of the path that ends at `endpoint`, from its start.
fn path(netlist: &Netlist, settled: &HashMap<Net, Place>, endpoint: &Endpoint) -> Vec<String> {
    let names = netlist.names();
    let kinds: Vec<&str> = netlist
        .cells()
        .map(|(_, cell)| cell.kind.as_str())
        .collect();
    let name = |net: Net| {
        names
            .get(&net)
            .cloned()
            .unwrap_or_else(|| format!("net {net}"))
    };
    let made = endpoint.makes.map(|net| format!(" of {}", name(net)));
    let mut lines = vec![format!("{}{}", endpoint.pin, made.unwrap_or_default())];
    let mut net = endpoint.net;
    while let Some((cell, before)) = settled.get(&net).and_then(|place| place.over) {
        lines.push(format!("{:<8} {}", kinds[cell], name(net)));
        net = before;
    }
    lines.push(format!("{:<8} {}", "start", name(net)));
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A netlist from lines `TYPE IN=net,net OUT=net`; inputs and outputs of the module as `in`/`out` lines.
    fn netlist(text: &str) -> Netlist {
        let (mut ports, mut cells) = (Vec::new(), Vec::new());
        for (index, line) in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .enumerate()
        {
            let (kind, pins) = line.split_once(' ').unwrap();
            if let Some(direction) = ["in", "out"].iter().find(|word| **word == kind) {
                ports.push(format!(
                    r#""p{index}": {{"direction": "{direction}put", "bits": [{pins}]}}"#
                ));
                continue;
            }
            let (mut directions, mut connections) = (Vec::new(), Vec::new());
            for pin in pins.split(' ') {
                let (port, nets) = pin.split_once('=').unwrap();
                let output = ["O", "Q", "CO", "DOA", "DOUT"].contains(&port);
                directions.push(format!(
                    r#""{port}": "{}""#,
                    if output { "output" } else { "input" }
                ));
                connections.push(format!(r#""{port}": [{nets}]"#));
            }
            cells.push(format!(
                r#""c{index}": {{"type": "{kind}", "port_directions": {{{}}}, "connections": {{{}}}}}"#,
                directions.join(","),
                connections.join(",")
            ));
        }
        let json = format!(
            r#"{{"modules": {{"t": {{"ports": {{{}}}, "cells": {{{}}}, "netnames": {{}}}}}}}}"#,
            ports.join(","),
            cells.join(",")
        );
        Netlist::parse(&json).unwrap()
    }

    fn levels(text: &str) -> Levels {
        Levels::of(&netlist(text)).unwrap()
    }

    fn histogram(text: &str) -> Vec<(u32, u32)> {
        levels(text).endpoints.into_iter().collect()
    }

    #[test]
    fn a_wire_from_flop_to_flop_is_level_0() {
        assert_eq!(histogram("in 1\nFDRE D=1 Q=2\nFDRE D=2 Q=3"), [(0, 2)]);
    }

    #[test]
    fn luts_and_carries_count_and_wide_multiplexers_do_not() {
        let chain = "in 1
            FDRE D=1 Q=2
            LUT6 I0=2 O=3
            CARRY4 S=3 O=4
            MUXF7 I0=4 O=5
            LUT2 I0=5 I1=2 O=6
            FDRE D=6 Q=7
            out 7";
        assert_eq!(histogram(chain), [(0, 2), (3, 1)]);
    }

    #[test]
    fn the_longer_of_two_ways_counts_in_either_order() {
        for text in [
            "LUT2 I0=1 I1=3 O=4\nLUT1 I0=1 O=2\nLUT1 I0=2 O=3\nin 1\nout 4",
            "in 1\nLUT1 I0=1 O=2\nLUT1 I0=2 O=3\nLUT2 I0=3 I1=1 O=4\nout 4",
        ] {
            assert_eq!(histogram(text), [(3, 1)]);
        }
    }

    #[test]
    fn a_carry_chain_costs_one_level_a_cell() {
        let chain =
            "in 1\nCARRY4 S=1,1,1,1 CO=2,3,4,5\nCARRY4 CI=5 S=1,1,1,1 O=6,7,8,9\nout 6,7,8,9";
        assert_eq!(histogram(chain), [(2, 4)]);
    }

    #[test]
    fn high_bits_of_an_adder_may_hang_on_its_low_bits() {
        assert_eq!(
            histogram("in 1\nCARRY4 S=1,3 O=2,4\nLUT1 I0=2 O=3\nout 4"),
            [(3, 1)]
        );
    }

    #[test]
    fn block_memories_begin_and_end_paths() {
        let text = "in 1\nLUT1 I0=1 O=2\nRAMB36E2 ADDR=2 DOUT=3\nLUT1 I0=3 O=4\nLUT1 I0=4 O=5\nFDRE D=5 Q=6";
        assert_eq!(histogram(text), [(1, 1), (2, 1)]);
    }

    #[test]
    fn a_lut_memory_is_read_through_and_written_into() {
        let text = "in 1\nLUT1 I0=1 O=2\nRAM32M16 ADDRA=2 DIA=1 DOA=3\nLUT1 I0=3 O=4\nout 4";
        assert_eq!(histogram(text), [(0, 1), (3, 1)]);
    }

    #[test]
    fn the_worst_path_is_told_from_its_start() {
        let path = levels("in 1\nFDRE D=1 Q=2\nLUT6 I0=2 O=3\nCARRY4 S=3 O=4\nFDRE D=4 Q=5").worst;
        assert_eq!(
            path,
            [
                "start    net 2",
                "LUT6     net 3",
                "CARRY4   net 4",
                "FDRE D[0] of net 5"
            ]
        );
    }

    #[test]
    fn a_loop_is_an_error() {
        let error =
            Levels::of(&netlist("in 1\nLUT2 I0=1 I1=3 O=2\nLUT1 I0=2 O=3\nout 3")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "combinational loop: 2 nets never settle, one is unnamed"
        );
    }

    #[test]
    fn an_unknown_cell_is_an_error() {
        let error = Levels::of(&netlist("in 1\nGTYE4 I=1 O=2\nout 2")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cell c1 has type GTYE4, which is not among the known ones"
        );
    }

    #[test]
    fn an_empty_module_has_no_levels() {
        let empty = levels("in 1");
        assert_eq!((empty.max(), empty.at_max(), empty.worst.len()), (0, 0, 0));
    }
}
