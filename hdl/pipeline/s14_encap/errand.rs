//! For what a packet goes round, and as what it comes back.
//!
//! ```text
//!              its mirrors, or its MAC is new: as it came ─────────────▶ copies, then the same packet again
//!   packet ─┬▶ its flow's mirrors, out of a tunnel ────────────────────▶ copies, then what was in the tunnel
//!  the first│  to a list ──────────────────────────────────────────────▶ a copy for each member
//!  that     │  to another VRF, as it is rewritten ─────────────────────▶ itself
//!           │  to answer an ARP request from a tunnel ─────────────────▶ the answer, a frame of its VRF
//!  holds    └▶ its interface's mirror, with headers: as it would leave ─▶ a copy, then to leave
//! ```
//! The first two come before every verdict: a packet that is dropped is mirrored too. What was done is noted in its
//! [`Round`], so that it is done once.

use super::Way;
use crate::hardware::{Errand, Known, Meta, Round};
use underpass_layout::meta::{RoundKind, ROUND_LIMIT, TREE_BYTES};
use underpass_layout::tables::NexthopKind;
use underpass_layout::VerdictKind;
use underpass_wires::{any_of, bundle, first, k, mux, one_of, only, wire, zero, Bit, U};

bundle! {
    /// What would be done with a packet if there is room and nothing limits it.
    pub(super) struct Wishes {
        /// It comes with headers and all.
        whole: Bit,
        /// It came through a tunnel.
        tunnelled: Bit,
        /// The mirror of its receiving interface; 0: none.
        received: U<10>,
        /// Those of its flow.
        flow: [U<10>; 2],
        /// Its source MAC is new, or its sender says where it is.
        learn: Bit,
        /// A list takes it.
        list: Bit,
        /// It goes on in another VRF.
        translate: Bit,
        /// Its answer goes back to a tunnel.
        answer: Bit,
        /// That would be one round too many.
        loops: Bit,
        /// The mirror of what its outgoing interface is sent.
        sent: U<10>,
    }

    /// What it goes round for.
    pub(super) struct Plan {
        /// To come back as it came.
        again: Bit,
        /// To come back out of its tunnel.
        tenant: Bit,
        /// For a list's members.
        list: Bit,
        /// For another VRF.
        translate: Bit,
        /// As the answer to itself.
        answer: Bit,
        /// As that it would go round once too often.
        pub loops: Bit,
        /// To leave, once it is mirrored.
        sent: Bit,
        /// Without going round it cannot go on.
        must: Bit,
        /// Mirrors, the first ones used first.
        mirrors: [U<10>; 3],
        /// Among them are its flow's.
        flowed: Bit,
        /// The slow path sees it.
        learn: Bit,
    }
}

impl Wishes {
    /// Of this packet. Combinational.
    pub fn of(meta: Meta, way: Way) -> Wishes {
        let by_nexthop = way.by_nexthop;
        let (arrival, onward) = (meta.arrival, meta.flow.onward);
        let round = arrival.round;
        let comes = |kinds: &[RoundKind]| arrival.comes_as(kinds);
        let vif = meta.classify.entry;
        wire!(loud = !round.quiet);
        wire!(whole = comes(&[RoundKind::First, RoundKind::Again]));
        wire!(comes_in = loud & (whole | comes(&[RoundKind::Tenant])));
        wire!(received = loud & comes(&[RoundKind::First]) & !arrival.injected & vif.valid);
        wire!(flows = comes_in & meta.flow.goes_onward & !round.flowed);
        wire!(sends = by_nexthop & loud);
        // The slow path sees a punted one anyway.
        wire!(shown = meta.answer.shown & !meta.verdict.is(VerdictKind::Punt));
        wire!(back = way.answers & meta.decap.tunnelled);
        wire!(loops = back & round.hops.ge(ROUND_LIMIT));
        Wishes {
            whole,
            tunnelled: meta.decap.tunnelled,
            received: only(received, vif.mirror),
            flow: [onward.mirror, onward.second_mirror].map(|mirror| only(flows, mirror)),
            learn: comes_in & (meta.bridge.learn | shown),
            list: by_nexthop & meta.member.list,
            translate: by_nexthop & meta.nexthop.kind.eq(NexthopKind::Translate.code()),
            answer: back & !loops,
            loops,
            sent: only(sends, meta.nexthop.mirror),
        }
    }

