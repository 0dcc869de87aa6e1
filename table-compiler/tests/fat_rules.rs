//! Rules of fat flows mean what the peer makes of them: its search, written down plainly, against the compiled set, of
//! which the first rule that matches counts.
//!
//! ```text
//!   rules ─┬─ by protocol and port, then by prefix, smaller port first ──▶ key      the peer's search
//!          └─ entries ─▶ fat_rule, in order ─▶ s8_key ───────────────────▶ key      the card's
//! ```
//! Prefixes of a side do not lie in each other here. Where they do, the peer asks the longest one alone; the card goes on
//! to the shorter ones if that has no rule for the packet.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use serde_json::{json, Value};
use underpass_layout::meta::Key;
use underpass_layout::profile::SIM;
use underpass_model::s8_key::{self, Guest};
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::objects::{Aggregate, FatFlowRule, Ignore, Vif};

const PORTS: [u16; 4] = [22, 80, 443, 5000];
const ADDRESSES: [u32; 3] = [0x0a01_0203, 0x1401_0203, 0x1e01_0203];

/// A prefix of eight bits, or none.
fn prefix(choice: u8, keep: u8) -> Value {
    match choice {
        0 => json!(format!("10.0.0.0/8 {keep}")),
        1 => json!(format!("20.0.0.0/8 {keep}")),
        _ => Value::Null,
    }
}

/// Any rule. What a prefix keeps is always the same, as the peer has one length for a prefix and port.
fn any_rule() -> impl Strategy<Value = Value> {
    let sides = (0u8..6, 0u8..6);
    (
        prop::sample::select(vec![6, 17, 1]),
        0usize..5,
        0u8..3,
        sides,
    )
        .prop_map(|(protocol, port, ignore, (src, dst))| {
            let (src, dst) = (prefix(src, 16), prefix(dst, 24));
            let port = if protocol == 1 {
                0
            } else {
                *[0, 22, 80, 443, 5000].get(port).unwrap_or(&0)
            };
            let ignore = match ignore {
                0 if src.is_null() => json!("src"),
                1 if dst.is_null() => json!("dst"),
                _ => Value::Null,
            };
            // Both prefixes, or a prefix and the other side ignored, or neither.
            json!({"proto": protocol, "port": port, "ignore": ignore, "src": src, "dst": dst})
        })
}

/// A packet between guest and peer, and which of them is its source.
fn any_packet() -> impl Strategy<Value = (bool, Key)> {
    let port = || prop::sample::select(PORTS.to_vec());
    let address = || prop::sample::select(ADDRESSES.to_vec());
    let protocol = prop::sample::select(vec![6, 17, 1]);
    (
        any::<bool>(),
        protocol,
        address(),
        address(),
        port(),
        port(),
    )
        .prop_map(|(from_guest, protocol, src, dst, src_port, dst_port)| {
            let key = Key {
                protocol,
                src: src.into(),
                dst: dst.into(),
                src_port,
                dst_port,
            };
            (from_guest, key)
        })
}

/// What is left of a key, by side.
#[derive(Clone, Copy)]
struct Left {
    source_port: bool,
    destination_port: bool,
    own: u8,
    other: u8,
}

/// The peer's search.
fn peer(rules: &[FatFlowRule], from_guest: bool, key: Key) -> Key {
    let (own, other) = match from_guest {
        true => (key.src as u32, key.dst as u32),
        false => (key.dst as u32, key.src as u32),
    };
    let of = |src: bool, dst: bool| {
        let rules = rules.iter().rev();
        rules.filter(move |rule| {
            rule.proto == key.protocol && rule.src.is_some() == src && rule.dst.is_some() == dst
        })
    };
    let inside = |side: Option<Aggregate>, address: u32| {
        let address = IpAddr::from(Ipv4Addr::from(address));
        side.is_none_or(|side| side.prefix.contains(&address))
    };
    let ports = key.protocol != 1;
    let mut tries = vec![0];
    if ports {
        // The smaller one first; of two equal ones that of the destination.
        tries = vec![
            key.src_port.min(key.dst_port),
            key.src_port.max(key.dst_port),
            0,
        ];
    }
    for (src, dst) in [(false, false), (true, false), (false, true), (true, true)] {
        for port in &tries {
            let found = of(src, dst).find(|rule| {
                rule.port == *port && inside(rule.src, own) && inside(rule.dst, other)
            });
            if let Some(rule) = found {
                return cut(rule, *port, from_guest, key);
            }
        }
    }
    key
}

fn cut(rule: &FatFlowRule, port: u16, from_guest: bool, key: Key) -> Key {
    let keep = |cut: Option<Aggregate>, ignored: bool| match cut {
        _ if ignored => 0,
        None => 32,
        Some(cut) => cut.length,
    };
    let left = Left {
        source_port: port != 0 && key.dst_port != port,
        destination_port: port != 0 && key.dst_port == port,
        own: keep(rule.src, rule.ignore == Some(Ignore::Src)),
        other: keep(rule.dst, rule.ignore == Some(Ignore::Dst)),
    };
    let (src, dst) = match from_guest {
        true => (left.own, left.other),
        false => (left.other, left.own),
    };
    let first = |address: u128, bits: u8| {
        let behind = 32 - u32::from(bits);
        address.checked_shr(behind).unwrap_or(0) << behind
    };
    Key {
        src: first(key.src, src),
        dst: first(key.dst, dst),
        src_port: if left.source_port { key.src_port } else { 0 },
        dst_port: if left.destination_port {
            key.dst_port
        } else {
            0
        },
        ..key
    }
}

proptest! {
    #[test]
    fn the_first_rule_that_matches_is_the_one_that_the_peer_finds(
        rules in prop::collection::vec(any_rule(), 1..10),
        packets in prop::collection::vec(any_packet(), 20),
    ) {
        let vif = json!({"object": "vif", "idx": 3, "type": "vm", "mac": "00:00:5e:00:01:00", "vrf": 1, "mtu": 9160,
            "flags": {"value": "0x1", "names": []}, "fat_flow_rules": rules});
        let plain: Vif = serde_json::from_value(without_noun(vif.clone())).expect("an interface");
        let objects = serde_json::from_value(json!([vif])).expect("objects");
        let entries = entries(&objects, &SIM).expect("rules that do not contradict themselves");
        let set = &entries.fat_sets[&1];
        for (from_guest, key) in packets {
            let guest = if from_guest { Guest::Source } else { Guest::Destination };
            let said = s8_key::key(&set.rules, &set.excludes, false, guest, key);
            let meant = peer(&plain.fat_flow_rules, from_guest, key);
            prop_assert_eq!(said, meant, "{:?} from the guest: {}", key, from_guest);
        }
    }
}

fn without_noun(mut object: Value) -> Value {
    if let Value::Object(map) = &mut object {
        map.remove("object");
    }
    object
}
