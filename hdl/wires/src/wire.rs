//! [`U<N>`](U): a wire of `N` bits, and the operators between two of equal width.

use crate::error::{fail, here, Loc};
use crate::graph::{with, with_here, Graph, Id, Wire};

/// A wire of `N` bits, unsigned. Copying it copies the wire's name, not the hardware.
#[derive(Clone, Copy, Debug)]
pub struct U<const N: usize>(pub(crate) Wire);

/// A wire of one bit: a condition, a flag.
pub type Bit = U<1>;

/// What may stand at the right of an operator with a `U<N>` at its left: such a wire, or a number.
pub trait ToU<const N: usize> {
    /// The wire; a number becomes a constant, which must fit.
    #[track_caller]
    fn to_u(self) -> U<N>;
}

impl<const N: usize> ToU<N> for U<N> {
    fn to_u(self) -> U<N> {
        self
    }
}

/// A number that [`k`] makes a constant of.
pub trait Literal: Copy + std::fmt::Display {
    /// Its value, or `None` for a negative one.
    fn value(self) -> Option<u128>;
}

macro_rules! literals {
    ($($t:ty)*) => {$(
        impl Literal for $t {
            fn value(self) -> Option<u128> {
                u128::try_from(self).ok()
            }
        }
        impl<const N: usize> ToU<N> for $t {
            #[track_caller]
            fn to_u(self) -> U<N> {
                k(self)
            }
        }
    )*};
}
literals!(i32 u8 u16 u32 u64 usize u128 bool);

/// The constant `value`, as wide as its place wants it: `k(5)`, `k::<8>(5)`.
#[track_caller]
pub fn k<const N: usize>(value: impl Literal) -> U<N> {
    let fits = |value: &u128| N >= 128 || value >> N == 0;
    match value.value().filter(fits) {
        Some(number) => konst(&[number as u64, (number >> 64) as u64]),
        None => fail(here(), format!("{value} does not fit {N} bits")),
    }
}

/// A constant of any width, from words of 64 bits, the lowest first.
#[track_caller]
pub fn konst<const N: usize>(words: &[u64]) -> U<N> {
    let at = here();
    let used = words.len() - words.iter().rev().take_while(|&&word| word == 0).count();
    let mut value = words[..used].to_vec();
    value.resize(crate::words::count(N as u32).max(used), 0);
    let whole = value.clone();
    crate::words::trim(&mut value[..crate::words::count(N as u32)], N as u32);
    if value != whole || used > crate::words::count(N as u32) {
        fail(at, format!("{} words do not fit {N} bits", words.len()));
    }
    with(at, |graph| {
        let id = graph.literal(value, N as u32, at);
        U(graph.wire(id))
    })
}

impl<const N: usize> U<N> {
    /// A wire made of this one.
    #[track_caller]
    pub(crate) fn map<const M: usize>(self, f: impl FnOnce(&mut Graph, Id, Loc) -> Id) -> U<M> {
        with_here(|graph, at| {
            let a = graph.take(self.0, at);
            let id = f(graph, a, at);
            U(graph.wire(id))
        })
    }

    /// A wire made of this one and another.
    #[track_caller]
    pub(crate) fn zip<const L: usize, const M: usize>(
        self,
        other: U<L>,
        f: impl FnOnce(&mut Graph, Id, Id, Loc) -> Id,
    ) -> U<M> {
        with_here(|graph, at| {
            let (a, b) = (graph.take(self.0, at), graph.take(other.0, at));
            let id = f(graph, a, b, at);
            U(graph.wire(id))
        })
    }

    /// Whether both are the same number.
    #[track_caller]
    pub fn eq(self, other: impl ToU<N>) -> Bit {
        self.zip(other.to_u(), Graph::eq)
    }

    /// Whether they differ.
    #[track_caller]
    pub fn ne(self, other: impl ToU<N>) -> Bit {
        !self.eq(other)
    }

    /// Whether this one is smaller, both unsigned.
    #[track_caller]
    pub fn lt(self, other: impl ToU<N>) -> Bit {
        self.zip(other.to_u(), Graph::less)
    }

    /// Whether this one is not larger.
    #[track_caller]
    pub fn le(self, other: impl ToU<N>) -> Bit {
        !other.to_u().lt(self)
    }

    /// Whether this one is larger.
    #[track_caller]
    pub fn gt(self, other: impl ToU<N>) -> Bit {
        other.to_u().lt(self)
    }

    /// Whether this one is not smaller.
    #[track_caller]
    pub fn ge(self, other: impl ToU<N>) -> Bit {
        !self.lt(other)
    }

    /// Whether some bit is set.
    #[track_caller]
    pub fn any(self) -> Bit {
        self.map(Graph::any)
    }

    /// Whether every bit is set.
    #[track_caller]
    pub fn all(self) -> Bit {
        self.map(Graph::all)
    }

    /// Whether an odd number of bits is set. A hash is `(key & mask).parity()` per bit.
    #[track_caller]
    pub fn parity(self) -> Bit {
        self.map(Graph::parity)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident;)*) => {$(
        impl<const N: usize, R: ToU<N>> std::ops::$trait<R> for U<N> {
            type Output = U<N>;
            #[track_caller]
            fn $method(self, other: R) -> U<N> {
                self.zip(other.to_u(), Graph::$op)
            }
        }
    )*};
}
operators! {
    BitAnd bitand and;
    BitOr bitor or;
    BitXor bitxor xor;
    Add add add;
    Sub sub sub;
}

impl<const N: usize> std::ops::Not for U<N> {
    type Output = U<N>;
    #[track_caller]
    fn not(self) -> U<N> {
        self.map(Graph::not)
    }
}

/// Whether some of the bits is set; of none, no.
#[track_caller]
pub fn any_of(bits: &[Bit]) -> Bit {
    with_here(|graph, at| {
        let mut sum = graph.zeros(1, at);
        for bit in bits {
            let bit = graph.take(bit.0, at);
            sum = graph.or(sum, bit, at);
        }
        U(graph.wire(sum))
    })
}

/// Whether all of the bits are set; of none, yes.
#[track_caller]
pub fn all_of(bits: &[Bit]) -> Bit {
    with_here(|graph, at| {
        let zero = graph.zeros(1, at);
        let mut product = graph.not(zero, at);
        for bit in bits {
            let bit = graph.take(bit.0, at);
            product = graph.and(product, bit, at);
        }
        U(graph.wire(product))
    })
}
