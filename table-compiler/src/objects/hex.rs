//! Bytes written as hexadecimal digits, as the peer is given them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;

/// Ethertype of IPv4, which an encap's rewrite ends in; the packet's own replaces it.
const IPV4: [u8; 2] = [0x08, 0x00];
/// Ethertype of IPv6, in the rewrite of a tunnel over IPv6.
const IPV6: [u8; 2] = [0x86, 0xdd];

/// Some bytes; for rewrites the header that is put in front of a packet.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexBytes(pub Vec<u8>);

/// The text is not pairs of hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not hexadecimal, expected pairs of digits")]
pub struct InvalidHex {
    /// What was read.
    pub found: String,
}

impl HexBytes {
    /// An Ethernet header in front of IPv4, or of whatever a nexthop carries.
    #[must_use]
    pub fn ethernet(destination: Mac, source: Mac) -> Self {
        Self([&destination.0[..], &source.0[..], &IPV4[..]].concat())
    }

    /// An Ethernet header in front of IPv6.
    #[must_use]
    pub fn ethernet_ipv6(destination: Mac, source: Mac) -> Self {
        Self([&destination.0[..], &source.0[..], &IPV6[..]].concat())
    }
}

impl FromStr for HexBytes {
    type Err = InvalidHex;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidHex {
            found: text.to_owned(),
        };
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits
            .filter(|digits| digits.len() % 2 == 0)
            .ok_or_else(invalid)?;
        digits
            .chunks_exact(2)
            .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).map_err(|_| invalid()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for HexBytes {
    type Error = InvalidHex;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HexBytes> for String {
    fn from(bytes: HexBytes) -> Self {
        bytes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_as_written() {
        let header = HexBytes::ethernet(Mac([2, 0, 0, 0, 0, 0x11]), Mac([0, 0, 0x5e, 0, 1, 0]));
        assert_eq!(header.to_string(), "02000000001100005e0001000800");
        assert_eq!(header.to_string().parse(), Ok(header));
        let header = HexBytes::ethernet_ipv6(Mac([2, 0, 0, 0, 0, 0x11]), Mac([0; 6]));
        assert_eq!(header.to_string(), "02000000001100000000000086dd");
        for text in ["0", "0g", "+1", "é"] {
            assert!(text.parse::<HexBytes>().is_err(), "{text}");
        }
    }
}