    /// Which of them comes first, where learning has to `rest` or not. Combinational.
    pub fn plan(self, rest: Bit) -> Plan {
        wire!(learn = self.learn & !rest);
        wire!(received = self.received.any());
        // Out of a tunnel, a flow's mirrors get what was in it, the interface's all of it.
        wire!(of_tunnel = self.tunnelled & (received | learn));
        let [one, other] = self.flow.map(|mirror| only(!of_tunnel, mirror));
        wire!(has_one = one.any());
        wire!(flowed = has_one | other.any());
        wire!(before = received | learn | flowed);
        wire!(again = before & self.whole & (!self.tunnelled | of_tunnel));
        wire!(after = !before & !self.list & !self.translate);
        let of_flow = mux(has_one, (one, other), (other, zero()));
        let closed_up = mux(
            received,
            [self.received, of_flow.0, of_flow.1],
            [of_flow.0, of_flow.1, zero()],
        );
        Plan {
            again,
            tenant: before & !again,
            list: !before & self.list,
            translate: !before & self.translate & !self.list,
            sent: after & self.sent.any(),
            answer: !before & self.answer,
            loops: self.loops,
            must: any_of(&[self.list, self.translate, self.answer]),
            mirrors: mux(before, closed_up, [only(after, self.sent), zero(), zero()]),
            flowed,
            learn,
        }
    }
}

impl Plan {
    /// It goes round if there is room. Combinational.
    pub fn any(self) -> Bit {
        any_of(&[
            self.again,
            self.tenant,
            self.list,
            self.translate,
            self.answer,
            self.sent,
        ])
    }

    /// It goes without the headers that it would leave with. Combinational.
    pub fn bare(self) -> Bit {
        any_of(&[self.again, self.tenant, self.list, self.translate])
    }

    /// It goes without the headers of its tunnel. Combinational.
    pub fn inside(self) -> Bit {
        self.tenant | self.list
    }

    /// The errand. Combinational.
    pub fn errand(self, meta: Meta) -> Errand {
        let [mirror, second, third] = self.mirrors;
        Errand {
            on: k(1),
            mirror,
            second,
            third,
            learn: self.learn,
            members: only(self.list, meta.member.count),
            entropy: meta.rewrite.entropy,
            round: self.round(meta),
        }
    }

    /// What is known of it when it comes back. Combinational.
    fn round(self, meta: Meta) -> Round {
        let (before, decap, nexthop) = (meta.arrival.round, meta.decap, meta.nexthop);
        wire!(inside = self.inside());
        wire!(out_of_tunnel = inside | self.translate);
        wire!(elsewhere = self.translate | self.answer);
        wire!(judged = any_of(&[self.list, elsewhere, self.sent]));
        wire!(as_before = self.again | self.tenant);
        let kind = |kind: RoundKind| k::<3>(kind.code());
        let (vif, port) = mux(
            self.sent,
            (nexthop.vif, nexthop.port),
            (meta.classify.vif, meta.arrival.receiving_port()),
        );
        let hops = mux(elsewhere, before.hops + 1, before.hops);
        Round {
            kind: one_of(&[
                (self.again, kind(RoundKind::Again)),
                (self.tenant | elsewhere, kind(RoundKind::Tenant)),
                (self.list, kind(RoundKind::Member)),
                (self.sent, kind(RoundKind::Transmit)),
            ]),
            hops: only(!self.sent, hops),
            vif,
            port,
            received: k(1),
            flowed: mux(self.again, before.flowed | self.flowed, k(1)),
            judged: judged | as_before & before.judged,
            quiet: (self.list | elsewhere) & before.quiet,
            tunnelled: out_of_tunnel & decap.tunnelled,
            frame: one_of(&[
                (self.tenant, decap.frame),
                (self.list | self.answer, k(1)),
                (self.translate, !meta.bridge.l3),
            ]),
            vrf: one_of(&[
                (inside | self.answer, decap.vrf),
                (self.translate, nexthop.vrf),
            ]),
            direct: self.list | self.tenant & decap.direct,
            nexthop: one_of(&[
                (self.tenant, decap.nexthop),
                (self.list, meta.route.nexthop),
            ]),
            label: one_of(&[(self.tenant, decap.label), (self.list, meta.route.label)]),
            flood_unknown: (self.tenant | self.translate) & decap.flood_unknown,
            tree: inside & decap.tree,
            tunnel: only(out_of_tunnel, meta.parse.tunnel),
            outer_v6: out_of_tunnel & meta.parse.v6,
            outer_src: only(out_of_tunnel, meta.parse.src),
            outer_label: only(out_of_tunnel, meta.parse.label),
            outer_ttl: only(out_of_tunnel, meta.parse.label_ttl),
            origin: only(self.list, meta.member.origin),
            position: only(self.list, meta.member.first),
            known: one_of(&[
                (as_before, before.known),
                (self.translate, ports_of(before.known)),
            ]),
        }
    }
}

/// What is still known in another VRF: the route was one of this. Combinational.
fn ports_of(known: Known) -> Known {
    Known {
        routed: zero(),
        nexthop: zero(),
        label: zero(),
        ..known
    }
}

/// Where what was in the tunnel starts, the headers of a tree with it. Combinational.
pub(super) fn inside(meta: Meta) -> U<8> {
    first(
        &[(meta.decap.tree, meta.decap.offset - TREE_BYTES)],
        meta.decap.offset,
    )
}
