//! What is summed for the three checksums that can change: RFC 1624 equation 3, the complement of the old checksum, of
//! each old word, and each new word.
//!
//! ```text
//!                          differences of addresses                 TTL   ports          old checksum
//!   IPv4 header            source, destination                       x                    x
//!   TCP, UDP, ICMPv6       source, destination, quoted ones (v6)           own, quoted    x
//!   ICMP                                                                   quoted         x
//!   quoted IPv4 header     quoted source, quoted destination                              x
//! ```
//! Addresses count in TCP, UDP and ICMPv6 as their pseudo header. In ICMP a quoted address and the checksum of the quoted
//! header cancel each other out.

use super::change::Change;
use super::checksum::{sum, Sum};
use crate::hardware::Meta;
use underpass_wires::{bundle, k, only, wire, U};

bundle! {
    /// New address less old one, whether it is replaced or not.
    pub(super) struct Differences {
        src: Sum,
        dst: Sum,
        quoted_src: Sum,
        quoted_dst: Sum,
    }
}

impl Differences {
    /// All four. Six gates deep.
    pub fn of(meta: Meta) -> Differences {
        let onward = meta.flow.onward;
        Differences {
            src: difference(meta.inner.src, onward.src),
            dst: difference(meta.inner.dst, onward.dst),
            quoted_src: difference(meta.quoted.src, onward.dst),
            quoted_dst: difference(meta.quoted.dst, onward.src),
        }
    }

    /// The sums of IPv4 header, upper layer and quoted IPv4 header.
    pub fn sums(self, meta: Meta, change: Change) -> [Sum; 3] {
        let (inner, quoted, onward) = (meta.inner, meta.quoted, meta.flow.onward);
        let word = |on, old: U<16>, new: U<16>| [only(on, !old), only(on, new)];
        // A TTL less by one: the complement of 0x0100 is added.
        let ttl = only(change.ttl, k(0xfeff));
        let header = [
            self.src.only(change.src),
            self.dst.only(change.dst),
            [ttl, !inner.checksum],
        ];

        wire!(pseudo = !change.icmp4);
        // A packet is an error or has ports, never both.
        let upper = [
            self.src.only(change.src & pseudo),
            self.dst.only(change.dst & pseudo),
            self.quoted_src.only(change.quoted_src & pseudo),
            self.quoted_dst.only(change.quoted_dst & pseudo),
            word(change.src_port, inner.src_port, onward.src_port),
            word(change.dst_port, inner.dst_port, onward.dst_port),
            word(change.quoted_dst_port, quoted.dst_port, onward.src_port),
            word(change.quoted_src_port, quoted.src_port, onward.dst_port),
            [!inner.l4_checksum, k(0)],
        ];
        let quoted = [
            self.quoted_src.only(change.quoted_src),
            self.quoted_dst.only(change.quoted_dst),
            [!quoted.checksum, k(0)],
        ];
        [
            sum(header.as_flattened()),
            sum(upper.as_flattened()),
            sum(quoted.as_flattened()),
        ]
    }
}

/// The upper words of IPv4 addresses are zero in both: what they add is a multiple of 0xffff.
fn difference(old: U<128>, new: U<128>) -> Sum {
    let words: Vec<U<16>> = (0..8)
        .flat_map(|i| [!old.slice::<16>(16 * i), new.slice(16 * i)])
        .collect();
    sum(&words)
}
