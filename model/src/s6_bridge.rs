//! s6_bridge: the destination MAC decides between bridging and routing.  Reads: `arrival`, `parse`, `classify`, `decap`,
//! `inner`.  Writes: `bridge`.
//!
//! ```text
//!   a copy to learn from ─────────────────▶ punt
//!   VM, check_mac, another source MAC ────▶ drop
//!   (vrf, src mac) ─▶ [learned] ─▶ from elsewhere, or new: shown to the slow path
//!   no frame ─────────────────────────────▶ l3
//!   ARP that asks ────────────────────────▶ to be answered by `s7_receiver`, or flooded   (see `arp`)
//!   neighbour discovery, DHCP, IGMP ──────▶ punt
//!   label named the nexthop ──────────────▶ that nexthop
//!   (vrf, dst mac) ─▶ [bridge] ─┬─ router ─▶ l3
//!                               ├─ hit ────▶ nexthop, label
//!                               └─ miss, or for many ─▶ [flood] ─▶ nexthop, label, or drop
//! ```

mod arp;

use crate::decide::Decide;
use crate::headers::ethernet;
use crate::headers::ipv4;
use crate::tables::Tables;
use underpass_layout::meta::{ArpKind, Meta, RoundKind};
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::{LearnedEntry, VifKind};
use underpass_layout::{DropReason, PuntReason};

/// Source port of a DHCP client (RFC 2131 section 4.1).
const DHCP_CLIENT: u16 = 68;
/// Port of a DHCPv6 client, and of servers (RFC 8415 section 7.2).
const DHCPV6_CLIENT: u16 = 546;
const DHCPV6_SERVER: u16 = 547;

/// Bridges, or sends on to be routed.
pub fn bridge(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    if meta.arrival.round.kind == RoundKind::Punt {
        return meta.punt(match meta.inner.arp {
            ArpKind::None => PuntReason::Learn,
            _ => PuntReason::Arp,
        });
    }
    let vif = &meta.classify.entry;
    let is_foreign = vif.kind == VifKind::Vm && vif.check_mac && meta.inner.src_mac != vif.mac;
    if is_foreign && is_as_it_came(meta) {
        return meta.drop(DropReason::InvalidSource);
    }
    meta.bridge.flow_first = flow_first(meta);
    meta.bridge.learn = learns(tables, meta);
    if meta.decap.frame {
        bridge_frame(tables, meta);
        return;
    }
    meta.bridge.l3 = true;
    if meta.decap.direct {
        to_label(meta);
    }
}

fn bridge_frame(tables: &Tables, meta: &mut Meta) {
    if asks(meta) {
        if arp::is_for_router(meta) {
            return arp::bridge(tables, meta);
        }
        if let Some(why) = trapped(meta) {
            return meta.punt(why);
        }
    }
    if meta.decap.direct {
        return to_label(meta);
    }
    match by_mac(tables, meta) {
        Way::Router => to_router(meta),
        Way::To(to) => to.take(meta),
        Way::None => meta.drop(DropReason::L2NoRoute),
    }
}

/// Where a frame goes.
#[derive(Clone, Copy)]
enum Way {
    /// To this node's router.
    Router,
    /// To a nexthop.
    To(Towards),
    /// Nowhere.
    None,
}

/// A nexthop of frames, as `bridge` has it.
#[derive(Clone, Copy)]
struct Towards {
    nexthop: u32,
    label: u32,
    control: bool,
}

impl Towards {
    fn take(self, meta: &mut Meta) {
        meta.bridge.nexthop = self.nexthop;
        meta.bridge.label = self.label;
        meta.bridge.control = self.control;
    }
}

/// Where the frame's destination MAC leads.
fn by_mac(tables: &Tables, meta: &Meta) -> Way {
    let for_many = ethernet::is_group(meta.inner.dst_mac);
    let looks = !for_many || finds_group(meta);
    let found = match looks {
        true => tables.bridge(meta.decap.vrf, meta.inner.dst_mac),
        false => None,
    };
    match found {
        Some(entry) if entry.receive && !for_many => Way::Router,
        Some(entry) if !entry.receive => Way::To(Towards {
            nexthop: entry.nexthop,
            label: entry.label,
            control: entry.control,
        }),
        _ if for_many || meta.decap.flood_unknown => flood(tables, meta),
        _ => Way::None,
    }
}

fn flood(tables: &Tables, meta: &Meta) -> Way {
    let entry = tables.flood(meta.decap.vrf);
    match entry.valid {
        true => Way::To(Towards {
            nexthop: entry.nexthop,
            label: entry.label,
            control: false,
        }),
        false => Way::None,
    }
}

