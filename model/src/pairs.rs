//! What the card knows of each flow and its answers together: how far a TCP connection is, and when the last packet
//! came.
//!
//! ```text
//!   packet of a flow ─▶ flow_id ─┬─ 19 bits: pair ─▶ tcp[pair], age[pair]
//!                                └─ 1 bit: direction     │         ▲
//!                                         closed, reset ─▶ events ◀┴ idle: a sweep over all rows
//! ```
//! A row of another generation than the flow's is that of an earlier flow, and as good as empty. The card's sweep takes a
//! clock a row; here a round is done whenever the host does something that can make a row idle, or asks how many rounds
//! there were.

mod tcp;

use crate::counters::is_judged;
use crate::headers::ipv4::TCP;
use crate::tables::{checked, RowError};
use std::collections::VecDeque;
use tcp::Segment;
use underpass_layout::meta::{Edit, Meta};
use underpass_layout::profile::Profile;
use underpass_layout::registers::{
    AGE_BITS, EVENTS, EVENT_DEAD, EVENT_GENERATION, EVENT_PAIR_BITS, EVENT_VALID,
};
use underpass_layout::tables::{id, AgeEntry, TcpEntry, TABLES};

/// The bits of times that exist.
const AGE_MASK: u32 = (1 << AGE_BITS) - 1;
/// Places among the events that the sweep leaves to connections that close.
const SPARE_EVENTS: usize = 4;

/// What the host is told of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its TCP connection is closed or reset; else it is idle.
    pub dead: bool,
    /// The generation of its flow entries.
    pub generation: u8,
    /// The pair: its row in `tcp` and `age`.
    pub pair: u32,
}

impl Event {
    /// As register `AGE_EVENT` has it.
    pub fn word(&self) -> u32 {
        let dead = if self.dead { EVENT_DEAD } else { 0 };
        let pair = self.pair & ((1 << EVENT_PAIR_BITS) - 1);
        EVENT_VALID | dead | u32::from(self.generation) << EVENT_GENERATION | pair
    }
}

/// The rows of `tcp` and `age`, and what watches them.
#[derive(Clone)]
pub struct Pairs {
    profile: &'static Profile,
    tcp: Vec<TcpEntry>,
    age: Vec<AgeEntry>,
    now: u16,
    limit: u16,
    any_reset: bool,
    events: VecDeque<Event>,
    /// The row where the sweep goes on.
    row: usize,
    /// Rows that it still has to look at.
    left: usize,
    sweeps: u32,
}

impl Pairs {
    /// As after a reset.
    pub fn new(profile: &'static Profile) -> Self {
        let rows = |id: u32| profile.rows(&TABLES[id as usize]);
        Pairs {
            profile,
            tcp: vec![TcpEntry::default(); rows(id::TCP)],
            age: vec![AgeEntry::default(); rows(id::AGE)],
            now: 0,
            limit: 0,
            any_reset: false,
            events: VecDeque::new(),
            row: 0,
            left: 0,
            sweeps: 0,
        }
    }

    /// Sees a packet that passed all stages: once, when its flow has judged it for good.
    pub fn see(&mut self, meta: &Meta, edit: &Edit) {
        if !is_judged(meta, edit) {
            return;
        }
        let (pair, reverse) = (meta.flow.flow_id >> 1, meta.flow.flow_id & 1 == 1);
        let generation = meta.flow.generation;
        if let Some(age) = row_of(&mut self.age, pair) {
            *age = AgeEntry {
                generation,
                reported: false,
                seen: self.now,
            };
        }
        if !has_state(meta) {
            return;
        }
        let Some(entry) = row_of(&mut self.tcp, pair) else {
            return;
        };
        if entry.generation != generation {
            *entry = TcpEntry {
                generation,
                ..TcpEntry::default()
            };
        }
        let segment = Segment {
            reverse,
            flags: meta.inner.tcp_flags,
            seq: meta.inner.tcp_seq,
            ack: meta.inner.tcp_ack,
        };
        let dead = entry.dead;
        segment.seen_by(entry, self.any_reset);
        if entry.dead && !dead {
            let rows = self.tcp.len().next_power_of_two() as u32;
            self.tell(Event {
                dead: true,
                generation,
                pair: pair & (rows - 1),
            });
        }
    }

