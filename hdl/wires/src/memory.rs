//! Memories: rows of one bundle, read a clock later, written at the end of a clock.
//!
//! ```text
//!                 | two ports of one clock | read while another port writes | read of the port that writes
//!   Block         | each reads and writes  | the old row                    | the old row
//!   Ultra         | each reads or writes   | the old row                    | keeps what it had
//! ```
//! Each port is one always block, the form that synthesis maps to block RAM; contents are zero at the start of a
//! simulation, and a reset leaves them alone. An UltraRAM starts with zeros on a device as well, and does what port A wants
//! before what port B wants (UG573): synthesis takes A for the port that only reads. An address behind the last row
//! reads anything and writes nothing.

use crate::bundle::{leaves, make, Bundle};
use crate::error::{fail, here, Loc};
use crate::graph::{with, Graph, Id, Memory, Op, Part, Port, Wire, Write};
use crate::wire::{Bit, U};
use std::marker::PhantomData;

/// What a memory is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ram {
    /// Block RAM.
    Block,
    /// LUT RAM, which can also be read within the clock.
    Distributed,
    /// UltraRAM.
    Ultra,
}

impl Ram {
    /// Its name as a `ram_style`.
    pub fn style(self) -> &'static str {
        match self {
            Ram::Block => "block",
            Ram::Distributed => "distributed",
            Ram::Ultra => "ultra",
        }
    }
}

/// A memory of rows of `Row`.
#[derive(Clone, Copy, Debug)]
pub struct Mem<Row> {
    index: usize,
    row: PhantomData<Row>,
}

/// A memory of `depth` rows, two or more.
#[track_caller]
pub fn memory<Row: Bundle>(name: &str, depth: usize, ram: Ram) -> Mem<Row> {
    let at = here();
    if depth < 2 {
        fail(
            at,
            format!("memory {name} has {depth} words, which is less than two"),
        );
    }
    if Row::W == 0 {
        fail(at, format!("memory {name} has rows of no bits"));
    }
    with(at, |graph| {
        graph.memories.push(Memory {
            name: name.into(),
            depth,
            width: Row::W as u32,
            ram,
            module: graph.module,
            at,
            writes: Vec::new(),
            ports: Vec::new(),
        });
        Mem {
            index: graph.memories.len() - 1,
            row: PhantomData,
        }
    })
}

/// What selects a row: a wire of exactly as many bits as the depth needs, or the [`low`] ones of a wider wire.
pub trait Address: Copy {
    /// The wire, and whether the bits above the depth are left out on purpose.
    fn wire(self) -> (Wire, bool);
}

impl<const A: usize> Address for U<A> {
    fn wire(self) -> (Wire, bool) {
        (self.0, false)
    }
}

/// See [`low`].
#[derive(Clone, Copy, Debug)]
pub struct Low<const A: usize>(U<A>);

/// As many low bits of `addr` as the depth of the memory needs, which may be known only when the description runs.
pub fn low<const A: usize>(addr: U<A>) -> Low<A> {
    Low(addr)
}

impl<const A: usize> Address for Low<A> {
    fn wire(self) -> (Wire, bool) {
        (self.0 .0, true)
    }
}

impl<Row: Bundle> Mem<Row> {
    fn address(self, graph: &mut Graph, addr: (Wire, bool), at: Loc) -> Id {
        let (addr, cut) = addr;
        let memory = &graph.memories[self.index];
        if memory.module != graph.module {
            let name = &memory.name;
            fail(
                at,
                format!("memory {name} of another module used here: describe it in this block"),
            );
        }
        let wanted = memory.depth.next_power_of_two().trailing_zeros();
        let addr = graph.take(addr, at);
        let bits = graph.width(addr);
        if cut && bits > wanted {
            return graph.slice(addr, 0, wanted, at);
        }
        let memory = &graph.memories[self.index];
        if wanted != bits {
            let (name, depth) = (&memory.name, memory.depth);
            fail(
                at,
                format!("memory {name} has {depth} words, address has {bits} bits"),
            );
        }
        addr
    }

    fn packed(graph: &mut Graph, row: &Row, at: Loc) -> Id {
        let parts: Vec<Id> = leaves(row)
            .into_iter()
            .map(|part| graph.take(part, at))
            .collect();
        graph.cat(&parts, at)
    }