/// The label named the nexthop.
fn to_label(meta: &mut Meta) {
    meta.bridge.nexthop = meta.decap.nexthop;
    meta.bridge.label = meta.decap.label;
}

/// The frame is for the router itself: of what it carries, untagged IP is routed here.
fn to_router(meta: &mut Meta) {
    meta.bridge.l3 = true;
    if meta.inner.arp == ArpKind::Other && asks(meta) {
        meta.punt(PuntReason::Arp);
    } else if meta.inner.tagged {
        meta.punt(PuntReason::Tagged);
    } else if !meta.inner.ipv4 && !meta.inner.ipv6 {
        meta.drop(DropReason::InvalidProtocol);
    }
}

/// Does a packet for an IPv4 group go where the group's own members are, which IGMP told?
fn finds_group(meta: &Meta) -> bool {
    meta.inner.ipv4 && (meta.decap.tunnelled || meta.classify.entry.igmp)
}

/// Is the slow path shown the source MAC? It is where frames from there come for the first time, or from elsewhere.
fn learns(tables: &Tables, meta: &Meta) -> bool {
    let (decap, inner) = (&meta.decap, &meta.inner);
    if !decap.learn || !decap.frame || ethernet::is_group(inner.src_mac) {
        return false;
    }
    let first = meta.arrival.round.kind == RoundKind::First && !meta.arrival.injected;
    let known = tables.learned(decap.vrf, inner.src_mac);
    first && !known.is_some_and(|entry| is_from(meta, entry))
}

fn is_from(meta: &Meta, entry: &LearnedEntry) -> bool {
    let parse = &meta.parse;
    entry.tunnelled == meta.decap.tunnelled
        && match entry.tunnelled {
            true => (entry.v6, entry.address) == (parse.v6, parse.src),
            false => entry.vif == meta.classify.vif,
        }
}

/// Did the packet come to the stages as it came to the card?
pub(crate) fn is_as_it_came(meta: &Meta) -> bool {
    matches!(meta.arrival.round.kind, RoundKind::First | RoundKind::Again)
}

/// May the packet meet its flow? It meets one once, and copies for many or for analyzers none.
pub(crate) fn meets_flow(meta: &Meta) -> bool {
    let round = &meta.arrival.round;
    !round.judged && !round.quiet && round.kind != RoundKind::Member
}

/// A VM's unicast packet under policy has its flow looked up by the VM's own key, wherever it goes and even where it
/// can go nowhere. Neighbour discovery is no more a flow than ARP is.
fn flow_first(meta: &Meta) -> bool {
    meta.classify.entry.policy && is_vms_unicast(meta) && meets_flow(meta)
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

/// May the frame ask something of this node? What the slow path hands back to be flooded may not, nor may copies.
fn asks(meta: &Meta) -> bool {
    let round = &meta.arrival.round;
    let from_network = round.kind == RoundKind::Tenant && !round.direct && !round.quiet;
    !is_handed_back(meta) && (is_as_it_came(meta) || from_network)
}

/// Does the slow path want it flooded?
pub(crate) fn is_handed_back(meta: &Meta) -> bool {
    meta.arrival.injected && meta.arrival.command == InjectCommand::Flood
}

/// Did a VM of this node send it, and not another node?
pub(crate) fn is_guests(meta: &Meta) -> bool {
    meta.classify.entry.kind == VifKind::Vm && !meta.decap.tunnelled
}

/// Why the slow path answers the frame, or learns from it, if it does.
fn trapped(meta: &Meta) -> Option<PuntReason> {
    if meta.inner.neighbor {
        Some(PuntReason::NeighborDiscovery)
    } else if is_trapped_dhcp(meta) || is_trapped_igmp(meta) {
        Some(PuntReason::L3Protocol)
    } else {
        None
    }
}

fn is_trapped_dhcp(meta: &Meta) -> bool {
    let vif = &meta.classify.entry;
    let inner = &meta.inner;
    let udp = !inner.fragment && inner.protocol == ipv4::UDP;
    let v4 = inner.ipv4 && inner.src_port == DHCP_CLIENT && inner.dst_mac == ethernet::BROADCAST;
    let v6 = inner.ipv6
        && (inner.src_port, inner.dst_port) == (DHCPV6_CLIENT, DHCPV6_SERVER)
        && ethernet::is_group(inner.dst_mac);
    vif.kind == VifKind::Vm && vif.dhcp && udp && (v4 || v6)
}

fn is_trapped_igmp(meta: &Meta) -> bool {
    let vif = &meta.classify.entry;
    vif.kind == VifKind::Vm && vif.igmp && meta.inner.ipv4 && meta.inner.protocol == ipv4::IGMP
}

#[cfg(test)]
mod tests;
