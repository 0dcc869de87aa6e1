//! Making nodes: each operator first tries to be something simpler.
//!
//! What folds: operators on constants, neutral and absorbing constants, `mux` with a known or useless
//! condition, slices of slices and of concatenations, neighbouring slices of one wire in a
//! concatenation. Everything else is left to the synthesiser, which sees the same structure as the reader.
//!
//! Ages are checked before anything is folded away: a mistake does not hide behind a constant.

use crate::error::Loc;
use crate::graph::{Graph, Id, Op};
use crate::words;

impl Graph {
    pub fn literal(&mut self, mut value: Vec<u64>, width: u32, at: Loc) -> Id {
        value.resize(words::count(width), 0);
        words::trim(&mut value, width);
        self.node_for(Op::Const(value.into()), width, None, at)
    }

    fn small(&mut self, value: u64, width: u32, at: Loc) -> Id {
        self.literal(vec![value], width, at)
    }

    pub fn zeros(&mut self, width: u32, at: Loc) -> Id {
        self.small(0, width, at)
    }

    fn is_zero(&self, id: Id) -> bool {
        self.constant(id).is_some_and(words::is_zero)
    }

    fn is_ones(&self, id: Id) -> bool {
        self.constant(id)
            .is_some_and(|value| words::is_ones(value, self.width(id)))
    }

    /// A node of `width` bits over `args`, which must agree in age.
    fn make(&mut self, op: Op, width: u32, args: &[Id], at: Loc) -> Id {
        let age = self.age(args, at);
        self.node_for(op, width, age, at)
    }

    /// Folds an operator on two constants of equal width.
    fn both(
        &mut self,
        a: Id,
        b: Id,
        at: Loc,
        f: fn(&mut [u64], &[u64], &[u64], u32),
    ) -> Option<Id> {
        let width = self.width(a);
        let (x, y) = (self.constant(a)?, self.constant(b)?);
        let mut value = vec![0; words::count(width)];
        f(&mut value, x, y, width);
        Some(self.literal(value, width, at))
    }

    pub fn retime(&mut self, a: Id, age: Option<u32>, at: Loc) -> Id {
        match &self.node(a).op {
            _ if self.node(a).age == age || self.constant(a).is_some() => a,
            &Op::Retime(of, _) => self.retime(of, age, at),
            _ => {
                let width = self.width(a);
                self.node_for(Op::Retime(a, age), width, age, at)
            }
        }
    }

    pub fn not(&mut self, a: Id, at: Loc) -> Id {
        let width = self.width(a);
        if let Some(value) = self.constant(a) {
            let value = value.iter().map(|word| !word).collect();
            return self.literal(value, width, at);
        }
        match self.node(a).op {
            Op::Not(of) => of,
            _ => self.make(Op::Not(a), width, &[a], at),
        }
    }

    pub fn and(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        let fold = self.both(a, b, at, |to, a, b, _| zip(to, a, b, |a, b| a & b));
        match fold {
            Some(id) => id,
            _ if a == b || self.is_zero(a) || self.is_ones(b) => a,
            _ if self.is_zero(b) || self.is_ones(a) => b,
            _ => self.make(Op::And(a.min(b), a.max(b)), self.width(a), &[a, b], at),
        }
    }

    pub fn or(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        let fold = self.both(a, b, at, |to, a, b, _| zip(to, a, b, |a, b| a | b));
        match fold {
            Some(id) => id,
            _ if a == b || self.is_ones(a) || self.is_zero(b) => a,
            _ if self.is_ones(b) || self.is_zero(a) => b,
            _ => self.make(Op::Or(a.min(b), a.max(b)), self.width(a), &[a, b], at),
        }
    }

    pub fn xor(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        let fold = self.both(a, b, at, |to, a, b, _| zip(to, a, b, |a, b| a ^ b));
        match fold {
            Some(id) => id,
            _ if a == b => self.zeros(self.width(a), at),
            _ if self.is_zero(b) => a,
            _ if self.is_zero(a) => b,
            _ if self.is_ones(b) => self.not(a, at),
            _ if self.is_ones(a) => self.not(b, at),
            _ => self.make(Op::Xor(a.min(b), a.max(b)), self.width(a), &[a, b], at),
        }
    }

