//! The rules of fat flows: which one matches, and what it leaves out of the key.
//!
//! ```text
//!   clock 0: every rule against packet, prefixes to 4 bits each     1: matched, excluded     2: the lowest, its effect
//! ```
//! All rules of the set are compared at once. No rule counts for a packet with an excluded address.

use crate::hardware::{FatExcludeEntry, FatRuleEntry};
use crate::stream::bytes::ones;
use underpass_layout::tables::FatFamily;
use underpass_wires::{any_of, bundle, k, mux, one_of, wire, Bit, BundleExt, U};

/// Clocks from rules to effect.
pub(super) const LATENCY: usize = 3;

bundle! {
    /// What rules ask of a packet.
    pub(super) struct Packet {
        /// It is IPv6.
        v6: Bit,
        /// Its protocol, ICMPv6 counting as ICMP.
        protocol: U<8>,
        /// That has ports.
        has_ports: Bit,
        src_port: U<16>,
        dst_port: U<16>,
        /// The guest's address, its most significant bit uppermost.
        guest: U<128>,
        /// The other one.
        other: U<128>,
    }

    /// What leaves the key: zero where nothing does.
    pub(super) struct Effect {
        no_src_port: Bit,
        no_dst_port: Bit,
        /// Low bits of the guest's address, 128 for all.
        guest_less: U<8>,
        /// Low bits of the other address.
        other_less: U<8>,
    }

    /// A rule beside a packet.
    struct Compared {
        /// Family, protocol and port match.
        fits: Bit,
        /// Where the guest's address differs from the prefix.
        guest: Differs,
        other: Differs,
        effect: Effect,
    }

    /// An excluded prefix beside a packet.
    struct Excluded {
        fits: Bit,
        guest: Differs,
        other: Differs,
    }

    /// Whether an address differs from a prefix, in four parts.
    struct Differs {
        parts: [Bit; 4],
    }
}

/// What the rules of its set leave out of a packet's key.
pub(super) fn effect(
    packet: Packet,
    rules: &[FatRuleEntry],
    excludes: &[FatExcludeEntry],
) -> Effect {
    let rules: Vec<Compared> = rules
        .iter()
        .enumerate()
        .map(|(way, rule)| compare(packet, *rule).reg(&format!("rule{way}")))
        .collect();
    let excludes: Vec<Excluded> = excludes
        .iter()
        .enumerate()
        .map(|(way, exclude)| exclusion(packet, *exclude).reg(&format!("exclude{way}")))
        .collect();

    let matched: Vec<(Bit, Effect)> = rules
        .iter()
        .enumerate()
        .map(|(way, rule)| {
            let matches = rule.fits & !rule.guest.any() & !rule.other.any();
            (
                matches.reg(&format!("matched{way}")),
                rule.effect.reg(&format!("effect{way}")),
            )
        })
        .collect();
    let excluded: Vec<Bit> = excludes
        .iter()
        .map(|exclude| exclude.fits & !(exclude.guest.any() & exclude.other.any()))
        .collect();
    let excluded = any_of(&excluded).reg("excluded");

    let hits: Vec<Bit> = matched.iter().map(|(hit, _)| *hit).collect();
    let chosen: Vec<(Bit, Effect)> = matched
        .iter()
        .enumerate()
        .map(|(way, (hit, effect))| (*hit & !any_of(&hits[..way]) & !excluded, *effect))
        .collect();
    one_of(&chosen).reg("effect")
}

/// Combinational.
fn compare(packet: Packet, rule: FatRuleEntry) -> Compared {
    wire!(any_port = !rule.port.any());
    wire!(at_src = packet.has_ports & packet.src_port.eq(rule.port));
    wire!(at_dst = packet.has_ports & packet.dst_port.eq(rule.port));
    let less = |ignored: Bit, keep: U<8>| mux(ignored, k(128), bits_left_out(keep));
    Compared {
        fits: is_family(rule.family, packet.v6)
            & packet.protocol.eq(rule.protocol)
            & (any_port | at_src | at_dst),
        guest: Differs::of(packet.guest, rule.source_prefix, rule.source_length),
        other: Differs::of(
            packet.other,
            rule.destination_prefix,
            rule.destination_length,
        ),
        effect: Effect {
            no_src_port: any_port | at_dst,
            no_dst_port: any_port | !at_dst,
            guest_less: less(rule.ignore_source, rule.source_keep),
            other_less: less(rule.ignore_destination, rule.destination_keep),
        },
    }
}

/// Combinational.
fn exclusion(packet: Packet, exclude: FatExcludeEntry) -> Excluded {
    Excluded {
        fits: is_family(exclude.family, packet.v6),
        guest: Differs::of(packet.guest, exclude.prefix, exclude.length),
        other: Differs::of(packet.other, exclude.prefix, exclude.length),
    }
}

/// Combinational.
fn is_family(family: U<2>, v6: Bit) -> Bit {
    let own = mux(v6, k(FatFamily::V6.code()), k(FatFamily::V4.code()));
    family.eq(FatFamily::Any.code()) | family.eq(own)
}

/// How many of 128 bits are left out where the first `keep` stay. Combinational.
fn bits_left_out(keep: U<8>) -> U<8> {
    mux(keep.bit(7), k(0), k::<8>(128) - keep)
}

impl Differs {
    /// Combinational.
    fn of(address: U<128>, prefix: U<128>, length: U<8>) -> Differs {
        let within = !ones::<128>().shr_by(length);
        let differs = (address ^ prefix) & within;
        Differs {
            parts: std::array::from_fn(|part| differs.slice::<32>(32 * part).any()),
        }
    }

    /// Combinational.
    fn any(self) -> Bit {
        any_of(&self.parts)
    }
}
