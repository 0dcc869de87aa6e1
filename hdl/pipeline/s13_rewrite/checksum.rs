//! Sums of RFC 1071 in carry-save form: 16-bit words are added three at a time without a carry that runs, and once at
//! the end with one.
//!
//! ```text
//!   a, b, c ─▶ a ^ b ^ c                     one gate deep, however wide
//!           ─▶ majority(a, b, c) << 1        its top bit comes in again at the bottom: 0x10000 counts as 1
//! ```
//! Modulo 0xffff nothing is lost, and a sum is zero only where all that was added is. So what [`of_total`] gives is what
//! any other order of adding gives, bit for bit.

use underpass_wires::{bundle, k, mux, only, zero, Bit, U};

bundle! {
    /// Two words that stand for their sum.
    pub(crate) struct Sum {
        a: U<16>,
        b: U<16>,
    }
}

/// All words added, three to two until two are left. Ten words take five steps of one gate each, 16 take six.
pub(crate) fn sum(words: &[U<16>]) -> Sum {
    let mut words = words.to_vec();
    while words.len() > 2 {
        let threes = words.chunks(3).flat_map(|words| match *words {
            [a, b, c] => compressed(a, b, c).to_vec(),
            ref rest => rest.to_vec(),
        });
        words = threes.collect();
    }
    match words[..] {
        [a, b] => Sum { a, b },
        [a] => Sum { a, b: k(0) },
        _ => zero(),
    }
}

fn compressed(a: U<16>, b: U<16>, c: U<16>) -> [U<16>; 2] {
    let carries = (a & b) | (a & c) | (b & c);
    [a ^ b ^ c, carries.rotl(1)]
}

impl Sum {
    /// Its words where `on` is set, else nothing.
    pub fn only(self, on: Bit) -> [U<16>; 2] {
        [only(on, self.a), only(on, self.b)]
    }

    /// With two words more.
    pub fn and(self, [c, d]: [U<16>; 2]) -> Sum {
        sum(&[self.a, self.b, c, d])
    }

    /// Both words added, the carry not brought round yet.
    pub fn total(self) -> U<17> {
        self.a.ext::<17>() + self.b.ext()
    }
}

/// The checksum of a total: its complement, the carry brought round.
pub(crate) fn of_total(total: U<17>) -> U<16> {
    !(total.trunc::<16>() + total.slice::<1>(16).ext())
}

/// Whether that checksum is zero, found beside it.
pub(crate) fn is_zero(total: U<17>) -> Bit {
    let (carry, word) = (total.slice::<1>(16), total.trunc::<16>());
    mux(carry, word.eq(0xfffe), word.eq(0xffff))
}
