//! Allowed address pairs: who of several guests has the addresses, and how ARP for them is answered.
//!
//! | pair                                | leads to                       | l2-l3                 | l3  |
//! |-------------------------------------|--------------------------------|-----------------------|-----|
//! | active-standby, nobody heard        | the first in the file          | T F (guests answer)   | T P |
//! | active-standby, one heard           | that one                       | T P, its MAC stitched | T P |
//! | active-active, one guest            | that one                       | P, its MAC stitched   | P   |
//! | active-active, several              | one of them, flow by flow      | P (the router's MAC)  | P   |
//!
//! T: gratuitous ARP for it goes to the slow path, which notes the sender in
//! [`Network::active`](crate::network::Network::active) and compiles again.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::ids::{guest_vif, Ids};
use crate::mac::Mac;
use crate::network::{Network, NetworkIndex, PairMode};
use crate::objects::{self, AllowedAddressPair, PairMember, Route, RouteFlags};

/// A pair of a network with everyone who may have it.
pub struct Pair {
    pub network: NetworkIndex,
    pub address: IpNet,
    pub mode: PairMode,
    /// Position and MAC, in file order; at least one.
    pub members: Vec<(usize, Mac)>,
}

/// Every pair, in the order in which the file first has it.
pub fn pairs(network: &Network) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut places: BTreeMap<(NetworkIndex, IpNet), usize> = BTreeMap::new();
    for (position, interface) in network.interfaces.iter().enumerate() {
        for one in &interface.allowed_address_pairs {
            let key = (interface.network, one.address);
            let place = *places.entry(key).or_insert_with(|| {
                pairs.push(Pair {
                    network: interface.network,
                    address: one.address,
                    mode: one.mode,
                    members: Vec::new(),
                });
                pairs.len() - 1
            });
            pairs[place].members.push((position, one.mac));
        }
    }
    pairs
}

impl Pair {
    /// The guest that was heard to have the addresses; `None` where nobody was, or where all have them.
    fn heard(&self, network: &Network) -> Option<(usize, Mac)> {
        let active = network.active.get(&(self.network, self.address))?;
        let mut members = self.members.iter().copied();
        members.find(|(position, _)| position == active && self.mode == PairMode::ActiveStandby)
    }

    /// The guest to which frames for the pair's MAC go.
    fn first(&self, network: &Network) -> Option<(usize, Mac)> {
        self.heard(network).or(self.members.first().copied())
    }

    /// The route to the addresses, where packets are routed.
    pub fn route(&self, network: &Network, ids: &Ids) -> Option<Route> {
        let tenant = network.network(self.network);
        let heard = self.heard(network);
        let (position, mac) = self.first(network)?;
        let shared = ids.shared.get(&(self.network, self.address)).copied();
        let stitched = Some(mac).filter(|_| tenant.mode.bridges());
        let (proxy, trap) = (RouteFlags::PROXY, RouteFlags::TRAP);
        let (flags, stitched_mac) = match (self.mode, heard, shared) {
            (PairMode::ActiveStandby, None, _) if tenant.mode.bridges() => {
                (trap | RouteFlags::FLOOD, None)
            }
            (PairMode::ActiveStandby, _, _) => (trap | proxy, stitched),
            (PairMode::ActiveActive, _, None) => (proxy, stitched),
            (PairMode::ActiveActive, _, Some(_)) => (proxy, None),
        };
        Some(Route {
            vrf: tenant.vrf,
            prefix: self.address,
            nh: shared.unwrap_or_else(|| ids.of_mac(network, position, mac)),
            flags,
            label: None,
            stitched_mac,
        })
    }
}

/// The guests behind MACs that are not their own, by network and MAC. Of one that several have, the one that was heard
/// under it, or else the first in the file.
pub fn by_mac(network: &Network) -> BTreeMap<(NetworkIndex, Mac), usize> {
    let mut guests = BTreeMap::new();
    let mut heard = BTreeMap::new();
    for pair in pairs(network) {
        for (position, mac) in &pair.members {
            if *mac != network.interfaces[*position].mac {
                guests.entry((pair.network, *mac)).or_insert(*position);
            }
        }
        if let Some((position, mac)) = pair.heard(network) {
            heard.entry((pair.network, mac)).or_insert(position);
        }
    }
    for (key, guest) in &mut guests {
        *guest = heard.get(key).copied().unwrap_or(*guest);
    }
    guests
}

/// The pairs as the slow path knows them.
pub fn objects(network: &Network, ids: &Ids) -> Vec<AllowedAddressPair> {
    let pairs = pairs(network).into_iter();
    let object = |pair: Pair| {
        let heard = pair.heard(network);
        let member = |(position, mac): &(usize, Mac)| PairMember {
            vif: guest_vif(network, *position),
            mac: *mac,
            nh: ids.of_mac(network, *position, *mac),
        };
        objects::AllowedAddressPair {
            vrf: network.network(pair.network).vrf,
            address: pair.address,
            mode: pair.mode,
            members: pair.members.iter().map(member).collect(),
            active: heard.map(|(position, _)| guest_vif(network, position)),
        }
    };
    pairs.map(object).collect()
}
