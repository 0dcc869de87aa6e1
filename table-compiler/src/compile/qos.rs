//! Forwarding classes and QoS maps, numbered as the file has them: classes from 0, maps from 1, as 0 is none.

use std::collections::BTreeMap;

use crate::network::{self, Network};
use crate::objects::{ForwardingClass, QosMap};

pub fn classes(network: &Network) -> Vec<ForwardingClass> {
    let classes = (0..).zip(&network.forwarding_classes);
    let class = |(position, class): (usize, &network::ForwardingClass)| ForwardingClass {
        id: class_id(position),
        dscp: class.dscp,
        exp: class.exp,
        priority: class.priority,
        queue: class.queue,
    };
    classes.map(class).collect()
}

pub fn maps(network: &Network) -> Vec<QosMap> {
    let row = |row: &BTreeMap<u8, usize>| {
        let row = row.iter().map(|(value, class)| (*value, class_id(*class)));
        row.collect()
    };
    let maps = network.qos_maps.iter().enumerate();
    maps.map(|(position, map)| QosMap {
        id: map_id(position),
        dscp: row(&map.dscp),
        priority: row(&map.priority),
    })
    .collect()
}

/// The id of a map, by its position. There are at most 255.
pub fn map_id(position: usize) -> u8 {
    u8::try_from(position + 1).unwrap_or(u8::MAX)
}

/// The id of a class, by its position. There are at most 256.
fn class_id(position: usize) -> u8 {
    u8::try_from(position).unwrap_or(u8::MAX)
}
