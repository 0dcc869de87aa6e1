//! Which row of a choice is whose.
//!
//! ```text
//!   rows      0 1 2 3 4 5 6 7        a packet takes row  hash mod rows
//!   A B       A B B A B A A B        each row is its highest bidder's
//!   A B C     A C B A B A C B        C came: it takes what it wins, nothing moves between A and B
//!   A C       A C C A A A C C        B went: its rows alone are somebody else's
//! ```
//! That holds while members come and go on a card: rows double where members become many, each half as it was, and are never
//! made fewer, because both would move flows between members that stay.

use underpass_layout::tables::MemberEntry;

use crate::entries::share;

/// A member, and how many like it stand before it: one that is there twice has two bids.
type Bidder = (MemberEntry, u32);

/// The rows until now, and whose they were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before<'a> {
    pub members: &'a [MemberEntry],
    pub rows: &'a [MemberEntry],
}

/// 1 << `bits` rows for these members.
pub(super) fn rows(
    members: &[MemberEntry],
    bits: u32,
    before: Option<Before<'_>>,
) -> Vec<MemberEntry> {
    let bidders = bidders(members);
    let known = before.map_or(Vec::new(), |before| self::bidders(before.members));
    let row = |row: u32| {
        let best = bidders.iter().max_by_key(|bidder| bid(row, bidder))?;
        let was = before.and_then(|before| {
            let place = row as usize % before.rows.len().max(1);
            before.rows.get(place)
        });
        match was {
            Some(was) if members.contains(was) && known.contains(best) => Some(*was),
            _ => Some(best.0),
        }
    };
    (0..1 << bits).map_while(row).collect()
}

fn bidders(members: &[MemberEntry]) -> Vec<Bidder> {
    let like = |place: usize| {
        let before = members[..place].iter();
        before.filter(|other| **other == members[place]).count() as u32
    };
    let places = 0..members.len();
    places.map(|place| (members[place], like(place))).collect()
}

fn bid(row: u32, (member, like): &Bidder) -> u64 {
    let label = u32::from(member.label_valid) << 24 | member.label;
    share(row, &[member.nexthop, label, *like])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(nexthop: u32) -> MemberEntry {
        MemberEntry {
            nexthop,
            label_valid: true,
            label: 100,
            ..MemberEntry::default()
        }
    }

    /// Bits for at least eight rows a member.
    fn bits(members: usize) -> u32 {
        (members * 8).next_power_of_two().ilog2()
    }

    proptest! {
        #[test]
        fn who_stays_keeps_its_rows(
            first in prop::collection::btree_set(0u32..40, 1..20),
            steps in prop::collection::vec((any::<bool>(), 0u32..40), 1..12),
        ) {
            let mut members: Vec<MemberEntry> = first.into_iter().map(member).collect();
            let mut count = bits(members.len());
            let mut now = rows(&members, count, None);
            for (comes, number) in steps {
                let one = member(number);
                let before = members.clone();
                match (comes, members.contains(&one)) {
                    (true, false) => members.push(one),
                    (false, true) if members.len() > 1 => members.retain(|other| *other != one),
                    _ => continue,
                }
                count = count.max(bits(members.len()));
                let was = Before { members: &before, rows: &now };
                let next = rows(&members, count, Some(was));
                for (place, row) in next.iter().enumerate() {
                    let was = now[place % now.len()];
                    let moved = was != *row;
                    let whose = if comes { *row } else { was };
                    prop_assert!(!moved || whose == one);
                    prop_assert!(members.contains(row));
                }
                // What is there stays as it is where nothing changes.
                let again = Before { members: &members, rows: &next };
                prop_assert_eq!(&rows(&members, count, Some(again)), &next);
                now = next;
            }
        }
    }

    #[test]
    fn shares_are_nearly_alike() {
        for count in 1..=16 {
            let members: Vec<MemberEntry> = (0..count).map(|n| member(20 + n)).collect();
            let rows = rows(&members, 10, None);
            let fair = 1024 / count as usize;
            for member in &members {
                let own = rows.iter().filter(|row| *row == member).count();
                assert!(
                    own.abs_diff(fair) <= fair / 2,
                    "{own} of 1024 for one of {count}"
                );
            }
        }
    }

    #[test]
    fn one_that_is_there_twice_has_two_shares() {
        let rows = rows(&[member(1), member(2), member(2)], 10, None);
        let own = rows.iter().filter(|row| row.nexthop == 2).count();
        assert!(
            (600..760).contains(&own),
            "{own} of 1024, expected about 683"
        );
    }

    #[test]
    fn nobody_has_no_rows() {
        assert_eq!(rows(&[], 3, None), []);
    }
}
