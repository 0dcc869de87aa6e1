//! The registers of the rings: configuration, counts, doorbells, and whether a ring runs.
//!
//! ```text
//!   CONTROL := 1 ─▶ can base, size and status be? ─ yes ─▶ counts := 0 ─▶ runs ─┐
//!        ▲                                        '- no ─▶ REFUSED + 1          │ CONTROL := 0, or a fault
//!        │                                                                      ▼
//!     at rest ◀──────────── 16 clocks without anything under way ──────────── drains
//!
//!   doorbell ─▶ between what it was and a full ring? ─ yes ─▶ PRODUCER, CONSUMER
//!                                                    '- no ─▶ REFUSED + 1
//! ```
//! Until a ring is at rest its base, size and status address cannot be written and it cannot be enabled: that is refused,
//! and changes nothing. `CONTROL` reads 1 so long. A fault shows, and is told, when the ring has come to rest.

use super::axi::one;
use super::buses::{ConditionIn, FillingOut, ProgressIn, ReadingOut, TellingOut};
use super::orders::{Condition, Filling, Progress, Reading, Telling};
use crate::buses::{RequestIn, ResponseOut};
use crate::card::axil::{Request, Response};
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONSUMER, CONTROL, DROPPED, ENABLE, FAULT, MODERATION, PRODUCER, REFUSED,
    SIZE, STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::rings::{
    ring, BASE_ALIGN, COMMAND_BEATS, MAX_SIZE_LOG2, MIN_SIZE_LOG2, STATUS_ALIGN,
};
use underpass_wires::{
    cat, k, leaf, mux, one_of, only, state, state_from, wire, zero, Bit, BundleExt, State, U,
};

/// Clocks from a request to its answer: a doorbell is judged within them, so that the next access meets its outcome.
pub const ANSWER_CLOCKS: usize = 6;
/// Log2 of the clocks without anything under way after which a ring is at rest: more than any two parts of the rings
/// need to hand something over.
const REST_LOG2: usize = 4;
const _: () = assert!(ENABLE == 1 && FAULT == 2 && MAX_SIZE_LOG2 == 20);
const _: () = assert!(BASE_ALIGN == 1 << 12 && STATUS_ALIGN == 1 << 6 && COMMAND_BEATS == 2);

/// A ring's registers.
struct Ring {
    name: &'static str,
    number: u32,
    request: Request,
    readable: Vec<(u32, U<32>)>,
}

/// Whether and where a ring runs.
struct Running {
    runs: Bit,
    page: U<52>,
    mask: U<20>,
    status: U<58>,
    /// The counts go to zero at the end of this clock.
    starts: Bit,
    /// Enabling was refused.
    refused: Bit,
    /// It has stopped by a fault and is at rest, told once.
    failed: Bit,
    size: U<21>,
}

/// A ring's counts.
struct Counts {
    producer: U<32>,
    consumer: U<32>,
    bell_refused: Bit,
}

impl Ring {
    /// An access to one of its registers.
    #[track_caller]
    fn at(&self, offset: u32) -> Bit {
        self.request.address.eq(offset + STRIDE * self.number)
    }

    #[track_caller]
    fn writes(&self, offset: u32) -> Bit {
        self.request.valid & self.request.write & self.at(offset)
    }

    /// A state named after the ring.
    #[track_caller]
    fn state<const N: usize>(&self, what: &str) -> State<U<N>> {
        state(&format!("{}_{what}", self.name))
    }

    fn shows(&mut self, offset: u32, value: U<32>) {
        self.readable.push((offset + STRIDE * self.number, value));
    }

    /// A register that can be written where `open` is set.
    #[track_caller]
    fn register(&mut self, what: &str, offset: u32, open: Bit) -> U<32> {
        let register = self.state::<32>(what);
        register.next(self.writes(offset) & open, self.request.data);
        self.shows(offset, register.q);
        register.q
    }

