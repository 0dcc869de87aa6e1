//! What a netlist takes of the part.

use super::cells::Resource;
use super::levels::known;
use super::netlist::Netlist;
use anyhow::Result;
use std::collections::BTreeMap;
use std::iter::Sum;

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

    /// Adds units of one resource.
    pub fn add(&mut self, resource: Resource, units: u32) {
        *self.0.entry(resource).or_default() += units;
    }

    /// LUTs of any use: each of them is one on the part.
    pub fn luts(&self) -> u32 {
        [Resource::Lut, Resource::LutMemory, Resource::Shift]
            .map(|resource| self.count(resource))
            .iter()
            .sum()
    }

    /// Block RAMs of 36 kbit, of which two of 18 kbit take one.
    pub fn ramb36(&self) -> u32 {
        self.count(Resource::Ramb36) + self.count(Resource::Ramb18).div_ceil(2)
    }
}

impl<'a> Sum<&'a Usage> for Usage {
    fn sum<I: Iterator<Item = &'a Usage>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut sum, part| {
            for (resource, units) in &part.0 {
                sum.add(*resource, *units);
            }
            sum
        })
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
        assert_eq!(usage.luts(), 11);
        assert_eq!(usage.ramb36(), 1);

        let both: Usage = [&usage, &usage].into_iter().sum();
        assert_eq!(both.count(Resource::LutMemory), 16);
        assert_eq!(both.ramb36(), 1);
    }
}
