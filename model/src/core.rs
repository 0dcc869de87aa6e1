//! The card without its registers: packets in, packets out.

use crate::counters::Counters;
use crate::deliver::deliver;
use crate::pairs::Pairs;
use crate::pipeline;
use crate::s14_encap::Identification;
use crate::s9_flow;
use crate::tables::{RowError, Tables};
use crate::trace::Trace;
use underpass_layout::meta::{Edit, Meta};
use underpass_layout::profile::Profile;
use underpass_layout::Verdict;

/// Longest frame that the bus can tell the length of.
pub const MAX_FRAME_BYTES: usize = u16::MAX as usize;

/// What became of a packet.
#[derive(Clone, Debug)]
pub struct Output {
    /// The port it left on; none for a drop.
    pub port: Option<u16>,
    /// The frame that left, behind the shim if it was punted; empty for a drop.
    pub frame: Vec<u8>,
    /// The decision.
    pub verdict: Verdict,
    /// What was done with its bytes.
    pub edit: Edit,
    /// All that was known of it.
    pub meta: Meta,
}

impl Default for Output {
    /// Of no packet.
    fn default() -> Self {
        Output {
            port: None,
            frame: Vec::new(),
            verdict: Verdict::Continue,
            edit: Edit::default(),
            meta: Meta::default(),
        }
    }
}

/// Tables, counters, flow pairs and the stages between them.
#[derive(Clone)]
pub struct Core {
    /// What the host fills.
    pub tables: Tables,
    /// What the card counts.
    pub counters: Counters,
    /// What the card knows of each flow and its answers together.
    pub pairs: Pairs,
    ids: Identification,
    /// What is known of a packet before it comes; made once, since unpacking zeros takes longer than a stage.
    nothing: Output,
}

impl Core {
    /// A card of that size as it is after a reset.
    pub fn new(profile: &'static Profile) -> Self {
        Core {
            tables: Tables::new(profile),
            counters: Counters::new(profile),
            pairs: Pairs::new(profile),
            ids: Identification::default(),
            nothing: Output::default(),
        }
    }

    /// Takes a frame in on a port; on the slow port it starts with an inject shim. Of a frame longer than
    /// [`MAX_FRAME_BYTES`] the rest is cut off.
    pub fn process(&mut self, frame: &[u8], port: u16) -> Output {
        let mut output = self.nothing.clone();
        self.process_into(frame, port, &mut output);
        output
    }

    /// The same, with the memory that another packet's outcome took: nothing of that is left.
    pub fn process_into(&mut self, frame: &[u8], port: u16, output: &mut Output) {
        self.process_watched(frame, port, output, |_, _| ());
    }

    /// The same, and tells what each stage made of it.
    pub fn process_traced(&mut self, frame: &[u8], port: u16) -> (Output, Trace) {
        let (mut steps, mut output) = (Vec::new(), self.nothing.clone());
        let watch = |stage, meta: &Meta| steps.push((stage, *meta));
        self.process_watched(frame, port, &mut output, watch);
        let edit = output.edit;
        (output, Trace { steps, edit })
    }

    /// What would become of a frame; nothing is counted and no number is used up.
    pub fn trace(&self, frame: &[u8], port: u16) -> Trace {
        let mut steps = Vec::new();
        let (mut ids, mut meta) = (self.ids, self.nothing.meta);
        let mut watch = |stage, meta: &Meta| steps.push((stage, *meta));
        let mut edit = self.nothing.edit;
        pipeline::to_flow(&self.tables, cut(frame), port, &mut meta, &mut watch);
        pipeline::from_flow(&self.tables, &mut ids, &mut meta, &mut edit, watch);
        Trace { steps, edit }
    }

    /// Takes frames in, each on its port, in their order: the same as one after the other, but all their flows are
    /// searched at once, so that they wait for memory together. What became of each is in the output of its place.
    ///
    /// # Panics
    /// When there are fewer outputs than frames.
    pub fn process_burst(&mut self, burst: &[(u16, &[u8])], outputs: &mut [Output]) {
        let outputs = &mut outputs[..burst.len()];
        for ((port, frame), output) in burst.iter().zip(&mut *outputs) {
            output.meta = self.nothing.meta;
            let ignore = |_, _: &Meta| ();
            pipeline::to_flow(&self.tables, cut(frame), *port, &mut output.meta, ignore);
        }
        for (_, output) in burst.iter().zip(&*outputs) {
            s9_flow::touch(&self.tables, &output.meta);
        }
        for ((_, frame), output) in burst.iter().zip(&mut *outputs) {
            self.finish(cut(frame), output, |_, _| ());
        }
        for (_, output) in burst.iter().zip(outputs) {
            self.count(output);
        }
    }

    fn process_watched(
        &mut self,
        frame: &[u8],
        port: u16,
        output: &mut Output,
        mut watch: impl FnMut(&'static str, &Meta),
    ) {
        let frame = cut(frame);
        output.meta = self.nothing.meta;
        pipeline::to_flow(&self.tables, frame, port, &mut output.meta, &mut watch);
        self.finish(frame, output, watch);
        self.count(output);
    }

    /// Carries out what a packet's flow and the tables behind it say.
    fn finish(
        &mut self,
        frame: &[u8],
        output: &mut Output,
        watch: impl FnMut(&'static str, &Meta),
    ) {
        let Output { meta, edit, .. } = output;
        pipeline::from_flow(&self.tables, &mut self.ids, meta, edit, watch);
        output.port = (!edit.drop).then_some(edit.port);
        output.verdict = meta.verdict.into();
        output.frame.clear();
        deliver(frame, meta.arrival.injected, edit, &mut output.frame);
    }

    fn count(&mut self, output: &Output) {
        self.counters.count(&output.meta, &output.edit);
        self.pairs.see(&output.meta);
    }

    /// Writes a row of a table that is no counter.
    pub fn write_row(&mut self, table: u32, address: usize, words: &[u32]) -> Result<(), RowError> {
        self.tables.write_row(table, address, words)
    }

    /// Reads a row of any table, counters too.
    pub fn read_row(&self, table: u32, address: usize) -> Result<Vec<u32>, RowError> {
        self.counters
            .read_row(table, address)
            .or_else(|| self.pairs.read_row(table, address))
            .unwrap_or_else(|| self.tables.read_row(table, address))
    }
}

fn cut(frame: &[u8]) -> &[u8] {
    &frame[..frame.len().min(MAX_FRAME_BYTES)]
}
