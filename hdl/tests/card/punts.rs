//! The punt ring.

use crate::harness::{transmit, Card, Noise, Pace, Place};
use std::collections::VecDeque;
use underpass_layout::port::{SLOW, WIRE0};
use underpass_layout::registers::rings::{CONSUMER, CONTROL, DROPPED, MODERATION};
use underpass_layout::registers::slow::{PUNT_DATA, PUNT_STATUS};
use underpass_layout::rings::ring;

/// Reads the first frame of the register FIFO.
fn from_fifo(card: &mut Card) -> Option<Vec<u8>> {
    let length = (card.read(PUNT_STATUS) >> 16) as usize;
    let mut frame: Vec<u8> = (0..length.div_ceil(4))
        .flat_map(|_| card.read(PUNT_DATA).to_le_bytes())
        .collect();
    frame.truncate(length);
    (length > 0).then_some(frame)
}

#[test]
fn a_punted_frame_is_in_the_ring_before_its_interrupt() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::PUNT, 6);
    card.enable(ring::PUNT, place);
    let payload = Noise(1).bytes(150);
    card.send(transmit(SLOW, &payload), SLOW);
    card.until("the interrupt", |card| !card.interrupts.is_empty());
    assert_eq!(card.status(place).index, 3);
    assert_eq!(card.take_frame(place, 0, 150), payload);
    assert_eq!(card.counts(ring::PUNT), [3, 0, 0, 0]);
    assert_eq!(card.read(PUNT_STATUS), 0);
    card.finish();
}

#[test]
fn how_long_a_punt_takes() {
    // The same frame to a wire says when it leaves the core.
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::PUNT, 6);
    card.enable(ring::PUNT, place);
    let clocks = [WIRE0, SLOW].map(|port| {
        let start = card.now();
        card.send(transmit(port, &[7; 128]), SLOW);
        card.until("it leaves", |card| {
            !card.left.is_empty() || card.host.totals().write_bursts > 0
        });
        card.left.clear();
        card.now() - start
    });
    let told = {
        card.until("the interrupt", |card| !card.interrupts.is_empty());
        card.now()
    };
    let answer = 30;
    println!(
        "{} clocks from the core to the bus, told {told}",
        clocks[1] - clocks[0] - answer
    );
    assert!(clocks[1] - clocks[0] <= answer + 20, "{clocks:?}");
}

#[test]
fn frames_come_whole_and_in_order_round_the_ring() {
    for seed in 1..6 {
        let mut noise = Noise(seed * 1009);
        let mut card = Card::new(Pace::rough(seed));
        let place = Place::of(ring::PUNT, 7);
        card.enable(ring::PUNT, place);
        let mut sent: VecDeque<Vec<u8>> = VecDeque::new();
        let (mut consumer, mut frames, mut beats) = (0u32, 0, 0u32);
        let start = card.now();
        while frames < 120 || !sent.is_empty() {
            assert!(
                card.now() - start < 200_000,
                "{} frames never came",
                sent.len()
            );
            let length: usize = [65, 128, 129, 700, 1578][noise.below(5) as usize];
            let needs = length.div_ceil(64) as u32;
            if frames < 120 && beats + needs <= 128 {
                let payload = noise.bytes(length);
                card.send(transmit(SLOW, &payload), SLOW);
                let other = noise.bytes(100);
                card.send(transmit(WIRE0, &other), SLOW);
                sent.push_back(payload);
                frames += 1;
                beats += needs;
            }
            card.clocks(noise.below(60));
            let producer = card.status(place).index;
            while consumer != producer {
                let expected = sent.pop_front().expect("somebody sent it");
                let frame = card.take_frame(place, consumer, expected.len());
                assert!(frame == expected, "frame of {} bytes", expected.len());
                let needs = expected.len().div_ceil(64) as u32;
                consumer += needs;
                beats -= needs;
                card.ring_write(ring::PUNT, CONSUMER, consumer);
            }
        }
        card.settle();
        assert_eq!(card.left.len(), 120);
        assert_eq!(card.counts(ring::PUNT), [consumer, consumer, 0, 0]);
        card.finish();
    }
}

#[test]
fn a_full_ring_drops_and_says_so() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::PUNT, 6);
    card.enable(ring::PUNT, place);
    for length in [64 * 60, 64 * 5, 64 * 4, 65] {
        card.send(transmit(SLOW, &vec![length as u8; length]), SLOW);
    }
    card.settle();
    assert_eq!(card.counts(ring::PUNT), [64, 0, 0, 2]);
    let status = card.status(place);
    assert_eq!((status.index, status.dropped, status.fault), (64, 2, 0));
    card.ring_write(ring::PUNT, CONSUMER, 60);
    card.send(transmit(SLOW, &[9; 256]), SLOW);
    card.settle();
    assert_eq!(card.take_frame(place, 64, 256), [9; 256]);
    assert_eq!(card.counts(ring::PUNT), [68, 60, 0, 2]);
    card.finish();
}

#[test]
fn the_core_goes_on_when_the_host_does_not() {
    let mut pace = Pace::default();
    pace.memory.write_latency = 100_000;
    let mut card = Card::new(pace);
    let place = Place::of(ring::PUNT, 12);
    card.enable(ring::PUNT, place);
    for _ in 0..200 {
        card.send(transmit(SLOW, &[1; 1500]), SLOW);
        card.send(transmit(WIRE0, &[2; 100]), SLOW);
    }
    card.until("all others have left", |card| card.left.len() == 200);
    assert!(card.ring_read(ring::PUNT, DROPPED) > 0);
}

#[test]
fn a_ring_that_is_stopped_leaves_frames_to_the_register_fifo() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::PUNT, 6);
    card.send(transmit(SLOW, &[1; 100]), SLOW);
    card.settle();
    card.enable(ring::PUNT, place);
    card.send(transmit(SLOW, &[2; 100]), SLOW);
    card.settle();
    card.ring_write(ring::PUNT, CONTROL, 0);
    card.send(transmit(SLOW, &[3; 100]), SLOW);
    card.settle();
    assert_eq!(from_fifo(&mut card), Some(vec![1; 100]));
    assert_eq!(from_fifo(&mut card), Some(vec![3; 100]));
    assert_eq!(from_fifo(&mut card), None);
    assert_eq!(card.take_frame(place, 0, 100), [2; 100]);
    card.finish();
}

#[test]
fn interrupts_keep_their_distance_and_none_is_forgotten() {
    for moderation in [0, 1, 500, 3000] {
        let mut card = Card::new(Pace::default());
        let place = Place::of(ring::PUNT, 10);
        card.enable(ring::PUNT, place);
        card.ring_write(ring::PUNT, MODERATION, moderation);
        for _ in 0..60 {
            card.send(transmit(SLOW, &[5; 100]), SLOW);
            card.clocks(100);
        }
        card.clocks(4000);
        let pulses = card.interrupts_of(ring::PUNT);
        let closest = pulses.windows(2).map(|pair| pair[1] - pair[0]).min();
        match moderation {
            0 => assert_eq!(pulses, [0u64; 0]),
            1 => assert!(pulses.len() >= 50, "{} interrupts", pulses.len()),
            _ => {
                assert_eq!(closest, Some(u64::from(moderation)));
                assert!(pulses.len() as u64 >= 6000 / u64::from(moderation));
            }
        }
        card.finish();
    }
}
