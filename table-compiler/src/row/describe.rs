//! Rows as people and programs read them: the names and values of the layout's fields, those that are not zero.
//!
//! `valid kind=Encap vif=3 dst_mac=02:00:00:01:01:03` for people, `{"valid": true, "kind": "Encap", ..}` for programs.
//!
//! Which field is an address is seen from its width and its name. One of 128 bits is IPv6 where a flag of its record says
//! so (`v6`, a name that ends in `_v6`, a family) or its upper bits are in use, else IPv4; one that lies in two parts
//! (`src_low`, `src_high`) is shown as one, `src`. Prefixes of a record with a family start at the most significant bit.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use underpass_layout::tables::{FatFamily, Lookup, TableSpec};
use underpass_layout::FieldSpec;

use super::Row;
use crate::mac::Mac;
use crate::objects::HexBytes;

/// A value in the form that fits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// One bit, which is set.
    Flag(bool),
    /// A number.
    Number(u64),
    /// The name of a code.
    Code(&'static str),
    /// An address.
    Address(IpAddr),
    /// 48 bits: a MAC.
    Mac(Mac),
    /// Bytes, but for zeros at the end.
    Bytes(HexBytes),
}

/// The fields of one entry that are not zero, in the order of the layout. Those of a key stand as the entry's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, Value)>);

impl Fields {
    /// What is in slot `slot` of a row of `table`. An entry that takes the whole row is in slot 0.
    pub fn of(table: &TableSpec, row: &Row, slot: usize) -> Self {
        let mut found = Vec::new();
        match table.lookup {
            Lookup::Exact {
                wide: Some(wide), ..
            } if row.bits(0, 2) == 0b11 => {
                if slot == 0 {
                    collect(wide.entry, row, 0, &mut found);
                }
            }
            _ => collect(table.entry, row, slot * table.entry_width, &mut found),
        }
        Fields(found)
    }
}

