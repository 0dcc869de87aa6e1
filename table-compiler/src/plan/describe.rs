//! Rows as people read them: the names and values of the layout's fields.

use std::fmt;
use std::net::Ipv4Addr;

use underpass_layout::tables::TableSpec;
use underpass_layout::FieldSpec;

use crate::mac::Mac;
use crate::placed::Row;

/// Name of a field, and its value; none for a flag, which is only there or not.
pub type Named = (&'static str, Option<Value>);

/// A value in the form that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(u128),
    /// The name of a code.
    Code(&'static str),
    /// 32 bits: an IPv4 address.
    Address(Ipv4Addr),
    /// 48 bits: a MAC.
    Mac(Mac),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Code(name) => f.write_str(name),
            Value::Address(address) => write!(f, "{address}"),
            Value::Mac(mac) => write!(f, "{mac}"),
        }
    }
}

/// What is in a row: for each of its entries the fields that are not zero. Fields of a key stand as the entry's own.
pub fn fields(table: &TableSpec, row: &Row) -> Vec<Vec<Named>> {
    let entries = 0..table.slots();
    entries
        .map(|slot| {
            let mut found = Vec::new();
            collect(table.entry, row, slot * table.entry_width, &mut found);
            found
        })
        .collect()
}

fn collect(specs: &[FieldSpec], row: &Row, mut at: usize, found: &mut Vec<Named>) {
    for spec in specs {
        if spec.fields.is_empty() {
            let bits = row.bits(at, spec.width);
            if bits != 0 {
                found.push((spec.name, value(spec, bits)));
            }
        } else {
            collect(spec.fields, row, at, found);
        }
        at += spec.width;
    }
}

fn value(spec: &FieldSpec, bits: u128) -> Option<Value> {
    let code = spec
        .codes
        .iter()
        .find(|(_, code)| u128::from(*code) == bits);
    match (code, spec.width) {
        (Some((name, _)), _) => Some(Value::Code(name)),
        (None, 1) => None,
        (None, 32) => Some(Value::Address(Ipv4Addr::from_bits(bits as u32))),
        (None, 48) => {
            let bytes = (bits as u64).to_be_bytes();
            Some(Value::Mac(Mac(std::array::from_fn(|i| bytes[2 + i]))))
        }
        (None, _) => Some(Value::Number(bits)),
    }
}
