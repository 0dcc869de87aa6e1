//! Objects by their numbers, so that references can be followed. Of two with one number the later one counts, as if they
//! had been programmed one after the other.

use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, TABLES};

use super::error::EntryError;
use super::fat::FatSets;
use super::group::Uplinks;
use super::mirror::Mirrors;
use super::vrf;
use crate::objects::{Mirror, Nexthop, NexthopKind, Objects, Vif, VifType};

/// The objects, with vifs, nexthops and mirrors by number, and what is numbered here: sets of fat flows, uplinks, rows
/// of mirrors.
pub(super) struct Index<'a> {
    pub objects: &'a Objects,
    pub profile: &'a Profile,
    pub vifs: BTreeMap<u32, &'a Vif>,
    pub nexthops: BTreeMap<u32, &'a Nexthop>,
    pub mirrors_by_number: BTreeMap<u32, &'a Mirror>,
    pub fat: FatSets,
    pub uplinks: Uplinks,
    pub mirrors: Mirrors,
}

impl<'a> Index<'a> {
    pub fn new(objects: &'a Objects, profile: &'a Profile) -> Result<Self, EntryError> {
        let mut index = Index {
            objects,
            profile,
            vifs: BTreeMap::new(),
            nexthops: BTreeMap::new(),
            mirrors_by_number: BTreeMap::new(),
            fat: FatSets::default(),
            uplinks: Uplinks::default(),
            mirrors: Mirrors::default(),
        };
        for vif in &objects.vifs {
            // The last row counts what belongs to no interface.
            let most = profile.no_vif() as u32 - 1;
            EntryError::limit(|| "the number of a vif".to_owned(), vif.idx, most)?;
            index.vifs.insert(vif.idx, vif);
        }
        for nexthop in &objects.nexthops {
            index.row(id::NEXTHOP, "nexthop", nexthop.id)?;
            index.nexthops.insert(nexthop.id, nexthop);
        }
        let mirrors = objects.mirrors.iter();
        index.mirrors_by_number = mirrors.map(|mirror| (mirror.index, mirror)).collect();
        index.fat = FatSets::new(&index)?;
        index.uplinks = Uplinks::new(&index.nexthops, profile)?;
        index.mirrors = Mirrors::new(&index)?;
        Ok(index)
    }

    /// The number of some `noun` as a row of a table, if the card's table has that row.
    pub fn row(&self, table: u32, noun: &str, number: u32) -> Result<u32, EntryError> {
        let table = &TABLES[table as usize];
        let most = self.profile.rows(table) as u32 - 1;
        EntryError::limit(|| format!("the number of a {noun}"), number, most)
    }

    pub fn nexthop(
        &self,
        number: u32,
        user: impl FnOnce() -> String,
    ) -> Result<&'a Nexthop, EntryError> {
        let found = self.nexthops.get(&number).copied();
        found.ok_or_else(|| EntryError::NoNexthop {
            user: user(),
            nexthop: number,
        })
    }

    pub fn vif(&self, number: u32, user: impl FnOnce() -> String) -> Result<&'a Vif, EntryError> {
        let found = self.vifs.get(&number).copied();
        found.ok_or_else(|| EntryError::NoVif {
            user: user(),
            vif: number,
        })
    }

    pub fn mirror(
        &self,
        number: u32,
        user: impl FnOnce() -> String,
    ) -> Result<&'a Mirror, EntryError> {
        let found = self.mirrors_by_number.get(&number).copied();
        found.ok_or_else(|| EntryError::NoMirror {
            user: user(),
            mirror: number,
        })
    }

    /// The VRF of what is behind a nexthop: its own, else that of the interface behind it.
    pub fn home(&self, nexthop: &Nexthop) -> Result<u16, EntryError> {
        let own = match nexthop.kind {
            NexthopKind::Encap { out_vif, .. } if nexthop.vrf == 0 => {
                self.vif(out_vif, || format!("nexthop {}", nexthop.id))?.vrf
            }
            _ => nexthop.vrf,
        };
        Ok(vrf::number(own)?.unwrap_or(0))
    }

    /// The host's interface that takes what the underlay's `fabric` has for nobody else.
    pub fn host_of(&self, fabric: &Vif) -> Option<&'a Vif> {
        let host =
            |vif: &&Vif| vif.vif_type == VifType::Host && vif.cross_connect_vif == Some(fabric.idx);
        self.vifs.values().copied().find(host)
    }
}
