//! `mpls`: what is under a label of ours.

use std::collections::BTreeMap;

use underpass_layout::tables::{id, LabelAction, MplsEntry};

use super::error::EntryError;
use super::index::Index;
use super::vrf;
use crate::objects::{Family, Mpls, Nexthop, NexthopKind};

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
        vrf: home(nexthop, index)?,
        nexthop: nexthop.id,
    };
    Ok((label, entry))
}

/// The VRF of a packet that a label brings: the nexthop's, else that of the interface behind it.
fn home(nexthop: &Nexthop, index: &Index<'_>) -> Result<u16, EntryError> {
    let own = match nexthop.kind {
        NexthopKind::Encap { out_vif, .. } if nexthop.vrf == 0 => {
            index
                .vif(out_vif, || format!("nexthop {}", nexthop.id))?
                .vrf
        }
        _ => nexthop.vrf,
    };
    Ok(vrf::number(own)?.unwrap_or(0))
}
