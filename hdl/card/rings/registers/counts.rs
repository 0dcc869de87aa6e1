//! A ring's counts, and which doorbells are believed.

use super::ring::Ring;
use super::running::Running;
use underpass_layout::registers::rings::{CONSUMER, PRODUCER};
use underpass_layout::rings::{ring, COMMAND_BEATS};
use underpass_wires::{k, only, Bit, BundleExt, U};

const _: () = assert!(COMMAND_BEATS == 2);

/// A ring's counts.
pub(super) struct Counts {
    pub producer: U<32>,
    pub consumer: U<32>,
    /// A doorbell was refused.
    pub bell_refused: Bit,
}

impl Ring {
    /// Producer and consumer; `moved` is how far the card's own count goes.
    pub fn counts(&mut self, running: &Running, moved: U<21>) -> Counts {
        let card_fills = self.number == ring::PUNT;
        let producer = self.state::<32>("producer");
        let consumer = self.state::<32>("consumer");
        let (own, bell, offset) = match card_fills {
            true => (producer, consumer, CONSUMER),
            false => (consumer, producer, PRODUCER),
        };
        self.shows(PRODUCER, producer.q);
        self.shows(CONSUMER, consumer.q);
        own.next(k(1), only(!running.starts, own.q + moved.ext::<32>()));

        // The card's own count may move while a doorbell is judged: that makes no doorbell wrong that was right.
        let rung = (self.writes(offset) & running.runs).reg_rst("rung");
        let unheard = (self.writes(offset) & !running.runs).reg_rst("unheard");
        let (value, own_then) = (self.request.data.reg("bell"), own.q.reg("own_then"));
        let used = (producer.q - consumer.q).reg("used");
        let to = match card_fills {
            true => own_then - value,
            false => value - own_then,
        };
        let to = to.reg("bell_to");
        let used = used.reg("used_then");
        let possible = match self.number {
            ring::PUNT => to.le(used),
            _ => to.ge(used) & to.le(running.size.ext::<32>()),
        };
        let whole = match self.number {
            ring::COMMAND => !value.bit(0).reg("bell_odd"),
            _ => k(1),
        };
        let (accepts, judged) = (
            (possible & whole).reg("bell_accepted"),
            rung.reg_rst("bell_heard").reg_rst("bell_judged"),
        );
        let value = value.delay("bell_value", 2);
        let rings = judged & accepts;
        bell.next(running.starts | rings, only(!running.starts, value));
        Counts {
            producer: producer.q,
            consumer: consumer.q,
            bell_refused: unheard | (judged & !accepts),
        }
    }
}
