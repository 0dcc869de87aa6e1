//! Takes packets from the design and holds it to the rules of AXI4-Stream:
//!
//! - `tvalid` does not fall, and no other signal changes, until `tready` has been high;
//! - `tkeep` is a run of ones from bit 0, all ones in every beat but the last;
//! - `tuser` is the same in every beat of a packet;
//! - `tlast` comes with the byte that the length in `tuser` says.

use std::collections::VecDeque;

use crate::axis::{keep_of, Axis, AxisPorts};
use crate::channel::{Activity, Channel};
use crate::dut::Dut;
use crate::frame::{Frame, Received};
use crate::stalls::{StallStream, Stalls};
use crate::violation::Violation;

/// The receiving side of an AXI4-Stream.
pub struct AxisMonitor<P> {
    axis: Axis,
    ports: AxisPorts<P>,
    stalls: StallStream,
    /// What `tready` was last driven to.
    ready: bool,
    driven: bool,
    /// The beat was offered and not taken at the edge before: it must be there again.
    held: bool,
    beat: Beat,
    /// Another beat's room, to compare without an allocation.
    spare: Beat,
    /// The packet under way; empty between packets.
    bytes: Vec<u8>,
    user: u32,
    first_beat_at: u64,
    received: VecDeque<Received>,
    /// Futures that wait for a packet.
    awaited: usize,
}

#[derive(Clone, PartialEq, Eq)]
struct Beat {
    words: Vec<u32>,
    keep: u64,
    last: bool,
    user: u32,
}

impl<P: Copy> AxisMonitor<P> {
    /// A monitor on the output stream `axis` of the design.
    pub fn new<D: Dut<Port = P>>(
        dut: &D,
        axis: impl Into<Axis>,
        stalls: Stalls,
    ) -> Result<Self, D::Error> {
        let axis = axis.into();
        let beat = Beat {
            words: vec![0; axis.bytes / 4],
            keep: 0,
            last: false,
            user: 0,
        };
        Ok(AxisMonitor {
            ports: axis.ports(dut)?,
            stalls: stalls.stream(),
            ready: false,
            driven: false,
            held: false,
            spare: beat.clone(),
            beat,
            bytes: Vec::new(),
            user: 0,
            first_beat_at: 0,
            received: VecDeque::new(),
            awaited: 0,
            axis,
        })
    }

    /// Refuses beats as `stalls` says, from the next clock on.
    pub fn set_stalls(&mut self, stalls: Stalls) {
        self.stalls = stalls.stream();
    }

    /// The oldest packet not yet collected.
    pub fn collect(&mut self) -> Option<Received> {
        self.received.pop_front()
    }

    /// Packets not yet collected.
    pub fn waiting(&self) -> usize {
        self.received.len()
    }

