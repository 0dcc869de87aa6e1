//! The words of the tabulation hash, made on the card from the seed (see `underpass_layout::hash`).
//!
//! ```text
//!   start ─▶ [ state: IV, seed ] ─▶ 12 rounds ─▶ ( word, word ─▶ 8 rounds ) ... until every piece is full
//! ```
//! One round of the Ascon permutation a clock. The words leave on the host's bus, behind nothing and before nothing:
//! a table access may travel beside them.

use super::host_bus::{HostBus, SeedWord};
use crate::buses::{HostIn, HostOut, SeedStartIn};
use rust_hdl_core::prelude::{Bit as HdlBit, Out, Signal};
use underpass_layout::hash::{
    ASCON_FIRST_OF_EIGHT, ASCON_IV, ASCON_ROTATIONS, ASCON_ROUNDS, PIECES, PIECE_WORDS,
};
use underpass_wires::{bundle, cat, k, leaf, mux, select, state, wire, zero, Bit, U};

bundle! {
    /// The order to fill the hash tables.
    pub struct SeedStart {
        /// Begin in this clock.
        valid: Bit,
        /// The seed.
        seed: U<128>,
    }

    /// Where the generator is.
    struct Progress {
        running: Bit,
        /// The next round, 0 to 11; 12 and 13 are the two clocks in which words leave.
        round: U<4>,
        piece: U<4>,
        index: U<9>,
    }
}

/// One round of the permutation. Combinational.
fn ascon_round(mut x: [U<64>; 5], constant: U<64>) -> [U<64>; 5] {
    x[2] = x[2] ^ constant;
    x[0] = x[0] ^ x[4];
    x[4] = x[4] ^ x[3];
    x[2] = x[2] ^ x[1];
    x = std::array::from_fn(|i| x[i] ^ (!x[(i + 1) % 5] & x[(i + 2) % 5]));
    x[1] = x[1] ^ x[0];
    x[0] = x[0] ^ x[4];
    x[3] = x[3] ^ x[2];
    x[2] = !x[2];
    std::array::from_fn(|i| {
        let [a, b] = ASCON_ROTATIONS[i];
        x[i] ^ x[i].rotl(64 - a as usize) ^ x[i].rotl(64 - b as usize)
    })
}

/// The words, one a clock where there is one, and whether more are to come.
pub fn seed_words(start: SeedStart) -> (SeedWord, Bit) {
    const FIRST_WORD: u32 = ASCON_ROUNDS.len() as u32;
    let at = state::<Progress>("progress");
    let x = state::<[U<64>; 5]>("ascon");

    let constants: Vec<U<64>> = ASCON_ROUNDS.iter().map(|round| k(*round)).collect();
    let permuted = ascon_round(x.q, select(at.q.round, &constants));
    wire!(in_words = at.q.round.ge(FIRST_WORD));
    let fresh = [
        k(ASCON_IV),
        start.seed.slice(0),
        start.seed.slice(64),
        zero(),
        zero(),
    ];
    x.next(
        start.valid | at.q.running & !in_words,
        mux(start.valid, fresh, permuted),
    );

    let word = SeedWord {
        valid: at.q.running & in_words,
        piece: at.q.piece,
        index: at.q.index,
        word: mux(
            at.q.round.eq(FIRST_WORD),
            cat!(x.q[1].slice::<8>(0), x.q[0]),
            cat!(x.q[3].slice::<8>(0), x.q[2]),
        ),
    };
    wire!(second = at.q.round.eq(FIRST_WORD + 1));
    wire!(piece_full = at.q.index.eq(PIECE_WORDS - 1));
    wire!(all_full = piece_full & at.q.piece.eq(PIECES - 1));
    let onward = Progress {
        running: !(second & all_full),
        round: mux(second, k(ASCON_FIRST_OF_EIGHT), at.q.round + 1),
        piece: mux(in_words & piece_full, at.q.piece + 1, at.q.piece),
        index: mux(in_words, at.q.index + 1, at.q.index),
    };
    let begun = Progress {
        running: k(1),
        ..zero()
    };
    at.next(start.valid | at.q.running, mux(start.valid, begun, onward));
    (word, at.q.running)
}

leaf!(
    /// The generator as a block on the host's bus.
    pub SeedGenerator { host_in: HostIn, start: SeedStartIn } -> { host: HostOut, busy: Signal<Out, HdlBit> },
    |host: HostBus, start: SeedStart| -> (HostBus, Bit) {
        let (seed, busy) = seed_words(start);
        (HostBus { seed, ..host }, busy)
    }
);

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::hash::Tabulation;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    #[test]
    fn every_word_is_the_one_that_the_layout_says() {
        let design = build("seed", Ports::Fields, Blocks::Inline, || {
            let (word, busy) = seed_words(input("start"));
            output("word", word);
            output("busy", busy);
        });
        let mut sim = Sim::new(&design);
        let seed = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;
        let expected = Tabulation::new(seed);
        sim.set_int("start_valid", 1);
        sim.set_int("start_seed", seed);
        sim.step();
        sim.set_int("start_valid", 0);
        sim.settle();
        let mut words = 0;
        while sim.get_int("busy") == 1 {
            if sim.get_int("word_valid") == 1 {
                let (piece, index) = (
                    sim.get_int("word_piece") as usize,
                    sim.get_int("word_index") as usize,
                );
                assert_eq!(piece * PIECE_WORDS + index, words, "words come in order");
                assert_eq!(
                    sim.get_int("word_word"),
                    expected.word(piece, index),
                    "piece {piece} index {index}"
                );
                words += 1;
            }
            sim.step();
            sim.settle();
        }
        assert_eq!(words, PIECES * PIECE_WORDS);
    }
}
