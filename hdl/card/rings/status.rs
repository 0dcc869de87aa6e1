//! When a ring's status is written, and when its interrupt goes.
//!
//! ```text
//!   count, refused or dropped moved ─▶ dirty ─┬─ idle, or enough commands ─▶ write ─ acknowledged ─▶ interrupt
//!                                             '- not while one is under way
//! ```
//! What changes while a status is under way is in the next one. The command ring, which can move with every other clock,
//! says so when it is empty or after [`STATUS_EVERY`] commands; the others whenever there is something to say.

use super::buses::{StatusOfferOut, StatusWrittenIn, TellingIn};
use super::interrupt::interrupt;
use super::orders::Telling;
use super::write::{StatusOffer, StatusWritten};
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::rings::{ring, COMMAND_BEATS, FAULT_VECTOR, STATUS_EVERY, VECTORS};
use underpass_wires::{all_of, any_of, cat, k, leaf, only, state, wire, Bit, BundleExt, U};

/// Log2 of the beats after which the command ring says where it is.
const SAYS: usize = (STATUS_EVERY * COMMAND_BEATS).trailing_zeros() as usize;
const _: () = assert!((STATUS_EVERY * COMMAND_BEATS).is_power_of_two());
const _: () = assert!(FAULT_VECTOR as usize == ring::COUNT);

/// One ring's status: what is to be written, whether it is under way, and a pulse for its interrupt.
#[track_caller]
fn one_ring(number: usize, telling: Telling, written: StatusWritten) -> (StatusOffer, Bit, Bit) {
    let name = |what: &str| format!("{}_{what}", ring::NAMES[number]);
    let dirty = state::<Bit>(&name("dirty"));
    let under_way = state::<Bit>(&name("under_way"));
    let said = state::<U<32>>(&name("said"));
    // What is taken is what the counts are now, so a change that is told now is in it.
    dirty.next(
        any_of(&[telling.moved, written.taken, !telling.runs]),
        telling.runs & !written.taken,
    );
    under_way.next(written.taken | written.answered, written.taken);
    said.next(
        written.taken | !telling.runs,
        only(telling.runs, telling.index),
    );
    let due = match number as u32 {
        ring::COMMAND => {
            let since = (telling.index - said.q).reg(&name("since"));
            (telling.idle | since.shr(SAYS).any()).reg_rst(&name("due"))
        }
        _ => k(1),
    };
    let offer = StatusOffer {
        valid: all_of(&[dirty.q, due, telling.runs, !under_way.q]),
        address: telling.address,
        index: telling.index,
        refused: telling.refused,
        dropped: telling.dropped,
    };
    let told = written.answered & written.good;
    let pulse = interrupt(ring::NAMES[number], told, telling.moderation);
    (offer, under_way.q, pulse)
}

/// The statuses of all rings, which of them are under way, and the interrupts.
#[track_caller]
pub fn status(
    telling: [Telling; ring::COUNT],
    written: [StatusWritten; ring::COUNT],
    failed: Bit,
) -> ([StatusOffer; ring::COUNT], [Bit; ring::COUNT], U<VECTORS>) {
    let (telling, written) = (telling.timeless(), written.timeless());
    let rings: [_; ring::COUNT] =
        std::array::from_fn(|number| one_ring(number, telling[number], written[number]));
    let [(command, c, command_irq), (punt, p, punt_irq), (inject, i, inject_irq)] = rings;
    wire!(irq: U<VECTORS> = cat!(
        k::<{ VECTORS - ring::COUNT - 1 }>(0),
        failed.timeless(),
        inject_irq,
        punt_irq,
        command_irq
    ));
    (
        [command, punt, inject],
        [c, p, i].map(|bit| bit.reg_rst("status_under_way")),
        irq.reg_rst("irq"),
    )
}

leaf!(
    /// Statuses and interrupts as a block.
    pub Statuses {
        command: TellingIn,
        punt: TellingIn,
        inject: TellingIn,
        written: StatusWrittenIn,
        failed: Signal<In, HdlBit>,
    } -> {
        command_offer: StatusOfferOut,
        punt_offer: StatusOfferOut,
        inject_offer: StatusOfferOut,
        busy: Signal<Out, Bits<3>>,
        irq: Signal<Out, Bits<8>>,
    },
    |command: Telling, punt: Telling, inject: Telling, written: [StatusWritten; 3], failed: Bit|
        -> (StatusOffer, StatusOffer, StatusOffer, U<3>, U<8>) {
        let ([c, p, i], busy, irq) = status([command, punt, inject], written, failed);
        (c, p, i, busy.pack(), irq)
    }
);
