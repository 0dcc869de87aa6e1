//! Random entries in which everything that is referred to exists, with few numbers, so that they are used again.

use std::collections::BTreeSet;

use proptest::prelude::*;
use underpass_layout::tables::*;

use crate::entries::{mask, Entries, FatSet, Group, MirrorSet, Prefix};
use crate::mac::Mac;

/// Lengths of the routes of IPv4: seven, of which a state has at most six, and hosts.
const LENGTHS: [u8; 8] = [4, 8, 12, 16, 20, 24, 28, 32];
/// Likewise of IPv6.
const LENGTHS6: [u8; 8] = [4, 32, 48, 64, 96, 120, 127, 128];

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
        numbers(5),
        numbers(4),
        numbers(4),
    )
        .prop_map(
            |(
                nexthops,
                vrfs,
                routes,
                bridges,
                mpls,
                vxlans,
                vifs,
                ports,
                groups,
                floods,
                mirrors,
            )| {
                state(
                    &nexthops, &vrfs, &routes, &bridges, &mpls, &vxlans, &vifs, &ports, &groups,
                    &floods, &mirrors,
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
    groups: &Numbers,
    floods: &Numbers,
    mirrors: &Numbers,
) -> Entries {
    let mut entries = Entries::default();
    // Three sets of rules, numbered by who comes first: numbers change what they stand for.
    let mut sets: Vec<u8> = Vec::new();
    let mut fat_set = |content: u8| {
        if content == 0 {
            return 0;
        }
        let known = sets.iter().position(|other| *other == content);
        let place = known.unwrap_or_else(|| {
            sets.push(content);
            sets.len() - 1
        });
        place as u16 + 1
    };
    // Mirrors are numbered by who comes first as well; three quarters of their users have none.
    let mirror = |n: &u8| match mirrors.len() {
        0 => 0,
        most if n.is_multiple_of(4) => u16::from(n / 4) % (most as u16 + 1),
        _ => 0,
    };
    // Eight ids, eight meanings: rows change their meaning, and meanings change their row.
    for (id, meaning, fat, mirrored) in nexthops.iter().chain(&[(0, 0, 0, 0)]) {
        let entry = NexthopEntry {
            valid: true,
            vif: u16::from(meaning % 8),
            fat_set: fat_set(fat % 4),
            mirror: mirror(mirrored),
            ..NexthopEntry::default()
        };
        entries.nexthops.insert(u32::from(id % 8), entry);
        let source = SourceEntry {
            kind: SourceKind::Vif,
            vif: entry.vif,
            ..SourceEntry::default()
        };
        entries.sources.insert(u32::from(id % 8), source);
    }
    set_groups(&mut entries, groups);
    let ids: Vec<u32> = entries.nexthops.keys().copied().collect();
    let nexthop = |n: &u8| ids[usize::from(*n) % ids.len()];
    for (row, (length, to, _, _)) in (1..).zip(mirrors) {
        entries.mirrors.insert(row, text_of(*length, nexthop(to)));
    }

    for (vrf, to, label, six) in vrfs.iter().chain(&[(0, 0, 0, 0)]) {
        let (four, six) = ((to % 2 == 1, label), (six % 2 == 1, six));
        let leads = |(valid, to): (bool, &u8)| if valid { nexthop(to) } else { 0 };
        let label = |(valid, to): (bool, &u8)| if valid { u32::from(to % 3) } else { 0 };
        let word = VrfEntry {
            valid: true,
            default_valid: four.0,
            default_nexthop: leads(four),
            default_label: label(four),
            default_arp: match four.0 {
                true => ArpAnswer::ALL[usize::from(*to / 2 % 2)],
                false => ArpAnswer::Flood,
            },
            default6_valid: six.0,
            default6_nexthop: leads(six),
            default6_label: label(six),
            ..VrfEntry::default()
        };
        entries.vrfs.insert(u32::from(vrf % 4), word);
    }
    let numbers: Vec<u16> = entries.vrfs.keys().map(|vrf| *vrf as u16).collect();
    let vrf = |n: &u8| numbers[usize::from(*n) % numbers.len()];

    for (of, place, to, label) in routes {
        let v6 = label % 2 == 1;
        let lengths = if v6 { LENGTHS6 } else { LENGTHS };
        let length = lengths[usize::from(place % 8)];
        let bytes = u32::from_be_bytes([place / 8, place & 0x30, place & 3, place & 5]);
        let bytes = u128::from(bytes);
        let address = if v6 { bytes << 96 | bytes } else { bytes };
        let prefix = Prefix {
            vrf: vrf(of),
            v6,
            length,
            address: address & mask(v6, length),
        };
        let mut lengths: BTreeSet<u8> = entries
            .routes
            .keys()
            .filter(|other| other.vrf == prefix.vrf && other.v6 == v6 && !other.is_host())
            .map(|other| other.length)
            .collect();
        if !prefix.is_host() {
            lengths.insert(length);
        }
        if lengths.len() <= BANKS {
            let entry = RouteEntry {
                valid: true,
                key: prefix.key(),
                nexthop: nexthop(to),
                label: u32::from(label % 3),
                arp: arp_of(&prefix, *to),
                trap: !v6 && to % 5 == 4,
            };
            set_stitched(&mut entries, &prefix, entry.arp, *label);
            entries.routes.insert(prefix, entry);
        }
    }
    set_lengths(&mut entries);
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
            control: false,
        };
        entries.bridges.insert((vrf, mac), entry);
    }
    for (of, to, label, _) in floods {
        let entry = FloodEntry {
            valid: true,
            nexthop: nexthop(to),
            label: u32::from(label % 3),
        };
        entries.floods.insert(vrf(of).into(), entry);
    }
    for (label, of, to, action) in mpls {
        let action = LabelAction::ALL[usize::from(1 + action % 3)];
        let entry = MplsEntry {
            action,
            vrf: vrf(of),
            nexthop: nexthop(to),
            ..MplsEntry::default()
        };
        entries.mpls.insert(u32::from(label % 5), entry);
    }
    for (vni, of, _, _) in vxlans {
        let vni = u32::from(vni % 4);
        let entry = VxlanEntry {
            valid: true,
            key: VxlanKey { vni },
            vrf: vrf(of),
            ..VxlanEntry::default()
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
            fat_set: fat_set(policy / 2 % 4),
            mirror: mirror(policy),
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
    entries.fat_sets = (1..).zip(sets.into_iter().map(rules)).collect();
    for (reason, _, _, quota) in ports {
        let quota = PuntQuotaEntry {
            quota: u16::from(*quota) + 1,
        };
        entries.punt_quotas.insert(u32::from(reason % 8), quota);
    }
    entries
}

/// Makes groups of some nexthops, whose members are among the others: ids that are groups here are none elsewhere, and
/// the other way round.
fn set_groups(entries: &mut Entries, groups: &Numbers) {
    let several: BTreeSet<u32> = groups
        .iter()
        .map(|group| 4 + u32::from(group.0 % 8))
        .collect();
    let leaves = entries.nexthops.keys().copied();
    let leaves: Vec<u32> = leaves.filter(|id| !several.contains(id)).collect();
    for (id, kind, count, chance) in groups {
        let id = 4 + u32::from(id % 8);
        let list = kind % 2 == 0;
        let members = (0..1 + count % 4).map(|n| {
            let leaf = chance
                .wrapping_mul(3)
                .wrapping_add(n.wrapping_mul(1 + chance % 3));
            MemberEntry {
                leg: if list { Leg::Evpn } else { Leg::None },
                nexthop: leaves[usize::from(leaf) % leaves.len()],
                label_valid: n % 2 == 0,
                label: u32::from(n % 2 == 0 && chance % 2 == 0),
                vif: 0,
            }
        });
        let members: Vec<MemberEntry> = members.collect();
        let entry = GroupEntry {
            kind: if list {
                GroupKind::List
            } else {
                GroupKind::Ecmp
            },
            count: match list {
                true => members.len() as u16,
                false => members.len().next_power_of_two().ilog2() as u16 + 1,
            },
            ..GroupEntry::default()
        };
        let nexthop = NexthopEntry {
            valid: true,
            kind: if list {
                NexthopKind::List
            } else {
                NexthopKind::Ecmp
            },
            ..NexthopEntry::default()
        };
        entries.nexthops.insert(id, nexthop);
        let any = SourceEntry {
            kind: SourceKind::Any,
            ..SourceEntry::default()
        };
        entries.sources.entry(id).or_insert(any);
        if list {
            let key = OriginKey {
                nexthop: id,
                v6: false,
                address: u128::from(*chance % 2),
            };
            let end = OriginEntry {
                valid: true,
                key,
                leg: Leg::ALL[usize::from(2 + chance % 3)],
            };
            entries.origins.insert((id, false, key.address), end);
        }
        entries.groups.insert(id, Group { entry, members });
    }
}

/// A mirror whose text tells of itself how long it is: in every byte how many tens of them there are.
pub fn text_of(length: u8, nexthop: u32) -> MirrorSet {
    let tens = 1 + length % 30;
    MirrorSet {
        entry: MirrorEntry {
            kind: MirrorKind::Raw,
            nexthop,
            length: u16::from(tens) * 10,
            ..MirrorEntry::default()
        },
        text: vec![tens; usize::from(tens) * 10],
    }
}

/// A set that tells of itself how many rules it has: one more than their protocol says.
pub fn rules(protocol: u8) -> FatSet {
    let rule = FatRuleEntry {
        family: FatFamily::Any,
        protocol,
        ..FatRuleEntry::default()
    };
    let exclude = FatExcludeEntry {
        family: FatFamily::V4,
        ..FatExcludeEntry::default()
    };
    FatSet {
        rules: vec![rule; usize::from(protocol) + 1],
        excludes: vec![exclude],
    }
}

/// With what a route that says `to` has ARP answered.
fn arp_of(prefix: &Prefix, to: u8) -> ArpAnswer {
    let answer = ArpAnswer::ALL[usize::from(to / 8 % 4)];
    match answer {
        _ if prefix.v6 => ArpAnswer::Flood,
        ArpAnswer::Stitched if !prefix.is_host() => ArpAnswer::Ask,
        answer => answer,
    }
}

/// Gives a route the MAC that it needs, of three.
pub fn set_stitched(entries: &mut Entries, prefix: &Prefix, arp: ArpAnswer, mac: u8) {
    let (vrf, address) = (prefix.vrf, prefix.address as u32);
    if arp == ArpAnswer::Stitched {
        let entry = StitchedEntry {
            valid: true,
            key: StitchedKey { vrf, address },
            mac: u64::from(1 + mac % 3),
        };
        entries.stitched.insert((vrf, address), entry);
    } else if prefix.is_host() && !prefix.v6 {
        entries.stitched.remove(&(vrf, address));
    }
}

/// Gives the words the lengths that their routes have, the longest first.
pub fn set_lengths(entries: &mut Entries) {
    for (vrf, word) in &mut entries.vrfs {
        let of = |v6: bool| {
            let own = entries.routes.keys().filter(|prefix| {
                u32::from(prefix.vrf) == *vrf && prefix.v6 == v6 && !prefix.is_host()
            });
            let own: BTreeSet<u8> = own.map(|prefix| prefix.length).collect();
            let mut lengths = [0; BANKS];
            lengths
                .iter_mut()
                .zip(own.into_iter().rev())
                .for_each(|(place, length)| *place = length);
            lengths
        };
        *word = word.with_lengths(of(false)).with_v6_lengths(of(true));
    }
}

/// True of a label that leads into a VRF.
pub fn routes(entry: &MplsEntry) -> bool {
    entry.action == LabelAction::Route
}

/// What is looked up while a plan runs.
pub struct Keys {
    pub floods: Vec<u32>,
    pub bridges: Vec<(u16, Mac)>,
    pub stitched: Vec<(u16, u32)>,
    pub mpls: Vec<u32>,
    pub vxlans: Vec<u32>,
    pub ports: Vec<u32>,
    pub addresses: Vec<(u16, bool, u128)>,
}

/// Every key of two states; of routes the addresses at their ends.
pub fn keys(old: &Entries, new: &Entries) -> Keys {
    fn both<K: Ord + Copy>(old: impl Iterator<Item = K>, new: impl Iterator<Item = K>) -> Vec<K> {
        old.chain(new)
            .collect::<BTreeSet<K>>()
            .into_iter()
            .collect()
    }
    let ends = |entries: &Entries| -> Vec<(bool, u128)> {
        let ends = entries.routes.keys().flat_map(|prefix| {
            let all = mask(prefix.v6, if prefix.v6 { 128 } else { 32 });
            let last = prefix.address | all & !mask(prefix.v6, prefix.length);
            [(prefix.v6, prefix.address), (prefix.v6, last)]
        });
        ends.collect()
    };
    let ends: BTreeSet<(bool, u128)> = ends(old)
        .into_iter()
        .chain(ends(new))
        .chain([(false, 0x7f00_0001), (true, 0x7f00_0001)])
        .collect();
    let vrfs = both(old.vrfs.keys().copied(), new.vrfs.keys().copied());
    Keys {
        floods: both(old.floods.keys().copied(), new.floods.keys().copied()),
        bridges: both(old.bridges.keys().copied(), new.bridges.keys().copied()),
        stitched: both(old.stitched.keys().copied(), new.stitched.keys().copied()),
        mpls: both(old.mpls.keys().copied(), new.mpls.keys().copied()),
        vxlans: both(old.vxlans.keys().copied(), new.vxlans.keys().copied()),
        ports: both(old.ports.keys().copied(), new.ports.keys().copied()),
        addresses: vrfs
            .iter()
            .flat_map(|vrf| ends.iter().map(|(v6, to)| (*vrf as u16, *v6, *to)))
            .collect(),
    }
}
