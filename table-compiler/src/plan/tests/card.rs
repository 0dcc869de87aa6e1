//! A card made of rows: its lookups, written down once more from the layout alone.

use std::collections::BTreeMap;

use proptest::prelude::*;
use underpass_layout::hash::{row, Tabulation};
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;
use underpass_layout::Record;

use crate::entries::MirrorSet;
use crate::mac::Mac;
use crate::placed::Entry;
use crate::plan::Step;
use crate::row::Row;

/// What a packet is told, down to the row of its nexthop.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To a nexthop, which says this, with a label and what else the entry says.
    Nexthop {
        /// The nexthop's row, without what mirrors it.
        entry: Box<NexthopEntry>,
        label: u32,
        other: u32,
        /// What the rows of its group say, if it is one.
        members: Vec<(MemberEntry, NexthopEntry)>,
        mirror: Option<Box<MirrorSet>>,
    },
    /// To a VRF, or an interface that says this.
    Place(Vec<u32>),
    /// To the slow path.
    PuntAll,
}

impl Answer {
    /// True if a packet that is told this is told, piece by piece, what one of those says. A row of a choice is a piece of
    /// its own, what decides about a group is its members, and a nexthop may lack its mirror, or have that which it has on
    /// one of the `ends`, the card before the plan and the card behind it: it changes by a write of its own.
    pub fn is_among(&self, right: &[&Answer], ends: [&Card; 2]) -> bool {
        let Answer::Nexthop {
            entry,
            label,
            other,
            members,
            mirror,
        } = self
        else {
            return right.contains(&self);
        };
        let mut own = right.iter().filter_map(|answer| match answer {
            Answer::Nexthop {
                entry: e,
                label: l,
                other: o,
                ..
            } => Some((&**e, l, o)),
            _ => None,
        });
        let groups = || {
            right.iter().filter_map(|answer| match answer {
                Answer::Nexthop {
                    members, mirror, ..
                } => Some((members, mirror)),
                _ => None,
            })
        };
        let alike = || groups().filter(|(other, _)| other.len() == members.len());
        let is_list = |members: &[(MemberEntry, NexthopEntry)]| {
            members.iter().all(|(member, _)| member.leg != Leg::None)
        };
        let whole = alike().any(|(other, _)| members_only(other) == members_only(members));
        let by_row = (0..members.len()).all(|row| {
            alike().any(|(other, _)| without_mirror(&other[row]) == without_mirror(&members[row]))
        });
        let known = |(e, l, o): (&NexthopEntry, &u32, &u32)| {
            let group = !members.is_empty();
            (*e == **entry || group) && l == label && o == other
        };
        own.any(known)
            && (whole || !is_list(members) && by_row)
            && (mirror.is_none()
                || groups().any(|(_, other)| other == mirror)
                || ends.iter().any(|card| card.mirrors_by(entry, mirror)))
    }
}

fn without_mirror((member, entry): &(MemberEntry, NexthopEntry)) -> (MemberEntry, NexthopEntry) {
    let (nexthop, mirror) = (0, 0);
    (
        MemberEntry { nexthop, ..*member },
        NexthopEntry { mirror, ..*entry },
    )
}

fn members_only(members: &[(MemberEntry, NexthopEntry)]) -> Vec<(MemberEntry, NexthopEntry)> {
    members.iter().map(without_mirror).collect()
}

#[derive(Clone)]
pub struct Card {
    profile: Profile,
    tabulation: Tabulation,
    memory: BTreeMap<(u32, u32), Row>,
}

impl Card {
    pub fn new(profile: &Profile, seed: u128) -> Self {
        let tabulation = Tabulation::new(seed);
        Card {
            profile: *profile,
            tabulation,
            memory: BTreeMap::new(),
        }
    }

    pub fn write(&mut self, step: &Step) {
        let rows = self.profile.addresses(step.spec()) as u32;
        assert!(step.address < rows, "{step} of {rows} rows");
        self.memory.insert((step.table, step.address), step.words);
    }

    pub fn rows(&self) -> BTreeMap<(u32, u32), Row> {
        let rows = self.memory.iter().filter(|(_, row)| !row.is_empty());
        rows.map(|(place, row)| (*place, *row)).collect()
    }

