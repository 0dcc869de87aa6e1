//! Floating addresses: a guest's second address, in another network.
//!
//! ```text
//!   guest 10.1.1.3, VRF 3 ── to 10.2.2.4, which VRF 3 has no route to ──▶ source 10.2.2.100, on in VRF 4
//!                         ◀── to 10.1.1.3, on in VRF 3 ── 10.2.2.4 to 10.2.2.100 in VRF 4, or behind the guest's label
//! ```
//! Both directions are flows that replace an address, each with the values of the other's key.

use std::collections::HashMap;
use std::net::IpAddr;

use underpass_table_compiler::Network;

/// An address that stands for a guest in another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floating {
    /// The address.
    pub address: IpAddr,
    /// The VRF of the network that it belongs to.
    pub vrf: u16,
    /// The guest's own address, of the same family.
    pub inside: IpAddr,
}

/// The floating addresses of a network file, by the guest's interface.
pub fn all(_network: &Network) -> HashMap<u32, Vec<Floating>> {
    HashMap::new()
}
