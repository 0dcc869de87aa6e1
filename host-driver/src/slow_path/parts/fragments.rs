//! Parts of packets: the first one brings the ports, which all others are given.
//!
//! ```text
//!   first part  ─▶ its ports are kept ─▶ goes, and those that wait for it go after it, in order
//!   later part  ─▶ ports known? ─┬─ goes with them
//!                                └─ waits ──┬─ 2 s without the first: FRAGMENTS
//!                                           └─ others need the room, the oldest first: FRAGMENT_QUEUE_FAIL
//! ```
//! Packets are told apart by VRF, K(nh), addresses, protocol and identification: nobody's parts get the ports of another
//! tenant's packet. Of two first parts the later one counts for what follows it: identifications come again, and a
//! receiver puts no more together than what was let through with its own ports. The ports are kept until two seconds
//! after the last part. No owner may have more than a share of the room, so that a flood of one leaves the others theirs.

use std::collections::HashMap;
use std::time::Duration;

use underpass_layout::DropReason;

use crate::driver::Punt;
use crate::slow_path::deadlines::{Deadlines, Place};
use crate::slow_path::part::{PacketId, Ports};

/// How long ports are kept after the last part, and how long parts wait for the first one.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Packets that are known at once, as the peer has it: 8192 in its table and 1024 beside.
pub const PACKETS: usize = 8192 + 1024;
/// Parts of one packet that wait: more than 64 KiB in parts of the smallest MTU of IPv6.
pub const PARTS: usize = 64;
/// Bytes of all parts that wait.
pub const BYTES: usize = 4 << 20;
/// What one owner may have of all that: its flood is its own trouble.
pub const SHARE: usize = 4;

/// Whose parts these are: the interface that they come by, and their VRF. What comes out of tunnels comes by one
/// interface for all networks.
type Owner = (u16, u16);

/// A part that goes, and the ports that it is given.
pub type Going = (Punt, Ports);
/// A part that ends here, and why.
pub type Ended = (Punt, DropReason);

/// What becomes of parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// They go, in order.
    pub go: Vec<Going>,
    /// They end.
    pub end: Vec<Ended>,
}

/// A packet of which parts have come.
#[derive(Debug)]
struct Known {
    owner: Owner,
    /// None: the first part has not come.
    ports: Option<Ports>,
    /// When the last part came.
    last: Duration,
    /// Parts that wait, in order.
    waiting: Vec<Punt>,
    /// When the first of them came.
    since: Duration,
    places: Places,
}

/// Where a packet stands among others.
#[derive(Clone, Copy, Debug)]
struct Places {
    /// Among those of its owner.
    of_share: Place,
    /// Among those that may be forgotten.
    deadline: Place,
    /// Among those of which parts wait.
    waiting: Option<Place>,
}

/// What one owner has.
#[derive(Debug, Default)]
struct Share {
    /// Bytes that wait.
    bytes: usize,
    /// Its packets, by when they became known.
    packets: Deadlines<PacketId>,
}

/// Packets of which parts have come.
#[derive(Debug, Default)]
pub struct Fragments {
    packets: HashMap<PacketId, Known>,
    shares: HashMap<Owner, Share>,
    deadlines: Deadlines<PacketId>,
    /// Packets of which parts wait, by when the first of them came.
    waiting: Deadlines<PacketId>,
    /// Bytes that wait.
    bytes: usize,
}

impl Fragments {
    /// A part has come; the first one of a packet brings its ports.
    pub fn take(
        &mut self,
        punt: Punt,
        packet: PacketId,
        ports: Option<Ports>,
        now: Duration,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        self.make_known(packet, punt.shim.vif, now, &mut outcome.end);
        let Some(known) = self.packets.get_mut(&packet) else {
            return outcome;
        };
        known.last = now;
        let share = self.shares.entry(known.owner).or_default();
        if let Some(ports) = ports {
            known.ports = Some(ports);
            let all = std::iter::once(punt).chain(self.wait_no_more(&packet));
            outcome.go.extend(all.map(|punt| (punt, ports)));
        } else if let Some(ports) = known.ports {
            outcome.go.push((punt, ports));
        } else if known.waiting.len() == PARTS || share.bytes + size(&punt) > BYTES / SHARE {
            outcome.end.push((punt, DropReason::FragmentQueueFail));
        } else {
            if known.waiting.is_empty() {
                known.since = now;
                known.places.waiting = Some(self.waiting.watch(now, packet));
            }
            self.bytes += size(&punt);
            share.bytes += size(&punt);
            known.waiting.push(punt);
            self.make_room(&mut outcome.end);
        }
        outcome
    }

    /// The ports of a packet whose first part has come.
    pub fn ports(&self, packet: &PacketId) -> Option<Ports> {
        self.packets.get(packet)?.ports
    }

