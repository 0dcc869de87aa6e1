//! How packets are marked in tunnels: `forwarding_classes` and `qos_maps`.
//!
//! ```text
//!   DSCP of the packet, or 802.1p priority of its frame ──map──▶ class ──▶ DSCP and EXP of the tunnel
//! ```
//!
//! Priority and queue of a class are shown, not used: the card puts no VLAN tag in front and has one queue to a port.

use std::collections::{BTreeMap, HashMap};

use super::claims::Claims;
use super::error::{Fault, NetworkErrorKind};
use super::read::Fields;
use super::yaml::{Entry, Value, Yaml};

const CLASS_KEYS: &[&str] = &["name", "dscp", "exp", "priority", "queue"];
const MAP_KEYS: &[&str] = &["name", "dscp", "priority"];

/// As many classes as an id can tell apart.
const MOST_CLASSES: usize = 256;
/// As many maps; there is none with id 0.
const MOST_MAPS: usize = 255;

/// How the packets of a class are marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardingClass {
    /// Its name.
    pub name: String,
    /// DSCP of the tunnel's IP header.
    pub dscp: u8,
    /// Traffic class of the MPLS header.
    pub exp: u8,
    /// IEEE 802.1p priority.
    pub priority: u8,
    /// Transmit queue.
    pub queue: u8,
}

/// Which class packets belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QosMap {
    /// Its name.
    pub name: String,
    /// Positions of classes in [`Network::forwarding_classes`](super::Network::forwarding_classes), by DSCP.
    pub dscp: BTreeMap<u8, usize>,
    /// Likewise by IEEE 802.1p priority, of frames without IP.
    pub priority: BTreeMap<u8, usize>,
}

/// Positions of things by name.
pub(super) struct Names {
    what: &'static str,
    section: &'static str,
    by_name: HashMap<String, usize>,
}

impl Names {
    fn new<'a>(
        what: &'static str,
        section: &'static str,
        names: impl Iterator<Item = &'a String>,
    ) -> Self {
        Self {
            what,
            section,
            by_name: names.cloned().zip(0..).collect(),
        }
    }

    /// The position of the one that a value names.
    pub fn find(&self, yaml: &Yaml) -> Result<usize, Fault> {
        let name = yaml.name()?;
        self.by_name.get(&name).copied().ok_or_else(|| {
            Fault::new(
                yaml.at,
                NetworkErrorKind::UnknownName {
                    what: self.what,
                    name: super::read::shown(&name),
                    section: self.section,
                },
            )
        })
    }
}

/// Reads both sections; the last is what interfaces name.
pub(super) fn read_all(
    fields: Fields<'_>,
) -> Result<(Vec<ForwardingClass>, Vec<QosMap>, Names), Fault> {
    let list = at_most(fields, "forwarding_classes", MOST_CLASSES)?;
    let mut names = Claims::new("forwarding class");
    let classes = list
        .iter()
        .map(|yaml| class(yaml, &mut names))
        .collect::<Result<Vec<_>, _>>()?;
    let by_name = Names::new(
        "forwarding class",
        "forwarding_classes",
        classes.iter().map(|class| &class.name),
    );
    let list = at_most(fields, "qos_maps", MOST_MAPS)?;
    let mut names = Claims::new("QoS map");
    let maps = list
        .iter()
        .map(|yaml| map(yaml, &by_name, &mut names))
        .collect::<Result<Vec<_>, _>>()?;
    let by_name = Names::new("QoS map", "qos_maps", maps.iter().map(|map| &map.name));
    Ok((classes, maps, by_name))
}

fn at_most<'a>(fields: Fields<'a>, key: &str, most: usize) -> Result<&'a [Yaml], Fault> {
    let list = fields.list(key)?;
    match list.get(most) {
        None => Ok(list),
        Some(one_more) => {
            let found = format!("{} items of `{key}`", list.len());
            let expected = format!("at most {most}");
            Err(Fault::unexpected(one_more.at, found, expected))
        }
    }
}

fn class(yaml: &Yaml, names: &mut Claims<String>) -> Result<ForwardingClass, Fault> {
    let fields = Fields::open(yaml, "a forwarding class", CLASS_KEYS)?;
    let name_at = fields.required("name")?;
    let name = name_at.name()?;
    names.claim(name.clone(), name_at.at)?;
    let number = |key, what, most| {
        let value = fields.optional(key);
        value.map_or(Ok(0), |value| value.number(what, 0..=most))
    };
    Ok(ForwardingClass {
        name,
        dscp: number("dscp", "a DSCP", 63)?,
        exp: number("exp", "a traffic class of MPLS", 7)?,
        priority: number("priority", "a priority", 7)?,
        queue: number("queue", "a queue", 31)?,
    })
}

fn map(yaml: &Yaml, classes: &Names, names: &mut Claims<String>) -> Result<QosMap, Fault> {
    let fields = Fields::open(yaml, "a QoS map", MAP_KEYS)?;
    let name_at = fields.required("name")?;
    let name = name_at.name()?;
    names.claim(name.clone(), name_at.at)?;
    Ok(QosMap {
        name,
        dscp: row(fields.optional("dscp"), "a DSCP", 63, classes)?,
        priority: row(fields.optional("priority"), "a priority", 7, classes)?,
    })
}

/// `{46: voice}`
fn row(
    yaml: Option<&Yaml>,
    what: &'static str,
    most: u8,
    classes: &Names,
) -> Result<BTreeMap<u8, usize>, Fault> {
    let entries: &[Entry] = match yaml {
        None => &[],
        Some(Yaml {
            value: Value::Map(entries),
            ..
        }) => entries,
        Some(other) => {
            return Err(other.unexpected("a mapping of numbers to forwarding classes"));
        }
    };
    let mut claims = Claims::new(what);
    let mut row = BTreeMap::new();
    for Entry { key, key_at, value } in entries {
        let key = Yaml {
            at: *key_at,
            value: Value::Scalar {
                text: key.clone(),
                plain: true,
            },
        };
        let number = key.number(what, 0..=most)?;
        // `7` and `07` are two keys and one number.
        claims.claim(number, key.at)?;
        row.insert(number, classes.find(value)?);
    }
    Ok(row)
}
