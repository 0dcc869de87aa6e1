//! RustHDL's bit vectors to and from words, and the signals that a leaf can have as ports.

use crate::words;
use rust_hdl_core::bits::Bits;
use rust_hdl_core::bitvec::BitVec;
use rust_hdl_core::direction::{In, Out};
use rust_hdl_core::signal::Signal;
use rust_hdl_core::synth::Synth;

/// A signal value that can be told as words.
pub trait Words: Synth {
    /// Its words, the lowest first.
    fn to_words(self, words: &mut [u64]);
    /// The value of words whose bits above the width are zero.
    fn from_words(words: &[u64]) -> Self;
}

impl Words for bool {
    fn to_words(self, words: &mut [u64]) {
        words[0] = self.into();
    }

    fn from_words(words: &[u64]) -> Self {
        words[0] != 0
    }
}

impl<const N: usize> Words for Bits<N> {
    fn to_words(self, words: &mut [u64]) {
        match self {
            Bits::Short(value) => words[0] = value.short().into(),
            Bits::Long(value) => {
                for (index, word) in words.iter_mut().enumerate() {
                    let bits = 64 * index..(64 * index + 64).min(N);
                    *word = bits
                        .rev()
                        .fold(0, |sum, bit| sum << 1 | u64::from(value.get_bit(bit)));
                }
            }
        }
    }

    fn from_words(words: &[u64]) -> Self {
        match Self::default() {
            Bits::Short(_) => Bits::from(words[0]),
            Bits::Long(_) => {
                let bit = |index: usize| words[index / 64] >> (index % 64) & 1 == 1;
                Bits::Long(BitVec::from(std::array::from_fn::<bool, N, _>(bit)))
            }
        }
    }
}

/// What an input of a leaf may be: an interface of [`bus!`](crate::bus), or a plain signal.
pub trait InPort {
    /// What follows the field's name in the Verilog: `$data` of an interface.
    const SUFFIX: &'static str;
    /// Bits.
    const WIDTH: usize;
    /// Whether its value is new in this pass of the simulation.
    fn changed(&self) -> bool;
    /// Its value.
    fn read(&self, words: &mut [u64]);
}

/// What an output of a leaf may be.
pub trait OutPort {
    /// What follows the field's name in the Verilog.
    const SUFFIX: &'static str;
    /// Bits.
    const WIDTH: usize;
    /// Gives it its next value.
    fn drive(&mut self, words: &[u64]);
    /// Says that it is driven.
    fn claim(&mut self);
}

impl<T: Words> InPort for Signal<In, T> {
    const SUFFIX: &'static str = "";
    const WIDTH: usize = T::BITS;

    fn changed(&self) -> bool {
        self.changed
    }

    fn read(&self, words: &mut [u64]) {
        self.val().to_words(words);
    }
}

impl<T: Words> OutPort for Signal<Out, T> {
    const SUFFIX: &'static str = "";
    const WIDTH: usize = T::BITS;

    fn drive(&mut self, words: &[u64]) {
        self.next = T::from_words(words);
    }

    fn claim(&mut self) {
        rust_hdl_core::logic::Logic::connect(self);
    }
}

/// Words for a port of `bits` bits.
pub(crate) fn buffer(bits: usize) -> Vec<u64> {
    vec![0; words::count(bits as u32)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round<const N: usize>(value: &[u64]) {
        let mut back = buffer(N);
        Bits::<N>::from_words(value).to_words(&mut back);
        assert_eq!(back, value, "{N} bits");
    }

    #[test]
    fn words_survive_bits() {
        round::<1>(&[1]);
        round::<31>(&[0x7fff_1234]);
        round::<32>(&[0xf000_1234]);
        round::<33>(&[0x1_f000_1234]);
        round::<64>(&[0x8000_0000_0000_0001]);
        round::<65>(&[0x8000_0000_0000_0001, 1]);
        round::<577>(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]);
        assert!(Bits::<65>::from_words(&[5, 1]).get_bit(64));
    }
}
