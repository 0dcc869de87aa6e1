//! s8_key: what the packet's flow is looked up by. Reads `receiver`, `quoted`, `inner`, `bridge.flow_first`, tables `fat_rule`
//! and `fat_exclude`. Writes `key`.
//!
//! ```text
//!   clock 0                 1                2              3               4               5
//!   set ─▶ [ fat_rule 16 ways 2, fat_exclude 8 ways 2 ] ─▶ [ compare ] ─▶ [ matched? ] ─▶ [ lowest ] ─▶ [ leave out ] ─▶ key
//!   inner, quoted ─▶ [ whose ] ─▶ [ guest, other ] ──────────┘ ─────────────────────────────────────────────┘
//! ```
//! The plain key is the packet's own, or for an ICMP error that of the packet that it answers: the quoted one, turned round.
//! A fat flow leaves parts of it out (`rule`), so that many connections share an entry; all else in the packet stays as it
//! is, and what is left out is zero in the key. Rules are written from the guest's side, so the addresses are turned to it
//! first: the guest is the source of a packet whose flow comes first, and the destination of one that goes to it.

mod rule;

use super::s1_parse::{ICMP, ICMP6, SCTP, TCP, UDP};
use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{FatExcludeEntry, FatRuleEntry, Key, Meta};
use crate::lookup::set::{self, set};
use crate::lookup::Place;
use crate::stream::bytes::ones;
use rule::{Effect, Packet};
use underpass_layout::profile::Profile;
use underpass_layout::tables::id;
use underpass_wires::{any_of, cat, k, leaf, mux, only, wire, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = set::LATENCY + rule::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub KeyStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { key(sizes.0, slot, host) }
);

/// The stage.
pub fn key(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Receiver);
    let fat_set = slot.meta.receiver.fat_set;
    let (rules, chain) = set::<FatRuleEntry, _>(&Place::of(profile, id::FAT_RULE), fat_set, bus);
    let (excludes, chain) =
        set::<FatExcludeEntry, _>(&Place::of(profile, id::FAT_EXCLUDE), fat_set, chain);

    let plain = plain(slot.meta).reg("plain");
    let side = slot.later("whose", 1).meta;
    let packet = seen_from_guest(side, plain).reg("packet");
    let effect = rule::effect(packet, &rules, &excludes);

    let mut out = slot.later("slot", LATENCY - 1);
    let packet = packet.delay("packet_kept", rule::LATENCY);
    let plain = plain.delay("plain_kept", LATENCY - 2);
    out.meta.key = fat(plain, packet, effect, out.meta.bridge.flow_first);
    let out = out.later("out", 1);
    (out, chain.leave(out))
}

/// The key without fat flows, zero where no flow is wanted. Combinational.
fn plain(meta: Meta) -> Key {
    let (inner, quoted) = (meta.inner, meta.quoted);
    wire!(answers = quoted.error & !quoted.unreadable & !quoted.nested);
    // ICMP has no ports that could change places.
    wire!(icmp = quoted.protocol.eq(ICMP) | quoted.protocol.eq(ICMP6));
    let turned = Key {
        protocol: quoted.protocol,
        src: quoted.dst,
        dst: quoted.src,
        src_port: mux(icmp, quoted.src_port, quoted.dst_port),
        dst_port: mux(icmp, quoted.dst_port, quoted.src_port),
    };
    let own = Key {
        protocol: inner.protocol,
        src: inner.src,
        dst: inner.dst,
        src_port: inner.src_port,
        dst_port: inner.dst_port,
    };
    only(meta.receiver.wanted, mux(answers, turned, own))
}

/// The key as rules see it: addresses by side, their most significant bit uppermost. Combinational.
fn seen_from_guest(meta: Meta, plain: Key) -> Packet {
    let v6 = meta.inner.ipv6;
    let is = |protocol: u32| plain.protocol.eq(protocol);
    let upper = |address: U<128>| mux(v6, address, cat!(address.slice::<32>(0), k::<96>(0)));
    let (src, dst) = (upper(plain.src), upper(plain.dst));
    let first = meta.bridge.flow_first;
    Packet {
        v6,
        protocol: mux(v6 & is(ICMP6), k(ICMP), plain.protocol),
        has_ports: any_of(&[is(TCP), is(UDP), is(SCTP)]),
        src_port: plain.src_port,
        dst_port: plain.dst_port,
        guest: mux(first, src, dst),
        other: mux(first, dst, src),
    }
}

/// The key without what a rule leaves out. Combinational.
fn fat(plain: Key, packet: Packet, effect: Effect, flow_first: Bit) -> Key {
    let guest = packet.guest & ones::<128>().shl_by(effect.guest_less);
    let other = packet.other & ones::<128>().shl_by(effect.other_less);
    let lower = |address: U<128>| mux(packet.v6, address, address.shr(96));
    Key {
        protocol: plain.protocol,
        src: lower(mux(flow_first, guest, other)),
        dst: lower(mux(flow_first, other, guest)),
        src_port: only(!effect.no_src_port, plain.src_port),
        dst_port: only(!effect.no_dst_port, plain.dst_port),
    }
}

#[cfg(test)]
mod tests;
