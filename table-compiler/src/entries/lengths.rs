//! Which prefix lengths a VRF has on the card: at most six, and 32 bits for free.
//!
//! ```text
//!   lengths of the routes    8  12  16  20  22  24  28  30        eight lengths, six banks
//!   groups                  [8][12][16][20  22][24][28] [30       each group is searched at its longest length;
//!   searched at              8  12  16      22  24  28   32]      the last one may go to the host table
//! ```
//! A route of a shorter length in a group becomes several of the group's length (`/20` is four `/22`), except where a
//! longer route of the group lies already, so that every address still finds its longest match. Which groups cost the
//! fewest entries is found by dynamic programming. A VRF that does not fit so either is not on the card at all.

use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{by_name, TableSpec, BANKS, WAYS};

use super::route::{Routes, Target};

/// Bits of an address.
const HOST: u8 = 32;

/// How many entries one VRF may have of one length, and of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    bank: u64,
    host: u64,
}

impl Room {
    /// All of one bank, all of the host table: whether others leave that much is for placement to see.
    pub fn new(profile: &Profile) -> Self {
        let rows = |table: Option<&TableSpec>| table.map_or(0, |table| profile.rows(table) * WAYS);
        Room {
            bank: rows(by_name("route_bank")) as u64,
            host: rows(by_name("route_host")) as u64,
        }
    }
}

/// Routes in a form that the card can search.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fitted {
    /// The lengths below 32, longest first.
    pub lengths: Vec<u8>,
    /// Routes of these lengths and of 32 bits.
    pub routes: BTreeMap<(u8, u32), Target>,
}

/// One VRF's routes in at most six lengths beside 32, or `None` where they do not fit.
pub(super) fn fit(routes: &Routes, room: Room) -> Option<Fitted> {
    let mut counts = [0u64; HOST as usize + 1];
    routes
        .keys()
        .for_each(|(length, _)| counts[usize::from(*length)] += 1);
    let lengths: Vec<u8> = (1..HOST)
        .filter(|length| counts[usize::from(*length)] > 0)
        .collect();
    let groups = if lengths.len() <= BANKS {
        lengths.iter().map(|length| (*length, *length)).collect()
    } else {
        cheapest(&lengths, &counts)
    };
    let fits = |first, class| {
        let room = if class == HOST { room.host } else { room.bank };
        cost(&counts, first, class) <= room
    };
    if !groups.iter().all(|(first, class)| fits(*first, *class)) {
        return None;
    }
    let mut fitted = Fitted::default();
    for (&(length, address), target) in routes.range((HOST, 0)..) {
        fitted.routes.insert((length, address), *target);
    }
    for (first, class) in groups.into_iter().rev() {
        if class != HOST {
            fitted.lengths.push(class);
        }
        for length in (first..=class.min(HOST - 1)).rev() {
            for (&(_, address), target) in routes.range((length, 0)..=(length, u32::MAX)) {
                for part in 0..1u32 << (class - length) {
                    let address = address | part << (HOST - class);
                    fitted.routes.entry((class, address)).or_insert(*target);
                }
            }
        }
    }
    Some(fitted)
}

/// Entries of all routes from length `first` on, when they are searched at length `class`.
fn cost(counts: &[u64], first: u8, class: u8) -> u64 {
    (first..=class).fold(0, |sum: u64, length| {
        sum.saturating_add(counts[usize::from(length)].saturating_mul(1 << (class - length)))
    })
}

