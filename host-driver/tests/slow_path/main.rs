//! The slow path with the model's card under it.

mod arp;
mod counting;
mod flows;
mod resolve;
mod support;
