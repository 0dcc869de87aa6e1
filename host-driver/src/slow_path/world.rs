//! What the slow path knows: the network, its objects, and quick ways to find one of them.
//!
//! ```text
//!   route(vrf, address)    the longest prefix, as the card finds it      who answers ARP, S(nh)
//!   owner(vrf, address)    whose address it is, seen from a network      which policy is asked
//!   bridge(vrf, mac)       where frames to a MAC go
//! ```
//! A neighbour that is learned changes the network, and everything here is derived from that again.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;
use underpass_layout::port;
use underpass_table_compiler::network::{Target, Underlay};
use underpass_table_compiler::objects::{
    Bridge, Nexthop, NexthopKind, Objects, Policy, Route, TunnelNexthop, Vif, VifFlags, VifType,
    Vrf,
};
use underpass_table_compiler::{Mac, Network};

/// The network as the slow path sees it.
#[derive(Clone, Debug)]
pub struct World {
    network: Network,
    objects: Objects,
    /// Place in `objects.routes` by VRF and prefix.
    routes: HashMap<(u16, IpNet), usize>,
    /// Place in `objects.bridges` by VRF and MAC.
    bridges: HashMap<(u16, Mac), usize>,
    /// By VRF: the prefixes that are its own, and those of them that joined networks see.
    own: HashMap<u16, Own>,
}

/// Prefixes of one network.
#[derive(Clone, Debug, Default)]
struct Own {
    all: BTreeSet<IpNet>,
    shared: BTreeSet<IpNet>,
}

impl World {
    /// Derives what is needed from a network and its objects.
    pub fn new(network: Network, objects: Objects) -> World {
        let routes = objects.routes.iter().enumerate();
        let routes = routes.map(|(place, route)| ((route.vrf, route.prefix), place));
        let bridges = objects.bridges.iter().enumerate();
        World {
            routes: routes.collect(),
            bridges: bridges
                .map(|(place, bridge)| ((bridge.vrf, bridge.mac), place))
                .collect(),
            own: own(&network),
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
        let found = self.objects.vifs.get(usize::from(idx));
        // Vifs are numbered in their order; the search is for whoever builds objects by hand.
        found.filter(|vif| vif.idx == u32::from(idx)).or_else(|| {
            self.objects
                .vifs
                .iter()
                .find(|vif| vif.idx == u32::from(idx))
        })
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
        self.objects.vrfs.iter().find(|one| one.vrf == vrf)
    }

    /// The nexthop of that id.
    pub fn nexthop(&self, id: u32) -> Option<&Nexthop> {
        self.objects
            .nexthops
            .iter()
            .find(|nexthop| nexthop.id == id)
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
        prefixes(address).find_map(|prefix| {
            let place = self.routes.get(&(vrf, prefix))?;
            self.objects.routes.get(*place)
        })
    }

    /// The VRF of the network that an address belongs to, seen from the network with VRF `vrf`.
    pub fn owner(&self, vrf: u16, address: IpAddr) -> Option<u16> {
        let prefix = self.route(vrf, address)?.prefix;
        if self
            .own
            .get(&vrf)
            .is_some_and(|own| own.all.contains(&prefix))
        {
            return Some(vrf);
        }
        let joined = self.objects.policies.iter();
        let joined: BTreeSet<u16> = joined
            .filter(|policy| policy.vrfs.contains(&vrf))
            .flat_map(|policy| policy.vrfs.iter().copied())
            .collect();
        let shares = |vrf: &u16| {
            self.own
                .get(vrf)
                .is_some_and(|own| own.shared.contains(&prefix))
        };
        // Of several that bring the prefix, the network first in the file wins, as in the compiler.
        let in_order = self.objects.vrfs.iter().map(|network| network.vrf);
        in_order.filter(|vrf| joined.contains(vrf)).find(shares)
    }

    /// The bridge entry of a MAC.
    pub fn bridge(&self, vrf: u16, mac: Mac) -> Option<&Bridge> {
        let place = self.bridges.get(&(vrf, mac))?;
        self.objects.bridges.get(*place)
    }

    /// Policies that join two networks, in the order of the file.
    pub fn policies(&self, one: u16, other: u16) -> impl Iterator<Item = &Policy> {
        let policies = self.objects.policies.iter();
        policies.filter(move |policy| policy.vrfs.contains(&one) && policy.vrfs.contains(&other))
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

/// The prefixes that an address is in, the longest first.
fn prefixes(address: IpAddr) -> impl Iterator<Item = IpNet> {
    let host = IpNet::from(address);
    (0..=host.max_prefix_len())
        .rev()
        .filter_map(move |length| Some(IpNet::new(address, length).ok()?.trunc()))
}

fn own(network: &Network) -> HashMap<u16, Own> {
    let mut own: HashMap<u16, Own> = HashMap::new();
    for tenant in &network.networks {
        let subnets = tenant.subnets.iter();
        let prefixes = subnets.flat_map(|subnet| {
            let services = subnet.service_addresses();
            std::iter::once(subnet.prefix).chain(services.map(IpNet::from))
        });
        own.entry(tenant.vrf).or_default().all = prefixes.map(|prefix| prefix.trunc()).collect();
    }
    let mut share = |vrf: u16, prefix: IpNet| {
        let (own, prefix) = (own.entry(vrf).or_default(), prefix.trunc());
        own.all.insert(prefix);
        own.shared.insert(prefix);
    };
    for interface in &network.interfaces {
        let vrf = network.network(interface.network).vrf;
        let addresses = interface.addresses.iter();
        addresses.for_each(|address| share(vrf, IpNet::from(*address)));
    }
    for remote in &network.remotes {
        let vrf = network.network(remote.network).vrf;
        match &remote.target {
            Target::Prefix(prefix) => share(vrf, *prefix),
            Target::Guest { addresses, .. } => {
                let addresses = addresses.iter();
                addresses.for_each(|address| share(vrf, IpNet::from(*address)));
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_go_from_the_longest_to_the_default() {
        let of = |address: &str| -> Vec<IpNet> { prefixes(address.parse().unwrap()).collect() };
        let four = of("10.1.2.3");
        assert_eq!(four.len(), 33);
        assert_eq!(four[8].to_string(), "10.1.2.0/24");
        let six = of("2001:db8::3");
        assert_eq!(six.len(), 129);
        assert_eq!(
            (six[0].to_string(), six[64].to_string()),
            ("2001:db8::3/128".into(), "2001:db8::/64".into())
        );
        assert_eq!(six[128].to_string(), "::/0");
    }

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
