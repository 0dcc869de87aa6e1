//! Packets that wait for the decision about their flow.
//!
//! ```text
//!   FlowMiss ──▶ | 1st | 2nd | 3rd |  of that key    4th: FLOW_QUEUE_LIMIT_EXCEEDED     flow 8193: FLOW_UNUSABLE
//!                   └── decided ──▶ back into the card, in order
//! ```

use std::collections::hash_map::{Entry, HashMap};

use underpass_layout::DropReason;

use crate::driver::Punt;
use crate::slow_path::key::Key;

/// Packets of one flow that may wait, as the peer has it.
pub const QUEUE: usize = 3;

/// Flows that may wait, likewise.
pub const FLOWS: usize = 8192;

/// Flows that wait for a decision, in the order in which they started.
#[derive(Debug, Default)]
pub struct Hold {
    order: Vec<Key>,
    packets: HashMap<Key, Vec<Punt>>,
    /// How many by K(nh).
    by_nexthop: HashMap<u32, usize>,
}

impl Hold {
    /// Lets a packet wait; it comes back with the reason if too many wait already.
    pub fn push(&mut self, key: Key, punt: Punt) -> Result<(), Box<(Punt, DropReason)>> {
        let waiting = self.packets.len();
        match self.packets.entry(key) {
            Entry::Vacant(_) if waiting == FLOWS => Err(Box::new((punt, DropReason::FlowUnusable))),
            Entry::Vacant(vacant) => {
                vacant.insert(vec![punt]);
                self.order.push(key);
                *self.by_nexthop.entry(key.nexthop).or_default() += 1;
                Ok(())
            }
            Entry::Occupied(packets) if packets.get().len() == QUEUE => {
                Err(Box::new((punt, DropReason::FlowQueueLimitExceeded)))
            }
            Entry::Occupied(mut packets) => {
                packets.get_mut().push(punt);
                Ok(())
            }
        }
    }

    /// Whether packets with this key wait.
    pub fn holds(&self, key: &Key) -> bool {
        self.packets.contains_key(key)
    }

    /// How many flows with this K(nh) wait.
    pub fn of_nexthop(&self, nexthop: u32) -> usize {
        self.by_nexthop.get(&nexthop).copied().unwrap_or(0)
    }

    /// Takes every flow with its packets.
    pub fn take(&mut self) -> Vec<(Key, Vec<Punt>)> {
        self.by_nexthop.clear();
        let packets = &mut self.packets;
        let flows = self.order.drain(..);
        flows
            .filter_map(|key| Some((key, packets.remove(&key)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use underpass_layout::shim::PuntShim;

    fn key(src_port: u16) -> Key {
        Key {
            nexthop: 6,
            protocol: 17,
            src_port,
            dst_port: 53,
            src: Ipv6Addr::LOCALHOST.into(),
            dst: Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    fn punt(number: u8) -> Punt {
        Punt {
            shim: PuntShim::default(),
            frame: vec![number],
        }
    }

    #[test]
    fn three_wait_and_the_fourth_comes_back() {
        let mut hold = Hold::default();
        for number in 0..3 {
            hold.push(key(1), punt(number)).unwrap();
        }
        let full = DropReason::FlowQueueLimitExceeded;
        assert_eq!(hold.push(key(1), punt(3)), Err(Box::new((punt(3), full))));
        hold.push(key(2), punt(4)).unwrap();
        assert_eq!(
            hold.take(),
            [
                (key(1), vec![punt(0), punt(1), punt(2)]),
                (key(2), vec![punt(4)])
            ]
        );
        assert_eq!(hold.take(), []);
    }

    #[test]
    fn so_many_flows_wait_and_no_more() {
        let mut hold = Hold::default();
        for number in 0..FLOWS {
            hold.push(key(number as u16), punt(0)).unwrap();
        }
        assert_eq!(hold.of_nexthop(6), FLOWS);
        let refused = DropReason::FlowUnusable;
        assert_eq!(
            hold.push(key(9000), punt(1)),
            Err(Box::new((punt(1), refused)))
        );
        hold.push(key(7), punt(2)).unwrap();
        assert_eq!(hold.take().len(), FLOWS);
        hold.push(key(9000), punt(1)).unwrap();
    }

    #[test]
    fn flows_are_decided_in_the_order_in_which_they_started() {
        let mut hold = Hold::default();
        for (port, number) in [(9, 0), (3, 1), (9, 2)] {
            hold.push(key(port), punt(number)).unwrap();
        }
        let order: Vec<_> = hold
            .take()
            .into_iter()
            .map(|(key, _)| key.src_port)
            .collect();
        assert_eq!(order, [9, 3]);
    }
}