    fn direct<T: Record>(&self, table: u32, address: u32) -> Option<T> {
        let row = self
            .memory
            .get(&(table, address))
            .filter(|row| !row.is_empty())?;
        Some(T::unpack(row).expect("codes that exist"))
    }

    fn exact<T: Record>(&self, table: u32, bank: usize, key: &impl Record) -> Option<T> {
        let spec = &TABLES[table as usize];
        let Lookup::Exact { key_width, .. } = spec.lookup else {
            panic!("{} is not exact", spec.name)
        };
        let rows = self.profile.rows(spec);
        let hash = self.tabulation.hash(&Row::of(key), key_width);
        // All of these tables have one entry a row, which starts with `valid` and the key.
        let start = Entry::with_key(key);
        let same = |row: &&Row| {
            (0..=key_width).step_by(64).all(|at| {
                let width = (key_width + 1 - at).min(64);
                row.bits(at, width) == Row::from_words(start.words()).bits(at, width)
            })
        };
        let found: Vec<&Row> = (0..WAYS)
            .filter_map(|way| {
                let row = row(hash, way, rows);
                let address = self.profile.address(spec, bank * WAYS + way, row);
                self.memory.get(&(table, address as u32)).filter(same)
            })
            .collect();
        assert!(
            found.windows(2).all(|pair| pair[0] == pair[1]),
            "two answers in {}",
            spec.name
        );
        found
            .first()
            .map(|row| T::unpack(row).expect("codes that exist"))
    }

    pub fn at(&self, nexthop: u32, label: u32, other: u32) -> Answer {
        let entry = self.direct::<NexthopEntry>(id::NEXTHOP, nexthop);
        let entry = entry.unwrap_or_else(|| panic!("nexthop {nexthop} dangles"));
        let members = self.members(nexthop).into_iter().map(|member| {
            let entry = self.direct(id::NEXTHOP, member.nexthop);
            (member, entry.unwrap_or_default())
        });
        Answer::Nexthop {
            members: members.collect(),
            mirror: self.mirror(entry.mirror).map(Box::new),
            entry: Box::new(NexthopEntry { mirror: 0, ..entry }),
            label,
            other,
        }
    }

    /// The rows of a group.
    fn members(&self, nexthop: u32) -> Vec<MemberEntry> {
        let group = self.direct::<GroupEntry>(id::GROUP, nexthop);
        let group = group.unwrap_or_default();
        let first = u32::from(group.first);
        let count = match group.kind {
            GroupKind::None => 0,
            GroupKind::Ecmp => 1 << group.count,
            GroupKind::List => u32::from(group.count),
        };
        let rows = first..first + count;
        rows.map(|row| self.direct(id::MEMBER, row).unwrap_or_default())
            .collect()
    }

    /// What a mirror puts in front of copies, and its row, wherever its nexthop is.
    fn mirror(&self, row: u16) -> Option<MirrorSet> {
        let entry: MirrorEntry = self.direct(id::MIRROR, row.into())?;
        let bytes = MIRROR_TEXT_BYTES / MIRROR_TEXT_WAYS;
        let ways = usize::from(entry.length).div_ceil(bytes);
        let spec = &TABLES[id::MIRROR_TEXT as usize];
        let text = (0..ways).flat_map(|way| {
            let address = self.profile.address(spec, way, row.into()) as u32;
            let text = self.direct::<MirrorTextEntry>(id::MIRROR_TEXT, address);
            text.unwrap_or_default().bytes
        });
        Some(MirrorSet {
            text: text.take(entry.length.into()).collect(),
            entry: MirrorEntry {
                nexthop: 0,
                ..entry
            },
        })
    }

    /// True if a nexthop to the same place is mirrored like that.
    fn mirrors_by(&self, entry: &NexthopEntry, mirror: &Option<Box<MirrorSet>>) -> bool {
        let place = |entry: &NexthopEntry| (entry.vif, entry.port, entry.vrf);
        let rows = self
            .memory
            .keys()
            .filter(|(table, _)| *table == id::NEXTHOP);
        let mut nexthops = rows.filter_map(|(table, row)| self.direct(*table, *row));
        nexthops.any(|one| {
            let same = place(&one) == place(entry);
            same && self.mirror(one.mirror).map(Box::new) == *mirror
        })
    }

