//! `flow`: the entry of one direction of a flow, for the slow path that sets flows up.
//!
//! What the card cannot do with a flow's packets (other addresses, another VRF, one of several nexthops) it leaves to
//! the slow path: such a flow stays on hold there, and each of its packets is punted as a miss.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use underpass_layout::tables::{self, FlowEntry, FlowEntry6, FlowKey, FlowKey6};

use super::error::EntryError;
use crate::objects::{FlowAction, FlowPair, FlowSide};
use crate::placed::Entry;

/// Largest nexthop and flow id: 20 bits.
const MOST: u32 = (1 << 20) - 1;

/// The entry of one direction of a flow, of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// IPv4: half a row.
    V4(FlowEntry),
    /// IPv6: a whole row.
    V6(FlowEntry6),
}

impl Flow {
    /// The entry as table `flow` takes it.
    pub fn entry(&self) -> Entry {
        match self {
            Flow::V4(entry) => Entry::of(entry),
            Flow::V6(entry) => Entry::of(entry),
        }
    }

    /// What is done with the flow's packets.
    pub fn action(&self) -> tables::FlowAction {
        match self {
            Flow::V4(entry) => entry.action,
            Flow::V6(entry) => entry.action,
        }
    }
}

/// The entries of a flow and of its answers, with the flow ids of the two.
///
/// # Errors
/// As [`flow_entry`].
pub fn flow_entries(pair: &FlowPair, ids: [u32; 2]) -> Result<[Flow; 2], EntryError> {
    Ok([
        flow_entry(&pair.fwd, ids[0])?,
        flow_entry(&pair.rev, ids[1])?,
    ])
}

/// The entry of one direction, whose counters lie at `flow_id`.
///
/// # Errors
/// One address is IPv4 and the other IPv6, or a number of it has more than 20 bits.
pub fn flow_entry(side: &FlowSide, flow_id: u32) -> Result<Flow, EntryError> {
    let user = || format!("the nexthop of flow {} to {}", side.sip, side.dip);
    let nexthop = EntryError::limit(user, side.key_nh, MOST)?;
    let source = EntryError::limit(user, side.rpf_nh, MOST)?;
    let flow_id = EntryError::limit(|| "a flow id".to_owned(), flow_id, MOST)?;
    let action = action(side);
    match (side.sip, side.dip) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => Ok(Flow::V4(FlowEntry {
            valid: true,
            key: key(side, nexthop, src, dst),
            action,
            flow_id,
            source,
            spare: 0,
        })),
        (IpAddr::V6(src), IpAddr::V6(dst)) => Ok(Flow::V6(FlowEntry6 {
            valid: true,
            key: key6(side, nexthop, src, dst),
            action,
            flow_id,
            source,
            spare: 0,
        })),
        (src, dst) => Err(EntryError::MixedFlow { src, dst }),
    }
}

fn key(side: &FlowSide, nexthop: u32, src: Ipv4Addr, dst: Ipv4Addr) -> FlowKey {
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

fn action(side: &FlowSide) -> tables::FlowAction {
    let elsewhere = side.dvrf.is_some_and(|vrf| vrf != side.vrf) || side.ecmp_index.is_some();
    match side.action {
        FlowAction::Drop => tables::FlowAction::Drop,
        FlowAction::Forward if !elsewhere => tables::FlowAction::Forward,
        FlowAction::Forward | FlowAction::Hold | FlowAction::Nat => tables::FlowAction::Hold,
    }
}
