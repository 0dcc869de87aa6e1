//! Rules by which many flows share one entry.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Flows of one protocol and port that share an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FatFlowRule {
    /// IP protocol number.
    pub proto: u8,
    /// Transport port; 0 is any. It means nothing with a protocol other than TCP, UDP and SCTP.
    pub port: u16,
    /// The side whose address is left out of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<Ignore>,
    /// Which sides are cut to a prefix, in the peer's word: `src4`, `dst6`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggr: Option<String>,
    /// How the guest's side is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src: Option<Aggregate>,
    /// How the far side is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst: Option<Aggregate>,
}

/// `6:22 ignore dst`, `6:* src 10.10.0.0/16 24`
impl fmt::Display for FatFlowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.proto)?;
        match self.port {
            0 => f.write_str("*")?,
            port => write!(f, "{port}")?,
        }
        match self.ignore {
            Some(Ignore::Src) => f.write_str(" ignore src")?,
            Some(Ignore::Dst) => f.write_str(" ignore dst")?,
            None => {}
        }
        if let Some(src) = self.src {
            write!(f, " src {src}")?;
        }
        if let Some(dst) = self.dst {
            write!(f, " dst {dst}")?;
        }
        Ok(())
    }
}

/// A side of a flow; the source is the guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ignore {
    /// The guest's.
    Src,
    /// The other.
    Dst,
}

/// Addresses in `prefix` count as one per `length` bits; written `10.10.0.0/16 24`. Whether the length fits is not
/// checked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Aggregate {
    /// Where the rule applies.
    pub prefix: IpNet,
    /// Bits that are kept.
    pub length: u8,
}

/// The text is not a prefix and a length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not an aggregate, expected a prefix and a length such as 10.10.0.0/16 24")]
pub struct InvalidAggregate {
    /// What was read.
    pub found: String,
}

impl FromStr for Aggregate {
    type Err = InvalidAggregate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once(' ')
            .and_then(|(prefix, length)| {
                let prefix: IpNet = prefix.parse().ok()?;
                let length = length.parse().ok()?;
                Some(Self { prefix, length })
            })
            .ok_or_else(|| InvalidAggregate {
                found: text.to_owned(),
            })
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.prefix, self.length)
    }
}

impl TryFrom<String> for Aggregate {
    type Error = InvalidAggregate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Aggregate> for String {
    fn from(aggregate: Aggregate) -> Self {
        aggregate.to_string()
    }
}
