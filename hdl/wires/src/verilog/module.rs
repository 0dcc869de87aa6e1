//! One module: ports, wires in the order of the description, instances, registers, memories.

use super::expr::{bits, literal, range, Text};
use super::names::Names;
use super::plan::{resolve, Plan};
use crate::design::{Design, Ports};
use crate::error::Loc;
use crate::graph::{Graph, Id, Memory, Op};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Text longer than this gets a wire of its own, or breaks.
const LONG: usize = 80;

/// What differs between a module of our own and a body inside somebody else's.
pub(crate) struct Style {
    pub clock: String,
    pub reset: String,
    /// Statements only: the ports are declared elsewhere.
    pub bare: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            clock: "clock".into(),
            reset: "reset".into(),
            bare: false,
        }
    }
}

/// A module as text, from its port list to before `endmodule`.
pub(crate) struct Printed {
    pub name: String,
    pub text: String,
    /// Port and wire of the parent.
    inputs: Vec<(String, Id)>,
    outputs: Vec<(String, Id)>,
    clock: bool,
    reset: bool,
}

/// Prints the modules of one design, children first.
pub(crate) struct Printer<'a> {
    graph: &'a Graph,
    design: &'a Design,
    style: &'a Style,
    plan: Plan,
    text: Vec<Option<Text>>,
    done: HashMap<u32, Printed>,
    names: Names,
    memories: HashMap<u32, String>,
    /// The statements so far.
    out: String,
}

/// A port of the module that is being printed.
struct PortLine {
    dir: &'static str,
    width: u32,
    name: String,
}

impl<'a> Printer<'a> {
    pub fn new(design: &'a Design, style: &'a Style) -> Self {
        Printer {
            graph: &design.graph,
            design,
            style,
            plan: Plan::of(design),
            text: vec![None; design.graph.nodes.len()],
            done: HashMap::new(),
            names: Names::default(),
            memories: HashMap::new(),
            out: String::new(),
        }
    }

    pub fn done(&mut self, index: u32, printed: Printed) {
        self.done.insert(index, printed);
    }

    /// The module of block `index`; `None` where nothing of it is needed.
    pub fn block(&mut self, index: u32) -> Option<Printed> {
        let module = &self.graph.modules[index as usize];
        let outputs: Vec<(Id, &str)> = module
            .outputs
            .iter()
            .filter(|(leave, _)| self.design.live.node(*leave))
            .map(|(leave, path)| (*leave, path.as_str()))
            .collect();
        if outputs.is_empty() {
            return None;
        }
        let (clock, reset) = self.clocked(index);
        self.begin();
        let mut ports = Vec::new();
        let mut inputs = Vec::new();
        for id in self.plan.by_module[index as usize].clone() {
            if let Op::Enter(outside) = self.graph.node(id).op {
                let name = self.names.claim(self.graph.called(id));
                self.text[id as usize] = Some(Text::atom(name.clone()));
                ports.push(PortLine {
                    dir: "input",
                    width: self.graph.width(id),
                    name: name.clone(),
                });
                inputs.push((name, outside));
            }
        }
        let outputs: Vec<(String, Id)> = outputs
            .into_iter()
            .map(|(leave, path)| (self.names.claim(path), leave))
            .collect();
        for (name, leave) in &outputs {
            ports.push(PortLine {
                dir: "output",
                width: self.graph.width(*leave),
                name: name.clone(),
            });
        }
        self.statements(index);
        for (name, leave) in &outputs {
            if let Op::Leave(inside) = self.graph.node(*leave).op {
                let value = self.operand(inside).code;
                let _ = writeln!(self.out, "  assign {name} = {value};");
            }
        }
        let text = self.finish(clock, reset, &ports);
        Some(Printed {
            name: String::new(),
            text,
            inputs,
            outputs,
            clock,
            reset,
        })
    }

