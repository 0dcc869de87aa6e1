//! Which rules of fat flows an interface ends up with: its own, its network's, and the addresses that are always left out.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use underpass_layout::tables::{FAT_EXCLUDES, FAT_RULES};

use super::error::Fault;
use super::fat_flow::FatFlow;
use super::place::Place;
use super::{Interface, Network};

impl Network {
    /// The rules of an interface: its own, and those of its network that are for other packets.
    #[must_use]
    pub fn fat_flows(&self, interface: &Interface) -> Vec<FatFlow> {
        let mut rules = interface.fat_flows.clone();
        for rule in &self.network(interface.network).fat_flows {
            if !interface.fat_flows.iter().any(|own| own.same_packets(rule)) {
                rules.push(*rule);
            }
        }
        rules
    }

    /// The prefixes whose flows never share an entry: those of the file, and the gateways, DNS servers and link-local
    /// addresses of the network, of the families that the rules can be for. None reaches into another.
    #[must_use]
    pub fn fat_flow_exclude(&self, interface: &Interface) -> Vec<IpNet> {
        let network = self.network(interface.network);
        let services = network
            .subnets
            .iter()
            .flat_map(|subnet| subnet.gateway.into_iter().chain(subnet.dns));
        let own = interface.fat_flow_exclude.iter();
        let given = own.chain(&network.fat_flow_exclude).copied();
        let all: Vec<IpNet> = given
            .chain(services.map(IpNet::from))
            .chain(link_local())
            .collect();
        let rules = self.fat_flows(interface);
        let mut apart: Vec<IpNet> = Vec::new();
        for prefix in all {
            let may_match = rules.iter().any(|rule| {
                let side = rule.source.or(rule.destination);
                side.is_none_or(|side| same_family(&side.prefix, &prefix))
            });
            if may_match && !apart.iter().any(|other| other.contains(&prefix)) {
                apart.retain(|other| !prefix.contains(other));
                apart.push(prefix);
            }
        }
        apart
    }
}

/// 169.254.0.0/16 and fe80::/10.
fn link_local() -> [IpNet; 2] {
    let four = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);
    let six = Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10);
    [four.into(), six.into()]
}

fn same_family(one: &IpNet, other: &IpNet) -> bool {
    one.max_prefix_len() == other.max_prefix_len()
}

/// Refuses more rules or prefixes than the card has room for, at the place of the interface's own or else at that of its
/// network's.
pub(super) fn check(
    network: &Network,
    of_interfaces: &[Option<Place>],
    of_networks: &[Option<Place>],
) -> Result<(), Fault> {
    for (interface, own) in network.interfaces.iter().zip(of_interfaces) {
        let Some(at) = own.or(of_networks[interface.network.0]) else {
            continue;
        };
        let rules = network.fat_flows(interface).len();
        let excludes = match rules {
            0 => 0,
            _ => network.fat_flow_exclude(interface).len(),
        };
        let name = super::read::shown(&interface.name);
        if rules > FAT_RULES {
            let found = format!("{rules} fat flows for interface `{name}`");
            return Err(Fault::unexpected(at, found, format!("at most {FAT_RULES}")));
        }
        if excludes > FAT_EXCLUDES {
            let found = format!(
                "{excludes} prefixes without fat flows for interface `{name}`, gateways, DNS servers and link-local ones \
                 among them"
            );
            let expected = format!("at most {FAT_EXCLUDES}");
            return Err(Fault::unexpected(at, found, expected));
        }
    }
    Ok(())
}
