//! Whether a packet that wants to go round may.
//!
//! ```text
//!   rounds ── credit ─▶ [ room: beats, packets ] ◀─ what each packet takes
//!   register ─────────▶ [ clocks since the slow path was last shown a MAC ]
//! ```
//! Room is taken here, before the packet comes to the buffer: nothing that is behind has to wait. Lists may not fill all of
//! it, since each of their packets stays for as many copies as the list has members.

use super::errand::Plan;
use crate::stream::beat::RoundCredit;
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::{ROUND_BEATS, ROUND_LIST_BEATS, ROUND_PACKETS_MAX};
use underpass_wires::{bundle, k, mux, only, state_from, wire, Bit, BundleExt, State, U};

/// Beats of a packet, and of all that are free.
type Beats = U<11>;
/// Packets.
type Packets = U<8>;

const _: () = assert!(ROUND_BEATS < 1 << 11 && ROUND_PACKETS_MAX < 1 << 8);

/// Beats of a packet of `length` bytes. Combinational.
pub(super) fn beats(length: U<16>) -> Beats {
    let up = length.ext::<17>() + (BEAT_BYTES - 1);
    up.slice(BEAT_BYTES.trailing_zeros() as usize)
}

/// Whether there is room for a packet of so many beats, which is taken in the same clock where `wants` is set; for one
/// of no bytes there is none, since nothing of it would arrive. Combinational, but for what it keeps.
pub(super) fn room(wants: Bit, list: Bit, beats: Beats, credit: RoundCredit) -> Bit {
    const KEPT: usize = ROUND_BEATS - ROUND_LIST_BEATS;
    let free = state_from::<Beats>("free_beats", k(ROUND_BEATS));
    let packets = state_from::<Packets>("free_packets", k(ROUND_PACKETS_MAX));
    let for_lists = only(free.q.ge(KEPT), free.q - KEPT);
    let limit = mux(list, for_lists, free.q);
    wire!(takes = wants & beats.any() & beats.le(limit) & packets.q.any());

    let credit = credit.timeless();
    let after_credit = free.q + only(credit.valid, credit.beats);
    let after_both = after_credit - beats.timeless();
    free.next(k(1), mux(takes.timeless(), after_both, after_credit));
    packets.next(
        takes.timeless() ^ credit.valid,
        mux(credit.valid, packets.q + 1, packets.q - 1),
    );
    takes
}

bundle! {
    /// What has become of a plan.
    pub(super) struct Outcome {
        /// It goes round.
        pub goes: Bit,
        /// And without new headers.
        pub bare: Bit,
        /// There is no room, and it goes on without.
        pub lost: Bit,
        /// There is no room, and it cannot go on.
        pub stuck: Bit,
    }
}

/// What becomes of a plan. Combinational.
pub(super) fn outcome(plan: Plan, fits: Bit) -> Outcome {
    wire!(misses = plan.any() & !fits);
    Outcome {
        goes: fits,
        bare: fits & plan.bare(),
        lost: misses & !plan.must,
        stuck: misses & plan.must,
    }
}

/// How long the slow path is left in peace.
pub(super) struct Rest {
    /// Clocks since the last packet with a new MAC that it was shown; it stays at the highest number.
    since: State<U<32>>,
    /// Such packets have to go unseen in this clock.
    pub on: Bit,
}

impl Rest {
    /// `interval` clocks from one such packet to the next.
    pub fn of(interval: U<32>) -> Rest {
        let since = state_from::<U<32>>("clocks_since_learnt", !k::<32>(0));
        wire!(on = since.q.lt(interval.timeless()));
        Rest { since, on }
    }

    /// Starts anew where it was `shown` one in this clock.
    pub fn shown(self, shown: Bit) {
        let since = self.since.q;
        let later = mux(since.all(), since, since + 1);
        self.since.next(k(1), mux(shown.timeless(), k(1), later));
    }
}