    fn unpacked(at: Loc, word: Id) -> Row {
        let mut lo = 0;
        make(at, |graph, _, width| {
            lo += width;
            graph.slice(word, lo - width, width, at)
        })
    }

    /// The row at `addr`, a clock later; its register is called `name`.
    #[track_caller]
    pub fn read(self, name: &str, addr: impl Address) -> Row {
        let at = here();
        let q = with(at, |graph| {
            let addr = self.address(graph, addr.wire(), at);
            self.attach(graph, name, addr, None, at)
        });
        Self::unpacked(at, q)
    }

    /// The row at `addr` in this clock; only distributed RAM can.
    #[track_caller]
    pub fn read_now(self, addr: impl Address) -> Row {
        let at = here();
        let word = with(at, |graph| {
            let addr = self.address(graph, addr.wire(), at);
            let Memory {
                name, ram, width, ..
            } = &graph.memories[self.index];
            if *ram != Ram::Distributed {
                fail(
                    at,
                    format!(
                        "memory {name} is {} RAM, which cannot be read within a clock",
                        ram.style()
                    ),
                );
            }
            let width = *width;
            let age = graph.age(&[addr], at);
            graph.node_for(Op::ReadNow(self.index as u32, addr), width, age, at)
        });
        Self::unpacked(at, word)
    }

    /// Writes `row` at `addr` at the end of this clock where `en` is set.
    #[track_caller]
    pub fn write(self, en: Bit, addr: impl Address, row: Row) {
        let at = here();
        with(at, |graph| {
            let addr = self.address(graph, addr.wire(), at);
            let en = graph.take(en.0, at);
            let data = Self::packed(graph, &row, at);
            graph.age(&[en, addr, data], at);
            let parts = vec![Part { en, data, lo: 0 }];
            graph.memories[self.index]
                .writes
                .push(Write { addr, parts });
        });
    }

    /// One port at one address: writes `row` where `write` is set, and reads the old row, a clock later.
    /// With one [`Mem::read`] it makes a true dual-port block RAM.
    #[track_caller]
    pub fn port(self, name: &str, write: Bit, addr: impl Address, row: Row) -> Row {
        let at = here();
        let q = with(at, |graph| {
            let addr = self.address(graph, addr.wire(), at);
            let en = graph.take(write.0, at);
            let data = Self::packed(graph, &row, at);
            self.attach(graph, name, addr, Some((en, data)), at)
        });
        Self::unpacked(at, q)
    }

    fn attach(
        self,
        graph: &mut Graph,
        name: &str,
        addr: Id,
        write: Option<(Id, Id)>,
        at: Loc,
    ) -> Id {
        let mut args = vec![addr];
        args.extend(write.into_iter().flat_map(|(en, data)| [en, data]));
        let age = graph.age(&args, at).map(|age| age + 1);
        let port = graph.memories[self.index].ports.len() as u32;
        let q = graph.fresh(Op::Read(self.index as u32, port), Row::W as u32, age, at);
        graph.call(q, name);
        graph.memories[self.index]
            .ports
            .push(Port { q, addr, write });
        q
    }
}

impl<Part: Bundle, const N: usize> Mem<[Part; N]> {
    /// Writes at `addr`, at the end of this clock, those parts of `row` whose enable is set: a port with byte enables,
    /// where the parts are whole bytes.
    #[track_caller]
    pub fn write_parts(self, en: [Bit; N], addr: impl Address, row: [Part; N]) {
        let at = here();
        with(at, |graph| {
            let addr = self.address(graph, addr.wire(), at);
            let mut lo = 0;
            let parts = std::iter::zip(en, row)
                .map(|(en, part)| {
                    let en = graph.take(en.0, at);
                    let data = Mem::packed(graph, &part, at);
                    graph.age(&[en, addr, data], at);
                    lo += Part::W as u32;
                    crate::graph::Part {
                        en,
                        data,
                        lo: lo - Part::W as u32,
                    }
                })
                .collect();
            graph.memories[self.index]
                .writes
                .push(Write { addr, parts });
        });
    }
}
