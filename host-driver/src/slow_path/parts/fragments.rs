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
//! after the last part. No interface may have more than a share of the room, so that a flood of one leaves the others theirs.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use underpass_layout::DropReason;

use crate::driver::Punt;
use crate::slow_path::deadlines::Deadlines;
use crate::slow_path::part::{PacketId, Ports};

/// How long ports are kept after the last part, and how long parts wait for the first one.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Packets that are known at once, as the peer has it: 8192 in its table and 1024 beside.
pub const PACKETS: usize = 8192 + 1024;
/// Parts of one packet that wait: more than 64 KiB in parts of the smallest MTU of IPv6.
pub const PARTS: usize = 64;
/// Bytes of all parts that wait.
pub const BYTES: usize = 4 << 20;
/// What one interface may have of all that: its flood is its own trouble.
pub const SHARE: usize = 4;

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
    /// The interface that they come by.
    vif: u16,
    /// None: the first part has not come.
    ports: Option<Ports>,
    /// When the last part came.
    last: Duration,
    /// Parts that wait, in order.
    waiting: Vec<Punt>,
    /// When the first of them came.
    since: Duration,
}

/// What one interface has.
#[derive(Debug, Default)]
struct Share {
    packets: usize,
    /// Bytes that wait.
    bytes: usize,
    /// Its packets, the oldest first. Some are known no more.
    order: VecDeque<PacketId>,
}

/// Packets of which parts have come.
#[derive(Debug, Default)]
pub struct Fragments {
    packets: HashMap<PacketId, Known>,
    shares: HashMap<u16, Share>,
    deadlines: Deadlines<PacketId>,
    /// Packets of which parts wait, the one that began first. Some have none any more.
    waiting: VecDeque<PacketId>,
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
        let vif = punt.shim.vif;
        self.make_known(packet, vif, now, &mut outcome.end);
        let waits = self.shares.get(&vif).map_or(0, |share| share.bytes);
        let Some(known) = self.packets.get_mut(&packet) else {
            return outcome;
        };
        known.last = now;
        if let Some(ports) = ports {
            known.ports = Some(ports);
            let of = known.vif;
            let after = std::mem::take(&mut known.waiting);
            self.freed(of, &after);
            let all = std::iter::once(punt).chain(after);
            outcome.go.extend(all.map(|punt| (punt, ports)));
        } else if let Some(ports) = known.ports {
            outcome.go.push((punt, ports));
        } else if known.waiting.len() == PARTS || waits + size(&punt) > BYTES / SHARE {
            outcome.end.push((punt, DropReason::FragmentQueueFail));
        } else {
            if known.waiting.is_empty() {
                known.since = now;
                self.waiting.push_back(packet);
            }
            self.bytes += size(&punt);
            self.shares.entry(known.vif).or_default().bytes += size(&punt);
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
            let Some(known) = self.packets.get_mut(&packet) else {
                continue;
            };
            if !known.waiting.is_empty() && known.since + PATIENCE <= now {
                let (of, late) = (known.vif, std::mem::take(&mut known.waiting));
                self.freed(of, &late);
                ended.extend(late.into_iter().map(|punt| (punt, DropReason::Fragments)));
            }
            let Some(known) = self.packets.get(&packet) else {
                continue;
            };
            let next = match known.waiting.is_empty() {
                true => known.last + PATIENCE,
                false => known.since + PATIENCE,
            };
            match next <= now {
                true => self.forget(&packet, &mut ended),
                false => self.deadlines.watch(next, packet),
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

    /// A packet is known from now on. Where there is no room, the oldest of the interface is forgotten if that has its
    /// share, else the one that would be forgotten next.
    fn make_known(&mut self, packet: PacketId, vif: u16, now: Duration, ended: &mut Vec<Ended>) {
        if self.packets.contains_key(&packet) {
            return;
        }
        while let Some(oldest) = self.above_share(vif) {
            self.forget(&oldest, ended);
        }
        while self.packets.len() >= PACKETS {
            let Some(oldest) = self.deadlines.first() else {
                break;
            };
            self.forget(&oldest, ended);
        }
        let known = Known {
            vif,
            ports: None,
            last: now,
            waiting: Vec::new(),
            since: now,
        };
        self.packets.insert(packet, known);
        self.deadlines.watch(now + PATIENCE, packet);
        let share = self.shares.entry(vif).or_default();
        share.packets += 1;
        share.order.push_back(packet);
    }

    /// The oldest packet of an interface that has its share.
    fn above_share(&mut self, vif: u16) -> Option<PacketId> {
        let share = self.shares.get_mut(&vif)?;
        let packets = &self.packets;
        let is_there = |id: &PacketId| packets.get(id).is_some_and(|known| known.vif == vif);
        if share.order.len() > PACKETS {
            share.order.retain(is_there);
        }
        if share.packets < PACKETS / SHARE {
            return None;
        }
        while let Some(oldest) = share.order.pop_front() {
            if is_there(&oldest) {
                return Some(oldest);
            }
        }
        None
    }

    /// A packet is known no more; its parts that still wait end.
    fn forget(&mut self, packet: &PacketId, ended: &mut Vec<Ended>) {
        let Some(known) = self.packets.remove(packet) else {
            return;
        };
        self.freed(known.vif, &known.waiting);
        if let Some(share) = self.shares.get_mut(&known.vif) {
            share.packets -= 1;
            if share.packets == 0 {
                self.shares.remove(&known.vif);
            }
        }
        let parts = known.waiting.into_iter();
        ended.extend(parts.map(|punt| (punt, DropReason::FragmentQueueFail)));
    }

    /// The parts that have waited longest end until there is room.
    fn make_room(&mut self, ended: &mut Vec<Ended>) {
        while self.bytes > BYTES {
            let Some(oldest) = self.waiting.pop_front() else {
                return;
            };
            if let Some(known) = self.packets.get_mut(&oldest) {
                let (of, late) = (known.vif, std::mem::take(&mut known.waiting));
                self.freed(of, &late);
                let late = late.into_iter();
                ended.extend(late.map(|punt| (punt, DropReason::FragmentQueueFail)));
            }
        }
        // Places of packets that do not wait any more are no more than those that are known.
        if self.waiting.len() > 2 * PACKETS {
            let packets = &self.packets;
            let waits = |id: &PacketId| packets.get(id).is_some_and(|it| !it.waiting.is_empty());
            self.waiting.retain(waits);
        }
    }

    /// These parts of an interface wait no more.
    fn freed(&mut self, vif: u16, parts: &[Punt]) {
        let bytes: usize = parts.iter().map(size).sum();
        self.bytes -= bytes;
        if let Some(share) = self.shares.get_mut(&vif) {
            share.bytes -= bytes;
        }
    }
}

/// Bytes that a part takes while it waits.
fn size(punt: &Punt) -> usize {
    size_of::<Punt>() + punt.frame.len()
}

#[cfg(test)]
mod tests;
