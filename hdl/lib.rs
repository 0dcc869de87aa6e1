//! The card in RTL, written in Rust.
#![forbid(unsafe_code)]

pub mod hardware;
