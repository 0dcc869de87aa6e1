//! The core with its AXI4-Lite slave: what OpenNIC and Corundum take.

use crate::buses::{
    AxilInIn, AxilOutOut, DecidedOut, HostOut, OfferIn, OfferOut, RequestOut, ResponseOut,
};
use crate::card::axil::AxilSlave;
use crate::card::registers::Build;
use crate::core::Core;
use crate::shells::no_bulk::NoBulk;
use rust_hdl_core::prelude::*;
use underpass_wires::rusthdl::ClkRst;

/// The core and its slave.
#[derive(LogicBlock, Default)]
pub struct CoreOnly {
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
    /// AXI4-Lite, what the master drives.
    pub axi_in: AxilInIn,
    /// AXI4-Lite, what the slave drives.
    pub axi_out: AxilOutOut,
    /// What was decided over each packet, for tests.
    pub tap: DecidedOut,
    slave: AxilSlave,
    core: Core,
    no_bulk: NoBulk,
}

impl CoreOnly {
    /// One build of the core with its slave.
    pub fn new(build: Build) -> Self {
        CoreOnly {
            core: Core::new(build),
            ..Default::default()
        }
    }
}

impl Logic for CoreOnly {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.slave.cr);
        ClkRst::link(&mut self.cr, &mut self.core.cr);
        ClkRst::link(&mut self.cr, &mut self.no_bulk.cr);
        AxilInIn::link(&mut self.axi_in, &mut self.slave.axi_in);
        AxilOutOut::link(&mut self.axi_out, &mut self.slave.axi_out);
        RequestOut::join(&mut self.slave.request, &mut self.core.request);
        ResponseOut::join(&mut self.core.response, &mut self.slave.response);
        OfferIn::link(&mut self.s, &mut self.core.s);
        self.s_ready.next = self.core.s_ready.val();
        OfferOut::link(&mut self.m, &mut self.core.m);
        self.core.m_ready.next = self.m_ready.val();
        DecidedOut::link(&mut self.tap, &mut self.core.tap);
        HostOut::join(&mut self.no_bulk.bulk, &mut self.core.bulk_in);
    }
}
