//! A session over a card that nobody waits for: turns of the slow path while packets come.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use underpass_host_driver::access::{CardName, Model, PortAccess};
use underpass_host_driver::driver::REPLAY_SEED;
use underpass_host_driver::network_file;
use underpass_host_driver::session::Session;
use underpass_layout::port::{VF0, WIRE0};
use underpass_layout::profile::SIM;
use underpass_layout::{DropReason, PuntReason};

const NETWORK: &str = "../examples/two-computes/compute-1.yaml";

fn session() -> Session<Model> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(NETWORK);
    let network = network_file::read(&path, CardName::Model.ports()).unwrap();
    Session::start(Model::new(&SIM), network, REPLAY_SEED).unwrap()
}

/// UDP from red1 (10.1.1.3) to red2 (10.1.1.4).
fn udp(src_port: u16) -> Vec<u8> {
    let builder = etherparse::PacketBuilder::ethernet2([2, 0, 0, 1, 1, 3], [2, 0, 0, 1, 1, 4])
        .ipv4([10, 1, 1, 3], [10, 1, 1, 4], 64)
        .udp(src_port, 53);
    let mut frame = Vec::new();
    builder.write(&mut frame, &[7; 20]).unwrap();
    frame
}

#[test]
fn packets_come_while_the_slow_path_thinks() {
    let mut session = session();
    session.go_live().unwrap().expect("a model calls");
    let mut left = Vec::new();
    let mut handed_over = 0;
    for packet in 0..40 {
        session.advance(Duration::from_millis(2 * packet)).unwrap();
        // Each flow twice, the second packet before the first one was thought about.
        for _ in 0..2 {
            let frame = udp(1000 + packet as u16);
            session.driver().card().send(VF0, &frame).unwrap();
        }
        handed_over += session.turn().unwrap().outcome.punts.len();
        while let Some((port, frame)) = session.driver().card().receive().unwrap() {
            assert_eq!(port, VF0 + 1);
            left.push(frame);
        }
    }
    assert_eq!(handed_over, 80);
    let expected: Vec<_> = (0..40).flat_map(|n| vec![udp(1000 + n); 2]).collect();
    assert!(left == expected, "{} frames left", left.len());
    assert_eq!(session.flows().unwrap().len(), 80);
}

/// A flow of vf0 from each of these ports at once, in each window no more than its quota lets through.
fn storm(session: &mut Session<Model>, ports: Range<u16>) {
    let start = Duration::from_secs(1);
    for (number, port) in ports.enumerate() {
        if number % 32 == 0 {
            let window = Duration::from_millis(number as u64);
            session.advance(start + window).unwrap();
        }
        session.driver().card().send(VF0, &udp(port)).unwrap();
    }
}

#[test]
fn a_turn_says_whether_there_is_more_and_what_had_to_go() {
    let mut session = session();
    // More than may wait for one interface.
    storm(&mut session, 2000..2300);
    let first = session.turn().unwrap();
    assert!(first.more);
    assert!(first
        .outcome
        .punts
        .iter()
        .all(|reason| *reason == PuntReason::FlowMiss));
    assert_eq!(first.outcome.drops, [DropReason::PuntLimit; 44]);
    let mut turns = 1;
    while session.turn().unwrap().more {
        turns += 1;
        assert!(turns < 10, "it never rests");
    }
    assert_eq!(session.flows().unwrap().len(), 2 * 256);
    let dropped: u64 = session.software_drops().values().sum();
    assert_eq!(dropped, 44);
    assert_eq!(session.turn().unwrap(), Default::default());
}

#[test]
fn a_simulated_card_has_time_for_what_its_quotas_let_through() {
    let mut session = session();
    session.go_live().unwrap();
    assert_eq!(session.window_ends(), None);
    let mut handed_over = |millisecond, ports: Range<u16>| {
        let now = Duration::from_millis(millisecond);
        session.advance(now).unwrap();
        for port in ports {
            session.driver().card().send(VF0, &udp(port)).unwrap();
        }
        let turns = std::iter::repeat_with(|| session.turn().unwrap());
        let mut count = 0;
        for turn in turns {
            count += turn.outcome.punts.len();
            if !turn.more {
                break;
            }
        }
        count
    };
    assert_eq!(handed_over(1000, 4000..4100), 64);
    // A millisecond of ours is nothing to it.
    assert_eq!(handed_over(1049, 4100..4200), 0);
    assert_eq!(handed_over(1051, 4200..4300), 64);
    let end = Duration::from_millis(1100);
    assert_eq!(session.window_ends(), Some(end));
    session.advance(end).unwrap();
    assert_eq!(session.window_ends(), None, "nothing is used up");
}

#[test]
fn a_flood_from_one_port_does_not_keep_another_waiting() {
    let mut session = session();
    storm(&mut session, 3000..3200);
    // The last one of all is an ARP request on the wire for the tunnel's address: answered in the first turn.
    let mut request = vec![0xff; 6];
    request.extend([
        2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9,
    ]);
    request.extend([192, 168, 100, 4, 0, 0, 0, 0, 0, 0, 192, 168, 100, 3]);
    session.driver().card().send(WIRE0, &request).unwrap();
    let turn = session.turn().unwrap();
    assert!(turn.more, "the flood has been thought about already");
    assert!(turn.outcome.punts[..2].contains(&PuntReason::Arp));
    let mut left = Vec::new();
    while let Some((port, _)) = session.driver().card().receive().unwrap() {
        left.push(port);
    }
    assert!(left.contains(&WIRE0), "the request was not answered");
}
