//! s3_decap: the tenant's packet, out of its tunnel.  Reads: `parse`, `classify.entry`.  Writes: `decap`.
//!
//! ```text
//!   fabric ─┬─ ARP, neighbour discovery ───────▶ punt
//!           ├─ tunnel to our address ─▶ [mpls] or [vxlan] ─▶ nexthop, or VRF
//!           └─ other ──┐
//!   host, agent ───────┴─▶ cross-connect, or drop
//!   vm ──────────────────▶ as it is, in the interface's VRF
//! ```
//! An unknown label or VNI is a drop, never a guess. The record stays zero where the packet goes no further.

use crate::decide::Decide;
use crate::headers::ethernet;
use crate::tables::Tables;
use underpass_layout::meta::{Decap, Meta, Parse};
use underpass_layout::tables::{LabelAction, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Ends the tunnel, or sees that there is none to end.
pub fn decap(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    match meta.classify.entry.kind {
        VifKind::Fabric => from_fabric(tables, meta),
        VifKind::Host | VifKind::Agent => cross_connect(meta),
        VifKind::Vm => {
            meta.decap = Decap {
                tunnelled: false,
                frame: true,
                offset: 0,
                vrf: meta.classify.entry.vrf,
                direct: false,
                nexthop: 0,
            }
        }
    }
}

fn from_fabric(tables: &Tables, meta: &mut Meta) {
    let parse = &meta.parse;
    if parse.ethertype == ethernet::ARP {
        return meta.punt(PuntReason::Arp);
    }
    if parse.malformed {
        return meta.drop(DropReason::InvalidPacket);
    }
    if parse.neighbor {
        return meta.punt(PuntReason::NeighborDiscovery);
    }
    let vif = &meta.classify.entry;
    let to_us = (parse.v6, parse.dst) == (vif.address_v6, vif.address);
    if parse.tunnel == TunnelKind::None || !to_us {
        return cross_connect(meta);
    }
    let inside = match parse.tunnel {
        TunnelKind::Vxlan => under_vni(tables, parse),
        _ => under_label(tables, parse),
    };
    match inside {
        Ok(decap) => meta.decap = decap,
        Err(why) => meta.drop(why),
    }
}

/// What is under an MPLS label. The TTL is checked after the label, as the peer does.
fn under_label(tables: &Tables, parse: &Parse) -> Result<Decap, DropReason> {
    let entry = tables
        .mpls(parse.label)
        .filter(|entry| parse.label_valid && entry.action != LabelAction::None)
        .ok_or(DropReason::InvalidLabel)?;
    if parse.label_ttl <= 1 {
        return Err(DropReason::TtlExceeded);
    }
    Ok(Decap {
        tunnelled: true,
        frame: entry.action == LabelAction::Frame,
        offset: parse.offset,
        vrf: entry.vrf,
        direct: entry.action != LabelAction::Route,
        nexthop: entry.nexthop,
    })
}

/// What is under a VNI: a frame of that network.
fn under_vni(tables: &Tables, parse: &Parse) -> Result<Decap, DropReason> {
    let entry = tables
        .vxlan(parse.label)
        .filter(|_| parse.label_valid)
        .ok_or(DropReason::InvalidVnid)?;
    Ok(Decap {
        tunnelled: true,
        frame: true,
        offset: parse.offset,
        vrf: entry.vrf,
        direct: false,
        nexthop: 0,
    })
}

fn cross_connect(meta: &mut Meta) {
    if meta.classify.entry.cross_connect {
        meta.decide(Verdict::Deliver);
    } else {
        meta.drop(DropReason::NowhereToGo);
    }
}

#[cfg(test)]
mod tests;
