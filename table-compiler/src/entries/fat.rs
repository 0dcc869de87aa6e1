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

mod fault;
#[cfg(test)]
mod tests;

pub use fault::FatFault;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ipnet::IpNet;
use underpass_layout::tables::{
    id, FatExcludeEntry, FatFamily, FatRuleEntry, FAT_EXCLUDES, FAT_RULES, TABLES,
};

use super::address;
use super::error::EntryError;
use super::index::Index;
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
