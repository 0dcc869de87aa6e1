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
    use super::super::address::mask;
    use super::*;
    use proptest::prelude::*;
    use underpass_layout::tables::ArpAnswer;

    const ROOM: Room = Room {
        bank: 8192,
        host: 131_072,
    };

    /// The longest match, straight from the routes.
    fn longest(routes: &Routes, v6: bool, address: u128) -> Option<Target> {
        let lengths = (1..=width(v6)).rev();
        lengths
            .map(|length| (length, address & mask(v6, length)))
            .find_map(|place| routes.get(&place).copied())
    }

    fn routes(v6: bool, list: impl IntoIterator<Item = (u8, u128)>) -> Routes {
        let list = list.into_iter().enumerate();
        list.map(|(n, (length, address))| {
            let target = Target {
                nexthop: n as u32,
                label: 0,
                arp: ArpAnswer::Flood,
                trap: false,
            };
            ((length, address & mask(v6, length)), target)
        })
        .collect()
    }

    #[test]
    fn six_lengths_stay_as_they_are() {
        let four = routes(
            false,
            [
                (8, 0x0a00_0000),
                (24, 0x0a00_0100),
                (31, 6),
                (9, 1),
                (10, 1),
                (30, 4),
                (32, 9),
            ],
        );
        let fitted = fit(&four, false, ROOM).expect("six lengths");
        assert_eq!(fitted.lengths, [31, 30, 24, 10, 9, 8]);
        assert_eq!(fitted.routes, four);
        let db8 = 0x2001_0db8u128 << 96;
        let six = [1, 32, 48, 64, 126, 127, 128].map(|length| (length, db8 | 6));
        let six = routes(true, six);
        let fitted = fit(&six, true, ROOM).expect("six lengths");
        assert_eq!(fitted.lengths, [127, 126, 64, 48, 32, 1]);
        assert_eq!(fitted.routes, six);
    }

    #[test]
    fn the_cheapest_of_seven_lengths_is_expanded() {
        // A single /23 becomes two /24 rather than anything else.
        let many = [8u8, 12, 16, 20, 24, 28].into_iter();
        let many = many.flat_map(|length| {
            (0..50u128).map(move |n| (length, 0x0a00_0000 + (n << (32 - length))))
        });
        let routes = routes(false, many.chain([(23, 0xc0a8_0000)]));
        let fitted = fit(&routes, false, ROOM).expect("one expansion");
        assert_eq!(fitted.lengths, [28, 24, 20, 16, 12, 8]);
        assert_eq!(fitted.routes.len(), routes.len() + 1);
    }

    #[test]
    fn the_longest_length_goes_to_the_host_table() {
        let four = routes(
            false,
            [8u8, 12, 16, 20, 24, 28, 31].map(|length| (length, 0xf0f0_f0f0)),
        );
        let fitted = fit(&four, false, ROOM).expect("one expansion");
        assert_eq!(fitted.lengths, [28, 24, 20, 16, 12, 8]);
        let hosts = |fitted: &Fitted, host| fitted.routes.range((host, 0)..).count();
        assert_eq!(hosts(&fitted, 32), 2);
        let lengths = [29u8, 32, 48, 56, 64, 96, 121];
        let six = routes(true, lengths.map(|length| (length, 0xfd00 << 112)));
        let fitted = fit(&six, true, ROOM).expect("one expansion: eight /32 or 128 hosts");
        assert_eq!(fitted.lengths, [121, 96, 64, 56, 48, 32]);
        let six = routes(
            true,
            [8u8, 32, 48, 64, 80, 100, 121].map(|length| (length, 0xfd00 << 112)),
        );
        let fitted = fit(&six, true, ROOM).expect("128 hosts");
        assert_eq!(fitted.lengths, [100, 80, 64, 48, 32, 8]);
        assert_eq!(hosts(&fitted, 128), 128);
    }

    #[test]
    fn lengths_far_apart_do_not_fit() {
        // No two of these are closer than 16 bits, and a /120 would be 256 hosts.
        let far = [8u8, 24, 40, 56, 72, 88, 104, 120].map(|length| (length, 1 << 127));
        assert_eq!(fit(&routes(true, far), true, ROOM), None);
        let every = (1..=127).map(|length| (length, u128::MAX));
        assert_eq!(fit(&routes(true, every), true, ROOM), None);
    }

    #[test]
    fn what_would_fill_more_than_a_bank_does_not_fit() {
        let few = Room {
            bank: 256,
            host: 1024,
        };
        let grid = (0..300u128).map(|n| (24, n << 8));
        assert_eq!(fit(&routes(false, grid), false, few), None);
        let every = (1..=31u8)
            .flat_map(|length| (0..40u32).map(move |n| (length, n.reverse_bits().into())));
        let fewer = Room { bank: 64, host: 64 };
        assert_eq!(fit(&routes(false, every), false, fewer), None);
        let hosts = (0..65).map(|n| (128, n));
        assert_eq!(fit(&routes(true, hosts), true, fewer), None);
    }

    #[test]
    fn one_route_of_every_length_costs_about_six_times() {
        let routes = routes(false, (1..=32u8).map(|length| (length, 0xc000_0001)));
        let fitted = fit(&routes, false, ROOM).expect("a few hundred entries");
        assert_eq!(fitted.lengths.len(), BANKS);
        let count = fitted.routes.len();
        assert!(count < 7 * 32, "{count} entries");
    }

    /// The cheapest groups, by trying all of them.
    fn by_trying(
        counts: &[u64],
        lengths: &[u8],
        host: u8,
        room: Room,
        banks: usize,
    ) -> Option<u64> {
        let spread = |from: usize, to: usize, class: u8| -> u64 {
            let lengths = lengths[from..to].iter();
            lengths
                .map(|length| counts[usize::from(*length)] << (class - length))
                .sum()
        };
        fn rest(
            from: usize,
            count: usize,
            banks: usize,
            bank: &impl Fn(usize, usize) -> Option<u64>,
            hosts: &impl Fn(usize) -> Option<u64>,
        ) -> Option<u64> {
            let split =
                |to: usize| Some(bank(from, to)? + rest(to, count, banks - 1, bank, hosts)?);
            let more = (from + 1..=count).filter(|_| banks > 0).filter_map(split);
            more.chain(hosts(from)).min()
        }
        let bank = |from: usize, to: usize| {
            Some(spread(from, to, lengths[to - 1])).filter(|cost| *cost <= room.bank)
        };
        let hosts = |from: usize| {
            let each = lengths.get(from).map_or(0, |length| host - length);
            let all = counts[usize::from(host)]
                + if each <= 7 {
                    spread(from, lengths.len(), host)
                } else {
                    u64::MAX / 2
                };
            Some(all).filter(|all| *all <= room.host)
        };
        rest(0, lengths.len(), banks, &bank, &hosts)
    }

    proptest! {
        /// Lengths within 30 of each other, so that trying all of them does not overflow.
        #[test]
        fn the_cheapest_groups_are_found(
            list in prop::collection::vec((0u8..30, 1u64..40), 0..11),
            hosts in 0u64..40,
            v6 in any::<bool>(),
        ) {
            let host = width(v6);
            let mut counts = [0; 129];
            counts[usize::from(host)] = hosts;
            list.iter().for_each(|(back, count)| counts[usize::from(host - 1 - back)] = *count);
            let lengths: Vec<u8> = (1..host).filter(|length| counts[usize::from(*length)] > 0).collect();
            let room = Room { bank: 200, host: 300 };
            let found = cheapest(&counts, host, room).map(|groups| {
                let of = |length: u8| groups.iter().find(|(first, class)| (*first..=*class).contains(&length));
                let entries = |length: &u8| {
                    let class = of(*length).map_or(host, |(_, class)| *class);
                    counts[usize::from(*length)] << (class - length)
                };
                lengths.iter().map(entries).sum::<u64>() + hosts
            });
            prop_assert_eq!(found, by_trying(&counts, &lengths, host, room, BANKS));
        }

        #[test]
        fn every_address_finds_what_it_found_before(
            list in prop::collection::vec((1u8..=32, 0u32..64, 0u32..4), 0..60),
            probes in prop::collection::vec((0u32..64, 0u32..4), 30),
            v6 in any::<bool>(),
        ) {
            // IPv6 uses the last 32 bits, so that lengths lie close enough to be expanded.
            let back = width(v6) - 32;
            let address = |high: u32, low: u32| u128::from(high << 26 | low.reverse_bits() >> 26 | low);
            let list = list.into_iter().map(|(length, high, low)| (length + back, address(high, low)));
            let routes = routes(v6, list);
            let fitted = fit(&routes, v6, ROOM).expect("few routes");
            prop_assert!(fitted.lengths.len() <= BANKS);
            prop_assert!(fitted.lengths.windows(2).all(|pair| pair[0] > pair[1]));
            for (length, _) in fitted.routes.keys() {
                prop_assert!(*length == width(v6) || fitted.lengths.contains(length));
            }
            // Addresses at and beside every prefix, and some others.
            let near = routes.keys().flat_map(|(length, start)| {
                let end = start | mask(v6, width(v6)) & !mask(v6, *length);
                [*start, end, start.wrapping_sub(1), end.wrapping_add(1)]
            });
            let probes = probes.into_iter().map(|(high, low)| address(high, low));
            for probe in near.chain(probes).map(|probe| probe & mask(v6, width(v6))).collect::<Vec<_>>() {
                prop_assert_eq!(longest(&fitted.routes, v6, probe), longest(&routes, v6, probe), "{:#x}", probe);
            }
        }
    }
}