    pub fn flood(&self, vrf: u32) -> Option<Answer> {
        let entry: FloodEntry = self.direct(id::FLOOD, vrf)?;
        Some(self.at(entry.nexthop, entry.label, 0))
    }

    pub fn bridge(&self, vrf: u16, mac: Mac) -> Option<Answer> {
        let mac = mac
            .0
            .iter()
            .fold(0, |mac, byte| mac << 8 | u64::from(*byte));
        let entry: BridgeEntry = self.exact(id::BRIDGE, 0, &BridgeKey { vrf, mac })?;
        Some(self.at(entry.nexthop, entry.label, entry.receive.into()))
    }

    /// With what ARP is answered that finds this route.
    pub fn arp(entry: &RouteEntry) -> u32 {
        entry.arp.code() << 1 | u32::from(entry.trap)
    }

    pub fn stitched(&self, vrf: u16, address: u32) -> Option<Answer> {
        let key = StitchedKey { vrf, address };
        let entry: StitchedEntry = self.exact(id::STITCHED, 0, &key)?;
        Some(Answer::Place(vec![entry.mac as u32]))
    }

    pub fn mpls(&self, label: u32) -> Option<Answer> {
        let entry: MplsEntry = self.direct(id::MPLS, label)?;
        Some(self.at(entry.nexthop, u32::from(entry.vrf), entry.action.code()))
    }

    pub fn vxlan(&self, vni: u32) -> Option<Answer> {
        let entry: VxlanEntry = self.exact(id::VXLAN, 0, &VxlanKey { vni })?;
        Some(Answer::Place(vec![entry.vrf.into()]))
    }

    pub fn port(&self, port: u32) -> Option<Answer> {
        let entry: PortEntry = self.direct(id::PORT, port)?;
        let vif = self.memory.get(&(id::VIF, entry.vif.into()));
        Some(Answer::Place(vif.map_or(Vec::new(), |row| row.to_vec())))
    }

    /// The VRF of what comes in at a port.
    pub fn home(&self, port: u32) -> Option<u16> {
        let port: PortEntry = self.direct(id::PORT, port)?;
        let vif: VifEntry = self.direct(id::VIF, port.vif.into())?;
        Some(vif.vrf)
    }

    /// What an address is told, of either family.
    pub fn route(&self, vrf: u16, v6: bool, to: u128) -> Option<Answer> {
        let word: VrfEntry = self.direct(id::VRF, vrf.into())?;
        if word.punt_all {
            return Some(Answer::PuntAll);
        }
        let (host, lengths) = if v6 {
            (128, word.v6_lengths())
        } else {
            (32, word.lengths())
        };
        let key = |length: u8| RouteKey {
            vrf,
            v6,
            length,
            prefix: to >> (host - length) << (host - length),
        };
        let mut found: Option<RouteEntry> = self.exact(id::ROUTE_HOST, 0, &key(host));
        let mut longest = host;
        for (bank, length) in lengths
            .into_iter()
            .enumerate()
            .filter(|(_, length)| *length != 0)
        {
            assert!(length < longest, "lengths of a word fall: {lengths:?}");
            longest = length;
            found = found.or_else(|| self.exact(id::ROUTE_BANK, bank, &key(length)));
        }
        let default = if v6 {
            (
                word.default6_valid,
                word.default6_nexthop,
                word.default6_label,
                0,
            )
        } else {
            let arp = word.default_arp.code() << 1;
            let (nexthop, label) = (word.default_nexthop, word.default_label);
            (word.default_valid, nexthop, label, arp)
        };
        let default = default.0.then_some((default.1, default.2, default.3));
        let (nexthop, label, arp) = found
            .map(|entry| (entry.nexthop, entry.label, Self::arp(&entry)))
            .or(default)?;
        Some(self.at(nexthop, label, arp))
    }

