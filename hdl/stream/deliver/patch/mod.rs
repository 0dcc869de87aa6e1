//! Replaces addresses, ports, TTL, segment size and checksums in the beats of a packet as it came, before anything is
//! taken off.
//!
//! ```text
//!   clock   0 (go)                              1                              2
//!   patch ─▶ [ windows ] ─▶ [ turn by 16 bytes ] ─▶ [ by 2, this beat's bytes ] ─▶ over the beat ─▶ to cut_up
//!   beat ──────────────────────────────────────────────────────────────────────────▶  ^
//! ```
//! A beat a clock passes, whatever is replaced in it. A field may start at any even byte of the first four beats, a
//! segment size at any byte, which are the window and the shim that may stand in front of it, and may straddle two of them.

mod overlay;
mod window;

use super::plan::Cut;
use crate::hardware::Patch;
use overlay::{overlay, Overlay};
use underpass_wires::{bundle, mux, only, state, wire, Bit, BundleExt, U};
use window::windows;

/// From a beat that goes to the same beat, patched.
pub const CLOCKS: usize = 2;

bundle! {
    /// What comes out.
    pub struct Patched {
        /// A beat was taken from the packet buffer in the clock before.
        taken: Bit,
        /// There is a beat in this clock.
        valid: Bit,
        /// Its bytes.
        data: U<512>,
        /// The packet ends.
        last: Bit,
        /// What is taken off the packet.
        cut: Cut,
    }
}

/// See the module. `go`: a beat of a body and the cut and patch of its packet are there and leave.
#[track_caller]
pub fn patch(go: Bit, data: U<512>, last: Bit, cut: Cut, patch: Patch) -> Patched {
    // Beats of the packet that went before this one: 0 to 4, and 4 for all behind.
    let beats = state::<U<3>>("beats_before");
    wire!(number = beats.q);
    beats.next(go, only(!last, mux(number.bit(2), number, number + 1)));

    let over: Overlay = overlay(number, &windows(patch));
    let taken = go.reg_rst("patch_taken");
    Patched {
        taken,
        valid: taken.reg_rst("patch_valid"),
        data: over.upon(data.delay("patch_data", CLOCKS)),
        last: last.delay("patch_last", CLOCKS),
        cut: cut.delay("patch_cut", CLOCKS),
    }
}
