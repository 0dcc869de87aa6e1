//! Reads and writes registers over AXI4-Lite, one access after the other.
//!
//! Address and data of a write go out in the same clock unless the stall pattern sets them apart; the answer of one
//! access is awaited before the next begins, as a PCIe bridge does with a register space. The slave is held to:
//!
//! - no answer before its request was taken, nor without one;
//! - an answer stays, unchanged, until our `ready` has been high.

use std::collections::VecDeque;

use crate::axil::{AxilDone, AxilOp, Response};
use crate::channel::{Activity, Channel};
use crate::dut::Dut;
use crate::stalls::{StallStream, Stalls};
use crate::violation::Violation;

struct Ports<P> {
    awaddr: P,
    awvalid: P,
    awready: P,
    wdata: P,
    wstrb: P,
    wvalid: P,
    wready: P,
    bresp: P,
    bvalid: P,
    bready: P,
    araddr: P,
    arvalid: P,
    arready: P,
    rdata: P,
    rresp: P,
    rvalid: P,
    rready: P,
}

/// A request channel (AW, W or AR) of the access under way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Request {
    /// Still to be offered.
    Due,
    /// On the wires.
    Offered,
    /// Taken, or not part of this access.
    Over,
}

/// An answer that was offered while our `ready` was low, and must stay.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Answer {
    data: u32,
    bits: u64,
}

/// The master side of an AXI4-Lite bus.
pub struct AxilDriver<P> {
    prefix: String,
    ports: Ports<P>,
    /// Of AW, W, AR and of the answers.
    stalls: [StallStream; 4],
    queue: VecDeque<AxilOp>,
    /// AW or AR, and W.
    address: Request,
    data: Request,
    /// What `awvalid`, `wvalid` and `arvalid` were last driven to.
    valid: [bool; 3],
    ready: bool,
    held: Option<Answer>,
    next_id: u64,
    done: VecDeque<AxilDone>,
}

impl<P: Copy> AxilDriver<P> {
    /// A driver on the slave port `prefix` of the design.
    pub fn new<D: Dut<Port = P>>(dut: &D, prefix: &str, stalls: Stalls) -> Result<Self, D::Error> {
        let port = |signal: &str| dut.port(&format!("{prefix}_{signal}"));
        let ports = Ports {
            awaddr: port("awaddr")?,
            awvalid: port("awvalid")?,
            awready: port("awready")?,
            wdata: port("wdata")?,
            wstrb: port("wstrb")?,
            wvalid: port("wvalid")?,
            wready: port("wready")?,
            bresp: port("bresp")?,
            bvalid: port("bvalid")?,
            bready: port("bready")?,
            araddr: port("araddr")?,
            arvalid: port("arvalid")?,
            arready: port("arready")?,
            rdata: port("rdata")?,
            rresp: port("rresp")?,
            rvalid: port("rvalid")?,
            rready: port("rready")?,
        };
        Ok(AxilDriver {
            prefix: prefix.to_string(),
            ports,
            stalls: [0, 1, 2, 3].map(|n| stalls.apart(n).stream()),
            queue: VecDeque::new(),
            address: Request::Over,
            data: Request::Over,
            valid: [false; 3],
            ready: false,
            held: None,
            next_id: 0,
            done: VecDeque::new(),
        })
    }

    /// Queues an access; its number comes back with the answer.
    pub fn push(&mut self, op: AxilOp) -> u64 {
        self.queue.push_back(op);
        if self.queue.len() == 1 {
            self.begin();
        }
        self.next_id += 1;
        self.next_id - 1
    }

    /// The oldest answer not yet collected.
    pub fn collect(&mut self) -> Option<AxilDone> {
        self.done.pop_front()
    }

    /// The answer to a given access, if it is there.
    pub fn collect_id(&mut self, id: u64) -> Option<AxilDone> {
        let at = self.done.iter().position(|done| done.id == id)?;
        self.done.remove(at)
    }

    /// Accesses without an answer yet.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Makes the requests of the queue's first access due.
    fn begin(&mut self) {
        (self.address, self.data) = match self.queue.front() {
            Some(AxilOp::Read { .. }) => (Request::Due, Request::Over),
            Some(AxilOp::Write { .. }) => (Request::Due, Request::Due),
            None => (Request::Over, Request::Over),
        };
    }

    fn broken(&self, clock: u64, signal: &str, rule: impl Into<String>) -> Violation {
        Violation::new(clock, &self.prefix, signal, rule)
    }

