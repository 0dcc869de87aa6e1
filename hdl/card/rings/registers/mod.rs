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

mod counts;
mod ring;
mod running;

use super::axi::one;
use super::buses::{ConditionIn, FillingOut, ProgressIn, ReadingOut, TellingOut};
use super::orders::{Condition, Filling, Progress, Reading, Telling};
use crate::buses::{RequestIn, ResponseOut};
use crate::card::axil::{Request, Response};
use ring::Ring;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::registers::rings::{DROPPED, MODERATION, REFUSED};
use underpass_layout::rings::ring as number;
use underpass_wires::{k, leaf, one_of, zero, Bit, BundleExt, U};

/// Clocks from a request to its answer: a doorbell is judged within them, so that the next access meets its outcome.
pub const ANSWER_CLOCKS: usize = 6;

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
    pub rings: [RingNow; number::COUNT],
    /// A ring has stopped: host memory did not answer.
    pub failed: Bit,
}

/// The registers of all rings.
#[track_caller]
pub fn registers(
    request: Request,
    progress: [Progress; number::COUNT],
    conditions: [Condition; number::COUNT],
) -> Registers {
    let request = request.timeless();
    let mut readable = Vec::new();
    let mut failed = k(0);
    let rings = std::array::from_fn(|number| {
        let (progress, condition) = (progress[number].timeless(), conditions[number].timeless());
        let mut ring = Ring {
            name: number::NAMES[number],
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

    let card_fills = ring.number == number::PUNT;
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
            of(command_reads, number::COMMAND),
            of(zero(), number::PUNT),
            of(inject_reads, number::INJECT),
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
