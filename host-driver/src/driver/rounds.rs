//! Packets that go round within the card: copies for mirrors, for members of lists, and for the slow path.
//!
//! ```text
//!   entered + copies = left + handed over + dropped + skipped + packets
//! ```
//! The registers wrap at 32 bits; the sums here do not, as long as they are read once in between.

use underpass_layout::registers::{
    LEARN_INTERVAL, ROUND_COPIES, ROUND_LOST, ROUND_PACKETS, ROUND_SKIPPED,
};

use super::{Driver, DriverError};
use crate::access::CardAccess;

/// What went round, since reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    /// Packets that were put into the buffer.
    pub packets: u64,
    /// What came back from there.
    pub copies: u64,
    /// Copies that were none, because the leg was not for them.
    pub skipped: u64,
    /// Packets that went on without their copies, because the buffer had no room.
    pub lost: u64,
}

impl Rounds {
    /// What more came back than went in and was left out: packets that were not there before.
    pub fn more_than(&self, before: &Rounds) -> i64 {
        let new = |now: u64, then: u64| now.saturating_sub(then) as i64;
        new(self.copies, before.copies)
            - new(self.packets, before.packets)
            - new(self.skipped, before.skipped)
    }
}

impl<C: CardAccess> Driver<C> {
    /// What went round.
    pub fn rounds(&mut self) -> Result<Rounds, DriverError> {
        let mut sums = [0; 4];
        let registers = [ROUND_PACKETS, ROUND_COPIES, ROUND_SKIPPED, ROUND_LOST];
        let sofar = self.rounds;
        let sofar = [sofar.packets, sofar.copies, sofar.skipped, sofar.lost];
        for ((sum, register), sofar) in sums.iter_mut().zip(registers).zip(sofar) {
            *sum = sum_at(sofar, self.card.read(register)?);
        }
        let [packets, copies, skipped, lost] = sums;
        self.rounds = Rounds {
            packets,
            copies,
            skipped,
            lost,
        };
        Ok(self.rounds)
    }

    /// Whether anything has gone round since `before`, on a card that is quiet: one register tells.
    pub fn has_gone_round(&mut self, before: &Rounds) -> Result<bool, DriverError> {
        Ok(self.card.read(ROUND_PACKETS)? != before.packets as u32)
    }

    /// Sets the fewest clocks from one packet that is shown for its source MAC to the next; 0: each is shown.
    pub fn set_learn_interval(&mut self, clocks: u32) -> Result<(), DriverError> {
        Ok(self.card.write(LEARN_INTERVAL, clocks)?)
    }
}

/// A sum whose register reads `now`.
fn sum_at(sofar: u64, now: u32) -> u64 {
    sofar + u64::from(now.wrapping_sub(sofar as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_go_on_where_registers_wrap() {
        let mut sum = 0;
        for (now, expected) in [
            (0xffff_fffe, 0xffff_fffe),
            (3, 0x1_0000_0003),
            (3, 0x1_0000_0003),
        ] {
            sum = sum_at(sum, now);
            assert_eq!(sum, expected);
        }
    }

    #[test]
    fn what_comes_back_and_what_goes_in_make_the_difference() {
        let before = Rounds::default();
        let now = Rounds {
            packets: 2,
            copies: 7,
            skipped: 1,
            lost: 9,
        };
        assert_eq!(now.more_than(&before), 4);
        assert_eq!(now.more_than(&now), 0);
    }
}
