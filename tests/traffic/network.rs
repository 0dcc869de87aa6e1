//! What does not change: two VMs of one VRF, nexthops that show which of them a packet took, and how full the tables are.
//!
//! ```text
//!   VM 1 ── no policy ─┐                           ┌─▶ port = nexthop, frame as it is           most nexthops
//!                      ├─▶ bridge, host, bank ─────┤
//!   VM 2 ── flows ─────┘   of VRF 1                └─▶ port = nexthop, tunnel with the label    one in four
//! ```
//! The rows come from the table compiler's own plan.

use std::collections::BTreeMap;

use underpass_layout::port::VF0;
use underpass_layout::profile::SIM;
use underpass_layout::tables::*;
use underpass_layout::Record;
use underpass_table_compiler::entries::{Entries, Prefix};
use underpass_table_compiler::placed::{Placed, Shadow};
use underpass_table_compiler::plan::{plan, Step};
use underpass_table_compiler::reseed::Command;
use underpass_table_compiler::Mac;

use super::keys::{Key, Table, LENGTHS, VRF};
use crate::tables::ROUTER_MAC;

/// Ports of the VMs.
pub const PORTS: [u16; 2] = [VF0, VF0 + 1];
/// MACs of the VMs.
pub const VM_MACS: [u64; 2] = [0x0201_0000_0001, 0x0201_0000_0002];
/// The address of VM 1.
pub const VM1: u32 = 0x0a7f_0001;
/// Its IPv6 address.
pub const VM1_V6: u128 = 0x2001_0db8_007f << 80 | 1;
/// The address of VM 2.
pub const VM2: u32 = 0x0a7f_0002;
/// Its IPv6 address.
pub const VM2_V6: u128 = 0x2001_0db8_007f << 80 | 2;
/// K(nh) of the flows of VM 2.
pub const FLOW_NEXTHOP: u32 = 12;
/// S(nh) that expects VM 2.
pub const SOURCE_RIGHT: u32 = FLOW_NEXTHOP;
/// S(nh) that does not exist.
pub const SOURCE_MISSING: u32 = 13;
/// Where packets go that find no route.
pub const DEFAULT: (u32, u32) = (248, 7);

const VIFS: [u16; 2] = [3, 4];
/// Nexthops of frames and of packets, by version.
const FOR_FRAMES: u32 = 16;
const FOR_PACKETS: u32 = 128;
const OF_EACH: u32 = 112;

/// What a nexthop is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Frames.
    Bridged,
    /// Packets.
    Routed,
}

/// The nexthop that goes with a version.
pub fn nexthop_for(what: Use, version: u32) -> u32 {
    let first = match what {
        Use::Bridged => FOR_FRAMES,
        Use::Routed => FOR_PACKETS,
    };
    first + version % OF_EACH
}

/// Whether a nexthop is a tunnel, and its label shows.
pub fn is_tunnel(nexthop: u32) -> bool {
    nexthop.is_multiple_of(4)
}

/// The tables of the card before anything changes.
#[derive(Clone, Debug)]
pub struct Network {
    /// What the card holds.
    pub placed: Placed,
    /// The bank of each family's prefixes.
    pub banks: [usize; 2],
    /// The writes that bring it there.
    pub commands: Vec<Command>,
    /// The keys that have an entry, each with its version.
    pub installed: BTreeMap<Key, u32>,
}

impl Network {
    /// Tables hashed by this seed, each as full as `load` says: of its slots, from 0 to 1.
    pub fn new(seed: u128, load: f64) -> Network {
        let mut installed = BTreeMap::new();
        let mut entries = fixed();
        let slots = |table: Table| (SIM.entries(&TABLES[table.id() as usize]) as f64 * load) as u16;
        // The router's own MAC is there too.
        for number in spread(Table::Bridge).take(usize::from(slots(Table::Bridge)) - 1) {
            let key = add(&mut installed, Table::Bridge, number);
            let entry: BridgeEntry = unpack(key);
            let mac = Mac(bytes_of(entry.key.mac));
            entries.bridges.insert((VRF, mac), entry);
        }
        let of_a_bank = slots(Table::Bank) / BANKS as u16;
        let routes = [
            (Table::Host, slots(Table::Host)),
            (Table::Bank, 2 * of_a_bank),
        ];
        for (table, count) in routes {
            for number in spread(table).take(count.into()) {
                let key = add(&mut installed, table, number);
                let entry: RouteEntry = unpack(key);
                let prefix = Prefix {
                    vrf: VRF,
                    v6: entry.key.v6,
                    length: entry.key.length,
                    address: entry.key.prefix,
                };
                entries.routes.insert(prefix, entry);
            }
        }
        let empty = Placed::empty(&SIM, seed);
        let (plan, mut placed) = plan(&empty, &entries).unwrap_or_else(|error| panic!("{error}"));
        let mut steps = plan.steps;
        let mut writes = Vec::new();
        for number in spread(Table::Flow) {
            let flows = placed.flows_mut();
            if flows.used() as f64 >= flows.capacity() as f64 * load {
                break;
            }
            let key = add(&mut installed, Table::Flow, number);
            let inserted = flows.insert(&key.entry(installed[&key]), &mut writes);
            inserted.unwrap_or_else(|error| panic!("{error}"));
        }
        steps.extend(writes.into_iter().map(|write| step(Table::Flow, write)));
        Network {
            banks: banks(&placed),
            placed,
            commands: steps.into_iter().map(Command::WriteRow).collect(),
            installed,
        }
    }

