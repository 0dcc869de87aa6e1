//! Where source MACs were last seen: what a network learns, forgets, and holds down where it moves too often.
//!
//! ```text
//!   Learn ─▶ new, or from elsewhere ─▶ bridge row and `learned` row ─▶ the card shows it no more
//!             └─ more than 5 moves in 10 s: stays where it is for 30 s, reported
//!   every quarter of the age: its `learned` row goes ─▶ the next frame is shown again
//!   not shown for the whole age: its bridge row goes
//! ```
//! A MAC that the network file places is never moved: only the card is told where it was seen. Who sends from ever new MACs
//! has no more of them learned than are his share of the card: what others learn, and all else that the card is told, has
//! room.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use underpass_table_compiler::Mac;

/// After what time without a frame a MAC is forgotten.
pub const AGE: Duration = Duration::from_secs(300);
/// Of the age, after what part the card is to show a MAC once more.
const SHOWS: u32 = 4;
/// Moves within [`WINDOW`] that are believed.
const MOVES: usize = 5;
/// See [`MOVES`].
const WINDOW: Duration = Duration::from_secs(10);
/// How long a MAC that moves more often stays where it is.
const HOLD_DOWN: Duration = Duration::from_secs(30);
/// Reports that are kept; the oldest go.
const REPORTS: usize = 1024;
/// What part of the card's room all MACs may take: a table that is half full finds a place for each.
const ALL: usize = 2;
/// What part those of one network may take that come by one interface.
const OF_ONE: usize = 8;

/// Where frames from a MAC come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The receiving interface.
    pub vif: u32,
    /// The tunnel end that sends them, where they come through a tunnel.
    pub address: Option<IpAddr>,
}

/// A MAC moved so often that it is held down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// When.
    pub time: Duration,
    /// The VRF of its network.
    pub vrf: u16,
    /// The MAC.
    pub mac: Mac,
    /// Where it stays.
    pub stays: Place,
    /// Where it was seen as well.
    pub seen: Place,
}

#[derive(Clone, Debug)]
struct Seen {
    place: Place,
    /// When it was last shown.
    last: Duration,
    /// Its `learned` row is on the card.
    is_on_card: bool,
    /// When it moved, within the window.
    moves: VecDeque<Duration>,
    held_until: Option<Duration>,
    /// It has been carried: it fits.
    is_carried: bool,
}

/// All that was learned.
#[derive(Debug)]
pub struct Learning {
    /// MACs that the card has rows for.
    room: usize,
    macs: BTreeMap<(u16, Mac), Seen>,
    /// How many by VRF and receiving interface.
    shares: HashMap<(u16, u32), usize>,
    reports: VecDeque<Flapping>,
    /// Something has changed since it was last asked.
    is_news: bool,
}

impl Learning {
    /// Nothing was learned, on a card that has rows for so many MACs.
    pub fn new(room: usize) -> Learning {
        Learning {
            room,
            macs: BTreeMap::new(),
            shares: HashMap::new(),
            reports: VecDeque::new(),
            is_news: false,
        }
    }

    /// A frame from a MAC was shown.
    pub fn shown(&mut self, vrf: u16, mac: Mac, place: Place, now: Duration) {
        let has_room = self.macs.len() < self.room / ALL;
        let share = self.shares.entry((vrf, place.vif)).or_default();
        let has_share = *share < self.room / OF_ONE;
        let Some(seen) = self.macs.get_mut(&(vrf, mac)) else {
            if !has_room || !has_share {
                return;
            }
            *share += 1;
            let seen = Seen {
                place,
                last: now,
                is_on_card: true,
                moves: VecDeque::new(),
                held_until: None,
                is_carried: false,
            };
            self.macs.insert((vrf, mac), seen);
            self.is_news = true;
            return;
        };
        if seen.place == place {
            seen.last = now;
            self.is_news |= !seen.is_on_card;
            seen.is_on_card = true;
            return;
        }
        let is_elsewhere = seen.place.vif != place.vif;
        if seen.held_until.is_some_and(|until| now < until) || is_elsewhere && !has_share {
            return;
        }
        seen.held_until = None;
        seen.moves.retain(|time| now.saturating_sub(*time) < WINDOW);
        seen.moves.push_back(now);
        if seen.moves.len() > MOVES {
            seen.held_until = Some(now + HOLD_DOWN);
            seen.moves.clear();
            let flapping = Flapping {
                time: now,
                vrf,
                mac,
                stays: seen.place,
                seen: place,
            };
            if self.reports.len() == REPORTS {
                self.reports.pop_front();
            }
            self.reports.push_back(flapping);
            return;
        }
        if is_elsewhere {
            *share += 1;
            if let Some(left) = self.shares.get_mut(&(vrf, seen.place.vif)) {
                *left -= 1;
            }
        }
        seen.place = place;
        seen.last = now;
        seen.is_on_card = true;
        self.is_news = true;
    }

