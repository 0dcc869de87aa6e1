//! The bytes in front of the packet.

use super::outer::Outer;
use super::shape::Shape;
use crate::hardware::{Meta, PuntShim};
use crate::pipeline::s1_parse::{GRE_MPLS, IPV4, IPV6, MPLS_PORT, VXLAN_PORT};
use underpass_layout::meta::HeaderKind;
use underpass_wires::{first, k, mux, only, packet, select, wire, zero, BundleExt, U};

/// The bytes in front, the first one lowest. Combinational.
pub(super) fn header(meta: Meta, shape: Shape, outer: Outer) -> U<768> {
    let nexthop = meta.nexthop;
    let outside = mux(nexthop.tunnel_v6, k(IPV6), k(IPV4));
    wire!(plain = shape.kind.eq(HeaderKind::Ethernet.code()));
    let ethernet: U<112> = packet!(
        nexthop.dst_mac,
        nexthop.src_mac,
        mux(plain, meta.inner.ethertype, outside)
    );
    let behind = behind_ip(meta, shape, outer);
    let tunnel = mux(
        nexthop.tunnel_v6,
        (ethernet, ipv6(meta, shape, outer), behind).pack_ext::<768>(),
        (ethernet, ipv4(meta, shape, outer), behind).pack_ext::<768>(),
    );
    // In the order of the codes of `HeaderKind`.
    select(
        shape.kind,
        &[
            zero(),
            ethernet.ext(),
            tunnel,
            tunnel,
            tunnel,
            tunnel,
            shim(meta).pack_ext::<768>(),
            zero(),
        ],
    )
}

/// RFC 791: version 4, 5 words; flags and offset 0; TTL 64.
fn ipv4(meta: Meta, shape: Shape, outer: Outer) -> U<160> {
    packet!(
        k::<8>(0x45),
        outer.tos,
        outer.length,
        outer.id,
        k::<16>(0),
        k::<8>(64),
        shape.protocol,
        outer.checksum,
        meta.nexthop.tunnel_src.trunc::<32>(),
        meta.nexthop.tunnel_dst.trunc::<32>()
    )
}

/// RFC 8200: version 6; the flow label by flow (RFC 6438); hop limit 64.
fn ipv6(meta: Meta, shape: Shape, outer: Outer) -> U<320> {
    packet!(
        k::<4>(6),
        outer.tos,
        k::<4>(0),
        meta.rewrite.entropy,
        outer.behind_ip,
        shape.protocol,
        k::<8>(64),
        meta.nexthop.tunnel_src,
        meta.nexthop.tunnel_dst
    )
}

/// GRE or UDP, and what it carries. A UDP checksum of 0 says that there is none, over IPv6 too (RFC 6935).
fn behind_ip(meta: Meta, shape: Shape, outer: Outer) -> U<240> {
    let label = meta.route.label;
    let gre: U<32> = packet!(k::<16>(0), k::<16>(GRE_MPLS));
    // RFC 3032: label, EXP 0, bottom of stack, TTL.
    let mpls: U<32> = packet!(label.trunc::<20>(), k::<3>(0), k::<1>(1), meta.rewrite.ttl);
    let udp = |port: u32| -> U<64> {
        packet!(
            meta.rewrite.entropy,
            k::<16>(port),
            outer.behind_ip,
            k::<16>(0)
        )
    };
    // RFC 7348 section 5: the I bit, the VNI, everything else zero.
    let vxlan: U<64> = packet!(k::<32>(0x0800_0000), label, k::<8>(0));
    let inner: U<112> = packet!(
        meta.nexthop.router_mac,
        meta.nexthop.src_mac,
        mux(meta.inner.ipv6, k::<16>(IPV6), k(IPV4))
    );
    let is = |kind: HeaderKind| shape.kind.eq(kind.code());
    first(
        &[
            (is(HeaderKind::MplsGre), (gre, mpls).pack_ext::<240>()),
            (
                is(HeaderKind::MplsUdp),
                (udp(MPLS_PORT), mpls).pack_ext::<240>(),
            ),
        ],
        (
            udp(VXLAN_PORT),
            vxlan,
            only(is(HeaderKind::VxlanRouted), inner),
        )
            .pack(),
    )
}

/// What the slow path learns of a punted packet. Combinational.
fn shim(meta: Meta) -> PuntShim {
    let tunnelled = meta.decap.tunnelled;
    PuntShim {
        reason: meta.verdict.reason.ext(),
        tunnel: only(tunnelled, meta.parse.tunnel).ext(),
        outer_v6: tunnelled & meta.parse.v6,
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
        fat_set: meta.receiver.fat_set.ext(),
        ..zero()
    }
}
