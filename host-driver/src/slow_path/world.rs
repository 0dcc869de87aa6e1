//! What the slow path knows: the network, its objects, and quick ways to find one of them.
//!
//! ```text
//!   route(vrf, address)    the longest prefix, as the card finds it      who answers ARP, S(nh)
//!   owner(vrf, address)    whose address it is, seen from a network      which policy is asked
//!   bridge(vrf, mac)       where frames to a MAC go
//!   guest_of(nexthop)      whose K(nh) it is
//! ```
//! A neighbour that is learned, or an address that moves, changes the network, and everything here is derived from that
//! again. Nothing that a new flow asks takes longer the more there is.

mod gateway;
mod members;
mod own;
mod wire;

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use underpass_layout::port;
use underpass_table_compiler::entries::Known;
use underpass_table_compiler::network::Underlay;
use underpass_table_compiler::objects::{
    AllowedAddressPair, Bridge, FloatingIp, Mirror, Nexthop, NexthopKind, Objects, PairMember,
    Policy, Route, TunnelNexthop, Vif, VifFlags, VifType, Vrf,
};
use underpass_table_compiler::{Mac, Network};

pub use members::Member;
use own::Owners;
use wire::Wires;

use super::sender::OwnAddresses;
use super::{address_pair, floating};

/// The network as the slow path sees it.
#[derive(Clone, Debug)]
pub struct World {
    network: Network,
    objects: Objects,
    /// Place in `objects.routes` by VRF and prefix.
    routes: HashMap<(u16, IpNet), usize>,
    /// Lengths of the prefixes of a VRF and family, the longest first.
    lengths: HashMap<(u16, bool), Vec<u8>>,
    /// Place in `objects.bridges` by VRF and MAC.
    bridges: HashMap<(u16, Mac), usize>,
    /// Place in `objects.vifs` by number.
    vifs: HashMap<u32, usize>,
    /// Place in `objects.vifs` by the nexthop in flow keys.
    guests: HashMap<u32, usize>,
    /// Place in `objects.nexthops` by number.
    nexthops: HashMap<u32, usize>,
    /// Place in `objects.vrfs` by number.
    vrfs: HashMap<u16, usize>,
    /// Places in `objects.policies` by two VRFs that they join.
    policies: HashMap<(u16, u16), Vec<usize>>,
    owners: Owners,
    /// By interface.
    floating: HashMap<u32, Vec<FloatingIp>>,
    /// Places in `objects.allowed_address_pairs` by interface.
    pairs: HashMap<u32, Vec<usize>>,
    own_addresses: OwnAddresses,
    wires: Wires,
}

