//! Who is where: ARP and neighbour discovery, of tenants and of wires.

pub(super) mod address_pair;
pub(super) mod arp;
pub(super) mod discovery;
pub(super) mod freshness;
pub(super) mod gateway;
pub(super) mod nd;
pub(super) mod neighbors;
pub(super) mod proxy;
pub(super) mod resolve;
pub(super) mod sender;
