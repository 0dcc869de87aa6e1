//! Slices and concatenations: bits copied straight from the wires that are sliced.
//!
//! ```text
//!   {a[7:0], a[15:8], b[3:0]}   -->   Move 4 bits of b;  Swap 16 bits of a       two steps, no slices
//! ```

use super::compile::Compiler;
use super::program::{Ins, Slot};
use crate::graph::{Id, Op};

/// A run of bits that a concatenation takes from one wire.
pub(super) struct Run {
    pub of: Id,
    pub lo: u32,
    pub bits: u32,
}

impl Compiler<'_> {
    /// Where the bits of a part of a concatenation come from.
    pub(super) fn run(&self, part: Id) -> Run {
        let part = self.source(part);
        let bits = self.graph.width(part);
        match self.graph.node(part).op {
            Op::Slice(of, lo) => Run {
                of: self.source(of),
                lo,
                bits,
            },
            _ => Run {
                of: part,
                lo: 0,
                bits,
            },
        }
    }

    /// Fills `to` with `runs`, the first at bit 0.
    pub(super) fn moves(&mut self, to: Slot, runs: &[Run]) {
        let mut base = 0;
        let mut index = 0;
        while index < runs.len() {
            let swapped = swapped_bytes(&runs[index..]);
            if swapped > 1 {
                self.swap(to, base, &runs[index..index + swapped]);
                base += 8 * swapped as u32;
                index += swapped;
                continue;
            }
            let Run { of, lo, bits } = runs[index];
            let a = self.at(of);
            let mut done = 0;
            while done < bits {
                let at = (base + done) % 64;
                let step = (bits - done).min(64 - at);
                let (to, from) = (to + (base + done) / 64, lo + done);
                self.program.code.push(Ins::Move {
                    to,
                    at,
                    a: a + from / 64,
                    lo: from % 64,
                    bits: step,
                });
                done += step;
            }
            base += bits;
            index += 1;
        }
    }

    /// Bytes in reverse order, as many at a time as a word of the target takes.
    fn swap(&mut self, to: Slot, base: u32, runs: &[Run]) {
        let a = self.at(runs[0].of);
        let mut done = 0;
        while done < runs.len() {
            let from = base + 8 * done as u32;
            let room = ((64 - from % 64) / 8) as usize;
            if room == 0 {
                let Run { lo, .. } = runs[done];
                let low = 64 - from % 64;
                for (at, lo, bits) in [(from, lo, low), (from + low, lo + low, 8 - low)] {
                    let (to, at, a, lo) = (to + at / 64, at % 64, a + lo / 64, lo % 64);
                    self.program.code.push(Ins::Move {
                        to,
                        at,
                        a,
                        lo,
                        bits,
                    });
                }
                done += 1;
                continue;
            }
            let bytes = room.min(runs.len() - done);
            let lo = runs[done + bytes - 1].lo;
            let (to, at, a, lo) = (to + from / 64, from % 64, a + lo / 64, lo % 64);
            self.program.code.push(Ins::Swap {
                to,
                at,
                a,
                lo,
                bits: 8 * bytes as u32,
            });
            done += bytes;
        }
    }
}

/// How many of the first runs are neighbouring bytes of one wire in falling order.
fn swapped_bytes(runs: &[Run]) -> usize {
    let falling = |pair: &[Run]| {
        pair[0].of == pair[1].of && pair[1].bits == 8 && pair[0].lo == pair[1].lo + 8
    };
    match runs.first() {
        Some(run) if run.bits == 8 => 1 + runs.windows(2).take_while(|pair| falling(pair)).count(),
        _ => 0,
    }
}
