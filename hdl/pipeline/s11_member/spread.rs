//! Which of the members of an ECMP nexthop: `underpass_layout::hash::spread`.
//!
//! ```text
//!   protocol, source, source port, destination, destination port ─▶ what each adds ─┐
//!   MACs of a frame without IP ─▶ what they add ────────────────────────────────────┤
//!   group: which of them count ─────────────────────────────────────────────────────┴▶ sum ─▶ as many low bits as it has
//! ```
//! The hash is linear, so it is computed field by field while `group` is read.

use crate::hardware::{GroupEntry, Inner};
use crate::pipeline::entropy::{fold48, Ends, BITS};
use underpass_wires::{bundle, only, wire, zero, U};

bundle! {
    /// What each field adds to the hash.
    pub(super) struct Pieces {
        protocol: U<BITS>,
        src: U<BITS>,
        src_port: U<BITS>,
        dst: U<BITS>,
        dst_port: U<BITS>,
        /// Both MACs, of a frame without an IP header; they count in any case.
        macs: U<BITS>,
    }
}

impl Pieces {
    /// Of this packet. The ends are exchanged, as `spread` does. Combinational.
    pub fn of(inner: Inner) -> Pieces {
        wire!(ip = inner.ipv4 | inner.ipv6);
        wire!(ports = ip & !inner.fragment);
        let alone = |ends: Ends| ends.hash();
        Pieces {
            protocol: alone(Ends {
                protocol: only(ip, inner.protocol),
                ..zero()
            }),
            src: alone(Ends {
                b: only(ip, fold48(inner.src)),
                ..zero()
            }),
            src_port: alone(Ends {
                dst_port: only(ports, inner.src_port),
                ..zero()
            }),
            dst: alone(Ends {
                a: only(ip, fold48(inner.dst)),
                ..zero()
            }),
            dst_port: alone(Ends {
                src_port: only(ports, inner.dst_port),
                ..zero()
            }),
            macs: alone(Ends {
                a: only(!ip, inner.dst_mac),
                b: only(!ip, inner.src_mac),
                ..zero()
            }),
        }
    }

    /// Which member of the group it is, of a power of two. Combinational.
    pub fn chosen(self, group: GroupEntry) -> U<BITS> {
        let sum = [
            only(group.protocol, self.protocol),
            only(group.src, self.src),
            only(group.src_port, self.src_port),
            only(group.dst, self.dst),
            only(group.dst_port, self.dst_port),
            self.macs,
        ]
        .into_iter()
        .reduce(|sum, piece| sum ^ piece)
        .expect("there are six pieces");
        let within = (0..BITS)
            .map(|bit| group.count.gt(bit).ext::<BITS>().shl(bit))
            .reduce(|mask, bit| mask | bit)
            .expect("there are bits");
        sum & within
    }
}
