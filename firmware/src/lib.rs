//! What a card is loaded with.
//!
//! An image file is a header and a payload. The header says what the payload is for (board, part, layout, profile) and
//! what it must look like (length, hash), so that a loader can refuse a file before it touches flash:
//!
//! ```text
//!   0                256                       256 + payload length
//!   ├──── header ────┼──────── payload ────────┤
//!     what and for     configuration bits of
//!     which card       the FPGA, as they are
//! ```
//!
//! Nothing here needs an operating system or allocates, so that a controller on the card can use it as it is.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod image;