    pub fn add(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        match self.both(a, b, at, words::add) {
            Some(id) => id,
            _ if self.is_zero(b) => a,
            _ if self.is_zero(a) => b,
            _ => self.make(Op::Add(a, b), self.width(a), &[a, b], at),
        }
    }

    pub fn sub(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        match self.both(a, b, at, words::sub) {
            Some(id) => id,
            _ if a == b => self.zeros(self.width(a), at),
            _ if self.is_zero(b) => a,
            _ => self.make(Op::Sub(a, b), self.width(a), &[a, b], at),
        }
    }

    pub fn eq(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        match (self.constant(a), self.constant(b)) {
            (Some(x), Some(y)) => {
                let same = x == y;
                self.small(same.into(), 1, at)
            }
            _ if a == b => self.small(1, 1, at),
            (Some(_), None) => self.eq(b, a, at),
            (None, Some(y)) if self.width(a) == 1 => match y[0] {
                0 => self.not(a, at),
                _ => a,
            },
            (None, Some(_)) => match self.without_constant_top(a) {
                Some((low, top)) => {
                    let (low_width, top_width) = (self.width(low), self.width(top));
                    let wanted = self.slice(b, low_width, top_width, at);
                    if self.constant(wanted) != self.constant(top) {
                        return self.small(0, 1, at);
                    }
                    let rest = self.slice(b, 0, low_width, at);
                    self.eq(low, rest, at)
                }
                None => self.make(Op::Eq(a, b), 1, &[a, b], at),
            },
            _ => self.make(Op::Eq(a, b), 1, &[a, b], at),
        }
    }

    /// A zero-extended wire as what was extended and the constant above it.
    fn without_constant_top(&self, a: Id) -> Option<(Id, Id)> {
        match self.node(a).op {
            Op::Cat(ref parts) => match parts[..] {
                [low, top] if self.constant(top).is_some() => Some((low, top)),
                _ => None,
            },
            _ => None,
        }
    }

    /// `a < b`, both unsigned.
    pub fn less(&mut self, a: Id, b: Id, at: Loc) -> Id {
        self.age(&[a, b], at);
        match (self.constant(a), self.constant(b)) {
            (Some(x), Some(y)) => {
                let less = words::less(x, y);
                self.small(less.into(), 1, at)
            }
            _ if a == b || self.is_zero(b) || self.is_ones(a) => self.small(0, 1, at),
            _ if self.is_zero(a) => self.any(b, at),
            _ => self.make(Op::Less(a, b), 1, &[a, b], at),
        }
    }

    pub fn any(&mut self, a: Id, at: Loc) -> Id {
        match self.constant(a).map(words::is_zero) {
            _ if self.width(a) == 1 => a,
            Some(zero) => self.small((!zero).into(), 1, at),
            None => self.make(Op::Any(a), 1, &[a], at),
        }
    }

    pub fn all(&mut self, a: Id, at: Loc) -> Id {
        match self
            .constant(a)
            .map(|value| words::is_ones(value, self.width(a)))
        {
            _ if self.width(a) == 1 => a,
            Some(ones) => self.small(ones.into(), 1, at),
            None => self.make(Op::All(a), 1, &[a], at),
        }
    }

    pub fn parity(&mut self, a: Id, at: Loc) -> Id {
        match self.constant(a).map(words::parity) {
            _ if self.width(a) == 1 => a,
            Some(odd) => self.small(odd.into(), 1, at),
            None => self.make(Op::Parity(a), 1, &[a], at),
        }
    }

