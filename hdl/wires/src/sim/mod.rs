//! The native evaluator: a design clocked in Rust, without a Verilog simulator.
//!
//! ```text
//!   set(inputs) --> settle: all wires of this clock --> get(outputs)
//!        ^                        |
//!        '------- step: registers and memories take their next value
//! ```
//!
//! Registers start at their reset value or zero, memories at zero. The reset input is called `reset`.

mod compile;
mod concat;
mod edges;
mod program;
mod run;

use crate::design::Design;
use crate::error::{fail, here, Loc};
use crate::words;
use program::{Place, Program};
use std::collections::HashMap;
use std::sync::Arc;

/// A design with values on its wires. Ports are set and read by the name given to `input` and `output`,
/// or field by field (`key_src`), whichever way the Verilog has them.
#[derive(Clone, Debug)]
pub struct Sim {
    program: Arc<Program>,
    values: Vec<u64>,
    memories: Vec<Vec<u64>>,
    /// Next values of registers that come straight from another, and of memory reads.
    shadow: Vec<u64>,
    reset: bool,
    settled: bool,
}

impl Sim {
    /// The design at its start: all inputs zero, out of reset.
    pub fn new(design: &Design) -> Self {
        let program = compile::compile(design);
        Sim {
            values: program.start.clone(),
            memories: program
                .memories
                .iter()
                .map(|m| vec![0; m.depth * m.n as usize])
                .collect(),
            shadow: Vec::new(),
            program: Arc::new(program),
            reset: false,
            settled: false,
        }
    }

    /// Puts `value`, lowest word first, on input `name`; words that are missing are zero.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: &[u64]) {
        let at = here();
        if name == "reset" {
            self.reset = value.iter().any(|&word| word != 0);
            return;
        }
        let program = Arc::clone(&self.program);
        self.put(
            find(&program.inputs, &program.input_by_name, "input", name, at),
            value,
            at,
        );
    }

    /// Puts `value` on the input that was declared as number `index`.
    #[track_caller]
    pub(crate) fn set_nth(&mut self, index: usize, value: &[u64]) {
        let program = Arc::clone(&self.program);
        self.put(&program.inputs[index], value, here());
    }

    fn put(&mut self, place: &Place, value: &[u64], at: Loc) {
        let mut whole = value.to_vec();
        whole.resize(words::count(place.width).max(value.len()), 0);
        let (kept, above) = whole.split_at_mut(words::count(place.width));
        let mut cut = kept.to_vec();
        words::trim(&mut cut, place.width);
        if cut != kept || !above.iter().all(|&word| word == 0) {
            fail(
                at,
                format!(
                    "value of input {} does not fit {} bits",
                    place.name, place.width
                ),
            );
        }
        for &(lo, width, slot) in &place.leaves {
            let slot = slot as usize;
            words::copy(
                &mut self.values[slot..slot + words::count(width)],
                0,
                kept,
                lo,
                width,
            );
        }
        self.settled = false;
    }

    /// Puts a number on input `name`.
    #[track_caller]
    pub fn set_int(&mut self, name: &str, value: u128) {
        self.set(name, &[value as u64, (value >> 64) as u64]);
    }

    /// What is on output `name` in this clock, lowest word first.
    #[track_caller]
    pub fn get(&mut self, name: &str) -> Vec<u64> {
        self.settle();
        self.take(find(
            &self.program.outputs,
            &self.program.output_by_name,
            "output",
            name,
            here(),
        ))
    }

    /// What is on the output that was declared as number `index`.
    pub(crate) fn get_nth(&mut self, index: usize) -> Vec<u64> {
        self.settle();
        self.take(&self.program.outputs[index])
    }

    fn take(&self, place: &Place) -> Vec<u64> {
        let mut value = vec![0; words::count(place.width)];
        for &(lo, width, slot) in &place.leaves {
            words::copy(&mut value, lo, &self.values[slot as usize..], 0, width);
        }
        value
    }

    /// What is on output `name`, as a number of at most 128 bits.
    #[track_caller]
    pub fn get_int(&mut self, name: &str) -> u128 {
        let value = self.get(name);
        if value.iter().skip(2).any(|&word| word != 0) {
            fail(
                here(),
                format!("value of output {name} does not fit 128 bits"),
            );
        }
        let word = |index: usize| u128::from(value.get(index).copied().unwrap_or(0));
        word(0) | word(1) << 64
    }

    /// Lets the wires of this clock take their values; [`Sim::get`] and [`Sim::step`] do so by themselves.
    pub fn settle(&mut self) {
        if !self.settled {
            run::settle(&self.program, &mut self.values, &self.memories);
            self.settled = true;
        }
    }

    /// A clock edge.
    pub fn step(&mut self) {
        self.settle();
        run::step(
            &self.program,
            &mut self.values,
            &mut self.memories,
            &mut self.shadow,
            self.reset,
        );
        self.settled = false;
    }

    /// Puts a level on the reset input.
    pub(crate) fn hold_reset(&mut self, on: bool) {
        self.reset = on;
    }

    /// One clock in reset.
    pub fn reset(&mut self) {
        let before = std::mem::replace(&mut self.reset, true);
        self.step();
        self.reset = before;
    }

    /// Instructions per clock: a measure of the design's size.
    pub fn instructions(&self) -> usize {
        self.program.code.len()
    }
}

fn find<'a>(
    places: &'a [Place],
    by_name: &HashMap<String, usize>,
    kind: &str,
    name: &str,
    at: Loc,
) -> &'a Place {
    match by_name.get(name) {
        Some(&index) => &places[index],
        None => {
            let known: Vec<&str> = places
                .iter()
                .map(|place| place.name.as_str())
                .take(20)
                .collect();
            fail(
                at,
                format!("no {kind} {name}; there are {}", known.join(", ")),
            )
        }
    }
}
