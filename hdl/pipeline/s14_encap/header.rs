//! The bytes in front of the packet.
//!
//! ```text
//!   all that is known early ─▶ [ header with holes ] ─▶ [ identifications, checksums ] ─▶ header
//! ```

use super::answer;
use super::outer::{Lengths, Sums};
use super::shape::Shape;
use crate::hardware::{Meta, PuntShim};
use crate::pipeline::s13_rewrite::front::{ETHERNET, IPV4_HEADER, IPV6_HEADER};
use crate::pipeline::s1_parse::{GRE, GRE_MPLS, IPV4, IPV6, MPLS_PORT, UDP, VXLAN_PORT};
use underpass_layout::meta::{HeaderKind, HEADER_BYTES, TREE_BYTES};
use underpass_wires::{any_of, first, k, mux, one_of, only, packet, wire, zero, Bit, BundleExt, U};

/// Bits of a header.
pub const BITS: usize = 8 * HEADER_BYTES;
/// NVGRE: the protocol type of a frame (RFC 7637 section 3.2).
const GRE_FRAME: u32 = 0x6558;
/// GRE with a key (RFC 2890).
const GRE_KEY: u32 = 0x2000;
/// Where an IPv4 header has its identification, bytes.
const ID: usize = 4;
/// And its checksum.
const CHECKSUM: usize = 10;
/// Bytes in front of a tree's IPv4 header and behind the outer one: GRE 4 or UDP 8, then MPLS 4, zeros 4.
const TREE_IN_GRE: usize = 4 + 4 + 4;
const TREE_IN_UDP: usize = 8 + 4 + 4;

/// Bits behind the outer IP header, most of all of a tree; behind IPv6 none stands.
const BEHIND_IPV4: usize = 8 * (TREE_IN_UDP + TREE_BYTES);
const BEHIND_IPV6: usize = BITS - 8 * (ETHERNET + IPV6_HEADER) as usize;

/// The header with zeros for what [`filled`] puts in, the first byte lowest. Combinational.
pub(super) fn header(meta: Meta, shape: Shape, lengths: Lengths) -> U<BITS> {
    let nexthop = meta.nexthop;
    let outside = mux(nexthop.tunnel_v6, k(IPV6), k(IPV4));
    wire!(plain = shape.kind.eq(HeaderKind::Ethernet.code()));
    let ethernet: U<112> = packet!(
        nexthop.dst_mac,
        nexthop.src_mac,
        mux(plain, meta.inner.ethertype, outside)
    );
    let behind = behind_ip(meta, shape, lengths);
    let tunnel = mux(
        nexthop.tunnel_v6,
        (
            ethernet,
            ipv6(meta, shape, lengths),
            behind.trunc::<BEHIND_IPV6>(),
        )
            .pack_ext::<BITS>(),
        (ethernet, ipv4(meta, shape, lengths), behind).pack_ext::<BITS>(),
    );
    let is = |kind: HeaderKind| shape.kind.eq(kind.code());
    first(
        &[
            (is(HeaderKind::Bare), zero()),
            (plain, ethernet.ext()),
            (is(HeaderKind::Shim), shim(meta).pack_ext::<BITS>()),
            (is(HeaderKind::Arp), answer::header(meta).ext()),
        ],
        tunnel,
    )
}

/// The same with what is in the holes. Combinational.
pub(super) fn filled(header: U<BITS>, kind: U<4>, v6: Bit, sums: Sums) -> U<BITS> {
    let is = |one: HeaderKind| kind.eq(one.code());
    wire!(
        none = any_of(&[
            is(HeaderKind::Bare),
            is(HeaderKind::Ethernet),
            is(HeaderKind::Shim),
            is(HeaderKind::Arp)
        ])
    );
    const OUTER: usize = ETHERNET as usize;
    const BEHIND: usize = OUTER + IPV4_HEADER as usize;
    let holes = |start: usize, checksum: U<16>| -> U<BITS> {
        let id: U<BITS> = sums.id.swap_bytes().ext().shl(8 * (start + ID));
        let checksum: U<BITS> = checksum.swap_bytes().ext().shl(8 * (start + CHECKSUM));
        id | checksum
    };
    let tree = |start: usize| holes(BEHIND + start, sums.tree_checksum);
    header
        | only(!none & !v6, holes(OUTER, sums.checksum))
        | only(is(HeaderKind::TreeGre), tree(TREE_IN_GRE))
        | only(is(HeaderKind::TreeUdp), tree(TREE_IN_UDP))
}

/// RFC 791: version 4, 5 words; flags and offset 0; TTL 64.
fn ipv4(meta: Meta, shape: Shape, lengths: Lengths) -> U<160> {
    packet!(
        k::<8>(0x45),
        lengths.tos,
        lengths.total,
        k::<16>(0),
        k::<16>(0),
        k::<8>(64),
        protocol(shape),
        k::<16>(0),
        meta.nexthop.tunnel_src.trunc::<32>(),
        meta.nexthop.tunnel_dst.trunc::<32>()
    )
}

