//! The events of flow pairs on their way to the host.
//!
//! ```text
//!   event ─ room? ─▶ [ 32 places ] ─▶ [ reg ] ─▶ AGE_EVENT
//!                         │  ◀── AGE_TAKE
//!                         '─▶ rest: fewer than 4 places are free
//! ```
//! The sweep loses nothing: it rests while what it may have under way could find no room. A connection that closes does not
//! wait; where there is no room, its event is lost, and the pair is found later, when it is idle.

use super::PAIR;
use crate::lookup::update;
use crate::stream::fifo::queue;
use underpass_layout::registers::EVENTS;
use underpass_wires::{bundle, mux, state, wire, Bit, BundleExt, State, U};

/// Log2 of the places.
const PLACES: usize = EVENTS.trailing_zeros() as usize;
const _: () = assert!(EVENTS == 1 << PLACES);

/// Places that stay free for what is under way: from a row's clock until its event, a register behind the update, is
/// among those that wait.
pub const UNDER_WAY: usize = update::LATENCY + 2;

bundle! {
    /// Something that the host should know of a flow pair.
    pub struct PairEvent {
        /// There is one.
        valid: Bit,
        /// Its connection is closed; else it is idle.
        dead: Bit,
        /// Its generation.
        generation: U<3>,
        /// Which one.
        pair: U<PAIR>,
    }

    /// What waits.
    struct Waiting {
        dead: Bit,
        generation: U<3>,
        pair: U<PAIR>,
    }
}

/// The queue, whose events come later in the description than what depends on how many wait.
#[must_use = "a count that is never driven"]
#[derive(Clone, Copy, Debug)]
pub struct Events {
    count: State<U<{ PLACES + 1 }>>,
}

impl Events {
    /// An empty queue.
    #[track_caller]
    #[expect(
        clippy::new_without_default,
        reason = "a default that adds registers to the description would surprise"
    )]
    pub fn new() -> Self {
        Events {
            count: state("events_count"),
        }
    }

    /// The sweep is to rest.
    pub fn rest(self) -> Bit {
        self.count.q.gt(EVENTS - UNDER_WAY)
    }

    /// The oldest event that waits, with the one of this clock to be the last; the oldest goes where `take` is set.
    #[track_caller]
    pub fn wait(self, event: PairEvent, take: Bit) -> PairEvent {
        wire!(push = event.valid & !self.count.q.bit(PLACES));
        let waiting = Waiting {
            dead: event.dead,
            generation: event.generation,
            pair: event.pair,
        };
        let queue = queue::<Waiting, PLACES>("events", push, waiting);
        wire!(pop = take & queue.valid);
        queue.pop(pop);
        self.count
            .next(push ^ pop, mux(push, self.count.q + 1, self.count.q - 1));
        let Waiting {
            dead,
            generation,
            pair,
        } = queue.head.reg("oldest");
        PairEvent {
            valid: queue.valid.reg_rst("oldest_valid"),
            dead,
            generation,
            pair,
        }
    }
}
