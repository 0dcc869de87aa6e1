//! The card's memories and how they are searched.
//!
//! ```text
//!   write_row ──▶ raw words (read back as written, cut to the row's width)
//!            └──▶ the entries in them, decoded ──▶ by index, or by key
//! ```
//! Exact-match tables are searched by key over all rows that were written, without the card's hash: an entry that the
//! host put into a wrong row is found here and not by the RTL, and so the mistake shows. A row with a code that has no
//! name (of all tables only `nexthop` has room for such) means what an empty row means.

mod direct;
mod exact;
mod raw;

use direct::Direct;
use exact::Exact;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, FlowEntry, FlowKey, MplsEntry, NexthopEntry, PortEntry, RouteEntry,
    RouteKey, SourceEntry, TableSpec, VifEntry, VrfEntry, VxlanEntry, VxlanKey, BANKS, TABLES,
};

/// Why a row can not be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The id names no table.
    #[error("no table has id {found}, expected 0 to {}", TABLES.len() - 1)]
    NoSuchTable {
        /// The id given.
        found: u32,
    },
    /// The table is shorter.
    #[error("table {table} has no row {found}, expected 0 to {}", rows - 1)]
    NoSuchRow {
        /// The table's name.
        table: &'static str,
        /// The row given.
        found: usize,
        /// Rows of all its ways.
        rows: usize,
    },
    /// Only the card writes counters.
    #[error("table {table} is written by the card alone")]
    Counter {
        /// The table's name.
        table: &'static str,
    },
}

/// A memory of rows.
trait Memory {
    /// Replaces a row; `address` is within the table.
    fn write(&mut self, address: usize, words: &[u32]);
    /// A row as it was written.
    fn row(&self, address: usize) -> &[u32];
}

/// Every table that the host fills.
#[derive(Clone)]
pub struct Tables {
    profile: &'static Profile,
    port: Direct<PortEntry>,
    vif: Direct<VifEntry>,
    mpls: Direct<MplsEntry>,
    vxlan: Exact<VxlanEntry>,
    bridge: Exact<BridgeEntry>,
    vrf: Direct<VrfEntry>,
    route_host: Exact<RouteEntry>,
    route_bank: Exact<RouteEntry>,
    nexthop: Direct<NexthopEntry>,
    flow: Exact<FlowEntry>,
    source: Direct<SourceEntry>,
}

impl Tables {
    /// Empty tables of the sizes of a profile.
    pub fn new(profile: &'static Profile) -> Self {
        let spec = |id: u32| &TABLES[id as usize];
        Tables {
            profile,
            port: Direct::new(profile, spec(id::PORT)),
            vif: Direct::new(profile, spec(id::VIF)),
            mpls: Direct::new(profile, spec(id::MPLS)),
            vxlan: Exact::new(profile, spec(id::VXLAN), 1),
            bridge: Exact::new(profile, spec(id::BRIDGE), 1),
            vrf: Direct::new(profile, spec(id::VRF)),
            route_host: Exact::new(profile, spec(id::ROUTE_HOST), 1),
            route_bank: Exact::new(profile, spec(id::ROUTE_BANK), BANKS),
            nexthop: Direct::new(profile, spec(id::NEXTHOP)),
            flow: Exact::new(profile, spec(id::FLOW), 1),
            source: Direct::new(profile, spec(id::SOURCE)),
        }
    }

    /// The sizes.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Writes a row of all ways' rows, the bits of `words` beyond its width ignored, missing words zero.
    pub fn write_row(&mut self, table: u32, address: usize, words: &[u32]) -> Result<(), RowError> {
        let spec = checked(self.profile, table, address)?;
        let memory: &mut dyn Memory = match table {
            id::PORT => &mut self.port,
            id::VIF => &mut self.vif,
            id::MPLS => &mut self.mpls,
            id::VXLAN => &mut self.vxlan,
            id::BRIDGE => &mut self.bridge,
            id::VRF => &mut self.vrf,
            id::ROUTE_HOST => &mut self.route_host,
            id::ROUTE_BANK => &mut self.route_bank,
            id::NEXTHOP => &mut self.nexthop,
            id::FLOW => &mut self.flow,
            id::SOURCE => &mut self.source,
            _ => return Err(RowError::Counter { table: spec.name }),
        };
        memory.write(address, words);
        Ok(())
    }