    /// Everything has been carried.
    pub fn carried(&mut self) {
        let all = self.macs.values_mut();
        all.for_each(|seen| seen.is_carried = true);
    }

    /// It does not fit all: MACs that never were carried are forgotten, so that others can be.
    pub fn forget_new(&mut self) {
        self.retain(|seen| seen.is_carried);
    }

    fn retain(&mut self, stays: impl Fn(&Seen) -> bool) {
        let shares = &mut self.shares;
        self.macs.retain(|(vrf, _), seen| {
            let stays = stays(seen);
            if let Some(share) = shares.get_mut(&(*vrf, seen.place.vif)).filter(|_| !stays) {
                *share -= 1;
            }
            stays
        });
        shares.retain(|_, share| *share > 0);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) {
        let before = self.macs.len();
        self.retain(|seen| now.saturating_sub(seen.last) < AGE);
        self.is_news |= self.macs.len() != before;
        for seen in self.macs.values_mut() {
            if seen.is_on_card && now.saturating_sub(seen.last) >= AGE / SHOWS {
                seen.is_on_card = false;
                self.is_news = true;
            }
        }
    }

    /// Whether something has changed since this was asked before.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }

    /// Every MAC with its VRF and where it is.
    pub fn macs(&self) -> impl Iterator<Item = (u16, Mac, Place)> + '_ {
        let macs = self.macs.iter();
        macs.map(|((vrf, mac), seen)| (*vrf, *mac, seen.place))
    }

    /// Whether the card is to know where a MAC was seen.
    pub fn is_on_card(&self, vrf: u16, mac: Mac) -> bool {
        let seen = self.macs.get(&(vrf, mac));
        seen.is_some_and(|seen| seen.is_on_card)
    }

    /// The MACs that moved too often, the oldest report first.
    pub fn flapping(&self) -> impl Iterator<Item = &Flapping> {
        self.reports.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VRF: u16 = 2;
    const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

    const fn at(vif: u32) -> Place {
        Place { vif, address: None }
    }

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn place(learning: &Learning) -> Option<Place> {
        learning.macs().map(|(_, _, place)| place).next()
    }

    /// MACs that the card has rows for.
    const ROOM: usize = 64;

    fn mac(number: u8) -> Mac {
        Mac([2, 0, 0, 0, 1, number])
    }

    fn count(learning: &Learning, vif: u32) -> usize {
        learning
            .macs()
            .filter(|(_, _, place)| place.vif == vif)
            .count()
    }

    #[test]
    fn an_interface_has_its_share_and_no_more() {
        let mut learning = Learning::new(ROOM);
        (0..100).for_each(|number| learning.shown(VRF, mac(number), at(3), secs(0)));
        assert_eq!(count(&learning, 3), ROOM / OF_ONE);
        learning.take_news();
        learning.shown(VRF, mac(99), at(3), secs(1));
        assert!(!learning.take_news());
        // Another one has its own, and nobody else's MAC comes where there is no room.
        learning.shown(VRF, MAC, at(4), secs(1));
        learning.shown(VRF, MAC, at(3), secs(2));
        assert_eq!((count(&learning, 3), count(&learning, 4)), (8, 1));
        // One that leaves makes room, and so do those that are forgotten.
        learning.shown(VRF, mac(0), at(4), secs(3));
        learning.shown(VRF, MAC, at(3), secs(4));
        assert_eq!((count(&learning, 3), count(&learning, 4)), (8, 1));
        learning.tick(secs(303));
        (50..100).for_each(|number| learning.shown(VRF, mac(number), at(3), secs(304)));
        assert_eq!(count(&learning, 3), ROOM / OF_ONE);
    }

    #[test]
    fn all_together_fill_half_of_the_card() {
        let mut learning = Learning::new(ROOM);
        for vif in 3..13 {
            (0..8).for_each(|number| {
                learning.shown(VRF, mac(vif as u8 * 8 + number), at(vif), secs(0));
            });
        }
        assert_eq!(learning.macs().count(), ROOM / ALL);
    }

    #[test]
    fn what_does_not_fit_is_forgotten_alone() {
        let mut learning = Learning::new(ROOM);
        learning.shown(VRF, mac(1), at(3), secs(0));
        learning.carried();
        learning.shown(VRF, mac(2), at(3), secs(0));
        learning.forget_new();
        let left: Vec<Mac> = learning.macs().map(|(_, mac, _)| mac).collect();
        assert_eq!(left, [mac(1)]);
    }

    #[test]
    fn what_is_new_and_what_moves_is_news() {
        let mut learning = Learning::new(ROOM);
        assert!(!learning.take_news());
        learning.shown(VRF, MAC, at(3), secs(1));
        assert!(learning.take_news());
        learning.shown(VRF, MAC, at(3), secs(2));
        assert!(!learning.take_news());
        let elsewhere = Place {
            vif: 0,
            address: Some("192.0.2.9".parse().expect("an address")),
        };
        learning.shown(VRF, MAC, elsewhere, secs(3));
        assert!(learning.take_news());
        assert_eq!(place(&learning), Some(elsewhere));
        // Another network's is another MAC.
        learning.shown(VRF + 1, MAC, at(3), secs(3));
        assert_eq!(learning.macs().count(), 2);
    }

    #[test]
    fn the_sixth_move_in_ten_seconds_is_not_believed() {
        let mut learning = Learning::new(ROOM);
        learning.shown(VRF, MAC, at(3), secs(0));
        for second in 1..=5 {
            learning.shown(VRF, MAC, at(3 + second % 2), secs(second.into()));
        }
        assert_eq!(place(&learning), Some(at(4)));
        learning.shown(VRF, MAC, at(3), secs(6));
        assert_eq!(place(&learning), Some(at(4)));
        let reports: Vec<_> = learning.flapping().collect();
        assert_eq!(reports.len(), 1);
        assert_eq!((reports[0].stays, reports[0].seen), (at(4), at(3)));
        // It stays for half a minute, then it may move again.
        learning.shown(VRF, MAC, at(3), secs(35));
        assert_eq!(place(&learning), Some(at(4)));
        learning.shown(VRF, MAC, at(3), secs(36));
        assert_eq!(place(&learning), Some(at(3)));
        assert_eq!(learning.flapping().count(), 1);
    }

    #[test]
    fn five_moves_in_longer_than_ten_seconds_are_believed() {
        let mut learning = Learning::new(ROOM);
        for second in 0..20 {
            learning.shown(VRF, MAC, at(3 + second % 2), secs(u64::from(second) * 2));
        }
        assert_eq!(place(&learning), Some(at(4)));
        assert_eq!(learning.flapping().count(), 0);
    }

    #[test]
    fn it_is_shown_every_quarter_of_its_age_and_then_forgotten() {
        let mut learning = Learning::new(ROOM);
        learning.shown(VRF, MAC, at(3), secs(0));
        learning.tick(secs(74));
        assert!(learning.is_on_card(VRF, MAC));
        assert!(learning.take_news());
        learning.tick(secs(75));
        assert!(!learning.is_on_card(VRF, MAC));
        assert!(learning.take_news());
        // A frame comes: it is there once more.
        learning.shown(VRF, MAC, at(3), secs(80));
        assert!(learning.is_on_card(VRF, MAC));
        assert!(learning.take_news());
        learning.tick(secs(379));
        assert_eq!(place(&learning), Some(at(3)));
        learning.tick(secs(380));
        assert_eq!(place(&learning), None);
    }
}
