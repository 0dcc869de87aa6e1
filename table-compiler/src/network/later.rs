//! What the file may say and this version cannot do yet.
//!
//! A value that asks for such a feature is refused, never ignored; one that asks for nothing (`false`,
//! an empty list, the default) is taken.

use super::claims::Claims;
use super::error::Fault;
use super::read::Fields;
use super::yaml::{Entry, Value};

/// The fields that choose a member of several next hops: all of them is the default.
const ECMP_FIELDS: [(&str, ()); 5] = [
    ("source-ip", ()),
    ("destination-ip", ()),
    ("protocol", ()),
    ("source-port", ()),
    ("destination-port", ()),
];

pub(super) fn in_file(fields: Fields<'_>) -> Result<(), Fault> {
    no_items(fields, "analyzers")
}

pub(super) fn in_network(fields: Fields<'_>) -> Result<(), Fault> {
    not_true(fields, "flood_unknown_unicast")?;
    not_true(fields, "learn_macs")?;
    if let Some(group) = fields.entry("multicast_group") {
        return Err(refused(group, "no multicast group"));
    }
    all_ecmp_fields(fields)
}

pub(super) fn in_interface(fields: Fields<'_>) -> Result<(), Fault> {
    match fields.entry("mirror") {
        Some(mirror) => Err(refused(mirror, "no mirror")),
        None => Ok(()),
    }
}

pub(super) fn in_remote(fields: Fields<'_>) -> Result<(), Fault> {
    not_true(fields, "flood")
}

fn refused(entry: &Entry, instead: &'static str) -> Fault {
    let asked = match &entry.value.value {
        Value::Scalar { text, .. } => format!("`{}: {}`", entry.key, super::read::shown(text)),
        _ => format!("`{}`", entry.key),
    };
    Fault::not_supported(entry.key_at, asked, instead)
}

fn not_true(fields: Fields<'_>, key: &str) -> Result<(), Fault> {
    match fields.entry(key) {
        Some(entry) if entry.value.flag()? => Err(refused(entry, "false")),
        _ => Ok(()),
    }
}

fn no_items(fields: Fields<'_>, key: &str) -> Result<(), Fault> {
    match fields.entry(key) {
        Some(entry) if !entry.value.list()?.is_empty() => Err(refused(entry, "an empty list")),
        _ => Ok(()),
    }
}

fn all_ecmp_fields(fields: Fields<'_>) -> Result<(), Fault> {
    let Some(entry) = fields.entry("ecmp_hash") else {
        return Ok(());
    };
    let items = entry.value.list()?;
    let mut claims = Claims::new("field");
    for item in items {
        item.word(&ECMP_FIELDS)?;
        claims.claim(item.name()?, item.at)?;
    }
    if items.len() == ECMP_FIELDS.len() {
        Ok(())
    } else {
        let asked = "`ecmp_hash` of fewer than five fields";
        Err(Fault::not_supported(entry.key_at, asked, "all five"))
    }
}
