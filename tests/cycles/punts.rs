//! What is refused to the slow path costs nothing on the way out, and is counted packet by packet.

use crate::core;
use underpass_layout::profile::SIM;
use underpass_layout::registers::PUNT_BEGIN;
use underpass_layout::{DropReason, PuntReason, Verdict};
use underpass_tests::packets::Packet;
use underpass_tests::paths::punts::{limits, punted, question};
use underpass_tests::paths::{self, Path, Ran};
use underpass_tests::rtl::Rtl;

const QUOTA: u16 = 8;
/// A question for each packet of a flow.
const COUNT: usize = 400;

fn limited(quota: u16) -> Rtl {
    let mut rtl = core();
    for row in limits(&SIM, &[PuntReason::Arp], quota) {
        rtl.write_row(row.table, row.address, &row.words);
    }
    rtl
}

/// Questions of VM 1 between packets of a flow, each of a beat.
fn storm() -> Vec<Packet> {
    let flow = Path::named("VM, flow hit, to VM");
    (0..COUNT as u32)
        .flat_map(|number| [question(1, number, 64), flow.packet(64)])
        .collect()
}

fn verdicts(ran: &Ran) -> Vec<Verdict> {
    let verdicts = ran.decided.iter();
    verdicts.map(|one| one.meta.verdict.into()).collect()
}

/// How many of them are handed over, which have to be the first ones, and how many are refused.
fn handed_over(verdicts: &[Verdict]) -> (usize, usize) {
    let punt = Verdict::Punt(PuntReason::Arp);
    let refused = Verdict::Drop(DropReason::PuntLimit);
    let first = verdicts.iter().take_while(|one| **one == punt).count();
    assert!(verdicts[first..].iter().all(|one| *one == refused));
    (first, verdicts.len() - first)
}

#[test]
fn a_storm_above_its_quota_costs_no_beats_on_the_way_out() {
    let mut rtl = limited(QUOTA);
    let ran = paths::run(&mut rtl, &storm(), |_| ());
    let questions: Vec<Verdict> = verdicts(&ran).into_iter().step_by(2).collect();
    let expected = (usize::from(QUOTA), COUNT - usize::from(QUOTA));
    assert_eq!(handed_over(&questions), expected);
    assert_eq!(ran.left.len(), COUNT + usize::from(QUOTA));
    // Behind the last one that is handed over packets of the flow leave as fast as they come: in every second clock.
    let steps = ran.steps();
    let settled = &steps[4 * usize::from(QUOTA)..];
    assert!(settled.iter().all(|step| *step == 2), "{steps:?}");
    // Before, each costs its own beat and two of a punt.
    let hits = ran.left.iter().filter(|frame| frame.bytes.len() == 64);
    assert_eq!(hits.count(), COUNT);
    let due = 2 * COUNT as u64 + u64::from(QUOTA);
    let way = paths::run(&mut rtl, &storm()[..2], |_| ()).clocks();
    assert!(ran.clocks() <= due + way, "{} clocks", ran.clocks());
}

#[test]
fn without_a_quota_a_storm_takes_its_beats() {
    let mut rtl = limited(0);
    let ran = paths::run(&mut rtl, &storm(), |_| ());
    let questions: Vec<Verdict> = verdicts(&ran).into_iter().step_by(2).collect();
    assert_eq!(handed_over(&questions), (COUNT, 0));
    let steps = ran.steps();
    let pairs: Vec<u64> = steps[COUNT..]
        .windows(2)
        .map(|two| two[0] + two[1])
        .collect();
    assert!(pairs.iter().all(|clocks| *clocks == 3), "{pairs:?}");
    let row = punted(&mut rtl, 1, PuntReason::Arp);
    assert_eq!((row.used, row.refused), (0, 0), "nothing is counted");
}

#[test]
fn every_packet_counts_clock_by_clock_and_each_interface_for_itself() {
    for others in [0, 1, 2] {
        let mut rtl = limited(QUOTA);
        // Of VM 1 one after the other, every second one, or every third.
        let packets: Vec<Packet> = (0..60)
            .flat_map(|number| {
                (0..=others).map(move |other| match other {
                    0 => question(1, number, 64),
                    _ => question(2, number, 64),
                })
            })
            .collect();
        for round in 1..=3u64 {
            let ran = paths::run(&mut rtl, &packets, |_| ());
            let verdicts = verdicts(&ran);
            for vm in [1, 2] {
                let own: Vec<Verdict> = packets
                    .iter()
                    .zip(&verdicts)
                    .filter(|(packet, _)| packet.port == question(vm, 0, 64).port)
                    .map(|(_, verdict)| *verdict)
                    .collect();
                let quota = usize::from(QUOTA).min(own.len());
                assert_eq!(handed_over(&own), (quota, own.len() - quota), "VM {vm}");
                let row = punted(&mut rtl, vm, PuntReason::Arp);
                let counted = (usize::from(row.used), row.refused);
                assert_eq!(counted, (quota, round * (own.len() - quota) as u64));
            }
            rtl.write(PUNT_BEGIN, 1);
        }
    }
}
