//! The host's side of the tables: its accesses take the second port of the memories, and travel beside the packets.
//!
//! ```text
//!   slot ──▶ key ─────────────▶ [ memory, port A ] ──────────────▶ .. ──▶ slot
//!   bus ───▶ as many registers ▶ [ port B: is it mine? ] ─▶ data, done ▶ .. ──▶ bus
//! ```
//! **Lockstep.** A [`Chain`] meets every memory with the packet that entered the stage in the same clock, and leaves the
//! stage with it: it counts the clocks of the wires that ask, and delays the bus by as many. Memories give the old row in
//! the clock in which it is written. So one access, although the stages carry it out at different times, is for a packet
//! as a whole before it or as a whole behind it, in every stage alike: packets that came before the access, or with it,
//! see the old row, and packets behind it see the new one. A flow that is copied to way B and then overwritten in way A by the
//! next access, a clock later, is never missed: the test `a_key_that_moves_is_never_missed` asks for it in every clock.

use super::Place;
use crate::buses::{HostIn, HostOut};
use crate::card::host_bus::{HostBus, SeedWord};
use std::collections::BTreeMap;
use underpass_wires::{
    any_of, k, leaf, low, memory, mux, one_of, state, unpack_low, wire, zero, Bit, Bundle,
    BundleExt, Mem, Ram, U,
};

/// Waits that are longer go through a memory instead of registers.
const LONGEST_IN_REGISTERS: u32 = 4;

/// The bus on its way through one stage.
#[derive(Debug)]
pub struct Chain {
    /// The hash words, which wait for no packet: a clock in each stage.
    pub(super) seed: SeedWord,
    /// The bus by the clocks since it entered the stage.
    passed: BTreeMap<u32, HostBus>,
    /// What tables said, by the clock in which they say it.
    answers: Vec<(u32, Answer)>,
}

/// What a table says to an access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// The access is its own.
    pub here: Bit,
    /// It is done; else it is to be made again.
    pub done: Bit,
    /// The row, where one was read.
    pub data: Option<U<512>>,
}

impl From<HostBus> for Chain {
    fn from(bus: HostBus) -> Self {
        let age = bus.request.age().unwrap_or(0);
        let access = HostBus {
            seed: zero(),
            ..bus
        };
        Chain {
            seed: bus.seed.timeless(),
            passed: BTreeMap::from([(age, access)]),
            answers: Vec::new(),
        }
    }
}

impl Chain {
    /// How far the bus has come.
    fn front(&self) -> (u32, HostBus) {
        let (age, bus) = self.passed.last_key_value().expect("it has entered");
        (*age, *bus)
    }

    /// The bus in step with `wires`: with the packet of which they tell.
    #[track_caller]
    pub(super) fn beside<T: Bundle>(&mut self, wires: T) -> HostBus {
        let age = wires.age().unwrap_or(self.front().0);
        self.at(age)
    }

    /// The bus when it is `age` clocks in the stage.
    #[track_caller]
    fn at(&mut self, age: u32) -> HostBus {
        while self.front().0 < age {
            self.step(age);
        }
        match self.passed.get(&age) {
            Some(bus) => *bus,
            None => panic!(
                "the bus is asked for at clock {age} of the stage and is at clock {}: ask the tables in the order of time",
                self.front().0
            ),
        }
    }

    /// Moves the front on: to the next clock with the answers that wait there, or up to `until` where none do.
    fn step(&mut self, until: u32) {
        let (age, bus) = self.front();
        let next = self.answers.iter().map(|(age, _)| *age).min();
        let until = next.map_or(until, |next| until.min(next.max(age + 1)));
        let later = match until - age {
            wait if wait > LONGEST_IN_REGISTERS => waited(bus, wait),
            wait => (0..wait).fold(bus, |bus, _| after(bus)),
        };
        let (due, rest): (Vec<_>, Vec<_>) = self
            .answers
            .iter()
            .copied()
            .partition(|(age, _)| *age == until);
        self.answers = rest;
        let due: Vec<Answer> = due.into_iter().map(|(_, answer)| answer).collect();
        self.passed.insert(until, answered(later, &due));
    }

