//! The layer without futures: channels that drive and sample, and the order in which a clock happens.
//!
//! ```text
//!   drive    every channel sets its inputs for this clock           clock low
//!   settle   outputs that are logic over inputs follow
//!   sample   every channel judges valid and ready, takes its beat
//!   tick     the rising edge sees the very same values
//! ```
//!
//! All drive before any samples: a `ready` may depend on another channel's `ready` of the same clock. A channel must
//! not look at outputs while it drives, nor set inputs while it samples; then the order of channels does not matter.

use crate::dut::Dut;
use crate::violation::Violation;

/// What a channel saw at an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// Nothing moved.
    Idle,
    /// A beat moved.
    Moved,
    /// Something ended that somebody may wait for: a packet, an answer.
    Done,
}

/// One side of a bus, synchronous to the clock.
pub trait Channel<D: Dut> {
    /// Sets the inputs of the design for the coming edge.
    fn drive(&mut self, dut: &mut D);
    /// Judges the settled signals right before the edge.
    fn sample(&mut self, dut: &D) -> Result<Activity, Violation>;
    /// Takes the bus to its idle state and forgets what was under way; called before the design is reset.
    fn reset(&mut self, dut: &mut D);
    /// What it still has to do or is waited on for, as "s_axis: ...", or `None` if nothing.
    fn pending(&self) -> Option<String>;
    /// What it has for somebody who never asked, as "m_axis: ...".
    fn leftover(&self) -> Option<String> {
        None
    }
}

/// One clock of a design with its channels; the liveliest of what they saw.
pub fn clock<D: Dut>(
    dut: &mut D,
    channels: &mut [&mut dyn Channel<D>],
) -> Result<Activity, Violation> {
    for channel in channels.iter_mut() {
        channel.drive(dut);
    }
    dut.settle();
    let mut activity = Activity::Idle;
    for channel in channels.iter_mut() {
        activity = activity.max(channel.sample(dut)?);
    }
    dut.tick();
    Ok(activity)
}

/// Clocks until nothing has moved for `quiet` clocks on end and no channel has anything left to do, or `limit` clocks
/// are over. How many clocks it took, the quiet ones included; `None` at the limit.
pub fn run_until_quiet<D: Dut>(
    dut: &mut D,
    channels: &mut [&mut dyn Channel<D>],
    quiet: u64,
    limit: u64,
) -> Result<Option<u64>, Violation> {
    let mut still = 0;
    for clocks in 1..=limit {
        still = if clock(dut, channels)? == Activity::Idle {
            still + 1
        } else {
            0
        };
        if still >= quiet && channels.iter().all(|c| c.pending().is_none()) {
            return Ok(Some(clocks));
        }
    }
    Ok(None)
}
