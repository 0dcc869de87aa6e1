//! A design as a list of instructions over one array of words.
//!
//! ```text
//!   values:  | input | const | a & b | reg q | wide sum (3 words) | ..     a node's place: its slot
//!   code:    And { to: 2, a: 0, b: 1 }, AddWide { to: 4, .. }, ..          operands lie below results
//! ```
//!
//! Values of up to 64 bits have instructions of their own. A concatenation copies straight out of the
//! wires it slices, whole runs of swapped bytes at a time; a chain of choices is one instruction.

use std::collections::HashMap;

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
    pub writes: Vec<WriteStep>,
    pub reads: Vec<ReadStep>,
}

/// `width` bits of a row from bit `lo` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriteStep {
    pub en: Slot,
    pub addr: Slot,
    pub data: Slot,
    pub lo: u32,
    pub width: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ReadStep {
    pub addr: Slot,
    pub q: Slot,
    /// Where this is set, the output keeps what it had.
    pub held: Option<Slot>,
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
    pub input_by_name: HashMap<String, usize>,
    pub output_by_name: HashMap<String, usize>,
}
