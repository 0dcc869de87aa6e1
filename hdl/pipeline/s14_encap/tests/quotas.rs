//! What an interface may hand to the slow path, against windows that are counted by hand.

use super::{from_vm, Bench, Seen};
use crate::stream::frames::Noise;
use std::collections::HashMap;
use underpass_layout::meta::{Edit, HeaderKind, Meta};
use underpass_layout::tables::{id, PuntQuotaEntry, PuntedEntry, PUNT_REASONS};
use underpass_layout::{DropReason, PuntReason, Record, Verdict};

fn punted(vif: u16, why: PuntReason) -> Meta {
    let mut meta = from_vm();
    meta.classify.vif = vif;
    meta.verdict = Verdict::Punt(why).bits();
    meta
}

fn row(vif: u16, why: PuntReason) -> usize {
    usize::from(vif) * PUNT_REASONS + why as usize
}

impl Bench {
    fn allow(&mut self, why: PuntReason, quota: u16) {
        let entry = PuntQuotaEntry { quota };
        let answer = self.alone(id::PUNT_QUOTA, why as usize, Some(&entry.pack()));
        assert_eq!(answer, (true, false));
    }

    fn punted(&mut self, vif: u16, why: PuntReason) -> PuntedEntry {
        let answer = self.alone(id::PUNTED, row(vif, why), None);
        assert_eq!(answer, (true, false));
        let words: Vec<u32> = self
            .0
            .get("read")
            .iter()
            .flat_map(|word| [*word as u32, (*word >> 32) as u32])
            .collect();
        PuntedEntry::unpack(&words).expect("numbers are no codes")
    }
}

/// The rule in plain words: a quota by reason, rows by interface and reason.
#[derive(Default)]
struct Rule {
    quotas: HashMap<u8, u16>,
    rows: HashMap<usize, PuntedEntry>,
    window: u32,
}

impl Rule {
    fn passes(&mut self, vif: u16, why: PuntReason) -> bool {
        let quota = self.quotas.get(&(why as u8)).copied().unwrap_or(0);
        if quota == 0 {
            return true;
        }
        let row = self.rows.entry(row(vif, why)).or_default();
        if row.window != self.window {
            row.window = self.window;
            row.used = 0;
        }
        let passes = row.used < quota;
        row.used += u16::from(passes);
        row.refused += u64::from(!passes);
        passes
    }
}

fn passed(seen: &Seen, vif: u16, why: PuntReason) -> bool {
    if seen.verdict == Verdict::Drop(DropReason::PuntLimit) {
        let dropped = Edit {
            drop: true,
            vif,
            ..Default::default()
        };
        assert_eq!(seen.edit, dropped);
        return false;
    }
    assert_eq!(seen.verdict, Verdict::Punt(why));
    assert_eq!((seen.edit.kind, seen.edit.drop), (HeaderKind::Shim, false));
    true
}

