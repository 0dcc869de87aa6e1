//! How long it is since neighbours on gateways' wires were heard: who has fallen silent is asked again, and then forgotten.
//!
//! ```text
//!   heard ── 60 s ──▶ asked ── 1 s ──▶ asked ── 1 s ──▶ asked ── 1 s ──▶ forgotten: the next packet asks anew
//!     ▲                 │ an answer, whatever its MAC is
//!     └─────────────────┘
//! ```
//! The card carries what a wire announces, and does not show it: without questions a MAC that changed would stay.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::slow_path::resolve::Neighbor;

/// How long a neighbour is taken to be where it was heard.
const FRESH: Duration = Duration::from_secs(60);
/// How long until it is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// Questions without an answer.
const QUESTIONS: u8 = 3;
/// Changes of a neighbour's MAC within [`WINDOW`] that are believed: each changes the whole network, and somebody on the wire
/// who says ever another would have the slow path do nothing else.
const CHANGES: u8 = 5;
/// See [`CHANGES`].
const WINDOW: Duration = Duration::from_secs(10);

/// Neighbours that were heard.
#[derive(Debug, Default)]
pub struct Freshness(BTreeMap<Neighbor, Seen>);

#[derive(Debug)]
struct Seen {
    /// When something is to be done next.
    next: Duration,
    questions: u8,
    /// How often its MAC has changed since then.
    changes: (Duration, u8),
}

/// What is to be done about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It is asked.
    Ask(Neighbor),
    /// It does not answer.
    Forget(Neighbor),
}

impl Freshness {
    /// A neighbour was heard.
    pub fn heard(&mut self, neighbor: Neighbor, now: Duration) {
        let seen = self.0.entry(neighbor).or_insert(Seen {
            next: now,
            questions: 0,
            changes: (now, 0),
        });
        seen.next = now + FRESH;
        seen.questions = 0;
    }

    /// Whether a neighbour may be at another MAC than before.
    pub fn may_change(&mut self, neighbor: Neighbor, now: Duration) -> bool {
        let Some(seen) = self.0.get_mut(&neighbor) else {
            return true;
        };
        let (since, changes) = &mut seen.changes;
        if now.saturating_sub(*since) >= WINDOW {
            (*since, *changes) = (now, 0);
        }
        let may = *changes < CHANGES;
        *changes += u8::from(may);
        may
    }

    /// Whether it is kept.
    pub fn knows(&self, neighbor: Neighbor) -> bool {
        self.0.contains_key(&neighbor)
    }

    /// It is not kept any longer.
    pub fn forget(&mut self, neighbor: Neighbor) {
        self.0.remove(&neighbor);
    }

    /// Of those that may be it, who was silent longest.
    pub fn longest_silent(&self, may: impl Fn(&Neighbor) -> bool) -> Option<Neighbor> {
        let all = self.0.iter().filter(|(neighbor, _)| may(neighbor));
        let longest = all.min_by_key(|(_, seen)| (Reverse(seen.questions), seen.next));
        longest.map(|(neighbor, _)| *neighbor)
    }

    /// Who has been silent for too long.
    pub fn stale(&mut self, now: Duration) -> Vec<Stale> {
        let mut stale = Vec::new();
        self.0.retain(|neighbor, seen| {
            if now < seen.next {
                return true;
            }
            if seen.questions == QUESTIONS {
                stale.push(Stale::Forget(*neighbor));
                return false;
            }
            seen.questions += 1;
            seen.next = now + AGAIN;
            stale.push(Stale::Ask(*neighbor));
            true
        });
        stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEIGHBOR: Neighbor = Neighbor {
        vif: 3,
        address: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_is_silent_is_asked_three_times_and_forgotten() {
        let mut freshness = Freshness::default();
        freshness.heard(NEIGHBOR, at(5));
        assert_eq!(freshness.stale(at(64)), []);
        for second in [65, 66, 67] {
            assert_eq!(freshness.stale(at(second)), [Stale::Ask(NEIGHBOR)]);
            assert_eq!(freshness.stale(at(second)), []);
        }
        assert_eq!(freshness.stale(at(68)), [Stale::Forget(NEIGHBOR)]);
        assert!(!freshness.knows(NEIGHBOR));
        assert_eq!(freshness.stale(at(1000)), []);
    }

    #[test]
    fn who_was_asked_in_vain_was_silent_longer_than_who_was_not() {
        let other = Neighbor { vif: 4, ..NEIGHBOR };
        let mut freshness = Freshness::default();
        freshness.heard(NEIGHBOR, at(0));
        freshness.heard(other, at(1));
        assert_eq!(freshness.longest_silent(|_| true), Some(NEIGHBOR));
        assert_eq!(freshness.longest_silent(|one| one.vif == 4), Some(other));
        freshness.heard(NEIGHBOR, at(2));
        freshness.stale(at(61));
        assert_eq!(freshness.longest_silent(|_| true), Some(other));
        freshness.forget(other);
        assert_eq!(freshness.longest_silent(|_| true), Some(NEIGHBOR));
    }

    #[test]
    fn the_sixth_change_in_ten_seconds_is_not_believed() {
        let mut freshness = Freshness::default();
        assert!(freshness.may_change(NEIGHBOR, at(0)), "nothing is known");
        freshness.heard(NEIGHBOR, at(0));
        let changes = |freshness: &mut Freshness, second| {
            freshness.heard(NEIGHBOR, at(second));
            (0..8)
                .filter(|_| freshness.may_change(NEIGHBOR, at(second)))
                .count()
        };
        assert_eq!(changes(&mut freshness, 1), 5);
        assert_eq!(changes(&mut freshness, 9), 0);
        assert_eq!(changes(&mut freshness, 10), 5);
    }

    #[test]
    fn an_answer_is_as_good_as_new() {
        let mut freshness = Freshness::default();
        freshness.heard(NEIGHBOR, at(0));
        assert_eq!(freshness.stale(at(60)), [Stale::Ask(NEIGHBOR)]);
        freshness.heard(NEIGHBOR, at(61));
        assert_eq!(freshness.stale(at(120)), []);
        assert_eq!(freshness.stale(at(121)), [Stale::Ask(NEIGHBOR)]);
    }
}