    /// The top module.
    pub fn top(&mut self) -> Printed {
        self.begin();
        let packed = self.design.ports == Ports::Packed;
        let graph = self.graph;
        let mut ports = Vec::new();
        let mut port = |names: &mut Names, dir, name: &str, width| {
            let name = names.claim(name);
            ports.push(PortLine {
                dir,
                width,
                name: name.clone(),
            });
            name
        };
        let mut slices = Vec::new();
        for group in graph.inputs.iter().filter(|group| group.width > 0) {
            if packed {
                slices.push((
                    port(&mut self.names, "input", &group.port, group.width),
                    group,
                ));
            } else {
                for leaf in &group.leaves {
                    let name = port(&mut self.names, "input", &leaf.name, leaf.width);
                    self.text[leaf.id as usize] = Some(Text::atom(name));
                }
            }
        }
        let mut assigned: Vec<(String, Vec<Id>)> = Vec::new();
        for group in graph.outputs.iter().filter(|group| group.width > 0) {
            if packed {
                let name = port(&mut self.names, "output", &group.port, group.width);
                assigned.push((
                    name,
                    group.leaves.iter().rev().map(|leaf| leaf.id).collect(),
                ));
            } else {
                for leaf in &group.leaves {
                    let name = port(&mut self.names, "output", &leaf.name, leaf.width);
                    assigned.push((name, vec![leaf.id]));
                }
            }
        }
        for (name, group) in slices {
            for leaf in group
                .leaves
                .iter()
                .filter(|leaf| self.design.live.node(leaf.id))
            {
                let value = bits(&name, group.width, leaf.lo, leaf.width);
                let text = match leaf.width == group.width {
                    true => value,
                    false => {
                        let wire = self.names.claim(&leaf.name);
                        let _ = writeln!(self.out, "  wire {}{wire} = {value};", range(leaf.width));
                        wire
                    }
                };
                self.text[leaf.id as usize] = Some(Text::atom(text));
            }
        }
        self.statements(0);
        for (name, ids) in assigned {
            let value = match ids[..] {
                [id] => self.operand(id).code,
                _ => self.list(
                    "{",
                    "}",
                    ",",
                    ids.iter().map(|&id| self.operand(id).code).collect(),
                ),
            };
            let _ = writeln!(self.out, "  assign {name} = {value};");
        }
        let (clock, reset) = self.clocked(0);
        let text = if self.style.bare {
            std::mem::take(&mut self.out)
        } else {
            self.finish(true, true, &ports)
        };
        Printed {
            name: String::new(),
            text,
            inputs: vec![],
            outputs: vec![],
            clock,
            reset,
        }
    }

    fn begin(&mut self) {
        self.names = Names::default();
        self.names.claim(&self.style.clock);
        self.names.claim(&self.style.reset);
        self.memories.clear();
        self.out.clear();
    }

