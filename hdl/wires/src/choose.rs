//! Choosing between bundles: by one condition, by the first that holds, by the only one, by number.

use crate::bundle::{make, map, Bundle};
use crate::error::{fail, here, Loc};
use crate::graph::{with, Id};
use crate::wire::{Bit, U};

/// `t` where `c` is set, else `e`.
#[track_caller]
pub fn mux<T: Bundle>(c: Bit, t: T, e: T) -> T {
    either(here(), c, &t, &e)
}

fn either<T: Bundle>(at: Loc, c: Bit, t: &T, e: &T) -> T {
    map(at, &[t, e], |graph, ids, _| {
        let c = graph.take(c.0, at);
        graph.mux(c, ids[0], ids[1], at)
    })
}

/// The value of the first condition that holds, or `or`. A priority chain: where at most one can hold,
/// [`one_of`] is smaller and faster.
#[track_caller]
pub fn first<T: Bundle>(cases: &[(Bit, T)], or: T) -> T {
    let at = here();
    cases
        .iter()
        .rev()
        .fold(or, |or, (c, x)| either(at, *c, x, &or))
}

/// The value whose condition holds, zero where none does: AND-OR. Where two hold, their values mix.
#[track_caller]
pub fn one_of<T: Bundle>(cases: &[(Bit, T)]) -> T {
    one(here(), cases)
}

fn one<T: Bundle>(at: Loc, cases: &[(Bit, T)]) -> T {
    if cases.is_empty() {
        return make(at, |graph, _, width| graph.zeros(width, at));
    }
    let values: Vec<&T> = cases.iter().map(|(_, x)| x).collect();
    map(at, &values, |graph, ids, _| {
        let terms: Vec<(Id, Id)> = cases
            .iter()
            .zip(ids)
            .map(|((c, _), &x)| (graph.take(c.0, at), x))
            .collect();
        let width = graph.width(ids[0]);
        graph.one_of(&terms, width, at)
    })
}

/// `x` where `c` is set, else zero.
#[track_caller]
pub fn only<T: Bundle>(c: Bit, x: T) -> T {
    one(here(), &[(c, x)])
}

/// Item number `index`; past the end, the last item.
#[track_caller]
pub fn select<T: Bundle, const S: usize>(index: U<S>, items: &[T]) -> T {
    let at = here();
    if items.is_empty() {
        fail(at, "select from no items");
    }
    if S < usize::BITS as usize && items.len() > 1 << S {
        fail(
            at,
            format!("select from {} items, index has {S} bits", items.len()),
        );
    }
    let index = with(at, |graph| graph.take(index.0, at));
    map(at, &items.iter().collect::<Vec<_>>(), |graph, ids, _| {
        graph.select(index, ids, at)
    })
}
