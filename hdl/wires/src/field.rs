//! Parts of a wire, and wires joined: bits, bytes in network order, widths, fixed and dynamic shifts.
//!
//! A packet window has byte 0 in bits 7:0 and its numbers are big-endian, so a field is a byte swap of
//! a slice. [`U::at`] reads one and [`packet!`](crate::packet) writes a header:
//!
//! ```text
//!   bit   0       8       16                 at::<16>(12): { window[103:96], window[111:104] }
//!        | byte 0 | byte 1 | ..  | byte 12 | byte 13 |
//! ```

use crate::bundle::Bundle;
use crate::error::{fail, here};
use crate::graph::{with, Graph, Id, Wire};
use crate::wire::{Bit, U};

impl<const N: usize> U<N> {
    /// Bit `index`, the lowest being 0.
    #[track_caller]
    pub fn bit(self, index: usize) -> Bit {
        self.slice::<1>(index)
    }

    /// `M` bits from bit `lo`.
    #[track_caller]
    pub fn slice<const M: usize>(self, lo: usize) -> U<M> {
        self.map(|graph, a, at| {
            if M == 0 || lo + M > N {
                let called = graph.called(a);
                fail(
                    at,
                    format!("bits {lo}..{} of {called} which has {N}", lo + M),
                );
            }
            graph.slice(a, lo as u32, M as u32, at)
        })
    }

    /// The big-endian field of `M` bits (whole bytes) that starts at byte `byte`, byte 0 being bits 7:0.
    #[track_caller]
    pub fn at<const M: usize>(self, byte: usize) -> U<M> {
        self.at_bits(byte, 0)
    }

    /// The field of `M` bits that starts `bit` bits (0 = the most significant) into byte `byte`, as
    /// header drawings count them. `at_bits::<4>(0, 4)` of an IPv4 header is its length.
    #[track_caller]
    pub fn at_bits<const M: usize>(self, byte: usize, bit: usize) -> U<M> {
        self.map(|graph, a, at| {
            let bytes = (bit + M).div_ceil(8);
            if M == 0 || 8 * (byte + bytes) > N {
                let called = graph.called(a);
                fail(
                    at,
                    format!(
                        "bytes {byte}..{} of {called} which has {}",
                        byte + bytes,
                        N / 8
                    ),
                );
            }
            let covering = graph.slice(a, 8 * byte as u32, 8 * bytes as u32, at);
            let number = graph.swap_bytes(covering, at);
            graph.slice(number, (8 * bytes - bit - M) as u32, M as u32, at)
        })
    }

    /// The bytes in reverse order.
    #[track_caller]
    pub fn swap_bytes(self) -> U<N> {
        self.map(|graph, a, at| {
            if !N.is_multiple_of(8) {
                fail(
                    at,
                    format!("swap_bytes of {N} bits, which are not whole bytes"),
                );
            }
            graph.swap_bytes(a, at)
        })
    }

    /// Zero-extended to `M` bits.
    #[track_caller]
    pub fn ext<const M: usize>(self) -> U<M> {
        self.map(|graph, a, at| {
            if M < N {
                fail(
                    at,
                    format!("ext to {M} bits of {} which has {N}", graph.called(a)),
                );
            }
            graph.extend(a, M as u32, at)
        })
    }

    /// The low `M` bits.
    #[track_caller]
    pub fn trunc<const M: usize>(self) -> U<M> {
        self.map(|graph, a, at| {
            if M == 0 || M > N {
                fail(
                    at,
                    format!("trunc to {M} bits of {} which has {N}", graph.called(a)),
                );
            }
            graph.slice(a, 0, M as u32, at)
        })
    }

    /// Zero-extended or cut to `M` bits.
    #[track_caller]
    pub fn resize<const M: usize>(self) -> U<M> {
        if M > N {
            self.ext()
        } else {
            self.trunc()
        }
    }

