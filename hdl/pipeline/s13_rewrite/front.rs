//! Which headers a tunnel puts in front, and how long they are.
//!
//! ```text
//!                   outer Ethernet and IP |                        | frame or packet
//!   MplsGre                               | GRE 4, MPLS 4          |
//!   ControlGre                            | GRE 4, MPLS 4, zeros 4 |
//!   TreeGre                               | GRE 4, MPLS 4, zeros 4 | IPv4 20, UDP 8, VXLAN 8
//!   MplsUdp, ControlUdp, TreeUdp          | UDP 8, MPLS 4, then as above
//!   Vxlan, VxlanRouted                    | UDP 8, VXLAN 8         | nothing, Ethernet 14
//!   Nvgre                                 | GRE 8                  |
//! ```
//! The zeros are the control word of RFC 4448 section 4.6. A copy that came along a tree keeps the headers of it and gets
//! a control word alone.

use crate::hardware::Meta;
use underpass_layout::meta::{HeaderKind, TREE_BYTES};
use underpass_layout::tables::{Leg, NexthopKind, TunnelKind};
use underpass_wires::{bundle, first, k, one_of, wire, Bit, U};

/// Bytes of the outer IP header, by family.
pub const IPV4_HEADER: u32 = 20;
/// IPv6.
pub const IPV6_HEADER: u32 = 40;
/// An Ethernet header, outside or inside.
pub const ETHERNET: u32 = 14;
/// UDP.
pub const UDP_HEADER: u32 = 8;
/// VXLAN.
pub const VXLAN_HEADER: u32 = 8;
/// GRE without options (RFC 2784).
const GRE_HEADER: u32 = 4;
/// GRE with a key (RFC 7637 section 3.2).
const NVGRE_HEADER: u32 = 8;
/// MPLS.
const MPLS_HEADER: u32 = 4;
/// The control word.
const CONTROL_WORD: u32 = 4;
/// The headers of a tree.
const TREE: u32 = TREE_BYTES as u32;

/// Bytes behind the outer IP header, of every kind of tunnel.
const BEHIND_IP: [(HeaderKind, u32); 9] = {
    let gre = GRE_HEADER + MPLS_HEADER;
    let udp = UDP_HEADER + MPLS_HEADER;
    let vxlan = UDP_HEADER + VXLAN_HEADER;
    [
        (HeaderKind::MplsGre, gre),
        (HeaderKind::MplsUdp, udp),
        (HeaderKind::Vxlan, vxlan),
        (HeaderKind::VxlanRouted, vxlan + ETHERNET),
        (HeaderKind::Nvgre, NVGRE_HEADER),
        (HeaderKind::ControlGre, gre + CONTROL_WORD),
        (HeaderKind::ControlUdp, udp + CONTROL_WORD),
        (HeaderKind::TreeGre, gre + CONTROL_WORD + TREE),
        (HeaderKind::TreeUdp, udp + CONTROL_WORD + TREE),
    ]
};

bundle! {
    /// What a tunnel puts in front. All zero where it is none that a packet can take.
    pub struct Front {
        /// Which headers, a [`HeaderKind`].
        pub kind: U<4>,
        /// Their bytes behind the outer IP header.
        pub behind_ip: U<6>,
        /// The outer protocol is GRE; else UDP.
        pub gre: Bit,
    }
}

impl Front {
    /// Of a packet whose nexthop is a tunnel. Combinational.
    pub fn of(meta: Meta) -> Front {
        let nexthop = meta.nexthop;
        let wraps = |kind: TunnelKind| nexthop.tunnel.eq(kind.code());
        wire!(tree = goes_along_tree(meta));
        wire!(adds_tree = tree & !meta.decap.tree);
        wire!(control = !adds_tree & (meta.bridge.control | tree));
        let plain = !adds_tree & !control;
        let routed = meta.bridge.l3 & nexthop.l3_vxlan;
        let chosen = |kind: HeaderKind| match kind {
            HeaderKind::MplsGre => wraps(TunnelKind::MplsGre) & plain,
            HeaderKind::MplsUdp => wraps(TunnelKind::MplsUdp) & plain,
            HeaderKind::Vxlan => wraps(TunnelKind::Vxlan) & !routed,
            HeaderKind::VxlanRouted => wraps(TunnelKind::Vxlan) & routed,
            HeaderKind::Nvgre => wraps(TunnelKind::Nvgre),
            HeaderKind::ControlGre => wraps(TunnelKind::MplsGre) & control,
            HeaderKind::ControlUdp => wraps(TunnelKind::MplsUdp) & control,
            HeaderKind::TreeGre => wraps(TunnelKind::MplsGre) & adds_tree,
            HeaderKind::TreeUdp => wraps(TunnelKind::MplsUdp) & adds_tree,
            HeaderKind::Bare | HeaderKind::Ethernet | HeaderKind::Shim | HeaderKind::Arp => k(0),
        };
        Front {
            kind: one_of(&BEHIND_IP.map(|(kind, _)| (chosen(kind), k(kind.code())))),
            behind_ip: one_of(&BEHIND_IP.map(|(kind, bytes)| (chosen(kind), k(bytes)))),
            gre: wraps(TunnelKind::MplsGre) | wraps(TunnelKind::Nvgre),
        }
    }
}

/// It is the copy for a leg of a multicast tree, which is a tunnel. Combinational.
pub fn goes_along_tree(meta: Meta) -> Bit {
    meta.member.leg.eq(Leg::Tree.code()) & meta.nexthop.kind.eq(NexthopKind::Tunnel.code())
}

/// The headers stay that a frame brings from one multicast tree into another, and its label's time to live goes down.
/// Combinational.
pub fn keeps_tree(meta: Meta) -> Bit {
    goes_along_tree(meta) & meta.decap.tree
}

/// Where what leaves of the packet starts, if nothing new is in front: the headers of a tree stay on a tree. Combinational.
pub fn start(meta: Meta) -> U<8> {
    let kept = meta.decap.offset - TREE;
    first(
        &[
            (meta.bridge.l3, meta.inner.l3_offset),
            (keeps_tree(meta), kept),
        ],
        meta.decap.offset,
    )
}
