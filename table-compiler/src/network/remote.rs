//! What a control plane would bring: an item of `remote`.
//!
//! A `prefix` is a route to another node or router; a `mac` is a guest on another node, with the
//! addresses it has.
//!
//! Over MPLS the label of a `mac` is the other node's label for bridged frames. Its addresses answer
//! ARP and pass the source check; where packets are routed to such a guest from another network, a
//! `prefix` of that one address brings the label for routed packets and takes the route's place.

use std::net::IpAddr;

use ipnet::IpNet;

use super::error::Fault;
use super::interface::Surroundings;
use super::later;
use super::names::NetworkIndex;
use super::read::{family, Fields};
use super::underlay::Underlay;
use super::virtual_network::{Encapsulation, VNIS};
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &[
    "network",
    "prefix",
    "mac",
    "addresses",
    "flood",
    "kind",
    "next_hops",
];
const NEXT_HOP_KEYS: &[&str] = &["address", "encapsulation", "label", "vni", "mac"];

/// MPLS labels of other nodes: 20 bits, of which MPLS reserves the first 16 values.
const REMOTE_LABELS: std::ops::RangeInclusive<u32> = 16..=0x000f_ffff;

/// Something of a network that lies on another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The network.
    pub network: NetworkIndex,
    /// What lies there.
    pub target: Target,
    /// How it is reached.
    pub next_hop: NextHop,
}

/// What lies on another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything in a prefix.
    Prefix(IpNet),
    /// A guest.
    Guest {
        /// Its MAC.
        mac: Mac,
        /// Its addresses.
        addresses: Vec<IpAddr>,
    },
}

/// The other end of a tunnel, and what says there where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextHop {
    /// The other node's underlay address.
    pub address: IpAddr,
    /// How packets travel.
    pub encapsulation: Encapsulation,
    /// MPLS label, or VNI over VXLAN.
    pub label: u32,
    /// The other node's router MAC, to which routed packets go over VXLAN.
    pub router_mac: Option<Mac>,
}

pub(super) fn read(yaml: &Yaml, around: &mut Surroundings<'_>) -> Result<Remote, Fault> {
    let fields = Fields::open(yaml, "a remote", KEYS)?;
    later::in_remote(fields)?;
    let network = around.networks.find(fields.required("network")?)?;
    if let Some(kind) = fields.entry("kind") {
        kind.value.word(&[("evpn", ()), ("tree", ())])?;
        return Err(Fault::unexpected(
            kind.key_at,
            "`kind` without `flood: true`",
            "no `kind`",
        ));
    }
    let target = match (fields.entry("prefix"), fields.entry("mac")) {
        (Some(prefix), None) => {
            if let Some(addresses) = fields.entry("addresses") {
                let found = "`addresses` with a `prefix`";
                return Err(Fault::unexpected(
                    addresses.key_at,
                    found,
                    "`addresses` with a `mac`",
                ));
            }
            self::prefix(&prefix.value, network, around)?
        }
        (None, Some(mac)) => guest(&mac.value, fields.list("addresses")?, network, around)?,
        (Some(one), Some(other)) => {
            let at = one.key_at.max(other.key_at);
            return Err(Fault::unexpected(
                at,
                "a remote with `prefix` and `mac`",
                "one of them",
            ));
        }
        (None, None) => {
            let found = "a remote without `prefix` or `mac`";
            return Err(Fault::unexpected(fields.at, found, "one of them"));
        }
    };
    let next_hop = next_hop(fields, &target, network, around)?;
    Ok(Remote {
        network,
        target,
        next_hop,
    })
}

fn prefix(
    yaml: &Yaml,
    network: NetworkIndex,
    around: &mut Surroundings<'_>,
) -> Result<Target, Fault> {
    let prefix = yaml.routed_prefix()?;
    let tenant = around.networks.tenant(network);
    if !tenant.mode.routes() {
        return Err(yaml.unexpected("no prefix in a network of mode l2"));
    }
    if prefix.prefix_len() == prefix.max_prefix_len() {
        tenant.addresses.free(&prefix.addr(), yaml.at)?;
    }
    tenant.prefixes.claim(prefix, yaml.at)?;
    Ok(Target::Prefix(prefix))
}

