//! The card without its registers: packets in, packets out.
//!
//! ```text
//!   process ─▶ a pass ─▶ output; what goes round waits in `rounds`
//!   again ───▶ a pass of the next copy that waits there ─▶ output
//!   run ─────▶ process, then again until nothing waits
//! ```

use crate::counters::Counters;
use crate::deliver::deliver;
use crate::pairs::Pairs;
use crate::pipeline::{self, Entrance};
use crate::rounds::Rounds;
use crate::s14_encap::quota::Punted;
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
    /// The port it left on; none for a drop. On port [`ROUND`](underpass_layout::port::ROUND) it waits for its next round.
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
    /// What goes round.
    pub rounds: Rounds,
    ids: Identification,
    punted: Punted,
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
            rounds: Rounds::default(),
            ids: Identification::default(),
            punted: Punted::new(profile),
            nothing: Output::default(),
        }
    }

    /// Takes a frame in on a port; on the slow port it starts with an inject shim. Of a frame longer than
    /// [`MAX_FRAME_BYTES`] the rest is cut off. This is one pass: see [`Core::run`] for all of what becomes of it.
    pub fn process(&mut self, frame: &[u8], port: u16) -> Output {
        let mut output = self.nothing.clone();
        self.process_into(frame, port, &mut output);
        output
    }

    /// The same, with the memory that another packet's outcome took: nothing of that is left.
    pub fn process_into(&mut self, frame: &[u8], port: u16, output: &mut Output) {
        self.pass(cut(frame), Entrance::Port(port), output, |_, _| ());
    }

    /// The same, and tells what each stage made of it.
    pub fn process_traced(&mut self, frame: &[u8], port: u16) -> (Output, Trace) {
        self.pass_traced(cut(frame), Entrance::Port(port))
    }

    /// Takes in the next copy of what waits to go round.
    pub fn again(&mut self) -> Option<Output> {
        let mut output = self.nothing.clone();
        self.again_into(&mut output).then_some(output)
    }

    /// The same, with the memory that another packet's outcome took. False: nothing waits.
    pub fn again_into(&mut self, output: &mut Output) -> bool {
        let Some((frame, round)) = self.rounds.next(&self.tables) else {
            return false;
        };
        self.pass(cut(&frame), Entrance::Round(&round), output, |_, _| ());
        true
    }

    /// The same as [`Core::again`], and tells what each stage made of it.
    pub fn again_traced(&mut self) -> Option<(Output, Trace)> {
        let (frame, round) = self.rounds.next(&self.tables)?;
        Some(self.pass_traced(cut(&frame), Entrance::Round(&round)))
    }

    /// Takes a frame in and all that comes of it, until nothing waits to go round; `each` is shown every pass.
    pub fn run(&mut self, frame: &[u8], port: u16, mut each: impl FnMut(&Output)) {
        let mut output = self.nothing.clone();
        self.process_into(frame, port, &mut output);
        each(&output);
        while self.again_into(&mut output) {
            each(&output);
        }
    }

    /// Packets that wait to go round.
    pub fn rounds_waiting(&self) -> usize {
        self.rounds.waiting()
    }

    /// What would become of a frame, and of all that goes round for it; nothing is counted and no number is used up.
    pub fn trace(&self, frame: &[u8], port: u16) -> Trace {
        let (mut ids, mut punted) = (self.ids, self.punted.clone());
        let mut rounds = self.rounds.empty();
        let mut watch = |frame: &[u8], from: Entrance<'_>, rounds: &mut Rounds| {
            let mut output = self.nothing.clone();
            let mut steps = Vec::new();
            let mut watch = |stage, meta: &Meta| steps.push((stage, *meta));
            pipeline::to_flow(&self.tables, frame, from, &mut output.meta, &mut watch);
            finish(
                &self.tables,
                (&mut ids, &mut punted),
                frame,
                &mut output,
                watch,
            );
            if output.edit.errand.on {
                rounds.take(output.frame, &output.edit.errand);
            }
            Trace::of(steps, output.edit)
        };
        let mut trace = watch(cut(frame), Entrance::Port(port), &mut rounds);
        while let Some((frame, round)) = rounds.next(&self.tables) {
            let pass = watch(cut(&frame), Entrance::Round(&round), &mut rounds);
            trace.rounds.push(pass);
        }
        trace
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
            let from = Entrance::Port(*port);
            pipeline::to_flow(&self.tables, cut(frame), from, &mut output.meta, ignore);
        }
        for (_, output) in burst.iter().zip(&*outputs) {
            s9_flow::touch(&self.tables, &output.meta);
        }
        for ((_, frame), output) in burst.iter().zip(&mut *outputs) {
            let counts = (&mut self.ids, &mut self.punted);
            finish(&self.tables, counts, cut(frame), output, |_, _| ());
        }
        for (_, output) in burst.iter().zip(outputs) {
            self.count(output);
        }
    }

    fn pass(
        &mut self,
        frame: &[u8],
        from: Entrance<'_>,
        output: &mut Output,
        mut watch: impl FnMut(&'static str, &Meta),
    ) {
        output.meta = self.nothing.meta;
        pipeline::to_flow(&self.tables, frame, from, &mut output.meta, &mut watch);
        let counts = (&mut self.ids, &mut self.punted);
        finish(&self.tables, counts, frame, output, watch);
        self.count(output);
    }

    fn pass_traced(&mut self, frame: &[u8], from: Entrance<'_>) -> (Output, Trace) {
        let (mut steps, mut output) = (Vec::new(), self.nothing.clone());
        let watch = |stage, meta: &Meta| steps.push((stage, *meta));
        self.pass(frame, from, &mut output, watch);
        let trace = Trace::of(steps, output.edit);
        (output, trace)
    }

    fn count(&mut self, output: &Output) {
        let Output { meta, edit, .. } = output;
        self.counters.count(meta, edit);
        self.pairs.see(meta, edit);
        if meta.member.skip {
            self.rounds.skip();
        }
        if edit.errand.on {
            self.rounds.take(output.frame.clone(), &edit.errand);
        }
    }

    /// Begins a window of punt quotas. The card also begins one by its clock, which this one has not.
    pub fn begin_punt_window(&mut self) {
        self.punted.begin();
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
            .or_else(|| self.punted.read_row(table, address))
            .unwrap_or_else(|| self.tables.read_row(table, address))
    }
}

/// Carries out what a packet's flow and the tables behind it say.
fn finish(
    tables: &Tables,
    (ids, punted): (&mut Identification, &mut Punted),
    frame: &[u8],
    output: &mut Output,
    watch: impl FnMut(&'static str, &Meta),
) {
    let Output { meta, edit, .. } = output;
    pipeline::from_flow(tables, ids, punted, meta, edit, watch);
    output.port = (!edit.drop).then_some(edit.port);
    output.verdict = meta.verdict.into();
    output.frame.clear();
    deliver(frame, meta.arrival.injected, edit, &mut output.frame);
}

fn cut(frame: &[u8]) -> &[u8] {
    &frame[..frame.len().min(MAX_FRAME_BYTES)]
}
