//! Carrying out a program: the wires of one clock, and the clock edge.

use super::program::{Ins, Program, Slot};
use crate::words;

/// Splits the array below a result: operands lie before it.
fn parts(values: &mut [u64], to: Slot, n: u32) -> (&[u64], &mut [u64]) {
    let (before, rest) = values.split_at_mut(to as usize);
    (before, &mut rest[..n as usize])
}

fn span(values: &[u64], at: Slot, n: u32) -> &[u64] {
    &values[at as usize..(at + n) as usize]
}

fn bitwise(values: &mut [u64], to: Slot, a: Slot, b: Slot, n: u32, f: impl Fn(u64, u64) -> u64) {
    let (from, to) = parts(values, to, n);
    let operands = span(from, a, n).iter().zip(span(from, b, n));
    for (to, (&a, &b)) in to.iter_mut().zip(operands) {
        *to = f(a, b);
    }
}

/// Computes every wire from inputs, registers and memories.
pub(super) fn settle(program: &Program, values: &mut [u64], memories: &[Vec<u64>]) {
    for &ins in &program.code {
        match ins {
            Ins::And { to, a, b } => values[to as usize] = values[a as usize] & values[b as usize],
            Ins::Or { to, a, b } => values[to as usize] = values[a as usize] | values[b as usize],
            Ins::Xor { to, a, b } => values[to as usize] = values[a as usize] ^ values[b as usize],
            Ins::AndWide { to, a, b, n } => bitwise(values, to, a, b, n, |a, b| a & b),
            Ins::OrWide { to, a, b, n } => bitwise(values, to, a, b, n, |a, b| a | b),
            Ins::XorWide { to, a, b, n } => bitwise(values, to, a, b, n, |a, b| a ^ b),
            Ins::Not { to, a, n, top } => {
                let (from, to) = parts(values, to, n);
                for (to, a) in to.iter_mut().zip(span(from, a, n)) {
                    *to = !a;
                }
                to[n as usize - 1] &= top;
            }
            Ins::Add { to, a, b, top } => {
                values[to as usize] = values[a as usize].wrapping_add(values[b as usize]) & top;
            }
            Ins::Sub { to, a, b, top } => {
                values[to as usize] = values[a as usize].wrapping_sub(values[b as usize]) & top;
            }
            Ins::AddWide { to, a, b, width } => {
                let n = words::count(width) as u32;
                let (from, to) = parts(values, to, n);
                words::add(to, span(from, a, n), span(from, b, n), width);
            }
            Ins::SubWide { to, a, b, width } => {
                let n = words::count(width) as u32;
                let (from, to) = parts(values, to, n);
                words::sub(to, span(from, a, n), span(from, b, n), width);
            }
            Ins::Eq { to, a, b } => {
                values[to as usize] = (values[a as usize] == values[b as usize]).into();
            }
            Ins::Less { to, a, b } => {
                values[to as usize] = (values[a as usize] < values[b as usize]).into();
            }
            Ins::EqWide { to, a, b, n } => {
                values[to as usize] = (span(values, a, n) == span(values, b, n)).into();
            }
            Ins::LessWide { to, a, b, n } => {
                values[to as usize] = words::less(span(values, a, n), span(values, b, n)).into();
            }
            Ins::Any { to, a, n } => {
                values[to as usize] = (!words::is_zero(span(values, a, n))).into();
            }
            Ins::All { to, a, width } => {
                let a = span(values, a, words::count(width) as u32);
                values[to as usize] = words::is_ones(a, width).into();
            }
            Ins::Parity { to, a, n } => {
                values[to as usize] = words::parity(span(values, a, n)).into();
            }
            Ins::Take { to, a, shift, mask } => {
                values[to as usize] = values[a as usize] >> shift & mask;
            }
            Ins::Move {
                to,
                at,
                a,
                lo,
                bits,
            } => {
                let value = words::peek(&values[a as usize..], lo, bits);
                words::poke(&mut values[to as usize..=to as usize], at, bits, value);
            }
            Ins::Swap {
                to,
                at,
                a,
                lo,
                bits,
            } => {
                let value =
                    words::peek(&values[a as usize..], lo, bits).swap_bytes() >> (64 - bits);
                words::poke(&mut values[to as usize..=to as usize], at, bits, value);
            }
            Ins::Mux { to, c, t, e } => {
                let chosen = if values[c as usize] != 0 { t } else { e };
                values[to as usize] = values[chosen as usize];
            }
            Ins::MuxWide { to, c, t, e, n } => {
                let chosen = if values[c as usize] != 0 { t } else { e } as usize;
                values.copy_within(chosen..chosen + n as usize, to as usize);
            }
            Ins::First { to, cases, or, n } => {
                let cases = &program.pairs[cases.0 as usize..cases.1 as usize];
                let hit = cases.iter().find(|(c, _)| values[*c as usize] != 0);
                let chosen = hit.map_or(or, |(_, x)| *x) as usize;
                values.copy_within(chosen..chosen + n as usize, to as usize);
            }
            Ins::OneOf { to, cases, n } => {
                let (from, to) = parts(values, to, n);
                to.fill(0);
                for &(c, x) in &program.pairs[cases.0 as usize..cases.1 as usize] {
                    if from[c as usize] != 0 {
                        for (to, x) in to.iter_mut().zip(span(from, x, n)) {
                            *to |= x;
                        }
                    }
                }
            }
            Ins::Select {
                to,
                index,
                index_width,
                cases,
                n,
            } => {
                let items = &program.pairs[cases.0 as usize..cases.1 as usize];
                let index = span(values, index, words::count(index_width) as u32);
                let last = items.len() - 1;
                let item = words::distance(index, last as u32).map_or(last, |item| item as usize);
                let chosen = items[item].1 as usize;
                values.copy_within(chosen..chosen + n as usize, to as usize);
            }
            Ins::Shl {
                to,
                a,
                by,
                by_width,
                width,
            } => {
                let n = words::count(width) as u32;
                let (from, to) = parts(values, to, n);
                let by = span(from, by, words::count(by_width) as u32);
                words::shl(to, span(from, a, n), by, width);
            }
            Ins::Shr {
                to,
                a,
                by,
                by_width,
                width,
            } => {
                let n = words::count(width) as u32;
                let (from, to) = parts(values, to, n);
                let by = span(from, by, words::count(by_width) as u32);
                words::shr(to, span(from, a, n), by, width);
            }
            Ins::ReadNow {
                to,
                memory,
                addr,
                n,
            } => {
                let row = values[addr as usize] as usize * n as usize;
                let to = &mut values[to as usize..(to + n) as usize];
                match memories[memory as usize].get(row..row + n as usize) {
                    Some(row) => to.copy_from_slice(row),
                    None => to.fill(0),
                }
            }
        }
    }
}

