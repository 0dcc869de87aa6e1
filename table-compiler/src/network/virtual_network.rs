//! A tenant's network: an item of `networks`.
//!
//! A network is a VRF. Its mode says whether frames are bridged, packets are routed, or both.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::claims::{Apart, Claims};
use super::error::Fault;
use super::fat_flow::{self, FatFlow};
use super::later;
use super::place::Place;
use super::read::Fields;
use super::subnet::{self, Subnet};
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &[
    "name",
    "vrf",
    "mode",
    "subnets",
    "vni",
    "encapsulations",
    "rpf",
    "flood_unknown_unicast",
    "learn_macs",
    "multicast_group",
    "ecmp_hash",
    "fat_flows",
    "fat_flow_exclude",
];

/// VXLAN network identifiers; 0 is left out because peers read it as "none".
pub(super) const VNIS: std::ops::RangeInclusive<u32> = 1..=0x00ff_ffff;

/// What a network does with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Bridges within the network and routes beyond it.
    #[serde(rename = "l2-l3")]
    L2L3,
    /// Routes everything; ARP is answered with the router's MAC.
    #[serde(rename = "l3")]
    L3,
    /// Bridges only; there is no gateway.
    #[serde(rename = "l2")]
    L2,
}

impl Mode {
    /// True if frames are delivered by MAC.
    #[must_use]
    pub const fn bridges(self) -> bool {
        matches!(self, Self::L2L3 | Self::L2)
    }

    /// True if packets are delivered by address.
    #[must_use]
    pub const fn routes(self) -> bool {
        matches!(self, Self::L2L3 | Self::L3)
    }
}

/// How packets travel between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encapsulation {
    /// MPLS label in GRE.
    MplsGre,
    /// MPLS label in UDP.
    MplsUdp,
    /// Ethernet frame in VXLAN.
    Vxlan,
}

impl Encapsulation {
    pub(super) const WORDS: &'static [(&'static str, Self)] = &[
        ("mpls-gre", Self::MplsGre),
        ("mpls-udp", Self::MplsUdp),
        ("vxlan", Self::Vxlan),
    ];

    /// True if a label, not a VNI, says where the packet belongs.
    #[must_use]
    pub const fn has_label(self) -> bool {
        matches!(self, Self::MplsGre | Self::MplsUdp)
    }
}

/// A tenant's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualNetwork {
    /// Its name: any printable text.
    pub name: String,
    /// Its VRF, from 1; 0 is the underlay's.
    pub vrf: u16,
    /// Whether it bridges, routes, or both.
    pub mode: Mode,
    /// Its address ranges, which do not overlap.
    pub subnets: Vec<Subnet>,
    /// Its VXLAN network identifier.
    pub vni: Option<u32>,
    /// What a control plane should prefer, best first.
    pub encapsulations: Vec<Encapsulation>,
    /// Whether the source of a flow is checked.
    pub rpf: bool,
    /// Which flows of its interfaces share an entry, unless an interface says otherwise for the same packets.
    pub fat_flows: Vec<FatFlow>,
    /// Prefixes whose flows never do.
    pub fat_flow_exclude: Vec<IpNet>,
}

/// What is taken within one network. Tenants may reuse each other's addresses.
pub(super) struct Tenant {
    pub mode: Mode,
    pub subnets: Apart,
    /// Of gateways, DNS servers and this node's interfaces.
    pub addresses: Claims<IpAddr>,
    /// Of MACs on other nodes.
    pub remote_addresses: Claims<IpAddr>,
    pub prefixes: Claims<IpNet>,
    pub macs: Claims<Mac>,
}

/// What is taken among all networks.
pub(super) struct Shared {
    pub names: Claims<String>,
    pub vnis: Claims<u32>,
}

pub(super) fn open(yaml: &Yaml) -> Result<Fields<'_>, Fault> {
    Fields::open(yaml, "a network", KEYS)
}

/// Reads a network; the third is where its fat flows stand.
pub(super) fn read(
    fields: Fields<'_>,
    vrf: u16,
    shared: &mut Shared,
) -> Result<(VirtualNetwork, Tenant, Option<Place>), Fault> {
    let name_at = fields.required("name")?;
    let name = name_at.name()?;
    shared.names.claim(name.clone(), name_at.at)?;
    let mode = fields.optional("mode").map_or(Ok(Mode::L2L3), |mode| {
        mode.word(&[("l2-l3", Mode::L2L3), ("l3", Mode::L3), ("l2", Mode::L2)])
    })?;
    let vni = match fields.optional("vni") {
        Some(yaml) => {
            let vni = yaml.number("a VNI", VNIS)?;
            shared.vnis.claim(vni, yaml.at)?;
            Some(vni)
        }
        None => None,
    };
    let encapsulations = encapsulations(fields)?;
    let rpf = fields.flag("rpf", true)?;
    let fat = fat_flow::read_all(fields)?;
    later::in_network(fields)?;

    let mut tenant = Tenant {
        mode,
        subnets: Apart::default(),
        addresses: Claims::new("address"),
        remote_addresses: Claims::new("address"),
        prefixes: Claims::new("prefix"),
        macs: Claims::new("MAC"),
    };
    let subnets = fields.list("subnets")?;
    let subnets = subnets
        .iter()
        .map(|yaml| subnet::read(yaml, &mut tenant))
        .collect::<Result<_, _>>()?;
    Ok((
        VirtualNetwork {
            name,
            vrf,
            mode,
            subnets,
            vni,
            encapsulations,
            rpf,
            fat_flows: fat.rules,
            fat_flow_exclude: fat.exclude,
        },
        tenant,
        fat.at,
    ))
}

fn encapsulations(fields: Fields<'_>) -> Result<Vec<Encapsulation>, Fault> {
    let Some(yaml) = fields.optional("encapsulations") else {
        return Ok(vec![
            Encapsulation::MplsUdp,
            Encapsulation::MplsGre,
            Encapsulation::Vxlan,
        ]);
    };
    let mut claims = Claims::new("encapsulation");
    yaml.list()?
        .iter()
        .map(|item| {
            let encapsulation = item.word(Encapsulation::WORDS)?;
            claims.claim(item.name()?, item.at)?;
            Ok(encapsulation)
        })
        .collect()
}
