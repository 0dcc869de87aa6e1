//! Random entries in which everything that is referred to exists, with few numbers, so that they are used again.

use std::collections::BTreeSet;

use proptest::prelude::*;
use underpass_layout::tables::*;

use crate::entries::{Entries, Prefix};
use crate::mac::Mac;

/// Lengths of the routes: seven, of which a state has at most six.
const LENGTHS: [u8; 8] = [4, 8, 12, 16, 20, 24, 28, 32];

type Numbers = Vec<(u8, u8, u8, u8)>;

/// A state of the card's tables.
pub fn any_state() -> impl Strategy<Value = Entries> {
    let numbers = |most| prop::collection::vec(any::<(u8, u8, u8, u8)>(), 0..most);
    (
        numbers(8),
        numbers(4),
        numbers(30),
        numbers(10),
        numbers(5),
        numbers(4),
        numbers(6),
        numbers(5),
    )
        .prop_map(
            |(nexthops, vrfs, routes, bridges, mpls, vxlans, vifs, ports)| {
                state(
                    &nexthops, &vrfs, &routes, &bridges, &mpls, &vxlans, &vifs, &ports,
                )
            },
        )
}

#[allow(clippy::too_many_arguments, reason = "one argument a table")]
fn state(
    nexthops: &Numbers,
    vrfs: &Numbers,
    routes: &Numbers,
    bridges: &Numbers,
    mpls: &Numbers,
    vxlans: &Numbers,
    vifs: &Numbers,
    ports: &Numbers,
) -> Entries {
    let mut entries = Entries::default();
    // Eight ids, eight meanings: rows change their meaning, and meanings change their row.
    for (id, meaning, _, _) in nexthops.iter().chain(&[(0, 0, 0, 0)]) {
        let entry = NexthopEntry {
            valid: true,
            vif: u16::from(meaning % 8),
            ..NexthopEntry::default()
        };
        entries.nexthops.insert(u32::from(id % 8), entry);
        let source = SourceEntry {
            kind: SourceKind::Vif,
            vif: entry.vif,
            address: 0,
        };
        entries.sources.insert(u32::from(id % 8), source);
    }
    let ids: Vec<u32> = entries.nexthops.keys().copied().collect();
    let nexthop = |n: &u8| ids[usize::from(*n) % ids.len()];

    for (vrf, to, label, _) in vrfs.iter().chain(&[(0, 0, 0, 0)]) {
        let default_valid = to % 2 == 1;
        let word = VrfEntry {
            valid: true,
            default_valid,
            default_nexthop: if default_valid { nexthop(label) } else { 0 },
            default_label: if default_valid {
                u32::from(label % 3)
            } else {
                0
            },
            ..VrfEntry::default()
        };
        entries.vrfs.insert(u32::from(vrf % 4), word);
    }
    let numbers: Vec<u16> = entries.vrfs.keys().map(|vrf| *vrf as u16).collect();
    let vrf = |n: &u8| numbers[usize::from(*n) % numbers.len()];

    for (of, place, to, label) in routes {
        let length = LENGTHS[usize::from(place % 8)];
        let address = u32::from_be_bytes([place / 8, place & 0x30, place & 3, place & 5]);
        let address = address & (u32::MAX << (32 - u32::from(length)));
        let prefix = Prefix {
            vrf: vrf(of),
            length,
            address,
        };
        let mut lengths: BTreeSet<u8> = entries
            .routes
            .keys()
            .filter(|other| other.vrf == prefix.vrf && other.length < 32)
            .map(|other| other.length)
            .collect();
        lengths.insert(length.min(31));
        if lengths.len() <= BANKS {
            let entry = RouteEntry {
                valid: true,
                key: prefix.key(),
                nexthop: nexthop(to),
                label: u32::from(label % 3),
            };
            entries.routes.insert(prefix, entry);
        }
    }
    for (vrf, word) in &mut entries.vrfs {
        let mut lengths = [0; BANKS];
        let own = entries
            .routes
            .keys()
            .filter(|prefix| u32::from(prefix.vrf) == *vrf);
        let own: BTreeSet<u8> = own
            .map(|prefix| prefix.length)
            .filter(|length| *length < 32)
            .collect();
        lengths
            .iter_mut()
            .zip(own.into_iter().rev())
            .for_each(|(place, length)| *place = length);
        *word = word.with_lengths(lengths);
    }
    for (of, mac, to, label) in bridges {
        let (vrf, mac) = (vrf(of), Mac([2, 0, 0, 0, 0, mac % 6]));
        let key = BridgeKey {
            vrf,
            mac: 0x0200_0000_0000 | u64::from(mac.0[5]),
        };
        let label = u32::from(label % 3);
        let entry = BridgeEntry {
            valid: true,
            key,
            receive: to % 8 == 7,
            nexthop: nexthop(to),
            label,
        };
        entries.bridges.insert((vrf, mac), entry);
    }
    for (label, of, to, action) in mpls {
        let action = LabelAction::ALL[usize::from(1 + action % 3)];
        let entry = MplsEntry {
            action,
            vrf: vrf(of),
            nexthop: nexthop(to),
        };
        entries.mpls.insert(u32::from(label % 5), entry);
    }
    for (vni, of, _, _) in vxlans {
        let vni = u32::from(vni % 4);
        let entry = VxlanEntry {
            valid: true,
            key: VxlanKey { vni },
            vrf: vrf(of),
        };
        entries.vxlans.insert(vni, entry);
    }
    for (idx, of, to, policy) in vifs.iter().chain(&[(0, 0, 0, 0)]) {
        let entry = VifEntry {
            valid: true,
            kind: VifKind::Vm,
            policy: policy % 2 == 1,
            vrf: vrf(of),
            nexthop: nexthop(to),
            ..VifEntry::default()
        };
        entries.vifs.insert(u32::from(idx % 6), entry);
    }
    let indexes: Vec<u16> = entries.vifs.keys().map(|vif| *vif as u16).collect();
    for (port, vif, _, _) in ports {
        let vif = indexes[usize::from(*vif) % indexes.len()];
        // An interface has one port.
        if entries.ports.values().all(|other| other.vif != vif) {
            entries
                .ports
                .insert(u32::from(port % 5), PortEntry { valid: true, vif });
        }
    }
    entries
}