/// RFC 8200: version 6; the flow label by flow (RFC 6438); hop limit 64.
fn ipv6(meta: Meta, shape: Shape, lengths: Lengths) -> U<320> {
    packet!(
        k::<4>(6),
        lengths.tos,
        k::<4>(0),
        meta.rewrite.entropy,
        lengths.behind_ip,
        protocol(shape),
        k::<8>(64),
        meta.nexthop.tunnel_src,
        meta.nexthop.tunnel_dst
    )
}

fn protocol(shape: Shape) -> U<8> {
    mux(shape.gre, k(GRE), k(UDP))
}

/// GRE or UDP, and what it carries. A UDP checksum of 0 says that there is none, over IPv6 too (RFC 6935).
fn behind_ip(meta: Meta, shape: Shape, lengths: Lengths) -> U<BEHIND_IPV4> {
    let label = meta.route.label;
    let gre: U<32> = packet!(k::<16>(0), k::<16>(GRE_MPLS));
    let exp = only(meta.qos.valid, meta.qos.exp);
    // RFC 3032: label, EXP (RFC 5462), bottom of stack, TTL.
    let mpls: U<32> = packet!(label.trunc::<20>(), exp, k::<1>(1), meta.rewrite.ttl);
    let udp = |port: u32, length: U<16>| -> U<64> {
        packet!(meta.rewrite.entropy, k::<16>(port), length, k::<16>(0))
    };
    // RFC 7348 section 5: the I bit, the VNI, everything else zero.
    let vxlan = |vni: U<24>| -> U<64> { packet!(k::<32>(0x0800_0000), vni, k::<8>(0)) };
    let inner: U<112> = packet!(
        meta.nexthop.router_mac,
        meta.nexthop.src_mac,
        mux(meta.inner.ipv6, k::<16>(IPV6), k(IPV4))
    );
    // The virtual subnet, and eight bits by flow.
    let nvgre: U<64> = packet!(
        k::<16>(GRE_KEY),
        k::<16>(GRE_FRAME),
        label,
        meta.rewrite.entropy.trunc::<8>()
    );
    let tree = (
        tree_ipv4(meta, lengths),
        udp(VXLAN_PORT, lengths.tree_udp),
        // What led to the list, whatever the label of the leg.
        vxlan(meta.arrival.round.label),
    );
    let is = |kind: HeaderKind| shape.kind.eq(kind.code());
    let any = |kinds: [HeaderKind; 3]| any_of(&kinds.map(is));
    let none = k::<32>(0);
    one_of(&[
        (
            any([
                HeaderKind::MplsGre,
                HeaderKind::ControlGre,
                HeaderKind::TreeGre,
            ]),
            (gre, mpls, none, only(is(HeaderKind::TreeGre), tree)).pack_ext::<BEHIND_IPV4>(),
        ),
        (
            any([
                HeaderKind::MplsUdp,
                HeaderKind::ControlUdp,
                HeaderKind::TreeUdp,
            ]),
            (
                udp(MPLS_PORT, lengths.behind_ip),
                mpls,
                none,
                only(is(HeaderKind::TreeUdp), tree),
            )
                .pack_ext(),
        ),
        (
            is(HeaderKind::Vxlan) | is(HeaderKind::VxlanRouted),
            (
                udp(VXLAN_PORT, lengths.behind_ip),
                vxlan(label),
                only(is(HeaderKind::VxlanRouted), inner),
            )
                .pack_ext(),
        ),
        (is(HeaderKind::Nvgre), nvgre.ext()),
    ])
}

/// The IPv4 header of a tree's packet, between the same ends as the one outside.
fn tree_ipv4(meta: Meta, lengths: Lengths) -> U<160> {
    packet!(
        k::<8>(0x45),
        k::<8>(0),
        lengths.tree_total,
        k::<16>(0),
        k::<16>(0),
        k::<8>(64),
        k::<8>(UDP),
        k::<16>(0),
        meta.nexthop.tunnel_src.trunc::<32>(),
        meta.nexthop.tunnel_dst.trunc::<32>()
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
        port: meta.arrival.receiving_port().ext(),
        vrf: meta.decap.vrf.ext(),
        offset: meta.decap.offset,
        l3_offset: meta.inner.l3_offset,
        length: meta.arrival.length,
        flow_nexthop: meta.flow.nexthop.ext(),
        nexthop: meta.route.nexthop.ext(),
        label: only(tunnelled, meta.parse.label).ext(),
        outer_src: only(tunnelled, meta.parse.src),
        fat_set: meta.receiver.fat_set.ext(),
        round: meta.arrival.round.kind.ext(),
        ..zero()
    }
}
