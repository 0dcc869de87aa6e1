//! The addresses at which a network's guests know the router.

use std::net::IpAddr;

use ipnet::IpNet;

use super::World;

impl World {
    /// The router's address in a network, in the subnet of `near` if that has one, else the first of its family. None: the
    /// node is not the network's router for that family.
    pub fn gateway(&self, vrf: u16, near: IpAddr) -> Option<IpAddr> {
        let network = self.vrf(vrf).filter(|network| network.mode.routes())?;
        let subnets = || {
            let all = network.subnets.iter();
            all.filter_map(|subnet| Some((subnet.prefix, subnet.gateway?)))
        };
        let mut own = subnets().filter(|(prefix, _)| prefix.contains(&near));
        let mut family = subnets().filter(|(_, gateway)| gateway.is_ipv4() == near.is_ipv4());
        let found = own.next().or_else(|| family.next());
        found.map(|(_, gateway)| gateway)
    }

    /// Whether an address stands for all of a subnet (RFC 919).
    pub fn is_broadcast(&self, vrf: u16, address: IpAddr) -> bool {
        let subnets = self.vrf(vrf).map(|network| &network.subnets);
        let is_of = |prefix: &IpNet| match (prefix, address) {
            (IpNet::V4(net), IpAddr::V4(address)) if net.prefix_len() < 31 => {
                [net.broadcast(), net.network()].contains(&address)
            }
            _ => false,
        };
        subnets.is_some_and(|subnets| subnets.iter().any(|subnet| is_of(&subnet.prefix)))
    }
}
