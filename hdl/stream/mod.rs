//! The bus and its flow control: from the outer stream to headers and bodies, and back.

pub mod beat;
pub mod blocks;
pub mod bytes;
pub mod deliver;
pub mod fifo;
#[cfg(test)]
pub(crate) mod frames;
pub mod gather;
#[cfg(test)]
pub(crate) mod patches;
