//! A card made of rows: its lookups, written down once more from the layout alone.

use std::collections::BTreeMap;

use proptest::prelude::*;
use underpass_layout::hash::{row, Tabulation};
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;
use underpass_layout::Record;

use crate::mac::Mac;
use crate::placed::Entry;
use crate::plan::Step;
use crate::row::Row;

/// What a packet is told, down to the row of its nexthop.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To a nexthop, which says this, with a label and what else the entry says.
    Nexthop {
        entry: Box<NexthopEntry>,
        label: u32,
        other: u32,
    },
    /// To a VRF, or an interface that says this.
    Place(Vec<u32>),
    /// To the slow path.
    PuntAll,
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
        Answer::Nexthop {
            entry: Box::new(entry),
            label,
            other,
        }
    }

    pub fn bridge(&self, vrf: u16, mac: Mac) -> Option<Answer> {
        let mac = mac
            .0
            .iter()
            .fold(0, |mac, byte| mac << 8 | u64::from(*byte));
        let entry: BridgeEntry = self.exact(id::BRIDGE, 0, &BridgeKey { vrf, mac })?;
        Some(self.at(entry.nexthop, entry.label, entry.receive.into()))
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
            )
        } else {
            (word.default_valid, word.default_nexthop, word.default_label)
        };
        let default = default.0.then_some((default.1, default.2));
        let (nexthop, label) = found
            .map(|entry| (entry.nexthop, entry.label))
            .or(default)?;
        Some(self.at(nexthop, label, 0))
    }

    /// Fails where some row leads to one that is not there.
    pub fn dangles(&self, at: &str) -> Result<(), TestCaseError> {
        let mut leads = Vec::new();
        let mut sets = Vec::new();
        for ((table, address), row) in self.memory.iter().filter(|(_, row)| !row.is_empty()) {
            let words: &[u32] = row;
            if *table == id::VIF {
                sets.push(VifEntry::unpack(words).expect("vif").fat_set);
            }
            if *table == id::NEXTHOP {
                sets.push(NexthopEntry::unpack(words).expect("nexthop").fat_set);
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
                id::BRIDGE => leads.push((
                    id::NEXTHOP,
                    BridgeEntry::unpack(words).expect("bridge").nexthop,
                )),
                id::ROUTE_HOST | id::ROUTE_BANK => {
                    leads.push((
                        id::NEXTHOP,
                        RouteEntry::unpack(words).expect("route").nexthop,
                    ));
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
