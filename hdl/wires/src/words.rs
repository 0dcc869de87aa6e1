//! Arithmetic on unsigned numbers kept as little-endian `u64` words.
//!
//! Every value of `width` bits lives in `count(width)` words whose unused upper bits are zero; each
//! function here keeps that so. Constant folding and the evaluator both use these, so that a folded
//! expression and a simulated one cannot differ.

/// Words that hold `width` bits.
pub(crate) const fn count(width: u32) -> usize {
    width.div_ceil(64) as usize
}

/// The bits of the last word that belong to a value of `width` bits.
pub(crate) const fn top_mask(width: u32) -> u64 {
    match width % 64 {
        0 => u64::MAX,
        part => (1 << part) - 1,
    }
}

/// Clears what lies above `width`.
pub(crate) fn trim(words: &mut [u64], width: u32) {
    if let Some(top) = words.last_mut() {
        *top &= top_mask(width);
    }
}

pub(crate) fn is_zero(words: &[u64]) -> bool {
    words.iter().all(|&word| word == 0)
}

pub(crate) fn is_ones(words: &[u64], width: u32) -> bool {
    let (top, rest) = words.split_last().expect("a value has at least one bit");
    rest.iter().all(|&word| word == u64::MAX) && *top == top_mask(width)
}

pub(crate) fn parity(words: &[u64]) -> bool {
    words.iter().fold(0, |sum, word| sum ^ word).count_ones() % 2 == 1
}

pub(crate) fn less(a: &[u64], b: &[u64]) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

/// Up to 64 bits of `words` from bit `lo`.
pub(crate) fn peek(words: &[u64], lo: u32, bits: u32) -> u64 {
    let (at, shift) = ((lo / 64) as usize, lo % 64);
    let low = words[at] >> shift;
    let high = match shift {
        0 => 0,
        _ => words.get(at + 1).map_or(0, |word| word << (64 - shift)),
    };
    (low | high) & top_mask(bits)
}

/// Writes the low `bits` (1..=64) bits of `value` at bit `lo`.
pub(crate) fn poke(words: &mut [u64], lo: u32, bits: u32, value: u64) {
    let (at, shift, mask) = ((lo / 64) as usize, lo % 64, top_mask(bits));
    words[at] = (words[at] & !(mask << shift)) | (value & mask) << shift;
    if shift + bits > 64 {
        let rest = 64 - shift;
        words[at + 1] = (words[at + 1] & !(mask >> rest)) | (value & mask) >> rest;
    }
}

/// Copies `bits` bits of `from`, starting at `from_lo`, to bit `to_lo` of `to`.
pub(crate) fn copy(to: &mut [u64], to_lo: u32, from: &[u64], from_lo: u32, bits: u32) {
    let mut done = 0;
    while done < bits {
        let step = (bits - done).min(64);
        poke(to, to_lo + done, step, peek(from, from_lo + done, step));
        done += step;
    }
}

pub(crate) fn add(to: &mut [u64], a: &[u64], b: &[u64], width: u32) {
    let mut carry = false;
    for (to, (&a, &b)) in to.iter_mut().zip(a.iter().zip(b)) {
        let (sum, over) = a.overflowing_add(b);
        let (sum, over_carry) = sum.overflowing_add(u64::from(carry));
        (*to, carry) = (sum, over | over_carry);
    }
    trim(to, width);
}

pub(crate) fn sub(to: &mut [u64], a: &[u64], b: &[u64], width: u32) {
    let mut borrow = false;
    for (to, (&a, &b)) in to.iter_mut().zip(a.iter().zip(b)) {
        let (difference, under) = a.overflowing_sub(b);
        let (difference, under_borrow) = difference.overflowing_sub(u64::from(borrow));
        (*to, borrow) = (difference, under | under_borrow);
    }
    trim(to, width);
}

/// The distance that a dynamic shift by `amount` moves a value of `width` bits; `None` moves all of it out.
pub(crate) fn distance(amount: &[u64], width: u32) -> Option<u32> {
    let low = amount[0];
    (low < u64::from(width) && is_zero(&amount[1..])).then_some(low as u32)
}

pub(crate) fn shl(to: &mut [u64], a: &[u64], amount: &[u64], width: u32) {
    to.fill(0);
    if let Some(by) = distance(amount, width) {
        copy(to, by, a, 0, width - by);
    }
}

pub(crate) fn shr(to: &mut [u64], a: &[u64], amount: &[u64], width: u32) {
    to.fill(0);
    if let Some(by) = distance(amount, width) {
        copy(to, 0, a, by, width - by);
    }
}
