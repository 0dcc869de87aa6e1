//! Carries commands out: two beats of the ring make one access to a table.
//!
//! ```text
//!   beat 0 ─▶ kind, table, row ─▶ is there such a row? ─▶ ┐
//!   beat 1 ─▶ data ─────────────────────────────────────▶ ┴─▶ [ queue ] ─▶ core .. answer ─▶ CONSUMER + 2
//!                                                  no: to no table, which is refused
//! ```
//! Memory gives a beat a clock, so there is an access every other clock. The core takes one in each clock in which the
//! registers make none, and those take several clocks for one: the queue never fills, and nothing is held up before it.
//! What cannot be carried out travels with the others, as an access to a table that nobody owns: so answers, consumer
//! and refusals stay in order.

use super::buses::{FetchedIn, ProgressOut};
use super::fetch::Fetched;
use super::orders::Progress;
use crate::buses::{HostIn, HostOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::card::within;
use crate::hardware::RingCommand;
use crate::stream::bytes::counted;
use crate::stream::fifo::queue;
use rust_hdl_core::prelude::{Bit as HdlBit, In, Signal};
use underpass_layout::profile::Profile;
use underpass_layout::rings::{CommandKind, COMMAND_BEATS};
use underpass_layout::tables::TABLES;
use underpass_wires::{
    any_of, bundle, k, leaf, mux, only, state, unpack, wire, zero, Bit, BundleExt, U,
};

/// A table that nobody owns.
const NO_TABLE: usize = 31;
/// Accesses that may wait for the core, as a power of two.
const QUEUE: usize = 3;
/// Clocks from a beat to its place in the queue: what a command wants is held from the next clock on, and then judged.
const JUDGED: usize = 1 + within::LATENCY;
const _: () = assert!(TABLES.len() <= NO_TABLE && COMMAND_BEATS == 2);

bundle! {
    /// An access that waits for the core.
    struct Row {
        split: Bit,
        table: U<5>,
        row: U<24>,
        data: U<512>,
    }

    /// What a command wants.
    struct Wanted {
        split: Bit,
        write: Bit,
        table: U<8>,
        row: U<32>,
    }
}

/// What the engine gives.
pub struct Command {
    /// To the core. It stays until it is taken.
    pub access: HostBus,
    /// To the registers.
    pub progress: Progress,
}

/// See the module. `taken`: the core takes the access; `answer`: one comes back.
#[track_caller]
pub fn command(
    profile: &Profile,
    runs: Bit,
    beat: Fetched,
    taken: Bit,
    answer: HostBus,
) -> Command {
    let (runs, beat) = (runs.timeless(), beat.timeless());
    let (taken, answer) = (taken.timeless(), answer.timeless());
    let second = state::<Bit>("second");
    second.next(beat.valid | !runs, runs & !second.q);
    wire!(whole = runs & beat.valid & second.q & !beat.bad);
    let wanted = wanted(unpack(beat.data)).reg_en("wanted", beat.valid & !second.q);
    let can_be = can_be(profile, wanted);

    let judged: [Bit; JUDGED] = {
        let mut bit = whole;
        std::array::from_fn(|_| {
            bit = bit.reg_rst("whole");
            bit
        })
    };
    let held = (
        wanted.split,
        wanted.table.trunc::<5>(),
        wanted.row.trunc::<24>(),
    );
    let (split, table, row) = held.delay("held", within::LATENCY);
    let rows = queue::<Row, QUEUE>(
        "commands",
        judged[JUDGED - 1],
        Row {
            split,
            table: mux(can_be, table, k(NO_TABLE)),
            row,
            data: beat.data.delay("command_data", JUDGED),
        },
    );
    let next = rows.head;
    rows.pop(taken);

    let under_way = state::<U<10>>("under_way");
    counted(under_way, taken, answer.request);
    let some = [any_of(&judged), rows.valid, under_way.q.any()];
    Command {
        access: HostBus {
            request: rows.valid,
            write: k(1),
            split: next.split,
            table: next.table,
            row: next.row,
            data: next.data,
            ..zero()
        },
        progress: Progress {
            beats: only(answer.request, k(COMMAND_BEATS)).reg_rst("done_beats"),
            refused: (answer.request & !answer.done).reg_rst("done_refused"),
            dropped: k(0),
            busy: any_of(&some).reg_rst("command_busy"),
        },
    }
}

/// The fields that count.
fn wanted(command: RingCommand) -> Wanted {
    let is = |kind: CommandKind| command.kind.eq(kind.code());
    Wanted {
        split: is(CommandKind::WriteSplit),
        write: is(CommandKind::WriteRow),
        table: command.table,
        row: command.row,
    }
}

/// Whether there is such a table and row, [`within::LATENCY`] clocks after `wanted`.
fn can_be(profile: &Profile, wanted: Wanted) -> Bit {
    // What the bus has no bits for must not come out as something else.
    let named = !wanted.row.slice::<8>(24).any() & wanted.table.lt(TABLES.len());
    wire!(split = (wanted.split & named).delay("splits", within::LATENCY));
    wire!(write = wanted.write.delay("writes", within::LATENCY));
    split | (write & within::within(profile, wanted.table, wanted.row))
}

leaf!(
    /// The engine as a block.
    pub CommandEngine(sizes: Sizes) {
        runs: Signal<In, HdlBit>,
        beat: FetchedIn,
        taken: Signal<In, HdlBit>,
        answer: HostIn,
    } -> { access: HostOut, progress: ProgressOut },
    |runs: Bit, beat: Fetched, taken: Bit, answer: HostBus| -> (HostBus, Progress) {
        let made = command(sizes.0, runs, beat, taken, answer);
        (made.access, made.progress)
    }
);
