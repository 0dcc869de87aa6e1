//! What becomes of flows. Objects stand as people write them.

use serde_json::{json, Value};
use underpass_layout::tables::{FlowAction, FlowEntry, OnwardEntry};

use super::{check_apart, flow_entries, flow_entry, Flow, FlowEntries, FlowPlace, ResolvedPair};
use crate::objects::{FlowPair, FlowSide, Objects};

const PLACE: FlowPlace = FlowPlace {
    pair: 50,
    generation: 3,
    onward: [8, 9],
    mirrors: [[0; 2]; 2],
};

fn objects(list: Value) -> Objects {
    serde_json::from_value(list).unwrap_or_else(|error| panic!("{error}"))
}

/// TCP from port 1136 to port 80, its source behind nexthop `key_nh + 1`.
fn side(sip: &str, dip: &str, key_nh: u32, more: Value) -> Value {
    let mut side = json!({"sip": sip, "dip": dip, "sport": 1136, "dport": 80, "proto": 6, "key_nh": key_nh,
        "rpf_nh": key_nh + 1, "vrf": 3, "action": "forward", "flags": ["active", "rflow_valid"]});
    for (key, value) in more.as_object().expect("an object") {
        side[key] = value.clone();
    }
    side
}

/// There under nexthop 23, back under nexthop 24.
fn there_and_back(fwd: Value, rev: Value) -> FlowPair {
    let mut back = json!({"sport": 80, "dport": 1136});
    for (key, value) in rev.as_object().expect("an object") {
        back[key] = value.clone();
    }
    let fwd = side("10.1.1.3", "10.2.2.4", 23, fwd);
    let rev = side("10.2.2.4", "10.1.1.3", 24, back);
    serde_json::from_value(json!({"fwd": fwd, "rev": rev}))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn placed(pair: &FlowPair, known: &Objects) -> FlowEntries {
    flow_entries(pair, known, &PLACE).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(pair: &FlowPair) -> String {
    let error = flow_entries(pair, &Objects::default(), &PLACE).expect_err("refused");
    error.to_string()
}

fn v4(flow: Flow) -> FlowEntry {
    match flow {
        Flow::V4(entry) => entry,
        Flow::V6(entry) => panic!("{entry:?} is not IPv4"),
    }
}

#[test]
fn a_flow_has_an_entry_each_way() {
    let pair = there_and_back(json!({}), json!({"action": "drop"}));
    let FlowEntries { flows, onward } = placed(&pair, &Objects::default());
    let [fwd, rev] = flows.map(v4);
    assert_eq!(
        (fwd.action, rev.action),
        (FlowAction::Forward, FlowAction::Drop)
    );
    assert_eq!((fwd.flow_id, rev.flow_id), (100, 101));
    assert_eq!((fwd.source, rev.source, fwd.source_moves), (24, 25, false));
    assert_eq!((fwd.generation, rev.generation), (3, 3));
    let key = fwd.key;
    assert_eq!(
        (key.nexthop, key.src, key.dst, key.src_port, key.dst_port),
        (23, 0x0a01_0103, 0x0a02_0204, 1136, 80)
    );
    assert_eq!(onward, [None, None]);
}

#[test]
fn an_ipv6_flow_takes_a_row_of_its_own() {
    let mut pair = there_and_back(json!({}), json!({"action": "hold"}));
    for side in [&mut pair.fwd, &mut pair.rev] {
        let swap = |address: std::net::IpAddr| match address.to_string().as_str() {
            "10.1.1.3" => "fc00::1".parse().expect("an address"),
            _ => "2001:db8::2".parse().expect("an address"),
        };
        (side.sip, side.dip) = (swap(side.sip), swap(side.dip));
    }
    let [fwd, rev] = placed(&pair, &Objects::default()).flows;
    let Flow::V6(entry) = fwd else {
        panic!("{fwd:?} is not IPv6")
    };
    assert_eq!(
        (entry.key.src(), entry.key.dst(), entry.key.v6),
        (0xfc00 << 112 | 1, 0x2001_0db8 << 96 | 2, true)
    );
    assert_eq!(
        (entry.flow_id, entry.source, entry.generation),
        (100, 24, 3)
    );
    assert_eq!(rev.action(), FlowAction::Hold);
    assert_eq!(fwd.entry().unpack(), Ok(entry));
}

#[test]
fn a_floating_address_comes_from_the_other_key() {
    // The guest 10.1.1.3 of VRF 3 is 10.2.2.100 in VRF 4, as the peer's case has it.
    let pair = there_and_back(
        json!({"action": "nat", "dvrf": 4, "flags": ["active", "snat", "rflow_valid", "vrf_translate"]}),
        json!({"dip": "10.2.2.100", "vrf": 4, "dvrf": 3, "action": "nat",
            "flags": ["active", "dnat", "rflow_valid", "vrf_translate"]}),
    );
    let FlowEntries { flows, onward } = placed(&pair, &Objects::default());
    let [fwd, rev] = flows.map(v4);
    assert_eq!((fwd.action, fwd.source), (FlowAction::Onward, 8));
    assert_eq!((rev.action, rev.source), (FlowAction::Onward, 9));
    let expected = [
        OnwardEntry {
            source: 24,
            snat: true,
            src: 0x0a02_0264,
            translate: true,
            vrf: 4,
            ..OnwardEntry::default()
        },
        OnwardEntry {
            source: 25,
            dnat: true,
            dst: 0x0a01_0103,
            translate: true,
            vrf: 3,
            ..OnwardEntry::default()
        },
    ];
    assert_eq!(onward, expected.map(Some));
}

#[test]
fn ports_come_from_the_other_key_the_other_way_round() {
    let pair = there_and_back(
        json!({"action": "nat", "flags": ["snat", "spat", "dnat", "dpat", "rflow_valid"]}),
        json!({"sport": 8080, "dport": 5000, "sip": "10.9.9.9", "dip": "10.8.8.8"}),
    );
    let [fwd, rev] = placed(&pair, &Objects::default()).onward;
    let fwd = fwd.expect("translated");
    assert_eq!((fwd.src_port, fwd.dst_port), (5000, 8080));
    assert_eq!((fwd.src, fwd.dst), (0x0a08_0808, 0x0a09_0909));
    assert_eq!(rev, None, "it forwards");
}

#[test]
fn nothing_but_an_action_asks_for_what_flags_say() {
    let flags = json!(["snat", "rflow_valid"]);
    let plain = there_and_back(json!({"flags": flags}), json!({}));
    assert_eq!(placed(&plain, &Objects::default()).onward, [None, None]);
    let dropped = json!({"flags": flags, "action": "drop", "dvrf": 9});
    let [fwd, _] = placed(&there_and_back(dropped, json!({})), &Objects::default()).flows;
    assert_eq!((fwd.action(), v4(fwd).source), (FlowAction::Drop, 24));
    let same = json!({"flags": ["vrf_translate"], "dvrf": 3});
    let same = there_and_back(same, json!({}));
    assert_eq!(placed(&same, &Objects::default()).onward, [None, None]);
}

/// Two tunnels, 30 and 31, behind ECMP nexthop 70 (flags as given), to which 10.2.2.0/24 of VRF 3 leads.
fn several(flags: &str) -> Objects {
    let tunnel = |id: u32, dip: &str| {
        json!({"object": "nexthop", "id": id, "type": "tunnel", "family": "inet", "out_vif": 0, "sip": "8.0.0.1",
            "dip": dip, "rewrite_hex": "", "flags": {"value": "0x40", "names": []}})
    };
    objects(json!([
        tunnel(30, "8.0.0.2"),
        tunnel(31, "8.0.0.3"),
        {"object": "nexthop", "id": 70, "type": "composite", "family": "inet", "flags": {"value": flags, "names": []},
            "components": [{"nh": 30, "label": 101}, {"nh": 31, "label": 102}]},
        {"object": "route", "vrf": 3, "prefix": "0.0.0.0/0", "nh": 30, "flags": []},
        {"object": "route", "vrf": 3, "prefix": "10.2.2.0/24", "nh": 70, "label": 55, "flags": ["label_valid(L)"]},
    ]))
}

#[test]
fn a_flow_keeps_to_its_member() {
    let known = several("0x400");
    for (index, nexthop, label) in [(0, 30, 101), (1, 31, 102), (7, 30, 101)] {
        let pair = there_and_back(json!({"ecmp_index": index}), json!({"rpf_nh": 70}));
        let FlowEntries { flows, onward } = placed(&pair, &known);
        let [fwd, rev] = flows.map(v4);
        assert_eq!((fwd.action, fwd.source_moves), (FlowAction::Onward, false));
        let onward = onward[0].expect("a member");
        assert_eq!(
            (onward.steer, onward.nexthop, onward.label, onward.source),
            (true, nexthop, label, 24)
        );
        // Answers come from where the packets went, until they come from elsewhere.
        assert_eq!(
            (rev.action, rev.source, rev.source_moves),
            (FlowAction::Forward, nexthop, true)
        );
    }
}

#[test]
fn a_member_without_a_label_has_the_routes() {
    let pair = there_and_back(json!({"ecmp_index": 1}), json!({}));
    let [fwd, _] = placed(&pair, &several("0xc00")).onward;
    assert_eq!(fwd.map(|onward| onward.label), Some(55));
}

#[test]
fn an_index_means_nothing_where_no_route_leads_to_several() {
    let pair = there_and_back(json!({"ecmp_index": 1}), json!({}));
    for known in [Objects::default(), several("0x2000")] {
        assert_eq!(placed(&pair, &known).onward, [None, None]);
    }
}

#[test]
fn a_translated_flow_is_routed_by_what_it_becomes() {
    let mut known = several("0x400");
    known.routes[1].vrf = 4;
    let pair = there_and_back(
        json!({"dip": "10.7.7.7", "action": "nat", "dvrf": 4, "ecmp_index": 1,
            "flags": ["dnat", "rflow_valid", "vrf_translate"]}),
        json!({"dip": "10.1.1.3"}),
    );
    let onward = placed(&pair, &known).onward[0].expect("translated");
    assert_eq!((onward.steer, onward.nexthop), (true, 31));
}

#[test]
fn contradictions_are_refused() {
    let nat = |flags: Value| json!({"action": "nat", "flags": flags});
    let cases = [
        (
            there_and_back(
                json!({"sip": "10.1.1.3", "dip": "10.1.1.3", "sport": 80, "rpf_nh": 1}),
                json!({"sip": "10.1.1.3", "dip": "10.1.1.3", "dport": 80, "key_nh": 23}),
            ),
            "flow 10.1.1.3:80 to 10.1.1.3:80 of protocol 6 under nexthop 23 is refused: its answers have the same key, \
             expected another (SameFlowRflowKey)",
        ),
        (
            there_and_back(nat(json!(["snat"])), json!({})),
            "flow 10.1.1.3:1136 to 10.2.2.4:80 of protocol 6 under nexthop 23 is refused: it has flag snat without \
             rflow_valid, expected both: its answers' key has the new values (FLOW_NAT_NO_RFLOW)",
        ),
        (
            there_and_back(
                json!({"sport": 0, "action": "nat", "flags": ["dnat", "rflow_valid"]}),
                json!({}),
            ),
            "flow 10.1.1.3:0 to 10.2.2.4:80 of protocol 6 under nexthop 23 is refused: it is translated and its key \
             leaves out a port, expected a key with all addresses and ports (FatFlowNatConflict)",
        ),
        (
            there_and_back(json!({"flags": ["vrf_translate"]}), json!({})),
            "flow 10.1.1.3:1136 to 10.2.2.4:80 of protocol 6 under nexthop 23 is refused: it has flag vrf_translate \
             without a dvrf, expected both",
        ),
        (
            there_and_back(json!({"dip": "fc00::2"}), json!({})),
            "flow 10.1.1.3:1136 to [fc00::2]:80 of protocol 6 under nexthop 23 is refused: 10.1.1.3 and fc00::2 are of \
             two families, expected one",
        ),
        (
            there_and_back(json!({}), json!({"sip": "fc00::1", "dip": "fc00::2"})),
            "flow 10.1.1.3:1136 to 10.2.2.4:80 of protocol 6 under nexthop 23 is refused: its answers are of the other \
             family, expected the same (NAT between families)",
        ),
        (
            there_and_back(json!({"key_nh": 1 << 20, "rpf_nh": 0}), json!({})),
            "the nexthop of flow 10.1.1.3:1136 to 10.2.2.4:80 of protocol 6 under nexthop 1048576 is 1048576, expected \
             at most 1048575",
        ),
    ];
    for (pair, expected) in cases {
        assert_eq!(refused(&pair), expected);
    }
}

#[test]
fn no_key_is_that_of_two_flows() {
    let pair = there_and_back(json!({}), json!({}));
    let other = there_and_back(json!({"sport": 1137}), json!({}));
    let error = check_apart([&pair, &other]).expect_err("one answer for two");
    assert_eq!(
        error.to_string(),
        "flow 10.1.1.3:1137 to 10.2.2.4:80 of protocol 6 under nexthop 23 is refused: 10.1.1.3:1136 to 10.2.2.4:80 of \
         protocol 6 under nexthop 23 has the key of 10.2.2.4:80 to 10.1.1.3:1136 of protocol 6 under nexthop 24 already, \
         expected keys apart"
    );
    let turned = FlowPair {
        fwd: pair.rev.clone(),
        rev: pair.fwd.clone(),
    };
    assert!(check_apart([&pair, &turned]).is_err());
    // The same flow again is a change of it.
    let changed = there_and_back(json!({"action": "drop"}), json!({}));
    assert_eq!(check_apart([&pair, &changed]), Ok(()));
}

#[test]
fn one_direction_alone_can_only_drop_hold_or_forward() {
    let alone = |more: Value| {
        let side: FlowSide =
            serde_json::from_value(side("10.1.1.3", "10.2.2.4", 23, more)).expect("a direction");
        flow_entry(&side, &Objects::default(), 7, 1)
    };
    let entry = v4(alone(json!({"action": "drop"})).expect("it drops"));
    assert_eq!((entry.flow_id, entry.generation, entry.source), (7, 1, 24));
    for (more, asked) in [
        (
            json!({"action": "nat", "flags": ["snat", "rflow_valid"]}),
            "snat",
        ),
        (
            json!({"flags": ["vrf_translate"], "dvrf": 4}),
            "vrf_translate",
        ),
        (json!({"ecmp_index": 0}), "ecmp_index"),
    ] {
        let error = alone(more).expect_err(asked).to_string();
        let end = format!("it has no answers, expected some: {asked} needs their key");
        assert!(error.ends_with(&end), "{error}");
    }
}

#[test]
fn a_place_is_one_that_the_card_has() {
    let pair = there_and_back(json!({}), json!({}));
    for (place, expected) in [
        (
            FlowPlace {
                pair: 1 << 19,
                ..PLACE
            },
            "a flow id is 1048576, expected at most 1048575",
        ),
        (
            FlowPlace {
                generation: 8,
                ..PLACE
            },
            "a generation is 8, expected at most 7",
        ),
    ] {
        let error = flow_entries(&pair, &Objects::default(), &place).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

/// Guest's nexthop 23 and a tunnel behind it, mirrors 0 (by plain UDP) and 1 (frames to nexthop 125), QoS map 3.
fn with_mirrors() -> Objects {
    let flags = |value: &str| json!({"value": value, "names": []});
    let encap = |id: u32| {
        json!({"object": "nexthop", "id": id, "type": "encap", "family": "inet", "out_vif": 3,
            "rewrite_hex": "0200000000110000 5e0001000800".replace(' ', ""), "flags": flags("0x0")})
    };
    let tunnel = |id: u32, flag: &str| {
        json!({"object": "nexthop", "id": id, "type": "tunnel", "family": "inet", "out_vif": 0, "sip": "8.0.0.1",
            "dip": "8.0.0.2", "rewrite_hex": "", "vrf": 9, "sport": 1, "dport": 8888, "flags": flags(flag)})
    };
    objects(json!([
        encap(23),
        encap(24),
        encap(125),
        tunnel(30, "0x40"),
        tunnel(31, "0x80"),
        tunnel(129, "0x20010"),
        {"object": "mirror", "index": 0, "nh": 129, "dynamic_juniper_header": true},
        {"object": "mirror", "index": 1, "nh": 125, "dynamic_juniper_header": false},
        {"object": "qos_map", "id": 3},
    ]))
}

fn mirrored(more: Value) -> Value {
    let mut side = json!({"flags": ["active", "rflow_valid", "mirror"], "mirror_index": 0,
        "mirror_metadata_hex": "030161ff00"});
    for (key, value) in more.as_object().expect("an object") {
        side[key] = value.clone();
    }
    side
}

#[test]
fn a_flow_is_mirrored_twice_and_marked() {
    let known = with_mirrors();
    let fwd = mirrored(json!({"second_mirror_index": 1, "qos_map": 3, "rpf_nh": 23}));
    let pair = there_and_back(fwd, json!({"rpf_nh": 24}));
    let resolved = ResolvedPair::new(&pair, &known).expect("a flow");
    assert_eq!(resolved.needs_onward(), [true, false]);
    let [[Some(first), Some(second)], [None, None]] = resolved.mirrors() else {
        panic!("two rows for the first direction");
    };
    assert_eq!((first.entry.vrf, first.text.len()), (9, 28 + 5));
    assert_eq!(
        first.text[12..20],
        [8, 0, 0, 1, 8, 0, 0, 2],
        "from the tunnel's own address"
    );
    assert_eq!((second.entry.nexthop, second.text.len()), (125, 0));
    let place = FlowPlace {
        mirrors: [[5, 6], [0, 0]],
        ..PLACE
    };
    let [Some(onward), None] = resolved.onward(&place) else {
        panic!("a row for the first direction");
    };
    let expected = OnwardEntry {
        source: 23,
        mirror: 5,
        second_mirror: 6,
        qos: 3,
        ..OnwardEntry::default()
    };
    assert_eq!(onward, expected);
}

#[test]
fn what_is_dropped_is_mirrored_first() {
    let known = with_mirrors();
    let pair = there_and_back(
        mirrored(json!({"action": "drop"})),
        json!({"action": "hold", "mirror_index": 0}),
    );
    let FlowEntries { flows, onward } = placed(&pair, &known);
    assert_eq!(
        flows.map(|flow| flow.action()),
        [FlowAction::Onward, FlowAction::Hold]
    );
    assert!(onward[0].is_some_and(|onward| onward.drop && onward.source == 24));
    let unflagged = there_and_back(json!({"action": "drop", "mirror_index": 0}), json!({}));
    assert_eq!(
        placed(&unflagged, &known).flows[0].action(),
        FlowAction::Drop
    );
}

#[test]
fn a_bare_packet_gets_the_header_that_it_is_delivered_with() {
    let known = with_mirrors();
    let text = |source: u32| {
        let pair = there_and_back(mirrored(json!({"rpf_nh": source})), json!({}));
        let resolved = ResolvedPair::new(&pair, &known).expect("a flow");
        let [[set, _], _] = resolved.mirrors();
        set.expect("mirrored").text[28 + 5..].to_vec()
    };
    assert!(text(23).is_empty(), "from a guest");
    assert!(text(31).is_empty(), "VXLAN carries frames");
    assert_eq!(text(30), [2, 0, 0, 0, 0, 0x11, 0, 0, 0x5e, 0, 1, 0, 8, 0]);
}

#[test]
fn mirrors_and_marks_that_are_not_there_are_refused() {
    let pair = there_and_back(mirrored(json!({})), json!({}));
    assert!(refused(&pair).ends_with("leads to mirror 0, which does not exist"));
    let pair = there_and_back(json!({"qos_map": 3}), json!({}));
    assert!(refused(&pair).ends_with("leads to qos map 3, which does not exist"));
}
