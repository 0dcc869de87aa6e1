//! Where copies of a flow's packets go.
//!
//! A copy is made of the tenant's frame. A packet that came by an MPLS label as a bare IP packet has none; its copy gets the
//! Ethernet header that it would be delivered with.

use super::known::{members, Known};
use super::sides::Mirrored;
use crate::entries::error::EntryError;
use crate::entries::mirror::{set, Front};
use crate::entries::MirrorSet;
use crate::objects::{Family, FlowAction, FlowFlags, FlowSide, Nexthop, NexthopFlags, NexthopKind};

/// EtherType of IPv6.
const IPV6: [u8; 2] = [0x86, 0xdd];
/// Where the EtherType of an untagged Ethernet header starts.
const TYPE: usize = 12;

/// True of a direction whose packets are mirrored. What waits for the agent is not, yet.
pub(super) fn is_mirrored(side: &FlowSide) -> bool {
    let names = side.mirror_index.is_some() || side.second_mirror_index.is_some();
    names && side.flags.contains(FlowFlags::MIRROR) && side.action != FlowAction::Hold
}

/// What mirrors the packets of a direction, if something does.
pub(super) fn of(side: &FlowSide, known: &impl Known) -> Result<Option<Box<Mirrored>>, EntryError> {
    if !is_mirrored(side) {
        return Ok(None);
    }
    let ethernet = ethernet(side, known);
    let row = |index| mirror(side, index, ethernet, known);
    let rows = [row(side.mirror_index)?, row(side.second_mirror_index)?];
    Ok(Some(Box::new(rows)))
}

fn mirror(
    side: &FlowSide,
    index: Option<u32>,
    ethernet: Option<[u8; 14]>,
    known: &impl Known,
) -> Result<Option<MirrorSet>, EntryError> {
    let Some(number) = index else { return Ok(None) };
    let user = || format!("flow {side}");
    let mirror = known.mirror(number).ok_or_else(|| EntryError::NoMirror {
        user: user(),
        mirror: number,
    })?;
    let nexthop = known.nexthop(mirror.nh);
    let nexthop = nexthop.ok_or_else(|| EntryError::NoNexthop {
        user: format!("mirror {number}"),
        nexthop: mirror.nh,
    })?;
    let front = Front {
        metadata: side.mirror_metadata_hex.as_ref(),
        source: None,
        ethernet,
    };
    set(mirror, nexthop, front, user)
}

/// The header that packets of this direction are delivered behind, where they come as bare IP packets.
fn ethernet(side: &FlowSide, known: &impl Known) -> Option<[u8; 14]> {
    let source = known.nexthop(side.rpf_nh)?;
    let bare = match members(source) {
        None => is_bare(source),
        Some(members) => members
            .iter()
            .any(|member| known.nexthop(member.nh).is_some_and(is_bare)),
    };
    let receiver = known.nexthop(side.key_nh).filter(|_| bare)?;
    let NexthopKind::Encap { rewrite, .. } = &receiver.kind else {
        return None;
    };
    let mut header = <[u8; 14]>::try_from(rewrite.0.as_slice()).ok()?;
    if receiver.family == Family::Bridge {
        return None;
    }
    if side.dip.is_ipv6() {
        header[TYPE..].copy_from_slice(&IPV6);
    }
    Some(header)
}

/// True of a tunnel whose packets have no Ethernet header within.
fn is_bare(nexthop: &Nexthop) -> bool {
    let mpls = [NexthopFlags::GRE, NexthopFlags::MPLS_UDP];
    let tunnel = matches!(nexthop.kind, NexthopKind::Tunnel(_));
    tunnel && mpls.iter().any(|flag| nexthop.flags.contains(*flag))
}
