//! s3_decap: the tenant's packet, out of its tunnel.  Reads: `parse`, `classify.entry`.  Writes: `decap`.
//!
//! ```text
//!   fabric ─┬─ ARP, neighbour discovery, ICMP errors about our tunnels ─▶ punt
//!           ├─ tunnel to our address, or VXLAN to the VNI's group
//!           │        ─▶ [mpls] or [vxlan] ─▶ nexthop, or VRF; STT, router alert ─▶ punt
//!           └─ other ──┐   IPv4 to our address: with one hop less
//!   host, agent ───────┴─▶ cross-connect, or drop
//!   vm ──────────────────▶ as it is, in the interface's VRF
//!   tenant's packet that goes round ─▶ as it was known
//!
//!   behind a label:   | 0000 | frame                       control
//!                     | 0000 | IPv4 | UDP | VXLAN | frame  tree
//! ```
//! An unknown label or VNI is a drop, never a guess. The record stays zero where the packet goes no further.

use crate::decide::Decide;
use crate::headers::ethernet;
use crate::tables::Tables;
use underpass_layout::meta::{Decap, Meta, Parse, RoundKind, TREE_BYTES};
use underpass_layout::tables::{LabelAction, TunnelKind, VifKind, VxlanEntry};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Bytes of a control word (RFC 4448 section 4.6).
pub(crate) const CONTROL_BYTES: u8 = 4;

/// Ends the tunnel, or sees that there is none to end.
pub fn decap(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    let round = &meta.arrival.round;
    if matches!(round.kind, RoundKind::Tenant | RoundKind::Member) {
        meta.decap = Decap {
            tunnelled: round.tunnelled,
            frame: round.frame,
            offset: if round.tree { TREE_BYTES as u8 } else { 0 },
            vrf: round.vrf,
            direct: round.direct,
            nexthop: round.nexthop,
            label: round.label,
            flood_unknown: round.flood_unknown,
            learn: false,
            tree: round.tree,
            host: false,
        };
        return;
    }
    match meta.classify.entry.kind {
        VifKind::Fabric => from_fabric(tables, meta),
        VifKind::Host | VifKind::Agent => cross_connect(meta),
        VifKind::Vm => {
            let vif = &meta.classify.entry;
            meta.decap.frame = true;
            meta.decap.vrf = vif.vrf;
            meta.decap.flood_unknown = vif.flood_unknown;
            meta.decap.learn = vif.learn;
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
    if to_us && parse.about_tunnel {
        return meta.punt(PuntReason::TunnelError);
    }
    let network = network(tables, parse);
    let to_group = network.is_some_and(|network| {
        parse.tunnel == TunnelKind::Vxlan
            && network.group
            && (parse.v6, parse.dst) == (vif.address_v6, network.group_address)
    });
    let inside = match parse.tunnel {
        TunnelKind::None if to_us => return to_host(meta),
        TunnelKind::None => return cross_connect(meta),
        _ if !to_us && !to_group => return cross_connect(meta),
        TunnelKind::Stt => return meta.punt(PuntReason::Stt),
        TunnelKind::Vxlan | TunnelKind::Nvgre => match network {
            Some(network) => Ok(under_vni(network, parse)),
            None => Err(DropReason::InvalidVnid),
        },
        TunnelKind::MplsGre | TunnelKind::MplsUdp => under_label(tables, parse),
    };
    match inside {
        Ok(decap) => meta.decap = decap,
        Err(why) => return meta.drop(why),
    }
    if meta.parse.alert {
        meta.punt(PuntReason::RouterAlert);
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
    let in_front = match (entry.tree, entry.control) {
        (true, _) => CONTROL_BYTES + TREE_BYTES as u8,
        (false, true) => CONTROL_BYTES,
        (false, false) => 0,
    };
    if in_front != 0 && !parse.zeros {
        return Err(DropReason::InvalidPacket);
    }
    let frame = entry.action == LabelAction::Frame;
    Ok(Decap {
        tunnelled: true,
        frame,
        offset: parse.offset + in_front,
        vrf: entry.vrf,
        direct: entry.action != LabelAction::Route,
        nexthop: entry.nexthop,
        label: 0,
        flood_unknown: frame && entry.flood_unknown,
        learn: frame && entry.learn,
        tree: entry.tree,
        host: false,
    })
}

/// The network that a VNI or a virtual subnet stands for, where there is one in the packet.
fn network<'a>(tables: &'a Tables, parse: &Parse) -> Option<&'a VxlanEntry> {
    let has_vni = matches!(parse.tunnel, TunnelKind::Vxlan | TunnelKind::Nvgre);
    if !has_vni || !parse.label_valid {
        return None;
    }
    tables.vxlan(parse.label)
}

/// A frame of that network.
fn under_vni(network: &VxlanEntry, parse: &Parse) -> Decap {
    Decap {
        tunnelled: true,
        frame: true,
        offset: parse.offset,
        vrf: network.vrf,
        direct: false,
        nexthop: 0,
        label: 0,
        flood_unknown: network.flood_unknown,
        learn: network.learn,
        tree: false,
        host: false,
    }
}

/// A packet of the underlay for the node itself. That hop counts for IPv4, as in the peer.
fn to_host(meta: &mut Meta) {
    cross_connect(meta);
    if meta.classify.entry.cross_connect && meta.parse.ethertype == ethernet::IPV4 {
        meta.decap.frame = true;
        meta.decap.host = true;
    }
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
