//! The keys of the test by number, and what an entry of a key says by version.
//!
//! ```text
//!   bridge  number ─▶ MAC                       version ─▶ nexthop and label, both from the version
//!   host    number ─▶ address, IPv6 if odd      likewise
//!   bank    number ─▶ prefix of four addresses  likewise
//!   flow    number ─▶ 5-tuple, IPv6 if odd      even: forwarded, source right, one flow id
//!                                               odd:  held, source that does not exist, another flow id
//! ```
//! All fields of an entry follow from its version, and each combination of fields of two versions shows on the packet
//! or in the counters: so half an entry would be seen.

use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, FlowAction, FlowEntry, FlowEntry6, FlowKey, FlowKey6, RouteEntry,
    RouteKey,
};
use underpass_layout::{words_for, Record};
use underpass_table_compiler::placed::Entry;
use underpass_table_compiler::row::Row;

use super::network::{nexthop_for, Use, FLOW_NEXTHOP, SOURCE_MISSING, SOURCE_RIGHT, VM2, VM2_V6};
use crate::tables::ROUTER_MAC;

/// The VRF of all keys.
pub const VRF: u16 = 1;
/// Bits of the prefixes in banks, which leave four addresses each.
pub const LENGTHS: [u8; 2] = [30, 126];
/// Destination port of all flows.
pub const PORT: u16 = 443;
/// Most versions that there can be: a label has so many bits.
pub const VERSIONS: u32 = 1 << 20;

const V4: u128 = 0x0a00_0000;
const V6: u128 = 0x2001_0db8 << 96;
const MACS: u64 = 0x0200_0000_0000;

/// The tables that change under traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// MACs.
    Bridge,
    /// Routes of one address.
    Host,
    /// Routes of four addresses.
    Bank,
    /// Flows.
    Flow,
}

impl Table {
    /// All of them.
    pub const ALL: [Table; 4] = [Table::Bridge, Table::Host, Table::Bank, Table::Flow];

    /// Its id in the layout.
    pub fn id(self) -> u32 {
        match self {
            Table::Bridge => id::BRIDGE,
            Table::Host => id::ROUTE_HOST,
            Table::Bank => id::ROUTE_BANK,
            Table::Flow => id::FLOW,
        }
    }

    /// How many keys there are; about two thirds of them find room.
    pub fn keys(self) -> u16 {
        match self {
            Table::Bridge => 1600,
            Table::Host => 1536,
            Table::Bank => 512,
            Table::Flow => 4096,
        }
    }
}

/// A key: its table and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The table.
    pub table: Table,
    /// The number.
    pub number: u16,
}

impl Key {
    /// Whether it is a key of IPv6; a MAC is of none.
    pub fn v6(self) -> bool {
        self.table != Table::Bridge && self.number % 2 == 1
    }

    /// Its entry as of a version.
    pub fn entry(self, version: u32) -> Entry {
        match self.table {
            Table::Bridge => {
                let (nexthop, label) = (nexthop_for(Use::Bridged, version), version);
                Entry::of(&BridgeEntry {
                    valid: true,
                    key: BridgeKey {
                        vrf: VRF,
                        mac: mac(self.number),
                    },
                    nexthop,
                    label,
                    ..BridgeEntry::default()
                })
            }
            Table::Host | Table::Bank => {
                let (nexthop, label) = (nexthop_for(Use::Routed, version), version);
                Entry::of(&RouteEntry {
                    valid: true,
                    key: self.route_key(),
                    nexthop,
                    label,
                    ..RouteEntry::default()
                })
            }
            Table::Flow => self.flow_entry(version),
        }
    }

    fn route_key(self) -> RouteKey {
        let bits = if self.v6() { 128 } else { 32 };
        let (length, prefix) = match self.table {
            Table::Bank => (LENGTHS[usize::from(self.v6())], first_address(self.number)),
            _ => (bits, address(self.number)),
        };
        RouteKey {
            vrf: VRF,
            v6: self.v6(),
            length,
            prefix,
        }
    }

