//! The bytes in front of the packet.

use super::outer::Outer;
use super::shape::Shape;
use crate::hardware::{Meta, PuntShim};
use crate::pipeline::s1_parse::{GRE_MPLS, IPV4, MPLS_PORT, VXLAN_PORT};
use underpass_layout::meta::HeaderKind;
use underpass_wires::{k, mux, only, packet, select, zero, BundleExt, U};

/// The bytes in front, the first one lowest. Combinational.
pub(super) fn header(meta: Meta, shape: Shape, outer: Outer) -> U<768> {
    let nexthop = meta.nexthop;
    let label = meta.route.label;
    let ethernet: U<112> = packet!(
        nexthop.dst_mac,
        nexthop.src_mac,
        mux(
            shape.kind.eq(HeaderKind::Ethernet.code()),
            meta.inner.ethertype,
            k(IPV4)
        )
    );
    // RFC 791: version 4, 5 words; ToS 0; flags and offset 0; TTL 64.
    let ip: U<160> = packet!(
        k::<16>(0x4500),
        outer.length,
        outer.id,
        k::<16>(0),
        k::<8>(64),
        shape.protocol,
        outer.checksum,
        nexthop.tunnel_src,
        nexthop.tunnel_dst
    );
    let gre: U<32> = packet!(k::<16>(0), k::<16>(GRE_MPLS));
    // RFC 3032: label, EXP 0, bottom of stack, TTL.
    let mpls: U<32> = packet!(label.trunc::<20>(), k::<3>(0), k::<1>(1), meta.rewrite.ttl);
    let udp = |port: u32| -> U<64> {
        packet!(
            meta.rewrite.entropy,
            k::<16>(port),
            outer.udp_length,
            k::<16>(0)
        )
    };
    // RFC 7348 section 5: the I bit, the VNI, everything else zero.
    let vxlan: U<64> = packet!(k::<32>(0x0800_0000), label, k::<8>(0));
    let inner: U<112> = packet!(nexthop.router_mac, nexthop.src_mac, k::<16>(IPV4));
    let mpls_gre = (ethernet, ip, gre, mpls).pack_ext::<768>();
    let mpls_udp = (ethernet, ip, udp(MPLS_PORT), mpls).pack_ext::<768>();
    let vxlan = (
        ethernet,
        ip,
        udp(VXLAN_PORT),
        vxlan,
        only(shape.kind.eq(HeaderKind::VxlanRouted.code()), inner),
    )
        .pack_ext::<768>();
    // In the order of the codes of `HeaderKind`.
    select(
        shape.kind,
        &[
            zero(),
            ethernet.ext(),
            mpls_gre,
            mpls_udp,
            vxlan,
            vxlan,
            shim(meta).pack_ext::<768>(),
            zero(),
        ],
    )
}

/// What the slow path learns of a punted packet. Combinational.
fn shim(meta: Meta) -> PuntShim {
    let tunnelled = meta.decap.tunnelled;
    PuntShim {
        reason: meta.verdict.reason.ext(),
        tunnel: only(tunnelled, meta.parse.tunnel).ext(),
        vif: meta.classify.vif.ext(),
        port: meta.arrival.port.ext(),
        vrf: meta.decap.vrf.ext(),
        offset: meta.decap.offset,
        l3_offset: meta.inner.l3_offset,
        length: meta.arrival.length,
        flow_nexthop: meta.flow.nexthop.ext(),
        nexthop: meta.route.nexthop.ext(),
        label: only(tunnelled, meta.parse.label).ext(),
        outer_src: only(tunnelled, meta.parse.src),
        ..zero()
    }
}