    /// Two registers, the low half first.
    #[track_caller]
    fn address(&mut self, what: &str, offsets: [u32; 2], open: Bit) -> U<64> {
        let [low, high] = [("low", offsets[0]), ("high", offsets[1])]
            .map(|(half, offset)| self.register(&format!("{what}_{half}"), offset, open));
        cat!(high, low)
    }

    /// Starts and stops.
    fn running(&mut self, busy: Bit, fault: Bit) -> Running {
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

    /// Producer and consumer; `moved` is how far the card's own count goes.
    fn counts(&mut self, running: &Running, moved: U<21>) -> Counts {
        let card_fills = self.number == ring::PUNT;
        let producer = self.state::<32>("producer");
        let consumer = self.state::<32>("consumer");
        let (own, bell, offset) = match card_fills {
            true => (producer, consumer, CONSUMER),
            false => (consumer, producer, PRODUCER),
        };
        self.shows(PRODUCER, producer.q);
        self.shows(CONSUMER, consumer.q);
        own.next(k(1), only(!running.starts, own.q + moved.ext::<32>()));

        // The card's own count may move while a doorbell is judged: that makes no doorbell wrong that was right.
        let rung = (self.writes(offset) & running.runs).reg_rst("rung");
        let unheard = (self.writes(offset) & !running.runs).reg_rst("unheard");
        let (value, own_then) = (self.request.data.reg("bell"), own.q.reg("own_then"));
        let used = (producer.q - consumer.q).reg("used");
        let to = match card_fills {
            true => own_then - value,
            false => value - own_then,
        };
        let to = to.reg("bell_to");
        let used = used.reg("used_then");
        let possible = match self.number {
            ring::PUNT => to.le(used),
            _ => to.ge(used) & to.le(running.size.ext::<32>()),
        };
        let whole = match self.number {
            ring::COMMAND => !value.bit(0).reg("bell_odd"),
            _ => k(1),
        };
        let (accepts, judged) = (
            (possible & whole).reg("bell_accepted"),
            rung.reg_rst("bell_heard").reg_rst("bell_judged"),
        );
        let value = value.delay("bell_value", 2);
        let rings = judged & accepts;
        bell.next(running.starts | rings, only(!running.starts, value));
        Counts {
            producer: producer.q,
            consumer: consumer.q,
            bell_refused: unheard | (judged & !accepts),
        }
    }
}

/// What the registers hold of a ring.
#[derive(Clone, Copy)]
pub struct RingNow {
    /// It runs.
    pub runs: Bit,
    /// The page of its first byte.
    pub page: U<52>,
    /// The bits of a count that are a place in the ring.
    pub mask: U<20>,
    /// Beats filled.
    pub producer: U<32>,
    /// Beats emptied.
    pub consumer: U<32>,
    /// What its status says.
    pub telling: Telling,
}

impl RingNow {
    /// What is to be known to empty it.
    fn reading(self) -> Reading {
        Reading {
            runs: self.runs,
            page: self.page,
            mask: self.mask,
            producer: self.producer,
        }
    }

