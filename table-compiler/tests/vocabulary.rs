//! Objects in the peer's own words read in and print back with the same meaning.
//!
//! `vocabulary/objects.json` has one object of every shape that the given behaviour cases use, and of our own shapes. The
//! cases themselves, given and our own, are configurations that the card can have.

use serde_json::Value;
use underpass_layout::profile::SIM;
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::objects::{Object, Objects};
use underpass_table_compiler::plan::plan;
use underpass_table_compiler::Placed;

const OBJECTS: &str = include_str!("vocabulary/objects.json");

/// A key with `null` says as much as no key, and so does VRF 0 of a nexthop.
fn meaning(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
        if map["object"] == "nexthop" && map.get("vrf") == Some(&Value::from(0)) {
            map.remove("vrf");
        }
    }
    value
}

#[test]
fn every_shape_reads_and_prints_back() {
    let list: Vec<Value> = serde_json::from_str(OBJECTS).expect("a JSON list");
    assert!(list.len() > 40);
    for value in list {
        let object: Object = serde_json::from_value(value.clone())
            .unwrap_or_else(|error| panic!("{error}: {value}"));
        let back = serde_json::to_value(&object).expect("plain data");
        assert_eq!(meaning(back), meaning(value));
    }
}

/// What a case says of the agent, which is no object.
const OF_THE_AGENT: &str = "agent_reply_to_hold_entry";

/// The objects of a case, those that its steps bring last.
fn objects_of(case: &Value) -> Vec<Value> {
    let steps = case["steps"].as_array().expect("steps").iter();
    let changes = steps.flat_map(|step| match &step["config_change"] {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    });
    let config = case["config"].as_array().expect("a configuration");
    let all = config.iter().cloned().chain(changes);
    all.filter(|object| object["object"] != OF_THE_AGENT)
        .collect()
}

#[test]
fn every_behaviour_case_fits_the_card() {
    for file in [
        include_str!("../../tests/conformance/given.json"),
        include_str!("../../tests/conformance/own.json"),
    ] {
        let file: Value = serde_json::from_str(file).expect("JSON");
        for case in file["cases"].as_array().expect("cases") {
            let name = &case["id"];
            let objects: Objects = serde_json::from_value(objects_of(case).into())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let entries = entries(&objects, &SIM).unwrap_or_else(|error| panic!("{name}: {error}"));
            plan(&Placed::empty(&SIM, 1), &entries)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn objects_sort_by_noun_and_lose_nothing() {
    let list: Vec<Object> = serde_json::from_str(OBJECTS).expect("objects");
    let objects: Objects = list.iter().cloned().collect();
    let back: Vec<Object> = objects.into();
    assert_eq!(back.len(), list.len());
    assert!(list.iter().all(|object| back.contains(object)));
}

#[test]
fn what_means_nothing_is_refused() {
    for (json, message) in [
        (
            r#"{"object":"mpls","label":17,"nh":6,"ttl":1}"#,
            "unknown field `ttl`",
        ),
        (r#"{"object":"tunnel","id":1}"#, "unknown variant `tunnel`"),
        (
            r#"{"object":"nexthop","id":3,"type":"l2_rcv","family":"bridge","flags":{"value":"0x0","names":[]},"out_vif":1}"#,
            "nexthop 3 has `out_vif`, expected none with type l2_rcv",
        ),
        (
            r#"{"object":"nexthop","id":3,"type":"encap","family":"inet","flags":{"value":"0x0","names":[]},"out_vif":1}"#,
            "nexthop 3 has no `rewrite_hex`, expected one with type encap",
        ),
        (
            r#"{"object":"nexthop","id":3,"type":"discard","family":"inet","flags":{"value":"0x4","names":[]}}"#,
            "flags 0x4 have unknown bits 0x4",
        ),
        (
            r#"{"object":"nexthop","id":3,"type":"discard","family":"inet","flags":{"value":"4","names":[]}}"#,
            "flags `4` are not a number, expected the form 0x1c0",
        ),
        (
            r#"{"object":"route","vrf":1,"prefix":"10.0.0.0/8","nh":1,"flags":["proxied"]}"#,
            "flag `proxied` is unknown, expected one of label_valid(L), proxy(P)",
        ),
        (
            r#"{"object":"qos_map","id":1,"dscp":[[46,0],[46,1]]}"#,
            "46 has two classes, expected one",
        ),
        (
            r#"{"object":"nexthop","id":3,"type":"composite","family":"inet","flags":{"value":"0x400","names":[]},"components":[],"ecmp_config_hash":32}"#,
            "`ecmp_config_hash` is 32, expected a sum of 1, 2, 4, 8 and 16",
        ),
        (
            r#"{"object":"nexthop","id":3,"type":"discard","family":"inet","flags":{"value":"0x0","names":[]},"more_uplinks":[]}"#,
            "nexthop 3 has `more_uplinks`, expected none with type discard",
        ),
        (
            r#"{"object":"bridge","vrf":1,"mac":"02:00","nh":1,"flags":[]}"#,
            "`02:00` is not a MAC address",
        ),
    ] {
        let error = serde_json::from_str::<Object>(json)
            .expect_err(json)
            .to_string();
        assert!(error.contains(message), "{error}");
    }
}
