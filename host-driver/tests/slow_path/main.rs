//! The slow path with the model's card under it.

mod address_pair;
mod arp;
mod copies;
mod counting;
mod ecmp;
mod ending;
mod fat;
mod floating;
mod flows;
mod flows6;
mod learning;
mod limits;
mod link_local;
mod multicast;
mod nd;
mod nd_rules;
mod resolve;
mod senders;
mod six;
mod support;
mod underlay6;