    fn flow_entry(self, version: u32) -> Entry {
        let number = self.number;
        let (action, source) = match held(version) {
            true => (FlowAction::Hold, SOURCE_MISSING),
            false => (FlowAction::Forward, SOURCE_RIGHT),
        };
        let flow_id = flow_id(number, version);
        let dst = address(flow_address(number));
        let (nexthop, protocol) = (FLOW_NEXTHOP, 17);
        if self.v6() {
            let key = FlowKey6 {
                nexthop,
                protocol,
                src_port: number,
                dst_port: PORT,
                ..FlowKey6::default()
            };
            Entry::of(&FlowEntry6 {
                valid: true,
                key: key.between(VM2_V6, dst),
                action,
                flow_id,
                source,
                ..FlowEntry6::default()
            })
        } else {
            Entry::of(&FlowEntry {
                valid: true,
                key: FlowKey {
                    v6: false,
                    nexthop,
                    protocol,
                    src_port: number,
                    dst_port: PORT,
                    src: VM2,
                    dst: dst as u32,
                },
                action,
                flow_id,
                source,
                ..FlowEntry::default()
            })
        }
    }

    /// The keys of the entries in a row of a table.
    pub fn in_row(table: Table, row: &Row) -> Vec<Key> {
        let key = |number: u16| Key { table, number };
        match table {
            Table::Bridge => {
                let entry: BridgeEntry = part(row, 0);
                let ours = entry.valid && entry.key.mac != ROUTER_MAC;
                ours.then(|| key(entry.key.mac as u16))
                    .into_iter()
                    .collect()
            }
            Table::Host | Table::Bank => {
                let entry: RouteEntry = part(row, 0);
                let step = if table == Table::Bank { 4 } else { 1 };
                let number = entry.key.prefix as u16 / step * 2 + u16::from(entry.key.v6);
                entry.valid.then(|| key(number)).into_iter().collect()
            }
            Table::Flow => {
                let slots: [FlowEntry; 2] = [part(row, 0), part(row, FlowEntry::WIDTH)];
                let wide = slots[0].valid && slots[0].key.v6;
                let slots = &slots[..if wide { 1 } else { 2 }];
                let taken = slots.iter().filter(|entry| entry.valid);
                taken.map(|entry| key(entry.key.src_port)).collect()
            }
        }
    }
}

/// The record that starts at a bit of a row.
fn part<R: Record>(row: &Row, at: usize) -> R {
    let bits = |i: usize| row.bits(at + 32 * i, 32.min(R::WIDTH - 32 * i)) as u32;
    let words: Vec<u32> = (0..words_for(R::WIDTH)).map(bits).collect();
    R::unpack(&words).unwrap_or_else(|error| panic!("{}: {error}", R::NAME))
}

/// The MAC of a number.
pub fn mac(number: u16) -> u64 {
    MACS | u64::from(number)
}

/// The address of a number: IPv6 if it is odd.
pub fn address(number: u16) -> u128 {
    let base = if number % 2 == 1 { V6 } else { V4 };
    base | u128::from(number / 2)
}

/// The first of the four addresses of a prefix.
fn first_address(prefix: u16) -> u128 {
    let base = if prefix % 2 == 1 { V6 } else { V4 };
    base | u128::from(prefix / 2 * 4)
}

/// The prefix of an address.
pub fn prefix_of(address: u16) -> u16 {
    address / 2 / 4 * 2 + address % 2
}

/// The address to which a flow goes.
pub fn flow_address(flow: u16) -> u16 {
    flow % (4 * Table::Bank.keys())
}

/// Whether this version of a flow is held.
pub fn held(version: u32) -> bool {
    version % 2 == 1
}

/// Where this version of a flow counts.
pub fn flow_id(number: u16, version: u32) -> u32 {
    let last = Table::Flow.keys() - 1;
    u32::from(if held(version) { last - number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::profile::SIM;
    use underpass_layout::tables::{Table as _, TABLES};
    use underpass_table_compiler::placed::Placed;

    #[test]
    fn a_row_tells_its_keys() {
        for table in Table::ALL {
            for number in [0, 1, 2, 3, 255, 256, 511] {
                let key = Key { table, number };
                let mut placed = Placed::empty(&SIM, 1)
                    .shadows(table.id())
                    .next()
                    .cloned()
                    .expect("searched by key");
                let mut writes = Vec::new();
                placed.insert(&key.entry(4), &mut writes).expect("empty");
                assert_eq!(Key::in_row(table, &writes[0].row), [key]);
            }
        }
    }

    #[test]
    fn every_flow_has_a_place_to_count() {
        let rows = SIM.rows(&TABLES[id::COUNTER_FLOW as usize]);
        assert!(usize::from(Table::Flow.keys()) <= rows);
        assert_eq!(FlowEntry::TABLE.id, Table::Flow.id());
    }
}
