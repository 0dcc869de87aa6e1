//! How many messages somebody may cause: a bucket of tokens each, filled by the clock that the slow path is given.
//!
//! ```text
//!   100 a second ─▶ | at most 50 | ─▶ one for each error that is sent (RFC 1812 4.3.2.8, RFC 4443 2.4 f)
//! ```
//! A bucket that nobody has taken from is full and is not kept. What comes out of tunnels comes by one interface for all
//! networks, so there is a bucket for each VRF of an interface.

use std::collections::HashMap;
use std::time::Duration;

/// Time for one token.
const PERIOD: Duration = Duration::from_millis(10);
/// Tokens of a full bucket.
const FULL: u32 = 50;

/// Who causes messages: an interface, and the VRF in which it does.
pub type Cause = (u16, u16);

/// The buckets of all who cause messages.
#[derive(Debug, Default)]
pub struct Tokens {
    /// When each bucket will be full again.
    full_at: HashMap<Cause, Duration>,
}

impl Tokens {
    /// Takes a token, if there is one.
    pub fn take(&mut self, cause: Cause, now: Duration) -> bool {
        let full_at = self.full_at.entry(cause).or_insert(now);
        let next = (*full_at).max(now) + PERIOD;
        let has = next.saturating_sub(now) <= PERIOD * FULL;
        if has {
            *full_at = next;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(tokens: &mut Tokens, vif: u16, millis: u64) -> usize {
        let now = Duration::from_millis(millis);
        let cause = (vif, 1);
        (0..1000).take_while(|_| tokens.take(cause, now)).count()
    }

    #[test]
    fn a_full_bucket_is_emptied_at_once_and_filled_by_time() {
        let mut tokens = Tokens::default();
        assert_eq!(taken(&mut tokens, 3, 5), 50);
        assert_eq!(taken(&mut tokens, 3, 14), 0);
        assert_eq!(taken(&mut tokens, 3, 15), 1);
        assert_eq!(taken(&mut tokens, 3, 1015), 50);
        assert_eq!(taken(&mut tokens, 4, 1015), 50);
        assert!(tokens.take((3, 2), Duration::from_millis(1015)));
    }

    #[test]
    fn a_clock_that_stands_still_or_jumps_gives_no_more_than_a_full_bucket() {
        let mut tokens = Tokens::default();
        assert_eq!(taken(&mut tokens, 3, 0), 50);
        assert_eq!(taken(&mut tokens, 3, u64::from(u32::MAX)), 50);
        assert_eq!(taken(&mut tokens, 3, 0), 0);
    }
}
