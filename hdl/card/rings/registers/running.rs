//! Whether a ring runs: what it must be to start, and how it comes to rest.

use super::ring::Ring;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONTROL, ENABLE, FAULT, SIZE, STATUS_HIGH, STATUS_LOW,
};
use underpass_layout::rings::{BASE_ALIGN, MAX_SIZE_LOG2, MIN_SIZE_LOG2, STATUS_ALIGN};
use underpass_wires::{cat, k, mux, only, state_from, wire, Bit, BundleExt, U};

/// Log2 of the clocks without anything under way after which a ring is at rest: more than any two parts of the rings
/// need to hand something over.
const REST_LOG2: usize = 4;
const _: () = assert!(ENABLE == 1 && FAULT == 2 && MAX_SIZE_LOG2 == 20);
const _: () = assert!(BASE_ALIGN == 1 << 12 && STATUS_ALIGN == 1 << 6);

/// Whether and where a ring runs.
pub(super) struct Running {
    pub runs: Bit,
    pub page: U<52>,
    pub mask: U<20>,
    pub status: U<58>,
    /// The counts go to zero at the end of this clock.
    pub starts: Bit,
    /// Enabling was refused.
    pub refused: Bit,
    /// It has stopped by a fault and is at rest, told once.
    pub failed: Bit,
    /// Beats.
    pub size: U<21>,
}

impl Ring {
    /// Starts and stops.
    pub fn running(&mut self, busy: Bit, fault: Bit) -> Running {
        let runs = self.state::<1>("runs");
        let quiet = state_from::<U<{ REST_LOG2 + 1 }>>(
            &format!("{}_quiet", self.name),
            k(1usize << REST_LOG2),
        );
        let rested = quiet.q.bit(REST_LOG2);
        let clocks = mux(rested, quiet.q, quiet.q + 1);
        quiet.next(k(1), only(!runs.q & !busy, clocks));
        wire!(at_rest = !runs.q & rested);

        let base = self.address("base", [BASE_LOW, BASE_HIGH], at_rest);
        let status = self.address("status", [STATUS_LOW, STATUS_HIGH], at_rest);
        let size = self.register("size", SIZE, at_rest);
        let aligned = !base.trunc::<12>().any() & !status.trunc::<6>().any();
        wire!(possible = aligned & size.ge(MIN_SIZE_LOG2) & size.le(MAX_SIZE_LOG2));
        let possible = possible.reg("possible");
        let beats = k::<21>(1).shl_by(size.trunc::<5>());

        wire!(ordered = self.writes(CONTROL));
        wire!(on = ordered & self.request.data.bit(0));
        let asked = (on & at_rest).reg_rst("asked");
        wire!(starts = asked & possible);
        // The counts are zero when it begins to run.
        let begins = starts.reg_rst("begins");
        wire!(stops = fault | (ordered & !on));
        runs.next(begins | stops, !stops);

        let failing = self.state::<1>("failing");
        let failed = self.state::<1>("failed");
        wire!(fails = failing.q & at_rest);
        failing.next(fault | fails, fault);
        failed.next(starts | fails, fails);
        self.shows(CONTROL, cat!(k::<30>(0), failed.q, !at_rest));
        Running {
            runs: runs.q,
            page: base.slice(12),
            mask: (beats - 1).trunc::<20>().reg("mask"),
            status: status.slice(6),
            starts,
            refused: (asked & !possible) | (on & !at_rest),
            failed: fails,
            size: beats.reg("beats"),
        }
    }
}
