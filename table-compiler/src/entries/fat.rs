//! `fat_rule`, `fat_exclude`: which flows of an interface share an entry. Interfaces with the same rules share a set.
//!
//! ```text
//!   vif 3: rules, excludes ──┐
//!   vif 5: the same ─────────┴─▶ set 1: | rule 0 | rule 1 | ..  | exclude 0 | ..     numbered in the order of vifs;
//!   vif 4: none ─────────────────▶ 0                                                  the plan may number otherwise
//! ```
//! The lowest rule that matches counts, so they stand as the peer searches: rules without prefixes, with a source prefix,
//! with a destination prefix, with both; longer prefixes first; ports upwards, port 0 last. Of two rules for the same
//! packets the later one counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ipnet::IpNet;
use underpass_layout::tables::{
    id, FatExcludeEntry, FatFamily, FatRuleEntry, FAT_EXCLUDES, FAT_RULES, TABLES,
};

use super::error::EntryError;
use super::index::Index;
use super::{address, fat_fault::FatFault};
use crate::objects::{Aggregate, FatFlowRule, Ignore, Vif};

/// Bits of an address field.
const ADDRESS_BITS: u8 = 128;
/// ICMP; rules for it are for ICMPv6 as well.
const ICMP: u8 = 1;
/// ICMPv6.
const ICMPV6: u8 = 58;
/// Protocols whose flows differ by ports.
const WITH_PORTS: [u8; 3] = [6, 17, 132];

/// The rules of some interfaces and the addresses that they are not for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FatSet {
    /// At most [`FAT_RULES`], the first that matches counts.
    pub rules: Vec<FatRuleEntry>,
    /// At most [`FAT_EXCLUDES`].
    pub excludes: Vec<FatExcludeEntry>,
}

/// All sets, and who has which.
#[derive(Debug, Default)]
pub(super) struct FatSets {
    pub sets: BTreeMap<u32, FatSet>,
    by_vif: BTreeMap<u32, u16>,
}

impl FatSets {
    /// The sets of all interfaces.
    pub fn new(index: &Index<'_>) -> Result<Self, EntryError> {
        let mut all = FatSets::default();
        let mut numbers: Vec<FatSet> = Vec::new();
        for vif in index.vifs.values() {
            let set = set(vif).map_err(|fault| EntryError::Fat {
                vif: vif.idx,
                fault,
            })?;
            if set.rules.is_empty() {
                continue;
            }
            let known = numbers.iter().position(|other| *other == set);
            let place = known.unwrap_or_else(|| {
                numbers.push(set);
                numbers.len() - 1
            });
            // Set 0 is the empty one.
            let number = place as u32 + 1;
            index.row(id::FAT_RULE, "set of fat flows", number)?;
            all.by_vif.insert(vif.idx, number as u16);
        }
        all.sets = (1..).zip(numbers).collect();
        Ok(all)
    }

    /// The set of an interface; 0 where it has no rules.
    pub fn of(&self, vif: u32) -> u16 {
        self.by_vif.get(&vif).copied().unwrap_or(0)
    }
}

fn set(vif: &Vif) -> Result<FatSet, FatFault> {
    let mut rules: Vec<(&FatFlowRule, FatRuleEntry)> = Vec::new();
    for rule in &vif.fat_flow_rules {
        let entry = entry(rule)?;
        rules.retain(|(_, other)| packets(other) != packets(&entry));
        rules.push((rule, entry));
    }
    rules.sort_by_key(|(rule, entry)| order(rule, entry));
    let rules: Vec<FatRuleEntry> = rules.into_iter().map(|(_, entry)| entry).collect();
    let mut excludes: Vec<FatExcludeEntry> = Vec::new();
    for prefix in &vif.fat_flow_exclude {
        let entry = exclude(prefix);
        if !excludes.contains(&entry) {
            excludes.push(entry);
        }
    }
    excludes.sort_by_key(|entry| (entry.family, entry.prefix, entry.length));
    for (found, most, what) in [
        (rules.len(), FAT_RULES, "rules"),
        (excludes.len(), FAT_EXCLUDES, "excluded prefixes"),
    ] {
        if found > most {
            return Err(FatFault::TooMany { what, found, most });
        }
    }
    Ok(FatSet { rules, excludes })
}

