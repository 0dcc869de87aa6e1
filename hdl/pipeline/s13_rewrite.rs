//! s13_rewrite: what changes within the packet, and whether it still fits. Reads `classify`, `inner`, `quoted`, `syn`,
//! `key`, `flow`, `route`, `nexthop`. Writes `rewrite`.
//!
//! ```text
//!   clock   0                       1                     2                        3
//!   meta ─▶ [ what changes ] ─────▶ [ sums of each ] ───▶ [ added up ] ──────────▶ [ checksums ] ─▶ patch
//!        ─▶ [ differences ] ──────▶   checksum             [ and with the segment size ]
//!        ─▶ [ length, entropy ] ──▶ [ in the tunnel ] ──▶ [ does it fit the underlay? ]
//! ```
//! Checksums are carried on, never computed anew: one that was wrong stays wrong (RFC 1624).

mod change;
pub(crate) mod checksum;
pub mod front;
mod segment;
mod sums;
#[cfg(test)]
mod tests;

use super::entropy::{fold48, Ends};
use super::slot::{Slot, Written};
use crate::buses::{SlotIn, SlotOut};
use crate::hardware::{Meta, Rewrite, VerdictBits};
use change::Change;
use front::{Front, IPV4_HEADER, IPV6_HEADER};
use segment::Ahead;
use sums::Differences;
use underpass_layout::meta::RoundKind;
use underpass_layout::tables::NexthopKind;
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{first, k, leaf, mux, only, wire, zero, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 4;

/// The TTL of an MPLS header over something that has none.
const FRAME_TTL: u32 = 64;

leaf!(
    /// The stage as a block.
    pub RewriteStage { slot_in: SlotIn } -> { slot: SlotOut },
    |slot: Slot| -> Slot { rewrite(slot) }
);

/// The stage.
pub fn rewrite(slot: Slot) -> Slot {
    let slot = slot.written(Written::Nexthop);
    let meta = slot.meta;
    let change = Change::of(meta);
    let ttl = mux(change.ttl, meta.inner.ttl - 1, meta.inner.ttl);
    let known = Rewrite {
        patch: zero(),
        ttl: first(
            &[
                (front::keeps_tree(meta), meta.parse.label_ttl - 1),
                (!meta.bridge.l3 | ttl.eq(0), k(FRAME_TTL)),
            ],
            ttl,
        ),
        payload: meta.arrival.length - front::start(meta).ext(),
        entropy: entropy(meta),
    }
    .reg("rewrite");
    let overhead = overhead(meta).reg("overhead");
    let ahead = Ahead::of(meta).reg("ahead_of_segment");
    let change = change.reg("change");
    let differences = Differences::of(meta).reg("differences");

    let slot = slot.later("slot", 1);
    let sums = differences.sums(slot.meta, change).reg("sums");
    let limit = ahead.limit(slot.meta).reg("segment_limit");
    let long = (known.payload.ext::<17>() + overhead.ext()).reg("tunnel_length");
    let nexthop = slot.meta.nexthop;
    let limited = (nexthop.kind.eq(NexthopKind::Tunnel.code()) & nexthop.mtu.any()).reg("limited");

    let mut slot = slot.later("measured", 1);
    let totals = sums.map(|sum| sum.total()).reg("totals");
    let [_, upper, _] = sums;
    let with_segment = limit.total(slot.meta, upper).reg("total_with_segment");
    let segment = limit.against(slot.meta).reg("segment");
    wire!(too_big = limited & long.gt(slot.meta.nexthop.mtu.ext::<17>()));
    wire!(copy = is_copy(slot.meta));
    slot.meta.verdict = slot.meta.verdict.or_first(&[
        (too_big & copy, VerdictBits::drop(DropReason::TooBig)),
        (too_big, VerdictBits::punt(PuntReason::TooBig)),
    ]);

    let mut slot = slot.later("summed", 1);
    let [header, upper, quoted] = totals;
    let totals = [header, mux(segment.lowered, with_segment, upper), quoted];
    let change = change.delay("change_summed", 2);
    slot.meta.rewrite = Rewrite {
        patch: change.patch(slot.meta, totals, segment),
        ..known.delay("known", 2)
    };
    slot.later("out", 1)
}

/// It is one of many, or an analyzer's: nobody is told that it is too long. Combinational.
fn is_copy(meta: Meta) -> Bit {
    let round = meta.arrival.round;
    round.kind.eq(RoundKind::Member.code()) | round.quiet
}

/// What the tunnel adds to the packet, bytes. Combinational.
fn overhead(meta: Meta) -> U<7> {
    let behind_ip: U<7> = Front::of(meta).behind_ip.ext();
    mux(
        meta.nexthop.tunnel_v6,
        behind_ip + IPV6_HEADER,
        behind_ip + IPV4_HEADER,
    )
}

/// The UDP source port of the tunnel, `underpass_layout::hash::entropy`, of the packet as it came.
fn entropy(meta: Meta) -> U<16> {
    let inner = meta.inner;
    wire!(ip = inner.ipv4 | inner.ipv6);
    let ends = Ends {
        protocol: only(ip, inner.protocol),
        src_port: only(ip, inner.src_port) ^ meta.decap.vrf.ext::<16>().shl(4),
        dst_port: only(ip, inner.dst_port),
        a: mux(ip, fold48(inner.src), inner.src_mac),
        b: mux(ip, fold48(inner.dst), inner.dst_mac),
    };
    ends.hash().ext::<16>() | 0xc000
}