    /// Fails where some row leads to one that is not there.
    pub fn dangles(&self, at: &str) -> Result<(), TestCaseError> {
        let mut leads = Vec::new();
        let mut sets = Vec::new();
        let mut mirrors = Vec::new();
        for ((table, address), row) in self.memory.iter().filter(|(_, row)| !row.is_empty()) {
            let words: &[u32] = row;
            if *table == id::VIF {
                let vif = VifEntry::unpack(words).expect("vif");
                sets.push(vif.fat_set);
                mirrors.push(vif.mirror);
            }
            if *table == id::NEXTHOP {
                let nexthop = NexthopEntry::unpack(words).expect("nexthop");
                sets.push(nexthop.fat_set);
                mirrors.push(nexthop.mirror);
                if matches!(nexthop.kind, NexthopKind::Ecmp | NexthopKind::List) {
                    leads.push((id::GROUP, *address));
                }
            }
            match *table {
                id::PORT => {
                    leads.push((id::VIF, PortEntry::unpack(words).expect("port").vif.into()))
                }
                id::VIF
                    if self.memory.iter().any(|((t, _), row)| {
                        *t == id::PORT && !row.is_empty() && row.bits(1, 13) == u128::from(*address)
                    }) =>
                {
                    leads.push((id::VRF, VifEntry::unpack(words).expect("vif").vrf.into()))
                }
                id::MPLS => {
                    let entry = MplsEntry::unpack(words).expect("mpls");
                    leads.push((id::NEXTHOP, entry.nexthop));
                    if entry.action == LabelAction::Route {
                        leads.push((id::VRF, entry.vrf.into()));
                    }
                }
                id::VXLAN => leads.push((
                    id::VRF,
                    VxlanEntry::unpack(words).expect("vxlan").vrf.into(),
                )),
                id::FLOOD => {
                    let entry = FloodEntry::unpack(words).expect("flood");
                    leads.push((id::NEXTHOP, entry.nexthop));
                }
                id::GROUP => {
                    let members = self.members(*address).into_iter();
                    leads.extend(members.map(|member| (id::NEXTHOP, member.nexthop)));
                }
                id::MIRROR => {
                    let entry = MirrorEntry::unpack(words).expect("mirror");
                    leads.push((id::NEXTHOP, entry.nexthop));
                    let set = self.mirror(*address as u16).expect("it is there");
                    let tens = u8::try_from(entry.length / 10).expect("a short text");
                    let whole = set.text.iter().all(|byte| *byte == tens);
                    prop_assert!(whole, "the text of mirror {address} is not whole {at}");
                }
                id::BRIDGE => leads.push((
                    id::NEXTHOP,
                    BridgeEntry::unpack(words).expect("bridge").nexthop,
                )),
                id::ROUTE_HOST | id::ROUTE_BANK => {
                    let entry = RouteEntry::unpack(words).expect("route");
                    leads.push((id::NEXTHOP, entry.nexthop));
                    if entry.arp == ArpAnswer::Stitched {
                        let mac = self.stitched(entry.key.vrf, entry.key.prefix as u32);
                        prop_assert!(mac.is_some(), "{entry:?} has no MAC {at}");
                    }
                }
                id::VRF => {
                    let word = VrfEntry::unpack(words).expect("vrf");
                    let four = word.default_valid.then_some(word.default_nexthop);
                    let six = word.default6_valid.then_some(word.default6_nexthop);
                    leads.extend(four.into_iter().chain(six).map(|to| (id::NEXTHOP, to)));
                }
                _ => {}
            }
        }
        let mirrors = mirrors.into_iter().filter(|mirror| *mirror != 0);
        leads.extend(mirrors.map(|mirror| (id::MIRROR, u32::from(mirror))));
        for (table, address) in leads {
            let there = self
                .memory
                .get(&(table, address))
                .is_some_and(|row| !row.is_empty());
            prop_assert!(
                there,
                "{}[{address}] dangles {at}",
                TABLES[table as usize].name
            );
        }
        for set in sets.into_iter().filter(|set| *set != 0) {
            prop_assert!(self.set_is_whole(set.into()), "set {set} is not whole {at}");
        }
        Ok(())
    }

    /// True if a set of rules has as many as it says of itself.
    fn set_is_whole(&self, set: usize) -> bool {
        let rule = |way| {
            let spec = &TABLES[id::FAT_RULE as usize];
            let address = self.profile.address(spec, way, set) as u32;
            self.direct::<FatRuleEntry>(id::FAT_RULE, address)
        };
        let Some(first) = rule(0) else { return false };
        let more = usize::from(first.protocol);
        (1..FAT_RULES).all(|way| rule(way) == (way <= more).then_some(first))
    }
}
