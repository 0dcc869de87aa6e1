//! Packets through the RTL and the model at once: the model takes them, and what goes round, in the order in which the RTL
//! took them.
//!
//! ```text
//!   packets ─▶ RTL ─▶ decided: from outside, or come round ─┐
//!          └────────▶ model: process, or again ◀────────────┘ ─▶ each pass of both, to be compared
//! ```
//! Packets from outside stay in their order, and so do those that come round; how the two mix is up to the RTL's clocks.
//! What goes round has to find room in the card, where the model has no end of it, so no more packets are sent at a time
//! than can have room with all that becomes of them.

use std::collections::VecDeque;
use std::fmt;

use super::{Decided, Rtl};
use crate::packets::Packet;
use underpass_bench::Received;
use underpass_layout::meta::{RoundKind, BEAT_BYTES};
use underpass_model::{Core, Output, Trace};

/// Beats that packets on their way may take in the card's buffer, all of what becomes of them: less than lists may fill.
const BEATS: usize = 400;
/// How often these may go round.
const ERRANDS: usize = 64;
/// Frames that the driver holds ready.
const AHEAD: usize = 8;
/// Clocks in which something must be decided while something is on its way.
const PATIENCE: u64 = 20_000;
/// Clocks behind the last frame in which no other may come, and in which counting ends.
const TAIL: u64 = 64;

/// A packet, with what it takes of the buffer of what goes round.
#[derive(Clone, Debug)]
pub struct Load {
    /// The packet.
    pub packet: Packet,
    /// Passes through the stages.
    passes: usize,
    /// How often it, or something of it, goes round.
    errands: usize,
    /// Beats of all these.
    beats: usize,
}

impl Load {
    /// Asks the model. None: it may become more than has room.
    pub fn of(model: &Core, packet: Packet) -> Option<Self> {
        let trace = model.trace(&packet.bytes, packet.port);
        let passes = || std::iter::once(&trace).chain(&trace.rounds);
        let lengths = passes()
            .filter(|pass| pass.edit.errand.on)
            .map(|pass| usize::from(pass.edit.length).div_ceil(BEAT_BYTES));
        let load = Load {
            passes: passes().count(),
            errands: lengths.clone().count(),
            beats: lengths.sum(),
            packet,
        };
        (load.errands <= ERRANDS && load.beats <= BEATS).then_some(load)
    }
}

/// A pass through the stages of both.
pub struct Pass<'a> {
    /// The place of the packet, or of the one that this is a copy of, among those sent.
    pub number: usize,
    /// That packet.
    pub packet: &'a Packet,
    /// What the RTL made of it.
    pub card: Decided,
    /// What the model made of it.
    pub model: Output,
    /// How.
    pub trace: Trace,
}

/// Why an exchange ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The two do not agree on what goes round, so the rest can not be compared.
    Parted,
    /// Nothing was decided any more.
    Silent {
        /// The next packet from outside.
        number: usize,
        /// Packets to be sent.
        all: usize,
    },
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Parted => f.write_str("they part over what goes round"),
            Stopped::Silent { number, all } => {
                write!(
                    f,
                    "the RTL decided no more, packet {number} of {all} is the next"
                )
            }
        }
    }
}

/// Sends packets through both; `each` is shown every pass. All frames that left the RTL, and why no more did.
pub fn exchange(
    rtl: &mut Rtl,
    model: &mut Core,
    loads: &[Load],
    mut each: impl FnMut(Pass<'_>),
) -> (Vec<Received>, Option<Stopped>) {
    let mut way = Way::new(loads);
    let mut frames = Vec::new();
    let (mut leaving, mut idle) = (0, 0);
    loop {
        way.send(rtl);
        rtl.clock();
        idle += 1;
        while let Some(card) = rtl.decided() {
            idle = 0;
            leaving += usize::from(!card.edit.drop && !card.edit.errand.on);
            let Some((number, model, trace)) = way.pass(model, &card) else {
                return (frames, Some(Stopped::Parted));
            };
            let agree = model.edit.errand.on == card.edit.errand.on;
            let packet = &loads[number].packet;
            each(Pass {
                number,
                packet,
                card,
                model,
                trace,
            });
            if !agree {
                return (frames, Some(Stopped::Parted));
            }
        }
        while let Some(frame) = rtl.m.collect() {
            idle = 0;
            frames.push(frame);
        }
        let done = way.is_done(model) && frames.len() >= leaving;
        if done && idle >= TAIL {
            return (frames, None);
        }
        if idle >= PATIENCE {
            let (number, all) = (way.begun, loads.len());
            return (frames, Some(Stopped::Silent { number, all }));
        }
    }
}

/// Which packets are on their way.
struct Way<'a> {
    loads: &'a [Load],
    /// Packets that the driver has.
    sent: usize,
    /// Packets whose first pass is decided.
    begun: usize,
    /// Passes to come of each packet.
    left: Vec<usize>,
    /// What goes round, by the packet that it comes from.
    round: VecDeque<usize>,
    beats: usize,
    errands: usize,
}

impl<'a> Way<'a> {
    fn new(loads: &'a [Load]) -> Self {
        Way {
            loads,
            sent: 0,
            begun: 0,
            left: loads.iter().map(|load| load.passes).collect(),
            round: VecDeque::new(),
            beats: 0,
            errands: 0,
        }
    }

    /// Hands over the packets that have room.
    fn send(&mut self, rtl: &mut Rtl) {
        while let Some(load) = self.loads.get(self.sent) {
            let fits = self.beats + load.beats <= BEATS && self.errands + load.errands <= ERRANDS;
            if rtl.s.queued() >= AHEAD || load.errands > 0 && !fits {
                break;
            }
            self.beats += load.beats;
            self.errands += load.errands;
            rtl.send(load.packet.bytes.clone(), load.packet.port);
            self.sent += 1;
        }
    }

    /// The model's pass for one of the RTL's. None: the model has no such packet.
    fn pass(&mut self, model: &mut Core, card: &Decided) -> Option<(usize, Output, Trace)> {
        let (number, output, trace) = if card.meta.arrival.round.kind != RoundKind::First {
            let before = model.rounds_waiting();
            let (output, trace) = model.again_traced()?;
            let after = model.rounds_waiting() - usize::from(output.edit.errand.on);
            let number = *self.round.front()?;
            if after < before {
                self.round.pop_front();
            }
            (number, output, trace)
        } else {
            let packet = &self.loads.get(self.begun)?.packet;
            let (output, trace) = model.process_traced(&packet.bytes, packet.port);
            self.begun += 1;
            (self.begun - 1, output, trace)
        };
        if output.edit.errand.on {
            self.round.push_back(number);
        }
        self.left[number] = self.left[number].checked_sub(1)?;
        if self.left[number] == 0 {
            self.beats -= self.loads[number].beats;
            self.errands -= self.loads[number].errands;
        }
        Some((number, output, trace))
    }

    fn is_done(&self, model: &Core) -> bool {
        self.begun == self.loads.len() && model.rounds_waiting() == 0
    }
}