/// True of a label that leads into a VRF.
pub fn routes(entry: &MplsEntry) -> bool {
    entry.action == LabelAction::Route
}

/// What is looked up while a plan runs.
pub struct Keys {
    pub bridges: Vec<(u16, Mac)>,
    pub mpls: Vec<u32>,
    pub vxlans: Vec<u32>,
    pub ports: Vec<u32>,
    pub addresses: Vec<(u16, u32)>,
}

/// Every key of two states; of routes the addresses at their ends.
pub fn keys(old: &Entries, new: &Entries) -> Keys {
    fn both<K: Ord + Copy>(old: impl Iterator<Item = K>, new: impl Iterator<Item = K>) -> Vec<K> {
        old.chain(new)
            .collect::<BTreeSet<K>>()
            .into_iter()
            .collect()
    }
    let ends = |entries: &Entries| -> Vec<u32> {
        let ends = entries.routes.keys().flat_map(|prefix| {
            let last = prefix.address | !(u32::MAX << (32 - u32::from(prefix.length)));
            [prefix.address, last]
        });
        ends.collect()
    };
    let ends: BTreeSet<u32> = ends(old)
        .into_iter()
        .chain(ends(new))
        .chain([0x7f00_0001])
        .collect();
    let vrfs = both(old.vrfs.keys().copied(), new.vrfs.keys().copied());
    Keys {
        bridges: both(old.bridges.keys().copied(), new.bridges.keys().copied()),
        mpls: both(old.mpls.keys().copied(), new.mpls.keys().copied()),
        vxlans: both(old.vxlans.keys().copied(), new.vxlans.keys().copied()),
        ports: both(old.ports.keys().copied(), new.ports.keys().copied()),
        addresses: vrfs
            .iter()
            .flat_map(|vrf| ends.iter().map(|to| (*vrf as u16, *to)))
            .collect(),
    }
}
