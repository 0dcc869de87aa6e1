//! Typed values out of the tree: numbers, flags, words, addresses, and mappings with known keys.
//!
//! Each reader either returns the value or the place with what was found and what was expected. An
//! optional key with nothing behind it (`mirror:`) counts as absent.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;

use super::error::{Fault, NetworkErrorKind};
use super::place::Place;
use super::yaml::{Entry, Value, Yaml};
use crate::mac::Mac;
use crate::port::PortName;

/// How much of a value an error repeats, in characters.
const SHOWN: usize = 60;

/// A mapping all of whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub at: Place,
    within: &'static str,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    /// Opens a mapping; `within` names it in errors, with its article.
    pub fn open(
        yaml: &'a Yaml,
        within: &'static str,
        known: &'static [&'static str],
    ) -> Result<Self, Fault> {
        let Value::Map(entries) = &yaml.value else {
            return Err(Fault::unexpected(
                yaml.at,
                yaml.found(),
                format!("{within} as a mapping"),
            ));
        };
        match entries
            .iter()
            .find(|entry| !known.contains(&entry.key.as_str()))
        {
            None => Ok(Self {
                at: yaml.at,
                within,
                entries,
            }),
            Some(Entry { key, key_at, .. }) => Err(Fault::new(
                *key_at,
                NetworkErrorKind::UnknownKey {
                    key: key.clone(),
                    within,
                    known,
                },
            )),
        }
    }

    pub fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries
            .iter()
            .find(|entry| entry.key == key && entry.value.value != Value::Null)
    }

    pub fn optional(&self, key: &str) -> Option<&'a Yaml> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn required(&self, key: &'static str) -> Result<&'a Yaml, Fault> {
        self.optional(key).ok_or_else(|| {
            Fault::new(
                self.at,
                NetworkErrorKind::MissingKey {
                    within: self.within,
                    key,
                },
            )
        })
    }

    /// The items of a list; none where the key is absent.
    pub fn list(&self, key: &str) -> Result<&'a [Yaml], Fault> {
        self.optional(key).map_or(Ok(&[]), Yaml::list)
    }

    pub fn flag(&self, key: &str, default: bool) -> Result<bool, Fault> {
        self.optional(key).map_or(Ok(default), Yaml::flag)
    }
}

impl Yaml {
    /// The value in an error's words.
    pub fn found(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar { text, plain: true } => format!("`{}`", shown(text)),
            Value::Scalar { text, plain: false } => format!("`\"{}\"`", shown(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    pub fn unexpected(&self, expected: impl Into<String>) -> Fault {
        Fault::unexpected(self.at, self.found(), expected)
    }

    pub fn list(&self) -> Result<&[Yaml], Fault> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.unexpected("a list")),
        }
    }

    /// The text of a scalar, quoted or not.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    fn plain(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    /// A name: printable text on one line, not empty.
    pub fn name(&self) -> Result<String, Fault> {
        match self.scalar() {
            Some(text) if !text.is_empty() && !text.contains(char::is_control) => {
                Ok(text.to_owned())
            }
            _ => Err(self.unexpected("a name of printable characters")),
        }
    }

    pub fn flag(&self) -> Result<bool, Fault> {
        match self.plain() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(self.unexpected("true or false")),
        }
    }

    /// A whole number in decimal digits, unquoted.
    pub fn number<T>(&self, what: &str, range: RangeInclusive<T>) -> Result<T, Fault>
    where
        T: FromStr + PartialOrd + Display,
    {
        self.plain()
            .filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                self.unexpected(format!("{what} from {} to {}", range.start(), range.end()))
            })
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Fault> {
        let text = self.scalar();
        words
            .iter()
            .find(|(word, _)| Some(*word) == text)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                self.unexpected(words.join(" or "))
            })
    }

    /// A MAC address that one interface may own.
    pub fn mac(&self) -> Result<Mac, Fault> {
        self.scalar()
            .and_then(|text| text.parse().ok())
            .filter(|mac: &Mac| mac.is_unicast())
            .ok_or_else(|| self.unexpected("a unicast MAC address such as 02:00:5e:10:00:01"))
    }

    pub fn port(&self) -> Result<PortName, Fault> {
        self.scalar()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.unexpected("a port: wireN, hostN or vfN"))
    }

    /// An address that one interface may own, of either family.
    pub fn address(&self) -> Result<IpAddr, Fault> {
        self.scalar()
            .and_then(|text| text.parse().ok())
            .filter(is_unicast)
            .ok_or_else(|| self.unexpected("a unicast IP address such as 10.0.0.3 or 2001:db8::3"))
    }

    /// An interface's address with the length of its prefix.
    pub fn address_in_prefix(&self) -> Result<IpNet, Fault> {
        self.scalar()
            .and_then(|text| text.parse().ok())
            .filter(|address: &IpNet| is_unicast(&address.addr()))
            .ok_or_else(|| {
                self.unexpected("an address with its prefix length such as 192.168.200.11/24")
            })
    }

    /// A prefix whose host bits are zero.
    pub fn prefix(&self) -> Result<IpNet, Fault> {
        let prefix: IpNet = self
            .scalar()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.unexpected("a prefix such as 10.0.0.0/24 or 2001:db8::/64"))?;
        if prefix.trunc() != prefix {
            return Err(self.unexpected(format!("no host bits, as in {}", prefix.trunc())));
        }
        Ok(prefix)
    }

    /// A prefix that packets are routed to: not one of link-local addresses, which every link has for itself.
    pub fn routed_prefix(&self) -> Result<IpNet, Fault> {
        let prefix = self.prefix()?;
        if is_link_local(&prefix.addr()) && prefix.prefix_len() >= LINK_LOCAL_LEN {
            return Err(self.unexpected("a prefix outside the link-local fe80::/10"));
        }
        Ok(prefix)
    }
}

fn is_unicast(address: &IpAddr) -> bool {
    let not_on_a_wire = match address {
        IpAddr::V4(address) => address.is_broadcast(),
        // ::ffff:10.0.0.1 is how programs write an IPv4 address.
        IpAddr::V6(address) => address.to_ipv4_mapped().is_some(),
    };
    let special = address.is_unspecified() || address.is_multicast() || address.is_loopback();
    !(special || not_on_a_wire)
}

/// Bits of fe80::/10.
const LINK_LOCAL_LEN: u8 = 10;

/// True of an IPv6 address that means something on its own link only: no route leads to it.
pub(crate) fn is_link_local(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

/// `IPv4` or `IPv6`, as errors name it.
pub(super) fn family(address: &IpAddr) -> &'static str {
    if address.is_ipv6() {
        "IPv6"
    } else {
        "IPv4"
    }
}

/// Text as an error repeats it: on one line and not too long.
pub(super) fn shown(text: &str) -> String {
    let escaped: String = text.chars().flat_map(char::escape_debug).collect();
    match escaped.char_indices().nth(SHOWN) {
        None => escaped,
        Some((end, _)) => format!("{}...", &escaped[..end]),
    }
}
