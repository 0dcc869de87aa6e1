//! Awaitable register access.

use std::cell::RefCell;
use std::rc::Rc;

use crate::axil::{AxilDone, AxilOp, Response};
use crate::axil_driver::AxilDriver;
use crate::bench::{known, Bench};
use crate::dut::Dut;
use crate::stalls::Stalls;

/// Reads and writes registers over an AXI4-Lite slave port of the design.
pub struct AxilMaster<D: Dut> {
    bench: Bench<D>,
    driver: Rc<RefCell<AxilDriver<D::Port>>>,
}

impl<D: Dut + 'static> AxilMaster<D> {
    /// A master that never stalls.
    ///
    /// # Panics
    /// If the design lacks one of the port's signals.
    pub fn new(bench: &Bench<D>, prefix: &str) -> AxilMaster<D> {
        Self::with_stalls(bench, prefix, Stalls::None)
    }

    /// A master whose channels stall apart from each other, so that write data comes before, with and after its address.
    ///
    /// # Panics
    /// If the design lacks one of the port's signals.
    pub fn with_stalls(bench: &Bench<D>, prefix: &str, stalls: Stalls) -> AxilMaster<D> {
        let driver = known(AxilDriver::new(&*bench.dut(), prefix, stalls));
        AxilMaster {
            bench: bench.clone(),
            driver: bench.attach(driver),
        }
    }

    /// Reads a register.
    ///
    /// # Panics
    /// If the answer is not OKAY.
    pub async fn read(&self, addr: u32) -> u32 {
        let done = self.access(AxilOp::Read { addr }).await;
        assert_eq!(
            done.response,
            Response::Okay,
            "clock {}: {}",
            done.at,
            done.op
        );
        done.data
    }

    /// Writes a register.
    ///
    /// # Panics
    /// If the answer is not OKAY.
    pub async fn write(&self, addr: u32, data: u32) {
        let done = self
            .access(AxilOp::Write {
                addr,
                data,
                strobe: 0xf,
            })
            .await;
        assert_eq!(
            done.response,
            Response::Okay,
            "clock {}: {}",
            done.at,
            done.op
        );
    }

    /// Any access, whatever the answer.
    pub async fn access(&self, op: AxilOp) -> AxilDone {
        let id = self.driver.borrow_mut().push(op);
        self.bench
            .until_event(|| self.driver.borrow_mut().collect_id(id))
            .await
    }

    /// The driver underneath.
    pub fn driver(&self) -> &Rc<RefCell<AxilDriver<D::Port>>> {
        &self.driver
    }
}
