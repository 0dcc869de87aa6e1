//! The keyed hash of the exact-match tables (see `underpass_layout::hash`).
//!
//! ```text
//!   key ─┬─ 9 bits ─▶ [ piece 0: 512 x 5 columns of 24 bits ] ─┐
//!        ├─ 9 bits ─▶ [ piece 1                             ]  ├─ xor ─▶ five columns      1 clock
//!        └─ ..                                                ┘
//! ```
//! A word of the seed fills four columns of every lookup, or one column of one lookup: a piece has an enable for each
//! column, which is a whole number of a block RAM's bytes. The words are not in step with the packets but ahead of them: the
//! column that they fill is one that no packet uses, and a `Split` that takes it into use comes behind them.

use super::Place;
use crate::card::host_bus::SeedWord;
use underpass_layout::hash::{COLUMNS, COLUMN_BITS, PIECE_BITS, PIECE_WORDS};
use underpass_layout::tables::{MAX_KEY_BITS, WAYS};
use underpass_wires::{k, memory, mux, select, Bit, BundleExt, Ram, U};

/// Bits that hold the widest key in whole pieces.
const WIDEST: usize = PIECE_BITS * underpass_layout::hash::PIECES;
const _: () = assert!(WIDEST >= MAX_KEY_BITS && COLUMN_BITS.is_multiple_of(8));

/// One column for each way, and the spare one.
pub(super) type Columns = [U<COLUMN_BITS>; COLUMNS];

/// The columns of `key`, filled up with zeros, with words that arrive by `seed` for this group of ways. Combinational
/// behind the memories.
pub(super) fn tabulate<const K: usize>(
    name: &str,
    place: &Place,
    group: usize,
    key: U<K>,
    seed: SeedWord,
) -> Columns {
    let width = place.table.hash_width();
    assert!(K <= width, "a key of table {name} has at most {width} bits");
    let key = key.ext::<WIDEST>();
    let (valid, enables, columns) = filled(name, place, group, seed);
    let (piece_of, index) = (seed.piece, seed.index).reg_en(&format!("{name}_seed"), seed.valid);
    (0..width.div_ceil(PIECE_BITS))
        .map(|piece| {
            let words = memory::<Columns>(&format!("{name}_piece{piece}"), PIECE_WORDS, Ram::Block);
            let here = valid & piece_of.eq(piece);
            words.write_parts(enables.map(|enable| enable & here), index, columns);
            words.read(
                &format!("{name}_word{piece}"),
                key.slice::<PIECE_BITS>(PIECE_BITS * piece),
            )
        })
        .reduce(|hash, word| std::array::from_fn(|column| hash[column] ^ word[column]))
        .expect("a key has bits")
}

/// A clock after a word: whether there is one, which columns it fills in this lookup, and with what.
fn filled(
    name: &str,
    place: &Place,
    group: usize,
    seed: SeedWord,
) -> (Bit, [Bit; COLUMNS], Columns) {
    let SeedWord {
        valid,
        target,
        word,
        ..
    } = seed;
    let of: [U<COLUMN_BITS>; WAYS] = std::array::from_fn(|way| word.slice(COLUMN_BITS * way));
    let one = select(target.way, &of);
    let mine = target.table.eq(place.table.id) & target.group.eq(group);
    let enables = std::array::from_fn(|column| {
        let all = if column < WAYS { k(1) } else { k(0) };
        mux(target.one, mine & target.column.eq(column), all)
    });
    let columns = std::array::from_fn(|column| match of.get(column) {
        Some(own) => mux(target.one, one, *own),
        None => one,
    });
    let (enables, columns) = (enables, columns).reg_en(&format!("{name}_fill"), valid);
    (valid.reg_rst(&format!("{name}_fills")), enables, columns)
}
