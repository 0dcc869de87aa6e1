//! Where a tunnel ends, and what says there where a packet belongs: an item of `next_hops`.
//!
//! | encapsulation      | where a packet belongs                    | packets routed to a prefix          |
//! |--------------------|-------------------------------------------|-------------------------------------|
//! | mpls-gre, mpls-udp | `label`, the other node's                 | as they are                         |
//! | vxlan              | `vni`                                     | as frames for the router with `mac` |
//! | nvgre              | `vni`, the network's own where it is left out | not: it carries frames only     |

use std::collections::HashSet;
use std::net::IpAddr;

use super::error::Fault;
use super::flood::FloodKind;
use super::interface::Surroundings;
use super::names::NetworkIndex;
use super::read::{family, Fields};
use super::underlay::Underlay;
use super::virtual_network::{Encapsulation, VNIS};
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &["address", "encapsulation", "label", "vni", "mac"];

/// MPLS labels of other nodes: 20 bits, of which MPLS reserves the first 16 values.
const REMOTE_LABELS: std::ops::RangeInclusive<u32> = 16..=0x000f_ffff;

/// Next hops that share the packets to one place.
const MOST_SHARING: usize = 64;
/// Next hops that each get a copy, of one item.
const MOST_COPIES: usize = 1000;

/// The other end of a tunnel, and what says there where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NextHop {
    /// The other node's underlay address.
    pub address: IpAddr,
    /// How packets travel.
    pub encapsulation: Encapsulation,
    /// MPLS label, or VNI over VXLAN and NVGRE.
    pub label: u32,
    /// The other node's router MAC, to which routed packets go over VXLAN.
    pub router_mac: Option<Mac>,
}

/// What lies behind the next hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    Prefix,
    Guest,
    Flood(FloodKind),
}

/// Reads `next_hops`: at least one, none twice.
pub(super) fn read_all(
    fields: Fields<'_>,
    behind: Behind,
    network: NetworkIndex,
    around: &Surroundings<'_>,
) -> Result<Vec<NextHop>, Fault> {
    let list = fields.required("next_hops")?;
    let most = match behind {
        Behind::Flood(_) => MOST_COPIES,
        Behind::Prefix | Behind::Guest => MOST_SHARING,
    };
    let items = list.list()?;
    if items.is_empty() {
        return Err(Fault::unexpected(list.at, "an empty list", "a next hop"));
    }
    if let Some(one_more) = items.get(most) {
        let found = format!("{} next hops", items.len());
        let expected = format!("at most {most}");
        return Err(Fault::unexpected(one_more.at, found, expected));
    }
    let mut seen = HashSet::new();
    let mut next_hops = Vec::with_capacity(items.len());
    for yaml in items {
        let next_hop = read(yaml, behind, network, around)?;
        if !seen.insert(next_hop) {
            let found = format!("next hop {} a second time", next_hop.address);
            return Err(Fault::unexpected(yaml.at, found, "it once"));
        }
        next_hops.push(next_hop);
    }
    Ok(next_hops)
}

fn read(
    yaml: &Yaml,
    behind: Behind,
    network: NetworkIndex,
    around: &Surroundings<'_>,
) -> Result<NextHop, Fault> {
    let fields = Fields::open(yaml, "a next hop", KEYS)?;
    let address = far_end(fields.required("address")?, around.underlay)?;
    let encapsulation_at = fields.required("encapsulation")?;
    let encapsulation = encapsulation_at.word(Encapsulation::WORDS)?;
    if behind == Behind::Flood(FloodKind::Tree) && !encapsulation.has_label() {
        return Err(encapsulation_at.unexpected("mpls-gre or mpls-udp for a leg of a tree"));
    }
    if encapsulation == Encapsulation::Nvgre {
        let routed_only = !around.networks.mode(network).bridges();
        if behind == Behind::Prefix || routed_only {
            return Err(encapsulation_at
                .unexpected("another encapsulation: nvgre carries frames, not routed packets"));
        }
    }
    let label = if encapsulation.has_label() {
        absent(fields, "vni", "a `label` over MPLS")?;
        fields.required("label")?.number("a label", REMOTE_LABELS)?
    } else {
        let expected = format!("a `vni` over {}", encapsulation.word());
        absent(fields, "label", &expected)?;
        vni(fields, encapsulation_at, encapsulation, network, around)?
    };
    let router_mac = if behind == Behind::Prefix && encapsulation == Encapsulation::Vxlan {
        Some(fields.required("mac")?.mac()?)
    } else {
        let expected = "a router's `mac` only for a prefix over vxlan";
        absent(fields, "mac", expected)?;
        None
    };
    Ok(NextHop {
        address,
        encapsulation,
        label,
        router_mac,
    })
}

fn vni(
    fields: Fields<'_>,
    encapsulation_at: &Yaml,
    encapsulation: Encapsulation,
    network: NetworkIndex,
    around: &Surroundings<'_>,
) -> Result<u32, Fault> {
    let own = around.networks.vni(network);
    if encapsulation == Encapsulation::Nvgre && fields.optional("vni").is_none() {
        return own.ok_or_else(|| {
            encapsulation_at.unexpected("nvgre only with a `vni`, here or of the network")
        });
    }
    let vni_at = fields.required("vni")?;
    let vni = vni_at.number("a VNI", VNIS)?;
    match around.networks.with_vni(vni) {
        Some(owner) if owner != network => {
            Err(vni_at.unexpected("a VNI that is not another network's"))
        }
        _ => Ok(vni),
    }
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
