//! Running a description: its ports, its blocks, and the [`Design`] that comes out.
//!
//! ```text
//!   build("core", .., || {                     module core
//!       let meta = input::<Meta>("meta");        meta ---> s1_parse ---> s2_route ---> meta_out
//!       let meta = block("s1_parse", meta, parse);
//!       let meta = block("s2_route", meta, route);
//!       output("meta_out", meta);
//!   })
//! ```

use crate::bundle::{leaves, make, Bundle};
use crate::error::{fail, here};
use crate::graph::{joined, run, with, Graph, Group, Leaf, Module, Op};
use crate::live::Live;
use crate::verilog;

/// How the bundles of `input` and `output` become ports of the top module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ports {
    /// One port per field: `meta_vrf`. Simulates faster, reads better.
    Fields,
    /// One port per bundle, the first field lowest. For a boundary that knows only vectors.
    Packed,
}

/// How a `block` is printed. Between blocks every field has its own port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blocks {
    /// As a module of its own; wires from outside may only come in through its input.
    Modules,
    /// In place.
    Inline,
}

/// Direction of a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dir {
    /// Into the design.
    In,
    /// Out of the design.
    Out,
}

/// A port of the top module. `clock` and `reset` (synchronous, active high), which come first in every
/// design, are not listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortInfo {
    /// Its name in the Verilog.
    pub name: String,
    /// Bits.
    pub width: usize,
    /// Which way.
    pub dir: Dir,
}

/// A finished description.
#[derive(Debug)]
pub struct Design {
    pub(crate) graph: Graph,
    pub(crate) live: Live,
    pub(crate) ports: Ports,
}

/// Runs `describe` as the description of module `name`.
#[track_caller]
pub fn build(name: &str, ports: Ports, blocks: Blocks, describe: impl FnOnce()) -> Design {
    let graph = run(
        Graph::new(name, blocks == Blocks::Modules, here()),
        describe,
    );
    if let Some(reg) = graph.regs.iter().find(|reg| reg.d.is_none()) {
        let node = graph.node(reg.q);
        let (register, module) = (
            graph.called(reg.q),
            &graph.modules[node.module as usize].name,
        );
        fail(
            node.at,
            format!("register {register} of {module} is never driven"),
        );
    }
    let live = Live::of(&graph);
    Design { graph, live, ports }
}

/// An input of the design; its wires are 0 clocks old.
#[track_caller]
pub fn input<T: Bundle>(name: &str) -> T {
    input_port(name, name)
}

/// [`input`] whose one port is called `port`.
#[track_caller]
pub(crate) fn input_port<T: Bundle>(port: &str, name: &str) -> T {
    let at = here();
    let index = with(at, |graph| {
        new_port(graph, name, at);
        graph.inputs.push(Group {
            name: name.into(),
            port: port.into(),
            width: T::W as u32,
            age: Some(0),
            leaves: vec![],
        });
        graph.inputs.len() as u32 - 1
    });
    let mut lo = 0;
    make(at, |graph, path, width| {
        let id = graph.fresh(Op::Input(index), width, Some(0), at);
        let name = joined(name, path);
        graph.call(id, &name);
        graph.inputs[index as usize].leaves.push(Leaf {
            name,
            lo,
            width,
            id,
        });
        lo += width;
        id
    })
}

/// An output of the design; its wires have one age.
#[track_caller]
pub fn output<T: Bundle>(name: &str, x: T) {
    output_port(name, name, x);
}

/// [`output`] whose one port is called `port`.
#[track_caller]
pub(crate) fn output_port<T: Bundle>(port: &str, name: &str, x: T) {
    let at = here();
    with(at, |graph| {
        new_port(graph, name, at);
        let mut group = Group {
            name: name.into(),
            port: port.into(),
            width: T::W as u32,
            age: None,
            leaves: vec![],
        };
        let mut lo = 0;
        let mut oldest: Option<(u32, String)> = None;
        x.visit("", &mut |path, wire| {
            let id = graph.take(wire, at);
            let (width, leaf) = (graph.width(id), joined(name, path));
            match (graph.node(id).age, &oldest) {
                (Some(age), Some((other, first))) if age != *other => fail(
                    at,
                    format!("output {name} has {first} {other} and {leaf} {age} clocks old"),
                ),
                (Some(age), None) => oldest = Some((age, leaf.clone())),
                _ => {}
            }
            group.leaves.push(Leaf {
                name: leaf,
                lo,
                width,
                id,
            });
            lo += width;
        });
        group.age = oldest.map(|(age, _)| age);
        graph.outputs.push(group);
    });
}

