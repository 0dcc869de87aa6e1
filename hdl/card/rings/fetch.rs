//! Reads the rings that the card empties: bursts out, beats to the engine that they belong to.
//!
//! ```text
//!   producer - fetched ─▶ burst within the page ─┐ command                     ┌─▶ command engine
//!                         and where there is room ├─ turn by turn ─▶ AR   R ─▶ ┤
//!   producer - fetched ─▶ burst ..               ─┘ inject                     └─▶ inject engine
//!                             ▲                                   whose: a queue
//!                  credit ────┘ one for each beat that its engine has done with
//! ```
//! A beat has its room with its engine before it is asked for, so R never waits. The command engine has done with a beat
//! as soon as it has come. A burst goes out as soon as there
//! is anything to read and room for a whole page; while a ring is busy its bursts are pages by themselves. Behind a beat
//! that memory did not answer, all beats of the ring are marked bad until the ring has stopped.

use super::axi::{burst, is_error, one, register_offer, Burst, ReadIn, ReadOut, BURST_BEATS};
use super::buses::{ConditionOut, FetchedOut, ReadInIn, ReadOutOut, ReadingIn};
use super::orders::{Condition, Reading};
use crate::stream::fifo::queue;
use rust_hdl_core::prelude::{Bit as HdlBit, In, Signal};
use underpass_wires::{bundle, k, leaf, mux, only, state, wire, Bit, BundleExt, State, U};

/// Beats of a ring that may be under way or with its engine, as a power of two: the longest frame and as much again.
pub const BUFFER: usize = 9;
/// Bursts under way, as a power of two; two less are let out.
const TRACKED: usize = 5;
/// Clocks from a burst to the next one of the same ring, until which what is left to read is known.
const SETTLE: usize = 2;

bundle! {
    /// A beat of a ring.
    pub struct Fetched {
        /// There is one in this clock.
        valid: Bit,
        /// It.
        data: U<512>,
        /// Host memory did not answer, for this beat or one before.
        bad: Bit,
    }

    /// What reading gives.
    pub struct Fetch {
        /// To host memory.
        axi: ReadOut,
        /// Beats of the command ring.
        command: Fetched,
        /// Beats of the inject ring.
        inject: Fetched,
        /// How the command ring's reads are.
        command_condition: Condition,
        /// How the inject ring's reads are.
        inject_condition: Condition,
    }
}

/// One of the rings: what it wants to read.
struct Source {
    ring: Reading,
    fetched: State<U<32>>,
    /// Beats asked for that the engine has not done with.
    reserved: State<U<{ BUFFER + 1 }>>,
    broken: State<Bit>,
    some: Bit,
    burst: Burst,
    issued: State<U<SETTLE>>,
}

impl Source {
    #[track_caller]
    fn new(name: &str, ring: Reading) -> Self {
        let fetched = state::<U<32>>(&format!("{name}_fetched"));
        let reserved = state::<U<{ BUFFER + 1 }>>(&format!("{name}_reserved"));
        let issued = state::<U<SETTLE>>(&format!("{name}_issued"));
        let waiting = (ring.producer - fetched.q).reg(&format!("{name}_waiting"));
        let room = reserved.q.le((1usize << BUFFER) - BURST_BEATS);
        let place = (fetched.q.trunc::<20>() & ring.mask).reg(&format!("{name}_place"));
        let some = (waiting.any() & room.reg(&format!("{name}_room")) & ring.runs)
            .reg_rst(&format!("{name}_some"));
        let next = burst(ring.page, place, waiting).reg(&format!("{name}_burst"));
        Source {
            ring,
            fetched,
            reserved,
            broken: state(&format!("{name}_broken")),
            some: some & ring.runs & !issued.q.any(),
            burst: next,
            issued,
        }
    }

    /// Counts what was asked for in this clock and what the engine has done with; gives the ring's condition.
    #[track_caller]
    fn count(self, issue: Bit, credit: Bit, fault: Bit) -> Condition {
        let beats = only(issue, self.burst.beats);
        self.fetched.next(
            k(1),
            only(self.ring.runs, self.fetched.q + beats.ext::<32>()),
        );
        self.reserved
            .next(k(1), self.reserved.q + beats.ext() - one(credit));
        let issued: U<{ SETTLE + 1 }> = underpass_wires::cat!(self.issued.q, issue);
        self.issued.next(k(1), issued.trunc());
        self.broken
            .next(k(1), self.ring.runs & (self.broken.q | fault));
        Condition {
            busy: self.reserved.q.any().reg_rst("reading"),
            fault: fault.reg_rst("read_fault"),
        }
    }
}

/// See the module. `credit`: the inject engine has done with a beat.
#[track_caller]
pub fn fetch(command: Reading, inject: Reading, credit: Bit, axi: ReadIn) -> Fetch {
    let (command, inject) = (command.timeless(), inject.timeless());
    let axi = axi.timeless();
    let command = Source::new("command", command);
    let inject = Source::new("inject", inject);

    // The owner of each burst under way: set for the inject ring.
    let inject_last = state::<Bit>("inject_last");
    wire!(inject_next = inject.some & (!command.some | !inject_last.q));
    let next = mux(inject_next, inject.burst, command.burst);
    let open = state::<Bit>("open");
    wire!(issue = open.q & (command.some | inject.some));
    let owners = queue::<Bit, TRACKED>("owners", issue, inject_next);
    let (asks, asked) = {
        let taken = axi.arready;
        register_offer("ar", issue, next, taken)
    };
    // One burst is on offer at a time, and none right behind another.
    open.next(
        k(1),
        !issue & (!asks | axi.arready) & owners.used.lt((1usize << TRACKED) - 2),
    );
    inject_last.next(issue, inject_next);

    let arrives = axi.rvalid & owners.valid;
    let of_inject = owners.head;
    owners.pop(arrives & axi.rlast);
    let data = axi.rdata.reg("r_data");
    let error = is_error(axi.rresp).reg("r_error");
    let [command_beat, inject_beat] =
        [(!of_inject, &command), (of_inject, &inject)].map(|(mine, source)| {
            let valid = (arrives & mine).reg_rst("r_valid");
            Fetched {
                valid,
                data,
                bad: error | source.broken.q,
            }
        });
    Fetch {
        axi: ReadOut {
            arvalid: asks,
            araddr: asked.address,
            arlen: asked.len(),
            rready: k(1),
        },
        command: command_beat,
        inject: inject_beat,
        command_condition: command.count(
            issue & !inject_next,
            command_beat.valid,
            command_beat.valid & error,
        ),
        inject_condition: inject.count(
            issue & inject_next,
            credit.timeless(),
            inject_beat.valid & error,
        ),
    }
}

leaf!(
    /// The read channels as a block.
    pub ReadChannels {
        command_ring: ReadingIn,
        inject_ring: ReadingIn,
        credit: Signal<In, HdlBit>,
        axi_in: ReadInIn,
    } -> {
        axi: ReadOutOut,
        command: FetchedOut,
        inject: FetchedOut,
        command_condition: ConditionOut,
        inject_condition: ConditionOut,
    },
    |command: Reading, inject: Reading, credit: Bit, axi: ReadIn|
        -> (ReadOut, Fetched, Fetched, Condition, Condition) {
        let made = fetch(command, inject, credit, axi);
        (made.axi, made.command, made.inject, made.command_condition, made.inject_condition)
    }
);