    /// What is to be known to fill it.
    fn filling(self) -> Filling {
        Filling {
            runs: self.runs,
            page: self.page,
            mask: self.mask,
            consumer: self.consumer,
        }
    }
}

/// What the registers give.
pub struct Registers {
    /// The answer to the host.
    pub response: Response,
    /// Ring by ring.
    pub rings: [RingNow; ring::COUNT],
    /// A ring has stopped: host memory did not answer.
    pub failed: Bit,
}

/// The registers of all rings.
#[track_caller]
pub fn registers(
    request: Request,
    progress: [Progress; ring::COUNT],
    conditions: [Condition; ring::COUNT],
) -> Registers {
    let request = request.timeless();
    let mut readable = Vec::new();
    let mut failed = k(0);
    let rings = std::array::from_fn(|number| {
        let (progress, condition) = (progress[number].timeless(), conditions[number].timeless());
        let mut ring = Ring {
            name: ring::NAMES[number],
            number: number as u32,
            request,
            readable: Vec::new(),
        };
        let (now, fails) = one_ring(&mut ring, progress, condition);
        readable.append(&mut ring.readable);
        failed = failed | fails;
        now
    });

    let address = request.address.delay("asked_at", ANSWER_CLOCKS - 2);
    let hits: Vec<(Bit, U<32>)> = readable
        .into_iter()
        .map(|(offset, value)| (address.eq(offset).reg("hit"), value))
        .collect();
    let valid = (0..ANSWER_CLOCKS).fold(request.valid, |bit, _| bit.reg_rst("answer"));
    Registers {
        response: Response {
            valid,
            data: one_of(&hits).reg("answer_data"),
        },
        rings,
        failed: failed.reg_rst("some_failed"),
    }
}

fn one_ring(ring: &mut Ring, progress: Progress, condition: Condition) -> (RingNow, Bit) {
    let running = ring.running(progress.busy | condition.busy, condition.fault);
    let counts = ring.counts(&running, progress.beats);
    let moderation = ring.register("moderation", MODERATION, k(1));

    let (refused, dropped) = (ring.state::<32>("refused"), ring.state::<32>("dropped"));
    let more: U<2> =
        one::<2>(running.refused) + one::<2>(counts.bell_refused) + one::<2>(progress.refused);
    refused.next(more.any(), refused.q + more.ext::<32>());
    dropped.next(
        progress.dropped.any(),
        dropped.q + progress.dropped.ext::<32>(),
    );
    ring.shows(REFUSED, refused.q);
    ring.shows(DROPPED, dropped.q);
    let moved = progress.beats.any() | more.any() | progress.dropped.any();

    let card_fills = ring.number == ring::PUNT;
    let now = RingNow {
        runs: running.runs,
        page: running.page,
        mask: running.mask,
        producer: counts.producer,
        consumer: counts.consumer,
        telling: Telling {
            runs: running.runs,
            address: running.status,
            index: match card_fills {
                true => counts.producer,
                false => counts.consumer,
            },
            refused: refused.q,
            dropped: dropped.q,
            moved: moved.reg_rst("moved"),
            idle: counts.producer.eq(counts.consumer),
            moderation,
        },
    };
    (now, running.failed)
}

leaf!(
    /// The registers as a block.
    pub RingRegisters {
        request: RequestIn,
        command: ProgressIn,
        punt: ProgressIn,
        inject: ProgressIn,
        command_reads: ConditionIn,
        inject_reads: ConditionIn,
        writes_busy: Signal<In, Bits<3>>,
        writes_fault: Signal<In, Bits<3>>,
    } -> {
        response: ResponseOut,
        command_ring: ReadingOut,
        inject_ring: ReadingOut,
        punt_ring: FillingOut,
        command_runs: Signal<Out, HdlBit>,
        punt_runs: Signal<Out, HdlBit>,
        inject_runs: Signal<Out, HdlBit>,
        inject_producer: Signal<Out, Bits<32>>,
        command_telling: TellingOut,
        punt_telling: TellingOut,
        inject_telling: TellingOut,
        failed: Signal<Out, HdlBit>,
    },
    |request: Request, command: Progress, punt: Progress, inject: Progress, command_reads: Condition,
     inject_reads: Condition, busy: [Bit; 3], fault: [Bit; 3]|
        -> (Response, Reading, Reading, Filling, Bit, Bit, Bit, U<32>, Telling, Telling, Telling, Bit) {
        let of = |reads: Condition, number: u32| Condition {
            busy: reads.busy | busy[number as usize],
            fault: reads.fault | fault[number as usize],
        };
        let conditions = [
            of(command_reads, ring::COMMAND),
            of(zero(), ring::PUNT),
            of(inject_reads, ring::INJECT),
        ];
        let made = registers(request, [command, punt, inject], conditions);
        let [command, punt, inject] = made.rings;
        (
            made.response,
            command.reading(),
            inject.reading(),
            punt.filling(),
            command.runs,
            punt.runs,
            inject.runs,
            inject.producer,
            command.telling,
            punt.telling,
            inject.telling,
            made.failed,
        )
    }
);
