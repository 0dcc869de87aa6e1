//! The simulated card's shell: the core with its slow port on registers, everything else on streams.
//!
//! ```text
//!   s_axis ─▶ ┌──────────┐ ─▶ core ─▶ ┌──────────┐ ─▶ m_axis
//!             │ slow FIFO│            │ slow FIFO│
//!             └──────────┘            └──────────┘
//!   s_axil ─▶ slave ─▶ 0x0000 core registers, 0x1000 slow FIFO
//! ```

use crate::buses::{
    AxilInIn, AxilOutOut, DecidedOut, HostOut, OfferIn, OfferOut, RequestIn, RequestOut,
    ResponseIn, ResponseOut,
};
use crate::card::axil::{AxilSlave, Request, Response};
use crate::card::registers::Build;
use crate::core::Core;
use crate::shells::no_bulk::NoBulk;
use crate::shells::slow_fifo::SlowFifo;
use rust_hdl_core::prelude::*;
use underpass_layout::registers::slow;
use underpass_wires as wires;
use underpass_wires::rusthdl::ClkRst;

/// Splits accesses by address: the core's registers, the slow FIFO's.
fn split(request: Request, core: Response, slow: Response) -> (Request, Request, Response) {
    let to_slow = request
        .address
        .bit(slow::PUNT_STATUS.trailing_zeros() as usize);
    let to = |here: wires::Bit| Request {
        valid: request.valid & here,
        ..request
    };
    let response = Response {
        valid: core.valid | slow.valid,
        data: wires::mux(slow.valid, slow.data, core.data),
    };
    (to(!to_slow), to(to_slow), response)
}

wires::leaf!(
    /// The split as a block.
    pub Split { request: RequestIn, from_core: ResponseIn, from_slow: ResponseIn } -> {
        to_core: RequestOut,
        to_slow: RequestOut,
        response: ResponseOut,
    },
    |request: Request, core: Response, slow: Response| -> (Request, Request, Response) { split(request, core, slow) }
);

/// The shell.
#[derive(LogicBlock, Default)]
pub struct SimShell {
    /// Clock and reset.
    pub cr: ClkRst,
    /// Packets in, of all ports but the slow one.
    pub s: OfferIn,
    /// The beat on offer is taken.
    pub s_ready: Signal<Out, Bit>,
    /// Packets out.
    pub m: OfferOut,
    /// The beat on offer is taken.
    pub m_ready: Signal<In, Bit>,
    /// AXI4-Lite, what the master drives.
    pub axi_in: AxilInIn,
    /// AXI4-Lite, what the slave drives.
    pub axi_out: AxilOutOut,
    /// What was decided over each packet, for tests.
    pub tap: DecidedOut,
    slave: AxilSlave,
    split: Split,
    core: Core,
    no_bulk: NoBulk,
    slow: SlowFifo,
}

impl SimShell {
    /// The shell around one build of the core.
    pub fn new(build: Build) -> Self {
        SimShell {
            core: Core::new(build),
            ..Default::default()
        }
    }
}

impl Logic for SimShell {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.slave.cr);
        ClkRst::link(&mut self.cr, &mut self.split.cr);
        ClkRst::link(&mut self.cr, &mut self.core.cr);
        ClkRst::link(&mut self.cr, &mut self.no_bulk.cr);
        ClkRst::link(&mut self.cr, &mut self.slow.cr);

        AxilInIn::link(&mut self.axi_in, &mut self.slave.axi_in);
        AxilOutOut::link(&mut self.axi_out, &mut self.slave.axi_out);
        RequestOut::join(&mut self.slave.request, &mut self.split.request);
        RequestOut::join(&mut self.split.to_core, &mut self.core.request);
        RequestOut::join(&mut self.split.to_slow, &mut self.slow.request);
        ResponseOut::join(&mut self.core.response, &mut self.split.from_core);
        ResponseOut::join(&mut self.slow.response, &mut self.split.from_slow);
        ResponseOut::join(&mut self.split.response, &mut self.slave.response);

        OfferIn::link(&mut self.s, &mut self.slow.outer_s);
        self.s_ready.next = self.slow.outer_s_ready.val();
        OfferOut::join(&mut self.slow.core_s, &mut self.core.s);
        self.slow.core_s_ready.next = self.core.s_ready.val();
        OfferOut::join(&mut self.core.m, &mut self.slow.core_m);
        self.core.m_ready.next = self.slow.core_m_ready.val();
        OfferOut::link(&mut self.m, &mut self.slow.outer_m);
        self.slow.outer_m_ready.next = self.m_ready.val();
        DecidedOut::link(&mut self.tap, &mut self.core.tap);
        HostOut::join(&mut self.no_bulk.bulk, &mut self.core.bulk_in);
    }
}
