//! The maximum segment size that a guest's SYN announces, lowered to what fits into its tunnel.
//!
//! ```text
//!   clock   0                                 1                          2                          3
//!   meta ─▶ [ tunnel, IP and TCP headers ] ─▶ [ MTU less all of them ] ─▶ [ below what it says? ] ─▶ patch
//!                                                                      ─▶ [ total with it ] ───────▶ checksum
//! ```
//! Behind options of odd length its two bytes belong to two words of the checksum: the old and the new size both count
//! turned round.

use super::checksum::Sum;
use crate::hardware::{Meta, Patch};
use underpass_layout::meta::{RoundKind, OVERLAY_BYTES, OVERLAY_FRAME_BYTES};
use underpass_layout::tables::{NexthopKind, VifKind};
use underpass_wires::{all_of, bundle, k, mux, only, wire, Bit, U};

/// A TCP header without options (RFC 9293): a segment size says how much is behind one (RFC 6691).
const TCP_HEADER: u16 = 20;
/// How much longer IPv6 is than IPv4.
const LONGER_V6: u16 = 20;

bundle! {
    /// What a segment has in front of it on the underlay.
    pub(super) struct Ahead {
        /// There is a size that may have to be lowered.
        on: Bit,
        /// Bytes from the outer IP header to the segment.
        bytes: U<9>,
    }

    /// The largest size that fits.
    pub(super) struct Limit {
        /// There is a size that may have to be lowered.
        on: Bit,
        /// It stands behind options of odd length.
        odd: Bit,
        /// Bytes.
        bytes: U<16>,
    }

    /// What is announced instead.
    pub(super) struct Segment {
        /// It is less than what the packet says.
        pub lowered: Bit,
        /// Bytes.
        bytes: U<16>,
    }
}

impl Ahead {
    /// Of this packet. Combinational.
    pub fn of(meta: Meta) -> Ahead {
        let (nexthop, inner, round) = (meta.nexthop, meta.inner, meta.arrival.round);
        wire!(routed = meta.bridge.l3 & !nexthop.l3_vxlan);
        let in_v4 = |overlay: u16| k::<9>(overlay + TCP_HEADER);
        let in_v6 = |overlay: u16| k::<9>(overlay + TCP_HEADER + LONGER_V6);
        let fixed = mux(
            nexthop.tunnel_v6,
            mux(routed, in_v6(OVERLAY_BYTES), in_v6(OVERLAY_FRAME_BYTES)),
            mux(routed, in_v4(OVERLAY_BYTES), in_v4(OVERLAY_FRAME_BYTES)),
        );
        Ahead {
            on: all_of(&[
                meta.verdict.open(),
                meta.syn.offset.any(),
                meta.classify.entry.kind.eq(VifKind::Vm.code()),
                !meta.decap.tunnelled,
                nexthop.kind.eq(NexthopKind::Tunnel.code()),
                nexthop.mtu.any(),
                round.kind.ne(RoundKind::Member.code()),
                !round.quiet,
            ]),
            bytes: (inner.l4_offset - inner.l3_offset).ext::<9>() + fixed,
        }
    }

    /// What it leaves of the link, 0 where it leaves nothing. Combinational.
    pub fn limit(self, meta: Meta) -> Limit {
        let mtu: U<16> = meta.nexthop.mtu.ext();
        let left = mtu.ext::<17>() - self.bytes.ext();
        Limit {
            on: self.on,
            odd: meta.syn.offset.bit(0) ^ meta.inner.l4_offset.bit(0),
            bytes: only(!left.bit(16), left.trunc()),
        }
    }
}

impl Limit {
    /// Whether the packet has to announce it. Combinational.
    pub fn against(self, meta: Meta) -> Segment {
        Segment {
            lowered: self.on & meta.syn.mss.gt(self.bytes),
            bytes: self.bytes,
        }
    }

    /// The total of TCP's checksum if it does. Combinational.
    pub fn total(self, meta: Meta, upper: Sum) -> U<17> {
        let word = |size: U<16>| mux(self.odd, size.swap_bytes(), size);
        upper.and([word(!meta.syn.mss), word(self.bytes)]).total()
    }
}

impl Segment {
    /// The patch with it. Combinational.
    pub fn put_in(self, meta: Meta, patch: Patch) -> Patch {
        Patch {
            mss: self.lowered,
            mss_offset: only(self.lowered, meta.syn.offset),
            new_mss: only(self.lowered, self.bytes),
            ..patch
        }
    }
}
