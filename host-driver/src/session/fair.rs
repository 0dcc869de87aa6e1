//! Fair shares of the slow path: punted packets wait by lane, and the lanes take turns.
//!
//! ```text
//!   punt ring ─▶ vif 3        | . . . . . . . . |─┐
//!                vif 4        | . |───────────────┼─▶ one of each in turn ─▶ slow path
//!                vif 0, vrf 7 | . . |─────────────┘
//!   a lane's queue is full: its newest is refused       all are full together: the longest queue's newest gives way
//! ```
//! A lane is an interface; of what comes out of tunnels, by the one interface of the underlay, each VRF has its own.
//! However many packets one lane hands over, another one's next packet waits for at most one of each. The ring itself
//! is shared, so it is emptied into these queues before anything is thought about; what may enter it in the first place,
//! the card's quotas say (table `punt_quota`).

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::driver::Punt;
use crate::slow_path::is_tunnelled;

/// Packets of one lane that may wait.
pub const DEPTH: usize = 256;
/// Packets of all lanes that may wait.
pub const TOTAL: usize = 8192;

/// Whose packets take turns with those of others: the receiving interface, and of what came out of a tunnel its VRF.
type Lane = (u16, Option<u16>);

fn lane(punt: &Punt) -> Lane {
    let vrf = is_tunnelled(punt).then_some(punt.shim.vrf);
    (punt.shim.vif, vrf)
}

/// The queues.
#[derive(Debug, Default)]
pub struct Fair {
    /// By lane; none is empty.
    queues: BTreeMap<Lane, VecDeque<Punt>>,
    /// Packets in all of them.
    waiting: usize,
    /// The lane whose turn was last.
    last: Lane,
}

impl Fair {
    /// Lets a packet wait. What comes back has to go: this one, or another one of a lane that has more waiting.
    pub fn push(&mut self, punt: Punt) -> Result<(), Box<Punt>> {
        let lane = lane(&punt);
        if self.queues.get(&lane).map_or(0, VecDeque::len) >= DEPTH {
            return Err(Box::new(punt));
        }
        self.queues.entry(lane).or_default().push_back(punt);
        self.waiting += 1;
        if self.waiting <= TOTAL {
            return Ok(());
        }
        let longest = self.queues.iter().max_by_key(|(_, queue)| queue.len());
        let longest = longest.map(|(lane, _)| *lane);
        match longest.and_then(|lane| self.take(lane, VecDeque::pop_back)) {
            Some(punt) => Err(Box::new(punt)),
            None => Ok(()),
        }
    }

    /// The next packet: of the next lane behind the last one.
    pub fn pop(&mut self) -> Option<Punt> {
        let behind = (Bound::Excluded(self.last), Bound::Unbounded);
        let next = self.queues.range(behind).next();
        let (lane, _) = next.or_else(|| self.queues.iter().next())?;
        self.last = *lane;
        self.take(self.last, VecDeque::pop_front)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    fn take(
        &mut self,
        lane: Lane,
        end: impl Fn(&mut VecDeque<Punt>) -> Option<Punt>,
    ) -> Option<Punt> {
        let queue = self.queues.get_mut(&lane)?;
        let punt = end(queue)?;
        if queue.is_empty() {
            self.queues.remove(&lane);
        }
        self.waiting -= 1;
        Some(punt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::shim::PuntShim;
    use underpass_layout::tables::TunnelKind;

    /// A packet whose bytes say which it is.
    fn punt(vif: u16, number: usize) -> Punt {
        Punt {
            shim: PuntShim {
                vif,
                ..PuntShim::default()
            },
            frame: number.to_le_bytes().to_vec(),
        }
    }

    fn fill(fair: &mut Fair, vif: u16, packets: usize) -> usize {
        let pushed = (0..packets).map(|number| fair.push(punt(vif, number)));
        pushed.filter(Result::is_ok).count()
    }

    fn order(fair: &mut Fair, packets: usize) -> Vec<u16> {
        let popped = std::iter::from_fn(|| fair.pop());
        popped.take(packets).map(|punt| punt.shim.vif).collect()
    }

    #[test]
    fn a_flood_of_one_interface_delays_another_by_one_packet() {
        let mut fair = Fair::default();
        assert_eq!(fill(&mut fair, 3, 10 * DEPTH), DEPTH);
        // It came last of all, and is the second to be thought about.
        fill(&mut fair, 9, 1);
        assert_eq!(order(&mut fair, 3), [3, 9, 3]);
        // Likewise while the flood goes on and the other one sends now and then.
        for round in 0..100 {
            fill(&mut fair, 3, DEPTH);
            fill(&mut fair, 9, 1);
            let turn = order(&mut fair, 2);
            assert!(turn.contains(&9), "round {round}: {turn:?}");
        }
    }

    #[test]
    fn networks_take_turns_on_the_interface_of_the_underlay() {
        let mut fair = Fair::default();
        let out_of = |vrf, number| {
            let mut punt = punt(0, number);
            (punt.shim.tunnel, punt.shim.vrf) = (TunnelKind::Vxlan, vrf);
            punt
        };
        let storm = (0..10 * DEPTH).map(|number| fair.push(out_of(1, number)));
        assert_eq!(storm.filter(Result::is_ok).count(), DEPTH);
        fair.push(out_of(2, 0)).expect("another network's share");
        fair.push(punt(0, 0)).expect("the underlay's own share");
        let vrfs = std::iter::from_fn(|| fair.pop()).map(|punt| punt.shim.vrf);
        assert_eq!(vrfs.take(4).collect::<Vec<_>>(), [1, 2, 0, 1]);
    }

    #[test]
    fn interfaces_take_turns_and_packets_of_one_keep_their_order() {
        let mut fair = Fair::default();
        for (vif, packets) in [(5, 3), (2, 1), (8, 2)] {
            fill(&mut fair, vif, packets);
        }
        let popped: Vec<_> = std::iter::from_fn(|| fair.pop()).collect();
        let expected = [(2, 0), (5, 0), (8, 0), (5, 1), (8, 1), (5, 2)];
        assert_eq!(popped, expected.map(|(vif, number)| punt(vif, number)));
        assert!(fair.is_empty());
    }

    #[test]
    fn where_all_is_full_the_longest_queue_gives_way() {
        let mut fair = Fair::default();
        let interfaces = (TOTAL / DEPTH) as u16;
        for vif in 0..interfaces {
            fill(&mut fair, vif, DEPTH);
        }
        let gone = fair.push(punt(interfaces, 7)).unwrap_err();
        assert!(gone.shim.vif < interfaces, "the newcomer had to go");
        assert_eq!(fair.waiting, TOTAL);
        let all = order(&mut fair, TOTAL + 1);
        assert_eq!(all.len(), TOTAL);
        assert_eq!(all.iter().filter(|vif| **vif == interfaces).count(), 1);
    }
}
