//! `vrf`: how a VRF's routes are searched, and its default route.
//!
//! A VRF has a word if anything names it. One whose routes do not fit the card has `punt_all` and no routes at all:
//! half a VRF would send packets where the longer, missing prefix would not have sent them.

use std::collections::{BTreeMap, BTreeSet};

use underpass_layout::tables::{RouteEntry, VrfEntry, BANKS};

use super::error::EntryError;
use super::index::Index;
use super::lengths::{self, Room};
use super::route::{self, Prefix, Routes};
use crate::objects::NexthopKind;

/// The number by which an interface says that it is in no VRF.
const NONE: u16 = u16::MAX;
/// Largest VRF: 12 bits.
const MOST: u32 = (1 << 12) - 1;

/// The number of a VRF, if it is one.
pub(super) fn number(vrf: u16) -> Result<Option<u16>, EntryError> {
    if vrf == NONE {
        return Ok(None);
    }
    EntryError::limit(|| "the number of a vrf".to_owned(), vrf.into(), MOST)?;
    Ok(Some(vrf))
}

type Words = BTreeMap<u32, VrfEntry>;
type Placeless = BTreeMap<Prefix, RouteEntry>;

/// The words of all VRFs, and the routes of those that fit.
pub(super) fn entries(index: &Index<'_>) -> Result<(Words, Placeless), EntryError> {
    let routes = route::by_vrf(index)?;
    let room = Room::new(index.profile);
    let none = Routes::new();
    let mut words = Words::new();
    let mut entries = Placeless::new();
    for vrf in named(index)?.into_iter().chain(routes.keys().copied()) {
        if words.contains_key(&u32::from(vrf)) {
            continue;
        }
        let own = routes.get(&vrf).unwrap_or(&none);
        let word = match lengths::fit(own, room) {
            Some(fitted) => {
                let places = fitted
                    .routes
                    .into_iter()
                    .map(|((length, address), target)| {
                        let place = Prefix {
                            vrf,
                            length,
                            address,
                        };
                        (place, target.at(place))
                    });
                entries.extend(places);
                word(own, &fitted.lengths)
            }
            None => VrfEntry {
                valid: true,
                punt_all: true,
                ..VrfEntry::default()
            },
        };
        words.insert(vrf.into(), word);
    }
    Ok((words, entries))
}

fn word(routes: &Routes, found: &[u8]) -> VrfEntry {
    let mut lengths = [0; BANKS];
    lengths
        .iter_mut()
        .zip(found)
        .for_each(|(place, length)| *place = *length);
    let default = routes.get(&(0, 0));
    VrfEntry {
        valid: true,
        default_valid: default.is_some(),
        default_nexthop: default.map_or(0, |target| target.nexthop),
        default_label: default.map_or(0, |target| target.label),
        ..VrfEntry::default()
    }
    .with_lengths(lengths)
}

/// Every VRF that a packet can come to, routes or not.
fn named(index: &Index<'_>) -> Result<BTreeSet<u16>, EntryError> {
    let networks = index.objects.vrfs.iter().map(|vrf| vrf.vrf);
    let interfaces = index.vifs.values().map(|vif| vif.vrf);
    let translated = index.nexthops.values();
    let translated = translated
        .filter(|nexthop| matches!(nexthop.kind, NexthopKind::VrfTranslate))
        .map(|nexthop| nexthop.vrf);
    let all = networks.chain(interfaces).chain(translated);
    all.filter_map(|vrf| number(vrf).transpose()).collect()
}