    /// Moved up by `by` bits, zeros from below.
    #[track_caller]
    #[expect(
        clippy::should_implement_trait,
        reason = "a distance is a number, never a wire of the same width"
    )]
    pub fn shl(self, by: usize) -> U<N> {
        self.map(|graph, a, at| graph.shl(a, by.min(N) as u32, at))
    }

    /// Moved down by `by` bits, zeros from above.
    #[track_caller]
    #[expect(
        clippy::should_implement_trait,
        reason = "a distance is a number, never a wire of the same width"
    )]
    pub fn shr(self, by: usize) -> U<N> {
        self.map(|graph, a, at| graph.shr(a, by.min(N) as u32, at))
    }

    /// Rotated up by `by` bits.
    #[track_caller]
    pub fn rotl(self, by: usize) -> U<N> {
        self.map(|graph, a, at| graph.rotl(a, (by % N) as u32, at))
    }

    /// Moved up by as many bits as `by` says; by `N` and more, zero.
    #[track_caller]
    pub fn shl_by<const S: usize>(self, by: U<S>) -> U<N> {
        self.zip(by, |graph, a, by, at| graph.shift_by(true, a, by, at))
    }

    /// Moved down by as many bits as `by` says; by `N` and more, zero.
    #[track_caller]
    pub fn shr_by<const S: usize>(self, by: U<S>) -> U<N> {
        self.zip(by, |graph, a, by, at| graph.shift_by(false, a, by, at))
    }

    /// Rotated up by as many bits as `by` says, modulo `N`.
    #[track_caller]
    pub fn rotl_by<const S: usize>(self, by: U<S>) -> U<N> {
        self.zip(by, |graph, a, by, at| {
            let mut turned = a;
            let mut step = 1 % N;
            for bit in 0..S as u32 {
                let on = graph.slice(by, bit, 1, at);
                let next = graph.rotl(turned, step as u32, at);
                turned = graph.mux(on, next, turned, at);
                step = step * 2 % N;
            }
            turned
        })
    }
}

/// The leaves of `x`, the lowest bits first. For [`cat!`](crate::cat) and [`packet!`](crate::packet).
#[doc(hidden)]
pub fn parts<T: Bundle>(x: T) -> Vec<Wire> {
    crate::bundle::leaves(&x)
}

#[track_caller]
fn join<const N: usize>(
    called: &str,
    items: &[Vec<Wire>],
    finish: impl FnOnce(&mut Graph, Id) -> Id,
) -> U<N> {
    let at = here();
    with(at, |graph| {
        let parts: Vec<Id> = items
            .iter()
            .rev()
            .flatten()
            .map(|&part| graph.take(part, at))
            .collect();
        let width: u32 = parts.iter().map(|&part| graph.width(part)).sum();
        if width as usize != N {
            fail(
                at,
                format!("{called} gives {width} bits where {N} are wanted"),
            );
        }
        let joined = graph.cat(&parts, at);
        let id = finish(graph, joined);
        U(graph.wire(id))
    })
}

#[doc(hidden)]
#[track_caller]
pub fn cat_of<const N: usize>(items: &[Vec<Wire>]) -> U<N> {
    join("cat!", items, |_, joined| joined)
}

#[doc(hidden)]
#[track_caller]
pub fn packet_of<const N: usize>(items: &[Vec<Wire>]) -> U<N> {
    let at = here();
    if !N.is_multiple_of(8) {
        fail(
            at,
            format!("packet! of {N} bits, which are not whole bytes"),
        );
    }
    join("packet!", items, |graph, joined| {
        graph.swap_bytes(joined, at)
    })
}

/// Joins wires, the most significant first, as Verilog's `{a, b, c}`.
///
/// The width wanted comes from the context and is checked when the description runs.
#[macro_export]
macro_rules! cat {
    ($($x:expr),+ $(,)?) => { $crate::cat_of(&[$($crate::parts($x)),+]) };
}

/// Joins header fields in the order in which they travel: the first item's top byte is byte 0, bits 7:0.
#[macro_export]
macro_rules! packet {
    ($($x:expr),+ $(,)?) => { $crate::packet_of(&[$($crate::parts($x)),+]) };
}
