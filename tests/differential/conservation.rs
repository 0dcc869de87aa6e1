//! Nothing is lost and nothing is made: what went in has come out, was punted, or was dropped, and was counted as such.
//!
//! ```text
//!   sent + copies = frames seen + dropped + skipped copies + packets that went round
//!   counter_rx + injected + copies = counter_tx + punts + drops of counter_outcome + skipped + gone round
//! ```
//! The card found room for all that went round, else what it did is another story than the model's.

use crate::compare::Run;
use underpass_bench::Received;
use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_layout::registers::{
    IN_FLIGHT, ROUND_COPIES, ROUND_LOST, ROUND_PACKETS, ROUND_SKIPPED,
};
use underpass_layout::tables::{id, OutcomeCounter, TrafficCounter, PUNT_REASONS, TABLES};
use underpass_layout::{Record, OUTCOMES, PUNT_BASE};
use underpass_model::Core;
use underpass_tests::packets::Packet;
use underpass_tests::rtl::Rtl;
use underpass_tests::tables::{FLOW_IDS, VMS};

/// Sums of packets over the rows of the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    received: u64,
    sent: u64,
    punted: u64,
    dropped: u64,
}

/// Reads every counter of every interface that can have counted, and every flow; each is what the model has.
pub fn compare_counters(rtl: &mut Rtl, model: &Core, profile: &Profile, run: &Run) -> Counted {
    let mut read = |table: u32, row: usize| {
        let expected = model
            .read_row(table, row)
            .unwrap_or_else(|error| panic!("{error}"));
        let found = rtl.read_row(table, row);
        let name = TABLES[table as usize].name;
        assert_eq!(found, expected, "{run:?}: {name} row {row}");
        found
    };
    let mut counted = Counted::default();
    for vif in (0..usize::from(VMS.end)).chain([profile.no_vif()]) {
        counted.received += packets(&read(id::COUNTER_RX, vif));
        counted.sent += packets(&read(id::COUNTER_TX, vif));
        for outcome in 0..OUTCOMES {
            let row = read(
                id::COUNTER_OUTCOME,
                vif * OUTCOMES as usize + outcome as usize,
            );
            let row = OutcomeCounter::unpack(&row).unwrap_or_else(|error| panic!("{error}"));
            match outcome < PUNT_BASE {
                true => counted.dropped += row.packets,
                false => counted.punted += row.packets,
            }
        }
    }
    for vif in (0..usize::from(VMS.end)).chain([profile.no_vif()]) {
        for reason in 0..PUNT_REASONS {
            read(id::PUNTED, vif * PUNT_REASONS + reason);
        }
    }
    for flow in FLOW_IDS {
        read(id::COUNTER_FLOW, flow as usize);
        read(id::AGE, flow as usize / 2);
        read(id::TCP, flow as usize / 2);
    }
    compare_rounds(rtl, model, run);
    counted
}

fn packets(row: &[u32]) -> u64 {
    TrafficCounter::unpack(row)
        .unwrap_or_else(|error| panic!("{error}"))
        .packets
}

/// Registers of what goes round, each with the model's count.
fn compare_rounds(rtl: &mut Rtl, model: &Core, run: &Run) {
    let rounds = &model.rounds;
    for (name, register, expected) in [
        ("ROUND_LOST", ROUND_LOST, 0),
        ("IN_FLIGHT", IN_FLIGHT, 0),
        ("ROUND_PACKETS", ROUND_PACKETS, rounds.packets()),
        ("ROUND_COPIES", ROUND_COPIES, rounds.copies()),
        ("ROUND_SKIPPED", ROUND_SKIPPED, rounds.skipped()),
    ] {
        assert_eq!(rtl.read(register), expected, "{run:?}: {name}");
    }
}

/// What was counted agrees with the packets that were sent and the frames that were seen.
pub fn check(sent: &[&Packet], seen: &[Received], model: &Core, counted: &Counted, run: &Run) {
    let injected = |port: u16| port == port::SLOW;
    let from_slow = sent.iter().filter(|packet| injected(packet.port)).count() as u64;
    let to_slow = seen.iter().filter(|left| injected(left.frame.port)).count() as u64;
    let (sent, seen) = (sent.len() as u64, seen.len() as u64);
    let rounds = &model.rounds;
    let copies = u64::from(rounds.copies());
    let no_end = u64::from(rounds.skipped()) + u64::from(rounds.packets());
    let expected = Counted {
        received: sent - from_slow,
        sent: seen - to_slow,
        punted: to_slow,
        dropped: sent + copies - seen - no_end,
    };
    assert_eq!(*counted, expected, "{run:?}: counters and frames");
}
