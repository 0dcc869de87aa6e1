//! Which headers, and how much of the packet stays.

use super::errand::{self, Plan};
use super::room::Outcome;
use super::{answer, Way};
use crate::hardware::Meta;
use crate::pipeline::s13_rewrite::front::{self, Front, ETHERNET, IPV4_HEADER, IPV6_HEADER};
use underpass_layout::meta::{HeaderKind, BEAT_BYTES};
use underpass_layout::tables::NexthopKind;
use underpass_layout::VerdictKind;
use underpass_wires::{bundle, first, k, mux, one_of, only, wire, zero, Bit, U};

bundle! {
    /// What the first clock finds out.
    pub struct Shape {
        /// Which headers, a [`HeaderKind`].
        pub kind: U<4>,
        /// Their bytes.
        pub add: U<8>,
        /// Bytes taken off the front.
        pub strip: U<8>,
        /// What the tunnel adds to the packet behind the outer IP header.
        pub behind_ip: U<6>,
        /// The outer protocol is GRE; else UDP.
        pub gre: Bit,
        /// The inner packet's identification is taken.
        pub inner_id: Bit,
        /// The counter's is.
        pub counts_id: Bit,
    }
}

/// Finds it out. Combinational.
pub(super) fn shape(meta: Meta, way: Way) -> Shape {
    let (nexthop, l3) = (meta.nexthop, meta.bridge.l3);
    wire!(tunnel = way.by_nexthop & nexthop.kind.eq(NexthopKind::Tunnel.code()));
    wire!(ethernet = way.by_nexthop & !tunnel & l3);
    wire!(shim = meta.verdict.is(VerdictKind::Punt));
    let front = only(tunnel, Front::of(meta));
    let outside = mux(
        nexthop.tunnel_v6,
        k::<8>(ETHERNET + IPV6_HEADER),
        k(ETHERNET + IPV4_HEADER),
    );
    // Behind a tree's own header the packet is that one's: its identification is the counter's.
    wire!(adds_tree = front.kind.eq(HeaderKind::TreeGre.code()));
    wire!(inner_id = front.gre & meta.inner.ipv4 & !adds_tree);
    Shape {
        kind: front.kind
            | one_of(&[
                (ethernet, k(HeaderKind::Ethernet.code())),
                (shim, k(HeaderKind::Shim.code())),
                (way.answers, k(HeaderKind::Arp.code())),
            ]),
        add: first(
            &[
                (tunnel, outside + front.behind_ip.ext()),
                (ethernet, k(ETHERNET)),
                (shim, k(BEAT_BYTES)),
                (way.answers, k(answer::BYTES)),
            ],
            zero(),
        ),
        strip: one_of(&[
            (way.by_nexthop, front::start(meta)),
            (way.answers, answer::start(meta)),
        ]) + meta.arrival.shim_bytes(),
        behind_ip: front.behind_ip,
        gre: front.gre,
        inner_id,
        counts_id: tunnel & !nexthop.tunnel_v6 & !inner_id,
    }
}

/// The headers and what is taken off the front, now that it is known whether the packet goes round. Combinational.
pub(super) fn last(meta: Meta, shape: Shape, plan: Plan, outcome: Outcome) -> Shape {
    let off = first(
        &[(plan.again, zero()), (plan.inside(), errand::inside(meta))],
        front::start(meta),
    );
    let bare = Shape {
        strip: off + meta.arrival.shim_bytes(),
        ..zero()
    };
    mux(outcome.bare, bare, shape)
}
