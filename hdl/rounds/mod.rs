//! Packets that go round: their bytes wait here, and come back once for each copy.
//!
//! ```text
//!   beat ───▶ [ store ] ─ it is here ─▶ [ errands ] ─ a step a copy ─▶ [ orders ] ─▶ [ queue ] ─▶ [ replay ]─▶ credit
//!   errand ────── │ ──────────────────▶                                 ^ mirror                  │ address
//!                 │ beat                                                                          │ piece
//!                 '─────────────────────────────────────▶ [ merge ] ◀─────────────────────────────'
//!                                             mirror_text ─▶ '─▶ [ queue ] ─▶ offer ─▶ gather
//! ```
//! Packets leave in the order in which they came, each with all its copies. A packet is here as a whole before its first
//! copy begins, so that its length and the sum of its bytes are known.
//!
//! | | clocks |
//! |---|---|
//! | copy for a member, the slow path or itself | its beats |
//! | copy for an analyzer | beats of text and packet together |
//! | copy for an analyzer that is not sent (no mirror there, or it rests) | one of `errands`, none of `replay` |
//! | from a packet's last beat to its first copy, nothing in front | [`ROUND_CLOCKS`] |
//!
//! One copy follows another without a gap, and so does the first copy of the next packet.

mod errands;
mod fields;
mod merge;
mod orders;
mod replay;
mod rest;
mod store;
mod sum;
#[cfg(test)]
mod tests;

use crate::buses::{ErrandIn, HostIn, HostOut, RoundBeatIn, RoundCreditOut, RoundOfferOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::stream::beat::{ErrandSlot, RoundBeat, RoundCredit, RoundOffer};
use crate::stream::bytes::counted;
use crate::stream::fifo::queue;
use merge::Made;
use orders::{Order, ORDER_CLOCKS};
use replay::REPLAY_CLOCKS;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use store::ADDRESS;
use underpass_layout::profile::Profile;
use underpass_wires::{block, bundle, k, leaf, state, Bit, BundleExt, U};

/// Depth of the two queues as a power of two: 32, what one LUT RAM cell holds.
const DEPTH: usize = 5;
/// Orders in their queue up to which another step may begin: one clock passes until it does, one until what it pushes
/// is counted, and all that is between may become orders.
const ORDER_LIMIT: usize = (1 << DEPTH) - (ORDER_CLOCKS + 4);
/// Beats of copies likewise.
const COPY_LIMIT: usize = (1 << DEPTH) - (REPLAY_CLOCKS + 3);
/// From a packet's last beat to the first one of its first copy on offer, with nothing in front.
pub const ROUND_CLOCKS: u32 = 24;

bundle! {
    /// What becomes of errands and bytes.
    pub struct Rounds {
        /// To gather: a beat of a copy.
        offer: RoundOffer,
        /// To `s14_encap`: room that became free.
        credit: RoundCredit,
        /// Packets that are here: from the errand to the clock in which the last beat of the last copy is taken.
        held: U<8>,
    }
}

leaf!(
    /// The buffer as a block.
    pub RoundsBlock(sizes: Sizes) {
        errand: ErrandIn,
        beat: RoundBeatIn,
        ready: Signal<In, HdlBit>,
        host_in: HostIn,
    } -> {
        offer: RoundOfferOut,
        credit: RoundCreditOut,
        held: Signal<Out, Bits<8>>,
        host: HostOut,
    },
    |errand: ErrandSlot, beat: RoundBeat, ready: Bit, host: HostBus| -> (RoundOffer, RoundCredit, U<8>, HostBus) {
        let (rounds, host) = rounds(sizes.0, errand, beat, ready, host);
        (rounds.offer, rounds.credit, rounds.held, host)
    }
);

/// See the module. `ready`: the beat on offer is taken at the end of this clock.
pub fn rounds(
    profile: &Profile,
    errand: ErrandSlot,
    beat: RoundBeat,
    ready: Bit,
    bus: HostBus,
) -> (Rounds, HostBus) {
    // Bytes, errands and what leaves keep their own time: they meet in queues.
    let (errand, beat, ready) = (errand.timeless(), beat.timeless(), ready.timeless());
    let address = state::<U<ADDRESS>>("address");
    let (order_room, copy_room) = (state::<Bit>("order_room"), state::<Bit>("copy_room"));

    let (stored, data) = block("store", (beat, address.q), |(beat, address)| {
        store::store(beat, address)
    });
    let step = block(
        "errands",
        (errand, stored, order_room.q),
        |(errand, stored, room)| errands::errands(errand, stored, room),
    );
    let ((ordered, order), bus) = block("orders", (step, bus), |(step, bus)| {
        orders::orders(profile, step, bus)
    });
    let waiting = queue::<Order, DEPTH>("waiting", ordered.timeless(), order.timeless());
    order_room.next(k(1), waiting.used.lt(ORDER_LIMIT));

    let going = block(
        "replay",
        (waiting.valid, waiting.head, copy_room.q),
        |(waits, order, room)| replay::replay(waits, order, room),
    );
    waiting.pop(going.done);
    address.next(k(1), going.address);
    let ((made, copy), bus) = block(
        "merge",
        ((going.valid, going.piece), going.row, data, bus),
        |(piece, row, data, bus)| merge::merge(profile, piece, row, data, bus),
    );
    let copies = queue::<Made, DEPTH>("copies", made, copy);
    copy_room.next(k(1), copies.used.lt(COPY_LIMIT));
    let taken = copies.valid & ready;
    copies.pop(taken);

    let held = state::<U<8>>("held");
    let gone = (taken & copies.head.end).reg_rst("gone");
    counted(held, errand.valid, gone);
    let copy = copies.head;
    let rounds = Rounds {
        offer: RoundOffer {
            valid: copies.valid,
            data: copy.data,
            last: copy.last,
            length: copy.length,
            round: copy.round,
        },
        credit: going.credit,
        held: held.q,
    };
    (rounds, bus)
}
