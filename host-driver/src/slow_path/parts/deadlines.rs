//! What ends some time after it was last used.
//!
//! ```text
//!   watch(time, key) ─▶ | by time | ─┬─▶ due(now): it may have ended ─┬─ it was used since: watched anew
//!                                    │                                └─ it ends
//!                                    └─▶ forget: it ended before its time
//! ```
//! Use itself costs nothing here: a key is looked at once for each of its lifetimes, not at each packet. Who ends a key
//! early forgets it here as well: else what comes and goes all the time would leave more and more behind.

use std::collections::BTreeMap;
use std::time::Duration;

/// Where a key is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Duration, u64);

/// Keys by the time at which they may have ended.
#[derive(Debug)]
pub struct Deadlines<K> {
    keys: BTreeMap<Place, K>,
    next: u64,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Deadlines {
            keys: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<K> Deadlines<K> {
    /// A key may have ended at that time; of one time, those that came first are due first.
    pub fn watch(&mut self, time: Duration, key: K) -> Place {
        let place = Place(time, self.next);
        self.keys.insert(place, key);
        self.next += 1;
        place
    }

    /// A key has ended; nothing happens if it is watched there no more.
    pub fn forget(&mut self, place: Place) {
        self.keys.remove(&place);
    }

    /// Takes out the next key that may have ended by now.
    pub fn due(&mut self, now: Duration) -> Option<K> {
        let (Place(time, _), _) = self.keys.first_key_value()?;
        (*time <= now).then(|| self.keys.pop_first())?.map(take)
    }

    /// The key that ends first.
    pub fn first(&self) -> Option<&K> {
        self.keys.first_key_value().map(|(_, key)| key)
    }

    /// How many keys are watched.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// None is.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

fn take<T, K>((_, key): (T, K)) -> K {
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_when_they_are_due_and_in_order() {
        let at = Duration::from_secs;
        let mut deadlines = Deadlines::default();
        for (time, key) in [(5, 'b'), (3, 'a'), (5, 'c'), (9, 'd')] {
            deadlines.watch(at(time), key);
        }
        assert_eq!(deadlines.due(at(2)), None);
        let due: Vec<char> = std::iter::from_fn(|| deadlines.due(at(5))).collect();
        assert_eq!(due, ['a', 'b', 'c']);
        assert_eq!((deadlines.first(), deadlines.len()), (Some(&'d'), 1));
    }

    #[test]
    fn what_is_forgotten_is_never_due() {
        let mut deadlines = Deadlines::default();
        let time = Duration::from_secs(5);
        let [a, _] = ['a', 'b'].map(|key| deadlines.watch(time, key));
        deadlines.forget(a);
        deadlines.forget(a);
        assert_eq!((deadlines.first(), deadlines.len()), (Some(&'b'), 1));
    }
}
