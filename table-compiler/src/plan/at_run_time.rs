//! Entries that come and go while packets pass, one by one: learned MACs and what leads to them, mirrors of flows.
//!
//! ```text
//!   a MAC behind an unknown tunnel end    add_nexthop ─▶ add_bridge ─▶ add_learned
//!   it moved                              add_bridge, add_learned                     each over what is there
//!   it was silent for a while             remove_learned                              its next frame is shown again
//!   it is gone                            remove_learned, remove_bridge ─▶ remove_nexthop
//!   a flow that is mirrored               add_mirror ─▶ the flow's rows     ..     ─▶ remove_mirror
//! ```
//! Each call notes in [`Placed`] what it does, and gives the writes in order. A plan leaves these entries alone where it
//! can: learned MACs stay if no VRF or interface changes hands, their VRF stays, and the nexthop says the same as before;
//! what the objects say themselves counts more.

use std::borrow::Cow;

use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, LearnedEntry, LearnedKey, NexthopEntry, NexthopKind, SourceEntry,
    SourceKind, TABLES,
};
use underpass_layout::Record;

use super::planner::{mirror_steps, step};
use super::{hands, mirrors, Step};
use crate::entries::{Entries, MirrorSet};
use crate::mac::Mac;
use crate::placed::{AtRunTime, Entry, Placed, TableFull};

/// Why an entry does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AtRunTimeError {
    /// There is no room.
    #[error(transparent)]
    Full(#[from] TableFull),
    /// The objects say where the MAC is.
    #[error("the network itself says where MAC {mac} of vrf {vrf} is, expected one that it does not name")]
    Configured {
        /// The VRF.
        vrf: u16,
        /// The MAC.
        mac: Mac,
    },
    /// The entry would lead nowhere.
    #[error("nexthop {nexthop} is not on the card, expected one that is")]
    NoNexthop {
        /// The nexthop.
        nexthop: u32,
    },
}

impl Placed {
    /// Frames to the MAC of this entry go where it says from now on.
    ///
    /// # Errors
    /// The table is full, the objects say something about the MAC, or there is no such nexthop; nothing has changed then.
    pub fn add_bridge(&mut self, entry: &BridgeEntry) -> Result<Vec<Step>, AtRunTimeError> {
        let key = bridge_key(&entry.key);
        let nexthop = entry.nexthop;
        if !self.entries.nexthops.contains_key(&nexthop) {
            return Err(AtRunTimeError::NoNexthop { nexthop });
        }
        if self.entries.bridges.contains_key(&key) && !self.at_run_time.bridges.contains(&key) {
            let (vrf, mac) = key;
            return Err(AtRunTimeError::Configured { vrf, mac });
        }
        let steps = self.insert(id::BRIDGE, entry)?;
        self.entries.bridges.insert(key, *entry);
        self.at_run_time.bridges.insert(key);
        Ok(steps)
    }

    /// Nobody knows where this MAC is any more, unless the objects do.
    pub fn remove_bridge(&mut self, vrf: u16, mac: Mac) -> Vec<Step> {
        if !self.at_run_time.bridges.remove(&(vrf, mac)) {
            return Vec::new();
        }
        match self.entries.bridges.remove(&(vrf, mac)) {
            Some(entry) => self.remove(id::BRIDGE, &entry),
            None => Vec::new(),
        }
    }

    /// Frames from the MAC of this entry that come from where it says are not shown to the slow path from now on.
    ///
    /// # Errors
    /// The table is full; nothing has changed then.
    pub fn add_learned(&mut self, entry: &LearnedEntry) -> Result<Vec<Step>, AtRunTimeError> {
        let key = learned_key(&entry.key);
        let steps = self.insert(id::LEARNED, entry)?;
        self.entries.learned.insert(key, *entry);
        self.at_run_time.learned.insert(key);
        Ok(steps)
    }