    /// The ports of a packet that is cut here.
    pub fn know(&mut self, packet: PacketId, vif: u16, ports: Ports, now: Duration) -> Vec<Ended> {
        let mut ended = Vec::new();
        self.make_known(packet, vif, now, &mut ended);
        if let Some(known) = self.packets.get_mut(&packet) {
            known.last = now;
            known.ports = Some(ports);
        }
        ended
    }

    /// What has waited too long; packets that nothing comes of any more are forgotten.
    pub fn expired(&mut self, now: Duration) -> Vec<Ended> {
        let mut ended = Vec::new();
        while let Some(packet) = self.deadlines.due(now) {
            let waits_since = |known: &Known| (!known.waiting.is_empty()).then_some(known.since);
            let since = self.packets.get(&packet).and_then(waits_since);
            if since.is_some_and(|since| since + PATIENCE <= now) {
                let late = self.wait_no_more(&packet).into_iter();
                ended.extend(late.map(|punt| (punt, DropReason::Fragments)));
            }
            let Some(known) = self.packets.get_mut(&packet) else {
                continue;
            };
            let next = waits_since(known).unwrap_or(known.last) + PATIENCE;
            match next <= now {
                true => self.forget(&packet, &mut ended),
                false => known.places.deadline = self.deadlines.watch(next, packet),
            }
        }
        ended
    }

    /// No more time will pass.
    pub fn all(&mut self) -> Vec<Ended> {
        let end = Duration::MAX;
        self.expired(end)
    }

    /// Packets that are known.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// None is.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// A packet is known from now on. Where there is no room, the oldest of its owner is forgotten if that has its
    /// share, else the one that would be forgotten next.
    fn make_known(&mut self, packet: PacketId, vif: u16, now: Duration, ended: &mut Vec<Ended>) {
        if self.packets.contains_key(&packet) {
            return;
        }
        let owner = (vif, packet.vrf);
        while let Some(oldest) = self.above_share(owner) {
            self.forget(&oldest, ended);
        }
        while self.packets.len() >= PACKETS {
            let Some(oldest) = self.deadlines.first().copied() else {
                break;
            };
            self.forget(&oldest, ended);
        }
        let share = self.shares.entry(owner).or_default();
        let known = Known {
            owner,
            ports: None,
            last: now,
            waiting: Vec::new(),
            since: now,
            places: Places {
                of_share: share.packets.watch(now, packet),
                deadline: self.deadlines.watch(now + PATIENCE, packet),
                waiting: None,
            },
        };
        self.packets.insert(packet, known);
    }

    /// The oldest packet of an owner that has its share.
    fn above_share(&self, owner: Owner) -> Option<PacketId> {
        let share = self.shares.get(&owner)?;
        let oldest = share.packets.first().copied();
        oldest.filter(|_| share.packets.len() >= PACKETS / SHARE)
    }

    /// A packet is known no more; its parts that still wait end.
    fn forget(&mut self, packet: &PacketId, ended: &mut Vec<Ended>) {
        let parts = self.wait_no_more(packet).into_iter();
        ended.extend(parts.map(|punt| (punt, DropReason::FragmentQueueFail)));
        let Some(known) = self.packets.remove(packet) else {
            return;
        };
        self.deadlines.forget(known.places.deadline);
        if let Some(share) = self.shares.get_mut(&known.owner) {
            share.packets.forget(known.places.of_share);
            if share.packets.is_empty() {
                self.shares.remove(&known.owner);
            }
        }
    }

    /// The parts that have waited longest end until there is room.
    fn make_room(&mut self, ended: &mut Vec<Ended>) {
        while self.bytes > BYTES {
            let Some(oldest) = self.waiting.first().copied() else {
                return;
            };
            let late = self.wait_no_more(&oldest).into_iter();
            ended.extend(late.map(|punt| (punt, DropReason::FragmentQueueFail)));
        }
    }

    /// Takes out the parts of a packet that wait.
    fn wait_no_more(&mut self, packet: &PacketId) -> Vec<Punt> {
        let Some(known) = self.packets.get_mut(packet) else {
            return Vec::new();
        };
        if let Some(place) = known.places.waiting.take() {
            self.waiting.forget(place);
        }
        let parts = std::mem::take(&mut known.waiting);
        let bytes: usize = parts.iter().map(size).sum();
        self.bytes -= bytes;
        if let Some(share) = self.shares.get_mut(&known.owner) {
            share.bytes -= bytes;
        }
        parts
    }
}

/// Bytes that a part takes while it waits.
fn size(punt: &Punt) -> usize {
    size_of::<Punt>() + punt.frame.len()
}

#[cfg(test)]
mod tests;
