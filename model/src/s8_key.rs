//! s8_key: what the flow is looked up by.  Reads: `receiver`, `inner`, `quoted`, `bridge`.  Writes: `key`.
//!
//! ```text
//!   inner, or the answer to quoted ─▶ [fat_exclude] ── either address is in ──────────────────────▶ key
//!                                          └─▶ [fat_rule] ─┬─ none matches ───────────────────────▶ key
//!                                                          └─ the first: ports, addresses left out ▶ key
//! ```
//! [`key`] is all of it but the tables, so that the slow path derives the same key from the same rules.

use crate::headers::{icmp, ipv4};
use crate::tables::Tables;
use underpass_layout::meta::{Inner, Key, Meta, Quoted};
use underpass_layout::tables::{FatExcludeEntry, FatFamily, FatRuleEntry};

/// Derives the key where a flow is wanted.
pub fn derive(tables: &Tables, meta: &mut Meta) {
    if !meta.receiver.wanted {
        return;
    }
    let set = meta.receiver.fat_set;
    let guest = match meta.bridge.flow_first {
        true => Guest::Source,
        false => Guest::Destination,
    };
    let plain = plain(&meta.inner, &meta.quoted);
    let (rules, excludes) = (tables.fat_rules(set), tables.fat_excludes(set));
    meta.key = key(rules, excludes, meta.inner.ipv6, guest, plain);
}

/// Which end of a packet is the guest whose interface the rules are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// It sent the packet.
    Source,
    /// It receives the packet.
    Destination,
}

/// The key without fat flows: that of the packet itself, or of an ICMP error that of the answer to the packet that it
/// quotes.
pub fn plain(inner: &Inner, quoted: &Quoted) -> Key {
    if !quoted.error || quoted.unreadable || quoted.nested {
        return Key {
            protocol: inner.protocol,
            src: inner.src,
            dst: inner.dst,
            src_port: inner.src_port,
            dst_port: inner.dst_port,
        };
    }
    // An echo's identifier is the source port of both directions.
    let (src_port, dst_port) = match ipv4::has_ports(quoted.protocol) {
        true => (quoted.dst_port, quoted.src_port),
        false => (quoted.src_port, quoted.dst_port),
    };
    Key {
        protocol: quoted.protocol,
        src: quoted.dst,
        dst: quoted.src,
        src_port,
        dst_port,
    }
}

/// The key that the rules of a set leave of a plain one. Rules and exclusions are in the order of their ways; unused
/// ones may be among them.
pub fn key(
    rules: &[FatRuleEntry],
    excludes: &[FatExcludeEntry],
    v6: bool,
    guest: Guest,
    plain: Key,
) -> Key {
    let packet = Packet::of(v6, guest, &plain);
    if excludes.iter().any(|exclude| packet.is_excluded(exclude)) {
        return plain;
    }
    let rule = rules.iter().find(|rule| packet.matches(rule));
    rule.map_or(plain, |rule| packet.reduced(rule, guest, plain))
}

/// A packet as rules see it: addresses by side, and from the most significant bit on.
struct Packet {
    v6: bool,
    protocol: u8,
    src_port: u16,
    dst_port: u16,
    /// The guest's address.
    own: u128,
    /// The other one.
    other: u128,
}

impl Packet {
    fn of(v6: bool, guest: Guest, plain: &Key) -> Self {
        let (own, other) = match guest {
            Guest::Source => (plain.src, plain.dst),
            Guest::Destination => (plain.dst, plain.src),
        };
        Packet {
            v6,
            protocol: match (v6, plain.protocol) {
                (true, icmp::V6) => icmp::V4,
                (_, protocol) => protocol,
            },
            src_port: plain.src_port,
            dst_port: plain.dst_port,
            own: aligned(v6, own),
            other: aligned(v6, other),
        }
    }

    fn is_of(&self, family: FatFamily) -> bool {
        match family {
            FatFamily::None => false,
            FatFamily::Any => true,
            FatFamily::V4 => !self.v6,
            FatFamily::V6 => self.v6,
        }
    }

    fn is_excluded(&self, exclude: &FatExcludeEntry) -> bool {
        let inside = |address| is_inside(address, exclude.prefix, exclude.length);
        self.is_of(exclude.family) && (inside(self.own) || inside(self.other))
    }

    fn matches(&self, rule: &FatRuleEntry) -> bool {
        let port = match ipv4::has_ports(self.protocol) {
            true => rule.port == 0 || [self.src_port, self.dst_port].contains(&rule.port),
            false => rule.port == 0,
        };
        self.is_of(rule.family)
            && self.protocol == rule.protocol
            && port
            && is_inside(self.own, rule.source_prefix, rule.source_length)
            && is_inside(self.other, rule.destination_prefix, rule.destination_length)
    }

    /// What a rule that matches leaves of the key. Where both ports are the rule's, that of the destination stays.
    fn reduced(&self, rule: &FatRuleEntry, guest: Guest, plain: Key) -> Key {
        let (src_port, dst_port) = match rule.port {
            0 => (0, 0),
            port if self.dst_port == port => (0, port),
            port => (port, 0),
        };
        let own = match rule.ignore_source {
            true => 0,
            false => self.own & mask(rule.source_keep),
        };
        let other = match rule.ignore_destination {
            true => 0,
            false => self.other & mask(rule.destination_keep),
        };
        let (src, dst) = match guest {
            Guest::Source => (own, other),
            Guest::Destination => (other, own),
        };
        Key {
            protocol: plain.protocol,
            src: placed(self.v6, src),
            dst: placed(self.v6, dst),
            src_port,
            dst_port,
        }
    }
}

/// Bits of an address in front of an IPv4 address in a word of 128.
const FRONT: u32 = 96;

/// An address from the most significant bit on, as prefixes have it.
fn aligned(v6: bool, address: u128) -> u128 {
    match v6 {
        false => address << FRONT,
        true => address,
    }
}

/// An address in its place, as packets have it.
fn placed(v6: bool, aligned: u128) -> u128 {
    match v6 {
        false => aligned >> FRONT,
        true => aligned,
    }
}

fn is_inside(address: u128, prefix: u128, length: u8) -> bool {
    (address ^ prefix) & mask(length) == 0
}

/// The first `length` bits; all 128 of any larger length.
fn mask(length: u8) -> u128 {
    let behind = 128_u32.saturating_sub(length.into());
    u128::MAX.checked_shl(behind).unwrap_or(0)
}

#[cfg(test)]
mod tests;
