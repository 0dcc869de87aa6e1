//! Where everything lies on the card: the host's copy of every table that it fills.
//!
//! ```text
//!   tables by index      port vif mpls vrf nexthop source     as the entries say
//!                        flood mirror qos punt_quota
//!                        group member                         members where there was room
//!   tables by set        fat_rule fat_exclude mirror_text     as the entries say, a row of each way
//!   tables by key        vxlan bridge route_host flow         a shadow each: which way, which row
//!                        stitched learned origin
//!                        route_bank                           a shadow for each of six banks
//! ```
//! A [`Placed`] is a value: to copy it costs next to nothing until a copy changes, and a plan that cannot be made
//! leaves the one that it started from as it was. Two rules of its own decide places: [`Shadow`] finds a key's row,
//! and `banks` which bank has which prefix length of a VRF and family.

mod banks;
mod change;
mod entry;
mod rows;
mod search;
mod seed;
mod shadow;
#[cfg(test)]
pub(crate) mod tests;
mod ways;

pub use entry::Entry;
pub use search::MAX_NODES;
pub use seed::Seed;
pub use shadow::{Reason, RowWrite, Shadow, TableFull};

pub(crate) use banks::{bank_of, choose, Lengths};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, GroupEntry, MemberEntry, VrfEntry, TABLES, WAYS};
use underpass_layout::Record;

use crate::entries::{Entries, FatSet, MirrorSet};
use crate::mac::Mac;
use crate::row::Row;

/// What one card holds, and where.
#[derive(Clone, Debug)]
pub struct Placed {
    profile: Profile,
    /// What the card says, flows apart. A VRF that found no room has `punt_all` here, whatever was wanted.
    pub(crate) entries: Entries,
    /// By VRF, the word as it stands on the card: each length in the place of its bank.
    pub(crate) words: BTreeMap<u32, VrfEntry>,
    /// By nexthop, the row of a group as it stands on the card: with its place.
    pub(crate) groups: BTreeMap<u32, GroupEntry>,
    /// By row, the members of all groups.
    pub(crate) members: BTreeMap<u32, MemberEntry>,
    /// By row, the mirrors that flows have, and how many of them.
    pub(crate) flow_mirrors: BTreeMap<u32, (MirrorSet, usize)>,
    /// What is in the entries beside what was wanted.
    pub(crate) at_run_time: AtRunTime,
    /// By table id, one for each bank; none for the tables that are not searched by key.
    exact: Vec<Vec<Arc<Shadow>>>,
}

/// Keys of entries that came while packets passed, not by a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtRunTime {
    pub bridges: BTreeSet<(u16, Mac)>,
    pub learned: BTreeSet<(u16, Mac)>,
    pub nexthops: BTreeSet<u32>,
}

impl Placed {
    /// A card after reset, with tables of these sizes, whose hash has this seed.
    pub fn empty(profile: &Profile, seed: u128) -> Self {
        let seed = Seed::new(seed);
        let exact = TABLES.iter().map(|table| {
            let banks = 0..table.ways() / WAYS;
            let shadow = |bank| Shadow::new(table, profile, bank, seed.clone());
            banks.filter_map(shadow).map(Arc::new).collect()
        });
        Placed {
            profile: *profile,
            entries: Entries::default(),
            words: BTreeMap::new(),
            groups: BTreeMap::new(),
            members: BTreeMap::new(),
            flow_mirrors: BTreeMap::new(),
            at_run_time: AtRunTime::default(),
            exact: exact.collect(),
        }
    }

    /// The sizes of the card's tables.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the card says, flows apart. It is what was wanted, except that VRFs that found no room are punted.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The banks of an exact-match table (one, where it has no banks); none for other tables.
    pub fn shadows(&self, table: u32) -> impl Iterator<Item = &Shadow> {
        self.exact
            .get(table as usize)
            .into_iter()
            .flatten()
            .map(Arc::as_ref)
    }

    /// The flows.
    pub fn flows(&self) -> &Shadow {
        self.shadow(id::FLOW, 0)
    }

    /// The flows, to set some up or take some out.
    pub fn flows_mut(&mut self) -> &mut Shadow {
        self.shadow_mut(id::FLOW, 0)
    }

