//! The description while it runs: a list of nodes in which each node refers only to earlier ones.
//!
//! ```text
//!   U<16> ---.                 nodes:  0 Input   1 Const   2 Add(0, 1)   3 Reg(0)  ..
//!   (id 2)   |                 regs:   0 { d: 2, en: -, reset: - }
//!            '--> Graph        memories, modules (one per block), ports
//! ```
//!
//! Equal nodes of one module are made once (hash-consing). Because feedback goes through registers,
//! whose input is filled in later, the list is already in evaluation order.

use crate::error::{fail, here, Loc};
use crate::memory::Ram;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) type Id = u32;

/// A wire whose width is not in its type: what a [`Bundle`](crate::Bundle) is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wire {
    pub(crate) id: Id,
    /// Which description it belongs to.
    owner: u32,
}

impl Wire {
    /// A wire of no description.
    pub(crate) fn nowhere() -> Self {
        Wire { id: 0, owner: 0 }
    }
}

/// What a node computes from earlier nodes. Operands have equal widths unless said otherwise.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Op {
    Const(Box<[u64]>),
    /// One leaf of an input port.
    Input(u32),
    /// A wire of the parent module, seen inside a block.
    Enter(Id),
    /// A wire of a block, seen in its parent.
    Leave(Id),
    /// The same value with another age.
    Retime(Id, Option<u32>),
    Not(Id),
    And(Id, Id),
    Or(Id, Id),
    Xor(Id, Id),
    Add(Id, Id),
    Sub(Id, Id),
    Eq(Id, Id),
    Less(Id, Id),
    Any(Id),
    All(Id),
    Parity(Id),
    /// Bits from the given one on, as many as the node is wide.
    Slice(Id, u32),
    /// Parts from bit 0 upwards.
    Cat(Box<[Id]>),
    Mux(Id, Id, Id),
    /// Or of the values whose condition holds.
    OneOf(Box<[(Id, Id)]>),
    /// Item by index; past the end, the last item.
    Select(Id, Box<[Id]>),
    Shl(Id, Id),
    Shr(Id, Id),
    /// Output of a register.
    Reg(u32),
    /// Registered output of a memory port: memory, port.
    Read(u32, u32),
    /// A memory row in the same clock.
    ReadNow(u32, Id),
}

