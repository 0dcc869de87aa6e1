//! A design as a list of instructions over one array of words.
//!
//! ```text
//!   values:  | input | const | a & b | reg q | wide sum (3 words) | ..     a node's place: its slot
//!   code:    And { to: 2, a: 0, b: 1 }, AddWide { to: 4, .. }, ..          operands lie below results
//! ```
//!
//! Values of up to 64 bits have instructions of their own. A concatenation copies straight out of the
//! wires it slices, whole runs of swapped bytes at a time; a chain of choices is one instruction.

use crate::design::Design;
use crate::graph::{Graph, Id, Op};
use crate::words;

/// Place of a value in the array.
pub(super) type Slot = u32;

/// One step. `to`, `a`, `b`, `c` are slots, `n` is words, `cases` a range of the program's pairs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ins {
    Not {
        to: Slot,
        a: Slot,
        n: u32,
        top: u64,
    },
    And {
        to: Slot,
        a: Slot,
        b: Slot,
    },
    Or {
        to: Slot,
        a: Slot,
        b: Slot,
    },
    Xor {
        to: Slot,
        a: Slot,
        b: Slot,
    },
    AndWide {
        to: Slot,
        a: Slot,
        b: Slot,
        n: u32,
    },
    OrWide {
        to: Slot,
        a: Slot,
        b: Slot,
        n: u32,
    },
    XorWide {
        to: Slot,
        a: Slot,
        b: Slot,
        n: u32,
    },
    Add {
        to: Slot,
        a: Slot,
        b: Slot,
        top: u64,
    },
    Sub {
        to: Slot,
        a: Slot,
        b: Slot,
        top: u64,
    },
    AddWide {
        to: Slot,
        a: Slot,
        b: Slot,
        width: u32,
    },
    SubWide {
        to: Slot,
        a: Slot,
        b: Slot,
        width: u32,
    },
    Eq {
        to: Slot,
        a: Slot,
        b: Slot,
    },
    Less {
        to: Slot,
        a: Slot,
        b: Slot,
    },
    EqWide {
        to: Slot,
        a: Slot,
        b: Slot,
        n: u32,
    },
    LessWide {
        to: Slot,
        a: Slot,
        b: Slot,
        n: u32,
    },
    Any {
        to: Slot,
        a: Slot,
        n: u32,
    },
    All {
        to: Slot,
        a: Slot,
        width: u32,
    },
    Parity {
        to: Slot,
        a: Slot,
        n: u32,
    },
    /// Up to 64 bits that lie within one word.
    Take {
        to: Slot,
        a: Slot,
        shift: u32,
        mask: u64,
    },
    /// Up to 64 bits from bit `lo` of `a` to bit `at` of word `to`, which they do not leave.
    Move {
        to: Slot,
        at: u32,
        a: Slot,
        lo: u32,
        bits: u32,
    },
    /// The same with the order of its bytes reversed; whole bytes.
    Swap {
        to: Slot,
        at: u32,
        a: Slot,
        lo: u32,
        bits: u32,
    },
    Mux {
        to: Slot,
        c: Slot,
        t: Slot,
        e: Slot,
    },
    MuxWide {
        to: Slot,
        c: Slot,
        t: Slot,
        e: Slot,
        n: u32,
    },
    /// The value of the first case that holds, or `or`.
    First {
        to: Slot,
        cases: (u32, u32),
        or: Slot,
        n: u32,
    },
    OneOf {
        to: Slot,
        cases: (u32, u32),
        n: u32,
    },
    /// Items are the second of each pair.
    Select {
        to: Slot,
        index: Slot,
        index_width: u32,
        cases: (u32, u32),
        n: u32,
    },
    Shl {
        to: Slot,
        a: Slot,
        by: Slot,
        by_width: u32,
        width: u32,
    },
    Shr {
        to: Slot,
        a: Slot,
        by: Slot,
        by_width: u32,
        width: u32,
    },
    ReadNow {
        to: Slot,
        memory: u32,
        addr: Slot,
        n: u32,
    },
}

/// What happens to a register at a clock edge.
#[derive(Clone, Debug)]
pub(super) struct RegStep {
    pub q: Slot,
    pub d: Slot,
    pub en: Option<Slot>,
    pub n: u32,
    pub reset: Option<Box<[u64]>>,
}

