//! Sends packets into the design: a queue, driven out back to back unless its stall pattern holds it.
//!
//! Once offered, a beat stays until it is taken (AXI: `tvalid` must not wait for `tready`, nor fall before it); a stall
//! only delays the offer of the next beat.

use std::collections::VecDeque;

use crate::axis::{keep_of, Axis, AxisPorts};
use crate::channel::{Activity, Channel};
use crate::dut::Dut;
use crate::frame::{Frame, Sent};
use crate::stalls::{StallStream, Stalls};
use crate::violation::Violation;

/// So many packets back it is remembered when they were sent.
const REMEMBERED: usize = 1024;

/// The sending side of an AXI4-Stream.
pub struct AxisDriver<P> {
    axis: Axis,
    ports: AxisPorts<P>,
    stalls: StallStream,
    queue: VecDeque<Frame>,
    /// Bytes of the queue's first frame that have been taken.
    taken: usize,
    /// A beat is on the wires.
    offered: bool,
    first_beat_at: u64,
    /// The last `REMEMBERED` packets taken.
    sent: VecDeque<Sent>,
    /// Packets taken, in all.
    sent_total: u64,
    /// Words of a beat, kept to save an allocation.
    words: Vec<u32>,
}

impl<P: Copy> AxisDriver<P> {
    /// A driver on the input stream `axis` of the design.
    pub fn new<D: Dut<Port = P>>(
        dut: &D,
        axis: impl Into<Axis>,
        stalls: Stalls,
    ) -> Result<Self, D::Error> {
        let axis = axis.into();
        Ok(AxisDriver {
            ports: axis.ports(dut)?,
            stalls: stalls.stream(),
            queue: VecDeque::new(),
            taken: 0,
            offered: false,
            first_beat_at: 0,
            sent: VecDeque::new(),
            sent_total: 0,
            words: vec![0; axis.bytes / 4],
            axis,
        })
    }

    /// Holds beats back as `stalls` says, from the next clock on.
    pub fn set_stalls(&mut self, stalls: Stalls) {
        self.stalls = stalls.stream();
    }

    /// Queues a packet; its number, counted from 0, is what [`AxisDriver::sent_at`] knows it by.
    ///
    /// # Panics
    /// If the packet is empty, or longer than its length field can say.
    pub fn push(&mut self, frame: Frame) -> u64 {
        let (length, prefix) = (frame.bytes.len(), &self.axis.prefix);
        assert!(
            (1..=0xffff).contains(&length),
            "{prefix}: a packet of {length} bytes; expected 1 to 65535"
        );
        self.queue.push_back(frame);
        self.sent_total + self.queue.len() as u64 - 1
    }

    /// When the packet of this number was taken; `None` if it is not yet, or more than a thousand were since.
    pub fn sent_at(&self, number: u64) -> Option<Sent> {
        let first = self.sent_total - self.sent.len() as u64;
        let at = number.checked_sub(first)?;
        self.sent.get(at as usize).copied()
    }

    /// Packets taken by the design so far.
    pub fn sent_total(&self) -> u64 {
        self.sent_total
    }

    /// Packets not yet taken whole.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Puts the next beat of the first frame on the wires.
    fn offer<D: Dut<Port = P>>(&mut self, dut: &mut D, beat: Beat) {
        let frame = &self.queue[0];
        self.words.fill(0);
        let bytes = &frame.bytes[self.taken..self.taken + beat.bytes];
        for (word, four) in self.words.iter_mut().zip(bytes.chunks(4)) {
            let mut padded = [0; 4];
            padded[..four.len()].copy_from_slice(four);
            *word = u32::from_le_bytes(padded);
        }
        dut.set(self.ports.data, &self.words);
        dut.set_u64(self.ports.keep, keep_of(beat.bytes));
        dut.set_u64(self.ports.last, beat.last.into());
        if let Some(user) = self.ports.user {
            dut.set_u64(user, frame.tuser().into());
        }
    }

    /// The beat that is on the wires or comes next.
    fn beat(&self) -> Option<Beat> {
        let left = self.queue.front()?.bytes.len() - self.taken;
        Some(Beat {
            bytes: left.min(self.axis.bytes),
            last: left <= self.axis.bytes,
        })
    }
}

#[derive(Clone, Copy)]
struct Beat {
    bytes: usize,
    last: bool,
}

impl<D: Dut> Channel<D> for AxisDriver<D::Port> {
    fn drive(&mut self, dut: &mut D) {
        let stalled = self.stalls.next_clock();
        if self.offered {
            return;
        }
        match self.beat() {
            Some(beat) if !stalled => {
                self.offer(dut, beat);
                dut.set_u64(self.ports.valid, 1);
                self.offered = true;
            }
            _ => dut.set_u64(self.ports.valid, 0),
        }
    }

    fn sample(&mut self, dut: &D) -> Result<Activity, Violation> {
        if !self.offered || !dut.is_high(self.ports.ready) {
            return Ok(Activity::Idle);
        }
        let Some(beat) = self.beat() else {
            return Ok(Activity::Idle);
        };
        self.offered = false;
        if self.taken == 0 {
            self.first_beat_at = dut.cycle();
        }
        self.taken += beat.bytes;
        if !beat.last {
            return Ok(Activity::Moved);
        }
        self.queue.pop_front();
        self.taken = 0;
        self.sent_total += 1;
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent {
            first_beat_at: self.first_beat_at,
            last_beat_at: dut.cycle(),
        });
        Ok(Activity::Done)
    }

    /// A packet that was under way is sent again from its first beat.
    fn reset(&mut self, dut: &mut D) {
        dut.set_u64(self.ports.valid, 0);
        self.offered = false;
        self.taken = 0;
    }

    fn pending(&self) -> Option<String> {
        let (prefix, queued) = (&self.axis.prefix, self.queue.len());
        let first = self.queue.front()?;
        let why = if self.offered {
            "tready is low"
        } else {
            "held by its stall pattern"
        };
        Some(format!(
            "{prefix}: {queued} packets to send, {} of {} bytes of the first taken, {why}",
            self.taken,
            first.bytes.len()
        ))
    }
}
