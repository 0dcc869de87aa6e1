//! The core: streams in and out, registers, and the stages between.
//!
//! ```text
//!           ┌──────────── credit ─────────────┐
//!           ▼                                 │
//!   s ─▶ gather ─ header ─▶ pipeline ─ edit ─▶ deliver ─▶ m
//!         ▲ └───────────── body ──────────────▶ │
//!         │                  │ ▲                │
//!         │            errand│ │credit          │
//!         │                  ▼ │                │
//!         └───── offer ──── rounds ◀── beats ───┘
//!
//!   request ─▶ registers ─┐                                                     ┌─▶ registers ─▶ response
//!   bulk_in ──────────────┴▶ entry ─▶ seed ─▶ pipeline (tables) ─▶ rounds ─▶ exit ─▶ bulk
//! ```
//! Structure only. The names of its signals in Verilog are in `shells`.

use crate::buses::{
    BodyOut, CreditOut, DecidedOut, EditOut, ErrandOut, HeaderOut, HostIn, HostOut, OfferIn,
    OfferOut, PairOrdersOut, PairReportsOut, RequestIn, ResponseOut, RoundBeatOut, RoundCreditOut,
    RoundEventsOut, RoundOfferOut, SeedStartOut,
};
use crate::card::ends::{ChainEntry, ChainExit};
use crate::card::registers::{Build, RegisterFile};
use crate::card::seed::SeedGenerator;
use crate::pipeline::Pipeline;
use crate::rounds::RoundsBlock;
use crate::stream::blocks::{DeliverBlock, GatherBlock};
use rust_hdl_core::prelude::*;
use underpass_wires::rusthdl::ClkRst;

/// Everything that processes packets.
#[derive(LogicBlock, Default)]
pub struct Core {
    /// Clock and reset.
    pub cr: ClkRst,
    /// Packets in.
    pub s: OfferIn,
    /// The beat on offer is taken.
    pub s_ready: Signal<Out, Bit>,
    /// Packets out.
    pub m: OfferOut,
    /// The beat on offer is taken.
    pub m_ready: Signal<In, Bit>,
    /// Register accesses.
    pub request: RequestIn,
    /// Their answers.
    pub response: ResponseOut,
    /// Accesses to the tables from elsewhere than the registers; one stays until it is taken.
    pub bulk_in: HostIn,
    /// The access on `bulk_in` is taken.
    pub bulk_taken: Signal<Out, Bit>,
    /// Those accesses when they come back, in their order.
    pub bulk: HostOut,
    /// What was decided over each packet, for tests.
    pub tap: DecidedOut,
    gather: GatherBlock,
    pipeline: Pipeline,
    deliver: DeliverBlock,
    rounds: RoundsBlock,
    registers: RegisterFile,
    entry: ChainEntry,
    seed: SeedGenerator,
    exit: ChainExit,
}

impl Core {
    /// The core of one build.
    pub fn new(build: Build) -> Self {
        Core {
            pipeline: Pipeline::new(build.sizes),
            rounds: RoundsBlock::new(build.sizes),
            registers: RegisterFile::new(build),
            ..Default::default()
        }
    }
}

impl Logic for Core {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.gather.cr);
        ClkRst::link(&mut self.cr, &mut self.pipeline.cr);
        ClkRst::link(&mut self.cr, &mut self.deliver.cr);
        ClkRst::link(&mut self.cr, &mut self.rounds.cr);
        ClkRst::link(&mut self.cr, &mut self.registers.cr);
        ClkRst::link(&mut self.cr, &mut self.entry.cr);
        ClkRst::link(&mut self.cr, &mut self.seed.cr);
        ClkRst::link(&mut self.cr, &mut self.exit.cr);

        OfferIn::link(&mut self.s, &mut self.gather.s);
        self.s_ready.next = self.gather.ready.val();
        HeaderOut::join(&mut self.gather.header, &mut self.pipeline.header);
        BodyOut::join(&mut self.gather.body, &mut self.deliver.body);
        EditOut::join(&mut self.pipeline.edit, &mut self.deliver.edit);
        CreditOut::join(&mut self.deliver.credit, &mut self.gather.credit);
        OfferOut::link(&mut self.m, &mut self.deliver.m);
        self.deliver.m_ready.next = self.m_ready.val();
        ErrandOut::join(&mut self.pipeline.errand, &mut self.rounds.errand);
        RoundBeatOut::join(&mut self.deliver.round, &mut self.rounds.beat);
        RoundOfferOut::join(&mut self.rounds.offer, &mut self.gather.rounds);
        self.rounds.ready.next = self.gather.rounds_ready.val();
        RoundCreditOut::join(&mut self.rounds.credit, &mut self.pipeline.round_credit);
        self.gather.held.next = self.rounds.held.val();
        DecidedOut::link(&mut self.tap, &mut self.pipeline.tap);

        RequestIn::link(&mut self.request, &mut self.registers.request);
        ResponseOut::link(&mut self.response, &mut self.registers.response);
        HostOut::join(&mut self.registers.host, &mut self.entry.registers);
        HostIn::link(&mut self.bulk_in, &mut self.entry.bulk);
        self.bulk_taken.next = self.entry.taken.val();
        HostOut::join(&mut self.entry.host, &mut self.seed.host_in);
        HostOut::join(&mut self.seed.host, &mut self.pipeline.host_in);
        HostOut::join(&mut self.pipeline.host, &mut self.rounds.host_in);
        HostOut::join(&mut self.rounds.host, &mut self.exit.host);
        HostOut::join(&mut self.exit.registers, &mut self.registers.host_in);
        HostOut::link(&mut self.bulk, &mut self.exit.bulk);
        SeedStartOut::join(&mut self.registers.seed, &mut self.seed.start);
        PairOrdersOut::join(
            &mut self.registers.pair_orders,
            &mut self.pipeline.pair_orders,
        );
        PairReportsOut::join(
            &mut self.pipeline.pair_reports,
            &mut self.registers.pair_reports,
        );
        RoundEventsOut::join(
            &mut self.pipeline.round_events,
            &mut self.registers.round_events,
        );
        self.registers.copied.next = self.gather.copied.val();
        self.pipeline.learn_interval.next = self.registers.learn_interval.val();
        self.pipeline.punt_window.next = self.registers.punt_window.val();
        self.registers.seeding.next = self.seed.busy.val();
        self.gather.enable.next = self.registers.enable.val();
        self.registers.in_flight.next = self.gather.in_flight.val();
    }
}