    /// The next frame from this MAC is shown to the slow path.
    pub fn remove_learned(&mut self, vrf: u16, mac: Mac) -> Vec<Step> {
        self.at_run_time.learned.remove(&(vrf, mac));
        match self.entries.learned.remove(&(vrf, mac)) {
            Some(entry) => self.remove(id::LEARNED, &entry),
            None => Vec::new(),
        }
    }

    /// Gives a nexthop that no object names a row, and S(nh) with the same number. One that says the same already keeps
    /// its row.
    ///
    /// # Errors
    /// No row is free; nothing has changed then.
    pub fn add_nexthop(&mut self, entry: &NexthopEntry) -> Result<(u32, Vec<Step>), TableFull> {
        let mut own = self.at_run_time.nexthops.iter();
        if let Some(row) = own.find(|row| self.entries.nexthops.get(row) == Some(entry)) {
            return Ok((*row, Vec::new()));
        }
        let table = &TABLES[id::NEXTHOP as usize];
        let capacity = self.profile().rows(table);
        // Objects number theirs from the first row on, uplinks from the last one down: here they meet last.
        let middle = (capacity / 4 * 3) as u32;
        let mut rows = (1..middle).rev().chain(middle..capacity as u32);
        let free = rows.find(|row| !self.entries.nexthops.contains_key(row));
        let row = free.ok_or(TableFull {
            table: table.name,
            capacity,
            used: self.entries.nexthops.len(),
        })?;
        self.at_run_time.nexthops.insert(row);
        Ok((row, self.change_nexthop(row, entry)))
    }

    /// Gives a nexthop that [`Placed::add_nexthop`] added another sense.
    pub fn change_nexthop(&mut self, row: u32, entry: &NexthopEntry) -> Vec<Step> {
        if !self.at_run_time.nexthops.contains(&row) {
            return Vec::new();
        }
        let source = source(entry);
        let mut steps = Vec::new();
        let before = self.entries.sources.insert(row, source);
        if before != Some(source) {
            steps.push(step(id::SOURCE, row, Some(&source), before.is_some()));
        }
        let before = self.entries.nexthops.insert(row, *entry);
        if before.as_ref() != Some(entry) {
            steps.push(step(id::NEXTHOP, row, Some(entry), before.is_some()));
        }
        steps
    }

    /// Frees a nexthop that [`Placed::add_nexthop`] added, once nothing leads to it.
    pub fn remove_nexthop(&mut self, row: u32) -> Vec<Step> {
        if !self.at_run_time.nexthops.remove(&row) {
            return Vec::new();
        }
        self.entries.nexthops.remove(&row);
        self.entries.sources.remove(&row);
        vec![
            step::<NexthopEntry>(id::NEXTHOP, row, None, true),
            step::<SourceEntry>(id::SOURCE, row, None, true),
        ]
    }

    /// The row of a flow's mirror: written if no flow has one that says the same, and kept until as many flows have given
    /// it back as have asked for it.
    ///
    /// # Errors
    /// No row is free; nothing has changed then.
    pub fn add_mirror(&mut self, set: &MirrorSet) -> Result<(u16, Vec<Step>), TableFull> {
        let mut own = self.flow_mirrors.iter_mut();
        if let Some((row, (_, users))) = own.find(|(_, (other, _))| other == set) {
            *users += 1;
            return Ok((*row as u16, Vec::new()));
        }
        let free = mirrors::free(self).next();
        let row = free.ok_or_else(|| mirrors::full(self))?;
        self.flow_mirrors.insert(row, (set.clone(), 1));
        let steps = mirror_steps(self.profile(), row, set, true);
        Ok((row as u16, steps))
    }

    /// A flow has no more use for its mirror.
    pub fn remove_mirror(&mut self, row: u16) -> Vec<Step> {
        let row = u32::from(row);
        let Some((_, users)) = self.flow_mirrors.get_mut(&row) else {
            return Vec::new();
        };
        *users -= 1;
        if *users > 0 {
            return Vec::new();
        }
        match self.flow_mirrors.remove(&row) {
            Some((set, _)) => mirror_steps(self.profile(), row, &set, false),
            None => Vec::new(),
        }
    }

