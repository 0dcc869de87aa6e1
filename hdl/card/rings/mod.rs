//! The rings in host memory (`underpass_layout::rings`): table writes and frames in bulk, by AXI4.
//!
//! ```text
//!                 ┌───────────────── registers ◀─ request, response
//!                 │  runs, base, counts  ▲ done, refused, dropped, busy, faults
//!                 ▼                      │
//!   AR ◀─┐      ┌─▶ command ─▶ bulk (tables of the core)
//!        ├ read ┤
//!   R  ──┘      └─▶ inject ──▶ frames for the core
//!
//!   AW ◀─┐       ┌─ punt ◀──── frames of the core
//!   W  ◀─┼ write ┤
//!   B  ──┘       └─ statuses ─▶ irq
//! ```
//! What a driver can do wrong is refused in the registers; what addresses are made of is judged there before anything
//! runs, and every place in a ring is masked with its size. Structure only: each part is a file.

pub mod axi;
pub mod buses;
pub mod command;
pub mod fetch;
pub mod inject;
pub mod interrupt;
pub mod orders;
pub mod punt;
pub mod registers;
pub mod status;
#[cfg(test)]
mod tests;
pub mod write;

use crate::buses::{HostIn, HostOut, OfferIn, OfferOut, RequestIn, ResponseOut, Sizes};
use buses::{
    BurstOfferOut, ConditionOut, FetchedOut, FillingOut, ProgressOut, ReadInIn, ReadOutOut,
    ReadingOut, StatusOfferOut, StatusWrittenOut, TellingOut, WriteBeatOut, WriteInIn, WriteOutOut,
    WrittenOut,
};
use command::CommandEngine;
use fetch::ReadChannels;
use inject::InjectEngine;
use punt::PuntEngine;
use registers::RingRegisters;
use rust_hdl_core::prelude::*;
use status::Statuses;
use underpass_wires::rusthdl::ClkRst;
use write::WriteChannels;

/// All rings.
#[derive(LogicBlock, Default)]
pub struct Rings {
    /// Clock and reset.
    pub cr: ClkRst,
    /// Register accesses.
    pub request: RequestIn,
    /// Their answers.
    pub response: ResponseOut,
    /// Reads of host memory.
    pub read: ReadOutOut,
    /// What it answers to them.
    pub read_in: ReadInIn,
    /// Writes to host memory.
    pub write: WriteOutOut,
    /// What it answers to them.
    pub write_in: WriteInIn,
    /// Accesses to the tables; one stays until it is taken.
    pub bulk: HostOut,
    /// The access is taken.
    pub bulk_taken: Signal<In, Bit>,
    /// Those accesses when they come back.
    pub bulk_in: HostIn,
    /// Punted frames; every beat on offer is taken.
    pub punted: OfferIn,
    /// Punted frames are to come here: looked at between two frames.
    pub punts: Signal<Out, Bit>,
    /// Frames for the core.
    pub injected: OfferOut,
    /// The beat on offer is taken.
    pub injected_ready: Signal<In, Bit>,
    /// Interrupts, a clock each.
    pub irq: Signal<Out, Bits<8>>,
    registers: RingRegisters,
    reads: ReadChannels,
    command: CommandEngine,
    inject: InjectEngine,
    punt: PuntEngine,
    statuses: Statuses,
    writes: WriteChannels,
}

impl Rings {
    /// The rings of a card with tables of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        Rings {
            command: CommandEngine::new(sizes),
            ..Default::default()
        }
    }
}

impl Logic for Rings {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.registers.cr);
        ClkRst::link(&mut self.cr, &mut self.reads.cr);
        ClkRst::link(&mut self.cr, &mut self.command.cr);
        ClkRst::link(&mut self.cr, &mut self.inject.cr);
        ClkRst::link(&mut self.cr, &mut self.punt.cr);
        ClkRst::link(&mut self.cr, &mut self.statuses.cr);
        ClkRst::link(&mut self.cr, &mut self.writes.cr);

        RequestIn::link(&mut self.request, &mut self.registers.request);
        ResponseOut::link(&mut self.response, &mut self.registers.response);
        ReadingOut::join(
            &mut self.registers.command_ring,
            &mut self.reads.command_ring,
        );
        ReadingOut::join(&mut self.registers.inject_ring, &mut self.reads.inject_ring);
        FillingOut::join(&mut self.registers.punt_ring, &mut self.punt.ring);
        TellingOut::join(
            &mut self.registers.command_telling,
            &mut self.statuses.command,
        );
        TellingOut::join(&mut self.registers.punt_telling, &mut self.statuses.punt);
        TellingOut::join(
            &mut self.registers.inject_telling,
            &mut self.statuses.inject,
        );
        self.command.runs.next = self.registers.command_runs.val();
        self.inject.runs.next = self.registers.inject_runs.val();
        self.inject.producer.next = self.registers.inject_producer.val();
        self.punts.next = self.registers.punt_runs.val();
        self.statuses.failed.next = self.registers.failed.val();

        ReadOutOut::link(&mut self.read, &mut self.reads.axi);
        ReadInIn::link(&mut self.read_in, &mut self.reads.axi_in);
        FetchedOut::join(&mut self.reads.command, &mut self.command.beat);
        FetchedOut::join(&mut self.reads.inject, &mut self.inject.beat);
        ConditionOut::join(
            &mut self.reads.command_condition,
            &mut self.registers.command_reads,
        );
        ConditionOut::join(
            &mut self.reads.inject_condition,
            &mut self.registers.inject_reads,
        );
        self.reads.credit.next = self.inject.credit.val();

        HostOut::link(&mut self.bulk, &mut self.command.access);
        HostIn::link(&mut self.bulk_in, &mut self.command.answer);
        self.command.taken.next = self.bulk_taken.val();
        ProgressOut::join(&mut self.command.progress, &mut self.registers.command);

        OfferOut::link(&mut self.injected, &mut self.inject.offer);
        self.inject.ready.next = self.injected_ready.val();
        ProgressOut::join(&mut self.inject.progress, &mut self.registers.inject);

        OfferIn::link(&mut self.punted, &mut self.punt.offer);
        BurstOfferOut::join(&mut self.punt.burst, &mut self.writes.burst);
        WriteBeatOut::join(&mut self.punt.beat, &mut self.writes.beat);
        self.punt.burst_taken.next = self.writes.burst_taken.val();
        self.punt.beat_taken.next = self.writes.beat_taken.val();
        WrittenOut::join(&mut self.writes.written, &mut self.punt.written);
        ProgressOut::join(&mut self.punt.progress, &mut self.registers.punt);

        StatusOfferOut::join(&mut self.statuses.command_offer, &mut self.writes.command);
        StatusOfferOut::join(&mut self.statuses.punt_offer, &mut self.writes.punt);
        StatusOfferOut::join(&mut self.statuses.inject_offer, &mut self.writes.inject);
        StatusWrittenOut::join(&mut self.writes.statuses, &mut self.statuses.written);
        self.registers.writes_busy.next = self.statuses.busy.val();
        self.registers.writes_fault.next = self.writes.faults.val();
        WriteOutOut::link(&mut self.write, &mut self.writes.axi);
        WriteInIn::link(&mut self.write_in, &mut self.writes.axi_in);
        self.irq.next = self.statuses.irq.val();
    }
}