fn guest(
    mac_at: &Yaml,
    addresses: &[Yaml],
    network: NetworkIndex,
    around: &mut Surroundings<'_>,
) -> Result<Target, Fault> {
    let mac = mac_at.mac()?;
    if mac == around.node.router_mac || mac == around.underlay.mac {
        return Err(mac_at.unexpected("a MAC that is not the node's own"));
    }
    let tenant = around.networks.tenant(network);
    tenant.macs.claim(mac, mac_at.at)?;
    let addresses = addresses
        .iter()
        .map(|yaml| {
            let address = yaml.address()?;
            tenant.addresses.free(&address, yaml.at)?;
            tenant.remote_addresses.claim(address, yaml.at)?;
            Ok(address)
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Target::Guest { mac, addresses })
}

fn next_hop(
    fields: Fields<'_>,
    target: &Target,
    network: NetworkIndex,
    around: &Surroundings<'_>,
) -> Result<NextHop, Fault> {
    let list = fields.required("next_hops")?;
    let yaml = match list.list()? {
        [one] => one,
        [] => return Err(Fault::unexpected(list.at, "an empty list", "one next hop")),
        [_, second, ..] => {
            let asked = "more than one next hop";
            return Err(Fault::not_supported(second.at, asked, "one next hop"));
        }
    };
    let fields = Fields::open(yaml, "a next hop", NEXT_HOP_KEYS)?;
    let address = far_end(fields.required("address")?, around.underlay)?;
    let encapsulation = fields
        .required("encapsulation")?
        .word(Encapsulation::WORDS)?;
    let routed = matches!(target, Target::Prefix(_));
    if encapsulation.has_label() {
        absent(fields, "vni", "a `label` over MPLS")?;
        absent(
            fields,
            "mac",
            "a router's `mac` only for a prefix over vxlan",
        )?;
        let label = fields.required("label")?.number("a label", REMOTE_LABELS)?;
        return Ok(NextHop {
            address,
            encapsulation,
            label,
            router_mac: None,
        });
    }
    absent(fields, "label", "a `vni` over vxlan")?;
    let vni_at = fields.required("vni")?;
    let label = vni_at.number("a VNI", VNIS)?;
    if around
        .networks
        .with_vni(label)
        .is_some_and(|owner| owner != network)
    {
        return Err(vni_at.unexpected("a VNI that is not another network's"));
    }
    let router_mac = if routed {
        Some(fields.required("mac")?.mac()?)
    } else {
        absent(
            fields,
            "mac",
            "a router's `mac` only for a prefix over vxlan",
        )?;
        None
    };
    Ok(NextHop {
        address,
        encapsulation,
        label,
        router_mac,
    })
}

/// Another node's address, which the underlay reaches.
fn far_end(yaml: &Yaml, underlay: &Underlay) -> Result<IpAddr, Fault> {
    let address = yaml.address()?;
    let own = underlay.address.addr();
    if address == own {
        return Err(yaml.unexpected("another node's address"));
    }
    if address.is_ipv6() != own.is_ipv6() {
        let found = format!("the {} next hop {}", family(&address), yaml.found());
        let expected = format!("{} like the underlay's {own}", family(&own));
        return Err(Fault::unexpected(yaml.at, found, expected));
    }
    if underlay.via(address).is_none() {
        let link = underlay.address.trunc();
        return Err(yaml.unexpected(format!("an address in {link} or an underlay `gateway`")));
    }
    Ok(address)
}

fn absent(fields: Fields<'_>, key: &str, expected: &str) -> Result<(), Fault> {
    match fields.entry(key) {
        Some(entry) => Err(Fault::unexpected(
            entry.key_at,
            format!("`{key}`"),
            expected,
        )),
        None => Ok(()),
    }
}
