//! In which row of each way a key can lie (see `underpass_layout::hash`).
//!
//! ```text
//!   clock 0           1                       2                 3                            4
//!   key ─▶ [ pieces ] ─▶ xor, choose columns ─▶ [ row of each ] ─▶ below the pointer? choose ─▶ row of way 0..3
//!                             ▲                                          ▲
//!                         split: columns                            split: way, pointer
//! ```
//! The host sets the split over its bus, in step with the packets: a packet behind the access finds the rows of all four
//! ways by the new one, a packet before it by the old one.

use super::host::{Answer, Chain};
use super::tabulation::tabulate;
use super::Place;
use crate::hardware;
use underpass_layout::hash::{BLOCK_ROWS, COLUMN_BITS, MAX_BLOCKS};
use underpass_layout::tables::WAYS;
use underpass_layout::{hash, Record};
use underpass_wires::{
    all_of, cat, konst, mux, select, state_from, unpack, unpack_low, wire, Bit, BundleExt, U,
};

/// Clocks from key to rows.
pub const LATENCY: usize = 4;

const SPLIT_BITS: usize = <hash::Split as Record>::WIDTH;
const BLOCK_BITS: usize = BLOCK_ROWS.trailing_zeros() as usize;
const BLOCKS_BITS: usize = MAX_BLOCKS.trailing_zeros() as usize;

/// The rows of `key` in the four ways of a group: as many low bits of each as address a way.
pub(super) fn rows<const K: usize>(
    name: &str,
    place: &Place,
    group: usize,
    key: U<K>,
    chain: &mut Chain,
) -> [U<COLUMN_BITS>; WAYS] {
    let columns = tabulate(name, place, group, key, chain.seed);
    let split = split(name, place, group, columns, chain);

    let old: [U<COLUMN_BITS>; WAYS] = [split.column0, split.column1, split.column2, split.column3]
        .map(|column| select(column, &columns));
    let both = (old, select(split.spare, &columns)).reg(&format!("{name}_column"));

    let (old, spare) = (
        both.0.map(|column| row_of(column, place.rows)),
        row_of(both.1, place.rows),
    );
    let (old, spare) = (old, spare).reg(&format!("{name}_row"));

    let split = (split.way, split.pointer);
    let (way, pointer) = split
        .reg(&format!("{name}_split2"))
        .reg(&format!("{name}_split3"));
    let rows: [_; WAYS] = std::array::from_fn(|i| {
        wire!(moved = below(old[i], pointer) & way.eq(i));
        mux(moved, spare, old[i])
    });
    rows.reg(&format!("{name}_rows"))
}

/// How the rows are chosen now, for the packet whose columns these are.
fn split(
    name: &str,
    place: &Place,
    group: usize,
    columns: super::tabulation::Columns,
    chain: &mut Chain,
) -> hardware::Split {
    let bus = chain.beside(columns);
    let words = hash::Split::RESET.pack();
    let reset = u64::from(words[0]) | u64::from(words[1]) << 32;
    let split = state_from::<hardware::Split>(
        &format!("{name}_split"),
        unpack(konst::<SPLIT_BITS>(&[reset])),
    );
    let here = all_of(&[
        bus.request,
        bus.write,
        bus.split,
        bus.table.eq(place.table.id),
        bus.row.eq(group),
    ]);
    split.next(here, unpack_low(bus.data));
    let here = here.reg_rst(&format!("{name}_split_here"));
    chain.answer(Answer {
        here,
        done: here,
        data: None,
    });
    split.q
}

/// The row that a column stands for, as `underpass_layout::hash::row_of` says. Combinational.
fn row_of(column: U<COLUMN_BITS>, rows: usize) -> U<COLUMN_BITS> {
    if rows <= BLOCK_ROWS {
        return column & (rows - 1);
    }
    let blocks = rows / BLOCK_ROWS;
    let upper: U<{ COLUMN_BITS - BLOCK_BITS }> = column.slice(BLOCK_BITS);
    // The upper bits times the number of blocks, a bit of which is an adder.
    let product = (0..=BLOCKS_BITS)
        .filter(|bit| blocks >> bit & 1 == 1)
        .map(|bit| upper.ext::<COLUMN_BITS>().shl(bit))
        .reduce(|sum, term| sum + term)
        .expect("there are blocks");
    let block: U<BLOCK_BITS> = product.slice(COLUMN_BITS - BLOCK_BITS);
    cat!(block, column.slice::<BLOCK_BITS>(0))
}

/// Whether `row` is below the pointer: both halves are compared at once.
fn below(row: U<COLUMN_BITS>, pointer: U<COLUMN_BITS>) -> Bit {
    const HALF: usize = COLUMN_BITS / 2;
    let halves = |x: U<COLUMN_BITS>| (x.slice::<HALF>(HALF), x.slice::<HALF>(0));
    let ((row_high, row_low), (high, low)) = (halves(row), halves(pointer));
    row_high.lt(high) | row_high.eq(high) & row_low.lt(low)
}
