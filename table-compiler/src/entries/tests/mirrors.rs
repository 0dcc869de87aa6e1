//! Rows of mirrors, and of marks.

use serde_json::{json, Value};
use underpass_layout::tables::MirrorKind;

use super::{compiled, fabric, flow_pair, guest, merge, nexthop, refused, ETHERNET};

fn flags(value: &str) -> Value {
    json!({"value": value, "names": []})
}

/// Guest 3, mirrored as said, guest 5 with the analyzer, and mirror 0 by plain UDP.
fn network(vif: Value, more: &[Value]) -> Value {
    let mut mirrored = guest(3, "0x1d8");
    merge(&mut mirrored, json!({"ip": "4.4.4.3", "mirror_index": 0}));
    merge(&mut mirrored, vif);
    let encap = |id: u32, out_vif: u32, family: &str| {
        nexthop(
            id,
            "encap",
            json!({"out_vif": out_vif, "rewrite_hex": ETHERNET, "family": family}),
        )
    };
    let mut list = vec![
        fabric(),
        mirrored,
        guest(5, "0x1c0"),
        encap(23, 3, "inet"),
        encap(123, 3, "bridge"),
        encap(25, 5, "inet"),
        encap(125, 5, "bridge"),
        nexthop(
            129,
            "tunnel",
            json!({"out_vif": 0, "sip": "8.0.0.2", "dip": "7.7.7.3", "sport": 8097, "dport": 8888, "vrf": 9,
                "rewrite_hex": "", "flags": flags("0x20010")}),
        ),
    ];
    if !more.iter().any(|object| object["object"] == "mirror") {
        list.push(
            json!({"object": "mirror", "index": 0, "nh": 129, "dynamic_juniper_header": true}),
        );
    }
    list.extend_from_slice(more);
    json!(list)
}

fn text(set: &crate::entries::MirrorSet) -> String {
    set.text.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn each_way_of_an_interface_has_its_metadata() {
    let entries = compiled(network(
        json!({"mirror_metadata_rx_hex": "030161ff00", "mirror_metadata_tx_hex": "040161ff00"}),
        &[],
    ));
    let head = "45000000000000004011000004040403070707030000 22b800000000".replace(' ', "");
    let (rx, tx) = (&entries.mirrors[&1], &entries.mirrors[&2]);
    assert_eq!(text(rx), format!("{head}030161ff00"));
    assert_eq!(text(tx), format!("{head}040161ff00"));
    assert_eq!(
        (rx.entry.kind, rx.entry.vrf, rx.entry.length),
        (MirrorKind::Routed, 9, 33)
    );
    assert_eq!((rx.entry.snap, rx.entry.interval), (0, 0));
    assert_eq!(entries.vifs[&3].mirror, 1);
    assert_eq!(entries.vifs[&5].mirror, 0);
    for nexthop in [23, 123] {
        assert_eq!(entries.nexthops[&nexthop].mirror, 2);
    }
    assert_eq!(entries.nexthops[&125].mirror, 0);
    assert!(
        entries.vrfs.contains_key(&9),
        "the analyzer's VRF is looked up"
    );
}

#[test]
fn users_that_say_the_same_share_a_row() {
    let entries = compiled(network(json!({}), &[]));
    assert_eq!(entries.mirrors.len(), 1);
    assert!(text(&entries.mirrors[&1]).ends_with("ff00"), "the default");
    assert_eq!(
        (entries.vifs[&3].mirror, entries.nexthops[&23].mirror),
        (1, 1)
    );
}

#[test]
fn a_frame_goes_as_it_is_to_an_analyzer_that_takes_frames() {
    let mirror = json!({"object": "mirror", "index": 0, "nh": 125, "vni": 77, "dynamic_juniper_header": false,
        "snap_length": 100, "rate_limit": 1000});
    let entries = compiled(network(json!({"flags": flags("0x8")}), &[mirror]));
    let set = &entries.mirrors[&1];
    assert_eq!(
        (set.entry.kind, set.entry.nexthop, set.entry.label),
        (MirrorKind::Raw, 125, 77)
    );
    assert_eq!((set.entry.snap, set.entry.interval), (100, 977));
    assert!(set.text.is_empty() && entries.nexthops[&23].mirror == 0);
    let mirror = json!({"object": "mirror", "index": 0, "nh": 125, "dynamic_juniper_header": true, "rate_limit": 0});
    let entries = compiled(network(json!({}), &[mirror]));
    assert!(
        entries.mirrors.is_empty() && entries.vifs[&3].mirror == 0,
        "no copy a second"
    );
}

#[test]
fn mirrors_that_cannot_be_are_refused() {
    let mirror =
        |nh| json!({"object": "mirror", "index": 0, "nh": nh, "dynamic_juniper_header": true});
    assert_eq!(
        refused(network(json!({}), &[mirror(123)])),
        "vif 3 is mirrored to itself by mirror 0, expected another analyzer"
    );
    assert_eq!(
        refused(network(json!({"vrf": 9, "ip": "7.7.7.3"}), &[])),
        "vif 3 is mirrored to itself by mirror 0, expected another analyzer"
    );
    assert_eq!(
        refused(network(
            json!({"mirror_metadata_tx_hex": "00".repeat(256)}),
            &[]
        )),
        "the mirror metadata of vif 3 has 256 bytes, expected at most 255"
    );
    assert_eq!(
        refused(network(json!({"mirror_index": 4}), &[])),
        "vif 3 leads to mirror 4, which does not exist"
    );
    assert_eq!(
        refused(network(json!({}), &[mirror(99)])),
        "mirror 0 leads to nexthop 99, which does not exist"
    );
    let unknown = json!({"flags": ["mirror"], "mirror_index": 5, "key_nh": 23});
    assert!(refused(network(
        json!({}),
        &[flow_pair(unknown, json!({"key_nh": 23}))]
    ))
    .ends_with("leads to mirror 5, which does not exist"));
}

#[test]
fn marks_are_resolved() {
    let class = |id: u8, dscp: u8| json!({"object": "forwarding_class", "id": id, "dscp": dscp, "exp": 5, "priority": 4, "queue": 3});
    let map = |id: u8, class: u8| json!({"object": "qos_map", "id": id, "dscp": [[46, class]], "priority": [[6, class]]});
    let entries = compiled(network(json!({"qos_map": 2}), &[class(1, 40), map(2, 1)]));
    assert_eq!(entries.vifs[&3].qos, 2);
    let rows: Vec<u32> = entries.qos.keys().copied().collect();
    assert_eq!(rows, [2 * 128 + 46, 2 * 128 + 72 + 6]);
    let row = entries.qos[&(256 + 46)];
    assert!(row.valid);
    assert_eq!((row.dscp, row.exp, row.priority, row.queue), (40, 5, 4, 3));
    for (more, expected) in [
        (
            vec![class(1, 40)],
            "vif 3 leads to qos map 2, which does not exist",
        ),
        (
            vec![map(2, 1)],
            "qos map 2 leads to forwarding class 1, which does not exist",
        ),
        (
            vec![class(1, 64), map(2, 1)],
            "the DSCP of forwarding class 1 is 64, expected at most 63",
        ),
        (
            vec![class(1, 1), map(2, 1), map(0, 1)],
            "the number of a qos map is 0, expected 1 or more",
        ),
        (
            vec![class(1, 1), map(2, 1), map(8, 1)],
            "the number of a qos map is 8, expected at most 7",
        ),
    ] {
        assert_eq!(refused(network(json!({"qos_map": 2}), &more)), expected);
    }
}