#[derive(Clone, Debug)]
pub(super) struct MemStep {
    /// Words per row.
    pub n: u32,
    pub depth: usize,
    /// Enable, address, data.
    pub writes: Vec<(Slot, Slot, Slot)>,
    /// Address, output.
    pub reads: Vec<(Slot, Slot)>,
}

/// A port of the design and where its leaves lie.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub name: String,
    pub width: u32,
    /// Bit of the port, bits, slot.
    pub leaves: Vec<(u32, u32, Slot)>,
}

#[derive(Debug, Default)]
pub(super) struct Program {
    pub code: Vec<Ins>,
    pub pairs: Vec<(Slot, Slot)>,
    pub start: Vec<u64>,
    pub regs: Vec<RegStep>,
    pub memories: Vec<MemStep>,
    /// Groups in the order of their declaration, then single fields.
    pub inputs: Vec<Place>,
    pub outputs: Vec<Place>,
}

/// The program of a design.
pub(super) fn compile(design: &Design) -> Program {
    let graph = &design.graph;
    let mut compiler = Compiler {
        graph,
        need: vec![false; graph.nodes.len()],
        uses: vec![0; graph.nodes.len()],
        inner: vec![false; graph.nodes.len()],
        slot: vec![0; graph.nodes.len()],
        program: Program::default(),
    };
    compiler.mark(design);
    for id in 0..graph.nodes.len() as Id {
        compiler.node(id);
    }
    compiler.steps(design);
    compiler.program
}

struct Compiler<'a> {
    graph: &'a Graph,
    need: Vec<bool>,
    uses: Vec<u32>,
    /// Computed as part of another node: the rest of a chain of choices.
    inner: Vec<bool>,
    slot: Vec<Slot>,
    program: Program,
}

/// A run of bits that a concatenation takes from one wire.
struct Run {
    of: Id,
    lo: u32,
    bits: u32,
}

