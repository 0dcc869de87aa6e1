//! The RTL under Verilator and the model, on the same bytes.
//!
//! ```text
//!   tables u8 | stalls in u8 | stalls out u8 | seed u8 | { port u16, length u16, frame }..
//!                          │
//!        ┌─────────────────┴──────────────────┐
//!        ▼                                    ▼
//!   RTL: decided, frames, counters      model: the same         equal, packet by packet
//! ```
//! Cores are made once in a thread and keep their tables. What goes on from input to input is only what both count:
//! counters, and the identification of tunnel headers. So an input alone finds again what it found in a long run, unless
//! it needed those.

mod input;
mod pair;

pub use input::Input;
pub use pair::Pair;

use std::cell::{Cell, RefCell};

use super::networks::{compiled, IPV6_UNDERLAY, TWO_COMPUTES};
use crate::rtl;
use crate::tables::World;
use fastrand::Rng;
use underpass_host_driver::driver::REPLAY_SEED;
use underpass_layout::profile::SIM;

/// Seed of the random tables.
pub const WORLD_SEED: u64 = 4;

/// Inputs between two comparisons of all counters.
const COUNTERS_EVERY: u64 = 512;

thread_local! {
    static PAIRS: RefCell<Vec<Pair>> = RefCell::new(pairs());
    static INPUTS: Cell<u64> = const { Cell::new(0) };
}

fn pairs() -> Vec<Pair> {
    let library = rtl::library(&SIM);
    let example = |text| {
        let (_, compiled) = compiled(text);
        let steps = compiled.plan.steps.iter();
        let rows = steps.map(|step| (step.table, step.address as usize, step.words.to_vec()));
        Pair::new(&library, REPLAY_SEED, rows)
    };
    let world = world();
    let rows = world
        .rows
        .all()
        .map(|row| (row.table, row.address, row.words));
    vec![
        example(TWO_COMPUTES),
        example(IPV6_UNDERLAY),
        Pair::new(&library, REPLAY_SEED, rows),
    ]
}

/// The random tables.
pub fn world() -> World {
    World::random(&SIM, &mut Rng::with_seed(WORLD_SEED), REPLAY_SEED)
}

/// Sends the frames through both.
///
/// # Panics
/// They part: the packet, the field and the stage are named.
pub fn run(data: &[u8]) {
    let input = Input::read(data);
    PAIRS.with_borrow_mut(|pairs| {
        let which = usize::from(input.tables) % pairs.len();
        pairs[which].compare(&input);
    });
    let inputs = INPUTS.get() + 1;
    INPUTS.set(inputs);
    if inputs.is_multiple_of(COUNTERS_EVERY) {
        check_counters();
    }
}

/// Compares every counter of every interface and flow that there is.
///
/// # Panics
/// They differ.
pub fn check_counters() {
    PAIRS.with_borrow_mut(|pairs| pairs.iter_mut().for_each(Pair::compare_all_counters));
}