    /// Whether a packet has begun and not ended.
    pub fn in_packet(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The name of the stream.
    pub(crate) fn prefix(&self) -> &str {
        &self.axis.prefix
    }

    /// Says that a future begins or ceases to wait.
    pub(crate) fn awaits(&mut self, begins: bool) {
        self.awaited = if begins {
            self.awaited + 1
        } else {
            self.awaited - 1
        };
    }

    fn broken(&self, clock: u64, signal: &str, rule: impl Into<String>) -> Violation {
        Violation::new(clock, &self.axis.prefix, signal, rule)
    }

    /// Reads the beat on the wires into `spare`.
    fn read<D: Dut<Port = P>>(&mut self, dut: &D) {
        dut.get(self.ports.data, &mut self.spare.words);
        self.spare.keep = dut.get_u64(self.ports.keep);
        self.spare.last = dut.is_high(self.ports.last);
        self.spare.user = self.ports.user.map_or(0, |user| dut.get_u64(user) as u32);
    }

    /// A held beat must be on the wires as it was.
    fn check_held(&self, clock: u64) -> Result<(), Violation> {
        let (was, is) = (&self.beat, &self.spare);
        if was == is {
            return Ok(());
        }
        let signal = match () {
            () if was.words != is.words => "tdata",
            () if was.keep != is.keep => "tkeep",
            () if was.last != is.last => "tlast",
            () => "tuser",
        };
        Err(self.broken(
            clock,
            signal,
            "changed while tvalid was high and tready low",
        ))
    }

    /// The rules within one beat and against the beats before it.
    fn check_beat(&self, clock: u64) -> Result<usize, Violation> {
        let (beat, full) = (&self.beat, self.axis.bytes);
        let bytes = beat.keep.trailing_ones() as usize;
        if bytes == 0 || beat.keep != keep_of(bytes) {
            return Err(self.broken(
                clock,
                "tkeep",
                format!("{:#x} is not a run of ones from bit 0", beat.keep),
            ));
        }
        if self.ports.user.is_some() {
            self.check_user(clock, bytes)?;
        }
        if !beat.last && bytes != full {
            let rule = format!("{bytes} bytes in a beat that is not the last; expected {full}");
            return Err(self.broken(clock, "tkeep", rule));
        }
        Ok(bytes)
    }

    /// `tuser` against the beats before and the bytes so far.
    fn check_user(&self, clock: u64, bytes: usize) -> Result<(), Violation> {
        let beat = &self.beat;
        if !self.bytes.is_empty() && beat.user != self.user {
            let rule = format!(
                "changed within a packet from {:#010x} to {:#010x}",
                self.user, beat.user
            );
            return Err(self.broken(clock, "tuser", rule));
        }
        let (length, so_far) = ((beat.user >> 16) as usize, self.bytes.len() + bytes);
        if beat.last && so_far != length {
            return Err(self.broken(
                clock,
                "tlast",
                format!("after {so_far} bytes; tuser says {length}"),
            ));
        }
        if !beat.last && so_far >= length {
            return Err(self.broken(
                clock,
                "tlast",
                format!("low after {so_far} bytes; tuser says {length}"),
            ));
        }
        Ok(())
    }

    /// Adds the beat to the packet under way.
    fn take(&mut self, clock: u64, bytes: usize) -> Activity {
        if self.bytes.is_empty() {
            self.first_beat_at = clock;
            self.user = self.beat.user;
            self.bytes.reserve((self.user >> 16) as usize);
        }
        let whole = self.beat.words.iter().flat_map(|w| w.to_le_bytes());
        self.bytes.extend(whole.take(bytes));
        if !self.beat.last {
            return Activity::Moved;
        }
        let frame = Frame {
            bytes: std::mem::take(&mut self.bytes),
            port: self.user as u16,
        };
        self.received.push_back(Received {
            frame,
            first_beat_at: self.first_beat_at,
            last_beat_at: clock,
        });
        Activity::Done
    }
}

impl<D: Dut> Channel<D> for AxisMonitor<D::Port> {
    fn drive(&mut self, dut: &mut D) {
        let ready = !self.stalls.next_clock();
        if ready != self.ready || !self.driven {
            dut.set_u64(self.ports.ready, ready.into());
            (self.ready, self.driven) = (ready, true);
        }
    }

    fn sample(&mut self, dut: &D) -> Result<Activity, Violation> {
        let clock = dut.cycle();
        if !dut.is_high(self.ports.valid) {
            if self.held {
                return Err(self.broken(clock, "tvalid", "fell before tready was high"));
            }
            return Ok(Activity::Idle);
        }
        self.read(dut);
        if self.held {
            self.check_held(clock)?;
        }
        std::mem::swap(&mut self.beat, &mut self.spare);
        self.held = !self.ready;
        if self.held {
            return Ok(Activity::Idle);
        }
        let bytes = self.check_beat(clock)?;
        Ok(self.take(clock, bytes))
    }

    /// A packet that was under way is forgotten.
    fn reset(&mut self, dut: &mut D) {
        dut.set_u64(self.ports.ready, 0);
        (self.ready, self.driven, self.held) = (false, true, false);
        self.bytes.clear();
    }

    fn leftover(&self) -> Option<String> {
        let count = self.received.len();
        (count > 0).then(|| format!("{}: {count} packets that nobody received", self.axis.prefix))
    }

    fn pending(&self) -> Option<String> {
        let prefix = &self.axis.prefix;
        match (self.bytes.len(), self.held, self.awaited) {
            (0, false, 0) => None,
            (0, true, _) => Some(format!(
                "{prefix}: a beat is offered and held by the stall pattern"
            )),
            (0, false, n) => Some(format!("{prefix}: {n} waiting to receive, tvalid is low")),
            (bytes, _, _) => Some(format!(
                "{prefix}: a packet stopped after {bytes} bytes; tuser says {}",
                self.user >> 16
            )),
        }
    }
}
