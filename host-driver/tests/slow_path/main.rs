//! The slow path with the model's card under it.

mod arp;
mod counting;
mod flows;
mod flows6;
mod link_local;
mod multicast;
mod nd;
mod nd_rules;
mod resolve;
mod six;
mod support;
mod underlay6;
