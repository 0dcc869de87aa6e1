//! `mpls`: what is under a label of ours.

use std::collections::BTreeMap;

use underpass_layout::tables::{id, LabelAction, MplsEntry};

use super::error::EntryError;
use super::index::Index;
use crate::objects::{Family, Mpls, NexthopFlags, NexthopKind};

/// Labels from here on that lead to lists are those of multicast trees.
const FIRST_TREE: u32 = 1024;

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, MplsEntry>, EntryError> {
    let labels = index.objects.mpls.iter();
    labels.map(|mpls| entry(mpls, index)).collect()
}

fn entry(mpls: &Mpls, index: &Index<'_>) -> Result<(u32, MplsEntry), EntryError> {
    let label = index.row(id::MPLS, "label", mpls.label)?;
    let nexthop = index.nexthop(mpls.nh, || format!("mpls {label}"))?;
    let action = match (&nexthop.kind, nexthop.family) {
        (NexthopKind::VrfTranslate, Family::Inet | Family::Inet6) => LabelAction::Route,
        // A frame that is to be bridged again, or replicated, is handed over by its nexthop.
        (_, Family::Bridge) => LabelAction::Frame,
        (_, Family::Inet | Family::Inet6) => LabelAction::Nexthop,
    };
    let has = |flag| nexthop.flags.contains(flag);
    let composite = matches!(nexthop.kind, NexthopKind::Composite { .. });
    let frame = action == LabelAction::Frame;
    let entry = MplsEntry {
        action,
        vrf: index.home(nexthop)?,
        nexthop: nexthop.id,
        control: frame && has(NexthopFlags::L2_CONTROL_DATA),
        tree: frame && composite && label >= FIRST_TREE,
        flood_unknown: frame && has(NexthopFlags::UNKNOWN_UC_FLOOD),
        learn: frame && has(NexthopFlags::MAC_LEARN),
    };
    Ok((label, entry))
}