    /// A row as it was written. Counters are not here but in [`Counters`](crate::counters::Counters).
    pub fn read_row(&self, table: u32, address: usize) -> Result<Vec<u32>, RowError> {
        let spec = checked(self.profile, table, address)?;
        let memory: &dyn Memory = match table {
            id::PORT => &self.port,
            id::VIF => &self.vif,
            id::MPLS => &self.mpls,
            id::VXLAN => &self.vxlan,
            id::BRIDGE => &self.bridge,
            id::VRF => &self.vrf,
            id::ROUTE_HOST => &self.route_host,
            id::ROUTE_BANK => &self.route_bank,
            id::NEXTHOP => &self.nexthop,
            id::FLOW => &self.flow,
            id::SOURCE => &self.source,
            _ => return Err(RowError::Counter { table: spec.name }),
        };
        Ok(memory.row(address).to_vec())
    }

    /// The interface of a port.
    pub fn port(&self, port: u16) -> &PortEntry {
        self.port.masked(port.into())
    }

    /// An interface. Numbers beyond the table address it with their low bits, as in the card.
    pub fn vif(&self, vif: u16) -> &VifEntry {
        self.vif.masked(vif.into())
    }

    /// The meaning of a label; none beyond the table.
    pub fn mpls(&self, label: u32) -> Option<&MplsEntry> {
        self.mpls.get(label)
    }

    /// The VRF of a VNI.
    pub fn vxlan(&self, vni: u32) -> Option<&VxlanEntry> {
        self.vxlan.find(0, &VxlanKey { vni })
    }

    /// Where a MAC address is.
    pub fn bridge(&self, vrf: u16, mac: u64) -> Option<&BridgeEntry> {
        self.bridge.find(0, &BridgeKey { vrf, mac })
    }

    /// How a VRF is searched.
    pub fn vrf(&self, vrf: u16) -> &VrfEntry {
        self.vrf.masked(vrf.into())
    }

    /// The route to a single address.
    pub fn route_host(&self, vrf: u16, address: u32) -> Option<&RouteEntry> {
        let key = RouteKey {
            vrf,
            length: 32,
            prefix: address,
        };
        self.route_host.find(0, &key)
    }

    /// The route of `length` bits to an address, if it lies in this bank. `length` is 1 to 31.
    pub fn route_bank(
        &self,
        bank: usize,
        vrf: u16,
        length: u8,
        address: u32,
    ) -> Option<&RouteEntry> {
        let prefix = address & (u32::MAX << (32 - u32::from(length)));
        let key = RouteKey {
            vrf,
            length,
            prefix,
        };
        self.route_bank.find(bank, &key)
    }

    /// A nexthop. Numbers beyond the table address it with their low bits.
    pub fn nexthop(&self, nexthop: u32) -> &NexthopEntry {
        self.nexthop.masked(nexthop)
    }

    /// A flow.
    pub fn flow(&self, key: &FlowKey) -> Option<&FlowEntry> {
        self.flow.find(0, key)
    }

    /// Where a flow's packets must come from. Numbers beyond the table address it with their low bits.
    pub fn source(&self, source: u32) -> &SourceEntry {
        self.source.masked(source)
    }
}

/// The table of that id, if it has a row of that address.
pub(crate) fn checked(
    profile: &Profile,
    table: u32,
    address: usize,
) -> Result<&'static TableSpec, RowError> {
    let spec = TABLES
        .get(table as usize)
        .ok_or(RowError::NoSuchTable { found: table })?;
    let rows = profile.addresses(spec);
    if address >= rows {
        return Err(RowError::NoSuchRow {
            table: spec.name,
            found: address,
            rows,
        });
    }
    Ok(spec)
}

#[cfg(test)]
mod tests;
