//! What happened to each packet, for people and programs.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use underpass_layout::{port, DropReason, PuntReason};

use super::input::Packet;
use crate::describe;
use crate::print;
use crate::session::Outcome;
use crate::summary::Summary;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PacketReport {
    /// From 1, in the order in which they entered.
    pub number: usize,
    /// Its time stamp, nanoseconds since the epoch.
    pub time_ns: u128,
    /// The port it entered.
    pub port: String,
    /// What it is.
    pub packet: String,
    /// `deliver`, `drop`, `consume` (the slow path was who it was for), `lost` (on the way to it), or `wait` (for a
    /// neighbour's answer, or other parts).
    pub verdict: &'static str,
    /// What left.
    pub out: Vec<Departed>,
    /// Why the card handed it over, if it did, in order.
    pub punts: Vec<&'static str>,
    /// Why packets ended.
    pub drops: Vec<&'static str>,
}

/// A frame that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Departed {
    /// The port.
    pub port: String,
    /// What it is.
    pub packet: String,
    /// Its tunnel headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<String>,
}

impl PacketReport {
    /// What is told of one packet.
    pub fn new(number: usize, port: &str, packet: &Packet, outcome: &Outcome) -> PacketReport {
        let departures = outcome.departures.iter();
        PacketReport {
            number,
            time_ns: packet.time.as_nanos(),
            port: port.to_owned(),
            packet: describe::frame(&packet.frame),
            verdict: verdict(outcome),
            out: departures
                .map(|(port, frame)| departed(*port, frame))
                .collect(),
            punts: outcome
                .punts
                .iter()
                .map(|reason| PuntReason::name(*reason))
                .collect(),
            drops: outcome
                .drops
                .iter()
                .map(|reason| DropReason::name(*reason))
                .collect(),
        }
    }
}

fn verdict(outcome: &Outcome) -> &'static str {
    match outcome {
        outcome if !outcome.departures.is_empty() => "deliver",
        outcome if !outcome.drops.is_empty() => "drop",
        outcome if outcome.consumed > 0 => "consume",
        outcome if outcome.lost > 0 => "lost",
        _ => "wait",
    }
}

fn departed(port: u16, frame: &[u8]) -> Departed {
    Departed {
        port: port_name(port),
        packet: describe::frame(frame),
        tunnel: describe::wrapping(frame),
    }
}

/// The name of a port, or its number where it has none.
pub fn port_name(port: u16) -> String {
    port::name(port).map_or_else(|| format!("{port:#x}"), str::to_owned)
}

/// One line a packet.
pub fn print_packets(out: &mut dyn Write, packets: &[PacketReport]) -> io::Result<()> {
    const HEADERS: [&str; 8] = [
        "NO", "TIME_S", "IN", "PACKET", "VERDICT", "OUT", "PUNTED", "DROPPED",
    ];
    let start = packets.first().map_or(0, |packet| packet.time_ns);
    let rows = packets.iter().map(|packet| {
        [
            packet.number.to_string(),
            seconds(packet.time_ns.saturating_sub(start)),
            packet.port.clone(),
            packet.packet.clone(),
            packet.verdict.to_owned(),
            listed(packet.out.iter().map(|out| left(packet, out))),
            listed(packet.punts.iter().map(|reason| (*reason).to_owned())),
            listed(packet.drops.iter().map(|reason| (*reason).to_owned())),
        ]
    });
    print::table(out, &HEADERS, rows)
}

/// One line a port.
pub fn print_ports(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    const HEADERS: [&str; 6] = [
        "PORT",
        "RX_PACKETS",
        "RX_BYTES",
        "TX_PACKETS",
        "TX_BYTES",
        "DROPPED",
    ];
    let rows = summary.ports.iter().map(|(port, counted)| {
        [
            port.clone(),
            counted.rx_packets.to_string(),
            counted.rx_bytes.to_string(),
            counted.tx_packets.to_string(),
            counted.tx_bytes.to_string(),
            counted.drops.values().sum::<u64>().to_string(),
        ]
    });
    print::table(out, &HEADERS, rows)
}

/// The port, and what is new about the frame: its tunnel, or all of it where it is another packet.
fn left(packet: &PacketReport, out: &Departed) -> String {
    match &out.tunnel {
        Some(tunnel) if out.packet.ends_with(&packet.packet) => format!("{}: {tunnel}", out.port),
        None if packet.packet.ends_with(&out.packet) => out.port.clone(),
        _ => format!("{}: {}", out.port, out.packet),
    }
}

/// Words with commas; equal ones that follow each other once, with their number.
fn listed(words: impl Iterator<Item = String>) -> String {
    let mut runs: Vec<(String, usize)> = Vec::new();
    for word in words {
        match runs.last_mut() {
            Some((last, count)) if *last == word => *count += 1,
            _ => runs.push((word, 1)),
        }
    }
    let runs = runs.into_iter().map(|(word, count)| match count {
        1 => word,
        _ => format!("{word} x{count}"),
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn seconds(nanoseconds: u128) -> String {
    let time = Duration::from_nanos(nanoseconds as u64);
    format!("{}.{:06}", time.as_secs(), time.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_words_are_counted() {
        let words = ["a", "b", "b", "a"].map(str::to_owned);
        assert_eq!(listed(words.into_iter()), "a, b x2, a");
    }

    #[test]
    fn time_counts_from_the_first_packet() {
        assert_eq!(seconds(1_000_007_999), "1.000007");
    }

    #[test]
    fn every_outcome_has_its_word() {
        let outcome = Outcome::default;
        let dropped = Outcome {
            drops: vec![DropReason::Discard],
            ..outcome()
        };
        let left = Outcome {
            departures: vec![(0, vec![])],
            ..dropped.clone()
        };
        let consumed = Outcome {
            consumed: 1,
            ..outcome()
        };
        let words = [left, dropped, consumed, outcome()].map(|outcome| verdict(&outcome));
        assert_eq!(words, ["deliver", "drop", "consume", "wait"]);
    }
}
