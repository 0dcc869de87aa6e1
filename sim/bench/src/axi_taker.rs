//! An AXI4 channel on which the design offers: AW, W or AR.
//!
//! The offer must stay as it is until our `ready`, which follows a stall pattern, has been high.

use crate::channel::Activity;
use crate::dut::Dut;
use crate::stalls::{StallStream, Stalls};
use crate::violation::Violation;

/// Words of the largest offer: 512 bits of data, 64 strobes, `last`.
pub(crate) const OFFER_WORDS: usize = 19;

/// What is offered: the signals one after the other, each from a new word on.
pub(crate) type Offer = [u32; OFFER_WORDS];

/// One channel.
pub(crate) struct Taker<P> {
    prefix: String,
    channel: &'static str,
    valid: P,
    ready: P,
    /// Name, place in the offer, words.
    signals: Vec<(&'static str, P, usize, usize)>,
    stalls: StallStream,
    is_ready: bool,
    held: Option<Offer>,
}

impl<P: Copy> Taker<P> {
    /// The channel whose signals are `prefix_channelvalid` and so on; `signals` with their words.
    pub(crate) fn new<D: Dut<Port = P>>(
        dut: &D,
        prefix: &str,
        channel: &'static str,
        signals: &[(&'static str, usize)],
        stalls: Stalls,
    ) -> Result<Self, D::Error> {
        let port = |signal: &str| dut.port(&format!("{prefix}_{channel}{signal}"));
        let mut at = 0;
        let mut list = Vec::new();
        for &(name, words) in signals {
            list.push((name, port(name)?, at, words));
            at += words;
        }
        Ok(Taker {
            valid: port("valid")?,
            ready: port("ready")?,
            prefix: prefix.to_string(),
            channel,
            signals: list,
            stalls: stalls.stream(),
            is_ready: false,
            held: None,
        })
    }

    /// A broken rule of one of its signals.
    pub(crate) fn broken(&self, clock: u64, signal: &str, rule: impl Into<String>) -> Violation {
        Violation::new(
            clock,
            &self.prefix,
            &format!("{}{signal}", self.channel),
            rule,
        )
    }

    /// Sets `ready` for this clock.
    pub(crate) fn drive<D: Dut<Port = P>>(&mut self, dut: &mut D) {
        let ready = !self.stalls.next_clock();
        if ready != self.is_ready {
            dut.set_u64(self.ready, ready.into());
            self.is_ready = ready;
        }
    }

    /// What is taken at this edge.
    pub(crate) fn sample<D: Dut<Port = P>>(&mut self, dut: &D) -> Result<Option<Offer>, Violation> {
        let clock = dut.cycle();
        if !dut.is_high(self.valid) {
            return match self.held {
                Some(_) => Err(self.broken(clock, "valid", "fell before ready was high")),
                None => Ok(None),
            };
        }
        let mut offer = [0; OFFER_WORDS];
        for &(_, port, at, words) in &self.signals {
            dut.get(port, &mut offer[at..at + words]);
        }
        if let Some(held) = self.held {
            let changed = |&&(_, _, at, words): &&(_, _, usize, usize)| {
                held[at..at + words] != offer[at..at + words]
            };
            if let Some((signal, ..)) = self.signals.iter().find(changed) {
                let rule = "changed while valid was high and ready low";
                return Err(self.broken(clock, signal, rule));
            }
        }
        self.held = (!self.is_ready).then_some(offer);
        Ok(self.is_ready.then_some(offer))
    }

    /// Not ready, nothing held.
    pub(crate) fn reset<D: Dut<Port = P>>(&mut self, dut: &mut D) {
        dut.set_u64(self.ready, 0);
        self.is_ready = false;
        self.held = None;
    }

    /// What it says while an offer is held.
    pub(crate) fn pending(&self) -> Option<String> {
        self.held.map(|_| {
            let (prefix, channel) = (&self.prefix, self.channel);
            format!("{prefix}: {channel} is offered and held by its stall pattern")
        })
    }
}

/// [`Activity::Moved`] where something was taken.
pub(crate) fn moved<T>(taken: &Option<T>) -> Activity {
    match taken {
        Some(_) => Activity::Moved,
        None => Activity::Idle,
    }
}
