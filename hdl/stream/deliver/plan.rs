//! Works out from an edit what both halves of deliver will do, so that they only count.
//!
//! ```text
//!   rest = length - add          bytes that are left of the packet
//!   L, l = length / 64, % 64     A, a = add / 64, % 64
//!   beats of rest  = L - A + (l > a)          an output beat more than that, beside A: 0 < l <= a, rest > 0
//! ```

use crate::hardware::Patch;
use crate::stream::beat::EditSlot;
use underpass_wires::{bundle, cat, mux, wire, Bit, BundleExt, U};

bundle! {
    /// What [`strip`](super::strip::strip) does to a packet.
    pub struct Cut {
        /// Nothing of it goes on.
        drop: Bit,
        /// Whole beats to skip.
        skip: U<2>,
        /// Bytes to take off behind those.
        shift: U<6>,
        /// Beats that are left.
        beats: U<11>,
    }

    /// What [`prepend`](super::prepend::prepend) does to a packet.
    pub struct Front {
        /// The header.
        header: U<768>,
        /// The header is a whole beat, and `part` bytes more.
        whole: Bit,
        /// Bytes of the header that share a beat with the packet.
        part: U<6>,
        /// The last bytes of the packet need a beat of their own.
        spill: Bit,
        /// Bytes in the last beat; 0: all 64.
        tail: U<6>,
        /// Length and port.
        user: U<32>,
    }

    /// Both, a clock behind the edit.
    pub struct Plan {
        /// There is one.
        valid: Bit,
        /// For the first half.
        cut: Cut,
        /// What is replaced, for the first half too.
        patch: Patch,
        /// For the second half.
        front: Front,
    }
}

/// See the module.
#[track_caller]
pub fn plan(slot: EditSlot) -> Plan {
    let edit = slot.edit;
    let (whole, part) = (edit.add.bit(6), edit.add.trunc::<6>());
    let (beats, tail) = (edit.length.slice::<10>(6), edit.length.trunc::<6>());
    wire!(fits = tail.gt(part));
    // Both sums, then the choice: the comparison takes as long as they do.
    wire!(left: U<11> = mux(fits, beats.ext() + (!whole).ext(), beats.ext() - whole.ext()));
    Plan {
        valid: slot.valid.reg_rst("plan_valid"),
        cut: Cut {
            // A packet of no bytes cannot be sent.
            drop: edit.drop | !edit.length.any(),
            skip: edit.strip.slice(6),
            shift: edit.strip.slice(0),
            beats: left,
        }
        .reg("cut"),
        patch: edit.patch.reg("patch"),
        front: Front {
            header: edit.header,
            whole,
            part,
            spill: !fits & tail.any() & beats.ne(whole.ext::<10>()),
            tail,
            user: cat!(edit.length, edit.port.ext::<16>()),
        }
        .reg("front"),
    }
}
