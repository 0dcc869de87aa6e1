//! s14_encap: the headers in front, and the order to `deliver`.  Reads: all.  Writes: the [`Edit`].
//!
//! ```text
//!   Continue ─▶ Deliver:  | Ethernet |                                       packet    Encap, routed
//!                         |                                                  frame     Encap, bridged
//!                         | Ethernet | IP | GRE | MPLS |                     packet, frame
//!                         | Ethernet | IP | UDP | MPLS |                     packet, frame
//!                         | Ethernet | IP | UDP | VXLAN | (Ethernet)         packet, frame
//!   Deliver:              |                                    as it came    cross-connect, Transmit
//!   Punt:                 | PuntShim |                         as it came
//! ```

use crate::decide::Decide;
use crate::headers::{ethernet, gre, ipv4, ipv6, mpls, udp, vxlan, Header};
use crate::s13_rewrite::patch::NOTHING;
use crate::s13_rewrite::{outer_ip_length, overhead};
use underpass_layout::meta::{Edit, HeaderKind, Meta, Patch, BEAT_BYTES, HEADER_BYTES};
use underpass_layout::port;
use underpass_layout::shim::{InjectCommand, PuntShim};
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::{PuntReason, Verdict};

/// Identification of the outer IPv4 headers that have none to take over (RFC 6864: unique enough).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identification(u16);

impl Default for Identification {
    /// As after a reset.
    fn default() -> Self {
        Identification(1)
    }
}

impl Identification {
    /// The next number.
    fn take(&mut self) -> u16 {
        let taken = self.0;
        self.0 = self.0.wrapping_add(1);
        taken
    }
}

/// Completes the verdict and writes down what becomes of the bytes.
pub fn encap(ids: &mut Identification, meta: &mut Meta) -> Edit {
    let mut edit = DROPPED;
    encap_into(ids, meta, &mut edit);
    edit
}

/// The same, in the memory of an edit of which nothing is left.
pub(crate) fn encap_into(ids: &mut Identification, meta: &mut Meta, edit: &mut Edit) {
    match Verdict::from(meta.verdict) {
        Verdict::Continue => {
            meta.decide(Verdict::Deliver);
            match meta.nexthop.kind {
                NexthopKind::Tunnel => into_tunnel(ids, meta, edit),
                _ => to_interface(meta, edit),
            }
        }
        Verdict::Deliver => as_it_came(meta, edit),
        Verdict::Punt(why) => to_slow_path(meta, why, edit),
        Verdict::Drop(_) => {
            *edit = Edit {
                vif: meta.classify.vif,
                ..DROPPED
            }
        }
    }
}

/// Of a packet that ends here, whose interface is still to be named.
const DROPPED: Edit = Edit {
    drop: true,
    port: 0,
    vif: 0,
    strip: 0,
    patch: NOTHING,
    kind: HeaderKind::Bare,
    add: 0,
    header: [0; HEADER_BYTES],
    length: 0,
};

/// What all orders have in common: the bytes in front of `strip` go, `header` comes.
struct Change<'a> {
    port: u16,
    vif: u16,
    strip: u8,
    patch: &'a Patch,
    kind: HeaderKind,
    header: &'a Header,
}

fn order(meta: &Meta, change: &Change<'_>, edit: &mut Edit) {
    let shim = if meta.arrival.injected {
        BEAT_BYTES as u8
    } else {
        0
    };
    let left = usize::from(meta.arrival.length).saturating_sub(change.strip.into());
    edit.drop = false;
    edit.port = change.port;
    edit.vif = change.vif;
    edit.strip = change.strip + shim;
    edit.patch = *change.patch;
    if shim > 0 && edit.patch.on {
        move_behind(&mut edit.patch, shim);
    }
    edit.kind = change.kind;
    edit.add = change.header.length as u8;
    edit.header = change.header.bytes;
    edit.length = (left + change.header.length) as u16;
}

/// Counts the places of a patch as `strip` is: from the first byte that waits.
fn move_behind(patch: &mut Patch, shim: u8) {
    for offset in [
        &mut patch.l3_offset,
        &mut patch.l4_offset,
        &mut patch.l4_checksum_offset,
        &mut patch.quoted_l3_offset,
        &mut patch.quoted_l4_offset,
    ] {
        *offset = offset.wrapping_add(shim);
    }
}

fn to_interface(meta: &Meta, edit: &mut Edit) {
    let nexthop = &meta.nexthop;
    let mut header = Header::EMPTY;
    let (strip, kind) = if meta.bridge.l3 {
        let ethertype = meta.inner.ethertype;
        ethernet::write(&mut header, nexthop.dst_mac, nexthop.src_mac, ethertype);
        (meta.inner.l3_offset, HeaderKind::Ethernet)
    } else {
        (meta.decap.offset, HeaderKind::Bare)
    };
    let change = Change {
        port: nexthop.port,
        vif: nexthop.vif,
        strip,
        patch: &meta.rewrite.patch,
        kind,
        header: &header,
    };
    order(meta, &change, edit);
}