#[test]
fn every_punt_is_counted_however_close_they_are() {
    const REASONS: [PuntReason; 4] = [
        PuntReason::Arp,
        PuntReason::FlowMiss,
        PuntReason::RouterAlert,
        PuntReason::Learn,
    ];
    let mut noise = Noise(5);
    let (mut bench, mut rule) = (Bench::new(), Rule::default());
    for turn in 0..60 {
        if turn % 3 == 0 {
            let (why, quota) = (REASONS[noise.below(4)], noise.below(7) as u16);
            bench.allow(why, quota);
            rule.quotas.insert(why as u8, quota);
        }
        rule.window += noise.below(2) as u32;
        bench.window(rule.window);
        // One interface, a few, and packets between that are not punted.
        let vifs = 1 + noise.below(3);
        let packets: Vec<(Meta, Option<(u16, PuntReason)>)> = (0..40)
            .map(|_| match noise.below(5) {
                0 => (from_vm(), None),
                _ => {
                    let (vif, why) = (noise.below(vifs) as u16, REASONS[noise.below(4)]);
                    (punted(vif, why), Some((vif, why)))
                }
            })
            .collect();
        let metas: Vec<Meta> = packets.iter().map(|(meta, _)| *meta).collect();
        for (seen, (_, asks)) in bench.run(&metas).iter().zip(&packets) {
            match *asks {
                Some((vif, why)) => assert_eq!(passed(seen, vif, why), rule.passes(vif, why)),
                None => assert_eq!(seen.verdict, Verdict::Deliver),
            }
        }
    }
    let mut refused = 0;
    for vif in 0..3 {
        for why in REASONS {
            let expected = rule.rows.get(&row(vif, why)).copied().unwrap_or_default();
            assert_eq!(bench.punted(vif, why), expected, "interface {vif}, {why:?}");
            refused += expected.refused;
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn a_window_gives_an_interface_as_much_again() {
    let mut bench = Bench::new();
    bench.allow(PuntReason::Arp, 2);
    let packets = [punted(60, PuntReason::Arp); 5];
    // 2^20 windows are told apart.
    for window in [0, 1, (1 << 20) - 1, 0] {
        bench.window(window);
        let seen = bench.run(&packets);
        let passed = seen.iter().map(|seen| passed(seen, 60, PuntReason::Arp));
        assert_eq!(
            passed.collect::<Vec<_>>(),
            [true, true, false, false, false]
        );
    }
    let expected = PuntedEntry {
        window: 0,
        used: 2,
        refused: 12,
    };
    assert_eq!(bench.punted(60, PuntReason::Arp), expected);
}

#[test]
fn what_goes_round_first_asks_when_it_has_come_back() {
    let mut bench = Bench::new();
    bench.allow(PuntReason::Arp, 1);
    bench.window(9);
    let mut mirrored = punted(3, PuntReason::Arp);
    mirrored.classify.entry.mirror = 11;
    let mut learnt = punted(3, PuntReason::Arp);
    learnt.bridge.learn = true;
    let seen = bench.run(&[mirrored, learnt, mirrored]);
    assert!(seen.iter().all(|seen| seen.edit.errand.on));
    assert_eq!(bench.punted(3, PuntReason::Arp), PuntedEntry::default());
    let seen = bench.run(&[punted(3, PuntReason::Arp); 2]);
    assert!(passed(&seen[0], 3, PuntReason::Arp));
    assert!(!passed(&seen[1], 3, PuntReason::Arp));
}

#[test]
fn a_quota_holds_for_the_packets_behind_the_hosts_write() {
    for clock in 1..12 {
        let mut bench = Bench::new();
        bench.window(1);
        let packets = [punted(3, PuntReason::Arp); 12];
        let limit = PuntQuotaEntry { quota: 1 }.pack();
        let seen = bench.run_beside(&packets, |bench, now| {
            bench.0.set_int("request", 0);
            if now == clock {
                bench.access(id::PUNT_QUOTA, PuntReason::Arp as usize, Some(&limit));
            }
        });
        let passed = seen.iter().map(|seen| passed(seen, 3, PuntReason::Arp));
        // Those before it and with it are not counted, and one behind it passes.
        let expected = (0..12).map(|number| number <= clock + 1);
        assert_eq!(
            passed.collect::<Vec<_>>(),
            expected.collect::<Vec<_>>(),
            "clock {clock}"
        );
    }
}

#[test]
fn the_host_reads_what_was_punted_and_writes_none_of_it() {
    let mut bench = Bench::new();
    let entry = PuntedEntry::default().pack();
    let row = row(3, PuntReason::Arp);
    assert_eq!(bench.alone(id::PUNTED, row, Some(&entry)), (false, false));
    // A packet that asks comes first.
    let packets = [punted(3, PuntReason::Arp); 12];
    bench.run_beside(&packets, |bench, now| {
        bench.0.set_int("request", 0);
        if now == 2 {
            bench.access(id::PUNTED, row, None);
        }
        let retry = bench.0.get_int("retry") == 1;
        assert_eq!(retry, now == 2 + super::super::LATENCY, "clock {now}");
    });
}
