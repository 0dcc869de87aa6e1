//! Which flows share an entry: an item of `fat_flows`, and `fat_flow_exclude`.

use std::fmt;

use ipnet::IpNet;

use super::claims::Claims;
use super::error::{Fault, NetworkErrorKind};
use super::place::Place;
use super::read::Fields;
use super::yaml::Yaml;

const KEYS: &[&str] = &[
    "protocol",
    "port",
    "ignore",
    "source_prefix",
    "source_aggregate",
    "destination_prefix",
    "destination_aggregate",
];

/// Protocols by name; every other is written as its number.
const PROTOCOLS: [(&str, u8); 4] = [("icmp", 1), ("tcp", 6), ("udp", 17), ("sctp", 132)];

/// ICMP, and ICMPv6, which shares its rules.
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// Flows of one protocol and port that share an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FatFlow {
    /// IP protocol number; ICMP is ICMPv6 as well.
    pub protocol: u8,
    /// Transport port; 0 is any.
    pub port: u16,
    /// The side whose address does not count. The source is the guest's.
    pub ignore: Option<Side>,
    /// How much of the guest's address counts, where it is in a prefix.
    pub source: Option<Aggregation>,
    /// How much of the other address counts.
    pub destination: Option<Aggregation>,
}

/// A side of a flow as its guest sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The guest's.
    Source,
    /// The other.
    Destination,
}

/// Addresses in `prefix` count as one where their first `length` bits are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aggregation {
    /// Where the rule holds.
    pub prefix: IpNet,
    /// Bits that count.
    pub length: u8,
}

impl FatFlow {
    /// True if both are for the same packets, so that only one of them can count.
    #[must_use]
    pub fn same_packets(&self, other: &FatFlow) -> bool {
        self.matches() == other.matches()
    }

    fn matches(&self) -> (u8, u16, Option<IpNet>, Option<IpNet>) {
        let prefix = |side: Option<Aggregation>| side.map(|side| side.prefix);
        (
            self.protocol,
            self.port,
            prefix(self.source),
            prefix(self.destination),
        )
    }
}

/// For which packets it is: `6:22`, `17:* from 10.0.0.0/8`.
impl fmt::Display for FatFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            0 => write!(f, "{}:*", self.protocol)?,
            port => write!(f, "{}:{port}", self.protocol)?,
        }
        for (side, word) in [(self.source, "from"), (self.destination, "to")] {
            if let Some(Aggregation { prefix, .. }) = side {
                write!(f, " {word} {prefix}")?;
            }
        }
        Ok(())
    }
}

/// What an interface or a network says about fat flows, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FatFlows {
    pub rules: Vec<FatFlow>,
    pub exclude: Vec<IpNet>,
    /// Where `fat_flows` stands, or else `fat_flow_exclude`.
    pub at: Option<Place>,
}

/// Reads `fat_flows` and `fat_flow_exclude`.
pub(super) fn read_all(fields: Fields<'_>) -> Result<FatFlows, Fault> {
    let mut rules: Vec<(FatFlow, Place)> = Vec::new();
    for yaml in fields.list("fat_flows")? {
        let rule = read(yaml)?;
        if let Some((_, first)) = rules.iter().find(|(other, _)| other.same_packets(&rule)) {
            return Err(Fault::new(
                yaml.at,
                NetworkErrorKind::Duplicate {
                    what: "fat flow",
                    value: rule.to_string(),
                    first: *first,
                },
            ));
        }
        rules.push((rule, yaml.at));
    }
    let mut claims = Claims::new("excluded prefix");
    let mut exclude = Vec::new();
    for yaml in fields.list("fat_flow_exclude")? {
        let prefix = yaml.prefix()?;
        claims.claim(prefix, yaml.at)?;
        exclude.push(prefix);
    }
    let keys = ["fat_flows", "fat_flow_exclude"];
    let at = keys.iter().find_map(|key| fields.entry(key));
    Ok(FatFlows {
        rules: rules.into_iter().map(|(rule, _)| rule).collect(),
        exclude,
        at: at.map(|entry| entry.key_at),
    })
}

