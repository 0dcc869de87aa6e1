//! Who gets copies of packets: `analyzers`, and an interface's `mirror`.
//!
//! ```text
//!   juniper_header: true    IP | UDP | metadata | frame    to `address` in `network`, by its routes
//!   juniper_header: false   frame                          to who has `mac` in `network`
//! ```

use std::collections::HashMap;
use std::net::IpAddr;

use super::claims::Claims;
use super::error::{Fault, NetworkErrorKind};
use super::interface::Interface;
use super::names::{NetworkIndex, Networks};
use super::read::{family, Fields};
use super::remote::{Remote, Target};
use super::underlay::Underlay;
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &[
    "name",
    "address",
    "udp_port",
    "juniper_header",
    "network",
    "copy_source_ip",
    "mac",
    "snap_length",
    "rate_limit",
];
const MIRROR_KEYS: &[&str] = &["analyzer", "direction"];

/// The port that analyzers listen on unless the file says otherwise.
const DEFAULT_UDP_PORT: u16 = 8097;
/// Bytes of a packet that a copy may be cut to: an Ethernet header at least.
const SNAP_LENGTHS: std::ops::RangeInclusive<u16> = 14..=0x3fff;
/// Copies a second: 0 would be no mirror.
const RATE_LIMITS: std::ops::RangeInclusive<u32> = 1..=100_000_000;
/// As many as any card has rows for.
const MOST_ANALYZERS: usize = 255;

/// Who gets copies of packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analyzer {
    /// Its name.
    pub name: String,
    /// The network it is in.
    pub network: NetworkIndex,
    /// How copies reach it.
    pub copies: Copies,
    /// Bytes of a packet that a copy takes at most.
    pub snap_length: Option<u16>,
    /// Copies a second at most.
    pub rate_limit: Option<u32>,
}

/// How copies reach an analyzer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// In UDP, behind metadata.
    Juniper {
        /// The analyzer's address.
        address: IpAddr,
        /// The port it listens on.
        udp_port: u16,
        /// Whether the copy's source is the mirrored interface's address, not the node's.
        copy_source_ip: bool,
    },
    /// As they are.
    Raw {
        /// The analyzer's MAC.
        mac: Mac,
    },
}

/// What of an interface is mirrored, and where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mirror {
    /// Position of the analyzer in [`Network::analyzers`](super::Network::analyzers).
    pub analyzer: usize,
    /// What the guest sends is.
    pub ingress: bool,
    /// What the guest is sent is.
    pub egress: bool,
}

/// The analyzers by name, while the rest of the file is read.
pub(super) struct Analyzers<'a> {
    list: &'a [Analyzer],
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Analyzers<'a> {
    pub fn new(list: &'a [Analyzer]) -> Self {
        let names = list.iter().map(|analyzer| analyzer.name.as_str());
        Self {
            list,
            by_name: names.zip(0..).collect(),
        }
    }

    /// The analyzer that a value names, with its position.
    pub fn find(&self, yaml: &Yaml) -> Result<(usize, &'a Analyzer), Fault> {
        let name = yaml.name()?;
        match self.by_name.get(name.as_str()) {
            Some(index) => Ok((*index, &self.list[*index])),
            None => Err(Fault::new(
                yaml.at,
                NetworkErrorKind::UnknownName {
                    what: "analyzer",
                    name: super::read::shown(&name),
                    section: "analyzers",
                },
            )),
        }
    }
}

/// Reads `analyzers`.
pub(super) fn read_all(
    fields: Fields<'_>,
    networks: &Networks,
    underlay: &Underlay,
) -> Result<Vec<Analyzer>, Fault> {
    let list = fields.list("analyzers")?;
    if let Some(one_more) = list.get(MOST_ANALYZERS) {
        let found = format!("{} analyzers", list.len());
        let expected = format!("at most {MOST_ANALYZERS}");
        return Err(Fault::unexpected(one_more.at, found, expected));
    }
    let mut names = Claims::new("analyzer");
    list.iter()
        .map(|yaml| read(yaml, networks, underlay, &mut names))
        .collect()
}