impl World {
    /// Derives what is needed from a network and its objects.
    pub fn new(network: Network, objects: Objects) -> World {
        let mut lengths: HashMap<(u16, bool), Vec<u8>> = HashMap::new();
        for route in &objects.routes {
            let family = matches!(route.prefix, IpNet::V6(_));
            let lengths = lengths.entry((route.vrf, family)).or_default();
            lengths.push(route.prefix.prefix_len());
        }
        for lengths in lengths.values_mut() {
            lengths.sort_unstable_by(|one, other| other.cmp(one));
            lengths.dedup();
        }
        let mut policies: HashMap<(u16, u16), Vec<usize>> = HashMap::new();
        for (place, policy) in objects.policies.iter().enumerate() {
            let pairs = policy
                .vrfs
                .iter()
                .flat_map(|one| policy.vrfs.iter().map(move |other| (*one, *other)));
            for pair in pairs {
                let places = policies.entry(pair).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        let is_guest = |vif: &&Vif| vif.vif_type == VifType::Vm;
        let guests = places(&objects.vifs, |vif| Some(vif).filter(is_guest)?.nh_id);
        World {
            routes: places(&objects.routes, |route| Some((route.vrf, route.prefix))),
            lengths,
            bridges: places(&objects.bridges, |bridge| Some((bridge.vrf, bridge.mac))),
            vifs: places(&objects.vifs, |vif| Some(vif.idx)),
            guests,
            nexthops: places(&objects.nexthops, |nexthop| Some(nexthop.id)),
            vrfs: places(&objects.vrfs, |vrf| Some(vrf.vrf)),
            policies,
            owners: Owners::new(&network, &objects),
            floating: floating::by_guest(&objects.floating_ips),
            pairs: address_pair::by_guest(&objects.allowed_address_pairs),
            own_addresses: OwnAddresses::new(&network, &objects),
            wires: Wires::new(&objects),
            network,
            objects,
        }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The objects.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The underlay.
    pub fn underlay(&self) -> &Underlay {
        &self.network.underlay
    }

    /// The MAC of every gateway.
    pub fn router_mac(&self) -> Mac {
        self.network.node.router_mac
    }

    /// The address at which tunnels end.
    pub fn tunnel_address(&self) -> IpAddr {
        self.network.underlay.address.addr()
    }

    /// The interface of that index.
    pub fn vif(&self, idx: u16) -> Option<&Vif> {
        self.objects.vifs.get(*self.vifs.get(&u32::from(idx))?)
    }

    /// The guest's interface whose nexthop this is in flow keys.
    pub fn guest_of(&self, nexthop: u32) -> Option<&Vif> {
        self.objects.vifs.get(*self.guests.get(&nexthop)?)
    }

    /// The first interface of that type that has a port.
    pub fn vif_of(&self, vif_type: VifType) -> Option<&Vif> {
        let mut vifs = self.objects.vifs.iter();
        vifs.find(|vif| vif.vif_type == vif_type && vif.port.is_some())
    }

    /// The guests' interfaces in a VRF, in the order of their numbers.
    pub fn guests(&self, vrf: u16) -> impl Iterator<Item = &Vif> {
        let vifs = self.objects.vifs.iter();
        vifs.filter(move |vif| vif.vif_type == VifType::Vm && vif.vrf == vrf)
    }

    /// The network with that VRF.
    pub fn vrf(&self, vrf: u16) -> Option<&Vrf> {
        self.objects.vrfs.get(*self.vrfs.get(&vrf)?)
    }

    /// The nexthop of that id.
    pub fn nexthop(&self, id: u32) -> Option<&Nexthop> {
        self.objects.nexthops.get(*self.nexthops.get(&id)?)
    }

    /// The tunnel of that nexthop.
    pub fn tunnel(&self, id: u32) -> Option<&TunnelNexthop> {
        match &self.nexthop(id)?.kind {
            NexthopKind::Tunnel(tunnel) => Some(tunnel),
            _ => None,
        }
    }

    /// The guest that a nexthop delivers to.
    pub fn guest_behind(&self, nexthop: u32) -> Option<&Vif> {
        match self.nexthop(nexthop)?.kind {
            NexthopKind::Encap { out_vif, .. } => self
                .vif(u16::try_from(out_vif).ok()?)
                .filter(|vif| vif.vif_type == VifType::Vm),
            _ => None,
        }
    }

    /// The route that packets to an address take. None leads to an IPv6 link-local address, whatever the prefixes: who
    /// has it is on the link, and what is for it stays there (RFC 4291 section 2.5.6).
    pub fn route(&self, vrf: u16, address: IpAddr) -> Option<&Route> {
        if is_link_local(address) {
            return None;
        }
        let lengths = self.lengths.get(&(vrf, address.is_ipv6()))?;
        lengths.iter().find_map(|length| {
            let prefix = IpNet::new(address, *length).ok()?.trunc();
            let place = self.routes.get(&(vrf, prefix))?;
            self.objects.routes.get(*place)
        })
    }

    /// The VRF of the network that an address belongs to, seen from the network with VRF `vrf`.
    pub fn owner(&self, vrf: u16, address: IpAddr) -> Option<u16> {
        let prefix = self.route(vrf, address)?.prefix;
        self.owners.of(vrf, prefix)
    }

    /// The addresses that stand for a guest in other networks.
    pub fn floating_of(&self, vif: u32) -> &[FloatingIp] {
        self.floating.get(&vif).map_or(&[], Vec::as_slice)
    }

    /// The addresses that guests have of their own.
    pub fn own_addresses(&self) -> &OwnAddresses {
        &self.own_addresses
    }

    /// The allowed address pair that gives a guest an address, the narrowest of several, and the guest's place in it.
    pub fn pair_of(&self, vif: u32, address: IpAddr) -> Option<(&AllowedAddressPair, &PairMember)> {
        let pairs = self.pairs.get(&vif)?.iter();
        let pairs = pairs.filter_map(|place| self.objects.allowed_address_pairs.get(*place));
        let around = pairs.filter(|pair| pair.address.contains(&address));
        let pair = around.max_by_key(|pair| pair.address.prefix_len())?;
        let member = pair.members.iter().find(|member| member.vif == vif)?;
        Some((pair, member))
    }

    /// The bridge entry of a MAC.
    pub fn bridge(&self, vrf: u16, mac: Mac) -> Option<&Bridge> {
        let place = self.bridges.get(&(vrf, mac))?;
        self.objects.bridges.get(*place)
    }

    /// Policies that join two networks, in the order of the file.
    pub fn policies(&self, one: u16, other: u16) -> impl Iterator<Item = &Policy> {
        let places = self.policies.get(&(one, other)).into_iter().flatten();
        places.filter_map(|place| self.objects.policies.get(*place))
    }

    /// Whether this node is the IPv6 router of a network.
    pub fn routes_ipv6(&self, vrf: u16) -> bool {
        let routed = self.vrf(vrf).filter(|network| network.mode.routes());
        routed.is_some_and(|network| {
            let mut subnets = network.subnets.iter();
            subnets.any(|subnet| matches!(subnet.prefix, IpNet::V6(_)))
        })
    }

    /// Whether a guest's packets need flows.
    pub fn needs_flows(vif: &Vif) -> bool {
        vif.flags.contains(VifFlags::POLICY)
    }

    /// The MAC of the guest behind an interface.
    pub fn guest_mac(&self, vif: &Vif) -> Option<Mac> {
        let Some(Nexthop {
            kind: NexthopKind::Encap { rewrite, .. },
            ..
        }) = self.nexthop(vif.nh_id?)
        else {
            return None;
        };
        rewrite.0.first_chunk().copied().map(Mac)
    }

    /// The number of an interface's port.
    pub fn port(vif: &Vif) -> Option<u16> {
        port::number(&vif.port?.to_string())
    }

    /// Whether a route hands packets to this node itself.
    pub fn is_service(&self, route: &Route) -> bool {
        match self.nexthop(route.nh).map(|nexthop| &nexthop.kind) {
            Some(NexthopKind::Encap { out_vif, .. }) => self
                .objects
                .vifs
                .iter()
                .any(|vif| vif.idx == *out_vif && vif.vif_type == VifType::Agent),
            Some(NexthopKind::Receive { .. }) => true,
            _ => false,
        }
    }

    /// Whether packets to it are dropped.
    pub fn discards(&self, nexthop: u32) -> bool {
        matches!(
            self.nexthop(nexthop),
            None | Some(Nexthop {
                kind: NexthopKind::Discard,
                ..
            })
        )
    }
}

/// An IPv6 address that means something on its link alone.
pub fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

/// Flows that are set up refer to these.
impl Known for World {
    fn nexthop(&self, id: u32) -> Option<&Nexthop> {
        World::nexthop(self, id)
    }

    fn route(&self, vrf: u16, address: IpAddr) -> Option<&Route> {
        World::route(self, vrf, address)
    }

    fn mirror(&self, index: u32) -> Option<&Mirror> {
        let mut mirrors = self.objects.mirrors.iter().rev();
        mirrors.find(|mirror| mirror.index == index)
    }

    fn has_qos_map(&self, id: u8) -> bool {
        self.objects.qos_maps.iter().any(|map| map.id == id)
    }
}

/// The place of each by its key; of two with one key the later one counts.
fn places<T, K: Eq + std::hash::Hash>(
    list: &[T],
    key: impl Fn(&T) -> Option<K>,
) -> HashMap<K, usize> {
    let keyed = list.iter().enumerate();
    keyed
        .filter_map(|(place, item)| Some((key(item)?, place)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ipv6_has_link_local_addresses_that_stay() {
        for (address, stays) in [
            ("fe80::1", true),
            ("febf::1", true),
            ("2001:db8::1", false),
            ("169.254.1.1", false),
        ] {
            assert_eq!(is_link_local(address.parse().unwrap()), stays, "{address}");
        }
    }
}