fn read(yaml: &Yaml) -> Result<FatFlow, Fault> {
    let fields = Fields::open(yaml, "a fat flow", KEYS)?;
    let protocol = protocol(fields.required("protocol")?)?;
    let port = match fields.optional("port") {
        None => 0,
        Some(yaml) => yaml.number("a port", 0..=u16::MAX)?,
    };
    if let Some(entry) = fields.entry("port") {
        if port != 0 && !super::policy::has_ports(protocol) {
            let found = format!("`port: {port}` with a protocol that has no ports");
            return Err(Fault::unexpected(
                entry.value.at,
                found,
                "port 0, or protocol tcp, udp or sctp",
            ));
        }
    }
    let ignore = match fields.optional("ignore") {
        None => None,
        Some(yaml) => yaml.word(&[
            ("none", None),
            ("source", Some(Side::Source)),
            ("destination", Some(Side::Destination)),
        ])?,
    };
    let source = aggregation(fields, &SOURCE, ignore)?;
    let destination = aggregation(fields, &DESTINATION, ignore)?;
    if let (Some(one), Some(other)) = (source, destination) {
        if one.prefix.max_prefix_len() != other.prefix.max_prefix_len() {
            let entries = [SOURCE.prefix, DESTINATION.prefix];
            let entries = entries.iter().filter_map(|key| fields.optional(key));
            if let Some(later) = entries.max_by_key(|yaml| yaml.at) {
                let expected = "a `source_prefix` and a `destination_prefix` of one family";
                return Err(later.unexpected(expected));
            }
        }
    }
    Ok(FatFlow {
        protocol,
        port,
        ignore,
        source,
        destination,
    })
}

fn protocol(yaml: &Yaml) -> Result<u8, Fault> {
    let number = yaml.word(&PROTOCOLS).or_else(|_| {
        yaml.number("a protocol number", 1..=255)
            .map_err(|_| yaml.unexpected("tcp, udp, icmp, sctp or a number from 1 to 255"))
    })?;
    Ok(if number == ICMPV6 { ICMP } else { number })
}

/// The keys of a side.
struct SideKeys {
    side: Side,
    word: &'static str,
    prefix: &'static str,
    aggregate: &'static str,
}

const SOURCE: SideKeys = SideKeys {
    side: Side::Source,
    word: "source",
    prefix: "source_prefix",
    aggregate: "source_aggregate",
};
const DESTINATION: SideKeys = SideKeys {
    side: Side::Destination,
    word: "destination",
    prefix: "destination_prefix",
    aggregate: "destination_aggregate",
};

fn aggregation(
    fields: Fields<'_>,
    keys: &SideKeys,
    ignore: Option<Side>,
) -> Result<Option<Aggregation>, Fault> {
    let SideKeys {
        side,
        word,
        prefix,
        aggregate,
    } = *keys;
    let (prefix_at, aggregate_at) = match (fields.entry(prefix), fields.entry(aggregate)) {
        (None, None) => return Ok(None),
        (Some(prefix), Some(aggregate)) => (prefix, aggregate),
        (Some(alone), None) => {
            let (found, expected) = (format!("`{prefix}` without `{aggregate}`"), "both or none");
            return Err(Fault::unexpected(alone.key_at, found, expected));
        }
        (None, Some(alone)) => {
            let (found, expected) = (format!("`{aggregate}` without `{prefix}`"), "both or none");
            return Err(Fault::unexpected(alone.key_at, found, expected));
        }
    };
    if ignore == Some(side) {
        let found = format!("`{prefix}` with `ignore: {word}`");
        return Err(Fault::unexpected(
            prefix_at.key_at,
            found,
            "one of them: what is ignored has no prefix",
        ));
    }
    let prefix = prefix_at.value.prefix()?;
    let range = prefix.prefix_len()..=prefix.max_prefix_len();
    let what = format!("a length within {prefix},");
    let length = aggregate_at.value.number(&what, range)?;
    Ok(Some(Aggregation { prefix, length }))
}