fn read(
    yaml: &Yaml,
    networks: &Networks,
    underlay: &Underlay,
    names: &mut Claims<String>,
) -> Result<Analyzer, Fault> {
    let fields = Fields::open(yaml, "an analyzer", KEYS)?;
    let name_at = fields.required("name")?;
    let name = name_at.name()?;
    names.claim(name.clone(), name_at.at)?;
    let network_at = fields.required("network")?;
    let network = networks.find(network_at)?;
    let udp_port = fields.optional("udp_port");
    let udp_port = udp_port.map_or(Ok(DEFAULT_UDP_PORT), |port| {
        port.number("a port", 1..=65535)
    })?;
    let copy_source_ip = fields.flag("copy_source_ip", true)?;
    let copies = if fields.flag("juniper_header", true)? {
        if let Some(mac) = fields.entry("mac") {
            let found = "`mac` with `juniper_header: true`";
            let expected = "`mac` with `juniper_header: false`";
            return Err(Fault::unexpected(mac.key_at, found, expected));
        }
        if !networks.mode(network).routes() {
            let expected = "a network that routes, with `juniper_header: true`: mode l2-l3 or l3";
            return Err(network_at.unexpected(expected));
        }
        let address_at = fields.required("address")?;
        let address = address_at.address()?;
        let own = underlay.address.addr();
        if !copy_source_ip && address.is_ipv4() != own.is_ipv4() {
            let expected = format!(
                "an {} address like the node's {own}, or `copy_source_ip: true`",
                family(&own)
            );
            return Err(address_at.unexpected(expected));
        }
        Copies::Juniper {
            address,
            udp_port,
            copy_source_ip,
        }
    } else {
        fields
            .optional("address")
            .map_or(Ok(()), |address| address.address().map(drop))?;
        if !networks.mode(network).bridges() {
            let expected = "a network that bridges, with `juniper_header: false`: mode l2-l3 or l2";
            return Err(network_at.unexpected(expected));
        }
        Copies::Raw {
            mac: fields.required("mac")?.mac()?,
        }
    };
    let snap_length = fields.optional("snap_length");
    let rate_limit = fields.optional("rate_limit");
    Ok(Analyzer {
        name,
        network,
        copies,
        snap_length: snap_length
            .map(|yaml| yaml.number("bytes", SNAP_LENGTHS))
            .transpose()?,
        rate_limit: rate_limit
            .map(|yaml| yaml.number("copies a second", RATE_LIMITS))
            .transpose()?,
    })
}

/// Refuses analyzers whose MAC nobody has.
pub(super) fn check(
    fields: Fields<'_>,
    analyzers: &[Analyzer],
    interfaces: &[Interface],
    remotes: &[Remote],
) -> Result<(), Fault> {
    for (analyzer, yaml) in analyzers.iter().zip(fields.list("analyzers")?) {
        let Copies::Raw { mac } = analyzer.copies else {
            continue;
        };
        let here =
            |interface: &Interface| interface.network == analyzer.network && interface.mac == mac;
        let elsewhere = |remote: &Remote| {
            let same = matches!(&remote.target, Target::Guest { mac: other, .. } if *other == mac);
            remote.network == analyzer.network && same
        };
        if !interfaces.iter().any(here) && !remotes.iter().any(elsewhere) {
            let mac = Fields::open(yaml, "an analyzer", KEYS)?.required("mac")?;
            let expected = "the MAC of an interface or a remote of the analyzer's network";
            return Err(mac.unexpected(expected));
        }
    }
    Ok(())
}

/// Reads an interface's `mirror`. What is the interface's own is known by now.
pub(super) fn mirror(
    yaml: &Yaml,
    interface: &Interface,
    analyzers: &Analyzers<'_>,
    networks: &Networks,
    underlay: &Underlay,
) -> Result<Mirror, Fault> {
    let fields = Fields::open(yaml, "a mirror", MIRROR_KEYS)?;
    let analyzer_at = fields.required("analyzer")?;
    let (position, analyzer) = analyzers.find(analyzer_at)?;
    let refuse =
        |found: String, expected: &str| Err(Fault::unexpected(analyzer_at.at, found, expected));
    if is_own(interface, analyzer) {
        let found = format!(
            "analyzer `{}`, which is interface `{}` itself",
            analyzer.name, interface.name
        );
        return refuse(found, "an analyzer elsewhere");
    }
    if let Copies::Juniper { address, .. } = analyzer.copies {
        let length = networks.name(interface.network).len();
        if !metadata_fits(length + INTERFACE_METADATA) {
            let found = format!("{} bytes of metadata", length + INTERFACE_METADATA);
            return refuse(found, "at most 255: a shorter name of the network");
        }
        // The node's own address is the source where the guest has none of that family.
        let mut sources = [
            Some(underlay.address.addr()),
            interface.addresses.first().copied(),
        ]
        .into_iter()
        .flatten();
        if !sources.any(|source| source.is_ipv4() == address.is_ipv4()) {
            let found = format!(
                "analyzer `{}`, which neither the node nor interface `{}` has an {} address for",
                analyzer.name,
                interface.name,
                family(&address)
            );
            return refuse(found, "one of another family");
        }
    }
    let direction = fields.optional("direction");
    let (ingress, egress) = direction.map_or(Ok((true, true)), |direction| {
        direction.word(&[
            ("ingress", (true, false)),
            ("egress", (false, true)),
            ("both", (true, true)),
        ])
    })?;
    Ok(Mirror {
        analyzer: position,
        ingress,
        egress,
    })
}

/// Bytes of an interface's metadata around the network's name.
const INTERFACE_METADATA: usize = 4;
/// Bytes of a flow's metadata around the names of both networks.
pub(super) const FLOW_METADATA: usize = 18;

/// True of so many bytes as a copy may carry.
pub(super) fn metadata_fits(bytes: usize) -> bool {
    bytes <= crate::objects::LONGEST_METADATA
}

/// True if copies for the analyzer would come from it.
fn is_own(interface: &Interface, analyzer: &Analyzer) -> bool {
    let mut pairs = interface.allowed_address_pairs.iter();
    interface.network == analyzer.network
        && match analyzer.copies {
            Copies::Juniper { address, .. } => {
                interface.addresses.contains(&address)
                    || pairs.any(|pair| pair.address.contains(&address))
            }
            Copies::Raw { mac } => interface.mac == mac || pairs.any(|pair| pair.mac == mac),
        }
}
