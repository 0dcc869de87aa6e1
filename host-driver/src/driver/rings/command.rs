//! Table writes through the command ring.
//!
//! ```text
//!   write ─▶ | RingCommand | row | ─▶ .. ─▶ doorbell when the ring is half full, or in flush ─▶ done: status index
//! ```

use underpass_layout::hash::Split;
use underpass_layout::registers::rings::PRODUCER;
use underpass_layout::rings::{ring, CommandKind, RingCommand, COMMAND_BEATS};
use underpass_layout::tables::TableSpec;

use super::super::seed::checked_group;
use super::{Ring, BEAT_WORDS};
use crate::access::dma::publish;
use crate::access::CardAccess;
use crate::driver::{Driver, DriverError};

/// The ring, and how much of it the card knows of.
#[derive(Debug)]
pub(super) struct CommandRing {
    ring: Ring,
    /// The count that the doorbell last said.
    told: u32,
    /// The card's count when we last looked.
    done: u32,
}

/// Words of a command's header that mean something; the card ignores the others.
const HEADER_WORDS: usize = 2;

impl CommandRing {
    pub(super) fn new(ring: Ring) -> Self {
        CommandRing {
            ring,
            told: 0,
            done: 0,
        }
    }

    /// There is room for a command.
    fn has_room(&mut self) -> bool {
        let held = |done: u32| self.ring.ours.wrapping_sub(done) + COMMAND_BEATS;
        if held(self.done) > self.ring.beats {
            self.done = self.ring.theirs();
        }
        held(self.done) <= self.ring.beats
    }

    /// Puts a command into the ring, which must have room. True if it is time for the doorbell.
    fn put(&mut self, kind: CommandKind, table: u32, row: u32, words: &[u32]) -> bool {
        let header = RingCommand {
            kind: kind.code() as u8,
            table: table as u8,
            row,
            ..RingCommand::default()
        };
        let at = self.ring.word_of(self.ring.ours);
        self.ring
            .cells
            .write_all(at, &header.pack()[..HEADER_WORDS]);
        self.ring.cells.write_all(at + BEAT_WORDS, words);
        self.ring.ours = self.ring.ours.wrapping_add(COMMAND_BEATS);
        self.ring.ours.wrapping_sub(self.told) >= self.ring.beats / 2
    }
}

impl<C: CardAccess> Driver<C> {
    /// Queues a row; it is written at the latest when [`Driver::flush`] returns. Rows are written in the order in which
    /// they were queued.
    pub(in crate::driver) fn queue_row(
        &mut self,
        table: &TableSpec,
        row: usize,
        words: &[u32],
    ) -> Result<(), DriverError> {
        self.queue(CommandKind::WriteRow, table, row as u32, words)
    }

    /// Queues a split.
    pub(in crate::driver) fn queue_split(
        &mut self,
        table: &TableSpec,
        group: usize,
        split: &Split,
    ) -> Result<(), DriverError> {
        let group = checked_group(table, group)?;
        self.queue(CommandKind::WriteSplit, table, group.into(), &split.pack())
    }

    fn queue(
        &mut self,
        kind: CommandKind,
        table: &TableSpec,
        row: u32,
        words: &[u32],
    ) -> Result<(), DriverError> {
        if !self.command_ring().is_some_and(CommandRing::has_room) {
            self.tell_commands()?;
            self.wait_for(ring::COMMAND, |rings| Ok(rings.command.has_room()))?;
        }
        let full = self
            .command_ring()
            .is_some_and(|ring| ring.put(kind, table.id, row, words));
        match full {
            true => self.tell_commands(),
            false => Ok(()),
        }
    }

    fn command_ring(&mut self) -> Option<&mut CommandRing> {
        self.rings.as_mut().map(|rings| &mut rings.command)
    }

    /// Rings the doorbell.
    fn tell_commands(&mut self) -> Result<(), DriverError> {
        let Some(ring) = self.command_ring() else {
            return Ok(());
        };
        if ring.told == ring.ring.ours {
            return Ok(());
        }
        publish();
        ring.told = ring.ring.ours;
        let (register, count) = (ring.ring.register(PRODUCER), ring.told);
        Ok(self.card.write(register, count)?)
    }

    /// Waits until every queued row is in the card.
    pub fn flush(&mut self) -> Result<(), DriverError> {
        self.tell_commands()?;
        self.wait_for(ring::COMMAND, |rings| {
            let command = &mut rings.command;
            command.done = command.ring.theirs();
            Ok(command.done == command.ring.ours)
        })?;
        match self.command_ring().map(|ring| ring.ring.newly_refused()) {
            None | Some(0) => Ok(()),
            Some(refused) => Err(DriverError::CommandsRefused { refused }),
        }
    }
}
