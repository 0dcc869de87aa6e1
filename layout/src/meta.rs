//! What one stage tells the next: one record a stage, named after it, all within [`Meta`].
//!
//! ```text
//!  gather   s1_parse  s2_classify  s3_decap  s4_inner  s5_quoted    s6_bridge  s7_receiver
//!  arrival  parse     classify     decap     inner     quoted, syn  bridge     receiver, answer, route
//!
//!           s8_key    s9_flow   s10_route  s11_member  s12_nexthop   s13_rewrite  s14_encap
//!           key       flow      route      member      nexthop, qos  rewrite      edit
//! ```
//! A record holds the value its stage wrote from there to the end. `verdict` is the one field that every stage may
//! change, and only from `Continue`, with one exception that `s9_flow` explains. `route` has three writers: `s7_receiver`
//! for packets whose flow comes after the route, `s10_route` for those whose flow comes first or sends them elsewhere, and
//! `s11_member` where the nexthop is one of several.
//!
//! A packet that one pass cannot finish goes round: it leaves by port [`ROUND`](crate::port::ROUND) into a buffer with its
//! [`Errand`], and comes back once for each copy, each time with a [`Round`] that says what is known of it.

mod edit;
mod found;
mod inner;
mod outer;
mod round;

use crate::reason::VerdictBits;
use crate::record::record;
use crate::tables::{NexthopEntry, QosEntry};

pub use edit::{Edit, HeaderKind, Patch, Rewrite};
pub use found::{Answer, ArpStep, Bridge, Flow, Key, Member, Receiver, Route};
pub use inner::{ArpKind, Inner, Quoted, Syn};
pub use outer::{Arrival, Classify, Decap, Parse};
pub use round::{Errand, Known, Round, RoundKind};

/// Bytes at the start of a packet that the stages can see: outer Ethernet 14 + VLAN 4 + IPv4 60 + GRE 12 + MPLS 4,
/// then inner Ethernet 14 + VLAN 4 + IPv4 60 + TCP 20 = 192; with IPv6 in IPv6: 18 + 40 + GRE 12 + MPLS 4, then 18 + 40 +
/// extension headers 32 + 16 = 180.
pub const WINDOW_BYTES: usize = 192;
/// Longest header that can be put in front of a packet: Ethernet 14 + VLAN 4 + IPv6 40 + UDP 8 + VXLAN 8 + inner
/// Ethernet 14 = 88, in whole 32-byte units.
pub const HEADER_BYTES: usize = 96;
/// IPv6 extension headers that the card reads over to find the ports, one behind the other at most (hop-by-hop options 0,
/// routing 43, destination options 60; a fragment header 44 ends the search).
pub const EXTENSION_HEADERS: usize = 2;
/// Bytes that these may take together.
pub const EXTENSION_BYTES: usize = 32;
/// Bytes on the bus in one clock.
pub const BEAT_BYTES: usize = 64;
/// Rounds that change a packet's VRF or deliver a copy to an analyzer, at most; one more is a loop.
pub const ROUND_LIMIT: u8 = 4;
/// Headers within a copy along a multicast tree, in front of the frame: IPv4 20, UDP 8, VXLAN 8.
pub const TREE_BYTES: usize = 36;
/// Bytes of an ARP packet for IPv4 over Ethernet (RFC 826).
pub const ARP_BYTES: usize = 28;
/// Options of a TCP SYN that the card reads over to find its maximum segment size.
pub const SYN_OPTIONS: usize = 6;
/// What a tunnel over IPv4 is taken to add to a routed packet, bytes: the peer's constant, which MPLS over UDP with its 32
/// leaves room in. Over IPv6 it is 20 more.
pub const OVERLAY_BYTES: u16 = 40;
/// Likewise to a packet that goes with an Ethernet header.
pub const OVERLAY_FRAME_BYTES: u16 = 62;

record! {
    /// All that is known of a packet on its way through the stages.
    pub struct Meta (meta) {
        /// How it came.
        arrival: Arrival = record,
        /// Its outermost headers.
        parse: Parse = record,
        /// Whose it is.
        classify: Classify = record,
        /// Out of which tunnel.
        decap: Decap = record,
        /// Its own headers.
        inner: Inner = record,
        /// The packet that it quotes.
        quoted: Quoted = record,
        /// What it announces.
        syn: Syn = record,
        /// Bridged or routed.
        bridge: Bridge = record,
        /// Whose flow.
        receiver: Receiver = record,
        /// The ARP answer.
        answer: Answer = record,
        /// Its key.
        key: Key = record,
        /// That flow.
        flow: Flow = record,
        /// To which nexthop.
        route: Route = record,
        /// Which one of several.
        member: Member = record,
        /// That nexthop.
        nexthop: NexthopEntry = record,
        /// Its forwarding class.
        qos: QosEntry = record,
        /// What changes.
        rewrite: Rewrite = record,
        /// The decision.
        verdict: VerdictBits = record,
    }
}

const _: () =
    assert!(HEADER_BYTES == 96 && <Edit as crate::bits::Record>::WIDTH > 8 * HEADER_BYTES);

/// The stages, in order, each with the field of [`Meta`] that it writes.
pub const STAGES: &[(&str, &str)] = &[
    ("gather", "arrival"),
    ("s1_parse", "parse"),
    ("s2_classify", "classify"),
    ("s3_decap", "decap"),
    ("s4_inner", "inner"),
    ("s5_quoted", "quoted"),
    ("s6_bridge", "bridge"),
    ("s7_receiver", "receiver"),
    ("s8_key", "key"),
    ("s9_flow", "flow"),
    ("s10_route", "route"),
    ("s11_member", "member"),
    ("s12_nexthop", "nexthop"),
    ("s13_rewrite", "rewrite"),
    ("s14_encap", "edit"),
];
