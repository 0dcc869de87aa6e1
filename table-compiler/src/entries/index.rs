//! Objects by their numbers, so that references can be followed.

use std::collections::{BTreeMap, HashMap};

use underpass_layout::profile::Profile;
use underpass_layout::tables::TABLES;

use super::error::EntryError;
use crate::objects::{Nexthop, Objects, Vif, VifType};

/// The objects, with vifs and nexthops by number.
pub(super) struct Index<'a> {
    pub objects: &'a Objects,
    pub profile: &'a Profile,
    vifs: HashMap<u32, &'a Vif>,
    nexthops: HashMap<u32, &'a Nexthop>,
}

impl<'a> Index<'a> {
    pub fn new(objects: &'a Objects, profile: &'a Profile) -> Result<Self, EntryError> {
        let mut index = Index {
            objects,
            profile,
            vifs: HashMap::new(),
            nexthops: HashMap::new(),
        };
        for vif in &objects.vifs {
            // The last row counts what belongs to no interface.
            let most = profile.no_vif() as u32 - 1;
            EntryError::limit(|| "the number of a vif".to_owned(), vif.idx, most)?;
            if index.vifs.insert(vif.idx, vif).is_some() {
                return Err(EntryError::Twice {
                    what: format!("vif {}", vif.idx),
                });
            }
        }
        for nexthop in &objects.nexthops {
            index.row(underpass_layout::tables::id::NEXTHOP, nexthop.id)?;
            if index.nexthops.insert(nexthop.id, nexthop).is_some() {
                return Err(EntryError::Twice {
                    what: format!("nexthop {}", nexthop.id),
                });
            }
        }
        Ok(index)
    }

    /// The number as a row of a table, if the card's table has that row.
    pub fn row(&self, table: u32, number: u32) -> Result<u32, EntryError> {
        let table = &TABLES[table as usize];
        let most = self.profile.rows(table) as u32 - 1;
        EntryError::limit(|| format!("the number of a {}", table.name), number, most)
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

    /// The host's interface that takes what the underlay's `fabric` has for nobody else.
    pub fn host_of(&self, fabric: &Vif) -> Option<&'a Vif> {
        let host =
            |vif: &&Vif| vif.vif_type == VifType::Host && vif.cross_connect_vif == Some(fabric.idx);
        self.objects.vifs.iter().find(host)
    }
}

/// Collects entries under their keys; two under one key are refused.
pub(super) fn collect<K: Ord, T>(
    entries: impl Iterator<Item = Result<(K, T), EntryError>>,
    what: impl Fn(&K) -> String,
) -> Result<BTreeMap<K, T>, EntryError> {
    let mut map = BTreeMap::new();
    for entry in entries {
        let (key, value) = entry?;
        if map.contains_key(&key) {
            return Err(EntryError::Twice { what: what(&key) });
        }
        map.insert(key, value);
    }
    Ok(map)
}