fn collect(specs: &[FieldSpec], row: &Row, start: usize, found: &mut Vec<(&'static str, Value)>) {
    let form = Form::of(specs, row, start);
    for (spec, at) in placed(specs, start) {
        if !spec.fields.is_empty() {
            collect(spec.fields, row, at, found);
            continue;
        }
        if let Some((name, address)) = whole_address(specs, spec, row, start) {
            let first = spec.name.ends_with("_low") && address != 0;
            found
                .extend(first.then(|| (name, Value::Address(Ipv6Addr::from_bits(address).into()))));
            continue;
        }
        if spec.width > 128 {
            let bytes = bytes(row, at, spec.width);
            let some = !bytes.0.is_empty();
            found.extend(some.then_some((spec.name, Value::Bytes(bytes))));
            continue;
        }
        let bits = row.bits(at, spec.width);
        if bits != 0 {
            found.push((spec.name, value(spec, bits, form)));
        }
    }
}

/// The bytes of a field that is too wide for a number, those behind the last that is not zero left out.
fn bytes(row: &Row, at: usize, width: usize) -> HexBytes {
    let bytes = (at..at + width).step_by(8);
    let mut bytes: Vec<u8> = bytes.map(|at| row.bits(at, 8) as u8).collect();
    let end = bytes.iter().rposition(|byte| *byte != 0);
    bytes.truncate(end.map_or(0, |end| end + 1));
    HexBytes(bytes)
}

/// The fields with the bits at which they start.
fn placed(specs: &[FieldSpec], start: usize) -> impl Iterator<Item = (&FieldSpec, usize)> {
    let mut at = start;
    specs.iter().map(move |spec| {
        at += spec.width;
        (spec, at - spec.width)
    })
}

/// The name and the bits of the address that a field is one of two parts of.
fn whole_address(
    specs: &[FieldSpec],
    part: &FieldSpec,
    row: &Row,
    start: usize,
) -> Option<(&'static str, u128)> {
    let name = part.name;
    let stem = name.strip_suffix("_low").or(name.strip_suffix("_high"))?;
    let bits = |suffix| {
        let (spec, at) = placed(specs, start).find(|(spec, _)| {
            spec.name.strip_suffix(suffix) == Some(stem) && spec.fields.is_empty()
        })?;
        Some((row.bits(at, spec.width), spec.width))
    };
    let ((low, width), (high, _)) = (bits("_low")?, bits("_high")?);
    Some((stem, high << width | low))
}

/// How the addresses of a record lie in 128 bits.
#[derive(Clone, Copy)]
enum Form {
    /// IPv6.
    V6,
    /// IPv4 in the low 32 bits, or IPv6 if more are in use.
    Low,
    /// IPv4 in the upper 32 bits.
    Upper,
}

impl Form {
    fn of(specs: &[FieldSpec], row: &Row, start: usize) -> Self {
        for (spec, at) in placed(specs, start) {
            let is_flag = spec.width == 1 && (spec.name == "v6" || spec.name.ends_with("_v6"));
            if is_flag && row.bits(at, 1) == 1 {
                return Form::V6;
            }
            if spec.name == "family" {
                let v6 = row.bits(at, spec.width) == u128::from(FatFamily::V6.code());
                return if v6 { Form::V6 } else { Form::Upper };
            }
        }
        Form::Low
    }

    fn address(self, bits: u128) -> IpAddr {
        match (self, u32::try_from(bits)) {
            (Form::Low, Ok(bits)) => Ipv4Addr::from_bits(bits).into(),
            (Form::Upper, _) => Ipv4Addr::from_bits((bits >> 96) as u32).into(),
            (Form::V6 | Form::Low, _) => Ipv6Addr::from_bits(bits).into(),
        }
    }
}

/// Whether a field of 32 or 128 bits is an address by its name; others of that width count something.
fn is_address(name: &str) -> bool {
    const ENDS: [&str; 4] = ["src", "dst", "address", "prefix"];
    ENDS.iter().any(|end| name.ends_with(end))
}

fn value(spec: &FieldSpec, bits: u128, form: Form) -> Value {
    let code = spec
        .codes
        .iter()
        .find(|(_, code)| u128::from(*code) == bits);
    match (code, spec.width) {
        (Some((name, _)), _) => Value::Code(name),
        (None, 1) => Value::Flag(true),
        (None, 32) if is_address(spec.name) => Value::Address(Form::Low.address(bits)),
        (None, 128) if is_address(spec.name) => Value::Address(form.address(bits)),
        (None, 48) => {
            let bytes = (bits as u64).to_be_bytes();
            Value::Mac(Mac(std::array::from_fn(|i| bytes[2 + i])))
        }
        (None, _) => Value::Number(bits as u64),
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
                Value::Bytes(bytes) => write!(f, "{name}={bytes}")?,
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
    use underpass_layout::tables::{
        FlowEntry, FlowEntry6, FlowKey, FlowKey6, NexthopEntry, NexthopKind, Table, TunnelKind,
    };

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
        let entry = NexthopEntry {
            tunnel_v6: true,
            tunnel_src: 1,
            tunnel_dst: 0x2001_0db8 << 96 | 2,
            ..NexthopEntry::default()
        };
        let fields = Fields::of(&NexthopEntry::TABLE, &Row::of(&entry), 0);
        let text = "tunnel_v6 tunnel_src=::1 tunnel_dst=2001:db8::2";
        assert_eq!(fields.to_string(), text);
    }

    #[test]
    fn a_row_of_flows_has_two_entries_or_one() {
        let both =
            |row: &Row| [0, 1].map(|slot| Fields::of(&FlowEntry::TABLE, row, slot).to_string());
        let key = FlowKey {
            nexthop: 7,
            dst: 0x0a00_0001,
            ..FlowKey::default()
        };
        let entry = FlowEntry {
            valid: true,
            key,
            ..FlowEntry::default()
        };
        let mut row = Row::empty(&FlowEntry::TABLE);
        row.put_words(0, &entry.pack());
        row.put_words(FlowEntry::TABLE.entry_width, &entry.pack());
        let text = "valid nexthop=7 dst=10.0.0.1";
        assert_eq!(both(&row), [text, text]);
        let key = FlowKey6 {
            nexthop: 7,
            ..FlowKey6::default()
        };
        let entry = FlowEntry6 {
            valid: true,
            key: key.between(0x2001_0db8 << 96, u128::MAX),
            ..FlowEntry6::default()
        };
        let text = "valid v6 nexthop=7 src=2001:db8:: dst=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(both(&Row::of(&entry)), [text, ""]);
    }
}
