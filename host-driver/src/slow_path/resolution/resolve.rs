//! Packets for next hops whose MAC is not known yet, in the underlay and on wires of gateways.
//!
//! ```text
//!   Resolve ──▶ | 1st | 2nd | 3rd |  of that neighbour   4th: NEXTHOP_UNRESOLVED     ARP or ND asks, again every second
//!                   ├── answered in time ──▶ the nexthops are programmed, the packets go back into the card, in order
//!                   └── not ──▶ NEXTHOP_UNRESOLVED
//! ```
//! Who sends to everybody in turn waits for so many neighbours and no more (`NEXTHOP_UNRESOLVED`): wires hear a few
//! questions of it, and others wait as ever.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::driver::Punt;

/// Packets that may wait for one neighbour.
pub const QUEUE: usize = 3;
/// Neighbours that packets of one interface may be the first to wait for.
pub const OF_ONE: usize = 64;
/// Neighbours that may be waited for.
pub const ALL: usize = 8192;
/// How long they wait.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// How long until the neighbour is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Somebody on a wire: what one wire tells says nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Neighbor {
    /// The interface on the wire.
    pub vif: u32,
    /// The address.
    pub address: IpAddr,
}

/// Neighbours that were asked for.
#[derive(Debug, Default)]
pub struct Waiting {
    neighbors: BTreeMap<Neighbor, Asked>,
    /// How many by the interface whose packet was the first.
    shares: HashMap<u16, usize>,
}

#[derive(Debug)]
struct Asked {
    /// The interface whose packet was the first.
    vif: u16,
    first: Duration,
    last: Duration,
    packets: Vec<Punt>,
}

/// What becomes of a packet that needs a neighbour.
#[derive(Debug, PartialEq, Eq)]
pub enum Wait {
    /// It waits, and the neighbour is to be asked.
    Ask,
    /// It waits.
    Silent,
    /// Too many wait.
    Full(Punt),
}

impl Waiting {
    /// Lets a packet wait.
    pub fn push(&mut self, neighbor: Neighbor, punt: Punt, now: Duration) -> Wait {
        let Some((asked, _)) = self.asked(neighbor, punt.shim.vif, now) else {
            return Wait::Full(punt);
        };
        if asked.packets.len() == QUEUE {
            return Wait::Full(punt);
        }
        asked.packets.push(punt);
        if asked.packets.len() == 1 || now.saturating_sub(asked.last) >= AGAIN {
            asked.last = now;
            return Wait::Ask;
        }
        Wait::Silent
    }

    /// Whether a neighbour is to be asked for a packet of an interface that does not wait.
    pub fn asks(&mut self, neighbor: Neighbor, vif: u16, now: Duration) -> bool {
        let Some((asked, is_new)) = self.asked(neighbor, vif, now) else {
            return false;
        };
        let asks = is_new || now.saturating_sub(asked.last) >= AGAIN;
        if asks {
            asked.last = now;
        }
        asks
    }

    /// What is known of a neighbour that an interface needs, and whether that is the first. None: it waits for too many.
    fn asked(&mut self, neighbor: Neighbor, vif: u16, now: Duration) -> Option<(&mut Asked, bool)> {
        let all = self.neighbors.len();
        match self.neighbors.entry(neighbor) {
            Entry::Occupied(asked) => Some((asked.into_mut(), false)),
            Entry::Vacant(vacant) => {
                let share = self.shares.entry(vif).or_default();
                if *share >= OF_ONE || all >= ALL {
                    return None;
                }
                *share += 1;
                let asked = Asked {
                    vif,
                    first: now,
                    last: now,
                    packets: Vec::new(),
                };
                Some((vacant.insert(asked), true))
            }
        }
    }

    /// Whether some packet needs this neighbour.
    pub fn needs(&self, neighbor: Neighbor) -> bool {
        self.neighbors.contains_key(&neighbor)
    }

    /// The packets of a neighbour that has answered.
    pub fn answered(&mut self, neighbor: Neighbor) -> Vec<Punt> {
        let Some(asked) = self.neighbors.remove(&neighbor) else {
            return Vec::new();
        };
        give_back(&mut self.shares, &asked);
        asked.packets
    }

    /// The packets that have waited too long.
    pub fn expired(&mut self, now: Duration) -> Vec<Punt> {
        let late = |asked: &Asked| now.saturating_sub(asked.first) >= PATIENCE;
        self.take(late)
    }