    fn insert(&mut self, table: u32, entry: &impl Record) -> Result<Vec<Step>, TableFull> {
        let mut writes = Vec::new();
        let entry = Entry::of(entry);
        self.shadow_mut(table, 0).insert(&entry, &mut writes)?;
        let steps = writes.into_iter().map(|write| Step::new(table, write));
        Ok(steps.collect())
    }

    fn remove(&mut self, table: u32, entry: &impl Record) -> Vec<Step> {
        let mut writes = Vec::new();
        let entry = Entry::of(entry);
        self.shadow_mut(table, 0).remove(&entry, &mut writes);
        let steps = writes.into_iter().map(|write| Step::new(table, write));
        steps.collect()
    }
}

fn bridge_key(key: &BridgeKey) -> (u16, Mac) {
    (key.vrf, mac(key.mac))
}

fn learned_key(key: &LearnedKey) -> (u16, Mac) {
    (key.vrf, mac(key.mac))
}

fn mac(bits: u64) -> Mac {
    let bytes = bits.to_be_bytes();
    Mac(std::array::from_fn(|i| bytes[2 + i]))
}

/// S(nh) of a nexthop.
fn source(entry: &NexthopEntry) -> SourceEntry {
    let plain = SourceEntry {
        kind: SourceKind::Any,
        ..SourceEntry::default()
    };
    match entry.kind {
        NexthopKind::Tunnel => SourceEntry {
            kind: SourceKind::Tunnel,
            v6: entry.tunnel_v6,
            address: entry.tunnel_dst,
            ..plain
        },
        NexthopKind::Encap => SourceEntry {
            kind: SourceKind::Vif,
            vif: entry.vif,
            ..plain
        },
        _ => plain,
    }
}

/// Adds to what is wanted what stays of that which came while packets passed, and says what that is.
pub(super) fn keep(old: &Placed, want: &mut Cow<'_, Entries>) -> AtRunTime {
    let mut kept = AtRunTime::default();
    let there = &old.at_run_time;
    let none = there.bridges.is_empty() && there.learned.is_empty() && there.nexthops.is_empty();
    if none || hands::between(&old.entries, want).is_some() {
        return kept;
    }
    let is = &old.entries;
    let wanted = want.to_mut();
    for row in &there.nexthops {
        let nexthop = is.nexthops.get(row);
        let vif = |entry: &&NexthopEntry| {
            let number = u32::from(entry.vif);
            wanted.vifs.contains_key(&number) && wanted.vifs.get(&number) == is.vifs.get(&number)
        };
        if wanted.nexthops.contains_key(row) {
            continue;
        }
        if let (Some(nexthop), Some(source)) = (nexthop.filter(vif), is.sources.get(row)) {
            wanted.nexthops.insert(*row, *nexthop);
            wanted.sources.insert(*row, *source);
            kept.nexthops.insert(*row);
        }
    }
    for key in &there.bridges {
        let leads = |entry: &&BridgeEntry| {
            let row = &entry.nexthop;
            let same = wanted.nexthops.get(row) == is.nexthops.get(row);
            same && wanted.groups.get(row) == is.groups.get(row)
        };
        let entry = is.bridges.get(key).filter(leads);
        let stays = wanted.vrfs.contains_key(&key.0.into()) && !wanted.bridges.contains_key(key);
        if let Some(entry) = entry.filter(|_| stays) {
            wanted.bridges.insert(*key, *entry);
            kept.bridges.insert(*key);
        }
    }
    for key in &there.learned {
        let stays = wanted.vrfs.contains_key(&key.0.into()) && !wanted.learned.contains_key(key);
        if let Some(entry) = is.learned.get(key).filter(|_| stays) {
            wanted.learned.insert(*key, *entry);
            kept.learned.insert(*key);
        }
    }
    kept
}