fn new_port(graph: &Graph, name: &str, at: crate::error::Loc) {
    if graph.module != 0 {
        fail(
            at,
            format!("port {name} inside a block: only the top description has ports"),
        );
    }
    if graph
        .inputs
        .iter()
        .chain(&graph.outputs)
        .any(|group| group.name == name)
    {
        fail(at, format!("port {name} declared twice"));
    }
}

/// A part of the design with a name: a module of its own, or printed in place, as [`Blocks`] says.
///
/// Wires come in through `x` and leave through the result. Constants may be used from anywhere.
#[track_caller]
pub fn block<I: Bundle, O: Bundle>(name: &str, x: I, describe: impl FnOnce(I) -> O) -> O {
    let at = here();
    if !with(at, |graph| graph.split) {
        return describe(x);
    }
    let (parent, child) = with(at, |graph| {
        let parent = graph.module;
        for wire in leaves(&x) {
            graph.take(wire, at);
        }
        graph.modules.push(Module {
            name: name.into(),
            parent,
            start: graph.nodes.len() as u32,
            at,
            outputs: Vec::new(),
        });
        graph.module = graph.modules.len() as u32 - 1;
        (parent, graph.module as usize)
    });
    let outside = leaves(&x);
    let mut leaf = 0;
    let inside: I = make(at, |graph, path, width| {
        let id = outside[leaf].id;
        leaf += 1;
        if graph.constant(id).is_some() {
            return id;
        }
        let age = graph.node(id).age;
        let enter = graph.node_for(Op::Enter(id), width, age, at);
        graph.call(enter, &joined("i", path));
        enter
    });
    let result = leaves(&describe(inside));
    with(at, |graph| {
        for &wire in &result {
            graph.take(wire, at);
        }
        graph.module = parent;
    });
    let mut leaf = 0;
    make(at, |graph, path, width| {
        let id = result[leaf].id;
        leaf += 1;
        match graph.node(id).op {
            // What passes straight through needs no port.
            Op::Enter(outside) => outside,
            _ if graph.constant(id).is_some() => id,
            _ => {
                let age = graph.node(id).age;
                let leave = graph.node_for(Op::Leave(id), width, age, at);
                graph.call(leave, &joined(name, path));
                graph.nodes[leave as usize].auto = true;
                let outputs = &mut graph.modules[child].outputs;
                if outputs.iter().all(|(known, _)| *known != leave) {
                    outputs.push((leave, joined("o", path)));
                }
                leave
            }
        }
    })
}

impl Design {
    /// Name of the top module.
    pub fn name(&self) -> &str {
        &self.graph.modules[0].name
    }

    /// The Verilog of the design and its blocks, the top module last.
    pub fn verilog(&self) -> String {
        verilog::design(self)
    }

    /// The ports of the top module, inputs first.
    pub fn ports(&self) -> Vec<PortInfo> {
        let groups = [
            (&self.graph.inputs, Dir::In),
            (&self.graph.outputs, Dir::Out),
        ];
        let mut list = Vec::new();
        for (group, dir) in groups
            .into_iter()
            .flat_map(|(groups, dir)| groups.iter().map(move |g| (g, dir)))
        {
            match self.ports {
                Ports::Packed => {
                    list.push(PortInfo {
                        name: group.port.clone(),
                        width: group.width as usize,
                        dir,
                    });
                }
                Ports::Fields => list.extend(group.leaves.iter().map(|leaf| PortInfo {
                    name: leaf.name.clone(),
                    width: leaf.width as usize,
                    dir,
                })),
            }
        }
        list
    }

    /// Clocks from the inputs to output `name`; `None` where it is timeless or there is no such output.
    pub fn latency(&self, name: &str) -> Option<u32> {
        self.graph
            .outputs
            .iter()
            .find(|group| group.name == name)?
            .age
    }
}
