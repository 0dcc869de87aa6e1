//! `vrf`: how a VRF's routes are searched, and its default routes.
//!
//! A VRF has a word if anything names it. One whose routes do not fit the card has `punt_all` and no routes at all:
//! half a VRF would send packets where the longer, missing prefix would not have sent them. That holds for both families
//! if it holds for one.

use std::collections::{BTreeMap, BTreeSet};

use underpass_layout::tables::{ArpAnswer, RouteEntry, VrfEntry, BANKS};

use super::error::EntryError;
use super::index::Index;
use super::lengths::{self, Fitted, Room};
use super::route::{self, OfVrf, Prefix, Routes};
use crate::objects::{NexthopFlags, NexthopKind};

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
    let none = OfVrf::default();
    let mut words = Words::new();
    let mut entries = Placeless::new();
    for vrf in named(index)?.into_iter().chain(routes.keys().copied()) {
        if words.contains_key(&u32::from(vrf)) {
            continue;
        }
        let own = routes.get(&vrf).unwrap_or(&none);
        let v4 = lengths::fit(&own.v4, false, room);
        let word = match v4.zip(lengths::fit(&own.v6, true, room)) {
            Some((v4, v6)) => {
                let word = word(own, &v4, &v6);
                entries.extend(places(vrf, false, v4).chain(places(vrf, true, v6)));
                word
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

fn places(vrf: u16, v6: bool, fitted: Fitted) -> impl Iterator<Item = (Prefix, RouteEntry)> {
    let routes = fitted.routes.into_iter();
    routes.map(move |((length, address), target)| {
        let place = Prefix {
            vrf,
            v6,
            length,
            address,
        };
        (place, target.at(place))
    })
}

fn word(routes: &OfVrf, v4: &Fitted, v6: &Fitted) -> VrfEntry {
    let default = |routes: &Routes| routes.get(&(0, 0)).copied();
    let (default4, default6) = (default(&routes.v4), default(&routes.v6));
    VrfEntry {
        valid: true,
        default_valid: default4.is_some(),
        default_nexthop: default4.map_or(0, |target| target.nexthop),
        default_label: default4.map_or(0, |target| target.label),
        default_arp: default4.map_or(ArpAnswer::Flood, |target| target.arp),
        default6_valid: default6.is_some(),
        default6_nexthop: default6.map_or(0, |target| target.nexthop),
        default6_label: default6.map_or(0, |target| target.label),
        ..VrfEntry::default()
    }
    .with_lengths(by_bank(v4))
    .with_v6_lengths(by_bank(v6))
}

/// The lengths, the longest in the first bank.
fn by_bank(fitted: &Fitted) -> [u8; BANKS] {
    let mut lengths = [0; BANKS];
    lengths
        .iter_mut()
        .zip(&fitted.lengths)
        .for_each(|(place, length)| *place = *length);
    lengths
}

/// Every VRF that a packet can come to, routes or not.
fn named(index: &Index<'_>) -> Result<BTreeSet<u16>, EntryError> {
    let networks = index.objects.vrfs.iter().map(|vrf| vrf.vrf);
    let interfaces = index.vifs.values().map(|vif| vif.vrf);
    let translated = index.nexthops.values();
    let translated = translated
        .filter(|nexthop| {
            let translates = matches!(nexthop.kind, NexthopKind::VrfTranslate);
            translates || nexthop.flags.contains(NexthopFlags::UDP)
        })
        .map(|nexthop| nexthop.vrf);
    let all = networks.chain(interfaces).chain(translated);
    all.filter_map(|vrf| number(vrf).transpose()).collect()
}
