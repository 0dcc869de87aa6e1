//! What changes at a clock edge: registers and memories.

use super::expr::{bits, literal, range, Text};
use super::module::{place, Printer};
use crate::graph::{Id, Memory, Op, Part, Reg};
use crate::memory::Ram;
use std::collections::HashMap;
use std::fmt::Write as _;

impl Printer<'_> {
    /// Always blocks, registers with the same enable and reset together.
    pub(super) fn registers(&mut self, ids: &[Id]) {
        let mut groups: Vec<(Option<String>, bool, Vec<Id>)> = Vec::new();
        let mut known: HashMap<(Option<String>, bool), usize> = HashMap::new();
        let mut resting: Vec<Vec<Id>> = vec![Vec::new(); self.rest.valid.len()];
        for &id in ids {
            if let Op::Reg(index) = self.graph.node(id).op {
                if let Some(valid) = self.rest.waits(id) {
                    resting[valid as usize].push(id);
                    continue;
                }
                let reg = &self.graph.regs[index as usize];
                let en = reg.en.map(|en| self.operand(en).code);
                let key = (en.clone(), reg.reset.is_some());
                let group = *known.entry(key).or_insert_with(|| {
                    groups.push((en, reg.reset.is_some(), Vec::new()));
                    groups.len() - 1
                });
                groups[group].2.push(id);
            }
        }
        let resets = groups
            .iter()
            .filter(|(_, resets, _)| *resets)
            .flat_map(|(_, _, ids)| ids);
        let start: Vec<String> = resets.map(|&id| self.reset(id, "=")).collect();
        if !start.is_empty() {
            let _ = writeln!(self.out, "  initial begin\n{}\n  end", start.join("\n"));
        }
        for (en, resets, ids) in groups {
            let _ = write!(self.out, "  always @(posedge {})", self.style.clock);
            if resets {
                let _ = writeln!(self.out, "\n    if ({}) begin", self.style.reset);
                for &id in &ids {
                    let _ = writeln!(self.out, "{}", self.reset(id, "<="));
                }
            }
            let pad = if resets || en.is_some() { "    " } else { "  " };
            let lead = match (en, resets) {
                (Some(en), true) => format!("    end else if ({en}) begin"),
                (Some(en), false) => format!("\n    if ({en}) begin"),
                (None, true) => "    end else begin".into(),
                (None, false) => " begin".into(),
            };
            let _ = writeln!(self.out, "{lead}");
            for &id in &ids {
                let d = self.reg(id).d.expect("checked when the description ended");
                let [q, d] = [id, d].map(|id| self.operand(id).code);
                let _ = writeln!(self.out, "{pad}  {q} <= {d};");
            }
            let _ = writeln!(self.out, "{pad}end");
        }
        self.resting(resting);
    }

    /// Says when there is something in a clock.
    pub(super) fn busy(&mut self) {
        let valid: Vec<String> = self
            .rest
            .valid
            .iter()
            .map(|&id| self.operand(id).code)
            .collect();
        for (index, valid) in valid.into_iter().enumerate() {
            let name = self.names.claim(&format!("busy{index}"));
            let _ = write!(
                self.out,
                "`ifdef SYNTHESIS\n  wire {name} = 1'b1;\n`else\n  wire {name} = {valid};\n`endif\n"
            );
            self.busy.push(name);
        }
    }

    /// Registers that move where there is something, and the logic that only they need.
    fn resting(&mut self, groups: Vec<Vec<Id>>) {
        for (index, ids) in groups.into_iter().enumerate() {
            if ids.is_empty() {
                continue;
            }
            let (clock, busy) = (&self.style.clock, &self.busy[index]);
            let _ = write!(
                self.out,
                "  /* verilator lint_off BLKSEQ */\n  always @(posedge {clock})\n    if ({busy}) begin\n{}",
                self.waiting[index]
            );
            for id in ids {
                let d = self.reg(id).d.expect("checked when the description ended");
                let [q, d] = [id, d].map(|id| self.operand(id).code);
                let _ = writeln!(self.out, "      {q} <= {d};");
            }
            self.out
                .push_str("    end\n  /* verilator lint_on BLKSEQ */\n");
        }
    }

    /// The assignment of a reset value.
    fn reset(&self, id: Id, assign: &str) -> String {
        let value = self.reg(id).reset.as_deref().unwrap_or_default();
        let value = literal(value, self.graph.width(id));
        format!("      {} {assign} {value};", self.operand(id).code)
    }

    fn reg(&self, id: Id) -> &Reg {
        match self.graph.node(id).op {
            Op::Reg(index) => &self.graph.regs[index as usize],
            _ => unreachable!("only registers are asked for"),
        }
    }

    pub(super) fn declare_memory(&mut self, number: u32, memory: &Memory) {
        let name = self.names.claim(&memory.name);
        let index = self.names.claim(&format!("{name}_row"));
        let (style, width, last) = (memory.ram.style(), memory.width, memory.depth - 1);
        let _ = write!(
            self.out,
            "  (* ram_style = \"{style}\" *) reg {}{name} [0:{last}]; // {}\n\
             `ifndef SYNTHESIS\n  integer {index};\n  initial\n    for ({index} = 0; {index} <= {last}; \
             {index} = {index} + 1)\n      {name}[{index}] = {};\n`endif\n",
            range(width),
            place(memory.at),
            literal(&vec![0; crate::words::count(width)], width),
        );
        self.memories.insert(number, name);
    }

    /// A write of some parts of a row that keeps the others.
    fn whole_row(&self, name: &str, addr: &str, width: u32, parts: &[Part]) -> String {
        let row = |from: u32, to: u32| bits(&format!("{name}[{addr}]"), width, from, to - from);
        let mut sorted: Vec<&Part> = parts.iter().collect();
        sorted.sort_by_key(|part| part.lo);
        let (mut any, mut items, mut end) = (Vec::new(), Vec::new(), 0);
        for part in sorted {
            let [en, data] = [part.en, part.data].map(|id| self.operand(id));
            let (lo, hi) = (part.lo, part.lo + self.graph.width(part.data));
            if end < lo {
                items.push(row(end, lo));
            }
            items.push(Text::ternary(&en, &data, &Text::atom(row(lo, hi))).code);
            any.push(en.operand());
            end = hi;
        }
        if end < width {
            items.push(row(end, width));
        }
        items.reverse();
        format!(
            "    if ({}) {name}[{addr}] <= {};\n",
            self.list("", "", " |", any),
            self.list("{", "}", ",", items)
        )
    }

    /// One always block a port, the form that maps to block RAM.
    pub(super) fn memory_ports(&mut self, number: u32, memory: &Memory) {
        let name = self.memories[&number].clone();
        let clock = self.style.clock.clone();
        for write in &memory.writes {
            let addr = self.operand(write.addr).code;
            let parts: Vec<String> = write
                .parts
                .iter()
                .map(|part| {
                    let [en, data] = [part.en, part.data].map(|id| self.operand(id).code);
                    let width = self.graph.width(part.data);
                    let row = bits(&format!("{name}[{addr}]"), memory.width, part.lo, width);
                    format!("    if ({en}) {row} <= {data};")
                })
                .collect();
            if let [part] = &parts[..] {
                let _ = writeln!(self.out, "  always @(posedge {clock})\n{part}");
                continue;
            }
            // A simulator looks at every write in every clock: it has one of all parts instead.
            let whole = self.whole_row(&name, &addr, memory.width, &write.parts);
            let _ = write!(
                self.out,
                "`ifdef SYNTHESIS\n  always @(posedge {clock}) begin\n{}\n  end\n`else\n  always @(posedge {clock})\n{whole}`endif\n",
                parts.join("\n")
            );
        }
        for port in &memory.ports {
            let reads = self.design.live.node(port.q);
            let addr = self.operand(port.addr).code;
            match port.write {
                Some((en, data)) => {
                    let [en, data] = [en, data].map(|id| self.operand(id).code);
                    let q = self.operand(port.q).code;
                    let otherwise = if memory.ram == Ram::Ultra {
                        "else "
                    } else {
                        ""
                    };
                    let _ = writeln!(
                        self.out,
                        "  always @(posedge {clock}) begin\n    if ({en}) {name}[{addr}] <= {data};\n    \
                         {otherwise}{q} <= {name}[{addr}];\n  end"
                    );
                }
                None if reads => {
                    let q = self.operand(port.q).code;
                    let busy = match self.rest.waits(port.q) {
                        Some(valid) => format!("if ({}) ", self.busy[valid as usize]),
                        None => String::new(),
                    };
                    let _ = writeln!(
                        self.out,
                        "  always @(posedge {clock})\n    {busy}{q} <= {name}[{addr}];"
                    );
                }
                None => {}
            }
        }
    }
}
