//! Rows as people and programs read them: the names and values of the layout's fields, those that are not zero.
//!
//! `valid kind=Encap vif=3 dst_mac=02:00:00:01:01:03` for people, `{"valid": true, "kind": "Encap", ..}` for programs.

use std::fmt;
use std::net::Ipv4Addr;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use underpass_layout::tables::TableSpec;
use underpass_layout::FieldSpec;

use super::Row;
use crate::mac::Mac;

/// A value in the form that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// One bit, which is set.
    Flag(bool),
    /// A number.
    Number(u64),
    /// The name of a code.
    Code(&'static str),
    /// 32 bits: an IPv4 address.
    Address(Ipv4Addr),
    /// 48 bits: a MAC.
    Mac(Mac),
}

/// The fields of one entry that are not zero, in the order of the layout. Those of a key stand as the entry's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, Value)>);

impl Fields {
    /// What is in slot `slot` of a row of `table`.
    pub fn of(table: &TableSpec, row: &Row, slot: usize) -> Self {
        let mut found = Vec::new();
        collect(table.entry, row, slot * table.entry_width, &mut found);
        Fields(found)
    }
}

fn collect(specs: &[FieldSpec], row: &Row, mut at: usize, found: &mut Vec<(&'static str, Value)>) {
    for spec in specs {
        if spec.fields.is_empty() {
            let bits = row.bits(at, spec.width) as u64;
            if bits != 0 {
                found.push((spec.name, value(spec, bits)));
            }
        } else {
            collect(spec.fields, row, at, found);
        }
        at += spec.width;
    }
}

fn value(spec: &FieldSpec, bits: u64) -> Value {
    let code = spec.codes.iter().find(|(_, code)| u64::from(*code) == bits);
    match (code, spec.width) {
        (Some((name, _)), _) => Value::Code(name),
        (None, 1) => Value::Flag(true),
        (None, 32) => Value::Address(Ipv4Addr::from_bits(bits as u32)),
        (None, 48) => {
            let bytes = bits.to_be_bytes();
            Value::Mac(Mac(std::array::from_fn(|i| bytes[2 + i])))
        }
        (None, _) => Value::Number(bits),
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { " " })?;
            match value {
                Value::Flag(_) => f.write_str(name)?,
                Value::Number(number) => write!(f, "{name}={number}")?,
                Value::Code(code) => write!(f, "{name}={code}")?,
                Value::Address(address) => write!(f, "{name}={address}")?,
                Value::Mac(mac) => write!(f, "{name}={mac}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        self.0
            .iter()
            .try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::tables::{NexthopEntry, NexthopKind, Table, TunnelKind};

    #[test]
    fn every_kind_of_field_has_its_form() {
        let entry = NexthopEntry {
            valid: true,
            kind: NexthopKind::Tunnel,
            vif: 3,
            dst_mac: 0x0200_0000_0001,
            tunnel: TunnelKind::Vxlan,
            tunnel_dst: 0x0a00_0001,
            ..NexthopEntry::default()
        };
        let fields = Fields::of(&NexthopEntry::TABLE, &Row::of(&entry), 0);
        let text =
            "valid kind=Tunnel vif=3 dst_mac=02:00:00:00:00:01 tunnel=Vxlan tunnel_dst=10.0.0.1";
        assert_eq!(fields.to_string(), text);
        let json = serde_json::json!({"valid": true, "kind": "Tunnel", "vif": 3,
            "dst_mac": "02:00:00:00:00:01", "tunnel": "Vxlan", "tunnel_dst": "10.0.0.1"});
        assert_eq!(serde_json::to_value(&fields).expect("plain data"), json);
    }
}