/// The groups, as (shortest length, length searched), that cost the fewest entries: at most [`BANKS`], and one more
/// that goes to the host table.
fn cheapest(lengths: &[u8], counts: &[u64]) -> Vec<(u8, u8)> {
    let count = lengths.len();
    // best[k][j]: the first j lengths in k groups, and where the last of these groups starts.
    let mut best = vec![vec![(u64::MAX, 0); count + 1]; BANKS + 1];
    best[0][0] = (0, 0);
    for groups in 1..=BANKS {
        for end in 1..=count {
            for start in 0..end {
                let (before, _) = best[groups - 1][start];
                let own = cost(counts, lengths[start], lengths[end - 1]);
                let all = before.saturating_add(own);
                if all < best[groups][end].0 {
                    best[groups][end] = (all, start);
                }
            }
        }
    }
    // Entries of 32 bits share the host table with the routes that have that length anyway.
    let host = |from: usize| {
        lengths
            .get(from)
            .map_or(0, |first| cost(counts, *first, HOST))
    };
    let ends = (0..=count).flat_map(|end| (0..=BANKS).map(move |groups| (end, groups)));
    let cheapest =
        ends.min_by_key(|(end, groups)| best[*groups][*end].0.saturating_add(host(*end)));
    let (mut end, mut groups) = cheapest.unwrap_or_default();
    let mut found = Vec::new();
    if let Some(first) = lengths.get(end) {
        found.push((*first, HOST));
    }
    while groups > 0 && end > 0 {
        let (_, start) = best[groups][end];
        found.push((lengths[start], lengths[end - 1]));
        (end, groups) = (start, groups - 1);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM: Room = Room {
        bank: 8192,
        host: 131_072,
    };

    fn mask(length: u8) -> u32 {
        u32::MAX.checked_shl((HOST - length).into()).unwrap_or(0)
    }

    /// The longest match, straight from the routes.
    fn longest(routes: &BTreeMap<(u8, u32), Target>, address: u32) -> Option<Target> {
        let lengths = (1..=HOST).rev();
        lengths
            .map(|length| (length, address & mask(length)))
            .find_map(|place| routes.get(&place).copied())
    }

    fn routes(list: impl IntoIterator<Item = (u8, u32)>) -> Routes {
        let list = list.into_iter().enumerate();
        list.map(|(n, (length, address))| {
            (
                (length, address & mask(length)),
                Target {
                    nexthop: n as u32,
                    label: 0,
                },
            )
        })
        .collect()
    }

    #[test]
    fn six_lengths_stay_as_they_are() {
        let routes = routes([
            (8, 0x0a00_0000),
            (24, 0x0a00_0100),
            (31, 6),
            (9, 1),
            (10, 1),
            (30, 4),
            (32, 9),
        ]);
        let fitted = fit(&routes, ROOM).expect("six lengths");
        assert_eq!(fitted.lengths, [31, 30, 24, 10, 9, 8]);
        assert_eq!(fitted.routes, routes);
    }

    #[test]
    fn the_cheapest_of_seven_lengths_is_expanded() {
        // A single /23 becomes two /24 rather than anything else.
        let many = [8u8, 12, 16, 20, 24, 28].into_iter();
        let many = many.flat_map(|length| {
            (0..50u32).map(move |n| (length, 0x0a00_0000 + (n << (32 - length))))
        });
        let routes = routes(many.chain([(23, 0xc0a8_0000)]));
        let fitted = fit(&routes, ROOM).expect("one expansion");
        assert_eq!(fitted.lengths, [28, 24, 20, 16, 12, 8]);
        assert_eq!(fitted.routes.len(), routes.len() + 1);
    }

    #[test]
    fn a_31_goes_to_the_host_table() {
        let routes = routes([8u8, 12, 16, 20, 24, 28, 31].map(|length| (length, 0xf0f0_f0f0)));
        let fitted = fit(&routes, ROOM).expect("one expansion");
        assert_eq!(fitted.lengths, [28, 24, 20, 16, 12, 8]);
        assert_eq!(
            fitted
                .routes
                .keys()
                .filter(|(length, _)| *length == 32)
                .count(),
            2
        );
    }

    #[test]
    fn what_would_fill_more_than_a_bank_does_not_fit() {
        let grid = (0..300u32).map(|n| (24, n << 8));
        assert!(fit(
            &routes(grid),
            Room {
                bank: 256,
                host: 1024
            }
        )
        .is_none());
        let every =
            (1..=31u8).flat_map(|length| (0..40u32).map(move |n| (length, n.reverse_bits())));
        assert!(fit(&routes(every), Room { bank: 64, host: 64 }).is_none());
    }

    #[test]
    fn one_route_of_every_length_costs_about_six_times() {
        let routes = routes((1..=32u8).map(|length| (length, 0xc000_0001)));
        let fitted = fit(&routes, ROOM).expect("a few hundred entries");
        assert_eq!(fitted.lengths.len(), BANKS);
        assert!(
            fitted.routes.len() < 7 * 32,
            "{} entries",
            fitted.routes.len()
        );
    }

    proptest! {
        #[test]
        fn every_address_finds_what_it_found_before(
            list in prop::collection::vec((1u8..=32, 0u32..64, 0u32..4), 0..60),
            probes in prop::collection::vec((0u32..64, 0u32..4), 30),
        ) {
            let address = |high: u32, low: u32| high << 26 | low.reverse_bits() >> 26 | low;
            let routes = routes(list.into_iter().map(|(length, high, low)| (length, address(high, low))));
            let fitted = fit(&routes, ROOM).expect("few routes");
            prop_assert!(fitted.lengths.len() <= BANKS);
            prop_assert!(fitted.lengths.windows(2).all(|pair| pair[0] > pair[1]));
            for (length, _) in fitted.routes.keys() {
                prop_assert!(*length == 32 || fitted.lengths.contains(length));
            }
            // Addresses at and beside every prefix, and some others.
            let near = routes.keys().flat_map(|(length, start)| {
                let end = start | !mask(*length);
                [*start, end, start.wrapping_sub(1), end.wrapping_add(1)]
            });
            let probes = probes.into_iter().map(|(high, low)| address(high, low));
            for probe in near.chain(probes).collect::<Vec<_>>() {
                prop_assert_eq!(longest(&fitted.routes, probe), longest(&routes, probe), "{:#x}", probe);
            }
        }
    }
}
