//! Which neighbors the slow path has heard on the wires of gateways, and their MACs. They are not in the file.
//!
//! ```text
//!   hear ──▶ place 0  192.0.2.17    forget ──▶ place 0  free          who comes next takes the first free place;
//!            place 1  192.0.2.30               place 1  192.0.2.30    all others keep theirs
//! ```
//! A place stands for a number of a nexthop, so that those of others stay.

use std::net::IpAddr;

use super::gateway::{on_wire, Gateway};
use super::read::is_link_local;
use super::Network;
use crate::mac::Mac;

/// Neighbors that were heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    places: Vec<Option<HeardNeighbor>>,
}

/// A neighbor that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeardNeighbor {
    /// Position of the gateway in [`Network::gateways`](super::Network::gateways).
    pub gateway: usize,
    /// Its address.
    pub address: IpAddr,
    /// Its MAC.
    pub mac: Mac,
}

impl Heard {
    /// Most neighbors that are kept, of all gateways together. Each gateway has as many places as any other.
    pub const MOST: usize = 256;

    /// Every neighbor with its place.
    pub fn neighbors(&self) -> impl Iterator<Item = (usize, HeardNeighbor)> + '_ {
        let places = self.places.iter().enumerate();
        places.filter_map(|(place, neighbor)| Some((place, (*neighbor)?)))
    }

    /// How many there are of a gateway.
    fn of(&self, gateway: usize) -> usize {
        let neighbors = self.neighbors();
        neighbors
            .filter(|(_, other)| other.gateway == gateway)
            .count()
    }

    /// The MAC of a neighbor of a gateway.
    #[must_use]
    pub fn mac(&self, gateway: usize, address: IpAddr) -> Option<Mac> {
        let place = self.place(gateway, address)?;
        self.places[place].map(|neighbor| neighbor.mac)
    }

    /// Notes a neighbor's MAC. True if that is news; false too where there is no place for one more.
    pub(super) fn hear(&mut self, neighbor: HeardNeighbor) -> bool {
        let known = self.place(neighbor.gateway, neighbor.address);
        let free = || self.places.iter().position(Option::is_none);
        let place = known.or_else(free).unwrap_or(self.places.len());
        if place == Self::MOST {
            return false;
        }
        if place == self.places.len() {
            self.places.push(None);
        }
        self.places[place].replace(neighbor) != Some(neighbor)
    }

    /// Forgets a neighbor. True if it was known.
    pub(super) fn forget(&mut self, gateway: usize, address: IpAddr) -> bool {
        match self.place(gateway, address) {
            Some(place) => self.places[place].take().is_some(),
            None => false,
        }
    }

    fn place(&self, gateway: usize, address: IpAddr) -> Option<usize> {
        let mut places = self.places.iter();
        places.position(|place| {
            place.is_some_and(|other| (other.gateway, other.address) == (gateway, address))
        })
    }
}

impl Network {
    /// Notes that a neighbor on the wire of a network's gateway, by the network's VRF, has a MAC. True if that is news;
    /// false too where the network has no gateway, where the file says who has the address, and where there is no room.
    pub fn hear(&mut self, vrf: u16, address: IpAddr, mac: Mac) -> bool {
        let Some(gateway) = self.gateway_of(vrf) else {
            return false;
        };
        let own = &self.gateways[gateway];
        let subnets = &self.network(own.network).subnets;
        // No route leads to a link-local one, unless it is a router.
        let wanted = !is_link_local(&address) || own.routers.contains(&address);
        let may = on_wire(subnets, address) && wanted && mac.is_unicast();
        let may = may && !self.says_who_has(own, address);
        let is_known = self.heard.mac(gateway, address).is_some();
        let may = may && (is_known || self.has_place(gateway));
        let neighbor = HeardNeighbor {
            gateway,
            address,
            mac,
        };
        may && self.heard.hear(neighbor)
    }

    /// Whether one more neighbor of a gateway finds a place: others' places are not for it.
    #[must_use]
    pub fn has_place(&self, gateway: usize) -> bool {
        let share = Heard::MOST / self.gateways.len().max(1);
        self.heard.of(gateway) < share.max(1)
    }

    /// Forgets a neighbor that was heard. True if it was known.
    pub fn forget_neighbor(&mut self, vrf: u16, address: IpAddr) -> bool {
        let gateway = self.gateway_of(vrf);
        gateway.is_some_and(|gateway| self.heard.forget(gateway, address))
    }

    /// The MAC of a neighbor on a gateway's wire, as far as it is known.
    #[must_use]
    pub fn neighbor(&self, gateway: usize, address: IpAddr) -> Option<Mac> {
        let given = self.gateways.get(gateway)?.neighbors.get(&address);
        given.copied().or_else(|| self.heard.mac(gateway, address))
    }

    /// The position of the gateway of a network, by its VRF.
    fn gateway_of(&self, vrf: u16) -> Option<usize> {
        let mut gateways = self.gateways.iter();
        gateways.position(|gateway| self.network(gateway.network).vrf == vrf)
    }

    /// True if the file says who on a gateway's wire has an address: the node, a guest, or a neighbor with its MAC.
    fn says_who_has(&self, gateway: &Gateway, address: IpAddr) -> bool {
        let network = gateway.network;
        let mut services = self.network(network).subnets.iter();
        let service = services.any(|subnet| subnet.service_addresses().any(|own| own == address));
        let mut interfaces = self.interfaces.iter();
        let guest =
            interfaces.any(|guest| guest.network == network && guest.addresses.contains(&address));
        let own = gateway.addresses.contains(&address)
            || gateway.snat.is_some_and(|snat| address == snat)
            || gateway.neighbors.contains_key(&address);
        own || guest || service && !gateway.routers.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbor(last: u8, mac: u8) -> HeardNeighbor {
        HeardNeighbor {
            gateway: 0,
            address: IpAddr::from([192, 0, 2, last]),
            mac: Mac([2, 0, 0, 0, 0, mac]),
        }
    }

    fn places(heard: &Heard) -> Vec<(usize, HeardNeighbor)> {
        heard.neighbors().collect()
    }

    #[test]
    fn others_keep_their_places() {
        let mut heard = Heard::default();
        for last in [17, 30, 31] {
            assert!(heard.hear(neighbor(last, last)));
            assert!(!heard.hear(neighbor(last, last)));
        }
        assert!(heard.forget(0, neighbor(30, 0).address));
        assert!(!heard.forget(0, neighbor(30, 0).address));
        assert!(heard.hear(neighbor(31, 9)));
        let two = [(0, neighbor(17, 17)), (2, neighbor(31, 9))];
        assert_eq!(places(&heard), two);
        assert!(heard.hear(neighbor(40, 40)));
        assert_eq!(places(&heard)[1], (1, neighbor(40, 40)));
        assert_eq!(
            heard.mac(0, neighbor(31, 0).address),
            Some(Mac([2, 0, 0, 0, 0, 9]))
        );
        assert_eq!(heard.mac(1, neighbor(31, 0).address), None);
    }

    #[test]
    fn no_more_are_kept_than_there_are_places() {
        let mut heard = Heard::default();
        for n in 0..Heard::MOST {
            let gateway = n;
            assert!(heard.hear(HeardNeighbor {
                gateway,
                ..neighbor(1, 1)
            }));
        }
        assert!(!heard.hear(neighbor(2, 2)));
        assert!(heard.hear(neighbor(1, 3)), "one that is known moves");
        assert!(heard.forget(7, neighbor(1, 0).address));
        assert!(heard.hear(neighbor(2, 2)));
    }
}