    /// All packets that wait.
    pub fn all(&mut self) -> Vec<Punt> {
        self.take(|_| true)
    }

    fn take(&mut self, which: impl Fn(&Asked) -> bool) -> Vec<Punt> {
        let mut taken = Vec::new();
        let shares = &mut self.shares;
        self.neighbors.retain(|_, asked| {
            let take = which(asked);
            if take {
                taken.append(&mut asked.packets);
                give_back(shares, asked);
            }
            !take
        });
        taken
    }
}

/// A neighbour is waited for no longer.
fn give_back(shares: &mut HashMap<u16, usize>, asked: &Asked) {
    if let Some(share) = shares.get_mut(&asked.vif) {
        *share -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use underpass_layout::shim::PuntShim;

    const NEIGHBOR: Neighbor = Neighbor {
        vif: 0,
        address: IpAddr::V4(Ipv4Addr::new(192, 168, 100, 9)),
    };

    fn punt(number: u8) -> Punt {
        Punt {
            shim: PuntShim::default(),
            frame: vec![number],
        }
    }

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn three_wait_for_one_question() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.push(NEIGHBOR, punt(1), at(0)), Wait::Ask);
        assert_eq!(waiting.push(NEIGHBOR, punt(2), at(10)), Wait::Silent);
        assert_eq!(waiting.push(NEIGHBOR, punt(3), at(20)), Wait::Silent);
        assert_eq!(waiting.push(NEIGHBOR, punt(4), at(30)), Wait::Full(punt(4)));
        assert_eq!(waiting.answered(NEIGHBOR), [punt(1), punt(2), punt(3)]);
        assert_eq!(waiting.answered(NEIGHBOR), []);
    }

    #[test]
    fn the_question_is_repeated_after_a_second() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.push(NEIGHBOR, punt(1), at(0)), Wait::Ask);
        assert_eq!(waiting.push(NEIGHBOR, punt(2), at(1000)), Wait::Ask);
    }

    #[test]
    fn for_what_does_not_wait_the_question_is_asked_once_a_second() {
        let mut waiting = Waiting::default();
        assert!(waiting.asks(NEIGHBOR, 5, at(0)));
        assert!(!waiting.asks(NEIGHBOR, 5, at(999)));
        assert!(waiting.asks(NEIGHBOR, 5, at(1000)));
        assert!(waiting.needs(NEIGHBOR));
        assert_eq!(waiting.answered(NEIGHBOR), []);
    }

    fn neighbor(number: usize) -> Neighbor {
        let address = Ipv4Addr::from_bits(number as u32).into();
        Neighbor { vif: 0, address }
    }

    #[test]
    fn an_interface_waits_for_so_many_neighbours() {
        let of = |vif: u16| Punt {
            shim: PuntShim {
                vif,
                ..PuntShim::default()
            },
            frame: Vec::new(),
        };
        let mut waiting = Waiting::default();
        for number in 0..OF_ONE {
            assert_eq!(waiting.push(neighbor(number), of(3), at(0)), Wait::Ask);
        }
        let more = neighbor(OF_ONE);
        assert_eq!(waiting.push(more, of(3), at(0)), Wait::Full(of(3)));
        assert!(!waiting.asks(more, 3, at(0)) && !waiting.needs(more));
        // For one that is asked for it waits as ever; so does another interface for any.
        assert_eq!(waiting.push(neighbor(0), of(3), at(1)), Wait::Silent);
        assert_eq!(waiting.push(more, of(4), at(1)), Wait::Ask);
        // Who is answered, or has waited too long, may wait for another.
        waiting.answered(neighbor(0));
        assert_eq!(waiting.push(neighbor(100), of(3), at(2)), Wait::Ask);
        assert_eq!(waiting.push(neighbor(101), of(3), at(2)), Wait::Full(of(3)));
        waiting.expired(at(3000));
        assert_eq!(waiting.push(neighbor(101), of(3), at(3000)), Wait::Ask);
    }

    #[test]
    fn patience_ends() {
        let mut waiting = Waiting::default();
        waiting.push(NEIGHBOR, punt(1), at(0));
        waiting.push(NEIGHBOR, punt(2), at(2500));
        assert_eq!(waiting.expired(at(2999)), []);
        assert!(waiting.needs(NEIGHBOR));
        assert_eq!(waiting.expired(at(3000)), [punt(1), punt(2)]);
        assert!(!waiting.needs(NEIGHBOR));
    }
}