    /// One more event, if there is room: else the pair is found when it is idle.
    fn tell(&mut self, event: Event) {
        if self.events.len() < EVENTS {
            self.events.push_back(event);
        }
    }

    /// The time of the next packets, in the host's ticks.
    pub fn set_now(&mut self, ticks: u32) {
        self.now = (ticks & AGE_MASK) as u16;
        self.sweep();
    }

    /// The time of the next packets.
    pub fn now(&self) -> u32 {
        self.now.into()
    }

    /// Ticks without a packet after which a pair is idle; 0: never.
    pub fn set_limit(&mut self, ticks: u32) {
        self.limit = (ticks & AGE_MASK) as u16;
        self.sweep();
    }

    /// Ticks without a packet after which a pair is idle.
    pub fn limit(&self) -> u32 {
        self.limit.into()
    }

    /// Whether any reset closes a connection, or only one that fits its sequence numbers.
    pub fn set_any_reset(&mut self, any_reset: bool) {
        self.any_reset = any_reset;
    }

    /// Whether any reset closes a connection.
    pub fn any_reset(&self) -> bool {
        self.any_reset
    }

    /// The oldest event.
    pub fn event(&self) -> Option<Event> {
        self.events.front().copied()
    }

    /// Takes the oldest event away, which may make room for what the sweep has to tell.
    pub fn take_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        self.go_on();
        event
    }

    /// How often the sweep has gone through the table; asked again, it has gone once more, unless it has to rest.
    pub fn sweeps(&mut self) -> u32 {
        let sweeps = self.sweeps;
        self.sweep();
        sweeps
    }

    /// Once through the whole table, from where the sweep is.
    fn sweep(&mut self) {
        self.left = self.age.len();
        self.go_on();
    }

    fn go_on(&mut self) {
        while self.left > 0 && self.limit > 0 && self.events.len() + SPARE_EVENTS <= EVENTS {
            self.look_at_row();
            self.left -= 1;
            self.row += 1;
            if self.row == self.age.len() {
                self.row = 0;
                self.sweeps = self.sweeps.wrapping_add(1);
            }
        }
    }

    fn look_at_row(&mut self) {
        let (now, limit, pair) = (self.now, self.limit, self.row as u32);
        let age = &mut self.age[self.row];
        let since = u32::from(now).wrapping_sub(age.seen.into()) & AGE_MASK;
        if age.generation != 0 && !age.reported && since >= limit.into() {
            age.reported = true;
            let generation = age.generation;
            self.tell(Event {
                dead: false,
                generation,
                pair,
            });
        }
    }

    /// How far the TCP connection of a pair is.
    pub fn tcp(&self, pair: usize) -> TcpEntry {
        self.tcp.get(pair).copied().unwrap_or_default()
    }

    /// When a pair had its last packet.
    pub fn age(&self, pair: usize) -> AgeEntry {
        self.age.get(pair).copied().unwrap_or_default()
    }

    /// A row of `tcp` or `age`, as the host reads it. None: the table is neither.
    pub fn read_row(&self, table: u32, address: usize) -> Option<Result<Vec<u32>, RowError>> {
        let row = || checked(self.profile, table, address).map(|(_, row)| row);
        match table {
            id::TCP => Some(row().map(|row| self.tcp[row].pack().to_vec())),
            id::AGE => Some(row().map(|row| self.age[row].pack().to_vec())),
            _ => None,
        }
    }
}

/// The row of a pair, by as many low bits of its number as the rows need.
fn row_of<E>(rows: &mut [E], pair: u32) -> Option<&mut E> {
    let mask = rows.len().next_power_of_two() - 1;
    rows.get_mut(pair as usize & mask)
}

/// Has the packet a connection of its own? That of a fat flow is shared by several, that of an ICMP error is another's.
fn has_state(meta: &Meta) -> bool {
    let key = &meta.key;
    key.protocol == TCP
        && meta.inner.protocol == TCP
        && !meta.quoted.error
        && key.src_port != 0
        && key.dst_port != 0
}

#[cfg(test)]
mod tests;
