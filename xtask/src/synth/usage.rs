//! What a netlist takes of the part.

use super::cells::Resource;
use super::levels::known;
use super::netlist::Netlist;
use anyhow::Result;
use std::collections::BTreeMap;

/// Units of every resource.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Usage(BTreeMap<Resource, u32>);

impl Usage {
    /// Adds up the cells.
    pub fn of(netlist: &Netlist) -> Result<Self> {
        let mut sums = BTreeMap::new();
        for (name, cell) in netlist.cells() {
            let (resource, units) = known(name, &cell.kind)?;
            *sums.entry(resource).or_default() += units;
        }
        Ok(Self(sums))
    }

    /// Units of one resource.
    pub fn count(&self, resource: Resource) -> u32 {
        self.0.get(&resource).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_added_up_in_units() {
        let cell = |name: &str, kind: &str| {
            format!(r#""{name}": {{"type": "{kind}", "connections": {{}}}}"#)
        };
        let cells = [
            ("a", "LUT6"),
            ("b", "INV"),
            ("c", "RAM32M16"),
            ("d", "FDRE"),
            ("e", "SRLC32E"),
            ("f", "RAMB18E2"),
        ];
        let cells = cells.map(|(name, kind)| cell(name, kind)).join(",");
        let json = format!(
            r#"{{"modules": {{"t": {{"ports": {{}}, "cells": {{{cells}}}, "netnames": {{}}}}}}}}"#
        );
        let usage = Usage::of(&Netlist::parse(&json).unwrap()).unwrap();
        assert_eq!(usage.count(Resource::Lut), 2);
        assert_eq!(usage.count(Resource::LutMemory), 8);
        assert_eq!(usage.count(Resource::FlipFlop), 1);
        assert_eq!(usage.count(Resource::Shift), 1);
        assert_eq!(usage.count(Resource::Ramb18), 1);
        assert_eq!(usage.count(Resource::Ramb36), 0);
    }
}
