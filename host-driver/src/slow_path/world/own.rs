//! Whose prefix it is: a network sees its own, and those that networks share with it that a policy joins it with.

use std::collections::{BTreeSet, HashMap};

use ipnet::IpNet;
use underpass_table_compiler::network::Target;
use underpass_table_compiler::objects::Objects;
use underpass_table_compiler::Network;

/// The owners of all prefixes.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    /// By VRF: the prefixes that are its own, and those of them that joined networks see.
    own: HashMap<u16, Own>,
    /// By VRF: the others that some policy joins it with, in the order of the file.
    joined: HashMap<u16, Vec<u16>>,
}

/// Prefixes of one network.
#[derive(Clone, Debug, Default)]
struct Own {
    all: BTreeSet<IpNet>,
    shared: BTreeSet<IpNet>,
}

impl Owners {
    pub fn new(network: &Network, objects: &Objects) -> Owners {
        let mut joined: HashMap<u16, BTreeSet<u16>> = HashMap::new();
        for policy in &objects.policies {
            for one in &policy.vrfs {
                joined.entry(*one).or_default().extend(&policy.vrfs);
            }
        }
        let in_order = |set: &BTreeSet<u16>| {
            let all = objects.vrfs.iter().map(|network| network.vrf);
            all.filter(|vrf| set.contains(vrf)).collect()
        };
        Owners {
            own: own(network),
            joined: joined
                .iter()
                .map(|(vrf, set)| (*vrf, in_order(set)))
                .collect(),
        }
    }

    /// The VRF of the network that a route's prefix belongs to, seen from the network with VRF `vrf`.
    pub fn of(&self, vrf: u16, prefix: IpNet) -> Option<u16> {
        let own = |vrf: u16| self.own.get(&vrf);
        if own(vrf).is_some_and(|own| own.all.contains(&prefix)) {
            return Some(vrf);
        }
        // Of several that bring the prefix, the network first in the file wins, as in the compiler.
        let mut joined = self.joined.get(&vrf)?.iter().copied();
        joined.find(|vrf| own(*vrf).is_some_and(|own| own.shared.contains(&prefix)))
    }
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
        let pairs = interface.allowed_address_pairs.iter();
        pairs.for_each(|pair| share(vrf, pair.address));
    }
    for floating in &network.floating_ips {
        let vrf = network.network(floating.network).vrf;
        share(vrf, IpNet::from(floating.address));
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
