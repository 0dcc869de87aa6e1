//! ARP of those who may ask the router: what of it can be answered, and what goes by its destination MAC as any frame does.
//!
//! ```text
//!   malformed, or told by a guest whose ARP is proxied ─▶ refused
//!   a request: tagged, or told out of a tunnel ─────────▶ by its MAC
//!   a request, a guest's answer to all: told ───────────▶ by its MAC, Announce: is the slow path shown it?
//!   a request: asked ───────────────────────────────────▶ Query: who answers it? by its MAC if nobody does
//!   an answer to somebody ──────────────────────────────▶ by its MAC, which may be the router's
//! ```
//! Gratuitous ARP is about its sender's own address (RFC 5227 sections 1.1 and 3): it tells.

use crate::hardware::Meta;
use underpass_layout::meta::{ArpKind, ArpStep};
use underpass_layout::tables::{VifArp, VifKind};
use underpass_wires::{bundle, k, one_of, wire, Bit, U};

bundle! {
    /// What ARP is to the router, all zero where it is none or may not ask.
    pub(super) struct Arp {
        /// It ends here.
        refused: Bit,
        /// It goes by its MAC, whatever a label says.
        heard: Bit,
        /// `s7_receiver` looks for an answer.
        query: Bit,
        /// `s7_receiver` looks whether the slow path is shown it.
        announce: Bit,
        /// It is for the router where its MAC is the router's.
        other: Bit,
    }
}

impl Arp {
    /// Of this packet, which may ask or not and is for many or not. Combinational.
    pub(super) fn of(meta: Meta, asks: Bit, group: Bit) -> Arp {
        let (decap, inner, vif) = (meta.decap, meta.inner, meta.classify.entry);
        let is = |kind: ArpKind| asks & inner.arp.eq(kind.code());
        wire!(guests = vif.kind.eq(VifKind::Vm.code()) & !decap.tunnelled);
        wire!(tells = inner.src.eq(inner.dst));
        wire!(request = is(ArpKind::Request));
        wire!(other = is(ArpKind::Other));
        wire!(tells_all = other & !inner.tagged & guests & tells & group);
        wire!(proxied = guests & vif.arp.eq(VifArp::Proxy.code()));
        wire!(told = request & !inner.tagged & tells);
        Arp {
            refused: is(ArpKind::Malformed) | told & proxied,
            heard: request | tells_all,
            query: request & !inner.tagged & !tells,
            announce: told & !decap.tunnelled & !proxied | tells_all,
            other: other & !tells_all,
        }
    }

    /// What `s7_receiver` does. Combinational.
    pub(super) fn step(self) -> U<2> {
        one_of(&[
            (self.query, k(ArpStep::Query.code())),
            (self.announce, k(ArpStep::Announce.code())),
        ])
    }
}