    /// Judges the answer channel `b` or `r` of the access under way.
    fn sample_answer<D: Dut<Port = P>>(
        &mut self,
        dut: &D,
        op: AxilOp,
    ) -> Result<Activity, Violation> {
        let clock = dut.cycle();
        let (is_read, [valid, resp]) = match op {
            AxilOp::Read { .. } => (true, ["rvalid", "rresp"]),
            AxilOp::Write { .. } => (false, ["bvalid", "bresp"]),
        };
        let ports = &self.ports;
        let (valid_port, resp_port) = if is_read {
            (ports.rvalid, ports.rresp)
        } else {
            (ports.bvalid, ports.bresp)
        };
        if !dut.is_high(valid_port) {
            return match self.held {
                Some(_) => Err(self.broken(clock, valid, "fell before ready was high")),
                None => Ok(Activity::Idle),
            };
        }
        if self.address != Request::Over || self.data != Request::Over {
            return Err(self.broken(
                clock,
                valid,
                format!("high before the {op} was taken whole"),
            ));
        }
        let data = if is_read {
            dut.get_u64(ports.rdata) as u32
        } else {
            0
        };
        let answer = Answer {
            data,
            bits: dut.get_u64(resp_port),
        };
        if self.held.is_some_and(|held| held != answer) {
            let signal = if self.held.is_some_and(|held| held.bits != answer.bits) {
                resp
            } else {
                "rdata"
            };
            return Err(self.broken(clock, signal, "changed while valid was high and ready low"));
        }
        if !self.ready {
            self.held = Some(answer);
            return Ok(Activity::Idle);
        }
        self.held = None;
        let id = self.next_id - self.queue.len() as u64;
        self.queue.pop_front();
        let response = Response::from_bits(answer.bits);
        self.done.push_back(AxilDone {
            id,
            op,
            data,
            response,
            at: clock,
        });
        self.begin();
        Ok(Activity::Done)
    }
}

/// Raises a request unless it stalls; whether it is on the wires.
fn offer(request: &mut Request, stalled: bool) -> bool {
    if *request == Request::Due && !stalled {
        *request = Request::Offered;
    }
    *request == Request::Offered
}

/// Ends a request that is taken at this edge; whether it is.
fn end(request: &mut Request, ready: bool) -> bool {
    let taken = *request == Request::Offered && ready;
    if taken {
        *request = Request::Over;
    }
    taken
}

impl<D: Dut> Channel<D> for AxilDriver<D::Port> {
    fn drive(&mut self, dut: &mut D) {
        let p = &self.ports;
        let [aw, w, ar, answer] = self.stalls.each_mut().map(StallStream::next_clock);
        let valid = match self.queue.front() {
            Some(AxilOp::Read { addr }) => {
                if self.address == Request::Due {
                    dut.set_u64(p.araddr, (*addr).into());
                }
                [false, false, offer(&mut self.address, ar)]
            }
            Some(AxilOp::Write { addr, data, strobe }) => {
                if self.address == Request::Due {
                    dut.set_u64(p.awaddr, (*addr).into());
                }
                if self.data == Request::Due {
                    dut.set_u64(p.wdata, (*data).into());
                    dut.set_u64(p.wstrb, (*strobe).into());
                }
                [
                    offer(&mut self.address, aw),
                    offer(&mut self.data, w),
                    false,
                ]
            }
            None => [false; 3],
        };
        if valid != self.valid {
            for (port, valid) in [p.awvalid, p.wvalid, p.arvalid].into_iter().zip(valid) {
                dut.set_u64(port, valid.into());
            }
            self.valid = valid;
        }
        let ready = !answer;
        if ready != self.ready {
            dut.set_u64(p.bready, ready.into());
            dut.set_u64(p.rready, ready.into());
            self.ready = ready;
        }
    }

    fn sample(&mut self, dut: &D) -> Result<Activity, Violation> {
        let p = &self.ports;
        let op = self.queue.front().copied();
        let reading = matches!(op, Some(AxilOp::Read { .. }));
        let writing = matches!(op, Some(AxilOp::Write { .. }));
        if !writing && dut.is_high(p.bvalid) {
            return Err(self.broken(dut.cycle(), "bvalid", "high with no write under way"));
        }
        if !reading && dut.is_high(p.rvalid) {
            return Err(self.broken(dut.cycle(), "rvalid", "high with no read under way"));
        }
        let Some(op) = op else {
            return Ok(Activity::Idle);
        };
        let address_ready = dut.is_high(if reading { p.arready } else { p.awready });
        let moved =
            end(&mut self.address, address_ready) | end(&mut self.data, dut.is_high(p.wready));
        let activity = self.sample_answer(dut, op)?;
        Ok(if moved {
            activity.max(Activity::Moved)
        } else {
            activity
        })
    }

    /// An access that was under way is asked again.
    fn reset(&mut self, dut: &mut D) {
        let p = &self.ports;
        for port in [p.awvalid, p.wvalid, p.arvalid, p.bready, p.rready] {
            dut.set_u64(port, 0);
        }
        self.valid = [false; 3];
        self.ready = false;
        self.held = None;
        self.begin();
    }

    fn leftover(&self) -> Option<String> {
        let count = self.done.len();
        (count > 0).then(|| format!("{}: {count} answers that nobody collected", self.prefix))
    }

    fn pending(&self) -> Option<String> {
        let op = self.queue.front()?;
        let what = match (self.address, self.data) {
            (Request::Over, Request::Over) => "no answer",
            (Request::Over, _) => "its data is not taken",
            _ => "its address is not taken",
        };
        Some(format!("{}: {op}: {what}", self.prefix))
    }
}