    /// `width` bits of `a` from bit `lo`; the caller has checked the range.
    pub fn slice(&mut self, a: Id, lo: u32, width: u32, at: Loc) -> Id {
        if lo == 0 && width == self.width(a) {
            return a;
        }
        if let Some(value) = self.constant(a) {
            let mut part = vec![0; words::count(width)];
            words::copy(&mut part, 0, value, lo, width);
            return self.literal(part, width, at);
        }
        match &self.node(a).op {
            &Op::Slice(of, from) => self.slice(of, from + lo, width, at),
            Op::Cat(parts) => {
                let parts = parts.clone();
                self.slice_of_cat(&parts, lo, width, at)
            }
            _ => self.make(Op::Slice(a, lo), width, &[a], at),
        }
    }

    fn slice_of_cat(&mut self, parts: &[Id], lo: u32, width: u32, at: Loc) -> Id {
        let mut taken = Vec::new();
        let mut base = 0;
        for &part in parts {
            let end = base + self.width(part);
            let (from, to) = (lo.max(base), (lo + width).min(end));
            if from < to {
                taken.push(self.slice(part, from - base, to - from, at));
            }
            base = end;
        }
        self.cat(&taken, at)
    }

    /// Joins `parts`, the first at bit 0.
    pub fn cat(&mut self, parts: &[Id], at: Loc) -> Id {
        self.age(parts, at);
        let mut joined: Vec<Id> = Vec::with_capacity(parts.len());
        for &part in parts {
            let inner = match &self.node(part).op {
                Op::Cat(inner) => inner.to_vec(),
                _ => vec![part],
            };
            for part in inner {
                match joined
                    .last()
                    .and_then(|&last| self.neighbours(last, part, at))
                {
                    Some(merged) => *joined.last_mut().expect("just seen") = merged,
                    None => joined.push(part),
                }
            }
        }
        match joined[..] {
            [one] => one,
            _ => {
                let width = joined.iter().map(|&part| self.width(part)).sum();
                self.make(Op::Cat(joined.as_slice().into()), width, &joined, at)
            }
        }
    }

    /// One node for two neighbours in a concatenation: constants, or slices that meet.
    fn neighbours(&mut self, low: Id, high: Id, at: Loc) -> Option<Id> {
        let (low_width, high_width) = (self.width(low), self.width(high));
        let width = low_width + high_width;
        if let (Some(a), Some(b)) = (self.constant(low), self.constant(high)) {
            let mut value = vec![0; words::count(width)];
            words::copy(&mut value, 0, a, 0, low_width);
            words::copy(&mut value, low_width, b, 0, high_width);
            return Some(self.literal(value, width, at));
        }
        match (&self.node(low).op, &self.node(high).op) {
            (&Op::Slice(a, from), &Op::Slice(b, to)) if a == b && from + low_width == to => {
                Some(self.slice(a, from, width, at))
            }
            _ => None,
        }
    }

    pub fn mux(&mut self, c: Id, t: Id, e: Id, at: Loc) -> Id {
        self.age(&[c, t, e], at);
        match self.constant(c) {
            Some([0]) => return e,
            Some(_) => return t,
            None if t == e => return t,
            None => {}
        }
        if let Op::Not(of) = self.node(c).op {
            return self.mux(of, e, t, at);
        }
        if self.width(t) == 1 {
            match (self.constant(t), self.constant(e)) {
                (Some([1]), _) => return self.or(c, e, at),
                (_, Some([0])) => return self.and(c, t, at),
                (Some([0]), _) => {
                    let not = self.not(c, at);
                    return self.and(not, e, at);
                }
                (_, Some([1])) => {
                    let not = self.not(c, at);
                    return self.or(not, t, at);
                }
                _ => {}
            }
        }
        self.make(Op::Mux(c, t, e), self.width(t), &[c, t, e], at)
    }

