//! Packets through the whole system.
mod input;
mod pcapng;

pub use input::{
    Input, InputError, InputErrorKind, InvalidInput, Packet, Packets, MAX_FRAME_BYTES,
};
