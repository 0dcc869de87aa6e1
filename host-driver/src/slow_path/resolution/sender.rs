//! Whether a guest may say what it says of itself in ARP and neighbour discovery.
//!
//! ```text
//!   "ADDRESS is at MAC" ─┬─ MAC is the router's ──────────────────────────────────────▶ a lie
//!                        ├─ no address yet, or a link-local one ──────────────────────▶ may be
//!                        ├─ its own, or a floating one of it ─────────────────────────▶ true
//!                        ├─ of an allowed address pair, with the pair's MAC, and
//!                        │  nobody has it in particular ──────────────────────────────▶ true
//!                        └─ anybody else's: another guest's, the gateway's, nobody's ─▶ a lie
//! ```
//! A lie is dropped (`INVALID_ARP`): nobody is answered, told or moved by it. Interfaces that are not checked are
//! believed: the peer takes every sender's word.

use std::collections::HashMap;
use std::net::IpAddr;

use underpass_table_compiler::objects::{AllowedAddressPair, Objects, Vif};
use underpass_table_compiler::{Mac, Network};

use crate::slow_path::world::{is_link_local, World};

/// What a guest says of itself: that it has an address, and with which MAC, if it says that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The address.
    pub address: IpAddr,
    /// The MAC.
    pub mac: Option<Mac>,
}

/// The addresses that guests have of their own, by interface.
#[derive(Clone, Debug, Default)]
pub struct OwnAddresses(HashMap<u32, Vec<IpAddr>>);

impl OwnAddresses {
    /// Those of a network's interfaces. Objects know them by the name that both have.
    pub fn new(network: &Network, objects: &Objects) -> OwnAddresses {
        let interfaces = network.interfaces.iter();
        let by_name: HashMap<&str, &[IpAddr]> = interfaces
            .map(|interface| (interface.name.as_str(), interface.addresses.as_slice()))
            .collect();
        let of = |vif: &Vif| {
            let addresses = by_name.get(vif.name.as_deref()?)?;
            Some((vif.idx, addresses.to_vec()))
        };
        OwnAddresses(objects.vifs.iter().filter_map(of).collect())
    }

    /// Those of an interface.
    pub fn of(&self, vif: u32) -> &[IpAddr] {
        self.0.get(&vif).map_or(&[], Vec::as_slice)
    }
}

impl World {
    /// Whether a guest may say all that. None: it contradicts itself.
    pub fn believes(&self, vif: u16, claims: Option<Vec<Claim>>) -> bool {
        let Some(vif) = self.vif(vif) else {
            return false;
        };
        !vif.check_arp || claims.is_some_and(|all| all.iter().all(|one| self.is_true(vif, *one)))
    }

    fn is_true(&self, vif: &Vif, Claim { address, mac }: Claim) -> bool {
        let is_routers = |mac: Mac| mac == vif.mac || mac == self.router_mac();
        if mac.is_some_and(is_routers) {
            return false;
        }
        if address.is_unspecified() || is_link_local(address) {
            return true;
        }
        let mut floating = self.floating_of(vif.idx).iter();
        self.own_addresses().of(vif.idx).contains(&address)
            || floating.any(|floating| floating.address == address)
            || self
                .pair_of(vif.idx, address)
                .is_some_and(|(pair, member)| {
                    mac.is_none_or(|mac| mac == member.mac) && self.is_left_to(pair, address)
                })
    }

    /// Whether a pair's route is that of an address: one of many addresses may be a guest's or the gateway's.
    fn is_left_to(&self, pair: &AllowedAddressPair, address: IpAddr) -> bool {
        let route = self.route(pair.vrf, address);
        route.is_none_or(|route| route.prefix.prefix_len() <= pair.address.prefix_len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str = r#"
node: {name: one}
underlay: {port: wire0, mac: "0c:c4:7a:00:00:01", address: 192.168.0.1/24}
networks:
  - {name: red, subnets: [{prefix: 10.1.0.0/24, gateway: 10.1.0.1, dns: 10.1.0.2}, {prefix: "2001:db8:1::/64", gateway: "2001:db8:1::1"}]}
  - {name: green, mode: l2}
  - {name: out, subnets: [{prefix: 10.9.0.0/24, gateway: 10.9.0.1}]}
interfaces:
  - name: red1
    port: vf0
    network: red
    mac: "02:00:00:00:01:01"
    addresses: [10.1.0.11, "2001:db8:1::11"]
    allowed_address_pairs: [{address: 10.1.0.248/29, mac: "00:00:5e:00:01:01", mode: active-standby}]
  - {name: red2, port: vf1, network: red, mac: "02:00:00:00:01:02", addresses: [10.1.0.12]}
  - {name: green1, port: vf2, network: green, mac: "02:00:00:00:03:01"}
floating_ips: [{address: 10.9.0.5, network: out, interface: red1}]
"#;

    fn believed(name: &str, address: &str, mac: Option<&str>) -> bool {
        let network = underpass_table_compiler::parse("test.yaml", NETWORK);
        let network = network.unwrap_or_else(|error| panic!("{error}"));
        let objects = underpass_table_compiler::objects(&network);
        let world = World::new(network, objects);
        let mut vifs = world.objects().vifs.iter();
        let vif = vifs.find(|vif| vif.name.as_deref() == Some(name)).unwrap();
        let claim = Claim {
            address: address.parse().unwrap(),
            mac: mac.map(|mac| mac.parse().unwrap()),
        };
        world.believes(vif.idx as u16, Some(vec![claim]))
    }

    #[test]
    fn a_guest_speaks_for_its_own_addresses_alone() {
        for (address, is_its_own) in [
            ("10.1.0.11", true),
            ("2001:db8:1::11", true),
            ("10.9.0.5", true),
            ("0.0.0.0", true),
            ("fe80::1", true),
            ("10.1.0.12", false),
            ("10.1.0.77", false),
            ("10.1.0.1", false),
            ("10.1.0.2", false),
            ("2001:db8:1::1", false),
            ("2001:db8:1::12", false),
        ] {
            let mac = Some("02:00:00:00:01:01");
            assert_eq!(believed("red1", address, mac), is_its_own, "{address}");
        }
        assert!(!believed("red2", "10.9.0.5", None));
    }

    #[test]
    fn an_address_of_a_pair_goes_with_the_pairs_mac() {
        assert!(believed("red1", "10.1.0.254", Some("00:00:5e:00:01:01")));
        assert!(believed("red1", "10.1.0.254", None));
        assert!(!believed("red1", "10.1.0.254", Some("02:00:00:00:01:01")));
        assert!(!believed("red2", "10.1.0.254", Some("00:00:5e:00:01:01")));
        assert!(!believed("red1", "10.1.0.247", Some("00:00:5e:00:01:01")));
    }

    #[test]
    fn nobody_has_the_routers_mac() {
        for address in ["10.1.0.11", "0.0.0.0", "fe80::1"] {
            let router = Some("00:00:5e:00:01:00");
            assert!(!believed("red1", address, router), "{address}");
        }
    }

    #[test]
    fn who_is_not_checked_is_believed() {
        assert!(believed("green1", "10.1.0.1", Some("00:00:5e:00:01:00")));
    }
}
