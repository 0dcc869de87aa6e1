//! Flows that wait for the agent's word: an entry each in software, and up to three packets.
//!
//! ```text
//!   miss ─▶ no entry yet ─▶ entry ─▶ | 1st | 2nd | 3rd |    the first is trapped as well
//!           entry there ────────────▶                       4th: counted, dropped FLOW_QUEUE_LIMIT_EXCEEDED
//! ```
//! The card has no row for such a flow, so each of its packets comes here; what the peer's entry counts is counted here.

use underpass_layout::DropReason;
use underpass_table_compiler::objects::FlowSide;

use super::tcp::Flags;
use crate::driver::Punt;
use crate::slow_path::Key;

/// Packets of one flow that may wait, as the peer has it.
pub const QUEUE: usize = 3;
/// Flows that may wait, as the peer has it.
pub const LIMIT: usize = 8192;

/// A flow that waits.
#[derive(Clone, Debug)]
pub struct Held {
    /// What is looked up, and that its packets wait.
    pub side: FlowSide,
    /// Its number, which the agent is told.
    pub index: u32,
    /// Packets that came, those that were dropped too.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How far its TCP connection is.
    pub tcp: Flags,
    /// Packets that wait.
    pub queue: Vec<Punt>,
}

/// What is to be done about a packet of a flow that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It waits, and the agent is told.
    Tell,
    /// It waits.
    Wait,
    /// It ends here.
    Drop(DropReason),
}

/// What counts of a packet that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its bytes.
    pub bytes: u64,
    /// Its TCP flags, where its flow has a TCP state.
    pub tcp_flags: u8,
}

/// All flows that wait, in the order in which they came.
#[derive(Debug)]
pub struct Holds {
    held: Vec<Held>,
    next: u32,
    limit: usize,
}

impl Default for Holds {
    fn default() -> Holds {
        Holds::with_limit(LIMIT)
    }
}

impl Holds {
    /// None; no more than `limit` may wait at a time.
    pub fn with_limit(limit: usize) -> Holds {
        Holds {
            held: Vec::new(),
            next: 0,
            limit,
        }
    }

    /// The flows.
    pub fn list(&self) -> &[Held] {
        &self.held
    }

    /// Takes a packet of the flow `side`, which may be new.
    pub fn push(&mut self, side: FlowSide, punt: Punt, seen: Seen) -> Then {
        let key = Key::from(&side);
        let place = self
            .held
            .iter()
            .position(|held| Key::from(&held.side) == key);
        let held = match place {
            Some(place) => &mut self.held[place],
            None if self.held.len() >= self.limit => return Then::Drop(DropReason::FlowUnusable),
            None => {
                let index = self.next;
                self.next += 1;
                self.held.push(Held {
                    side,
                    index,
                    packets: 0,
                    bytes: 0,
                    tcp: Flags::default(),
                    queue: Vec::new(),
                });
                let last = self.held.len() - 1;
                &mut self.held[last]
            }
        };
        held.packets += 1;
        held.bytes += seen.bytes;
        held.tcp.see(seen.tcp_flags);
        match held.queue.len() {
            QUEUE.. => Then::Drop(DropReason::FlowQueueLimitExceeded),
            waiting => {
                held.queue.push(punt);
                match waiting {
                    0 => Then::Tell,
                    _ => Then::Wait,
                }
            }
        }
    }

    /// Takes out the flow that has waited longest.
    pub fn pop(&mut self) -> Option<Held> {
        (!self.held.is_empty()).then(|| self.held.remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::shim::PuntShim;
    use underpass_table_compiler::objects::FlowAction;

    fn side(sport: u16) -> FlowSide {
        let (client, server) = ([10, 1, 1, 3].into(), [10, 2, 2, 4].into());
        FlowSide {
            action: FlowAction::Hold,
            ..FlowSide::between((client, sport), (server, 500), 6, 23, 3)
        }
    }

    fn punt(number: u8) -> Punt {
        Punt {
            shim: PuntShim::default(),
            frame: vec![number],
        }
    }

    const SYN: Seen = Seen {
        bytes: 54,
        tcp_flags: 2,
    };

    #[test]
    fn three_wait_the_first_is_told_and_all_are_counted() {
        let mut holds = Holds::default();
        let then: Vec<Then> = (0..5)
            .map(|number| holds.push(side(1), punt(number), SYN))
            .collect();
        let full = Then::Drop(DropReason::FlowQueueLimitExceeded);
        assert_eq!(then, [Then::Tell, Then::Wait, Then::Wait, full, full]);
        let held = holds.pop().expect("it waits");
        assert_eq!((held.packets, held.bytes, held.index), (5, 270, 0));
        assert_eq!(held.queue, [punt(0), punt(1), punt(2)]);
        assert_eq!(held.tcp.words(), ["SYN"]);
        assert!(holds.pop().is_none());
    }

    #[test]
    fn no_more_flows_wait_than_may() {
        let mut holds = Holds::with_limit(2);
        assert_eq!(holds.push(side(1), punt(0), SYN), Then::Tell);
        assert_eq!(holds.push(side(2), punt(1), SYN), Then::Tell);
        assert_eq!(
            holds.push(side(3), punt(2), SYN),
            Then::Drop(DropReason::FlowUnusable)
        );
        assert_eq!(holds.push(side(2), punt(3), SYN), Then::Wait);
        let order: Vec<u16> = std::iter::from_fn(|| holds.pop())
            .map(|held| held.side.sport)
            .collect();
        assert_eq!(order, [1, 2]);
    }
}
