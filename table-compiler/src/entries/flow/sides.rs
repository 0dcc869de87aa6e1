//! One direction of a flow with every reference followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use underpass_layout::tables::{self, FlowKey, FlowKey6, OnwardEntry};

use super::fault::FlowFault;
use super::known::{member, members, Known};
use super::mirror::{self, is_mirrored};
use super::{MOST, MOST_ROW};
use crate::entries::error::EntryError;
use crate::entries::{address, vrf, MirrorSet};
use crate::objects::{FlowAction, FlowFlags, FlowSide, NexthopFlags};

/// Protocols whose ports are ports.
const WITH_PORTS: [u8; 3] = [6, 17, 132];

/// The flags that replace something, by name.
const REPLACES: [(FlowFlags, &str); 4] = [
    (FlowFlags::SNAT, "snat"),
    (FlowFlags::SPAT, "spat"),
    (FlowFlags::DNAT, "dnat"),
    (FlowFlags::DPAT, "dpat"),
];

/// What is looked up, of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    V4(FlowKey),
    V6(FlowKey6),
}

/// The rows of `mirror` that a direction asks for, its first and its second.
pub(super) type Mirrored = [Option<MirrorSet>; 2];

/// One direction, not yet at a place.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub key: Key,
    asked: FlowAction,
    /// A row of `source`, where the entry itself has it.
    pub source: u32,
    pub source_moves: bool,
    pub onward: Option<OnwardEntry>,
    /// What mirrors its packets, where something does.
    pub mirrors: Option<Box<Mirrored>>,
}

impl Side {
    /// A direction that has no other.
    pub fn alone(side: &FlowSide, known: &impl Known) -> Result<Self, EntryError> {
        let alone = |asked| Err(refused(side, FlowFault::Alone { asked }));
        if let Some((_, flag)) = replaced(side).next() {
            return alone(flag);
        }
        if side.flags.contains(FlowFlags::VRF_TRANSLATE) {
            return alone("vrf_translate");
        }
        if side.ecmp_index.is_some() {
            return alone("ecmp_index");
        }
        if is_mirrored(side) {
            return alone("mirror");
        }
        if side.qos_map.is_some() && is_forwarded(side) {
            return alone("qos_map");
        }
        Self::plain(side, None, known)
    }

    /// A direction whose other one is `other`.
    pub fn of(side: &FlowSide, other: &FlowSide, known: &impl Known) -> Result<Self, EntryError> {
        let mut resolved = Self::plain(side, Some(other), known)?;
        let onward = onward(side, other, known)?;
        let mirrors = mirror::of(side, known)?;
        let onward = match is_forwarded(side) {
            true => onward,
            false => mirrors.is_some().then_some(OnwardEntry {
                drop: true,
                ..OnwardEntry::default()
            }),
        };
        resolved.onward = onward.map(|onward| OnwardEntry {
            source: resolved.source,
            ..onward
        });
        resolved.mirrors = mirrors;
        Ok(resolved)
    }

    fn plain(
        side: &FlowSide,
        other: Option<&FlowSide>,
        known: &impl Known,
    ) -> Result<Self, EntryError> {
        let (source, source_moves) = source(side, other, known)?;
        Ok(Side {
            key: key(side)?,
            asked: side.action,
            source,
            source_moves,
            onward: None,
            mirrors: None,
        })
    }

    /// What the card does with its packets.
    pub fn action(&self) -> tables::FlowAction {
        match (self.asked, self.onward) {
            (FlowAction::Drop, None) => tables::FlowAction::Drop,
            (FlowAction::Hold, _) => tables::FlowAction::Hold,
            (FlowAction::Forward | FlowAction::Nat, None) => tables::FlowAction::Forward,
            (FlowAction::Drop | FlowAction::Forward | FlowAction::Nat, Some(_)) => {
                tables::FlowAction::Onward
            }
        }
    }
}

pub(super) fn refused(side: &FlowSide, fault: FlowFault) -> EntryError {
    EntryError::Flow {
        flow: side.to_string(),
        fault,
    }
}

/// What is looked up.
pub(super) fn key(side: &FlowSide) -> Result<Key, EntryError> {
    let user = || format!("the nexthop of flow {side}");
    let nexthop = EntryError::limit(user, side.key_nh, MOST)?;
    match (side.sip, side.dip) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => Ok(Key::V4(key4(side, nexthop, src, dst))),
        (IpAddr::V6(src), IpAddr::V6(dst)) => Ok(Key::V6(key6(side, nexthop, src, dst))),
        (src, dst) => Err(refused(side, FlowFault::Families { src, dst })),
    }
}

fn key4(side: &FlowSide, nexthop: u32, src: Ipv4Addr, dst: Ipv4Addr) -> FlowKey {
    FlowKey {
        v6: false,
        nexthop,
        protocol: side.proto,
        src_port: side.sport,
        dst_port: side.dport,
        src: src.to_bits(),
        dst: dst.to_bits(),
    }
}

fn key6(side: &FlowSide, nexthop: u32, src: Ipv6Addr, dst: Ipv6Addr) -> FlowKey6 {
    FlowKey6 {
        nexthop,
        protocol: side.proto,
        src_port: side.sport,
        dst_port: side.dport,
        ..FlowKey6::default()
    }
    .between(src.to_bits(), dst.to_bits())
}

