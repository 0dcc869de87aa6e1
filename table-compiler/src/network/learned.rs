//! Which MACs the slow path has learned, and where. It is not in the file.
//!
//! ```text
//!   learn ──▶ shown ──stale──▶ not shown for a while ──forget──▶ gone
//!               ▲                     │
//!               └──────── learn ──────┘
//! ```
//!
//! A MAC that is shown has a row by which its frames stay off the slow path; both kinds have frames sent to them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::names::NetworkIndex;
use crate::mac::Mac;

/// MACs that were learned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    macs: BTreeMap<(NetworkIndex, Mac), LearnedMac>,
    /// Tunnel ends, in the order in which they were first heard, so that what they get keeps its number.
    ends: Vec<IpAddr>,
}

/// A MAC that was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LearnedMac {
    /// Where its frames come from.
    pub at: LearnedAt,
    /// Whether that is still held to be so, without being asked again.
    pub shown: bool,
}

/// Where a MAC's frames come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LearnedAt {
    /// A guest's interface here, by its position.
    Interface(usize),
    /// A tunnel end, over VXLAN with the network's VNI.
    Node(IpAddr),
}

impl Learned {
    /// Every MAC with its network.
    pub fn macs(&self) -> impl Iterator<Item = (NetworkIndex, Mac, LearnedMac)> + '_ {
        let macs = self.macs.iter();
        macs.map(|((network, mac), learned)| (*network, *mac, *learned))
    }

    /// The tunnel ends of all that were ever learned.
    pub fn ends(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.ends.iter().copied()
    }

    /// What is known of a MAC.
    #[must_use]
    pub fn get(&self, network: NetworkIndex, mac: Mac) -> Option<LearnedMac> {
        self.macs.get(&(network, mac)).copied()
    }

    /// Notes where a MAC is. True if that is news.
    pub(super) fn learn(&mut self, network: NetworkIndex, mac: Mac, at: LearnedAt) -> bool {
        if let LearnedAt::Node(end) = at {
            if !self.ends.contains(&end) {
                self.ends.push(end);
            }
        }
        let learned = LearnedMac { at, shown: true };
        self.macs.insert((network, mac), learned) != Some(learned)
    }

    /// Has a MAC shown again where it is. True if it was held to be there so far.
    pub fn stale(&mut self, network: NetworkIndex, mac: Mac) -> bool {
        let learned = self.macs.get_mut(&(network, mac));
        learned.is_some_and(|learned| std::mem::replace(&mut learned.shown, false))
    }

    /// Forgets a MAC. True if it was known.
    pub fn forget(&mut self, network: NetworkIndex, mac: Mac) -> bool {
        self.macs.remove(&(network, mac)).is_some()
    }
}