impl Op {
    /// Calls `f` with each node this one needs in the same clock.
    pub(crate) fn operands(&self, mut f: impl FnMut(Id)) {
        match self {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Read(..) => {}
            &Op::Enter(a) | &Op::Leave(a) | &Op::Retime(a, _) | &Op::Not(a) => f(a),
            &Op::Any(a) | &Op::All(a) | &Op::Parity(a) | &Op::Slice(a, _) => f(a),
            &Op::ReadNow(_, a) => f(a),
            &Op::And(a, b) | &Op::Or(a, b) | &Op::Xor(a, b) | &Op::Add(a, b) => {
                f(a);
                f(b);
            }
            &Op::Sub(a, b) | &Op::Eq(a, b) | &Op::Less(a, b) | &Op::Shl(a, b) | &Op::Shr(a, b) => {
                f(a);
                f(b);
            }
            Op::Cat(parts) => parts.iter().for_each(|&part| f(part)),
            &Op::Mux(c, t, e) => [c, t, e].into_iter().for_each(f),
            Op::OneOf(cases) => cases.iter().for_each(|&(c, x)| {
                f(c);
                f(x);
            }),
            Op::Select(index, items) => {
                f(*index);
                items.iter().for_each(|&item| f(item));
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Node {
    pub op: Op,
    pub width: u32,
    /// Clocks since the inputs; `None` for what does not belong to a clock.
    pub age: Option<u32>,
    pub module: u32,
    pub at: Loc,
    pub name: Option<Box<str>>,
    /// The name was made up, and one that is given replaces it.
    pub auto: bool,
}

#[derive(Debug)]
pub(crate) struct Reg {
    pub q: Id,
    pub d: Option<Id>,
    pub en: Option<Id>,
    /// Value after reset; `None` where reset leaves the register alone.
    pub reset: Option<Box<[u64]>>,
}

#[derive(Debug)]
pub(crate) struct Memory {
    pub name: String,
    pub depth: usize,
    pub width: u32,
    pub ram: Ram,
    pub module: u32,
    pub at: Loc,
    pub writes: Vec<Write>,
    pub ports: Vec<Port>,
}

/// A write-only port.
#[derive(Debug)]
pub(crate) struct Write {
    pub addr: Id,
    /// What of the row can be written on its own.
    pub parts: Vec<Part>,
}

/// Bits of a row with an enable of their own.
#[derive(Debug)]
pub(crate) struct Part {
    pub en: Id,
    pub data: Id,
    /// The lowest bit of the row; as many as the data has.
    pub lo: u32,
}

impl Write {
    /// Every node it needs.
    pub fn operands(&self) -> impl Iterator<Item = Id> + '_ {
        let parts = self.parts.iter().flat_map(|part| [part.en, part.data]);
        std::iter::once(self.addr).chain(parts)
    }
}

/// A port with a registered read, which may write at the same address.
#[derive(Debug)]
pub(crate) struct Port {
    pub q: Id,
    pub addr: Id,
    /// Enable and data.
    pub write: Option<(Id, Id)>,
}

#[derive(Debug)]
pub(crate) struct Module {
    pub name: String,
    pub parent: u32,
    /// Nodes of the parent below this id stand before the instance.
    pub start: Id,
    pub at: Loc,
    /// What leaves the block: the wire in the parent, and its path in the result.
    pub outputs: Vec<(Id, String)>,
}

/// One `input(..)` or `output(..)`: a bundle and its leaves.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub name: String,
    /// Its name in the Verilog where it is one port.
    pub port: String,
    pub width: u32,
    pub age: Option<u32>,
    pub leaves: Vec<Leaf>,
}

#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Name of the port where each field has its own.
    pub name: String,
    pub lo: u32,
    pub width: u32,
    pub id: Id,
}

#[derive(Debug)]
pub(crate) struct Graph {
    owner: u32,
    pub nodes: Vec<Node>,
    known: HashMap<(u32, u32, Op), Id>,
    pub regs: Vec<Reg>,
    pub memories: Vec<Memory>,
    pub modules: Vec<Module>,
    /// The module that is being described.
    pub module: u32,
    /// Whether a block becomes a module.
    pub split: bool,
    pub inputs: Vec<Group>,
    pub outputs: Vec<Group>,
    /// Valid bits of inputs that mean nothing without them.
    pub rests: Vec<Id>,
}

thread_local! {
    /// Descriptions that run on this thread, the innermost last.
    static RUNNING: RefCell<Vec<Graph>> = const { RefCell::new(Vec::new()) };
}

/// Works on the description that is running.
pub(crate) fn with<R>(at: Loc, f: impl FnOnce(&mut Graph) -> R) -> R {
    RUNNING.with_borrow_mut(|running| match running.last_mut() {
        Some(graph) => f(graph),
        None => fail(
            at,
            "wires exist only while a description runs: call this inside build(..)",
        ),
    })
}

/// Runs `f` as the description of `graph`, which comes back even where `f` panics and is then dropped.
pub(crate) fn run(graph: Graph, f: impl FnOnce()) -> Graph {
    struct Running;
    impl Drop for Running {
        fn drop(&mut self) {
            if std::thread::panicking() {
                RUNNING.with_borrow_mut(|running| running.pop());
            }
        }
    }
    RUNNING.with_borrow_mut(|running| running.push(graph));
    let guard = Running;
    f();
    drop(guard);
    RUNNING
        .with_borrow_mut(|running| running.pop())
        .expect("pushed above")
}

impl Graph {
    pub fn new(name: &str, split: bool, at: Loc) -> Self {
        static OWNERS: AtomicU32 = AtomicU32::new(1);
        Graph {
            owner: OWNERS.fetch_add(1, Ordering::Relaxed),
            nodes: Vec::new(),
            known: HashMap::new(),
            regs: Vec::new(),
            memories: Vec::new(),
            modules: vec![Module {
                name: name.into(),
                parent: 0,
                start: 0,
                at,
                outputs: Vec::new(),
            }],
            module: 0,
            split,
            inputs: Vec::new(),
            outputs: Vec::new(),
            rests: Vec::new(),
        }
    }

