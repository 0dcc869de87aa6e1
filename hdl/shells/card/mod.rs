//! The card: the core with its registers, the slow port on registers and on rings in host memory, and interrupts.
//!
//! ```text
//!   s_axis ─▶ merge ▶ ┌──────────┐ ─▶ core ─▶ steer ─▶ ┌──────────┐ ─▶ m_axis
//!               ▲     │ slow FIFO│     ▲ bulk    │      │ slow FIFO│
//!      injected │     └──────────┘     │         │      └──────────┘
//!               └──────────────────── rings ◀────┘ punted
//!                                      ▲ ▼
//!                                     m_axi, irq
//!   s_axil ─▶ slave ─▶ 0x0000 core registers, 0x1000 slow FIFO, 0x2000 rings
//! ```
//! Structure only. The pins of the flash come with the part that drives them.

mod slow_port;
mod windows;

use crate::buses::{
    AxilInIn, AxilOutOut, DecidedOut, HostOut, OfferIn, OfferOut, RequestOut, ResponseOut,
};
use crate::card::axil::AxilSlave;
use crate::card::registers::Build;
use crate::card::rings::buses::{ReadInIn, ReadOutOut, WriteInIn, WriteOutOut};
use crate::card::rings::Rings;
use crate::core::Core;
use crate::shells::slow_fifo::SlowFifo;
use rust_hdl_core::prelude::*;
use slow_port::{InjectJoin, PuntSteer};
use underpass_wires::rusthdl::ClkRst;
use windows::Windows;

/// The card.
#[derive(LogicBlock, Default)]
pub struct Card {
    /// Clock and reset.
    pub cr: ClkRst,
    /// Packets in, of all ports but the slow one.
    pub s: OfferIn,
    /// The beat on offer is taken.
    pub s_ready: Signal<Out, Bit>,
    /// Packets out, likewise.
    pub m: OfferOut,
    /// The beat on offer is taken.
    pub m_ready: Signal<In, Bit>,
    /// AXI4-Lite, what the master drives.
    pub axi_in: AxilInIn,
    /// AXI4-Lite, what the slave drives.
    pub axi_out: AxilOutOut,
    /// Reads of host memory.
    pub read: ReadOutOut,
    /// What it answers to them.
    pub read_in: ReadInIn,
    /// Writes to host memory.
    pub write: WriteOutOut,
    /// What it answers to them.
    pub write_in: WriteInIn,
    /// Interrupts, a clock each.
    pub irq: Signal<Out, Bits<8>>,
    /// What was decided over each packet, for tests.
    pub tap: DecidedOut,
    slave: AxilSlave,
    windows: Windows,
    merge: InjectJoin,
    core: Core,
    steer: PuntSteer,
    slow: SlowFifo,
    rings: Rings,
}

impl Card {
    /// The card around one build of the core.
    pub fn new(build: Build) -> Self {
        Card {
            core: Core::new(build),
            rings: Rings::new(build.sizes),
            ..Default::default()
        }
    }
}

impl Logic for Card {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.slave.cr);
        ClkRst::link(&mut self.cr, &mut self.windows.cr);
        ClkRst::link(&mut self.cr, &mut self.merge.cr);
        ClkRst::link(&mut self.cr, &mut self.core.cr);
        ClkRst::link(&mut self.cr, &mut self.steer.cr);
        ClkRst::link(&mut self.cr, &mut self.slow.cr);
        ClkRst::link(&mut self.cr, &mut self.rings.cr);

        AxilInIn::link(&mut self.axi_in, &mut self.slave.axi_in);
        AxilOutOut::link(&mut self.axi_out, &mut self.slave.axi_out);
        RequestOut::join(&mut self.slave.request, &mut self.windows.request);
        RequestOut::join(&mut self.windows.to_core, &mut self.core.request);
        RequestOut::join(&mut self.windows.to_slow, &mut self.slow.request);
        RequestOut::join(&mut self.windows.to_rings, &mut self.rings.request);
        ResponseOut::join(&mut self.core.response, &mut self.windows.from_core);
        ResponseOut::join(&mut self.slow.response, &mut self.windows.from_slow);
        ResponseOut::join(&mut self.rings.response, &mut self.windows.from_rings);
        ResponseOut::join(&mut self.windows.response, &mut self.slave.response);

        OfferIn::link(&mut self.s, &mut self.merge.outer_s);
        self.s_ready.next = self.merge.outer_s_ready.val();
        OfferOut::join(&mut self.rings.injected, &mut self.merge.injected);
        self.rings.injected_ready.next = self.merge.injected_ready.val();
        OfferOut::join(&mut self.merge.s, &mut self.slow.outer_s);
        self.merge.ready.next = self.slow.outer_s_ready.val();
        OfferOut::join(&mut self.slow.core_s, &mut self.core.s);
        self.slow.core_s_ready.next = self.core.s_ready.val();

        OfferOut::join(&mut self.core.m, &mut self.steer.core_m);
        self.core.m_ready.next = self.steer.core_m_ready.val();
        self.steer.punts.next = self.rings.punts.val();
        OfferOut::join(&mut self.steer.punted, &mut self.rings.punted);
        OfferOut::join(&mut self.steer.slow_m, &mut self.slow.core_m);
        self.steer.slow_ready.next = self.slow.core_m_ready.val();
        OfferOut::link(&mut self.m, &mut self.slow.outer_m);
        self.slow.outer_m_ready.next = self.m_ready.val();

        HostOut::join(&mut self.rings.bulk, &mut self.core.bulk_in);
        self.rings.bulk_taken.next = self.core.bulk_taken.val();
        HostOut::join(&mut self.core.bulk, &mut self.rings.bulk_in);
        ReadOutOut::link(&mut self.read, &mut self.rings.read);
        ReadInIn::link(&mut self.read_in, &mut self.rings.read_in);
        WriteOutOut::link(&mut self.write, &mut self.rings.write);
        WriteInIn::link(&mut self.write_in, &mut self.rings.write_in);
        self.irq.next = self.rings.irq.val();
        DecidedOut::link(&mut self.tap, &mut self.core.tap);
    }
}
