//! Rows that the card alone writes, exact under back-to-back events of one row.
//!
//! ```text
//!   clock 0          1          2
//!   event ─┬▶ [ read ] ─▶ [ reg ] ─▶ newest of memory and the last updates ─▶ change ─┬▶ [ write ]
//!   host ──┤                                       ▲──────────────────────────────────┤
//!   spare ─┘                                                                          '▶ what it tells
//! ```
//! A row read while an update of it is under way is old; the updates of the last `FORWARD` clocks are kept beside
//! the memory and the newest one of the same row wins.
//!
//! The memory has one port that reads. A packet's event has it; where there is none, the host; where neither wants it, an
//! event that can wait ([`Kept::between`]). The host's access comes back with `retry` where a packet had it.

use super::host::{self, Answer, Chain};
use super::Place;
use underpass_wires::{first, k, low, memory, mux, state, Bit, Bundle, BundleExt, Mem, U};

/// Updates that can be between the read and the write of a row: those of the two clocks before.
const FORWARD: usize = 2;

/// What the host reads of a row lacks the packets of so many clocks before.
pub const HOST_LAG: usize = FORWARD;

/// Clocks from an event to what its change tells.
pub const LATENCY: usize = 2;

/// Something that happens to a row.
#[derive(Clone, Copy, Debug)]
pub struct Event<C> {
    /// There is one in this clock.
    pub valid: Bit,
    /// The row.
    pub row: U<20>,
    /// What happens.
    pub change: C,
}

impl<C: Bundle> Event<C> {
    /// The event a clock later.
    #[track_caller]
    pub fn later(self, name: &str) -> Self {
        Event {
            valid: self.valid.reg_rst(&format!("{name}_valid")),
            row: self.row.reg(&format!("{name}_row")),
            change: self.change.reg(name),
        }
    }

    /// The same event in no clock.
    fn timeless(self) -> Self {
        Event {
            valid: self.valid.timeless(),
            row: self.row.timeless(),
            change: self.change.timeless(),
        }
    }
}

/// A table in the clock in which its row is chosen.
#[must_use = "a table whose events change nothing"]
#[derive(Debug)]
pub struct Kept<Row, C> {
    name: &'static str,
    rows: Mem<Row>,
    event: Event<C>,
    /// The row that is read.
    address: U<24>,
    /// A packet's event has the port.
    packet: Bit,
    /// The host asks for a row of this table.
    asked: Bit,
    chain: Chain,
}

impl<Row: Bundle, C: Bundle> Kept<Row, C> {
    /// The table at this place, with the event of the packet in this clock.
    #[track_caller]
    pub fn new(place: &Place, event: Event<C>, bus: impl Into<Chain>) -> Self {
        let mut chain = bus.into();
        let host = host::reading(place, event.row, &mut chain);
        Kept {
            name: place.table.name,
            rows: memory(&place.memory_name(0), place.rows, place.ram()),
            event,
            address: mux(event.valid, event.row.ext(), host.row),
            packet: event.valid,
            asked: host.asked,
            chain,
        }
    }

    /// Neither a packet nor the host wants a row in this clock.
    pub fn free(&self) -> Bit {
        !self.packet & !self.asked
    }

    /// With an event that is there only in clocks that are [`Kept::free`].
    #[track_caller]
    pub fn between(self, spare: Event<C>) -> Self {
        Kept {
            event: Event {
                valid: self.packet | spare.valid,
                row: mux(self.packet, self.event.row, spare.row),
                change: mux(self.packet, self.event.change, spare.change),
            },
            address: mux(self.free(), spare.row.ext(), self.address),
            ..self
        }
    }

    /// Writes `change` of the row and of what happens to it; gives what that tells beside, [`LATENCY`] later and
    /// belonging to no packet, where there was an event.
    #[track_caller]
    pub fn update<R>(self, change: impl FnOnce(Row, C) -> (Row, R)) -> (Event<R>, Chain) {
        let Kept {
            name,
            rows,
            event,
            mut chain,
            ..
        } = self;
        let row = rows.read(&format!("{name}_row"), low(self.address));
        let old = row.reg(&format!("{name}_old"));
        let asked = self.asked.reg_rst(&format!("{name}_here"));
        chain.answer(Answer {
            here: asked.reg_rst(&format!("{name}_said")),
            done: (!self.packet).delay(&format!("{name}_free"), 2),
            data: Some(old.pack_ext()),
        });

        // The updates under way belong to no packet, so neither does what meets them.
        let reading = event.later(&format!("{name}_reading")).timeless();
        let event = reading.later(&format!("{name}_event"));
        // Which of the updates before this one were of its row, found out a clock ahead.
        let mut before = (event.valid, event.row);
        let mut newest: Option<Row> = None;
        let mut recent: Vec<(Bit, Row)> = Vec::new();
        let mut values = Vec::new();
        for age in 1..=FORWARD {
            let same = (before.0 & before.1.eq(reading.row)).reg_rst(&format!("{name}_same{age}"));
            let value = state::<Row>(&format!("{name}_value{age}"));
            recent.push((same, value.q));
            values.push(value);
            let before_name = format!("{name}_before{age}");
            before = (
                before.0.reg_rst(&format!("{before_name}_valid")),
                before.1.reg(&before_name),
            );
        }
        let (now, told) = change(first(&recent, old.timeless()), event.change);
        for value in values {
            value.next(k(1), newest.unwrap_or(now));
            newest = Some(value.q);
        }
        rows.write(event.valid, low(event.row), now);
        let told = Event {
            valid: event.valid,
            row: event.row,
            change: told,
        };
        (told, chain)
    }
}
