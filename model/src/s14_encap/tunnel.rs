//! The headers of a tunnel.
//!
//! ```text
//!   | Ethernet | IP | GRE, UDP | MPLS |                                packet, frame
//!   | Ethernet | IP | GRE, UDP | MPLS | 0000 |                         frame with a control word
//!   | Ethernet | IP | GRE, UDP | MPLS | 0000 | IPv4 | UDP | VXLAN |    frame along a multicast tree
//!   | Ethernet | IP | UDP | VXLAN | (Ethernet)                         packet, frame
//!   | Ethernet | IP | GRE with a key |                                 frame
//! ```

use super::Identification;
use crate::headers::{ethernet, gre, ipv4, ipv6, mpls, udp, vxlan, Header};
use crate::s13_rewrite::{goes_along_tree, has_control, keeps_tree, outer_ip_length, overhead};
use crate::s3_decap::CONTROL_BYTES;
use underpass_layout::meta::{HeaderKind, Meta};
use underpass_layout::tables::TunnelKind;

/// Appends them, and says what they are.
pub(super) fn write(header: &mut Header, ids: &mut Identification, meta: &Meta) -> HeaderKind {
    let nexthop = &meta.nexthop;
    let (label, entropy) = (meta.route.label, meta.rewrite.entropy);
    let total = usize::from(meta.rewrite.payload) + overhead(meta);
    let id = match nexthop.tunnel_v6 {
        false => identification(ids, meta),
        true => 0,
    };
    match nexthop.tunnel_v6 {
        false => write_outer_ipv4(header, meta, id, total),
        true => write_outer_ipv6(header, meta, total),
    }
    let udp_length = total.saturating_sub(outer_ip_length(nexthop.tunnel_v6)) as u16;
    match nexthop.tunnel {
        TunnelKind::MplsGre => {
            gre::write(header);
            match write_mpls(header, meta, id) {
                Behind::Nothing => HeaderKind::MplsGre,
                Behind::Control => HeaderKind::ControlGre,
                Behind::Tree => HeaderKind::TreeGre,
            }
        }
        TunnelKind::MplsUdp => {
            udp::write(header, entropy, udp::MPLS, udp_length);
            match write_mpls(header, meta, id) {
                Behind::Nothing => HeaderKind::MplsUdp,
                Behind::Control => HeaderKind::ControlUdp,
                Behind::Tree => HeaderKind::TreeUdp,
            }
        }
        TunnelKind::Nvgre => {
            gre::write_nvgre(header, label, entropy as u8);
            HeaderKind::Nvgre
        }
        TunnelKind::Vxlan | TunnelKind::Stt | TunnelKind::None => {
            udp::write(header, entropy, udp::VXLAN, udp_length);
            vxlan::write(header, label);
            if meta.bridge.l3 && nexthop.l3_vxlan {
                let (dst, src) = (nexthop.router_mac, nexthop.src_mac);
                ethernet::write(header, dst, src, meta.inner.ethertype);
                HeaderKind::VxlanRouted
            } else {
                HeaderKind::Vxlan
            }
        }
    }
}

/// What follows the label.
enum Behind {
    Nothing,
    Control,
    Tree,
}

fn write_mpls(header: &mut Header, meta: &Meta, id: u16) -> Behind {
    let exp = if meta.qos.valid { meta.qos.exp } else { 0 };
    mpls::write(header, meta.route.label, exp, meta.rewrite.ttl);
    if !has_control(meta) {
        return Behind::Nothing;
    }
    header.put(&[0; CONTROL_BYTES as usize]);
    if !goes_along_tree(meta) || keeps_tree(meta) {
        return Behind::Control;
    }
    write_tree(header, meta, id);
    Behind::Tree
}

/// VXLAN within the copy along a tree: its VNI is that of the list, so that all branches carry the same bytes.
fn write_tree(header: &mut Header, meta: &Meta, id: u16) {
    let udp_length = usize::from(meta.rewrite.payload) + udp::LENGTH + vxlan::LENGTH;
    let outer = ipv4::Outer {
        tos: 0,
        total_length: (ipv4::LENGTH + udp_length) as u16,
        id,
        protocol: ipv4::UDP,
        src: meta.nexthop.tunnel_src as u32,
        dst: meta.nexthop.tunnel_dst as u32,
    };
    ipv4::write(header, &outer);
    udp::write(header, meta.rewrite.entropy, udp::VXLAN, udp_length as u16);
    vxlan::write(header, meta.arrival.round.label);
}

fn outer_protocol(tunnel: TunnelKind) -> u8 {
    match tunnel {
        TunnelKind::MplsGre | TunnelKind::Nvgre => ipv4::GRE,
        TunnelKind::MplsUdp | TunnelKind::Vxlan | TunnelKind::Stt | TunnelKind::None => ipv4::UDP,
    }
}

/// Type of service of the outer header: as the forwarding class says, else zero but by an option. The tenant's is zero
/// where it sends no IP.
fn outer_tos(meta: &Meta) -> u8 {
    if meta.qos.valid {
        meta.qos.dscp << 2
    } else if meta.nexthop.copy_tos {
        meta.inner.tos
    } else {
        0
    }
}

/// GRE takes the identification of the packet inside over, as the peer does; along a tree, two headers need one.
fn identification(ids: &mut Identification, meta: &Meta) -> u16 {
    let takes_over = matches!(meta.nexthop.tunnel, TunnelKind::MplsGre | TunnelKind::Nvgre);
    let adds_tree = goes_along_tree(meta) && !meta.decap.tree;
    match takes_over && !adds_tree && meta.inner.ipv4 {
        true => meta.inner.id,
        false => ids.take(),
    }
}

fn write_outer_ipv4(header: &mut Header, meta: &Meta, id: u16, total: usize) {
    let nexthop = &meta.nexthop;
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
