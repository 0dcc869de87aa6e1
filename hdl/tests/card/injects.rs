//! The inject ring.

use crate::harness::{transmit, Card, Noise, Pace, Place};
use underpass_layout::port::{SLOW, WIRE0};
use underpass_layout::registers::rings::PRODUCER;
use underpass_layout::registers::slow::{INJECT_COMMIT, INJECT_DATA};
use underpass_layout::rings::ring;

/// The payloads that left on a port, in order.
fn left_on(card: &Card, port: u16) -> Vec<Vec<u8>> {
    let frames = card.left.iter().filter(|one| one.frame.port == port);
    frames.map(|one| one.frame.bytes.clone()).collect()
}

#[test]
fn an_injected_frame_leaves_as_it_is() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::INJECT, 6);
    card.enable(ring::INJECT, place);
    let payload = Noise(4).bytes(1234);
    let end = card.put_frame(place, 0, &transmit(WIRE0 + 1, &payload));
    card.ring_write(ring::INJECT, PRODUCER, end);
    card.until("the status", |card| card.status(place).index == end);
    card.settle();
    assert_eq!(left_on(&card, WIRE0 + 1), [payload]);
    assert_eq!(card.counts(ring::INJECT), [end, end, 0, 0]);
    assert_eq!(card.interrupts_of(ring::INJECT).len(), 1);
    card.finish();
}

#[test]
fn three_sources_share_the_way_into_the_core() {
    for seed in 1..5 {
        let mut noise = Noise(seed * 31);
        let mut card = Card::new(Pace::rough(seed));
        let place = Place::of(ring::INJECT, 7);
        card.enable(ring::INJECT, place);
        let mut sent: [Vec<Vec<u8>>; 3] = Default::default();
        let mut producer = 0;
        while sent[0].len() < 80 {
            let outer = 60 + noise.below(300) as usize;
            let outer = noise.bytes(outer);
            card.send(transmit(WIRE0, &outer), SLOW);
            sent[0].push(outer);
            let length = 60 + noise.below(1600) as usize;
            let payload = noise.bytes(length);
            let frame = transmit(WIRE0 + 1, &payload);
            if producer + frame.len().div_ceil(64) as u32 <= card.status(place).index + 128 {
                producer = card.put_frame(place, producer, &frame);
                card.ring_write(ring::INJECT, PRODUCER, producer);
                sent[1].push(payload);
            }
            if noise.below(3) == 0 {
                let payload = noise.bytes(60);
                let frame = transmit(WIRE0 + 2, &payload);
                for word in frame.chunks(4) {
                    let word = u32::from_le_bytes(word.try_into().expect("whole words"));
                    card.write(INJECT_DATA, word);
                }
                card.write(INJECT_COMMIT, frame.len() as u32);
                card.clocks(600);
                sent[2].push(payload);
            }
        }
        card.until("the last status", |card| {
            card.status(place).index == producer
        });
        card.settle();
        for (i, sent) in sent.iter().enumerate() {
            assert!(left_on(&card, WIRE0 + i as u16) == *sent, "source {i}");
        }
        assert!(sent[1].len() > 20, "{} injected", sent[1].len());
        card.finish();
    }
}

#[test]
fn a_length_that_cannot_be_costs_what_is_in_the_ring() {
    for length in [0u16, 64, 16_385, 65_535, 64 * 3 + 1] {
        let mut card = Card::new(Pace::rough(u64::from(length)));
        let place = Place::of(ring::INJECT, 6);
        card.enable(ring::INJECT, place);
        let mut frame = transmit(WIRE0, &[3; 128]);
        frame[6..8].copy_from_slice(&length.to_le_bytes());
        let end = card.put_frame(place, 0, &frame);
        card.ring_write(ring::INJECT, PRODUCER, end);
        card.until("it is gone", |card| card.status(place).index == end);
        card.settle();
        assert_eq!(
            card.counts(ring::INJECT),
            [end, end, 1, 0],
            "length {length}"
        );
        assert_eq!(card.status(place).refused, 1);
        let end = card.put_frame(place, end, &transmit(WIRE0, &[4; 70]));
        card.ring_write(ring::INJECT, PRODUCER, end);
        card.until("the next one", |card| card.status(place).index == end);
        card.settle();
        assert_eq!(left_on(&card, WIRE0), [[4; 70]]);
        card.finish();
    }
}