/// What tells for which packets a rule is.
fn packets(rule: &FatRuleEntry) -> impl PartialEq {
    (
        rule.family,
        (rule.protocol, rule.port),
        (rule.source_prefix, rule.source_length),
        (rule.destination_prefix, rule.destination_length),
    )
}

/// Where a rule stands among the others.
fn order(rule: &FatFlowRule, entry: &FatRuleEntry) -> impl Ord {
    let (source, destination) = (entry.source_length, entry.destination_length);
    let (class, first) = match (rule.src, rule.dst) {
        (None, None) => (0, 0),
        (Some(_), None) => (1, source),
        (None, Some(_)) => (2, destination),
        (Some(_), Some(_)) => (3, source),
    };
    let port = match entry.port {
        0 => u32::from(u16::MAX) + 1,
        port => port.into(),
    };
    (class, Reverse(first), port, Reverse(destination))
}

fn entry(rule: &FatFlowRule) -> Result<FatRuleEntry, FatFault> {
    check(rule)?;
    // The peer keeps a rule for another protocol as protocol 0, with the number where ports have theirs.
    let (protocol, port) = match (rule.proto, rule.port) {
        (0, number) if number != 0 => (u8::try_from(number).unwrap_or(0), 0),
        (ICMPV6, _) => (ICMP, 0),
        (protocol, port) if WITH_PORTS.contains(&protocol) => (protocol, port),
        (protocol, _) => (protocol, 0),
    };
    let family = match rule.src.or(rule.dst).map(|cut| cut.prefix) {
        None => FatFamily::Any,
        Some(IpNet::V4(_)) => FatFamily::V4,
        Some(IpNet::V6(_)) => FatFamily::V6,
    };
    let side = |cut: Option<Aggregate>| match cut {
        None => (0, 0, ADDRESS_BITS),
        Some(Aggregate { prefix, length }) => (upper(&prefix), prefix.prefix_len(), length),
    };
    let (source_prefix, source_length, source_keep) = side(rule.src);
    let (destination_prefix, destination_length, destination_keep) = side(rule.dst);
    Ok(FatRuleEntry {
        family,
        protocol,
        port,
        ignore_source: rule.ignore == Some(Ignore::Src),
        ignore_destination: rule.ignore == Some(Ignore::Dst),
        source_prefix,
        source_length,
        source_keep,
        destination_prefix,
        destination_length,
        destination_keep,
    })
}

/// Refuses a rule that contradicts itself.
fn check(rule: &FatFlowRule) -> Result<(), FatFault> {
    let sides = [
        (rule.src, Ignore::Src, "source"),
        (rule.dst, Ignore::Dst, "destination"),
    ];
    for (cut, side, name) in sides {
        let Some(Aggregate { prefix, length }) = cut else {
            continue;
        };
        let (least, most) = (prefix.prefix_len(), prefix.max_prefix_len());
        if !(least..=most).contains(&length) {
            let rule = rule.to_string();
            return Err(FatFault::Aggregate {
                rule,
                side: name,
                found: length,
                least,
                most,
            });
        }
        if rule.ignore == Some(side) {
            let rule = rule.to_string();
            return Err(FatFault::IgnoredAndCut { rule, side: name });
        }
    }
    match (rule.src, rule.dst) {
        (Some(src), Some(dst)) if src.prefix.max_prefix_len() != dst.prefix.max_prefix_len() => {
            Err(FatFault::Families {
                rule: rule.to_string(),
            })
        }
        (src, dst) => match &rule.aggr {
            Some(word) if !rule_says(word, src, dst) => Err(FatFault::Word {
                rule: rule.to_string(),
                word: word.clone(),
            }),
            _ => Ok(()),
        },
    }
}

/// Whether the peer's word (`src4`, `src_dst6`, ..) is about the sides that a rule has.
fn rule_says(word: &str, src: Option<Aggregate>, dst: Option<Aggregate>) -> bool {
    let family = |cut: Aggregate| {
        if cut.prefix.addr().is_ipv4() {
            '4'
        } else {
            '6'
        }
    };
    let families = [src, dst].into_iter().flatten().map(family);
    word.contains("src") == src.is_some()
        && word.contains("dst") == dst.is_some()
        && families.into_iter().all(|family| word.ends_with(family))
}

fn exclude(prefix: &IpNet) -> FatExcludeEntry {
    FatExcludeEntry {
        family: match prefix {
            IpNet::V4(_) => FatFamily::V4,
            IpNet::V6(_) => FatFamily::V6,
        },
        prefix: upper(prefix),
        length: prefix.prefix_len(),
    }
}

