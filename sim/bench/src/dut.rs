//! What can sit under a bench: anything with named ports and a clock.
//!
//! One clock goes `set` inputs, [`Dut::settle`], `get` outputs, [`Dut::tick`]. A handshake is what `valid` and `ready`
//! say between `settle` and `tick`, since either may be logic over the other side's inputs of the same clock.

use std::fmt;

use underpass_verilator::{Error, Instance, PortId};

/// A clocked model.
pub trait Dut {
    /// Handle of a port.
    type Port: Copy + 'static;
    /// Why a port cannot be had.
    type Error: fmt::Display;

    /// The handle of a port.
    fn port(&self, name: &str) -> Result<Self::Port, Self::Error>;
    /// Drives an input with 32-bit words, lowest first; words left out are zero.
    fn set(&mut self, port: Self::Port, words: &[u32]);
    /// Reads an output into 32-bit words, lowest first.
    fn get(&self, port: Self::Port, out: &mut [u32]);
    /// Makes outputs that are logic over inputs follow what was set.
    fn settle(&mut self);
    /// One rising edge, sampling the inputs as last set.
    fn tick(&mut self);
    /// Edges so far.
    fn cycle(&self) -> u64;

    /// Drives an input of up to 64 bits.
    #[inline]
    fn set_u64(&mut self, port: Self::Port, value: u64) {
        self.set(port, &[value as u32, (value >> 32) as u32]);
    }

    /// Reads the low 64 bits of an output.
    #[inline]
    fn get_u64(&self, port: Self::Port) -> u64 {
        let mut words = [0; 2];
        self.get(port, &mut words);
        u64::from(words[0]) | u64::from(words[1]) << 32
    }

    /// Whether a one-bit output is high.
    #[inline]
    fn is_high(&self, port: Self::Port) -> bool {
        self.get_u64(port) != 0
    }
}

impl Dut for Instance {
    type Port = PortId;
    type Error = Error;

    fn port(&self, name: &str) -> Result<PortId, Error> {
        Instance::port(self, name)
    }

    #[inline]
    fn set(&mut self, port: PortId, words: &[u32]) {
        Instance::set(self, port, words);
    }

    #[inline]
    fn get(&self, port: PortId, out: &mut [u32]) {
        Instance::get(self, port, out);
    }

    #[inline]
    fn settle(&mut self) {
        self.eval();
    }

    #[inline]
    fn tick(&mut self) {
        Instance::tick(self);
    }

    #[inline]
    fn cycle(&self) -> u64 {
        self.cycles()
    }

    #[inline]
    fn set_u64(&mut self, port: PortId, value: u64) {
        Instance::set_u64(self, port, value);
    }

    #[inline]
    fn get_u64(&self, port: PortId) -> u64 {
        Instance::get_u64(self, port)
    }
}
