//! `qos`: how packets are marked in tunnels, each map's classes followed to what they say.

use std::collections::BTreeMap;

use underpass_layout::tables::{id, QosEntry, QOS_PRIORITY, QOS_ROWS, TABLES};

use super::error::EntryError;
use super::index::Index;
use crate::objects::{ForwardingClass, QosMap};

/// Largest DSCP: 6 bits.
const MOST_DSCP: u8 = 63;
/// Largest traffic class, and largest priority: 3 bits.
const MOST_CLASS: u8 = 7;
/// Largest queue: 5 bits.
const MOST_QUEUE: u8 = 31;

type Rows = BTreeMap<u32, QosEntry>;

pub(super) fn entries(index: &Index<'_>) -> Result<Rows, EntryError> {
    let classes = index.objects.forwarding_classes.iter();
    let classes: BTreeMap<u8, &ForwardingClass> = classes.map(|class| (class.id, class)).collect();
    let mut rows = Rows::new();
    for map in &index.objects.qos_maps {
        number(map.id, index)?;
        let first = u32::from(map.id) * QOS_ROWS;
        rows.retain(|row, _| row / QOS_ROWS != u32::from(map.id));
        for (by, most, ids, behind) in [
            ("DSCP", MOST_DSCP, &map.dscp, 0),
            ("priority", MOST_CLASS, &map.priority, QOS_PRIORITY),
        ] {
            for (value, class) in ids {
                let what = || format!("a {by} of qos map {}", map.id);
                let value = EntryError::limit(what, u32::from(*value), u32::from(most))?;
                let class = classes.get(class).ok_or(EntryError::NoClass {
                    map: map.id,
                    class: *class,
                })?;
                rows.insert(first + behind + value, entry(class)?);
            }
        }
    }
    Ok(rows)
}

/// The number by which rows name a map, if there is one of that id; 0 where none is asked for.
pub(super) fn map(
    id: Option<u8>,
    maps: &[QosMap],
    user: impl FnOnce() -> String,
) -> Result<u8, EntryError> {
    let Some(id) = id else { return Ok(0) };
    match maps.iter().any(|map| map.id == id) {
        true => Ok(id),
        false => Err(EntryError::NoQosMap {
            user: user(),
            map: id,
        }),
    }
}

/// Checks that a map has rows. Map 0 has none: it is the number of no map.
fn number(id: u8, index: &Index<'_>) -> Result<(), EntryError> {
    let rows = index.profile.rows(&TABLES[id::QOS as usize]) as u32;
    if id == 0 {
        return Err(EntryError::QosMapZero);
    }
    let what = || "the number of a qos map".to_owned();
    EntryError::limit(what, id.into(), rows / QOS_ROWS - 1).map(drop)
}

fn entry(class: &ForwardingClass) -> Result<QosEntry, EntryError> {
    for (what, found, most) in [
        ("DSCP", class.dscp, MOST_DSCP),
        ("EXP", class.exp, MOST_CLASS),
        ("priority", class.priority, MOST_CLASS),
        ("queue", class.queue, MOST_QUEUE),
    ] {
        let what = || format!("the {what} of forwarding class {}", class.id);
        EntryError::limit(what, found.into(), most.into())?;
    }
    Ok(QosEntry {
        valid: true,
        dscp: class.dscp,
        exp: class.exp,
        priority: class.priority,
        queue: class.queue,
    })
}