/// The row of `source` for S(nh), and whether the source may be another than it says. Of an ECMP nexthop the member that
/// packets of the other direction go to is expected, else the first; from another they go to the slow path. A nexthop
/// that does not exist has a row as well, which nothing passes.
fn source(
    side: &FlowSide,
    other: Option<&FlowSide>,
    known: &impl Known,
) -> Result<(u32, bool), EntryError> {
    let user = || format!("the source of flow {side}");
    let nexthop = known.nexthop(side.rpf_nh);
    let several = nexthop.filter(|nexthop| members(nexthop).is_some());
    let Some(several) = several else {
        return Ok((EntryError::limit(user, side.rpf_nh, MOST_ROW)?, false));
    };
    let index = other.and_then(|other| other.ecmp_index);
    let expected = member(known, several, index);
    let row = expected.map_or(several.id, |member| member.nh);
    Ok((EntryError::limit(user, row, MOST_ROW)?, expected.is_some()))
}

fn replaced(side: &FlowSide) -> impl Iterator<Item = (FlowFlags, &'static str)> + '_ {
    let flags = REPLACES.into_iter();
    flags.filter(|(flag, _)| side.flags.contains(*flag))
}

/// What packets go on with, but for the source; `None` if they go on as they are.
fn onward(
    side: &FlowSide,
    other: &FlowSide,
    known: &impl Known,
) -> Result<Option<OnwardEntry>, EntryError> {
    let translated = translated(side)?;
    let replaces = |flag| side.action == FlowAction::Nat && side.flags.contains(flag);
    let (src, _) = address::bits(other.dip);
    let (dst, _) = address::bits(other.sip);
    let mut onward = OnwardEntry {
        snat: replaces(FlowFlags::SNAT),
        spat: replaces(FlowFlags::SPAT),
        dnat: replaces(FlowFlags::DNAT),
        dpat: replaces(FlowFlags::DPAT),
        translate: translated.is_some(),
        vrf: translated.unwrap_or(0),
        ..OnwardEntry::default()
    };
    if onward.snat {
        onward.src = src;
    }
    if onward.spat {
        onward.src_port = other.dport;
    }
    if onward.dnat {
        onward.dst = dst;
    }
    if onward.dpat {
        onward.dst_port = other.sport;
    }
    let vrf = translated.unwrap_or(side.vrf);
    let to = if onward.dnat { other.sip } else { side.dip };
    if let Some((nexthop, label)) = steered(side, vrf, to, known)? {
        onward.steer = true;
        onward.nexthop = nexthop;
        onward.label = label;
    }
    if let Some(map) = side.qos_map {
        if !known.has_qos_map(map) {
            let user = format!("flow {side}");
            return Err(EntryError::NoQosMap { user, map });
        }
        onward.qos = map;
    }
    let asks = onward != OnwardEntry::default() || is_mirrored(side);
    Ok(asks.then_some(onward))
}

/// True of a direction whose packets go on, once the agent has decided.
fn is_forwarded(side: &FlowSide) -> bool {
    matches!(side.action, FlowAction::Forward | FlowAction::Nat)
}

/// The VRF that packets go on in, where it is another.
fn translated(side: &FlowSide) -> Result<Option<u16>, EntryError> {
    if let Some((_, flag)) = replaced(side).next() {
        if !side.flags.contains(FlowFlags::RFLOW_VALID) {
            return Err(refused(side, FlowFault::NoReverse { flag }));
        }
        if let Some(left_out) = left_out(side) {
            return Err(refused(side, FlowFault::Fat { left_out }));
        }
    }
    if !side.flags.contains(FlowFlags::VRF_TRANSLATE) {
        return Ok(None);
    }
    let dvrf = side.dvrf.ok_or_else(|| refused(side, FlowFault::NoVrf))?;
    Ok(vrf::number(dvrf)?.filter(|vrf| *vrf != side.vrf))
}

/// What the key of a fat flow leaves out; `None` if it leaves out nothing.
fn left_out(side: &FlowSide) -> Option<&'static str> {
    let ports = WITH_PORTS.contains(&side.proto) && (side.sport == 0 || side.dport == 0);
    let addresses = side.sip.is_unspecified() || side.dip.is_unspecified();
    match (ports, addresses) {
        (_, true) => Some("an address"),
        (true, false) => Some("a port"),
        (false, false) => None,
    }
}

/// The member of an ECMP nexthop that the flow keeps to, and its label. The ECMP nexthop is the one in the flow's key,
/// or else the one that the route leads to; where neither is one, the index means nothing.
fn steered(
    side: &FlowSide,
    vrf: u16,
    to: IpAddr,
    known: &impl Known,
) -> Result<Option<(u32, u32)>, EntryError> {
    if side.ecmp_index.is_none() {
        return Ok(None);
    }
    let own = known
        .nexthop(side.key_nh)
        .filter(|nexthop| members(nexthop).is_some());
    let route = known.route(vrf, to);
    let several = own.or_else(|| {
        let nexthop = known.nexthop(route?.nh);
        nexthop.filter(|nexthop| members(nexthop).is_some())
    });
    let Some((several, chosen)) =
        several.and_then(|several| Some((several, member(known, several, side.ecmp_index)?)))
    else {
        return Ok(None);
    };
    let by_route = several.flags.contains(NexthopFlags::LU_ECMP);
    let label = match by_route {
        true => route.and_then(|route| route.label),
        false => chosen.label,
    };
    let user = || format!("flow {side}");
    let label = crate::entries::route::label(label, user)?;
    let nexthop = EntryError::limit(|| format!("the nexthop of flow {side}"), chosen.nh, MOST)?;
    Ok(Some((nexthop, label)))
}
