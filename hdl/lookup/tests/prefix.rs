use super::*;
use crate::lookup::prefix::{self, longest, Found, Wanted};
use std::collections::{HashMap, HashSet};
use underpass_layout::hash::row;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, ArpAnswer, RouteEntry, RouteKey, VrfEntry, BANKS, WAYS};
use underpass_layout::{words_for, Record};
use underpass_wires::{unpack, Ram};

/// Bits of what is asked.
const ASKED: usize = Wanted::W;

/// Routes of one VRF as they are, by family, length and prefix.
#[derive(Default)]
struct Routes(HashMap<(bool, u8, u128), u32>);

impl Routes {
    /// The nexthop of the longest prefix, in plain Rust.
    fn longest(&self, v6: bool, address: u128) -> Option<u32> {
        let bits = if v6 { 128 } else { 32 };
        (1..=bits)
            .rev()
            .find_map(|length| self.0.get(&(v6, length, cut(v6, length, address))).copied())
    }
}

/// The first `length` bits of an address.
fn cut(v6: bool, length: u8, address: u128) -> u128 {
    let bits = if v6 { 128 } else { 32 };
    address & u128::MAX << (bits - length)
}

/// Both copies, one behind the other: what the second finds leaves as the entry, and is a hit where the first found the
/// same.
fn bench() -> Bench {
    Bench::new::<Found, ASKED>(|key, bus| {
        let wanted: Wanted = unpack(key);
        let (first, chain) = longest(&SIM, None, wanted, bus);
        let bus = chain.leave(first);
        let wanted = wanted.delay("wanted", prefix::LATENCY);
        let (second, chain) = longest(&SIM, Some(Ram::Block), wanted, bus);
        let first = first.delay("first", prefix::LATENCY);
        let same = first.pack::<{ Found::W }>().eq(second.pack());
        (same, second, chain)
    })
}

/// Writes a route where there is room for it.
fn write(
    bench: &mut Bench,
    tabulation: &Tabulation,
    taken: &mut HashSet<(u32, usize)>,
    bank: Option<usize>,
    entry: &RouteEntry,
) -> bool {
    let (table, first_way) = match bank {
        None => (id::ROUTE_HOST, 0),
        Some(bank) => (id::ROUTE_BANK, WAYS * bank),
    };
    let rows = Place::of(&SIM, table).rows;
    let words = entry.pack();
    let mut key = vec![0; words_for(RouteKey::WIDTH)];
    entry.key.pack_into(&mut key);
    let hash = tabulation.hash(&key, RouteKey::WIDTH);
    let free = (0..WAYS)
        .map(|way| (first_way + way) * rows + row(hash, way, rows))
        .find(|address| taken.insert((table, *address)));
    let Some(address) = free else { return false };
    let written = bench.access(&Access::write(table, address, &words));
    assert!(written.done);
    let read = bench.access(&Access::read(table, address));
    assert_eq!(read.data[0] as u32, words[0], "row {address} reads back");
    true
}

#[test]
fn both_copies_find_the_longest_prefix_of_either_family() {
    const VRF: u16 = 7;
    let lengths = [[30, 24, 23, 16, 8, 1], [127, 64, 63, 48, 0, 0]];
    let mut bench = bench();
    let tabulation = Tabulation::new(4242);
    let place = Place::of(&SIM, id::ROUTE_HOST);
    bench.seed(&place, &tabulation, SeedTarget::default());
    let word = VrfEntry {
        valid: true,
        default6_valid: true,
        default6_nexthop: 99,
        default_arp: ArpAnswer::Stitched,
        ..Default::default()
    };
    let word = word.with_lengths(lengths[0]).with_v6_lengths(lengths[1]);
    assert!(
        bench
            .access(&Access::write(id::VRF, VRF.into(), &word.pack()))
            .done
    );

    let mut noise = Noise(11);
    let mut address = |v6: bool| {
        let bits = u128::from(noise.next()) & 0x0303_0301_0303_0103;
        if v6 {
            bits << 64 | bits
        } else {
            bits & 0xffff_ffff
        }
    };
    let (mut routes, mut taken) = (Routes::default(), HashSet::new());
    for nexthop in 1..300 {
        let v6 = nexthop % 2 == 0;
        let banks = lengths[usize::from(v6)];
        let (bank, length) = match nexthop as usize % (BANKS + 1) {
            BANKS => (None, if v6 { 128 } else { 32 }),
            bank => (Some(bank), banks[bank]),
        };
        let prefix = match length {
            0 => continue,
            _ => cut(v6, length, address(v6)),
        };
        let key = RouteKey {
            vrf: VRF,
            v6,
            length,
            prefix,
        };
        let entry = RouteEntry {
            valid: true,
            key,
            nexthop,
            label: 3,
            arp: ArpAnswer::ALL[nexthop as usize % 4],
            trap: nexthop % 3 == 0,
        };
        let known = routes.0.contains_key(&(v6, length, prefix));
        if !known && write(&mut bench, &tabulation, &mut taken, bank, &entry) {
            routes.0.insert((v6, length, prefix), nexthop);
        }
    }

    let latency = 2 * prefix::LATENCY;
    let asked: Vec<(bool, u128)> = (0..1000)
        .map(|i| (i % 3 == 0, address(i % 3 == 0)))
        .collect();
    let mut found = HashSet::new();
    for clock in 0..asked.len() + latency {
        if let Some((v6, address)) = asked.get(clock) {
            let bits = u128::from(VRF) | u128::from(*v6) << 12;
            bench.0.set(
                "key",
                &[
                    (bits | address << 13) as u64,
                    (address >> 51) as u64,
                    (address >> 115) as u64,
                ],
            );
        }
        if let Some(before) = clock.checked_sub(latency) {
            let (v6, address) = asked[before];
            let (hit, nexthop) = match routes.longest(v6, address) {
                Some(nexthop) => (true, nexthop),
                None => (v6, if v6 { 99 } else { 0 }),
            };
            let said = bench.found(0, 50).expect("both copies find the same");
            // Of a route the flags go by its number, and the default has none.
            let (arp, trap) = match routes.longest(v6, address) {
                Some(nexthop) => (nexthop % 4, nexthop % 3 == 0),
                None => (0, false),
            };
            let label = if routes.longest(v6, address).is_some() {
                3
            } else {
                0
            };
            let expected = 1
                | u128::from(hit) << 2
                | u128::from(nexthop) << 3
                | label << 23
                | u128::from(arp) << 47
                | u128::from(trap) << 49;
            assert_eq!(said, expected, "{address:x}");
            found.insert(nexthop);
        }
        bench.step();
    }
    assert!(found.len() > 40, "{} routes were met", found.len());
}
