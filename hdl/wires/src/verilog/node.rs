//! One node as text: in place where it is used once and is short, else as a wire with a name.

use super::expr::{bits, literal, range, Binding, Text};
use super::module::{place, Printer};
use super::plan::resolve;
use crate::graph::{Id, Op};
use std::fmt::Write as _;

/// Text longer than this gets a wire of its own, or breaks.
const LONG: usize = 80;

impl Printer<'_> {
    /// Text of a node as it stands in another expression.
    pub(super) fn operand(&self, id: Id) -> Text {
        let id = resolve(self.graph, id);
        let node = self.graph.node(id);
        match &node.op {
            Op::Const(value) => Text::atom(literal(value, node.width)),
            _ => self.text[id as usize]
                .clone()
                .expect("nodes are printed in order"),
        }
    }

    /// Prints a node: a declaration, or text to be used in place.
    pub(super) fn node(&mut self, id: Id) {
        let index = id as usize;
        let node = self.graph.node(id);
        if self.text[index].is_some() || self.plan.chained[index] {
            return;
        }
        let text = match &node.op {
            Op::Input(_) | Op::Enter(_) | Op::Leave(_) => unreachable!("ports are printed first"),
            Op::Reg(_) | Op::Read(..) => {
                let name = self.name(id);
                let _ = writeln!(
                    self.out,
                    "  reg {}{name}; // {}",
                    range(node.width),
                    place(node.at)
                );
                self.text[index] = Some(Text::atom(name));
                return;
            }
            Op::Select(number, items) => {
                self.case(id, *number, items);
                return;
            }
            _ => self.expression(id),
        };
        let light = matches!(node.op, Op::Slice(..)) || self.plan.uses[index] <= 1;
        let broken = text.code.contains('\n');
        if light
            && node.name.is_none()
            && !self.plan.sliced[index]
            && text.code.len() <= LONG
            && !broken
        {
            self.text[index] = Some(text);
            return;
        }
        let name = self.name(id);
        let (range, place) = (range(node.width), place(node.at));
        let _ = match self.rest.waits(id) {
            None => writeln!(self.out, "  wire {range}{name} = {}; // {place}", text.code),
            Some(valid) => {
                let _ = writeln!(
                    self.waiting[valid as usize],
                    "      {name} = {};",
                    text.code
                );
                writeln!(self.out, "  reg {range}{name}; // {place}")
            }
        };
        self.text[index] = Some(Text::atom(name));
    }

    fn name(&mut self, id: Id) -> String {
        match &self.graph.node(id).name {
            Some(name) => self.names.claim(name),
            None => self.names.temporary(),
        }
    }

    fn expression(&mut self, id: Id) -> Text {
        let node = self.graph.node(id);
        let binary = |symbol, a, b| Text::binary(symbol, &self.operand(a), &self.operand(b));
        match &node.op {
            &Op::Not(a) => self.negated(a),
            &Op::And(a, b) => binary("&", a, b),
            &Op::Or(a, b) => binary("|", a, b),
            &Op::Xor(a, b) => binary("^", a, b),
            &Op::Add(a, b) => binary("+", a, b),
            &Op::Sub(a, b) => binary("-", a, b),
            &Op::Eq(a, b) => binary("==", a, b),
            &Op::Less(a, b) => binary("<", a, b),
            &Op::Shl(a, b) => binary("<<", a, b),
            &Op::Shr(a, b) => binary(">>", a, b),
            &Op::Any(a) => Text::unary("|", &self.operand(a)),
            &Op::All(a) => Text::unary("&", &self.operand(a)),
            &Op::Parity(a) => Text::unary("^", &self.operand(a)),
            &Op::Slice(a, lo) => {
                let name = self.operand(a).code;
                Text::atom(bits(&name, self.graph.width(a), lo, node.width))
            }
            Op::Cat(parts) => {
                let items = parts
                    .iter()
                    .rev()
                    .map(|&part| self.operand(part).code)
                    .collect();
                Text::atom(self.list("{", "}", ",", items))
            }
            Op::Mux(..) => self.choice(id),
            Op::OneOf(cases) => self.gates(cases, node.width),
            &Op::ReadNow(memory, addr) => Text::atom(format!(
                "{}[{}]",
                self.memories[&memory],
                self.operand(addr).code
            )),
            op => unreachable!("{op:?} is not an expression"),
        }
    }

    /// `~a`, or the opposite comparison.
    fn negated(&self, a: Id) -> Text {
        let inner = resolve(self.graph, a);
        let in_place = self.plan.uses[inner as usize] == 1 && self.graph.node(inner).name.is_none();
        match self.graph.node(inner).op {
            Op::Eq(a, b) if in_place => Text::binary("!=", &self.operand(a), &self.operand(b)),
            Op::Less(a, b) if in_place => Text::binary(">=", &self.operand(a), &self.operand(b)),
            _ => Text::unary("~", &self.operand(a)),
        }
    }

    /// A chain of choices, one a line where there is more than one.
    fn choice(&self, id: Id) -> Text {
        let mut cases = Vec::new();
        let mut rest = id;
        while let Op::Mux(c, t, e) = self.graph.node(rest).op {
            cases.push((self.operand(c), self.operand(t)));
            rest = resolve(self.graph, e);
            if !self.plan.chained[rest as usize] {
                break;
            }
        }
        let or = self.operand(rest);
        match &cases[..] {
            [(c, t)] if c.code.len() + t.code.len() + or.code.len() <= LONG => {
                Text::ternary(c, t, &or)
            }
            _ => {
                let mut code = String::new();
                for (c, t) in cases {
                    let _ = write!(code, "\n    {} ? {} :", c.operand(), t.operand());
                }
                let _ = write!(code, "\n    {}", or.operand());
                Text {
                    code,
                    binding: Binding::Ternary,
                }
            }
        }
    }

    /// OR of ANDs.
    fn gates(&self, cases: &[(Id, Id)], width: u32) -> Text {
        let gate = |&(c, x): &(Id, Id)| {
            let c = Text::atom(format!("{{{width}{{{}}}}}", self.operand(c).code));
            Text::binary("&", &c, &self.operand(x))
        };
        match cases {
            [one] => gate(one),
            _ => {
                let items = cases
                    .iter()
                    .map(|case| format!("({})", gate(case).code))
                    .collect();
                let code = self.list("", "", " |", items);
                Text {
                    code,
                    binding: Binding::Binary("|"),
                }
            }
        }
    }

    /// Items between brackets, in lines where they do not fit one.
    pub(super) fn list(
        &self,
        open: &str,
        close: &str,
        between: &str,
        items: Vec<String>,
    ) -> String {
        let length: usize = items.iter().map(|item| item.len() + 2).sum();
        if length <= LONG {
            return format!("{open}{}{close}", items.join(&format!("{between} ")));
        }
        let mut code = format!("{open}\n    ");
        let mut column = 0;
        for (index, item) in items.iter().enumerate() {
            if column > 0 && column + item.len() > LONG {
                code.push_str("\n    ");
                column = 0;
            } else if column > 0 {
                code.push(' ');
            }
            code.push_str(item);
            if index + 1 < items.len() {
                code.push_str(between);
            }
            column += item.len() + 2;
        }
        code + close
    }

    fn case(&mut self, id: Id, number: Id, items: &[Id]) {
        let node = self.graph.node(id);
        let name = self.name(id);
        let bits = self.graph.width(number);
        let _ = writeln!(
            self.out,
            "  reg {}{name}; // {}",
            range(node.width),
            place(node.at)
        );
        let mut code = format!("    case ({})\n", self.operand(number).code);
        for (index, &item) in items.iter().enumerate() {
            let label = match index + 1 == items.len() {
                true => "default".into(),
                false => literal(&[index as u64], bits),
            };
            let _ = writeln!(code, "      {label}: {name} = {};", self.operand(item).code);
        }
        code.push_str("    endcase\n");
        match self.rest.waits(id) {
            None => {
                let _ = write!(self.out, "  always @(*)\n{code}");
            }
            Some(valid) => self.waiting[valid as usize].push_str(&code),
        }
        self.text[id as usize] = Some(Text::atom(name));
    }
}