    fn finish(&mut self, clock: bool, reset: bool, ports: &[PortLine]) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (wanted, name) in [(clock, &self.style.clock), (reset, &self.style.reset)] {
            if wanted {
                lines.push(format!("  input  wire {name}"));
            }
        }
        for PortLine { dir, width, name } in ports {
            lines.push(format!("  {dir:6} wire {}{name}", range(*width)));
        }
        format!("(\n{}\n);\n{}", lines.join(",\n"), self.out)
    }

    /// Whether the module holds anything that needs a clock, and anything that is reset.
    fn clocked(&self, index: u32) -> (bool, bool) {
        let (mut clock, mut reset) = (false, false);
        for &id in &self.plan.by_module[index as usize] {
            match self.graph.node(id).op {
                Op::Reg(reg) => {
                    clock = true;
                    reset |= self.graph.regs[reg as usize].reset.is_some();
                }
                Op::Read(..) | Op::ReadNow(..) => clock = true,
                _ => {}
            }
        }
        for child in self.children(index) {
            clock |= child.clock;
            reset |= child.reset;
        }
        (clock, reset)
    }

    fn children(&self, index: u32) -> impl Iterator<Item = &Printed> {
        let graph = self.graph;
        self.done
            .iter()
            .filter(move |(child, _)| graph.modules[**child as usize].parent == index)
            .map(|(_, p)| p)
    }

    /// Everything between the ports and the outputs.
    fn statements(&mut self, index: u32) {
        let graph = self.graph;
        for (number, memory) in graph.memories.iter().enumerate() {
            if memory.module == index && self.design.live.has_memory(number) {
                self.declare_memory(number as u32, memory);
            }
        }
        let mut children: Vec<u32> = self
            .done
            .keys()
            .copied()
            .filter(|&child| child != 0 && graph.modules[child as usize].parent == index)
            .collect();
        children.sort_unstable_by_key(|&child| std::cmp::Reverse(child));
        let ids = std::mem::take(&mut self.plan.by_module[index as usize]);
        for &id in &ids {
            while children
                .last()
                .is_some_and(|&child| graph.modules[child as usize].start <= id)
            {
                self.instance(children.pop().expect("just seen"));
            }
            self.node(id);
        }
        while let Some(child) = children.pop() {
            self.instance(child);
        }
        self.registers(&ids);
        for (number, memory) in graph.memories.iter().enumerate() {
            if memory.module == index && self.design.live.has_memory(number) {
                self.memory_ports(number as u32, memory);
            }
        }
        self.plan.by_module[index as usize] = ids;
    }

    fn instance(&mut self, child: u32) {
        let printed = self
            .done
            .remove(&child)
            .expect("children are printed first");
        let module = &self.graph.modules[child as usize];
        let mut pins = Vec::new();
        for (wanted, name) in [
            (printed.clock, &self.style.clock),
            (printed.reset, &self.style.reset),
        ] {
            if wanted {
                pins.push(format!("    .{name}({name})"));
            }
        }
        for (port, outside) in &printed.inputs {
            pins.push(format!("    .{port}({})", self.operand(*outside).code));
        }
        for (port, leave) in &printed.outputs {
            let width = self.graph.width(*leave);
            let name = self.names.claim(self.graph.called(*leave));
            let _ = writeln!(self.out, "  wire {}{name};", range(width));
            self.text[*leave as usize] = Some(Text::atom(name.clone()));
            pins.push(format!("    .{port}({name})"));
        }
        let instance = self.names.claim(&format!("u_{}", module.name));
        let (kind, place) = (&printed.name, place(module.at));
        let _ = writeln!(
            self.out,
            "  {kind} {instance} ( // {place}\n{}\n  );",
            pins.join(",\n")
        );
        self.done.insert(child, printed);
    }

    /// Text of a node as it stands in another expression.
    fn operand(&self, id: Id) -> Text {
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
    fn node(&mut self, id: Id) {
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
        let _ = writeln!(
            self.out,
            "  wire {}{name} = {}; // {}",
            range(node.width),
            text.code,
            place(node.at)
        );
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
            [(c, t)] => Text::ternary(c, t, &or),
            _ => {
                let mut code = String::new();
                for (c, t) in cases {
                    let _ = write!(code, "\n    {} ? {} :", c.operand(), t.operand());
                }
                let _ = write!(code, "\n    {}", or.operand());
                Text {
                    code,
                    binding: super::expr::Binding::Ternary,
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
                    binding: super::expr::Binding::Binary("|"),
                }
            }
        }
    }

    /// Items between brackets, in lines where they do not fit one.
    fn list(&self, open: &str, close: &str, between: &str, items: Vec<String>) -> String {
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
        let _ = writeln!(
            self.out,
            "  always @(*)\n    case ({})",
            self.operand(number).code
        );
        for (index, &item) in items.iter().enumerate() {
            let label = match index + 1 == items.len() {
                true => "default".into(),
                false => literal(&[index as u64], bits),
            };
            let _ = writeln!(
                self.out,
                "      {label}: {name} = {};",
                self.operand(item).code
            );
        }
        let _ = writeln!(self.out, "    endcase");
        self.text[id as usize] = Some(Text::atom(name));
    }

    /// Always blocks, registers with the same enable and reset together.
    fn registers(&mut self, ids: &[Id]) {
        let mut groups: Vec<(Option<String>, bool, Vec<Id>)> = Vec::new();
        let mut known: HashMap<(Option<String>, bool), usize> = HashMap::new();
        for &id in ids {
            if let Op::Reg(index) = self.graph.node(id).op {
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
        for (en, resets, ids) in groups {
            let _ = writeln!(self.out, "  always @(posedge {})", self.style.clock);
            let mut lead = String::from("    begin");
            if resets {
                let _ = writeln!(self.out, "    if ({}) begin", self.style.reset);
                for &id in &ids {
                    let value = match self.reg(id).reset.as_deref() {
                        Some(value) => literal(value, self.graph.width(id)),
                        None => continue,
                    };
                    let _ = writeln!(self.out, "      {} <= {value};", self.operand(id).code);
                }
                lead = "    end else begin".into();
            }
            match en {
                Some(en) if resets => lead = format!("    end else if ({en}) begin"),
                Some(en) => lead = format!("    if ({en}) begin"),
                None => {}
            }
            let _ = writeln!(self.out, "{lead}");
            for &id in &ids {
                let d = self.reg(id).d.expect("checked when the description ended");
                let _ = writeln!(
                    self.out,
                    "      {} <= {};",
                    self.operand(id).code,
                    self.operand(d).code
                );
            }
            let _ = writeln!(self.out, "    end");
        }
    }

    fn reg(&self, id: Id) -> &'a crate::graph::Reg {
        match self.graph.node(id).op {
            Op::Reg(index) => &self.graph.regs[index as usize],
            _ => unreachable!("only registers are asked for"),
        }
    }

    fn declare_memory(&mut self, number: u32, memory: &Memory) {
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

    /// One always block a port, the form that maps to block RAM.
    fn memory_ports(&mut self, number: u32, memory: &Memory) {
        let name = self.memories[&number].clone();
        let clock = self.style.clock.clone();
        for write in &memory.writes {
            let [en, addr, data] =
                [write.en, write.addr, write.data].map(|id| self.operand(id).code);
            let _ = writeln!(
                self.out,
                "  always @(posedge {clock})\n    if ({en}) {name}[{addr}] <= {data};"
            );
        }
        for port in &memory.ports {
            let reads = self.design.live.node(port.q);
            let addr = self.operand(port.addr).code;
            match port.write {
                Some((en, data)) => {
                    let [en, data] = [en, data].map(|id| self.operand(id).code);
                    let q = self.operand(port.q).code;
                    let _ = writeln!(
                        self.out,
                        "  always @(posedge {clock}) begin\n    if ({en}) {name}[{addr}] <= {data};\n    \
                         {q} <= {name}[{addr}];\n  end"
                    );
                }
                None if reads => {
                    let q = self.operand(port.q).code;
                    let _ = writeln!(
                        self.out,
                        "  always @(posedge {clock})\n    {q} <= {name}[{addr}];"
                    );
                }
                None => {}
            }
        }
    }
}

/// `file.rs:12`.
fn place(at: Loc) -> String {
    let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", at.line())
}
