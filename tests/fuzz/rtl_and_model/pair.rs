//! One core of the RTL and one model, with the same tables.

use std::collections::BTreeSet;

use super::Input;
use crate::packets::Packet;
use crate::rtl::{exchange, parted, Load, Pass, Rtl};
use crate::tables::{FLOW_IDS, VMS};
use underpass_bench::{Received, Stalls};
use underpass_layout::meta::{Edit, Meta};
use underpass_layout::profile::SIM;
use underpass_layout::registers::PUNT_BEGIN;
use underpass_layout::tables::{id, PUNT_REASONS, TABLES};
use underpass_layout::{Verdict, OUTCOMES};
use underpass_model::{Core, Output};
use underpass_verilator::Library;

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
        // What other inputs had punted is no business of this one.
        self.rtl.write(PUNT_BEGIN, 1);
        self.model.begin_punt_window();
        // Packets that may become more than the card has room for say nothing here.
        let packets = input.packets.iter().cloned();
        let loads: Vec<Load> = packets
            .filter_map(|packet| Load::of(&self.model, packet))
            .collect();
        let mut expected = Vec::new();
        let mut counters = BTreeSet::new();
        let (seen, stopped) = exchange(&mut self.rtl, &mut self.model, &loads, |pass| {
            let at = At(&pass).to_string();
            if let Some(difference) = parted(&pass.model, &pass.trace, &pass.card) {
                panic!("{at}{difference}");
            }
            counters.extend(counted(&pass.model.meta, &pass.model.edit));
            if !pass.model.edit.drop && !pass.model.edit.errand.on {
                expected.push((at, pass.model));
            }
        });
        if let Some(stopped) = stopped {
            panic!("{stopped}");
        }
        assert_eq!(seen.len(), expected.len(), "frames that left the RTL");
        for ((at, model), card) in expected.iter().zip(&seen) {
            same_frame(at, model, card);
        }
        self.rtl.set_stalls(Stalls::None, Stalls::None);
        for (table, row) in counters {
            self.compare_counter(table, row);
        }
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
            for row in vif * PUNT_REASONS..(vif + 1) * PUNT_REASONS {
                self.compare_counter(id::PUNTED, row);
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

fn same_frame(at: &str, model: &Output, card: &Received) {
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
struct At<'a>(&'a Pass<'a>);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Packet { bytes, port } = self.0.packet;
        let (number, bytes) = (self.0.number, hex(bytes));
        writeln!(f, "packet {number} on port {port:#x}: {bytes}")?;
        writeln!(f, "{}", self.0.trace)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
