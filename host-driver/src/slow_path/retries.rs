//! Packets that come back because the card still does not know what was written meanwhile.
//!
//! ```text
//!   missed ─▶ its flow is there by now ─▶ once more  ─▶ missed ─▶ ..    the card and we disagree: it ends
//! ```
//! How often is limited for each flow from one tick of the clock to the next, so that nothing goes round for ever.

use std::collections::HashMap;

use super::key::Key;

/// How often packets of one flow may come back between ticks.
const AGAIN: u16 = 1024;
/// Flows of which that is counted.
const FLOWS: usize = 65_536;

/// How often packets came back since the last tick.
#[derive(Debug, Default)]
pub struct Retries(HashMap<Key, u16>);

impl Retries {
    /// Whether a packet of this flow may go into the card once more.
    pub fn may(&mut self, key: &Key) -> bool {
        if self.0.len() >= FLOWS && !self.0.contains_key(key) {
            return false;
        }
        let count = self.0.entry(*key).or_default();
        *count = count.saturating_add(1);
        *count <= AGAIN
    }

    /// Time has passed.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn it_ends_until_time_passes() {
        let key = Key {
            nexthop: 6,
            protocol: 17,
            src_port: 7,
            dst_port: 53,
            src: Ipv4Addr::LOCALHOST.into(),
            dst: Ipv4Addr::LOCALHOST.into(),
        };
        let mut retries = Retries::default();
        let count = |retries: &mut Retries| (0..5000).take_while(|_| retries.may(&key)).count();
        assert_eq!(count(&mut retries), usize::from(AGAIN));
        retries.forget();
        assert_eq!(count(&mut retries), usize::from(AGAIN));
    }
}
