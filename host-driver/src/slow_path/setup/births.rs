//! Pairs of flows that the card may not have seen yet, in the order in which they were set up.
//!
//! ```text
//!   first ─▶ pair 7 ⇄ pair 3 ⇄ pair 9 ◀─ last         one that goes early leaves its place without a search
//! ```
//! The card tells of flows that are idle, but only of those that had a packet. So each flow is looked at once more when
//! it is old enough to be idle; from then on the card knows of it, or it goes.

use std::time::Duration;

/// Where one pair stands.
#[derive(Clone, Copy, Debug)]
struct Link {
    born: Duration,
    before: Option<u32>,
    after: Option<u32>,
}

/// Pairs by age.
#[derive(Debug, Default)]
pub(in crate::slow_path) struct Births {
    /// By pair; none of one that is not in the queue.
    links: Vec<Option<Link>>,
    first: Option<u32>,
    last: Option<u32>,
}

impl Births {
    /// A pair was set up: the youngest now.
    pub fn push(&mut self, pair: u32, born: Duration) {
        self.remove(pair);
        if self.links.len() <= pair as usize {
            self.links.resize(pair as usize + 1, None);
        }
        let link = Link {
            born,
            before: self.last,
            after: None,
        };
        self.links[pair as usize] = Some(link);
        match self.last.replace(pair).and_then(|last| self.link(last)) {
            Some(last) => last.after = Some(pair),
            None => self.first = Some(pair),
        }
    }

    /// Takes a pair out, if it is in.
    pub fn remove(&mut self, pair: u32) -> bool {
        let Some(link) = self.links.get_mut(pair as usize).and_then(Option::take) else {
            return false;
        };
        match link.before.and_then(|before| self.link(before)) {
            Some(before) => before.after = link.after,
            None => self.first = link.after,
        }
        match link.after.and_then(|after| self.link(after)) {
            Some(after) => after.before = link.before,
            None => self.last = link.before,
        }
        true
    }

    /// When the oldest was set up.
    pub fn oldest(&self) -> Option<Duration> {
        let first = self.links.get(self.first? as usize)?;
        first.map(|link| link.born)
    }

    /// Takes out the oldest, if it is at least so old.
    pub fn pop(&mut self, now: Duration, age: Duration) -> Option<u32> {
        let oldest = self.oldest()?;
        let pair = self.first?;
        (now.saturating_sub(oldest) >= age && self.remove(pair)).then_some(pair)
    }

    fn link(&mut self, pair: u32) -> Option<&mut Link> {
        self.links.get_mut(pair as usize)?.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn all(births: &mut Births) -> Vec<u32> {
        std::iter::from_fn(|| births.pop(at(1000), at(0))).collect()
    }

    #[test]
    fn the_oldest_comes_first_and_only_when_it_is_old() {
        let mut births = Births::default();
        births.push(7, at(1));
        births.push(3, at(2));
        assert_eq!(births.pop(at(10), at(10)), None);
        assert_eq!(births.pop(at(11), at(10)), Some(7));
        assert_eq!(
            (births.pop(at(11), at(10)), births.oldest()),
            (None, Some(at(2)))
        );
        assert_eq!(all(&mut births), [3]);
        assert_eq!(births.oldest(), None);
    }

    #[test]
    fn any_place_can_be_left() {
        for gone in 0..4 {
            let mut births = Births::default();
            (0..4).for_each(|pair| births.push(pair, at(pair.into())));
            assert!(births.remove(gone));
            assert!(!births.remove(gone));
            births.push(9, at(9));
            let mut left: Vec<u32> = (0..4).filter(|pair| *pair != gone).collect();
            left.push(9);
            assert_eq!(all(&mut births), left);
        }
    }
}
