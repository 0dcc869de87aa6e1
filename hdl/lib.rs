//! The card in RTL, written in Rust.
#![forbid(unsafe_code)]

pub mod buses;
pub mod card;
pub mod core;
pub mod hardware;
pub mod lookup;
pub mod pipeline;
pub mod shells;
pub mod stream;
