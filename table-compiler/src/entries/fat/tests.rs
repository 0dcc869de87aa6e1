//! What becomes of rules of fat flows. Objects stand as people write them.

use super::*;
use serde_json::{json, Value};
use underpass_layout::profile::SIM;

/// The sets of interfaces from 3 on, each with its rules and excluded prefixes.
fn sets(vifs: &[(Value, Value)]) -> Result<FatSets, EntryError> {
    let vifs = (3u32..).zip(vifs).map(|(idx, (rules, exclude))| {
        json!({"object": "vif", "idx": idx, "type": "vm", "mac": "00:00:5e:00:01:00", "vrf": 7, "mtu": 9160,
            "flags": {"value": "0x1", "names": []}, "fat_flow_rules": rules, "fat_flow_exclude": exclude})
    });
    let objects = serde_json::from_value(vifs.collect()).unwrap_or_else(|error| panic!("{error}"));
    Index::new(&objects, &SIM).map(|index| index.fat)
}

fn rules(rules: Value) -> Vec<FatRuleEntry> {
    let mut sets = sets(&[(rules, json!([]))]).unwrap_or_else(|error| panic!("{error}"));
    sets.sets.remove(&1).expect("rules").rules
}

fn refused(rules: Value, exclude: Value) -> String {
    let error = sets(&[(rules, exclude)]).expect_err("refused");
    error.to_string()
}

#[test]
fn a_rule_says_what_the_key_keeps() {
    let found = rules(json!([
        {"proto": 6, "port": 22, "ignore": "dst"},
        {"proto": 17, "port": 0, "aggr": "src4", "src": "10.10.0.0/16 24"},
        {"proto": 17, "port": 53, "ignore": "src", "dst": "2001:db8::/32 48"},
    ]));
    let any = FatRuleEntry {
        family: FatFamily::Any,
        protocol: 6,
        port: 22,
        ignore_source: false,
        ignore_destination: true,
        source_prefix: 0,
        source_length: 0,
        source_keep: 128,
        destination_prefix: 0,
        destination_length: 0,
        destination_keep: 128,
    };
    let four = FatRuleEntry {
        family: FatFamily::V4,
        protocol: 17,
        port: 0,
        ignore_destination: false,
        source_prefix: 0x0a0a_0000 << 96,
        source_length: 16,
        source_keep: 24,
        ..any
    };
    let six = FatRuleEntry {
        family: FatFamily::V6,
        protocol: 17,
        port: 53,
        ignore_source: true,
        ignore_destination: false,
        destination_prefix: 0x2001_0db8 << 96,
        destination_length: 32,
        destination_keep: 48,
        ..any
    };
    assert_eq!(found, [any, four, six]);
}

#[test]
fn rules_stand_as_the_peer_searches() {
    let src =
        |prefix: &str, port: u16| json!({"proto": 6, "port": port, "src": format!("{prefix} 32")});
    let found = rules(json!([
        {"proto": 6, "port": 80, "src": "10.0.0.0/8 8", "dst": "20.0.0.0/8 8"},
        {"proto": 6, "port": 0, "dst": "20.0.0.0/8 8"},
        src("10.0.0.0/8", 0),
        src("10.0.0.0/8", 443),
        src("10.1.0.0/16", 0),
        {"proto": 6, "port": 0},
        {"proto": 6, "port": 443},
        {"proto": 6, "port": 22},
    ]));
    let found: Vec<_> = found
        .iter()
        .map(|rule| (rule.source_length, rule.destination_length, rule.port))
        .collect();
    let expected = [
        (0, 0, 22),
        (0, 0, 443),
        (0, 0, 0),
        (16, 0, 0),
        (8, 0, 443),
        (8, 0, 0),
        (0, 8, 0),
        (8, 8, 80),
    ];
    assert_eq!(found, expected);
}

#[test]
fn ports_are_those_of_three_protocols() {
    let found = rules(json!([
        {"proto": 132, "port": 9},
        {"proto": 58, "port": 7},
        {"proto": 47, "port": 7},
        {"proto": 0, "port": 50},
    ]));
    let found: Vec<_> = found
        .iter()
        .map(|rule| (rule.protocol, rule.port))
        .collect();
    assert_eq!(found, [(132, 9), (1, 0), (47, 0), (50, 0)]);
}

