//! What may pass between networks: an item of `policies`.
//!
//! Rules apply between any two of a policy's networks, in both directions; the first that matches
//! decides, and where none does the answer is deny. Routes of the networks are visible to each other.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::analyzer::{metadata_fits, Analyzers, Copies, FLOW_METADATA};
use super::claims::Claims;
use super::error::Fault;
use super::names::{NetworkIndex, Networks};
use super::read::Fields;
use super::yaml::{Value, Yaml};

const KEYS: &[&str] = &["name", "networks", "rules"];
const RULE_KEYS: &[&str] = &[
    "action",
    "protocol",
    "source",
    "destination",
    "source_ports",
    "destination_ports",
    "mirror",
];

/// Analyzers that one flow's packets may be copied to.
const MOST_MIRRORS: usize = 2;

/// Protocols by name; every other is written as its number.
const PROTOCOLS: [(&str, Option<u8>); 5] = [
    ("any", None),
    ("icmp", Some(1)),
    ("tcp", Some(6)),
    ("udp", Some(17)),
    ("sctp", Some(132)),
];

/// What may pass between networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The networks it joins.
    pub networks: Vec<NetworkIndex>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// Whether a flow passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It passes, and may be answered.
    Pass,
    /// It does not.
    Deny,
}

/// One line of a policy. What is absent matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What happens to a flow that matches.
    pub action: Action,
    /// IP protocol number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    /// Where the flow's first packet comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpNet>,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<IpNet>,
    /// Its source port is in one of these; none is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_ports: Vec<PortRange>,
    /// Its destination port is in one of these; none is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destination_ports: Vec<PortRange>,
    /// Where copies of its flows' packets go, at most two: positions in
    /// [`Network::analyzers`](super::Network::analyzers), which are indexes of mirrors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<u32>,
}

/// Transport ports from `first` to `last`, both included; written `80` or `8000-8100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

/// The text is not a range of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a range of ports, expected a port or a-b from 0 to 65535")]
pub struct InvalidPortRange {
    /// What was read.
    pub found: String,
}

impl FromStr for PortRange {
    type Err = InvalidPortRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = |digits: &str| {
            let digits = digits.trim();
            digits
                .bytes()
                .all(|digit| digit.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(InvalidPortRange {
                found: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last {
            write!(f, "{first}")
        } else {
            write!(f, "{first}-{last}")
        }
    }
}

impl TryFrom<String> for PortRange {
    type Error = InvalidPortRange;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        range.to_string()
    }
}

pub(super) fn read(
    yaml: &Yaml,
    networks: &Networks,
    analyzers: &Analyzers<'_>,
    names: &mut Claims<String>,
) -> Result<Policy, Fault> {
    let fields = Fields::open(yaml, "a policy", KEYS)?;
    let name_at = fields.required("name")?;
    let name = name_at.name()?;
    names.claim(name.clone(), name_at.at)?;

    let mut claims = Claims::new("network");
    let mut joined = Vec::new();
    for yaml in fields.list("networks")? {
        joined.push(networks.find(yaml)?);
        claims.claim(yaml.name()?, yaml.at)?;
    }
    let metadata = metadata(&joined, networks);
    let rules = fields
        .list("rules")?
        .iter()
        .map(|yaml| rule(yaml, analyzers, metadata))
        .collect::<Result<_, _>>()?;
    Ok(Policy {
        name,
        networks: joined,
        rules,
    })
}

/// Bytes of metadata of a flow between the two of the networks that have the longest names.
fn metadata(networks: &[NetworkIndex], names: &Networks) -> usize {
    let name = |network: &NetworkIndex| names.name(*network).len();
    let mut lengths: Vec<usize> = networks.iter().map(name).collect();
    lengths.sort_unstable();
    FLOW_METADATA + lengths.iter().rev().take(2).sum::<usize>()
}

/// One analyzer, or a list of at most two.
fn mirrors(yaml: &Yaml, analyzers: &Analyzers<'_>, metadata: usize) -> Result<Vec<u32>, Fault> {
    let items = match &yaml.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(yaml),
    };
    if let Some(one_more) = items.get(MOST_MIRRORS) {
        let found = format!("{} analyzers", items.len());
        let expected = format!("at most {MOST_MIRRORS}");
        return Err(Fault::unexpected(one_more.at, found, expected));
    }
    let mut claims = Claims::new("analyzer");
    let mirror = |item: &Yaml| {
        let (position, analyzer) = analyzers.find(item)?;
        claims.claim(analyzer.name.clone(), item.at)?;
        let juniper = matches!(analyzer.copies, Copies::Juniper { .. });
        if juniper && !metadata_fits(metadata) {
            let found = format!("{metadata} bytes of metadata");
            let expected = "at most 255: shorter names of the networks";
            return Err(Fault::unexpected(item.at, found, expected));
        }
        Ok(u32::try_from(position).unwrap_or(u32::MAX))
    };
    items.iter().map(mirror).collect()
}

fn rule(yaml: &Yaml, analyzers: &Analyzers<'_>, metadata: usize) -> Result<Rule, Fault> {
    let fields = Fields::open(yaml, "a rule", RULE_KEYS)?;
    let action = fields
        .required("action")?
        .word(&[("pass", Action::Pass), ("deny", Action::Deny)])?;
    let protocol = fields.optional("protocol").map_or(Ok(None), protocol)?;
    let ports = |key| -> Result<Vec<PortRange>, Fault> {
        let items = fields.list(key)?;
        match items.first() {
            Some(first) if protocol.is_some_and(|number| !has_ports(number)) => {
                let found = format!("`{key}` with a protocol that has no ports");
                Err(Fault::unexpected(
                    first.at,
                    found,
                    "protocol tcp, udp, sctp or any",
                ))
            }
            _ => items.iter().map(port_range).collect(),
        }
    };
    let (source_at, destination_at) = (fields.optional("source"), fields.optional("destination"));
    let source = source_at.map_or(Ok(None), prefix_or_any)?;
    let destination = destination_at.map_or(Ok(None), prefix_or_any)?;
    if let (Some(IpNet::V4(_)), Some(IpNet::V6(_))) | (Some(IpNet::V6(_)), Some(IpNet::V4(_))) =
        (source, destination)
    {
        let later = source_at.into_iter().chain(destination_at);
        if let Some(yaml) = later.max_by_key(|yaml| yaml.at) {
            return Err(yaml.unexpected("a `source` and a `destination` of one family"));
        }
    }
    Ok(Rule {
        action,
        protocol,
        source,
        destination,
        source_ports: ports("source_ports")?,
        destination_ports: ports("destination_ports")?,
        mirrors: match fields.optional("mirror") {
            Some(mirror) => mirrors(mirror, analyzers, metadata)?,
            None => Vec::new(),
        },
    })
}

pub(super) const fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 132)
}

fn protocol(yaml: &Yaml) -> Result<Option<u8>, Fault> {
    yaml.word(&PROTOCOLS).or_else(|_| {
        yaml.number("a protocol number", 0..=255)
            .map(Some)
            .map_err(|_| yaml.unexpected("any, tcp, udp, icmp, sctp or a number from 0 to 255"))
    })
}

fn prefix_or_any(yaml: &Yaml) -> Result<Option<IpNet>, Fault> {
    if yaml.word(&[("any", ())]).is_ok() {
        Ok(None)
    } else {
        yaml.prefix().map(Some)
    }
}

fn port_range(yaml: &Yaml) -> Result<PortRange, Fault> {
    let expected = "a port or a range a-b from 0 to 65535";
    yaml.scalar()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| yaml.unexpected(expected))
}
