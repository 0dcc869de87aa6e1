//! `mpls`: what is under a label of ours.

use std::collections::BTreeMap;

use underpass_layout::tables::{id, LabelAction, MplsEntry};

use super::error::EntryError;
use super::index::Index;
use crate::objects::{Family, Mpls, NexthopKind};

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
    let entry = MplsEntry {
        action,
        vrf: index.home(nexthop)?,
        nexthop: nexthop.id,
    };
    Ok((label, entry))
}
