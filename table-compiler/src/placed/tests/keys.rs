//! Families of flow keys: those that ordinary networks make, and those that make weak hashes fail.
//!
//! Every family is a function from a number to an entry, no two the same. All but `eui6` and `mix` are IPv4.

use underpass_layout::tables::{FlowEntry, FlowKey, FlowKey6};

use crate::placed::Entry;

pub type Family = fn(u32) -> Entry;

/// Every family with its name.
pub const FAMILIES: [(&str, Family); 5] = [
    ("servers", servers),
    ("seqaddr", seqaddr),
    ("fat", fat),
    ("eui6", eui6),
    ("mix", mix),
];

const TCP: u8 = 6;
const UDP: u8 = 17;

fn v4(protocol: u8, from: (u32, u16), to: (u32, u16), answers: bool) -> Entry {
    let (from, to) = if answers { (to, from) } else { (from, to) };
    Entry::with_key(&FlowKey {
        v6: false,
        nexthop: 6 + u32::from(answers) * 40,
        protocol,
        src_port: from.1,
        dst_port: to.1,
        src: from.0,
        dst: to.0,
    })
}

fn v6(from: (u128, u16), to: (u128, u16), answers: bool) -> Entry {
    let (from, to) = if answers { (to, from) } else { (from, to) };
    let key = FlowKey6 {
        nexthop: 6 + u32::from(answers) * 40,
        protocol: TCP,
        src_port: from.1,
        dst_port: to.1,
        ..FlowKey6::default()
    };
    Entry::with_key(&key.between(from.0, to.0))
}

/// Eight servers, clients whose ports count up; both directions.
pub fn servers(n: u32) -> Entry {
    let (answers, n) = (n % 2 == 1, n / 2);
    let port = 32_768 + (n / 8 % 32_768) as u16;
    let client = 0x0a00_0002 + n / 8 / 32_768;
    v4(TCP, (client, port), (0x0a01_0002 + n % 8, 443), answers)
}

/// Clients whose addresses count up; both directions.
pub fn seqaddr(n: u32) -> Entry {
    let (answers, n) = (n % 2 == 1, n / 2);
    v4(UDP, (0x0a00_0000 + n, 5353), (0x0a80_0001, 53), answers)
}

/// Fat flows: no ports and only one address; both directions.
pub fn fat(n: u32) -> Entry {
    let (answers, n) = (n % 2 == 1, n / 2);
    v4(TCP, (0, 0), (0x0a00_0000 + n, 0), answers)
}

/// IPv6 hosts that make their addresses from MACs that count up; both directions.
pub fn eui6(n: u32) -> Entry {
    let (answers, n) = (n % 2 == 1, n / 2);
    let host = |mac: u32| {
        let vendor = 0x0200_00ff_fe00_0000u64 ^ 0x0200_0000_0000_0000;
        0x2001_0db8_0000_0001u128 << 64 | u128::from(vendor | u64::from(mac & 0xff_ffff))
    };
    let port = 49_152 + (n % 16) as u16;
    v6(
        (host(n / 16), port),
        (host(0x80_0000 + n % 7), 443),
        answers,
    )
}

/// A quarter of each of the others.
pub fn mix(n: u32) -> Entry {
    let of = [servers, seqaddr, fat, eui6];
    of[(n % 4) as usize](n / 4)
}

/// IPv4 and IPv6 in a proportion of `percent` IPv6.
pub fn share(percent: u32, n: u32) -> Entry {
    if n % 100 < percent {
        eui6(n)
    } else {
        servers(n)
    }
}

/// Every combination of the low bits of four fields: addresses and ports.
pub fn grid4(bits: u32, n: u32) -> Entry {
    let each = bits.div_ceil(4);
    let part = |place: u32| n >> (place * each) & ((1 << each) - 1);
    let (src, dst) = (0x0a00_0000 | part(0), 0x0a01_0000 | part(1));
    v4(TCP, (src, part(2) as u16), (dst, part(3) as u16), false)
}

/// Every combination of ports between two hosts.
pub fn portgrid(bits: u32, n: u32) -> Entry {
    let half = bits.div_ceil(2);
    let (low, high) = (n & ((1 << half) - 1), n >> half);
    v4(
        TCP,
        (0x0a00_0001, low as u16),
        (0x0a00_0002, high as u16),
        false,
    )
}

/// Every combination of the bits at `places` of a key.
pub fn cube(places: &[usize], n: u32) -> Entry {
    let mut words = FlowEntry::default().pack();
    words[0] = 1;
    for (bit, place) in places.iter().enumerate() {
        // Bit 0 is `valid`, bit 1 the family.
        let at = 2 + place;
        words[at / 32] |= (n >> bit & 1) << (at % 32);
    }
    Entry::from_words(&words)
}
