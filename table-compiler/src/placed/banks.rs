//! Which bank has which prefix length of a VRF, for each family by itself.
//!
//! ```text
//!   lengths of a VRF     24      16       8        longest first, and so are the banks that they get
//!   banks          0     1   2    3   4   5        any three of six, in this order: the ones with most room
//! ```
//! If every VRF began at bank 0, that bank would be full when the others are nearly empty. A length that has a bank
//! keeps it if it can, because its routes would have to be copied.

use underpass_layout::tables::BANKS;

/// The lengths of a VRF word, by bank; 0: none.
pub(crate) type Lengths = [u8; BANKS];

/// The bank of a length.
pub(crate) fn bank_of(lengths: &Lengths, length: u8) -> Option<usize> {
    lengths.iter().position(|one| *one == length && length != 0)
}

/// Banks for `wanted` (pairs of a length, longest first, and how many routes have it), given the banks of the VRF's
/// lengths until now, and how many entries each bank has and takes.
pub(crate) fn choose(
    wanted: &[(u8, usize)],
    before: &Lengths,
    used: &[usize; BANKS],
    capacity: usize,
) -> Lengths {
    let subsets = (0u32..1 << BANKS).filter(|set| set.count_ones() as usize == wanted.len());
    let banks = |set: u32| (0..BANKS).filter(move |bank| set >> bank & 1 == 1);
    let price = |set: &u32| {
        let (mut too_many, mut copied, mut moved, mut crowded) = (0, 0, 0, 0);
        for (bank, (length, count)) in banks(*set).zip(wanted) {
            if bank_of(before, *length) != Some(bank) {
                let after = used[bank] + count;
                too_many += after.saturating_sub(capacity);
                if bank_of(before, *length).is_some() {
                    copied += count;
                    moved += 1;
                }
                crowded += after * after - used[bank] * used[bank];
            }
        }
        (too_many, copied, moved, crowded)
    };
    let mut lengths = [0; BANKS];
    if let Some(set) = subsets.min_by_key(price) {
        banks(set)
            .zip(wanted)
            .for_each(|(bank, (length, _))| lengths[bank] = *length);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emptiest_banks_are_taken_and_longest_come_first() {
        let used = [50, 10, 60, 5, 70, 40];
        assert_eq!(
            choose(&[(24, 10), (16, 10)], &[0; 6], &used, 100),
            [0, 24, 0, 16, 0, 0]
        );
        assert_eq!(choose(&[], &[0; 6], &used, 100), [0; 6]);
    }

    #[test]
    fn a_length_keeps_its_bank() {
        let before = [0, 0, 24, 0, 0, 8];
        let lengths = choose(
            &[(24, 50), (16, 3), (8, 20)],
            &before,
            &[0, 0, 50, 7, 1, 20],
            100,
        );
        assert_eq!(lengths, [0, 0, 24, 0, 16, 8]);
        assert_eq!(
            choose(&[(8, 20)], &before, &[0; 6], 100),
            [0, 0, 0, 0, 0, 8]
        );
    }

    #[test]
    fn a_length_makes_way_where_the_order_asks_for_it() {
        let before = [24, 0, 0, 0, 0, 0];
        let lengths = choose(&[(28, 1), (24, 50)], &before, &[50, 0, 0, 0, 0, 0], 100);
        assert_eq!(lengths.iter().filter(|length| **length != 0).count(), 2);
        assert!(bank_of(&lengths, 28) < bank_of(&lengths, 24));
    }

    #[test]
    fn a_bank_that_is_too_full_is_left() {
        let used = [95, 95, 95, 95, 20, 95];
        assert_eq!(
            choose(&[(24, 10)], &[0; 6], &used, 100),
            [0, 0, 0, 0, 24, 0]
        );
    }
}
