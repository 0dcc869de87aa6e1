//! rounds: packets that one pass through the stages cannot finish, and the copies that are made of them.
//!
//! ```text
//!   deliver ─▶ | packet, errand | packet, errand | ..  first come, first served
//!                 │
//!                 ├─▶ for each of its mirrors: text in front, headers filled in   (see `mirror`)
//!                 ├─▶ for the slow path, to learn its source
//!                 └─▶ itself, or one copy for each member of its list ─▶ gather
//! ```
//! The card's buffer is limited, and so is the rate of copies; this one has neither limit.

mod mirror;

use crate::tables::Tables;
use mirror::Numbers;
use std::collections::VecDeque;
use underpass_layout::meta::{Errand, Round, RoundKind};

/// A packet with the copies that it still has to make.
#[derive(Clone)]
struct Going {
    bytes: Vec<u8>,
    errand: Errand,
    /// The next copy: the mirrors are 0 to 2, the slow path's is [`LEARN`], from [`ITSELF`] on it is itself.
    next: u32,
}

/// The copy for the slow path.
const LEARN: u32 = 3;
/// The packet itself, or the first member's copy.
const ITSELF: u32 = 4;

/// What waits to go round, and what was counted of it.
#[derive(Clone, Default)]
pub struct Rounds {
    waiting: VecDeque<Going>,
    numbers: Numbers,
    packets: u32,
    copies: u32,
    skipped: u32,
}

impl Rounds {
    /// None that waits and nothing counted, but the next copies have the numbers that they will have here.
    pub(crate) fn empty(&self) -> Self {
        Rounds {
            numbers: self.numbers,
            ..Rounds::default()
        }
    }

    /// Takes a packet that goes round.
    pub fn take(&mut self, bytes: Vec<u8>, errand: &Errand) {
        self.packets = self.packets.wrapping_add(1);
        self.waiting.push_back(Going {
            bytes,
            errand: *errand,
            next: 0,
        });
    }

    /// A copy for a member was none.
    pub(crate) fn skip(&mut self) {
        self.skipped = self.skipped.wrapping_add(1);
    }

    /// The next that comes back, and what is known of it.
    pub fn next(&mut self, tables: &Tables) -> Option<(Vec<u8>, Round)> {
        while let Some(going) = self.waiting.front_mut() {
            let copy = going.copy(tables, &mut self.numbers);
            if going.is_done() {
                self.waiting.pop_front();
            }
            if copy.is_some() {
                self.copies = self.copies.wrapping_add(1);
                return copy;
            }
        }
        None
    }

    /// Packets that have copies to make.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Packets that were taken, as register `ROUND_PACKETS` has it.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// What came back, as register `ROUND_COPIES` has it.
    pub fn copies(&self) -> u32 {
        self.copies
    }

    /// Copies for members that were none, as register `ROUND_SKIPPED` has it.
    pub fn skipped(&self) -> u32 {
        self.skipped
    }
}

impl Going {
    /// The next copy; none where there is no such mirror, or nothing to learn.
    fn copy(&mut self, tables: &Tables, numbers: &mut Numbers) -> Option<(Vec<u8>, Round)> {
        let Going {
            bytes,
            errand,
            next,
        } = self;
        let place = *next;
        *next += 1;
        let mut mirror = |row: u16| mirror::copy(tables, numbers, row, bytes, errand);
        match place {
            0 => mirror(errand.mirror),
            1 => mirror(errand.second),
            2 => mirror(errand.third),
            LEARN => errand.learn.then(|| (bytes.clone(), to_learn(errand))),
            _ => {
                let mut round = errand.round;
                round.position = round.position.wrapping_add((place - ITSELF) as u16);
                Some((bytes.clone(), round))
            }
        }
    }

    fn is_done(&self) -> bool {
        self.next >= ITSELF + u32::from(self.errand.members.max(1))
    }
}

fn to_learn(errand: &Errand) -> Round {
    Round {
        kind: RoundKind::Punt,
        vif: errand.round.vif,
        port: errand.round.port,
        received: true,
        ..Round::default()
    }
}

#[cfg(test)]
mod tests;
