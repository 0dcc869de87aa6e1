//! The stage on its own: metadata in, edits out, one a clock.

mod errands;
mod frames;
mod headers;
mod limits;

use super::{encap, Limits};
use crate::pipeline::records::{record, slot};
use crate::stream::beat::RoundCredit;
use underpass_layout::meta::{Classify, Edit, Errand, Meta, Rewrite};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{VifEntry, VifKind};
use underpass_layout::{Record, Verdict};
use underpass_wires::{build, input, output, Blocks, Bundle, Ports, Sim};

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
                let (slot, credit, bus) = (input("slot"), input("credit"), input("bus"));
                let (decided, lost, _) = encap(&SIM, slot, credit, limits, bus);
                output("edit", decided.edit);
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

    /// A packet gives room back.
    fn credit(&mut self, beats: u32) {
        assert_eq!(RoundCredit::W, 12);
        self.0.set_int("credit", u128::from(beats << 1 | 1));
        self.0.step();
        self.0.set_int("credit", 0);
    }

    /// These packets, one a clock, and empty slots behind them.
    fn run(&mut self, packets: &[Meta]) -> Vec<Seen> {
        let mut seen = Vec::new();
        for now in 0..packets.len() + super::LATENCY {
            match packets.get(now) {
                Some(meta) => self.0.set("slot", &slot(meta)),
                None => {
                    let empty = vec![0; (Meta::WIDTH + 1).div_ceil(64)];
                    self.0.set("slot", &empty);
                }
            }
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
