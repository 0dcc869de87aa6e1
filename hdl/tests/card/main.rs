//! The card with its rings, as a driver meets it.

mod commands;
mod harness;
