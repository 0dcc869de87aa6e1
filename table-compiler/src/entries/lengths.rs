//! Which prefix lengths of a family a VRF has on the card: at most six, and all bits (32 or 128) for free.
//!
//! ```text
//!   lengths of the routes    8  12  16  20  22  24  28  30        eight lengths, six banks
//!   groups                  [8][12][16][20  22][24][28] [30       each group is searched at its longest length;
//!   searched at              8  12  16      22  24  28   32]      the last one may go to the host table
//! ```
//! A route of a shorter length in a group becomes several of the group's length (`/20` is four `/22`), except where a
//! longer route of the group lies already, so that every address still finds its longest match. Which groups cost the
//! fewest entries is found by dynamic programming. Lengths of IPv6 lie far apart, and a route that becomes 2^40 others
//! is none: groups that need more entries than a bank has are not looked at, and a route becomes at most
//! [`MOST_HOSTS`] host routes. A VRF that does not fit so either is not on the card at all.

use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, BANKS, TABLES, WAYS};

use super::address::width;
use super::route::{Routes, Target};

/// Most host routes that one route becomes: a /25 of IPv4, a /121 of IPv6.
const MOST_HOSTS: u64 = 128;

/// How many entries one VRF may have of one length, and of all bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    bank: u64,
    host: u64,
}

impl Room {
    /// All of one bank, all of the host table: whether others leave that much is for placement to see.
    pub fn new(profile: &Profile) -> Self {
        let slots = |table: u32| (profile.rows(&TABLES[table as usize]) * WAYS) as u64;
        Room {
            bank: slots(id::ROUTE_BANK),
            host: slots(id::ROUTE_HOST),
        }
    }
}

/// Routes in a form that the card can search.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fitted {
    /// The lengths below that of a host, longest first.
    pub lengths: Vec<u8>,
    /// Routes of these lengths and of hosts.
    pub routes: BTreeMap<(u8, u128), Target>,
}

/// The routes of one VRF and family in at most six lengths beside that of hosts, or `None` where they do not fit.
pub(super) fn fit(routes: &Routes, v6: bool, room: Room) -> Option<Fitted> {
    let host = width(v6);
    let mut counts = [0u64; 129];
    routes
        .keys()
        .for_each(|(length, _)| counts[usize::from(*length)] += 1);
    let mut fitted = Fitted::default();
    for (&(length, address), target) in routes.range((host, 0)..) {
        fitted.routes.insert((length, address), *target);
    }
    for (first, class) in cheapest(&counts, host, room)?.into_iter().rev() {
        if class != host {
            fitted.lengths.push(class);
        }
        for length in (first..=class.min(host - 1)).rev() {
            for (&(_, address), target) in routes.range((length, 0)..=(length, u128::MAX)) {
                for part in 0..1u128 << (class - length) {
                    let address = address | part << (host - class);
                    fitted.routes.entry((class, address)).or_insert(*target);
                }
            }
        }
    }
    Some(fitted)
}

/// How many entries `count` routes are when each of them is searched at a length that is longer by `bits`.
fn spread(count: u64, bits: u8) -> u64 {
    if count == 0 {
        0
    } else if count.leading_zeros() < u32::from(bits) {
        u64::MAX
    } else {
        count << bits
    }
}

/// The groups, as (shortest length, length searched), that cost the fewest entries: at most [`BANKS`], and one more
/// that goes to the host table. `None` where there are none that fit.
fn cheapest(counts: &[u64], host: u8, room: Room) -> Option<Vec<(u8, u8)>> {
    let lengths: Vec<u8> = (1..host)
        .filter(|length| counts[usize::from(*length)] > 0)
        .collect();
    let count = lengths.len();
    // best[k][j]: what the first j lengths in k groups cost, and where the last of these groups starts.
    let mut best = vec![vec![None; count + 1]; BANKS + 1];
    best[0][0] = Some((0u64, 0));
    for groups in 1..=BANKS {
        for start in 0..count {
            let Some((before, _)) = best[groups - 1][start] else {
                continue;
            };
            let (mut own, mut class) = (0, lengths[start]);
            for (end, length) in lengths.iter().enumerate().skip(start) {
                own = spread(own, length - class).saturating_add(counts[usize::from(*length)]);
                class = *length;
                if own > room.bank {
                    break;
                }
                let place: &mut Option<(u64, usize)> = &mut best[groups][end + 1];
                if place.is_none_or(|(cost, _)| before + own < cost) {
                    *place = Some((before + own, start));
                }
            }
        }
    }
    // Expanded entries share the host table with the routes that have that length anyway.
    let in_hosts = |from: usize| {
        let expanded = lengths[from..].iter().map(|length| {
            let each = spread(1, host - length);
            let all = spread(counts[usize::from(*length)], host - length);
            if each <= MOST_HOSTS {
                all
            } else {
                u64::MAX
            }
        });
        let all = expanded.fold(counts[usize::from(host)], u64::saturating_add);
        (all <= room.host).then_some(all)
    };
    let ends = (0..=count).flat_map(|end| (0..=BANKS).map(move |groups| (end, groups)));
    let cost = |(end, groups): (usize, usize)| {
        let (banks, _) = best[groups][end]?;
        Some((banks + in_hosts(end)?, (end, groups)))
    };
    let (_, (mut end, mut groups)) = ends.filter_map(cost).min()?;
    let mut found = Vec::new();
    if let Some(first) = lengths.get(end) {
        found.push((*first, host));
    }
    while let Some((_, start)) = best[groups][end].filter(|_| groups > 0) {
        found.push((lengths[start], lengths[end - 1]));
        (end, groups) = (start, groups - 1);
    }
    found.reverse();
    Some(found)
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
