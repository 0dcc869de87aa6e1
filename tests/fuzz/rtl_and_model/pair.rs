//! One core of the RTL and one model, with the same tables.

use std::collections::BTreeSet;

use super::Input;
use crate::packets::Packet;
use crate::rtl::{parted, Decided, Rtl};
use crate::tables::{FLOW_IDS, VMS};
use underpass_bench::{Received, Stalls};
use underpass_layout::meta::{Edit, Meta};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, TABLES};
use underpass_layout::{Verdict, OUTCOMES};
use underpass_model::{Core, Output, Trace};
use underpass_verilator::Library;

/// Clocks within which all packets of an input must be through.
const PATIENCE: u64 = 200_000;
/// Clocks behind the last frame in which no other may come, and in which counting ends.
const TAIL: u64 = 64;

/// The two.
pub struct Pair {
    rtl: Rtl,
    model: Core,
}

impl Pair {
    /// Both as after a reset, filled with these rows: table, row, words.
    ///
    /// # Panics
    /// One of them does not take a row.
    pub fn new(
        library: &Library,
        seed: u128,
        rows: impl IntoIterator<Item = (u32, usize, Vec<u32>)>,
    ) -> Self {
        let mut rtl = Rtl::new(library, Stalls::None, Stalls::None, seed);
        let mut model = Core::new(&SIM);
        for (table, row, words) in rows {
            rtl.write_row(table, row, &words);
            model
                .write_row(table, row, &words)
                .unwrap_or_else(|error| panic!("{error}"));
        }
        Pair { rtl, model }
    }

    /// Sends the packets of an input through both.
    ///
    /// # Panics
    /// They part.
    pub fn compare(&mut self, input: &Input) {
        let (stalls_in, stalls_out) = input.stalls();
        self.rtl.set_stalls(stalls_in, stalls_out);
        for packet in &input.packets {
            self.rtl.send(packet.bytes.clone(), packet.port);
        }
        let (decided, frames) = self.exchange(input.packets.len());
        let mut frames = frames.into_iter();
        let mut counters = BTreeSet::new();
        for (number, packet) in input.packets.iter().enumerate() {
            let (output, trace) = self.model.process_traced(&packet.bytes, packet.port);
            let at = At {
                number,
                packet,
                trace: &trace,
            };
            let Some(decided) = decided.get(number) else {
                panic!("{at}never decided by the RTL")
            };
            if let Some(difference) = parted(&output, &trace, decided) {
                panic!("{at}{difference}");
            }
            if !output.edit.drop {
                same_frame(&at, &output, frames.next());
            }
            counters.extend(counted(&output.meta, &output.edit));
        }
        assert_eq!(frames.next(), None, "the RTL sent a frame too many");
        self.rtl.set_stalls(Stalls::None, Stalls::None);
        for (table, row) in counters {
            self.compare_counter(table, row);
        }
    }

    /// Clocks until so many packets have been decided and those that leave have left.
    fn exchange(&mut self, packets: usize) -> (Vec<Decided>, Vec<Received>) {
        let (mut decided, mut frames) = (Vec::new(), Vec::new());
        let (mut leaving, mut tail) = (0, 0);
        for _ in 0..PATIENCE {
            self.rtl.clock();
            while let Some(one) = self.rtl.decided() {
                leaving += usize::from(!one.edit.drop);
                decided.push(one);
            }
            while let Some(frame) = self.rtl.m.collect() {
                frames.push(frame);
            }
            let done = decided.len() >= packets && frames.len() >= leaving;
            tail = if done { tail + 1 } else { 0 };
            if tail == TAIL {
                break;
            }
        }
        (decided, frames)
    }

    fn compare_counter(&mut self, table: u32, row: usize) {
        let name = TABLES[table as usize].name;
        let model = self.model.read_row(table, row);
        let model = model.unwrap_or_else(|error| panic!("{error}"));
        let card = self.rtl.read_row(table, row);
        assert_eq!(card, model, "{name} row {row}: card, model");
    }

    /// Every counter of the interfaces and flows that these tables can have.
    ///
    /// # Panics
    /// They differ.
    pub fn compare_all_counters(&mut self) {
        for vif in (0..usize::from(VMS.end)).chain([SIM.no_vif()]) {
            self.compare_counter(id::COUNTER_RX, vif);
            self.compare_counter(id::COUNTER_TX, vif);
            let outcomes = OUTCOMES as usize;
            for row in vif * outcomes..(vif + 1) * outcomes {
                self.compare_counter(id::COUNTER_OUTCOME, row);
            }
        }
        for flow in FLOW_IDS {
            self.compare_counter(id::COUNTER_FLOW, flow as usize);
        }
    }
}

/// Where a packet is counted, as far as that is a row which the host can read.
fn counted(meta: &Meta, edit: &Edit) -> impl Iterator<Item = (u32, usize)> {
    let vif = usize::from(meta.classify.vif);
    let outcome = Verdict::from(meta.verdict).outcome();
    let outcome = outcome.map(|code| vif * OUTCOMES as usize + code as usize);
    let flow = meta.flow.hit.then_some(meta.flow.flow_id as usize);
    let rows = [
        (id::COUNTER_RX, Some(vif)),
        (id::COUNTER_TX, outcome.is_none().then_some(edit.vif.into())),
        (id::COUNTER_OUTCOME, outcome),
        (id::COUNTER_FLOW, flow),
    ];
    let rows = rows
        .into_iter()
        .filter_map(|(table, row)| Some((table, row?)));
    rows.filter(|(table, row)| *row < SIM.rows(&TABLES[*table as usize]))
}

fn same_frame(at: &At, model: &Output, card: Option<Received>) {
    let Some(card) = card else {
        panic!("{at}never left the RTL")
    };
    let same = Some(card.frame.port) == model.port && card.frame.bytes == model.frame;
    assert!(
        same,
        "{at}differ in deliver:\nmodel={:x?} {}\ncard={:x} {}",
        model.port,
        hex(&model.frame),
        card.frame.port,
        hex(&card.frame.bytes)
    );
}

/// The packet that the two part over, and its walk through the model.
struct At<'a> {
    number: usize,
    packet: &'a Packet,
    trace: &'a Trace,
}

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Packet { bytes, port } = self.packet;
        let (number, bytes) = (self.number, hex(bytes));
        writeln!(f, "packet {number} on port {port:#x}: {bytes}")?;
        writeln!(f, "{}", self.trace)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
