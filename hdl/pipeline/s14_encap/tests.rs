//! The stage on its own: metadata in, edits out, one a clock.

mod answers;
mod errands;
mod frames;
mod headers;
mod limits;
mod quotas;

use super::{encap, Limits};
use crate::card::host_bus::HostBus;
use crate::pipeline::records::{record, slot};
use crate::stream::beat::RoundCredit;
use underpass_layout::meta::{Classify, Edit, Errand, Meta, Rewrite};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{VifEntry, VifKind};
use underpass_layout::{Record, Verdict};
use underpass_wires::{build, input, output, zero, Blocks, Bundle, Ports, Sim};

/// The stage.
struct Bench(Sim);

/// What it made of a packet.
#[derive(Debug)]
struct Seen {
    verdict: Verdict,
    edit: Edit,
    lost: bool,
}

impl Bench {
    fn new() -> Bench {
        Bench(Sim::new(&build(
            "encap",
            Ports::Packed,
            Blocks::Inline,
            || {
                let limits = Limits {
                    learn_interval: input("interval"),
                    punt_window: input("window"),
                };
                let bus = HostBus {
                    request: input("request"),
                    write: input("write"),
                    table: input("table"),
                    row: input("row"),
                    data: input("data"),
                    ..zero()
                };
                let (slot, credit) = (input("slot"), input("credit"));
                let (decided, lost, bus) = encap(&SIM, slot, credit, limits, bus);
                output("edit", decided.edit);
                output("done", bus.request & bus.done);
                output("retry", bus.request & bus.retry);
                output("read", bus.data);
                output("meta", decided.meta);
                output("valid", decided.valid);
                output("lost", lost);
            },
        )))
    }

    /// Fewest clocks from one packet that is learnt from to the next.
    fn interval(mut self, clocks: u32) -> Bench {
        self.0.set_int("interval", clocks.into());
        self
    }

    /// The window that it is.
    fn window(&mut self, window: u32) {
        self.0.set_int("window", window.into());
    }

    /// Puts an access of the host on the bus: it writes `words`, or it reads. The next step takes it.
    fn access(&mut self, table: u32, row: usize, words: Option<&[u32]>) {
        self.0.set_int("request", 1);
        self.0.set_int("write", u128::from(words.is_some()));
        self.0.set_int("table", table.into());
        self.0.set_int("row", row as u128);
        let mut data = [0; 8];
        for (i, word) in words.unwrap_or_default().iter().enumerate() {
            data[i / 2] |= u64::from(*word) << (32 * (i % 2));
        }
        self.0.set("data", &data);
    }

    /// What comes of an access while no packet is there: whether it is done, or is to be made again.
    fn alone(&mut self, table: u32, row: usize, words: Option<&[u32]>) -> (bool, bool) {
        self.access(table, row, words);
        self.0.step();
        self.0.set_int("request", 0);
        (1..super::LATENCY).for_each(|_| self.0.step());
        (self.0.get_int("done") == 1, self.0.get_int("retry") == 1)
    }

    /// A packet gives room back.
    fn credit(&mut self, beats: u32) {
        assert_eq!(RoundCredit::W, 12);
        self.0.set_int("credit", u128::from(beats << 1 | 1));
        self.0.step();
        self.0.set_int("credit", 0);
    }

    /// These packets, one a clock, and empty slots behind them.
    fn run(&mut self, packets: &[Meta]) -> Vec<Seen> {
        self.run_beside(packets, |_, _| ())
    }

    /// The same, with what else happens in each clock.
    fn run_beside(&mut self, packets: &[Meta], beside: impl Fn(&mut Bench, usize)) -> Vec<Seen> {
        let mut seen = Vec::new();
        for now in 0..packets.len() + super::LATENCY {
            match packets.get(now) {
                Some(meta) => self.0.set("slot", &slot(meta)),
                None => {
                    let empty = vec![0; (Meta::WIDTH + 1).div_ceil(64)];
                    self.0.set("slot", &empty);
                }
            }
            beside(self, now);
            if now >= super::LATENCY {
                assert_eq!(self.0.get_int("valid"), 1);
                let meta: Meta = record(&mut self.0, "meta");
                seen.push(Seen {
                    verdict: meta.verdict.into(),
                    edit: record(&mut self.0, "edit"),
                    lost: self.0.get_int("lost") == 1,
                });
            }
            self.0.step();
        }
        seen
    }

    /// The edits of these packets.
    fn edits(&mut self, packets: &[Meta]) -> Vec<Edit> {
        self.run(packets)
            .into_iter()
            .map(|seen| seen.edit)
            .collect()
    }
}

/// A packet of the VM behind interface 3.
fn from_vm() -> Meta {
    let mut meta = Meta::default();
    meta.arrival.port = 0x103;
    meta.arrival.length = 200;
    meta.classify = Classify {
        vif: 3,
        entry: VifEntry {
            valid: true,
            kind: VifKind::Vm,
            ..Default::default()
        },
    };
    meta.decap.frame = true;
    meta.decap.vrf = 2;
    meta.rewrite = Rewrite {
        payload: 200,
        entropy: 0xe1c3,
        ttl: 64,
        ..Default::default()
    };
    meta
}

/// No errand.
fn none() -> Errand {
    Errand::default()
}