    /// Every row in which something is, as table id, address and words: what a card that reads the same has.
    pub fn rows(&self) -> impl Iterator<Item = (u32, u32, Row)> + '_ {
        fn direct<'a, T: Record>(
            table: u32,
            entries: &'a BTreeMap<u32, T>,
        ) -> impl Iterator<Item = (u32, u32, Row)> + 'a {
            entries
                .iter()
                .map(move |(address, entry)| (table, *address, Row::of(entry)))
        }
        let entries = &self.entries;
        let exact = self.exact.iter().enumerate().flat_map(|(table, banks)| {
            let rows = banks.iter().flat_map(|bank| bank.iter_rows());
            rows.map(move |(address, row)| (table as u32, address, row))
        });
        let sets = entries.fat_sets.iter();
        let sets = sets.flat_map(|(number, set)| fat_rows(&self.profile, *number, set));
        let mirrors = entries.mirrors.iter();
        let of_flows = self.flow_mirrors.iter();
        let mirrors = mirrors.chain(of_flows.map(|(row, (set, _))| (row, set)));
        let mirrors = mirrors.flat_map(|(row, set)| mirror_rows(&self.profile, *row, set));
        // A member may be a row of zeros: nexthop 0 without a label.
        let members = direct(id::MEMBER, &self.members).chain(mirrors);
        let members = members.filter(|(_, _, row)| !row.is_empty());
        direct(id::PORT, &entries.ports)
            .chain(direct(id::FLOOD, &entries.floods))
            .chain(direct(id::QOS, &entries.qos))
            .chain(direct(id::PUNT_QUOTA, &entries.punt_quotas))
            .chain(direct(id::GROUP, &self.groups))
            .chain(members)
            .chain(direct(id::VIF, &entries.vifs))
            .chain(direct(id::MPLS, &entries.mpls))
            .chain(direct(id::VRF, &self.words))
            .chain(direct(id::NEXTHOP, &entries.nexthops))
            .chain(direct(id::SOURCE, &entries.sources))
            .chain(sets)
            .chain(exact)
    }

    /// Every group of four ways with a hash of its own, as table id and bank: what a seed is changed for.
    pub fn groups(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        let tables = self.exact.iter().zip(0u32..);
        tables.flat_map(|(banks, table)| (0..banks.len()).map(move |bank| (table, bank)))
    }

    pub(crate) fn group_mut(&mut self, table: u32, bank: usize) -> Option<&mut Shadow> {
        let shadow = self.exact.get_mut(table as usize)?.get_mut(bank)?;
        Some(Arc::make_mut(shadow))
    }

    /// A bank of a table that is searched by key.
    pub(crate) fn shadow(&self, table: u32, bank: usize) -> &Shadow {
        &self.exact[table as usize][bank]
    }

    pub(crate) fn shadow_mut(&mut self, table: u32, bank: usize) -> &mut Shadow {
        Arc::make_mut(&mut self.exact[table as usize][bank])
    }
}

/// The rows of a set of fat flows that have something in them, as table id, address and words: one of each way.
pub(crate) fn fat_rows<'a>(
    profile: &Profile,
    number: u32,
    set: &'a FatSet,
) -> impl Iterator<Item = (u32, u32, Row)> + 'a {
    let profile = *profile;
    let address = move |table: u32, way| {
        let spec = &TABLES[table as usize];
        profile.address(spec, way, number as usize) as u32
    };
    let excludes = set.excludes.iter().enumerate();
    let excludes = excludes.map(move |(way, entry)| {
        let table = id::FAT_EXCLUDE;
        (table, address(table, way), Row::of(entry))
    });
    let rules = set.rules.iter().enumerate();
    excludes.chain(rules.map(move |(way, entry)| {
        let table = id::FAT_RULE;
        (table, address(table, way), Row::of(entry))
    }))
}

/// The rows of a mirror as table id, address and words: its text, a row of each way that has some, then its own.
pub(crate) fn mirror_rows<'a>(
    profile: &Profile,
    number: u32,
    set: &'a MirrorSet,
) -> impl Iterator<Item = (u32, u32, Row)> + 'a {
    let profile = *profile;
    let texts = set.texts().enumerate().map(move |(way, text)| {
        let spec = &TABLES[id::MIRROR_TEXT as usize];
        let address = profile.address(spec, way, number as usize) as u32;
        (id::MIRROR_TEXT, address, Row::of(&text))
    });
    texts.chain(std::iter::once((id::MIRROR, number, Row::of(&set.entry))))
}
