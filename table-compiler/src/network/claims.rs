//! Things that only one may hold: names, ports, labels, addresses, and who holds them.
//!
//! A claim remembers its place, so that the later of two in the file (not the later one read) is the
//! one refused.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::Hash;
use std::net::IpAddr;

use ipnet::IpNet;

use super::error::{Fault, NetworkErrorKind};
use super::place::Place;

/// What is held of one kind of thing.
pub(super) struct Claims<K> {
    /// The kind, in an error's words.
    what: &'static str,
    held: HashMap<K, Place>,
}

impl<K: Eq + Hash + Display> Claims<K> {
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            held: HashMap::new(),
        }
    }

    /// Takes `key`, or says who has it.
    pub fn claim(&mut self, key: K, at: Place) -> Result<(), Fault> {
        self.free(&key, at)?;
        self.held.insert(key, at);
        Ok(())
    }

    /// Says who has `key`, without taking it.
    pub fn free(&self, key: &K, at: Place) -> Result<(), Fault> {
        match self.held.get(key) {
            None => Ok(()),
            Some(&held) => Err(twice(self.what, key.to_string(), held, at)),
        }
    }

    pub fn holds(&self, key: &K) -> bool {
        self.held.contains_key(key)
    }
}

fn twice(what: &'static str, value: String, one: Place, other: Place) -> Fault {
    let (first, second) = (one.min(other), one.max(other));
    Fault::new(second, NetworkErrorKind::Duplicate { what, value, first })
}

/// Prefixes none of which reaches into another, by their first address.
#[derive(Default)]
pub(super) struct Apart {
    held: BTreeMap<IpAddr, (IpNet, Place)>,
}

impl Apart {
    /// Takes `prefix`, or says which one it overlaps.
    pub fn claim(&mut self, prefix: IpNet, at: Place) -> Result<(), Fault> {
        // Those held are apart, so only the neighbours on both sides can touch the new one.
        let before = self.held.range(..=prefix.network()).next_back();
        let after = self.held.range(prefix.network()..).next();
        let touching =
            |held: &&(IpNet, Place)| held.0.contains(&prefix) || prefix.contains(&held.0);
        let overlap = before.map(|(_, held)| held).filter(touching);
        match overlap.or_else(|| after.map(|(_, held)| held).filter(touching)) {
            None => {
                self.held.insert(prefix.network(), (prefix, at));
                Ok(())
            }
            Some((other, first)) => Err(Fault::new(
                at,
                NetworkErrorKind::Overlap {
                    found: prefix.to_string(),
                    other: other.to_string(),
                    first: *first,
                },
            )),
        }
    }

    /// The prefix that `address` lies in.
    pub fn find(&self, address: IpAddr) -> Option<IpNet> {
        let (_, (prefix, _)) = self.held.range(..=address).next_back()?;
        prefix.contains(&address).then_some(*prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize) -> Place {
        Place { line, col: 1 }
    }

    #[test]
    fn the_later_in_the_file_is_the_second_even_if_read_first() {
        let mut claims = Claims::new("label");
        claims.claim(17, at(9)).expect("free");
        let fault = claims.claim(17, at(3)).expect_err("taken");
        assert_eq!(fault.place, at(9));
        assert_eq!(fault.kind.first(), Some(at(3)));
    }

    #[test]
    fn prefixes_overlap_from_either_side() {
        let net = |text: &str| text.parse::<IpNet>().expect("a prefix");
        let mut apart = Apart::default();
        for prefix in ["10.0.1.0/24", "10.0.3.0/24", "10.0.2.128/25"] {
            apart.claim(net(prefix), at(1)).expect("apart");
        }
        for prefix in [
            "10.0.0.0/8",
            "10.0.1.0/24",
            "10.0.1.128/25",
            "10.0.2.0/24",
            "0.0.0.0/0",
        ] {
            assert!(apart.claim(net(prefix), at(2)).is_err(), "{prefix}");
        }
        apart.claim(net("10.0.2.0/25"), at(2)).expect("apart");
        let find = |address: &str| apart.find(address.parse().expect("an address"));
        assert_eq!(find("10.0.2.200"), Some(net("10.0.2.128/25")));
        assert_eq!(find("10.0.4.0"), None);
        assert_eq!(find("10.0.0.255"), None);
    }
}
