//! One ring's registers: which access is for it, and what can be read of it.

use crate::card::axil::Request;
use underpass_layout::registers::rings::STRIDE;
use underpass_wires::{cat, state, Bit, State, U};

/// A ring's registers.
pub(super) struct Ring {
    pub name: &'static str,
    pub number: u32,
    pub request: Request,
    /// Offsets and values.
    pub readable: Vec<(u32, U<32>)>,
}

impl Ring {
    /// An access to one of its registers.
    #[track_caller]
    pub fn at(&self, offset: u32) -> Bit {
        self.request.address.eq(offset + STRIDE * self.number)
    }

    #[track_caller]
    pub fn writes(&self, offset: u32) -> Bit {
        self.request.valid & self.request.write & self.at(offset)
    }

    /// A state named after the ring.
    #[track_caller]
    pub fn state<const N: usize>(&self, what: &str) -> State<U<N>> {
        state(&format!("{}_{what}", self.name))
    }

    pub fn shows(&mut self, offset: u32, value: U<32>) {
        self.readable.push((offset + STRIDE * self.number, value));
    }

    /// A register that can be written where `open` is set.
    #[track_caller]
    pub fn register(&mut self, what: &str, offset: u32, open: Bit) -> U<32> {
        let register = self.state::<32>(what);
        register.next(self.writes(offset) & open, self.request.data);
        self.shows(offset, register.q);
        register.q
    }

    /// Two registers, the low half first.
    #[track_caller]
    pub fn address(&mut self, what: &str, offsets: [u32; 2], open: Bit) -> U<64> {
        let [low, high] = [("low", offsets[0]), ("high", offsets[1])]
            .map(|(half, offset)| self.register(&format!("{what}_{half}"), offset, open));
        cat!(high, low)
    }
}
