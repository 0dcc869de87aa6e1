//! `flow`: the entry of one direction of a flow, for the slow path that sets flows up.
//!
//! What the card cannot do with a flow's packets (other addresses, another VRF, one of several nexthops) it leaves to
//! the slow path: such a flow stays on hold there, and each of its packets is punted as a miss.

use std::net::IpAddr;

use underpass_layout::tables::{self, FlowEntry, FlowKey};

use super::error::EntryError;
use crate::objects::{FlowAction, FlowPair, FlowSide};

/// Largest nexthop and flow id: 20 bits.
const MOST: u32 = (1 << 20) - 1;

/// The entries of a flow and of its answers, with the flow ids of the two.
///
/// # Errors
/// As [`flow_entry`].
pub fn flow_entries(pair: &FlowPair, ids: [u32; 2]) -> Result<[FlowEntry; 2], EntryError> {
    Ok([
        flow_entry(&pair.fwd, ids[0])?,
        flow_entry(&pair.rev, ids[1])?,
    ])
}

/// The entry of one direction, whose counters lie at `flow_id`.
///
/// # Errors
/// The flow is IPv6, or a number of it has more than 20 bits.
pub fn flow_entry(side: &FlowSide, flow_id: u32) -> Result<FlowEntry, EntryError> {
    let (IpAddr::V4(src), IpAddr::V4(dst)) = (side.sip, side.dip) else {
        return Err(EntryError::Ipv6Flow {
            src: side.sip,
            dst: side.dip,
        });
    };
    let user = || format!("the nexthop of flow {src} to {dst}");
    Ok(FlowEntry {
        valid: true,
        key: FlowKey {
            nexthop: EntryError::limit(user, side.key_nh, MOST)?,
            protocol: side.proto,
            src_port: side.sport,
            dst_port: side.dport,
            src: src.to_bits(),
            dst: dst.to_bits(),
        },
        action: action(side),
        flow_id: EntryError::limit(|| "a flow id".to_owned(), flow_id, MOST)?,
        source: EntryError::limit(user, side.rpf_nh, MOST)?,
        spare: 0,
    })
}

fn action(side: &FlowSide) -> tables::FlowAction {
    let elsewhere = side.dvrf.is_some_and(|vrf| vrf != side.vrf) || side.ecmp_index.is_some();
    match side.action {
        FlowAction::Drop => tables::FlowAction::Drop,
        FlowAction::Forward if !elsewhere => tables::FlowAction::Forward,
        FlowAction::Forward | FlowAction::Hold | FlowAction::Nat => tables::FlowAction::Hold,
    }
}
