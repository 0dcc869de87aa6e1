//! The slow port by registers (`underpass_layout::registers::slow`): the bring-up path, which needs no host memory.
//!
//! ```text
//!   core m ─┬─ other ports ─────────────────────────▶ outer m
//!           └─ port slow ─▶ [ punt: 64 KiB ] ─▶ PUNT_DATA
//!
//!   outer s ───────────────────────────────────┬────▶ core s        frame by frame
//!   INJECT_DATA ─▶ [ inject: one frame ] ──────┘
//! ```
//! The outer streams pass straight through, without a register. How an injected frame gets between two others is in
//! [`crate::shells::turns`].

mod inject;
mod punt;
#[cfg(test)]
mod tests;

use crate::buses::{OfferIn, OfferOut, RequestIn, ResponseOut};
use crate::card::axil::{Request, Response};
use crate::shells::turns;
use crate::stream::beat::Offer;
use rust_hdl_core::prelude::{Bit as HdlBit, In, Out, Signal};
use underpass_layout::port::SLOW;
use underpass_layout::registers::slow::{
    INJECT_BUSY, INJECT_STATUS, PUNT_DATA, PUNT_LOST, PUNT_STATUS,
};
use underpass_wires::{bundle, k, leaf, one_of, only, wire, Bit, BundleExt, U};

bundle! {
    /// What the FIFO joins together.
    pub struct Joined {
        /// The core's output is taken.
        core_m_ready: Bit,
        /// Frames for all other ports.
        outer_m: Offer,
        /// The outer input is taken.
        outer_s_ready: Bit,
        /// Frames for the core.
        core_s: Offer,
        /// The answer to the host, a clock behind the request.
        response: Response,
    }
}

/// The FIFO between core, outer streams and host.
#[track_caller]
pub fn slow_fifo(
    core_m: Offer,
    outer_m_ready: Bit,
    outer_s: Offer,
    core_s_ready: Bit,
    request: Request,
) -> Joined {
    wire!(is_slow = core_m.beat.port().eq(SLOW));
    let punted = punt::punt(core_m.valid & is_slow, core_m.beat, request);
    let injected = inject::inject(request);

    let turns = turns::turns(outer_s, injected.offer, core_s_ready);
    injected.beats.pop(turns.second_taken);

    let reads = |offset: u32, value: U<32>| (request.address.eq(offset), value);
    let value = one_of(&[
        reads(PUNT_STATUS, punted.status),
        reads(PUNT_DATA, punted.word),
        reads(PUNT_LOST, punted.lost),
        reads(INJECT_STATUS, only(injected.busy, k(INJECT_BUSY))),
    ]);
    Joined {
        core_m_ready: is_slow | outer_m_ready,
        outer_m: Offer {
            valid: core_m.valid & !is_slow,
            ..core_m
        },
        outer_s_ready: turns.first_ready,
        core_s: turns.out,
        response: Response {
            valid: request.valid.reg_rst("answer"),
            data: value.reg("answer_data"),
        },
    }
}

leaf!(
    /// The FIFO as a block.
    pub SlowFifo {
        core_m: OfferIn,
        outer_m_ready: Signal<In, HdlBit>,
        outer_s: OfferIn,
        core_s_ready: Signal<In, HdlBit>,
        request: RequestIn,
    } -> {
        core_m_ready: Signal<Out, HdlBit>,
        outer_m: OfferOut,
        outer_s_ready: Signal<Out, HdlBit>,
        core_s: OfferOut,
        response: ResponseOut,
    },
    |core_m: Offer, outer_m_ready: Bit, outer_s: Offer, core_s_ready: Bit, request: Request|
        -> (Bit, Offer, Bit, Offer, Response) {
        let joined = slow_fifo(core_m, outer_m_ready, outer_s, core_s_ready, request);
        (joined.core_m_ready, joined.outer_m, joined.outer_s_ready, joined.core_s, joined.response)
    }
);
