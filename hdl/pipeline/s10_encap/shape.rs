//! Which headers, and how much of the packet stays.

use crate::hardware::Meta;
use crate::pipeline::s1_parse::{GRE, UDP};
use crate::pipeline::s9_rewrite::{ETHERNET, GRE_OVERHEAD, UDP_OVERHEAD, VXLAN_OVERHEAD};
use underpass_layout::meta::{HeaderKind, BEAT_BYTES};
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::VerdictKind;
use underpass_wires::{bundle, k, mux, one_of, only, wire, Bit, U};

bundle! {
    /// What the first clock finds out.
    pub struct Shape {
        /// Which headers, a [`HeaderKind`].
        kind: U<3>,
        /// Their bytes.
        add: U<8>,
        /// Bytes taken off the front.
        strip: U<8>,
        /// What the tunnel adds to the length of an IPv4 packet.
        overhead: U<8>,
        /// The outer IPv4 protocol.
        protocol: U<8>,
        /// The inner packet's identification is taken.
        inner_id: Bit,
        /// The counter's is.
        counts_id: Bit,
    }
}

/// The headers that can be put in front, with what they add to an IPv4 packet and to the frame.
const HEADERS: [(HeaderKind, u32, u32); 6] = [
    (HeaderKind::Shim, 0, BEAT_BYTES as u32),
    (HeaderKind::MplsGre, GRE_OVERHEAD, ETHERNET + GRE_OVERHEAD),
    (HeaderKind::MplsUdp, UDP_OVERHEAD, ETHERNET + UDP_OVERHEAD),
    (HeaderKind::Vxlan, VXLAN_OVERHEAD, ETHERNET + VXLAN_OVERHEAD),
    (
        HeaderKind::VxlanRouted,
        VXLAN_OVERHEAD + ETHERNET,
        ETHERNET + VXLAN_OVERHEAD + ETHERNET,
    ),
    (HeaderKind::Ethernet, 0, ETHERNET),
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
        HeaderKind::Bare => k(0),
        HeaderKind::Ethernet => by_nexthop & !tunnel & l3,
        HeaderKind::MplsGre => gre,
        HeaderKind::MplsUdp => wraps(TunnelKind::MplsUdp),
        HeaderKind::Vxlan => vxlan & !routed,
        HeaderKind::VxlanRouted => vxlan & routed,
        HeaderKind::Shim => meta.verdict.is(VerdictKind::Punt),
    };
    let of = |value: fn(&(HeaderKind, u32, u32)) -> u32| -> U<8> {
        one_of(&HEADERS.map(|header| (chosen(header.0), k(value(&header)))))
    };
    let start = only(by_nexthop, mux(l3, meta.inner.l3_offset, meta.decap.offset));
    Shape {
        kind: of(|(kind, _, _)| kind.code()).trunc(),
        add: of(|(_, _, add)| *add),
        strip: start + meta.arrival.shim_bytes(),
        overhead: of(|(_, overhead, _)| *overhead),
        protocol: mux(gre, k(GRE), k(UDP)),
        inner_id: gre & meta.inner.ipv4,
        counts_id: tunnel & !(gre & meta.inner.ipv4),
    }
}
