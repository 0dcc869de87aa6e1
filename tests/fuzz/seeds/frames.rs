//! Inputs of `rtl_and_model`: the captures of the examples on their ports, and random packets of the random tables.

use fastrand::Rng;
use underpass_host_driver::replay::{read_captures, Input as Capture};
use underpass_layout::port;
use underpass_tests::fuzz::rtl_and_model::{world, Input};
use underpass_tests::packets::{self, Packet};

/// What enters the first node of each example: tables, port, capture.
const CAPTURES: [(u8, &str, &str); 7] = [
    (0, "vf0", "two-computes/red1"),
    (0, "vf1", "two-computes/red2"),
    (0, "vf2", "two-computes/blue1"),
    (0, "vf3", "two-computes/edge1"),
    (0, "wire0", "two-computes/wire0"),
    (1, "vf0", "ipv6-underlay/red1"),
    (1, "wire0", "ipv6-underlay/wire0"),
];

/// The random tables, as inputs number them.
const RANDOM_TABLES: u8 = 2;
/// Inputs of random packets, and packets of each.
const RANDOM: (u8, usize) = (12, 6);

/// Each with its name.
pub fn inputs() -> Vec<(String, Input)> {
    let captures = CAPTURES.iter().map(|(tables, port, capture)| {
        let packets = packets_of(port, capture);
        (capture.replace('/', "-"), input(*tables, 0, packets))
    });
    let world = world();
    let mut rng = Rng::with_seed(1);
    let random = (0..RANDOM.0).map(|number| {
        let packets = (0..RANDOM.1).map(|_| packets::random(&mut rng, &world));
        let packets = packets.collect();
        (
            format!("random-{number}"),
            input(RANDOM_TABLES, number, packets),
        )
    });
    captures.chain(random).collect()
}

/// Every other input stalls.
fn input(tables: u8, number: u8, packets: Vec<Packet>) -> Input {
    Input {
        tables,
        stalls_in: 80 * (number % 2),
        stalls_out: 80 * (number / 2 % 2),
        seed: number,
        packets,
    }
}

fn packets_of(port: &str, capture: &str) -> Vec<Packet> {
    let input = Capture {
        port: port.to_owned(),
        path: crate::example(&format!("{capture}.pcap")),
    };
    let packets = read_captures(&[input]).unwrap_or_else(|error| panic!("{error}"));
    let port = port::number(port).unwrap_or_else(|| panic!("no port {port}"));
    let packets = packets.list.into_iter();
    let packets = packets.map(|packet| Packet {
        bytes: packet.frame,
        port,
    });
    packets.collect()
}

/// As files.
pub fn files(inputs: &[(String, Input)]) -> Vec<(String, Vec<u8>)> {
    let files = inputs.iter();
    let files = files.map(|(name, input)| (name.clone(), input.to_bytes()));
    files.collect()
}
