//! What ends some time after it was last used.
//!
//! ```text
//!   watch(time, key) ─▶ | by time | ─▶ due(now): it may have ended ─┬─ it was used since: watched anew
//!                                                                   └─ it ends
//! ```
//! Use itself costs nothing here: a key is looked at once for each of its lifetimes, not at each packet.

use std::collections::BTreeMap;
use std::time::Duration;

/// Keys by the time at which they may have ended.
#[derive(Debug)]
pub struct Deadlines<K> {
    keys: BTreeMap<(Duration, u64), K>,
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
    /// A key may have ended at that time.
    pub fn watch(&mut self, time: Duration, key: K) {
        self.keys.insert((time, self.next), key);
        self.next += 1;
    }

    /// Takes out the next key that may have ended by now.
    pub fn due(&mut self, now: Duration) -> Option<K> {
        let (time, _) = self.keys.first_key_value()?.0;
        (*time <= now).then(|| self.keys.pop_first())?.map(take)
    }

    /// Takes out the key that ends first.
    pub fn first(&mut self) -> Option<K> {
        self.keys.pop_first().map(take)
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
        assert_eq!((deadlines.first(), deadlines.first()), (Some('d'), None));
    }
}
