//! The flow table of a card as full as it gets, and packets that find each of its flows.
//!
//! ```text
//!   flow 0, 1, 2 .. ──Shadow (moves make room)──▶ rows ──▶ core ◀── packets, each flow in a random order
//! ```
//! All flows go from VM 3 to VM 2, so that a packet of 64 bytes is one beat in and one beat out: nothing but the pipeline
//! itself can cost a clock.

use std::ops::RangeInclusive;

use super::network::{rows_without_flows, vm_flow, vm_flow6};
use super::{run, Path, SEED};
use crate::packets::Packet;
use crate::rtl::Rtl;
use fastrand::Rng;
use underpass_bench::Stalls;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, TABLES};
use underpass_layout::Verdict;
use underpass_table_compiler::placed::{Entry, Placed};
use underpass_verilator::Library;

/// Packets that are sent in one go; the driver of the bench remembers so many.
const BURST: usize = 1000;

/// A flow table of one family, with so many flows, or all that find a place.
#[derive(Clone, Debug)]
pub struct FlowTable {
    placed: Placed,
    profile: &'static Profile,
    v6: bool,
    flows: u16,
}

/// What packets cost that find a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hits {
    /// Clocks from the last beat of one to the last beat of the next.
    pub clocks: RangeInclusive<u64>,
    /// Clocks from the first beat in to the first beat out, one directly behind the other.
    pub latency: RangeInclusive<u64>,
}

impl FlowTable {
    /// A table with `most` flows if there is room for them.
    pub fn new(profile: &'static Profile, v6: bool, most: u16) -> FlowTable {
        let mut placed = Placed::empty(profile, SEED);
        let mut writes = Vec::new();
        let counters = profile.rows(&TABLES[id::COUNTER_FLOW as usize]);
        let most = most.min(counters.try_into().unwrap_or(u16::MAX));
        let mut flows = 0;
        while flows < most {
            let entry = match v6 {
                false => Entry::of(&vm_flow(flows, flows.into())),
                true => Entry::of(&vm_flow6(flows, flows.into())),
            };
            writes.clear();
            if placed.flows_mut().insert(&entry, &mut writes).is_err() {
                break;
            }
            flows += 1;
        }
        FlowTable {
            placed,
            profile,
            v6,
            flows,
        }
    }

    /// How many flows there are.
    pub fn flows(&self) -> u16 {
        self.flows
    }

    /// The part of the table that they take.
    pub fn load(&self) -> f64 {
        let flows = self.placed.flows();
        flows.used() as f64 / flows.capacity() as f64
    }

    /// A core with the tables of the paths and these flows, whose neighbours never stall.
    pub fn core(&self, library: &Library) -> Rtl {
        let mut rtl = Rtl::new(library, Stalls::None, Stalls::None, SEED);
        for row in rows_without_flows(self.profile, SEED).all() {
            rtl.write_row(row.table, row.address, &row.words);
        }
        for (address, row) in self.placed.flows().iter_rows() {
            rtl.write_row(id::FLOW, address as usize, &row);
        }
        rtl
    }

    /// The path that its packets take.
    pub fn path(&self) -> &'static Path {
        Path::named(match self.v6 {
            false => "VM, flow hit, to VM",
            true => "VM, IPv6 flow hit, to VM",
        })
    }

    /// A packet of 64 bytes of each flow, in a random order.
    pub fn packets(&self) -> Vec<Packet> {
        let mut numbers: Vec<u16> = (0..self.flows).collect();
        Rng::with_seed(1).shuffle(&mut numbers);
        let packet = |number| self.path().packet_of(64, number);
        numbers.into_iter().map(packet).collect()
    }

    /// Sends at least `count` packets, so often round all flows, back to back.
    ///
    /// # Panics
    /// If one of them finds no flow.
    pub fn hits(&self, rtl: &mut Rtl, count: usize) -> Hits {
        let packets = self.packets();
        let rounds = count.div_ceil(packets.len());
        let packets: Vec<Packet> = (0..rounds).flat_map(|_| packets.clone()).collect();
        let (mut clocks, mut latency) = (Vec::new(), Vec::new());
        for burst in packets.chunks(BURST) {
            let ran = run(rtl, burst, |_| ());
            for decided in &ran.decided {
                assert!(decided.meta.flow.hit, "a packet found no flow");
                assert_eq!(Verdict::from(decided.meta.verdict), Verdict::Deliver);
            }
            clocks.extend(ran.steps());
            let ways = ran.sent.iter().zip(&ran.left);
            latency.extend(ways.map(|(sent, left)| left.first_beat_at - sent.first_beat_at));
        }
        Hits {
            clocks: range(&clocks),
            latency: range(&latency),
        }
    }
}

/// From the smallest to the largest.
fn range(of: &[u64]) -> RangeInclusive<u64> {
    let (least, most) = (of.iter().min(), of.iter().max());
    least.copied().unwrap_or(0)..=most.copied().unwrap_or(0)
}