/// A prefix from the most significant bit of the field on, whatever its family; host bits cleared.
fn upper(prefix: &IpNet) -> u128 {
    let (bits, v6) = address::bits(prefix.network());
    bits << (ADDRESS_BITS - address::width(v6))
}

const _: () = assert!(
    TABLES[id::FAT_RULE as usize].ways() == FAT_RULES
        && TABLES[id::FAT_EXCLUDE as usize].ways() == FAT_EXCLUDES
);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, Value};
    use underpass_layout::profile::SIM;

    /// The sets of interfaces from 3 on, each with its rules and excluded prefixes.
    fn sets(vifs: &[(Value, Value)]) -> Result<FatSets, EntryError> {
        let vifs = (3u32..).zip(vifs).map(|(idx, (rules, exclude))| {
            json!({"object": "vif", "idx": idx, "type": "vm", "mac": "00:00:5e:00:01:00", "vrf": 7, "mtu": 9160,
                "flags": {"value": "0x1", "names": []}, "fat_flow_rules": rules, "fat_flow_exclude": exclude})
        });
        let objects =
            serde_json::from_value(vifs.collect()).unwrap_or_else(|error| panic!("{error}"));
        Index::new(&objects, &SIM).map(|index| index.fat)
    }

    fn rules(rules: Value) -> Vec<FatRuleEntry> {
        let mut sets = sets(&[(rules, json!([]))]).unwrap_or_else(|error| panic!("{error}"));
        sets.sets.remove(&1).expect("rules").rules
    }

    fn refused(rules: Value, exclude: Value) -> String {
        let error = sets(&[(rules, exclude)]).expect_err("refused");
        error.to_string()
    }

    #[test]
    fn a_rule_says_what_the_key_keeps() {
        let found = rules(json!([
            {"proto": 6, "port": 22, "ignore": "dst"},
            {"proto": 17, "port": 0, "aggr": "src4", "src": "10.10.0.0/16 24"},
            {"proto": 17, "port": 53, "ignore": "src", "dst": "2001:db8::/32 48"},
        ]));
        let any = FatRuleEntry {
            family: FatFamily::Any,
            protocol: 6,
            port: 22,
            ignore_source: false,
            ignore_destination: true,
            source_prefix: 0,
            source_length: 0,
            source_keep: 128,
            destination_prefix: 0,
            destination_length: 0,
            destination_keep: 128,
        };
        let four = FatRuleEntry {
            family: FatFamily::V4,
            protocol: 17,
            port: 0,
            ignore_destination: false,
            source_prefix: 0x0a0a_0000 << 96,
            source_length: 16,
            source_keep: 24,
            ..any
        };
        let six = FatRuleEntry {
            family: FatFamily::V6,
            protocol: 17,
            port: 53,
            ignore_source: true,
            ignore_destination: false,
            destination_prefix: 0x2001_0db8 << 96,
            destination_length: 32,
            destination_keep: 48,
            ..any
        };
        assert_eq!(found, [any, four, six]);
    }

    #[test]
    fn rules_stand_as_the_peer_searches() {
        let src = |prefix: &str, port: u16| json!({"proto": 6, "port": port, "src": format!("{prefix} 32")});
        let found = rules(json!([
            {"proto": 6, "port": 80, "src": "10.0.0.0/8 8", "dst": "20.0.0.0/8 8"},
            {"proto": 6, "port": 0, "dst": "20.0.0.0/8 8"},
            src("10.0.0.0/8", 0),
            src("10.0.0.0/8", 443),
            src("10.1.0.0/16", 0),
            {"proto": 6, "port": 0},
            {"proto": 6, "port": 443},
            {"proto": 6, "port": 22},
        ]));
        let found: Vec<_> = found
            .iter()
            .map(|rule| (rule.source_length, rule.destination_length, rule.port))
            .collect();
        let expected = [
            (0, 0, 22),
            (0, 0, 443),
            (0, 0, 0),
            (16, 0, 0),
            (8, 0, 443),
            (8, 0, 0),
            (0, 8, 0),
            (8, 8, 80),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn ports_are_those_of_three_protocols() {
        let found = rules(json!([
            {"proto": 132, "port": 9},
            {"proto": 58, "port": 7},
            {"proto": 47, "port": 7},
            {"proto": 0, "port": 50},
        ]));
        let found: Vec<_> = found
            .iter()
            .map(|rule| (rule.protocol, rule.port))
            .collect();
        assert_eq!(found, [(132, 9), (1, 0), (47, 0), (50, 0)]);
    }

    #[test]
    fn of_two_rules_for_the_same_packets_the_later_counts() {
        let found = rules(json!([
            {"proto": 1, "port": 0, "ignore": "src"},
            {"proto": 6, "port": 22},
            {"proto": 58, "port": 0, "ignore": "dst"},
        ]));
        let ignored: Vec<_> = found
            .iter()
            .map(|rule| (rule.protocol, rule.ignore_source, rule.ignore_destination))
            .collect();
        assert_eq!(ignored, [(6, false, false), (1, false, true)]);
    }

    #[test]
    fn interfaces_with_the_same_rules_share_a_set() {
        let rule = json!([{"proto": 6, "port": 0}]);
        let other = json!([{"proto": 6, "port": 22}]);
        let all = sets(&[
            (rule.clone(), json!(["10.0.0.1/32", "fe80::/10"])),
            (json!([]), json!(["10.0.0.1/32"])),
            (
                rule.clone(),
                json!(["fe80::/10", "10.0.0.1/32", "10.0.0.1/32"]),
            ),
            (rule, json!([])),
            (other, json!([])),
        ]);
        let all = all.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!([3, 4, 5, 6, 7].map(|vif| all.of(vif)), [1, 0, 1, 2, 3]);
        let excludes: Vec<_> = all.sets[&1]
            .excludes
            .iter()
            .map(|entry| (entry.family, entry.prefix, entry.length))
            .collect();
        let expected = [
            (FatFamily::V4, 0x0a00_0001 << 96, 32),
            (FatFamily::V6, 0xfe80 << 112, 10),
        ];
        assert_eq!(excludes, expected);
    }

    #[test]
    fn what_does_not_fit_or_contradicts_itself_is_refused() {
        let many = |count: u32| {
            (0..count)
                .map(|port| json!({"proto": 6, "port": port}))
                .collect()
        };
        let some = || json!([{"proto": 6, "port": 0}]);
        let prefixes = |count: u32| {
            (0..count)
                .map(|host| json!(format!("10.0.0.{host}/32")))
                .collect()
        };
        assert!(sets(&[(many(16), prefixes(8))]).is_ok());
        let cases = [
            (many(17), json!([]), "17 rules, expected at most 16"),
            (some(), prefixes(9), "9 excluded prefixes, expected at most 8"),
            (
                json!([{"proto": 6, "port": 0, "src": "10.10.0.0/16 8"}]),
                json!([]),
                "rule 6:* src 10.10.0.0/16 8 keeps 8 bits of the source, expected 16 to 32",
            ),
            (
                json!([{"proto": 6, "port": 22, "dst": "10.10.0.0/16 64"}]),
                json!([]),
                "rule 6:22 dst 10.10.0.0/16 64 keeps 64 bits of the destination, expected 16 to 32",
            ),
            (
                json!([{"proto": 6, "port": 0, "ignore": "src", "src": "10.10.0.0/16 24"}]),
                json!([]),
                "rule 6:* ignore src src 10.10.0.0/16 24 ignores the source and has a source prefix, expected one of them",
            ),
            (
                json!([{"proto": 6, "port": 0, "ignore": "src", "src": "10.0.0.0/8 8", "dst": "20.0.0.0/8 8"}]),
                json!([]),
                "rule 6:* ignore src src 10.0.0.0/8 8 dst 20.0.0.0/8 8 ignores the source and has a source prefix, \
                 expected one of them",
            ),
            (
                json!([{"proto": 6, "port": 0, "src": "10.0.0.0/8 8", "dst": "fd00::/8 8"}]),
                json!([]),
                "rule 6:* src 10.0.0.0/8 8 dst fd00::/8 8 has prefixes of two families, expected one",
            ),
            (
                json!([{"proto": 6, "port": 0, "aggr": "dst4", "src": "10.0.0.0/8 8"}]),
                json!([]),
                "rule 6:* src 10.0.0.0/8 8 has aggr `dst4`, expected the sides and the family of its prefixes",
            ),
        ];
        for (rules, exclude, fault) in cases {
            assert_eq!(
                refused(rules, exclude),
                format!("the fat flows of vif 3 are refused: {fault}")
            );
        }
    }
}
