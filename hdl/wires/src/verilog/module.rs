//! One module: ports, wires in the order of the description, instances, registers, memories.

use super::expr::{bits, range, Text};
use super::names::Names;
use super::plan::Plan;
use crate::design::{Design, Ports};
use crate::error::Loc;
use crate::graph::{joined, Graph, Id, Op};
use crate::rest::Rest;
use std::collections::HashMap;
use std::fmt::Write as _;

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
    pub(super) graph: &'a Graph,
    pub(super) design: &'a Design,
    pub(super) style: &'a Style,
    pub(super) plan: Plan,
    pub(super) rest: Rest,
    pub(super) text: Vec<Option<Text>>,
    done: HashMap<u32, Printed>,
    pub(super) names: Names,
    pub(super) memories: HashMap<u32, String>,
    /// The statements so far.
    pub(super) out: String,
    /// Those that wait for a valid bit, by its number in `rest`.
    pub(super) waiting: Vec<String>,
    /// Names of what says that they need not.
    pub(super) busy: Vec<String>,
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
            rest: Rest::of(&design.graph, &design.live),
            text: vec![None; design.graph.nodes.len()],
            done: HashMap::new(),
            names: Names::default(),
            memories: HashMap::new(),
            out: String::new(),
            waiting: Vec::new(),
            busy: Vec::new(),
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
        self.busy.clear();
        self.waiting = vec![String::new(); self.rest.valid.len()];
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
        if index == 0 {
            self.busy();
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
        let instance = self.names.claim(&format!("u_{}", module.name));
        let base = instance.trim_start_matches("u_").to_string();
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
            let node = self.graph.node(*leave);
            let name = match &node.name {
                Some(given) if !node.auto => self.names.claim(given),
                _ => self
                    .names
                    .claim(&joined(&base, port.trim_start_matches("o_"))),
            };
            let _ = writeln!(self.out, "  wire {}{name};", range(node.width));
            self.text[*leave as usize] = Some(Text::atom(name.clone()));
            pins.push(format!("    .{port}({name})"));
        }
        let (kind, place) = (&printed.name, place(module.at));
        let _ = writeln!(
            self.out,
            "  {kind} {instance} ( // {place}\n{}\n  );",
            pins.join(",\n")
        );
        self.done.insert(child, printed);
    }
}

/// `file.rs:12`.
pub(super) fn place(at: Loc) -> String {
    let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", at.line())
}