/// A clock edge: everything is read before anything is written.
pub(super) fn step(
    program: &Program,
    values: &mut [u64],
    memories: &mut [Vec<u64>],
    shadow: &mut Vec<u64>,
    reset: bool,
) {
    shadow.clear();
    for (memory, rows) in program.memories.iter().zip(memories.iter()) {
        for read in &memory.reads {
            let row = values[read.addr as usize] as usize * memory.n as usize;
            let keeps = read.held.is_some_and(|en| values[en as usize] != 0);
            match rows.get(row..row + memory.n as usize) {
                _ if keeps => shadow.extend_from_slice(span(values, read.q, memory.n)),
                Some(row) => shadow.extend_from_slice(row),
                None => shadow.extend((0..memory.n).map(|_| 0)),
            }
        }
    }
    for (memory, rows) in program.memories.iter().zip(memories.iter_mut()) {
        for write in &memory.writes {
            let row = values[write.addr as usize] as usize * memory.n as usize;
            let row = rows.get_mut(row..row + memory.n as usize);
            if let (Some(row), true) = (row, values[write.en as usize] != 0) {
                for at in (0..write.width).step_by(64) {
                    let bits = (write.width - at).min(64);
                    let word = values[(write.data + at / 64) as usize];
                    words::poke(row, write.lo + at, bits, word);
                }
            }
        }
    }
    for reg in &program.regs {
        let takes = reg.en.is_none_or(|en| values[en as usize] != 0);
        match &reg.reset {
            Some(value) if reset => shadow.extend_from_slice(value),
            _ if takes => shadow.extend_from_slice(span(values, reg.d, reg.n)),
            _ => shadow.extend_from_slice(span(values, reg.q, reg.n)),
        }
    }
    let mut next = shadow.as_slice();
    let mut take = |q: Slot, n: u32| {
        let (value, rest) = next.split_at(n as usize);
        values[q as usize..(q + n) as usize].copy_from_slice(value);
        next = rest;
    };
    for memory in &program.memories {
        for read in &memory.reads {
            take(read.q, memory.n);
        }
    }
    for reg in &program.regs {
        take(reg.q, reg.n);
    }
}