    pub fn wire(&self, id: Id) -> Wire {
        Wire {
            id,
            owner: self.owner,
        }
    }

    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    pub fn width(&self, id: Id) -> u32 {
        self.node(id).width
    }

    /// The node of `wire`, checked to be usable in the module that is being described.
    pub fn take(&self, wire: Wire, at: Loc) -> Id {
        if wire.owner != self.owner {
            fail(at, "wire of another description used here");
        }
        let node = self.node(wire.id);
        if node.module != self.module && self.constant(wire.id).is_none() {
            fail(
                at,
                "wire of another module used here: pass it in through the block's input",
            );
        }
        wire.id
    }

    /// How an error speaks of a wire.
    pub fn called(&self, id: Id) -> &str {
        self.node(id).name.as_deref().unwrap_or("a wire")
    }

    pub fn constant(&self, id: Id) -> Option<&[u64]> {
        match &self.node(id).op {
            Op::Const(words) => Some(words),
            &Op::Retime(of, _) => self.constant(of),
            _ => None,
        }
    }

    /// The one age of `ids`, or an error that names both.
    pub fn age(&self, ids: &[Id], at: Loc) -> Option<u32> {
        let mut found: Option<(u32, Id)> = None;
        for &id in ids {
            match (self.node(id).age, found) {
                (Some(age), None) => found = Some((age, id)),
                (Some(age), Some((other, first))) if age != other => {
                    let named = [first, id].map(|id| self.called(id));
                    let which = match named {
                        ["a wire", "a wire"] => String::new(),
                        [a, b] => format!(" ({a} and {b})"),
                    };
                    fail(
                        at,
                        format!("meets wires {other} and {age} clocks old{which}"),
                    );
                }
                _ => {}
            }
        }
        found.map(|(age, _)| age)
    }

    /// A node that is like no other: a register, a port.
    pub fn fresh(&mut self, op: Op, width: u32, age: Option<u32>, at: Loc) -> Id {
        let id = self.nodes.len() as Id;
        self.nodes.push(Node {
            op,
            width,
            age,
            module: self.module,
            at,
            name: None,
            auto: false,
        });
        id
    }

    /// The node that computes `op`, made if there is none.
    pub fn node_for(&mut self, op: Op, width: u32, age: Option<u32>, at: Loc) -> Id {
        let module = if matches!(op, Op::Const(_)) {
            0
        } else {
            self.module
        };
        if let Some(&id) = self.known.get(&(module, width, op.clone())) {
            return id;
        }
        let id = self.fresh(op.clone(), width, age, at);
        self.known.insert((module, width, op), id);
        id
    }

    /// Gives a node its name, unless it has one.
    pub fn call(&mut self, id: Id, name: &str) {
        let id = match self.node(id).op {
            Op::Retime(of, _) => return self.call(of, name),
            _ => id,
        };
        let node = &mut self.nodes[id as usize];
        if (node.name.is_none() || node.auto) && !matches!(node.op, Op::Const(_)) {
            node.name = Some(name.into());
            node.auto = false;
        }
    }
}

/// The wires of one name and a suffix each: `key`, or `key_src`.
pub(crate) fn joined(name: &str, path: &str) -> String {
    match (name, path) {
        (name, "") => name.into(),
        ("", path) => path.into(),
        _ => format!("{name}_{path}"),
    }
}

#[track_caller]
pub(crate) fn with_here<R>(f: impl FnOnce(&mut Graph, Loc) -> R) -> R {
    let at = here();
    with(at, |graph| f(graph, at))
}