    /// Puts an answer on the bus. One that comes when the bus has gone on already is delayed until it is where the bus is.
    pub(super) fn answer(&mut self, answer: Answer) {
        let age = answer.here.age().unwrap_or(self.front().0 + 1);
        let late = (self.front().0 + 1).saturating_sub(age) as usize;
        let held = |bit: Bit| (0..late).fold(bit, |bit, _| bit.reg_rst("answer_here"));
        let answer = Answer {
            here: held(answer.here),
            done: answer.done.delay("answer_done", late),
            data: answer.data.map(|data| data.delay("answer_data", late)),
        };
        self.answers.push((age + late as u32, answer));
    }

    /// The bus as it leaves the stage, together with `slot`.
    #[track_caller]
    pub fn leave<T: Bundle>(mut self, slot: T) -> HostBus {
        let age = slot.age().unwrap_or(self.front().0);
        self.at(age);
        assert!(
            self.answers.is_empty() && self.front().0 == age,
            "a table answers the host after the packet has left the stage"
        );
        self.whole()
    }

    /// The bus as it leaves the last stage: as soon as all have answered.
    pub fn end(mut self) -> HostBus {
        let last = self.answers.iter().map(|(age, _)| *age).max();
        self.at(last.unwrap_or(self.front().0));
        self.whole()
    }

    /// Accesses at the front and hash words together.
    fn whole(&self) -> HostBus {
        let (age, bus) = self.front();
        HostBus {
            seed: later_words(self.seed).aged(age),
            ..bus
        }
    }
}

/// The bus with what tables say in its clock.
fn answered(bus: HostBus, answers: &[Answer]) -> HostBus {
    let any = |of: &dyn Fn(&Answer) -> Bit| any_of(&answers.iter().map(of).collect::<Vec<_>>());
    let rows: Vec<(Bit, U<512>)> = answers
        .iter()
        .filter_map(|answer| Some((answer.here, answer.data?)))
        .collect();
    let read = any_of(&rows.iter().map(|(here, _)| *here).collect::<Vec<_>>());
    HostBus {
        data: mux(read & !bus.write, one_of(&rows), bus.data),
        done: bus.done | any(&|answer| answer.here & answer.done),
        retry: bus.retry | any(&|answer| answer.here & !answer.done),
        ..bus
    }
}

/// Whether the bus has an access to the rows of this table in this clock.
fn is_mine(place: &Place, bus: HostBus) -> Bit {
    bus.request & !bus.split & bus.table.eq(place.table.id)
}

/// Lets the host read and write the rows of these ways, the first of which is way `first_way` of the table, in step with
/// the packet that asks them by `asked`.
#[track_caller]
pub(super) fn ways<Row: Bundle, T: Bundle>(
    place: &Place,
    first_way: usize,
    memories: &[Mem<Row>],
    asked: T,
    chain: &mut Chain,
) {
    let bus = chain.beside(asked);
    wire!(mine = is_mine(place, bus));
    let row_bits = place.depth().trailing_zeros() as usize;
    let way_of_row = bus.row.shr(row_bits);
    let mut rows: Vec<(Bit, Row)> = Vec::new();
    for (i, memory) in memories.iter().enumerate() {
        let here = mine & way_of_row.eq(first_way + i);
        let name = format!("{}_host", place.memory_name(first_way + i));
        let row = memory.port(
            &name,
            here & bus.write,
            low(bus.row),
            unpack_low::<Row, 512>(bus.data),
        );
        rows.push((here.reg_rst(&format!("{name}_here")), row));
    }
    let here = any_of(&rows.iter().map(|(here, _)| *here).collect::<Vec<_>>());
    let name = format!("{}_host{first_way}", place.table.name);
    // A row comes together from many RAMs, so it has a register of its own.
    let row = one_of(&rows).reg_en(&format!("{name}_row"), here);
    let here = here.reg_rst(&format!("{name}_said"));
    chain.answer(Answer {
        here,
        done: here,
        data: Some(row.pack_ext()),
    });
}