#[test]
fn of_two_rules_for_the_same_packets_the_later_counts() {
    let found = rules(json!([
        {"proto": 1, "port": 0, "ignore": "src"},
        {"proto": 6, "port": 22},
        {"proto": 58, "port": 0, "ignore": "dst"},
    ]));
    let ignored: Vec<_> = found
        .iter()
        .map(|rule| (rule.protocol, rule.ignore_source, rule.ignore_destination))
        .collect();
    assert_eq!(ignored, [(6, false, false), (1, false, true)]);
}

#[test]
fn interfaces_with_the_same_rules_share_a_set() {
    let rule = json!([{"proto": 6, "port": 0}]);
    let other = json!([{"proto": 6, "port": 22}]);
    let all = sets(&[
        (rule.clone(), json!(["10.0.0.1/32", "fe80::/10"])),
        (json!([]), json!(["10.0.0.1/32"])),
        (
            rule.clone(),
            json!(["fe80::/10", "10.0.0.1/32", "10.0.0.1/32"]),
        ),
        (rule, json!([])),
        (other, json!([])),
    ]);
    let all = all.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!([3, 4, 5, 6, 7].map(|vif| all.of(vif)), [1, 0, 1, 2, 3]);
    let excludes: Vec<_> = all.sets[&1]
        .excludes
        .iter()
        .map(|entry| (entry.family, entry.prefix, entry.length))
        .collect();
    let expected = [
        (FatFamily::V4, 0x0a00_0001 << 96, 32),
        (FatFamily::V6, 0xfe80 << 112, 10),
    ];
    assert_eq!(excludes, expected);
}

#[test]
fn what_does_not_fit_or_contradicts_itself_is_refused() {
    let many = |count: u32| {
        (0..count)
            .map(|port| json!({"proto": 6, "port": port}))
            .collect()
    };
    let some = || json!([{"proto": 6, "port": 0}]);
    let prefixes = |count: u32| {
        (0..count)
            .map(|host| json!(format!("10.0.0.{host}/32")))
            .collect()
    };
    assert!(sets(&[(many(16), prefixes(8))]).is_ok());
    let cases = [
        (many(17), json!([]), "17 rules, expected at most 16"),
        (some(), prefixes(9), "9 excluded prefixes, expected at most 8"),
        (
            json!([{"proto": 6, "port": 0, "src": "10.10.0.0/16 8"}]),
            json!([]),
            "rule 6:* src 10.10.0.0/16 8 keeps 8 bits of the source, expected 16 to 32",
        ),
        (
            json!([{"proto": 6, "port": 22, "dst": "10.10.0.0/16 64"}]),
            json!([]),
            "rule 6:22 dst 10.10.0.0/16 64 keeps 64 bits of the destination, expected 16 to 32",
        ),
        (
            json!([{"proto": 6, "port": 0, "ignore": "src", "src": "10.10.0.0/16 24"}]),
            json!([]),
            "rule 6:* ignore src src 10.10.0.0/16 24 ignores the source and has a source prefix, expected one of them",
        ),
        (
            json!([{"proto": 6, "port": 0, "ignore": "src", "src": "10.0.0.0/8 8", "dst": "20.0.0.0/8 8"}]),
            json!([]),
            "rule 6:* ignore src src 10.0.0.0/8 8 dst 20.0.0.0/8 8 ignores the source and has a source prefix, \
             expected one of them",
        ),
        (
            json!([{"proto": 6, "port": 0, "src": "10.0.0.0/8 8", "dst": "fd00::/8 8"}]),
            json!([]),
            "rule 6:* src 10.0.0.0/8 8 dst fd00::/8 8 has prefixes of two families, expected one",
        ),
        (
            json!([{"proto": 6, "port": 0, "aggr": "dst4", "src": "10.0.0.0/8 8"}]),
            json!([]),
            "rule 6:* src 10.0.0.0/8 8 has aggr `dst4`, expected the sides and the family of its prefixes",
        ),
    ];
    for (rules, exclude, fault) in cases {
        assert_eq!(
            refused(rules, exclude),
            format!("the fat flows of vif 3 are refused: {fault}")
        );
    }
}