    /// The value whose condition holds: an OR of ANDs, so at most one may hold.
    pub fn one_of(&mut self, cases: &[(Id, Id)], width: u32, at: Loc) -> Id {
        let args: Vec<Id> = cases.iter().flat_map(|&(c, x)| [c, x]).collect();
        self.age(&args, at);
        let live: Vec<(Id, Id)> = cases
            .iter()
            .copied()
            .filter(|&(c, x)| !self.is_zero(c) && !self.is_zero(x))
            .collect();
        if width == 1 {
            let mut sum = self.zeros(1, at);
            for (c, x) in live {
                let term = self.and(c, x, at);
                sum = self.or(sum, term, at);
            }
            return sum;
        }
        // What always holds is ORed in; what may hold is gated.
        let (fixed, open): (Vec<_>, Vec<_>) = live.into_iter().partition(|&(c, _)| self.is_ones(c));
        let mut sum = self.zeros(width, at);
        for (_, x) in fixed {
            sum = self.or(sum, x, at);
        }
        if open.is_empty() {
            return sum;
        }
        let gated = self.make(Op::OneOf(open.as_slice().into()), width, &args, at);
        self.or(gated, sum, at)
    }

    pub fn select(&mut self, index: Id, items: &[Id], at: Loc) -> Id {
        let args: Vec<Id> = items.iter().copied().chain([index]).collect();
        self.age(&args, at);
        let last = items.len() - 1;
        if let Some(index) = self.constant(index) {
            let at = words::distance(index, last as u32).map_or(last, |at| at as usize);
            return items[at];
        }
        match items {
            [one] => *one,
            [zero, one] if self.width(index) == 1 => self.mux(index, *one, *zero, at),
            _ if items.iter().all(|item| *item == items[0]) => items[0],
            _ => self.make(
                Op::Select(index, items.into()),
                self.width(items[0]),
                &args,
                at,
            ),
        }
    }

    /// `a` moved up by `by` bits, zeros from below.
    pub fn shl(&mut self, a: Id, by: u32, at: Loc) -> Id {
        let width = self.width(a);
        if by >= width {
            return self.zeros(width, at);
        }
        let kept = self.slice(a, 0, width - by, at);
        match by {
            0 => kept,
            _ => {
                let low = self.zeros(by, at);
                self.cat(&[low, kept], at)
            }
        }
    }

    /// `a` moved down by `by` bits, zeros from above.
    pub fn shr(&mut self, a: Id, by: u32, at: Loc) -> Id {
        let width = self.width(a);
        if by >= width {
            return self.zeros(width, at);
        }
        let kept = self.slice(a, by, width - by, at);
        self.extend(kept, width, at)
    }

    pub fn extend(&mut self, a: Id, width: u32, at: Loc) -> Id {
        match width - self.width(a) {
            0 => a,
            more => {
                let high = self.zeros(more, at);
                self.cat(&[a, high], at)
            }
        }
    }

    pub fn shift_by(&mut self, left: bool, a: Id, amount: Id, at: Loc) -> Id {
        let width = self.width(a);
        self.age(&[a, amount], at);
        if let Some(amount) = self.constant(amount) {
            let by = words::distance(amount, width).unwrap_or(width);
            return if left {
                self.shl(a, by, at)
            } else {
                self.shr(a, by, at)
            };
        }
        let op = if left {
            Op::Shl(a, amount)
        } else {
            Op::Shr(a, amount)
        };
        match self.is_zero(a) {
            true => a,
            false => self.make(op, width, &[a, amount], at),
        }
    }

    pub fn rotl(&mut self, a: Id, by: u32, at: Loc) -> Id {
        let width = self.width(a);
        match by % width {
            0 => a,
            by => {
                let low = self.slice(a, width - by, by, at);
                let high = self.slice(a, 0, width - by, at);
                self.cat(&[low, high], at)
            }
        }
    }

    /// Reverses the bytes; the caller has checked that they are whole.
    pub fn swap_bytes(&mut self, a: Id, at: Loc) -> Id {
        let bytes = self.width(a) / 8;
        let parts: Vec<Id> = (0..bytes)
            .rev()
            .map(|byte| self.slice(a, 8 * byte, 8, at))
            .collect();
        self.cat(&parts, at)
    }
}

fn zip(to: &mut [u64], a: &[u64], b: &[u64], f: fn(u64, u64) -> u64) {
    for (to, (&a, &b)) in to.iter_mut().zip(a.iter().zip(b)) {
        *to = f(a, b);
    }
}
