//! A tenant's network: an item of `networks`.
//!
//! A network is a VRF. Its mode says whether frames are bridged, packets are routed, or both.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::claims::{Apart, Claims};
use super::error::Fault;
use super::fat_flow::{self, FatFlow};
use super::interface::{FLOOD_LABELS, TREE_LABELS};
use super::place::Place;
use super::read::{family, Fields};
use super::subnet::{self, Subnet};
use super::underlay::Underlay;
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
    "flood_label",
    "tree_label",
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
    /// Ethernet frame in NVGRE.
    Nvgre,
}

/// What the choice of one of several next hops looks at, where no flow says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashField {
    /// The source address.
    SourceIp,
    /// The destination address.
    DestinationIp,
    /// The IP protocol.
    Protocol,
    /// The source port.
    SourcePort,
    /// The destination port.
    DestinationPort,
}

impl HashField {
    /// Every field, which is the default.
    pub const ALL: [Self; 5] = [
        Self::SourceIp,
        Self::DestinationIp,
        Self::Protocol,
        Self::SourcePort,
        Self::DestinationPort,
    ];

    const WORDS: &'static [(&'static str, Self)] = &[
        ("source-ip", Self::SourceIp),
        ("destination-ip", Self::DestinationIp),
        ("protocol", Self::Protocol),
        ("source-port", Self::SourcePort),
        ("destination-port", Self::DestinationPort),
    ];
}

impl Encapsulation {
    pub(super) const WORDS: &'static [(&'static str, Self)] = &[
        ("mpls-gre", Self::MplsGre),
        ("mpls-udp", Self::MplsUdp),
        ("vxlan", Self::Vxlan),
        ("nvgre", Self::Nvgre),
    ];

    /// Its word in the file.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::MplsGre => "mpls-gre",
            Self::MplsUdp => "mpls-udp",
            Self::Vxlan => "vxlan",
            Self::Nvgre => "nvgre",
        }
    }

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
    /// Whether frames for unknown MACs are flooded.
    pub flood_unknown_unicast: bool,
    /// Whether source MACs are learned.
    pub learn_macs: bool,
    /// The underlay's multicast group by which frames for many go over VXLAN, instead of a copy to each node.
    pub multicast_group: Option<IpAddr>,
    /// What the choice of one of several next hops looks at; at least one field.
    pub ecmp_hash: Vec<HashField>,
    /// The label by which other nodes send it copies of frames for many.
    pub flood_label: Option<u32>,
    /// The label by which neighbors in its multicast tree send them.
    pub tree_label: Option<u32>,
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
    /// Of nodes that get copies of frames for many.
    pub flood_ends: Claims<IpAddr>,
}

/// What is taken among all networks.
pub(super) struct Shared<'a> {
    pub underlay: &'a Underlay,
    pub names: Claims<String>,
    pub vnis: Claims<u32>,
    pub labels: &'a mut Claims<u32>,
}

pub(super) fn open(yaml: &Yaml) -> Result<Fields<'_>, Fault> {
    Fields::open(yaml, "a network", KEYS)
}

/// Reads a network; the third is where its fat flows stand.
pub(super) fn read(
    fields: Fields<'_>,
    vrf: u16,
    shared: &mut Shared<'_>,
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
    let encapsulations = encapsulations(fields, vni)?;
    let rpf = fields.flag("rpf", true)?;
    let fat = fat_flow::read_all(fields)?;
    let learn_macs = fields.flag("learn_macs", false)?;
    if let (true, false, Some(entry)) = (learn_macs, mode.bridges(), fields.entry("learn_macs")) {
        let found = "`learn_macs: true` in a network of mode l3, which bridges nothing";
        return Err(Fault::unexpected(entry.key_at, found, "mode l2-l3 or l2"));
    }
    let multicast_group = multicast_group(fields, mode, vni, shared.underlay)?;
    let mut label = |key: &'static str, what, range| -> Result<Option<u32>, Fault> {
        let Some(entry) = fields.entry(key) else {
            return Ok(None);
        };
        if !mode.bridges() {
            let found = format!("`{key}` in a network of mode l3, which floods nothing");
            return Err(Fault::unexpected(entry.key_at, found, "mode l2-l3 or l2"));
        }
        let label = entry.value.number(what, range)?;
        shared.labels.claim(label, entry.value.at)?;
        Ok(Some(label))
    };
    let flood_label = label("flood_label", "a label", FLOOD_LABELS)?;
    let tree_label = label("tree_label", "a label of a tree", TREE_LABELS)?;

    let mut tenant = Tenant {
        mode,
        subnets: Apart::default(),
        addresses: Claims::new("address"),
        remote_addresses: Claims::new("address"),
        prefixes: Claims::new("prefix"),
        macs: Claims::new("MAC"),
        flood_ends: Claims::new("flood next hop"),
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
            flood_unknown_unicast: fields.flag("flood_unknown_unicast", false)?,
            learn_macs,
            multicast_group,
            ecmp_hash: ecmp_hash(fields)?,
            flood_label,
            tree_label,
            fat_flows: fat.rules,
            fat_flow_exclude: fat.exclude,
        },
        tenant,
        fat.at,
    ))
}

fn multicast_group(
    fields: Fields<'_>,
    mode: Mode,
    vni: Option<u32>,
    underlay: &Underlay,
) -> Result<Option<IpAddr>, Fault> {
    let Some(entry) = fields.entry("multicast_group") else {
        return Ok(None);
    };
    let refuse =
        |found: &str, expected: &str| Err(Fault::unexpected(entry.key_at, found, expected));
    let group = entry.value.scalar().and_then(|text| text.parse().ok());
    let Some(group) = group.filter(IpAddr::is_multicast) else {
        let expected = "a multicast address such as 239.1.1.100 or ff15::100";
        return Err(entry.value.unexpected(expected));
    };
    let own = underlay.address.addr();
    if group.is_ipv4() != own.is_ipv4() {
        let expected = format!("an {} group like the underlay's {own}", family(&own));
        return Err(entry.value.unexpected(expected));
    }
    if !mode.bridges() {
        let found = "`multicast_group` in a network of mode l3, which floods nothing";
        return refuse(found, "mode l2-l3 or l2");
    }
    if vni.is_none() {
        return refuse("`multicast_group` in a network without `vni`", "both");
    }
    Ok(Some(group))
}

fn ecmp_hash(fields: Fields<'_>) -> Result<Vec<HashField>, Fault> {
    let Some(yaml) = fields.optional("ecmp_hash") else {
        return Ok(HashField::ALL.to_vec());
    };
    let items = yaml.list()?;
    if items.is_empty() {
        return Err(Fault::unexpected(yaml.at, "an empty list", "a field"));
    }
    let mut claims = Claims::new("field");
    items
        .iter()
        .map(|item| {
            let field = item.word(HashField::WORDS)?;
            claims.claim(item.name()?, item.at)?;
            Ok(field)
        })
        .collect()
}

fn encapsulations(fields: Fields<'_>, vni: Option<u32>) -> Result<Vec<Encapsulation>, Fault> {
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
            if encapsulation == Encapsulation::Nvgre && vni.is_none() {
                return Err(item.unexpected("nvgre only in a network with a `vni`"));
            }
            Ok(encapsulation)
        })
        .collect()
}
