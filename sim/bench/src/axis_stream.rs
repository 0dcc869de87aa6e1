//! The awaitable ends of a stream.

use std::cell::RefCell;
use std::rc::Rc;

use crate::axis::Axis;
use crate::axis_driver::AxisDriver;
use crate::axis_monitor::AxisMonitor;
use crate::bench::{known, Bench};
use crate::dut::Dut;
use crate::frame::{Frame, Received, Sent};
use crate::stalls::Stalls;

/// Packets that may wait in a source before `send` waits too: enough that the wires never run dry.
const BACKLOG: usize = 64;

/// Sends packets into the design.
pub struct AxisSource<D: Dut> {
    bench: Bench<D>,
    driver: Rc<RefCell<AxisDriver<D::Port>>>,
}

impl<D: Dut + 'static> AxisSource<D> {
    /// A source on the input stream `axis`.
    ///
    /// # Panics
    /// If the design lacks one of its signals.
    pub fn new(bench: &Bench<D>, axis: impl Into<Axis>, stalls: Stalls) -> AxisSource<D> {
        let driver = known(AxisDriver::new(&*bench.dut(), axis, stalls));
        AxisSource {
            bench: bench.clone(),
            driver: bench.attach(driver),
        }
    }

    /// Queues a packet behind those before it. Does not wait until it is sent, so packets sent one after the other go
    /// back to back; waits only while the queue is long.
    pub async fn send(&self, frame: Frame) {
        let room = || (self.driver.borrow().queued() < BACKLOG).then_some(());
        self.bench.until_event(room).await;
        self.driver.borrow_mut().push(frame);
    }

    /// Sends a packet and waits until the design has taken it; when it did.
    pub async fn send_timed(&self, frame: Frame) -> Sent {
        let number = self.driver.borrow_mut().push(frame);
        self.bench
            .until_event(|| self.driver.borrow().sent_at(number))
            .await
    }

    /// Waits until the design has taken all packets.
    pub async fn flush(&self) {
        self.bench
            .until_event(|| (self.driver.borrow().queued() == 0).then_some(()))
            .await;
    }

    /// The driver underneath.
    pub fn driver(&self) -> &Rc<RefCell<AxisDriver<D::Port>>> {
        &self.driver
    }
}

/// Receives packets from the design.
pub struct AxisSink<D: Dut> {
    bench: Bench<D>,
    monitor: Rc<RefCell<AxisMonitor<D::Port>>>,
}

/// While it lives, somebody waits for a packet.
struct Awaiting<'a, P: Copy>(&'a RefCell<AxisMonitor<P>>);

impl<P: Copy> Drop for Awaiting<'_, P> {
    fn drop(&mut self) {
        // A failing run drops it in the middle of a clock, when the monitor may be in use.
        if let Ok(mut monitor) = self.0.try_borrow_mut() {
            monitor.awaits(false);
        }
    }
}

impl<D: Dut + 'static> AxisSink<D> {
    /// A sink on the output stream `axis`.
    ///
    /// # Panics
    /// If the design lacks one of its signals.
    pub fn new(bench: &Bench<D>, axis: impl Into<Axis>, stalls: Stalls) -> AxisSink<D> {
        let monitor = known(AxisMonitor::new(&*bench.dut(), axis, stalls));
        AxisSink {
            bench: bench.clone(),
            monitor: bench.attach(monitor),
        }
    }

    /// Waits for the next packet.
    pub async fn recv(&self) -> Received {
        if let Some(received) = self.try_recv() {
            return received;
        }
        self.monitor.borrow_mut().awaits(true);
        let _awaiting = Awaiting(&self.monitor);
        self.bench
            .until_event(|| self.monitor.borrow_mut().collect())
            .await
    }

    /// The next packet, if it is there.
    pub fn try_recv(&self) -> Option<Received> {
        self.monitor.borrow_mut().collect()
    }

    /// Fails if a packet is there, whole or in part.
    ///
    /// # Panics
    /// If one is.
    pub fn assert_empty(&self) {
        let monitor = self.monitor.borrow();
        let (waiting, prefix) = (monitor.waiting(), monitor.prefix());
        assert!(
            waiting == 0,
            "{prefix}: expected no packet, found {waiting}"
        );
        assert!(
            !monitor.in_packet(),
            "{prefix}: expected no packet, found one under way"
        );
    }

    /// The monitor underneath.
    pub fn monitor(&self) -> &Rc<RefCell<AxisMonitor<D::Port>>> {
        &self.monitor
    }
}
