//! The name of a port of the card: `wire0`, `host0`, `vf7`.
//!
//! Which of them a card has is the card's to say; here only the form of the name is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What stands at the other end of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PortKind {
    /// A physical link, towards the underlay.
    Wire,
    /// The host's own network stack.
    Host,
    /// A virtual function given to a guest.
    Vf,
}

impl PortKind {
    const NAMES: [(&'static str, Self); 3] =
        [("wire", Self::Wire), ("host", Self::Host), ("vf", Self::Vf)];
}

/// The name of a port of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortName {
    /// What stands at its other end.
    pub kind: PortKind,
    /// Which of its kind, from 0.
    pub number: u16,
}

/// The text is not the name of a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a port, expected wireN, hostN or vfN")]
pub struct InvalidPortName {
    /// What was read.
    pub found: String,
}

impl FromStr for PortName {
    type Err = InvalidPortName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PortKind::NAMES
            .iter()
            .find_map(|(prefix, kind)| Some((*kind, text.strip_prefix(prefix)?)))
            .and_then(|(kind, digits)| {
                let number = digits.parse().ok()?;
                let name = Self { kind, number };
                // One port, one spelling: neither vf07 nor vf+7.
                (name.to_string() == text).then_some(name)
            })
            .ok_or_else(|| InvalidPortName {
                found: text.to_owned(),
            })
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PortKind::Wire => "wire",
            PortKind::Host => "host",
            PortKind::Vf => "vf",
        };
        write!(f, "{kind}{}", self.number)
    }
}

impl TryFrom<String> for PortName {
    type Error = InvalidPortName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PortName> for String {
    fn from(name: PortName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for text in ["wire0", "wire1", "host0", "vf0", "vf4095"] {
            assert_eq!(
                text.parse::<PortName>().expect("well formed").to_string(),
                text
            );
        }
    }

    #[test]
    fn one_port_has_one_spelling() {
        for text in [
            "", "vf", "vf07", "vf+7", "vf-1", "VF0", "eth0", "vf65536", "wire 0", "slow",
        ] {
            assert!(text.parse::<PortName>().is_err(), "{text}");
        }
    }
}
