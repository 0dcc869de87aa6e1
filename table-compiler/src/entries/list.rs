//! Entries as a list, one line or one JSON object each, in the order of the tables.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use underpass_layout::tables::{id, TableSpec, TABLES};
use underpass_layout::Record;

use super::{Entries, FatSet, Group, MirrorSet};
use crate::row::{Fields, Row};

/// One entry: its table, its row where the table is addressed by index, and its fields.
struct Line {
    table: &'static TableSpec,
    index: Option<u32>,
    /// Which memory, where several are read at one index.
    way: Option<usize>,
    fields: Fields,
}

impl Line {
    fn new(table: u32, index: Option<u32>, entry: &impl Record) -> Self {
        let table = &TABLES[table as usize];
        Line {
            table,
            index,
            way: None,
            fields: Fields::of(table, &Row::of(entry), 0),
        }
    }
}

/// The rules and the excluded prefixes of sets.
fn sets(sets: &BTreeMap<u32, FatSet>) -> impl Iterator<Item = Line> + '_ {
    let at = |way, line| Line {
        way: Some(way),
        ..line
    };
    sets.iter().flat_map(move |(number, set)| {
        let line = move |(way, entry)| at(way, Line::new(id::FAT_RULE, Some(*number), entry));
        let rules = set.rules.iter().enumerate().map(line);
        let line = move |(way, entry)| at(way, Line::new(id::FAT_EXCLUDE, Some(*number), entry));
        rules.chain(set.excludes.iter().enumerate().map(line))
    })
}

/// Groups, each before its members: their place in it stands where others have the way.
fn groups(groups: &BTreeMap<u32, Group>) -> impl Iterator<Item = Line> + '_ {
    groups.iter().flat_map(|(number, group)| {
        let own = Line::new(id::GROUP, Some(*number), &group.entry);
        let members = group.members.iter().enumerate();
        std::iter::once(own).chain(members.map(|(place, member)| Line {
            way: Some(place),
            ..Line::new(id::MEMBER, Some(*number), member)
        }))
    })
}

fn mirrors(sets: &BTreeMap<u32, MirrorSet>) -> impl Iterator<Item = Line> + '_ {
    sets.iter().flat_map(|(number, set)| {
        let own = Line::new(id::MIRROR, Some(*number), &set.entry);
        let texts = set.texts().enumerate().map(|(way, text)| Line {
            way: Some(way),
            ..Line::new(id::MIRROR_TEXT, Some(*number), &text)
        });
        std::iter::once(own).chain(texts)
    })
}

fn direct<T: Record>(table: u32, entries: &BTreeMap<u32, T>) -> impl Iterator<Item = Line> + '_ {
    entries
        .iter()
        .map(move |(index, entry)| Line::new(table, Some(*index), entry))
}

fn exact<K, T: Record>(table: u32, entries: &BTreeMap<K, T>) -> impl Iterator<Item = Line> + '_ {
    entries
        .values()
        .map(move |entry| Line::new(table, None, entry))
}

impl Entries {
    fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        let routes = self.routes.iter().map(|(prefix, entry)| {
            let table = if prefix.is_host() {
                id::ROUTE_HOST
            } else {
                id::ROUTE_BANK
            };
            Line::new(table, None, entry)
        });
        direct(id::PORT, &self.ports)
            .chain(direct(id::VIF, &self.vifs))
            .chain(direct(id::MPLS, &self.mpls))
            .chain(exact(id::VXLAN, &self.vxlans))
            .chain(exact(id::BRIDGE, &self.bridges))
            .chain(direct(id::VRF, &self.vrfs))
            .chain(routes)
            .chain(exact(id::STITCHED, &self.stitched))
            .chain(direct(id::NEXTHOP, &self.nexthops))
            .chain(direct(id::SOURCE, &self.sources))
            .chain(sets(&self.fat_sets))
            .chain(direct(id::FLOOD, &self.floods))
            .chain(exact(id::LEARNED, &self.learned))
            .chain(groups(&self.groups))
            .chain(exact(id::ORIGIN, &self.origins))
            .chain(mirrors(&self.mirrors))
            .chain(direct(id::QOS, &self.qos))
            .chain(direct(id::PUNT_QUOTA, &self.punt_quotas))
    }
}

/// `nexthop[12]  valid kind=Encap vif=3`, `bridge  valid vrf=1 mac=02:00:00:01:01:03 nexthop=7`; way 2 of set 1:
/// `fat_rule[1.2]  family=Any protocol=6`.
impl fmt::Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            f.write_str(line.table.name)?;
            match (line.index, line.way) {
                (Some(index), Some(way)) => write!(f, "[{index}.{way}]")?,
                (Some(index), None) => write!(f, "[{index}]")?,
                (None, _) => {}
            }
            writeln!(f, "  {}", line.fields)?;
        }
        Ok(())
    }
}

/// `[{"table": "nexthop", "index": 12, "fields": {"valid": true, ..}}, ..]`
impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(None)?;
        self.lines()
            .try_for_each(|line| list.serialize_element(&line))?;
        list.end()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("table", self.table.name)?;
        if let Some(index) = self.index {
            map.serialize_entry("index", &index)?;
        }
        if let Some(way) = self.way {
            map.serialize_entry("way", &way)?;
        }
        map.serialize_entry("fields", &self.fields)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::Mac;
    use underpass_layout::tables::{BridgeEntry, BridgeKey, PortEntry};

    #[test]
    fn a_line_names_the_table_and_what_is_in_it() {
        let mut entries = Entries::default();
        entries.ports.insert(
            257,
            PortEntry {
                valid: true,
                vif: 3,
            },
        );
        let key = BridgeKey {
            vrf: 1,
            mac: 0x0200_0000_0001,
        };
        let bridge = BridgeEntry {
            valid: true,
            key,
            nexthop: 7,
            ..BridgeEntry::default()
        };
        entries.bridges.insert((1, Mac([2, 0, 0, 0, 0, 1])), bridge);
        let text = "port[257]  valid vif=3\nbridge  valid vrf=1 mac=02:00:00:00:00:01 nexthop=7\n";
        assert_eq!(entries.to_string(), text);
        let json = serde_json::json!([
            {"table": "port", "index": 257, "fields": {"valid": true, "vif": 3}},
            {"table": "bridge", "fields": {"valid": true, "vrf": 1, "mac": "02:00:00:00:00:01", "nexthop": 7}},
        ]);
        assert_eq!(serde_json::to_value(&entries).expect("plain data"), json);
    }
}
