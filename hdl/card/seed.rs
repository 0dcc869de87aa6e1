//! The words of the tabulation hash, made on the card from the seed (see `underpass_layout::hash`).
//!
//! ```text
//!   start ─▶ [ state: IV, seed ] ─▶ 6 clocks ─▶ ( word, word ─▶ 4 clocks ) ... until every piece is full
//! ```
//! Two rounds of the Ascon permutation a clock, so five clocks for two words: the first leaves while the permutation
//! rests, the second behind it. The words leave on the host's bus: a table access may travel beside them.

use super::host_bus::{HostBus, SeedWord};
use crate::buses::{HostIn, HostOut, SeedStartIn};
use crate::hardware::SeedTarget;
use rust_hdl_core::prelude::{Bit as HdlBit, Out, Signal};
use underpass_layout::hash::{
    ASCON_FIRST_OF_EIGHT, ASCON_IV, ASCON_ROTATIONS, ASCON_ROUNDS, PIECES, PIECE_WORDS,
};
use underpass_wires::{bundle, cat, k, leaf, mux, select, state, wire, zero, Bit, BundleExt, U};

/// Rounds of the permutation in one clock.
const ROUNDS_A_CLOCK: usize = 2;
/// Clocks of the first permutation; the next one of the generator's clocks is that in which words leave.
const CLOCKS: usize = ASCON_ROUNDS.len() / ROUNDS_A_CLOCK;

bundle! {
    /// The order to fill the hash tables.
    pub struct SeedStart {
        /// Begin in this clock.
        valid: Bit,
        /// The seed.
        seed: U<128>,
        /// What it is for.
        target: SeedTarget,
    }

    /// Where the generator is.
    struct Progress {
        running: Bit,
        /// The next clock of the permutation, or [`CLOCKS`].
        clock: U<3>,
        piece: U<6>,
        /// Of the words that leave next, two at a time.
        pair: U<8>,
    }
}

const _: () = assert!(CLOCKS < 1 << 3 && PIECES <= 1 << 6 && PIECE_WORDS == 2 << 8);

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

/// The words, and whether more are to come.
pub fn seed_words(start: SeedStart) -> (SeedWord, Bit) {
    let at = state::<Progress>("progress");
    let x = state::<[U<64>; 5]>("ascon");
    let target = state::<SeedTarget>("target");
    target.next(start.valid, start.target);

    let mut permuted = x.q;
    for i in 0..ROUNDS_A_CLOCK {
        let constants: Vec<U<64>> = ASCON_ROUNDS
            .chunks_exact(ROUNDS_A_CLOCK)
            .map(|rounds| k(rounds[i]))
            .collect();
        permuted = ascon_round(permuted, select(at.q.clock, &constants));
    }
    wire!(rests = at.q.clock.eq(CLOCKS));
    let fresh = [
        k(ASCON_IV),
        start.seed.slice(0),
        start.seed.slice(64),
        zero(),
        zero(),
    ];
    x.next(
        start.valid | at.q.running & !rests,
        mux(start.valid, fresh, permuted),
    );

    let word = |index: Bit, lane: U<64>, next: U<64>| SeedWord {
        valid: at.q.running & rests,
        piece: at.q.piece,
        index: cat!(at.q.pair, index),
        word: cat!(next.slice::<32>(0), lane),
        target: target.q,
    };
    let first = word(k(0), x.q[0], x.q[1]);
    let mut second = word(k(1), x.q[2], x.q[3]).reg_en("second", first.valid);
    second.valid = first.valid.reg_rst("second_valid");

    wire!(piece_full = at.q.pair.all());
    wire!(all_full = piece_full & at.q.piece.eq(PIECES - 1));
    let onward = Progress {
        running: !(rests & all_full),
        clock: mux(
            rests,
            k(ASCON_FIRST_OF_EIGHT / ROUNDS_A_CLOCK),
            at.q.clock + 1,
        ),
        piece: mux(rests & piece_full, at.q.piece + 1, at.q.piece),
        pair: mux(rests, at.q.pair + 1, at.q.pair),
    };
    let begun = Progress {
        running: k(1),
        ..zero()
    };
    at.next(start.valid | at.q.running, mux(start.valid, begun, onward));
    (
        mux(second.valid, second, first),
        at.q.running | second.valid,
    )
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
