//! Keys that somebody chose, and differences of one bit: what a hash must not give away.

use underpass_layout::hash::{row, Tabulation};
use underpass_layout::tables::{FlowKey6, WAYS};
use underpass_layout::Record;

use super::keys;
use super::{flows, SEED};
use crate::placed::Entry;

/// Polynomials of four CRCs with 32 bits: Castagnoli, IEEE 802.3, Koopman, AIXM.
const CRCS: [u32; WAYS] = [0x1edc_6f41, 0x04c1_1db7, 0x741b_8cd7, 0x8141_41ab];
/// Bits of a row that such a hash would take from each of them.
const ROW_BITS: u32 = 20;

/// The key of a sender who sets 96 bits: the low half of its address and both ports.
fn chosen(bits: u128) -> FlowKey6 {
    let key = FlowKey6 {
        nexthop: 6,
        protocol: 17,
        src_port: (bits >> 64) as u16,
        dst_port: (bits >> 80) as u16,
        ..FlowKey6::default()
    };
    let network = 0x2001_0db8_0000_0001u128 << 64;
    key.between(network | bits & u128::from(u64::MAX), network | 1)
}

fn crc(polynomial: u32, key: &FlowKey6) -> u32 {
    let words = key.pack();
    let bits = (0..FlowKey6::WIDTH).map(|n| words[n / 32] >> (n % 32) & 1);
    let crc = bits.fold(u32::MAX, |crc, bit| {
        let out = crc >> 31 ^ bit;
        crc << 1 ^ if out == 1 { polynomial } else { 0 }
    });
    crc >> (32 - ROW_BITS)
}

/// The rows of a key by four CRCs, side by side.
fn crc_rows(bits: u128) -> u128 {
    CRCS.iter().fold(0, |rows, polynomial| {
        rows << ROW_BITS | u128::from(crc(*polynomial, &chosen(bits)))
    })
}

/// Differences that leave the rows by every CRC as they are, whatever the seed: 16 independent ones of 96 bits.
fn kernel() -> Vec<u128> {
    let zero = crc_rows(0);
    // Pairs of rows and the difference that gives them; each step uses one pair up to clear one bit in all others.
    let mut open: Vec<(u128, u128)> = (0..96)
        .map(|bit| (crc_rows(1 << bit) ^ zero, 1 << bit))
        .collect();
    for bit in 0..4 * ROW_BITS {
        let Some(at) = open.iter().position(|(rows, _)| rows >> bit & 1 == 1) else {
            continue;
        };
        let (rows, key) = open.swap_remove(at);
        for other in open.iter_mut().filter(|other| other.0 >> bit & 1 == 1) {
            *other = (other.0 ^ rows, other.1 ^ key);
        }
    }
    open.into_iter().map(|(_, key)| key).collect()
}

#[test]
fn keys_that_collide_under_every_crc_do_not_here() {
    let kernel = kernel();
    assert!(kernel.len() >= 16, "{} dimensions", kernel.len());
    let key = |n: u32| {
        let bits = kernel.iter().enumerate();
        bits.fold(
            0,
            |key, (place, one)| if n >> place & 1 == 1 { key ^ one } else { key },
        )
    };
    assert!(
        (0..64).all(|n| crc_rows(key(n * 997)) == crc_rows(0)),
        "the attack is one"
    );

    let mut shadow = flows(8192, SEED);
    let mut writes = Vec::new();
    let mut n = 0;
    while shadow.used() * 100 < shadow.capacity() * 42 {
        shadow.insert(&keys::mix(n), &mut writes).expect("room");
        n += 1;
    }
    let mut n = 0;
    while shadow.used() * 1000 < shadow.capacity() * 874 {
        let entry = Entry::with_key(&chosen(key(n)));
        let outcome = shadow.insert(&entry, &mut writes);
        outcome.unwrap_or_else(|full| panic!("key {n} of the attack: {full}"));
        n += 1;
    }
}

/// Two keys that differ in one bit meet in a row of a way as often as any two do, and never in three ways.
#[test]
fn no_bit_of_a_key_brings_keys_together() {
    const ROWS: usize = 4096;
    let tabulation = Tabulation::new(SEED);
    let mut state = SEED;
    let mut random = || {
        let constant = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
        state = state.wrapping_mul(constant).wrapping_add(constant | 1);
        state ^ state >> 64
    };
    let (mut worst, mut all, mut pairs) = (0, 0, 0);
    for bit in 0..FlowKey6::WIDTH {
        let mut meet = [0; WAYS];
        // Of one bit there are 256 differences, one for each value of the rest of its piece.
        for _ in 0..256 {
            let mut key = chosen(random()).between(random(), random()).pack();
            let one = tabulation.hash(&key, FlowKey6::WIDTH);
            key[bit / 32] ^= 1 << (bit % 32);
            let other = tabulation.hash(&key, FlowKey6::WIDTH);
            let met = (0..WAYS).filter(|way| row(one, *way, ROWS) == row(other, *way, ROWS));
            let met: Vec<usize> = met.collect();
            assert!(met.len() < 3, "bit {bit} in ways {met:?}");
            met.iter().for_each(|way| meet[*way] += 1);
        }
        worst = worst.max(meet.into_iter().max().unwrap_or(0));
        all += meet.iter().sum::<usize>();
        pairs += 256 * WAYS;
    }
    assert!(worst <= 4, "{worst} of 256");
    let expected = pairs / ROWS;
    assert!(
        all < 2 * expected && expected < 2 * all,
        "{all}, expected {expected}"
    );
}