fn into_tunnel(ids: &mut Identification, meta: &Meta, edit: &mut Edit) {
    let nexthop = &meta.nexthop;
    let l3 = meta.bridge.l3;
    let mut header = Header::EMPTY;
    let total = usize::from(meta.rewrite.payload) + overhead(nexthop, l3);
    if nexthop.tunnel_v6 {
        write_outer_ipv6(&mut header, meta, total);
    } else {
        write_outer_ipv4(&mut header, ids, meta, total);
    }
    let udp_length = total.saturating_sub(outer_ip_length(nexthop)) as u16;
    let kind = match nexthop.tunnel {
        TunnelKind::MplsGre => {
            gre::write(&mut header);
            mpls::write(&mut header, meta.route.label, meta.rewrite.ttl);
            HeaderKind::MplsGre
        }
        TunnelKind::MplsUdp => {
            udp::write(&mut header, meta.rewrite.entropy, udp::MPLS, udp_length);
            mpls::write(&mut header, meta.route.label, meta.rewrite.ttl);
            HeaderKind::MplsUdp
        }
        TunnelKind::Vxlan | TunnelKind::None => {
            udp::write(&mut header, meta.rewrite.entropy, udp::VXLAN, udp_length);
            vxlan::write(&mut header, meta.route.label);
            if l3 && nexthop.l3_vxlan {
                let (dst, src) = (nexthop.router_mac, nexthop.src_mac);
                ethernet::write(&mut header, dst, src, meta.inner.ethertype);
                HeaderKind::VxlanRouted
            } else {
                HeaderKind::Vxlan
            }
        }
    };
    let change = Change {
        port: nexthop.port,
        vif: nexthop.vif,
        strip: if l3 {
            meta.inner.l3_offset
        } else {
            meta.decap.offset
        },
        patch: &meta.rewrite.patch,
        kind,
        header: &header,
    };
    order(meta, &change, edit);
}

fn outer_protocol(tunnel: TunnelKind) -> u8 {
    match tunnel {
        TunnelKind::MplsGre => ipv4::GRE,
        TunnelKind::MplsUdp | TunnelKind::Vxlan | TunnelKind::None => ipv4::UDP,
    }
}

/// Type of service of the outer header, zero but by an option; the tenant's is zero where it sends no IP.
fn outer_tos(meta: &Meta) -> u8 {
    match meta.nexthop.copy_tos {
        true => meta.inner.tos,
        false => 0,
    }
}

/// GRE takes the identification of the packet inside over, as the peer does.
fn write_outer_ipv4(header: &mut Header, ids: &mut Identification, meta: &Meta, total: usize) {
    let nexthop = &meta.nexthop;
    let id = match nexthop.tunnel {
        TunnelKind::MplsGre if meta.inner.ipv4 => meta.inner.id,
        _ => ids.take(),
    };
    let outer = ipv4::Outer {
        tos: outer_tos(meta),
        total_length: total as u16,
        id,
        protocol: outer_protocol(nexthop.tunnel),
        src: nexthop.tunnel_src as u32,
        dst: nexthop.tunnel_dst as u32,
    };
    ethernet::write(header, nexthop.dst_mac, nexthop.src_mac, ethernet::IPV4);
    ipv4::write(header, &outer);
}

/// The flow label is what the source port of a UDP tunnel is: behind GRE, the only thing that tells flows apart.
fn write_outer_ipv6(header: &mut Header, meta: &Meta, total: usize) {
    let nexthop = &meta.nexthop;
    let outer = ipv6::Outer {
        traffic_class: outer_tos(meta),
        payload_length: total.saturating_sub(ipv6::LENGTH) as u16,
        flow_label: meta.rewrite.entropy.into(),
        next_header: outer_protocol(nexthop.tunnel),
        src: nexthop.tunnel_src,
        dst: nexthop.tunnel_dst,
    };
    ethernet::write(header, nexthop.dst_mac, nexthop.src_mac, ethernet::IPV6);
    ipv6::write(header, &outer);
}

/// A frame that the slow path transmits, or one that changes sides at a cross-connect.
fn as_it_came(meta: &Meta, edit: &mut Edit) {
    let arrival = &meta.arrival;
    let transmit = arrival.injected && arrival.command == InjectCommand::Transmit;
    let (port, vif) = if transmit {
        (arrival.inject_port, arrival.inject_vif)
    } else {
        let entry = &meta.classify.entry;
        (entry.cross_port, entry.cross_vif)
    };
    let change = Change {
        port,
        vif,
        strip: 0,
        patch: &NOTHING,
        kind: HeaderKind::Bare,
        header: &Header::EMPTY,
    };
    order(meta, &change, edit);
}

/// Records of stages that the packet did not pass are still zero, and so are their fields in the shim.
fn to_slow_path(meta: &Meta, why: PuntReason, edit: &mut Edit) {
    let tunnelled = meta.decap.tunnelled;
    let shim = PuntShim {
        reason: why,
        tunnel: if tunnelled {
            meta.parse.tunnel
        } else {
            TunnelKind::None
        },
        outer_v6: tunnelled && meta.parse.v6,
        reserved: 0,
        vif: meta.classify.vif,
        port: meta.arrival.port,
        vrf: meta.decap.vrf,
        offset: meta.decap.offset,
        l3_offset: meta.inner.l3_offset,
        length: meta.arrival.length,
        flow_nexthop: meta.flow.nexthop,
        nexthop: meta.route.nexthop,
        label: if tunnelled { meta.parse.label } else { 0 },
        outer_src: if tunnelled { meta.parse.src } else { 0 },
        fat_set: meta.receiver.fat_set,
        padding: [0; 22],
    };
    let mut header = Header::EMPTY;
    for word in shim.pack() {
        header.put(&word.to_le_bytes());
    }
    let change = Change {
        port: port::SLOW,
        vif: meta.classify.vif,
        strip: 0,
        patch: &NOTHING,
        kind: HeaderKind::Shim,
        header: &header,
    };
    order(meta, &change, edit);
}

#[cfg(test)]
mod tests;
