//! s6_bridge: the destination MAC decides between bridging and routing.  Reads: `decap`, `inner`.  Writes: `bridge`.
//!
//! ```text
//!   VM, check_mac, another source MAC ────▶ drop
//!   no frame ─────────────────────────────▶ l3
//!   ARP, neighbour discovery ─────────────▶ punt
//!   group address ────────────────────────▶ punt
//!   label named the nexthop ──────────────▶ that nexthop
//!   (vrf, dst mac) ─▶ [bridge] ─┬─ router ─▶ l3
//!                               ├─ hit ────▶ nexthop, label
//!                               └─ miss ───▶ drop
//! ```

use crate::decide::Decide;
use crate::headers::ethernet;
use crate::headers::ipv4;
use crate::tables::Tables;
use underpass_layout::meta::Meta;
use underpass_layout::tables::VifKind;
use underpass_layout::{DropReason, PuntReason};

/// Source port of a DHCP client (RFC 2131 section 4.1).
const DHCP_CLIENT: u16 = 68;

/// Bridges, or sends on to be routed.
pub fn bridge(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    let vif = &meta.classify.entry;
    if vif.kind == VifKind::Vm && vif.check_mac && meta.inner.src_mac != vif.mac {
        return meta.drop(DropReason::InvalidSource);
    }
    meta.bridge.flow_first = flow_first(meta);
    if meta.decap.frame {
        bridge_frame(tables, meta);
        return;
    }
    meta.bridge.l3 = true;
    if meta.decap.direct {
        meta.bridge.nexthop = meta.decap.nexthop;
    }
}

fn bridge_frame(tables: &Tables, meta: &mut Meta) {
    if meta.inner.ethertype == ethernet::ARP {
        return meta.punt(PuntReason::Arp);
    }
    if meta.inner.neighbor {
        return meta.punt(PuntReason::NeighborDiscovery);
    }
    if ethernet::is_group(meta.inner.dst_mac) {
        let why = match is_trapped_dhcp(meta) {
            true => PuntReason::L3Protocol,
            false => PuntReason::Multicast,
        };
        return meta.punt(why);
    }
    if meta.decap.direct {
        meta.bridge.nexthop = meta.decap.nexthop;
        return;
    }
    match tables.bridge(meta.decap.vrf, meta.inner.dst_mac) {
        None => meta.drop(DropReason::L2NoRoute),
        Some(entry) if entry.receive => to_router(meta),
        Some(entry) => {
            meta.bridge.nexthop = entry.nexthop;
            meta.bridge.label = entry.label;
        }
    }
}

/// The frame is for the router itself: of what it carries, untagged IP is routed here.
fn to_router(meta: &mut Meta) {
    meta.bridge.l3 = true;
    if meta.inner.tagged {
        meta.punt(PuntReason::Tagged);
    } else if !meta.inner.ipv4 && !meta.inner.ipv6 {
        meta.drop(DropReason::InvalidProtocol);
    }
}

/// A VM's unicast packet under policy has its flow looked up by the VM's own key, wherever it goes and even where it
/// can go nowhere. Neighbour discovery is no more a flow than ARP is.
fn flow_first(meta: &Meta) -> bool {
    meta.classify.entry.policy && is_vms_unicast(meta)
}

/// A packet of which a VM's interface can ask where it comes from: IP without a tag, to one receiver, and no neighbour
/// discovery.
pub(crate) fn is_vms_unicast(meta: &Meta) -> bool {
    let inner = &meta.inner;
    meta.classify.entry.kind == VifKind::Vm
        && !inner.tagged
        && !inner.neighbor
        && (inner.ipv4 || inner.ipv6)
        && !ethernet::is_group(inner.dst_mac)
}

fn is_trapped_dhcp(meta: &Meta) -> bool {
    let vif = &meta.classify.entry;
    let inner = &meta.inner;
    vif.kind == VifKind::Vm
        && vif.dhcp
        && inner.ipv4
        && !inner.fragment
        && inner.protocol == ipv4::UDP
        && inner.src_port == DHCP_CLIENT
        && inner.dst_mac == ethernet::BROADCAST
}

#[cfg(test)]
mod tests;
