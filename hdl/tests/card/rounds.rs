//! What goes round, through the whole card: the host's packets leave on the wire, and each is mirrored first.
//!
//! ```text
//!   host ─▶ gather ─▶ stages ─▶ deliver ─▶ rounds ─┬─ text, packet ─▶ gather ─▶ .. ─▶ analyzer
//!                                                  '─ packet ───────▶ gather ─▶ .. ─▶ wire
//! ```

use crate::harness::{Card, Noise, Pace};
use std::collections::VecDeque;
use underpass_bench::Stalls;
use underpass_layout::port::{HOST0, VF0, WIRE0};
use underpass_layout::registers::{
    CONTROL, IN_FLIGHT, ROUND_COPIES, ROUND_LOST, ROUND_PACKETS, ROUND_SKIPPED,
};
use underpass_layout::tables::{
    id, MirrorEntry, MirrorKind, MirrorTextEntry, NexthopEntry, NexthopKind, PortEntry, VifEntry,
    VifKind,
};

/// The host's interface, the wire's, the analyzer's.
const VIFS: [u16; 3] = [3, 4, 5];
/// The nexthop to the analyzer, and the mirror.
const ANALYZER: u32 = 9;
const MIRROR: u16 = 1;

/// What stands in front of copies: an Ethernet header, and as many bytes more.
fn text(bytes: usize) -> Vec<u8> {
    let mut text = vec![2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb, 0x88, 0xb5];
    text.extend((text.len()..bytes).map(|at| at as u8));
    text
}

/// A card whose host is mirrored, with a text of so many bytes.
fn mirrored(pace: Pace, text_bytes: usize) -> Card {
    let mut card = Card::new(pace);
    let [host, wire, analyzer] = VIFS;
    let nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Encap,
        bridge: true,
        vif: analyzer,
        port: VF0,
        ..Default::default()
    };
    card.write_entry(id::NEXTHOP, ANALYZER, &nexthop);
    for (row, chunk) in text(text_bytes).chunks(64).enumerate() {
        let mut bytes = [0; 64];
        bytes[..chunk.len()].copy_from_slice(chunk);
        // A way of the set is 256 rows deep.
        let row = 256 * row as u32 + u32::from(MIRROR);
        card.write_entry(id::MIRROR_TEXT, row, &MirrorTextEntry { bytes });
    }
    let mirror = MirrorEntry {
        kind: MirrorKind::Raw,
        nexthop: ANALYZER,
        length: text_bytes as u16,
        ..Default::default()
    };
    card.write_entry(id::MIRROR, MIRROR.into(), &mirror);
    let vif = VifEntry {
        valid: true,
        kind: VifKind::Host,
        cross_connect: true,
        cross_vif: wire,
        cross_port: WIRE0,
        mirror: MIRROR,
        ..Default::default()
    };
    card.write_entry(id::VIF, host.into(), &vif);
    let port = PortEntry {
        valid: true,
        vif: host,
    };
    card.write_entry(id::PORT, HOST0.into(), &port);
    card
}

/// Waits until nothing is in flight, and takes what left: on the wire, to the analyzer.
fn quiet(card: &mut Card) -> [Vec<Vec<u8>>; 2] {
    card.until("nothing is in flight", |card| card.read(IN_FLIGHT) == 0);
    card.settle();
    assert_eq!(card.read(IN_FLIGHT), 0);
    let left = std::mem::take(&mut card.left);
    [WIRE0, VF0].map(|port| {
        let of_port = left.iter().filter(|frame| frame.port == port);
        of_port.map(|frame| frame.bytes.clone()).collect()
    })
}

/// Packets put into the buffer, copies, copies that were none, packets without copies.
fn counters(card: &mut Card) -> [u32; 4] {
    [ROUND_PACKETS, ROUND_COPIES, ROUND_SKIPPED, ROUND_LOST].map(|register| card.read(register))
}

#[test]
fn a_mirrored_packet_leaves_as_it_came_behind_its_copy() {
    for text_bytes in [14, 64, 100, 317] {
        let mut card = mirrored(Pace::default(), text_bytes);
        let payload = Noise(7).bytes(200);
        card.send(payload.clone(), HOST0);
        card.until("both left", |card| card.left.len() == 2);
        assert_eq!(card.left[0].port, VF0, "the copy comes first");
        let [wire, analyzer] = quiet(&mut card);
        assert_eq!(wire, std::slice::from_ref(&payload));
        let mut copy = text(text_bytes);
        copy.extend(&payload);
        assert_eq!(analyzer, [copy]);
        assert_eq!(counters(&mut card), [1, 2, 0, 0]);
        card.finish();
    }
}

#[test]
fn every_packet_goes_on_and_as_many_are_mirrored_as_there_is_room_for() {
    for seed in 1..4 {
        let mut pace = Pace::rough(seed);
        if seed == 1 {
            // More than the output takes: the buffer fills up.
            pace.stalls_in = Stalls::None;
        }
        let mut card = mirrored(pace, 100);
        let mut noise = Noise(seed);
        let packets: Vec<Vec<u8>> = (0..600)
            .map(|_| {
                let length = 60 + noise.below([80, 1400][noise.0 as usize % 2]) as usize;
                noise.bytes(length)
            })
            .collect();
        for packet in &packets {
            card.send(packet.clone(), HOST0);
        }
        let [wire, analyzer] = quiet(&mut card);
        let [gone_round, copies, skipped, lost] = counters(&mut card);
        let sent = packets.len() as u32;
        assert_eq!((gone_round + lost, skipped), (sent, 0), "seed {seed}");
        assert_eq!(copies, 2 * gone_round, "seed {seed}");
        assert_eq!(analyzer.len() as u32, gone_round, "seed {seed}");
        // What found no room went on at once, before those that wait: nothing is lost, and each copy is one of a packet.
        let mut expected = packets.clone();
        let mut came = wire;
        expected.sort();
        came.sort();
        assert!(came == expected, "seed {seed}");
        let mut originals: VecDeque<&Vec<u8>> = packets.iter().collect();
        for copy in &analyzer {
            let of = |packet: &Vec<u8>| copy[..100] == text(100) && copy[100..] == packet[..];
            while !of(originals
                .pop_front()
                .expect("a copy is one of a packet, in order"))
            {}
        }
        if seed == 1 {
            assert!(lost > 0, "the buffer was full");
        }
        card.finish();
    }
}

#[test]
fn a_closed_card_empties_what_goes_round() {
    let mut card = mirrored(Pace::rough(9), 64);
    for length in 60..160 {
        card.send(vec![length as u8; length], HOST0);
    }
    card.until("some are on their way", |card| card.left.len() > 10);
    card.write(CONTROL, 0);
    let [wire, analyzer] = quiet(&mut card);
    let [gone_round, copies, _, lost] = counters(&mut card);
    assert_eq!(wire.len() as u32, gone_round + lost);
    assert_eq!(analyzer.len() as u32, gone_round);
    assert_eq!(copies, 2 * gone_round);
}