impl Compiler<'_> {
    /// The node that holds the value of `id`.
    fn source(&self, id: Id) -> Id {
        match self.graph.node(id).op {
            Op::Retime(of, _) | Op::Enter(of) | Op::Leave(of) => self.source(of),
            _ => id,
        }
    }

    /// Where the bits of a part of a concatenation come from.
    fn run(&self, part: Id) -> Run {
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

    fn needed(&mut self, id: Id) {
        let id = self.source(id) as usize;
        self.need[id] = true;
        self.uses[id] += 1;
    }

    /// Marks what must be computed, from the outputs and registers down.
    fn mark(&mut self, design: &Design) {
        let graph = self.graph;
        for group in &graph.inputs {
            group.leaves.iter().for_each(|leaf| self.needed(leaf.id));
        }
        for group in &graph.outputs {
            group.leaves.iter().for_each(|leaf| self.needed(leaf.id));
        }
        for reg in graph.regs.iter().filter(|reg| design.live.node(reg.q)) {
            [Some(reg.q), reg.d, reg.en]
                .into_iter()
                .flatten()
                .for_each(|id| self.needed(id));
        }
        for (index, memory) in graph.memories.iter().enumerate() {
            if design.live.has_memory(index) {
                for write in &memory.writes {
                    [write.en, write.addr, write.data]
                        .into_iter()
                        .for_each(|id| self.needed(id));
                }
                for port in memory.ports.iter().filter(|port| design.live.node(port.q)) {
                    [port.q, port.addr]
                        .into_iter()
                        .for_each(|id| self.needed(id));
                    if let Some((en, data)) = port.write {
                        [en, data].into_iter().for_each(|id| self.needed(id));
                    }
                }
            }
        }
        for id in (0..graph.nodes.len() as Id).rev() {
            if !self.need[id as usize] {
                continue;
            }
            let op = &graph.node(id).op;
            match op {
                Op::Cat(parts) => parts.iter().for_each(|&part| {
                    let run = self.run(part);
                    self.needed(run.of);
                }),
                _ => op.operands(|operand| self.needed(operand)),
            }
        }
        for id in 0..graph.nodes.len() {
            if let (true, &Op::Mux(_, _, e)) = (self.need[id], &graph.nodes[id].op) {
                let rest = self.source(e) as usize;
                self.inner[rest] =
                    self.uses[rest] == 1 && matches!(graph.nodes[rest].op, Op::Mux(..));
            }
        }
    }

    fn at(&self, id: Id) -> Slot {
        self.slot[self.source(id) as usize]
    }

    /// Gives `id` a slot and the instructions that fill it.
    fn node(&mut self, id: Id) {
        if !self.need[id as usize] || self.inner[id as usize] {
            return;
        }
        let node = self.graph.node(id);
        let width = node.width;
        let n = words::count(width) as u32;
        let to = self.program.start.len() as Slot;
        self.slot[id as usize] = to;
        self.program.start.resize(to as usize + n as usize, 0);
        let one = width <= 64;
        let top = words::top_mask(width);
        let instruction = match &node.op {
            Op::Const(value) => {
                self.program.start[to as usize..].copy_from_slice(value);
                return;
            }
            &Op::Reg(index) => {
                if let Some(reset) = &self.graph.regs[index as usize].reset {
                    self.program.start[to as usize..].copy_from_slice(reset);
                }
                return;
            }
            Op::Input(_) | Op::Read(..) => return,
            Op::Enter(_) | Op::Leave(_) | Op::Retime(..) => {
                unreachable!("resolved to their source")
            }
            &Op::Not(a) => Ins::Not {
                to,
                a: self.at(a),
                n,
                top,
            },
            &Op::And(a, b) => {
                let (a, b) = (self.at(a), self.at(b));
                if one {
                    Ins::And { to, a, b }
                } else {
                    Ins::AndWide { to, a, b, n }
                }
            }
            &Op::Or(a, b) => {
                let (a, b) = (self.at(a), self.at(b));
                if one {
                    Ins::Or { to, a, b }
                } else {
                    Ins::OrWide { to, a, b, n }
                }
            }
            &Op::Xor(a, b) => {
                let (a, b) = (self.at(a), self.at(b));
                if one {
                    Ins::Xor { to, a, b }
                } else {
                    Ins::XorWide { to, a, b, n }
                }
            }
            &Op::Add(a, b) => {
                let (a, b) = (self.at(a), self.at(b));
                if one {
                    Ins::Add { to, a, b, top }
                } else {
                    Ins::AddWide { to, a, b, width }
                }
            }
            &Op::Sub(a, b) => {
                let (a, b) = (self.at(a), self.at(b));
                if one {
                    Ins::Sub { to, a, b, top }
                } else {
                    Ins::SubWide { to, a, b, width }
                }
            }
            &Op::Eq(a, b) => {
                let n = words::count(self.graph.width(a)) as u32;
                let (a, b) = (self.at(a), self.at(b));
                if n == 1 {
                    Ins::Eq { to, a, b }
                } else {
                    Ins::EqWide { to, a, b, n }
                }
            }
            &Op::Less(a, b) => {
                let n = words::count(self.graph.width(a)) as u32;
                let (a, b) = (self.at(a), self.at(b));
                if n == 1 {
                    Ins::Less { to, a, b }
                } else {
                    Ins::LessWide { to, a, b, n }
                }
            }
            &Op::Any(a) => Ins::Any {
                to,
                a: self.at(a),
                n: words::count(self.graph.width(a)) as u32,
            },
            &Op::All(a) => Ins::All {
                to,
                a: self.at(a),
                width: self.graph.width(a),
            },
            &Op::Parity(a) => Ins::Parity {
                to,
                a: self.at(a),
                n: words::count(self.graph.width(a)) as u32,
            },
            &Op::Slice(a, lo) if one && lo % 64 + width <= 64 => Ins::Take {
                to,
                a: self.at(a) + lo / 64,
                shift: lo % 64,
                mask: top,
            },
            &Op::Slice(a, lo) => {
                return self.moves(
                    to,
                    &[Run {
                        of: self.source(a),
                        lo,
                        bits: width,
                    }],
                )
            }
            Op::Cat(parts) => {
                let runs: Vec<Run> = parts.iter().map(|&part| self.run(part)).collect();
                return self.moves(to, &runs);
            }
            &Op::Mux(c, t, e) => {
                let rest = self.source(e);
                if self.inner[rest as usize] {
                    self.first(id, to, n)
                } else {
                    let (c, t, e) = (self.at(c), self.at(t), self.at(e));
                    if one {
                        Ins::Mux { to, c, t, e }
                    } else {
                        Ins::MuxWide { to, c, t, e, n }
                    }
                }
            }
            Op::OneOf(cases) => Ins::OneOf {
                to,
                cases: self.pairs(cases),
                n,
            },
            Op::Select(index, items) => {
                let items: Vec<(Id, Id)> = items.iter().map(|&item| (item, item)).collect();
                let (cases, index_width) = (self.pairs(&items), self.graph.width(*index));
                Ins::Select {
                    to,
                    index: self.at(*index),
                    index_width,
                    cases,
                    n,
                }
            }
            &Op::Shl(a, by) => {
                let by_width = self.graph.width(by);
                Ins::Shl {
                    to,
                    a: self.at(a),
                    by: self.at(by),
                    by_width,
                    width,
                }
            }
            &Op::Shr(a, by) => {
                let by_width = self.graph.width(by);
                Ins::Shr {
                    to,
                    a: self.at(a),
                    by: self.at(by),
                    by_width,
                    width,
                }
            }
            &Op::ReadNow(memory, addr) => Ins::ReadNow {
                to,
                memory,
                addr: self.at(addr),
                n,
            },
        };
        self.program.code.push(instruction);
    }

    fn pairs(&mut self, cases: &[(Id, Id)]) -> (u32, u32) {
        let from = self.program.pairs.len() as u32;
        for &(c, x) in cases {
            let pair = (self.at(c), self.at(x));
            self.program.pairs.push(pair);
        }
        (from, self.program.pairs.len() as u32)
    }

    fn first(&mut self, head: Id, to: Slot, n: u32) -> Ins {
        let mut cases = Vec::new();
        let mut rest = head;
        while let Op::Mux(c, t, e) = self.graph.node(rest).op {
            cases.push((c, t));
            rest = self.source(e);
            if !self.inner[rest as usize] {
                break;
            }
        }
        Ins::First {
            to,
            cases: self.pairs(&cases),
            or: self.at(rest),
            n,
        }
    }

    /// Fills `to` with `runs`, the first at bit 0.
    fn moves(&mut self, to: Slot, runs: &[Run]) {
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

    fn steps(&mut self, design: &Design) {
        let graph = self.graph;
        for reg in graph.regs.iter().filter(|reg| design.live.node(reg.q)) {
            let d = reg.d.expect("checked when the description ended");
            let step = RegStep {
                q: self.at(reg.q),
                d: self.at(d),
                en: reg.en.map(|en| self.at(en)),
                n: words::count(graph.width(reg.q)) as u32,
                reset: reg.reset.clone(),
            };
            self.program.regs.push(step);
        }
        for (index, memory) in graph.memories.iter().enumerate() {
            let mut step = MemStep {
                n: words::count(memory.width) as u32,
                depth: if design.live.has_memory(index) {
                    memory.depth
                } else {
                    0
                },
                writes: Vec::new(),
                reads: Vec::new(),
            };
            if design.live.has_memory(index) {
                let writes = memory.writes.iter().map(|w| (w.en, w.addr, w.data));
                let ports = memory.ports.iter().filter(|port| design.live.node(port.q));
                let port_writes = ports
                    .clone()
                    .filter_map(|p| p.write.map(|(en, data)| (en, p.addr, data)));
                step.writes = writes
                    .chain(port_writes)
                    .map(|(en, addr, data)| (self.at(en), self.at(addr), self.at(data)))
                    .collect();
                step.reads = ports
                    .map(|port| (self.at(port.addr), self.at(port.q)))
                    .collect();
            }
            self.program.memories.push(step);
        }
        let place = |group: &crate::graph::Group| Place {
            name: group.name.clone(),
            width: group.width,
            leaves: group
                .leaves
                .iter()
                .map(|leaf| (leaf.lo, leaf.width, self.at(leaf.id)))
                .collect(),
        };
        let leaves = |group: &crate::graph::Group| -> Vec<Place> {
            let one = |leaf: &crate::graph::Leaf| Place {
                name: leaf.name.clone(),
                width: leaf.width,
                leaves: vec![(0, leaf.width, self.at(leaf.id))],
            };
            let alone = group.leaves.len() == 1 && group.leaves[0].name == group.name;
            if alone {
                vec![]
            } else {
                group.leaves.iter().map(one).collect()
            }
        };
        let all = |groups: &[crate::graph::Group]| -> Vec<Place> {
            groups
                .iter()
                .map(place)
                .chain(groups.iter().flat_map(leaves))
                .collect()
        };
        let (inputs, outputs) = (all(&graph.inputs), all(&graph.outputs));
        (self.program.inputs, self.program.outputs) = (inputs, outputs);
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