/// What the host asks of a memory that the card alone writes.
pub(super) struct Reading {
    /// It asks for a row.
    pub asked: Bit,
    /// Which one.
    pub row: U<24>,
}

/// What the host reads of a table in the clock of `event`.
#[track_caller]
pub(super) fn reading<T: Bundle>(place: &Place, event: T, chain: &mut Chain) -> Reading {
    let bus = chain.beside(event);
    Reading {
        asked: is_mine(place, bus) & !bus.write,
        row: bus.row,
    }
}

/// What the host writes to a table of one way.
pub(super) struct Writing<E> {
    /// It writes a row.
    pub here: Bit,
    /// Which one.
    pub row: U<24>,
    /// What it holds from then on.
    pub entry: E,
}

/// What the host writes to a table in the clock in which packets ask it by `asked`. The table itself answers.
#[track_caller]
pub(super) fn writing<E: Bundle, T: Bundle>(
    place: &Place,
    asked: T,
    chain: &mut Chain,
) -> Writing<E> {
    let bus = chain.beside(asked);
    Writing {
        here: is_mine(place, bus) & bus.write & bus.row.lt(k(place.rows)),
        row: bus.row,
        entry: unpack_low::<E, 512>(bus.data),
    }
}

/// The bus a clock later. What it carries moves only when there is something: 560 bits in every clock of the stages, which
/// cost neither power nor time of a simulation while the host rests.
fn after(bus: HostBus) -> HostBus {
    let mut next = bus.reg_en("host", bus.request);
    next.request = bus.request.reg_rst("host_request");
    next
}

/// The hash words a clock later.
fn later_words(seed: SeedWord) -> SeedWord {
    let mut next = seed.reg_en("host_seed", seed.valid);
    next.valid = seed.valid.reg_rst("host_seed_valid");
    next
}

/// The accesses `clocks` later, by way of a memory that is as deep as that: LUT RAM, of which a bit costs less than a
/// register. Only what says that there is one passes by registers, and accesses may follow each other each clock.
///
/// ```text
///   clock     0 1 2 3 4 ..                 an access of clock t is written to row t
///   row       0 1 2 3 0 ..                 and read from there in clock t + clocks - 1, into the register
/// ```
pub(super) fn waited(bus: HostBus, clocks: u32) -> HostBus {
    const CLOCK_BITS: usize = 7;
    let before = clocks as usize - 1;
    assert!(
        before < 1 << CLOCK_BITS,
        "a wait of {clocks} clocks, at most {} are counted",
        1 << CLOCK_BITS
    );
    let clock = state::<U<CLOCK_BITS>>("host_clock");
    clock.next(k(1), clock.q + 1);
    let request = (0..before).fold(bus.request, |request, _| request.reg_rst("host_waits"));
    let rows = memory::<HostBus>(
        "host_wait",
        clocks.next_power_of_two() as usize,
        Ram::Distributed,
    );
    rows.write(bus.request.timeless(), low(clock.q), bus.timeless());
    let mut next = rows
        .read_now(low(clock.q - before))
        .reg_en("host", request.timeless())
        .aged(bus.request.age().unwrap_or(0) + clocks);
    next.request = request.reg_rst("host_request");
    next
}

leaf!(
    /// The bus beside stages that have no table: as many clocks later as a packet is behind them.
    pub HostWait(clocks: u32) { host_in: HostIn } -> { host: HostOut },
    |host: HostBus| -> HostBus {
        let mut chain = Chain::from(host);
        chain.at(*clocks);
        chain.whole()
    }
);
