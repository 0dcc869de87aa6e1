//! From nodes to instructions: what is needed, where it lies, how it is computed.

use super::concat::Run;
use super::program::{Ins, Program, Slot};
use crate::design::Design;
use crate::graph::{Graph, Id, Op};
use crate::words;

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

pub(super) struct Compiler<'a> {
    pub(super) graph: &'a Graph,
    need: Vec<bool>,
    uses: Vec<u32>,
    /// Computed as part of another node: the rest of a chain of choices.
    inner: Vec<bool>,
    pub(super) slot: Vec<Slot>,
    pub(super) program: Program,
}

impl Compiler<'_> {
    /// The node that holds the value of `id`.
    pub(super) fn source(&self, id: Id) -> Id {
        match self.graph.node(id).op {
            Op::Retime(of, _) | Op::Enter(of) | Op::Leave(of) => self.source(of),
            _ => id,
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
                    write.operands().for_each(|id| self.needed(id));
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

    pub(super) fn at(&self, id: Id) -> Slot {
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
}