    /// The bank of a key's table, 0 where it has none.
    pub fn group(&self, key: Key) -> usize {
        match key.table {
            Table::Bank => self.banks[usize::from(key.v6())],
            _ => 0,
        }
    }

    /// The host's copy of the table of a key.
    pub fn shadow(&self, key: Key) -> &Shadow {
        let mut shadows = self.placed.shadows(key.table.id());
        shadows.nth(self.group(key)).expect("searched by key")
    }
}

/// A write of a shadow as a step of a plan.
pub fn step(table: Table, write: underpass_table_compiler::placed::RowWrite) -> Step {
    Step {
        table: table.id(),
        address: write.address,
        words: write.row,
        why: write.reason,
    }
}

/// The keys of a table in an order in which those that get room are spread over all.
fn spread(table: Table) -> impl Iterator<Item = u16> {
    const STRIDE: u32 = 2707;
    let count = u32::from(table.keys());
    (0..count).map(move |i| (i * STRIDE % count) as u16)
}

/// Installs a key with a first version of its own.
fn add(installed: &mut BTreeMap<Key, u32>, table: Table, number: u16) -> Key {
    let key = Key { table, number };
    let before = installed.insert(key, 2 * u32::from(number));
    assert_eq!(before, None, "{key:?} comes twice");
    key
}

/// The entry of a key as the compiler's tables have it.
fn unpack<R: Record>(key: Key) -> R {
    let entry = key.entry(2 * u32::from(key.number)).unpack();
    entry.unwrap_or_else(|error| panic!("{key:?}: {error}"))
}

/// The bank that the VRF's word names for each family.
fn banks(placed: &Placed) -> [usize; 2] {
    let mut rows = placed.rows();
    let (_, _, row) = rows
        .find(|(table, address, _)| (*table, *address) == (id::VRF, VRF.into()))
        .expect("the VRF has a word");
    let word = VrfEntry::unpack(&row).unwrap_or_else(|error| panic!("{error}"));
    let of = |lengths: [u8; BANKS], wanted: u8| {
        let bank = lengths.iter().position(|length| *length == wanted);
        bank.expect("the word names the bank")
    };
    [
        of(word.lengths(), LENGTHS[0]),
        of(word.v6_lengths(), LENGTHS[1]),
    ]
}

fn bytes_of(mac: u64) -> [u8; 6] {
    let bytes = mac.to_be_bytes();
    std::array::from_fn(|i| bytes[i + 2])
}

fn fixed() -> Entries {
    let mut entries = Entries::default();
    for (i, vif) in VIFS.into_iter().enumerate() {
        entries
            .ports
            .insert(PORTS[i].into(), PortEntry { valid: true, vif });
        let policy = i == 1;
        entries.vifs.insert(
            vif.into(),
            VifEntry {
                valid: true,
                kind: VifKind::Vm,
                policy,
                vrf: VRF,
                nexthop: FLOW_NEXTHOP - 1 + u32::from(policy),
                ..VifEntry::default()
            },
        );
    }
    let router = BridgeEntry {
        valid: true,
        key: BridgeKey {
            vrf: VRF,
            mac: ROUTER_MAC,
        },
        receive: true,
        ..BridgeEntry::default()
    };
    let mac = Mac(bytes_of(ROUTER_MAC));
    entries.bridges.insert((VRF, mac), router);
    let (nexthop, label) = DEFAULT;
    let word = VrfEntry {
        valid: true,
        default_valid: true,
        default_nexthop: nexthop,
        default_label: label,
        default6_valid: true,
        default6_nexthop: nexthop,
        default6_label: label,
        ..VrfEntry::default()
    };
    let word = word
        .with_lengths([LENGTHS[0], 0, 0, 0, 0, 0])
        .with_v6_lengths([LENGTHS[1], 0, 0, 0, 0, 0]);
    entries.vrfs.insert(VRF.into(), word);
    for (what, first) in [(Use::Bridged, FOR_FRAMES), (Use::Routed, FOR_PACKETS)] {
        for number in first..first + OF_EACH {
            entries.nexthops.insert(number, nexthop_entry(what, number));
        }
    }
    let (nexthop, _) = DEFAULT;
    entries
        .nexthops
        .insert(nexthop, nexthop_entry(Use::Routed, nexthop));
    let right = SourceEntry {
        kind: SourceKind::Vif,
        vif: VIFS[1],
        ..SourceEntry::default()
    };
    entries.sources.insert(SOURCE_RIGHT, right);
    entries
}

fn nexthop_entry(what: Use, number: u32) -> NexthopEntry {
    let entry = NexthopEntry {
        valid: true,
        kind: NexthopKind::Encap,
        bridge: what == Use::Bridged,
        vif: VIFS[0],
        port: number as u16,
        dst_mac: 0x0202_0000_0000 | u64::from(number),
        src_mac: ROUTER_MAC,
        ..NexthopEntry::default()
    };
    if !is_tunnel(number) {
        return entry;
    }
    NexthopEntry {
        kind: NexthopKind::Tunnel,
        bridge: false,
        tunnel: match what {
            Use::Bridged => TunnelKind::Vxlan,
            Use::Routed => TunnelKind::MplsGre,
        },
        tunnel_src: 0x0b00_0001,
        tunnel_dst: 0x0b01_0000 | u128::from(number),
        ..entry
    }
}
