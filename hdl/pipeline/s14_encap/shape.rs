//! Which headers, and how much of the packet stays.

use crate::hardware::Meta;
use crate::pipeline::s13_rewrite::{
    ETHERNET, GRE_OVERHEAD, IPV4_HEADER, IPV6_HEADER, UDP_OVERHEAD, VXLAN_OVERHEAD,
};
use crate::pipeline::s1_parse::{GRE, UDP};
use underpass_layout::meta::{HeaderKind, BEAT_BYTES};
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::VerdictKind;
use underpass_wires::{bundle, k, mux, one_of, only, wire, Bit, U};

bundle! {
    /// What the first clock finds out.
    pub struct Shape {
        /// Which headers, a [`HeaderKind`].
        kind: U<4>,
        /// Their bytes.
        add: U<8>,
        /// Bytes taken off the front.
        strip: U<8>,
        /// What the tunnel adds to the packet behind the outer IP header.
        overhead: U<8>,
        /// The outer protocol.
        protocol: U<8>,
        /// The inner packet's identification is taken.
        inner_id: Bit,
        /// The counter's is.
        counts_id: Bit,
    }
}

/// Headers that can be put in front: what they start with, and of a tunnel what is behind the outer IP header, bytes.
type Front = (HeaderKind, u32, Option<u32>);

/// All of them.
const HEADERS: [Front; 6] = [
    (HeaderKind::Shim, BEAT_BYTES as u32, None),
    (HeaderKind::Ethernet, ETHERNET, None),
    (HeaderKind::MplsGre, ETHERNET, Some(GRE_OVERHEAD)),
    (HeaderKind::MplsUdp, ETHERNET, Some(UDP_OVERHEAD)),
    (HeaderKind::Vxlan, ETHERNET, Some(VXLAN_OVERHEAD)),
    (
        HeaderKind::VxlanRouted,
        ETHERNET,
        Some(VXLAN_OVERHEAD + ETHERNET),
    ),
];

/// Finds it out. Combinational.
pub(super) fn shape(meta: Meta, by_nexthop: Bit) -> Shape {
    let (nexthop, l3) = (meta.nexthop, meta.bridge.l3);
    wire!(tunnel = by_nexthop & nexthop.kind.eq(NexthopKind::Tunnel.code()));
    let wraps = |kind: TunnelKind| tunnel & nexthop.tunnel.eq(kind.code());
    wire!(gre = wraps(TunnelKind::MplsGre));
    let vxlan = wraps(TunnelKind::Vxlan);
    let routed = l3 & nexthop.l3_vxlan;
    let chosen = |kind: HeaderKind| match kind {
        HeaderKind::Bare
        | HeaderKind::Nvgre
        | HeaderKind::ControlGre
        | HeaderKind::ControlUdp
        | HeaderKind::TreeGre
        | HeaderKind::TreeUdp => k(0),
        HeaderKind::Ethernet => by_nexthop & !tunnel & l3,
        HeaderKind::MplsGre => gre,
        HeaderKind::MplsUdp => wraps(TunnelKind::MplsUdp),
        HeaderKind::Vxlan => vxlan & !routed,
        HeaderKind::VxlanRouted => vxlan & routed,
        HeaderKind::Shim => meta.verdict.is(VerdictKind::Punt),
    };
    let of = |value: &dyn Fn(&Front) -> U<8>| -> U<8> {
        one_of(&HEADERS.map(|header| (chosen(header.0), value(&header))))
    };
    let bytes = |&(_, front, tunnel): &Front| match tunnel {
        None => k(front),
        Some(behind) => mux(
            nexthop.tunnel_v6,
            k(front + IPV6_HEADER + behind),
            k(front + IPV4_HEADER + behind),
        ),
    };
    let start = only(by_nexthop, mux(l3, meta.inner.l3_offset, meta.decap.offset));
    Shape {
        kind: of(&|(kind, _, _)| k(kind.code())).trunc(),
        add: of(&bytes),
        strip: start + meta.arrival.shim_bytes(),
        overhead: of(&|(_, _, tunnel)| k(tunnel.unwrap_or(0))),
        protocol: mux(gre, k(GRE), k(UDP)),
        inner_id: gre & meta.inner.ipv4,
        counts_id: tunnel & !nexthop.tunnel_v6 & !(gre & meta.inner.ipv4),
    }
}
