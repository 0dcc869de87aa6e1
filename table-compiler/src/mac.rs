//! A MAC address: six bytes, written `02:00:5e:10:00:01`.
//!
//! Only the colon form is read, upper or lower case; lower case is printed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A MAC address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

/// The text is not six two-digit hexadecimal bytes joined by colons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a MAC address, expected six bytes such as 02:00:5e:10:00:01")]
pub struct InvalidMac {
    /// What was read.
    pub found: String,
}

impl Mac {
    /// Where broadcast frames go.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// True of an address that one interface may own: neither a group address nor all zeros.
    #[must_use]
    pub const fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0 && !matches!(self.0, [0, 0, 0, 0, 0, 0])
    }

    /// Where frames for a multicast group go (RFC 1112 section 6.4, RFC 2464 section 7). `None` of other addresses.
    #[must_use]
    pub fn of_group(address: IpAddr) -> Option<Self> {
        match address {
            _ if !address.is_multicast() => None,
            IpAddr::V4(group) => {
                let [_, b, c, d] = group.octets();
                Some(Self([1, 0, 0x5e, b & 0x7f, c, d]))
            }
            IpAddr::V6(group) => match group.octets() {
                [.., a, b, c, d] => Some(Self([0x33, 0x33, a, b, c, d])),
            },
        }
    }
}

impl FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidMac {
            found: text.to_owned(),
        };
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().ok_or_else(invalid)?;
            // from_str_radix alone would also take a sign.
            if part.len() != 2 || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(invalid());
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| invalid())?;
        }
        match parts.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(invalid()),
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Mac {
    type Error = InvalidMac;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_either_case_and_prints_lower_case() {
        let mac: Mac = "0C:c4:7A:59:62:5c".parse().expect("well formed");
        assert_eq!(mac, Mac([0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c]));
        assert_eq!(mac.to_string(), "0c:c4:7a:59:62:5c");
    }

    #[test]
    fn refuses_what_is_not_six_bytes() {
        for text in [
            "",
            "02",
            "02:00:00:00:00",
            "02:00:00:00:00:00:00",
            "2:0:0:0:0:0",
            "02-00-00-00-00-00",
            "02:00:00:00:00:0g",
            "+2:00:00:00:00:00",
            "020000000000",
            "02:00:00:00:00:00 ",
        ] {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }

    #[test]
    fn group_and_zero_addresses_are_not_unicast() {
        assert!(Mac([2, 0, 0, 0, 0, 1]).is_unicast());
        assert!(!Mac([1, 0, 0x5e, 0, 0, 1]).is_unicast());
        assert!(!Mac([0; 6]).is_unicast());
        assert!(!Mac::BROADCAST.is_unicast());
    }

    #[test]
    fn groups_have_macs_of_their_own() {
        let of = |address: &str| Mac::of_group(address.parse().expect("an address"));
        assert_eq!(of("239.129.1.100"), Some(Mac([1, 0, 0x5e, 1, 1, 100])));
        assert_eq!(of("ff15::1:2"), Some(Mac([0x33, 0x33, 0, 1, 0, 2])));
        assert_eq!(of("10.0.0.1"), None);
        assert_eq!(of("fd00::1"), None);
    }
}
