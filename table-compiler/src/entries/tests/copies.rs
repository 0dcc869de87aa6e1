//! Nexthops that stand for several: lists, choices, uplinks, and what leads to them.

use serde_json::{json, Value};
use underpass_layout::tables::{GroupKind, LabelAction, Leg, NexthopKind};

use super::{compiled, fabric, guest, merge, nexthop, refused, vif, ETHERNET};
use crate::entries::Entries;
use crate::mac::Mac;

fn flags(value: &str) -> Value {
    json!({"value": value, "names": []})
}

fn tunnel(id: u32, dip: &str, more: Value) -> Value {
    let mut tunnel = nexthop(
        id,
        "tunnel",
        json!({"out_vif": 0, "sip": "8.0.0.2", "dip": dip, "rewrite_hex": ETHERNET, "flags": flags("0x40")}),
    );
    merge(&mut tunnel, more);
    tunnel
}

fn bridged(id: u32, out_vif: u32) -> Value {
    nexthop(
        id,
        "encap",
        json!({"out_vif": out_vif, "rewrite_hex": ETHERNET, "family": "bridge", "vrf": 7}),
    )
}

fn composite(id: u32, flag: &str, components: Value, more: Value) -> Value {
    let mut composite = nexthop(
        id,
        "composite",
        json!({"family": "bridge", "vrf": 7, "flags": flags(flag), "components": components}),
    );
    merge(&mut composite, more);
    composite
}

fn component(nh: u32, label: Option<u32>) -> Value {
    json!({"nh": nh, "label": label})
}

/// The objects of a network with two guests here, a tree of two legs, a node with head-end replication, and a switch.
fn network(more: &[Value]) -> Value {
    let mut list = vec![
        fabric(),
        guest(3, "0x2101c0"),
        guest(4, "0x801c0"),
        nexthop(23, "encap", json!({"out_vif": 3, "rewrite_hex": ETHERNET})),
        nexthop(24, "encap", json!({"out_vif": 4, "rewrite_hex": ETHERNET})),
        bridged(123, 3),
        bridged(124, 4),
        tunnel(30, "8.0.0.3", json!({"flags": flags("0x200008")})),
        tunnel(31, "8.0.0.4", json!({})),
        tunnel(32, "8.0.0.5", json!({})),
        tunnel(33, "8.0.0.6", json!({"flags": flags("0x80")})),
        composite(
            60,
            "0x2000",
            json!([component(123, None), component(124, None)]),
            json!({}),
        ),
        composite(
            62,
            "0x200",
            json!([component(30, Some(4700)), component(31, Some(4701))]),
            json!({}),
        ),
        composite(
            63,
            "0x1000",
            json!([component(32, Some(4702)), component(30, Some(1))]),
            json!({}),
        ),
        composite(64, "0x4000", json!([component(33, Some(5))]), json!({})),
        composite(
            61,
            "0x8000020",
            json!([
                component(60, None),
                component(62, None),
                component(63, None),
                component(64, None)
            ]),
            json!({}),
        ),
    ];
    list.extend_from_slice(more);
    json!(list)
}

#[test]
fn the_parts_of_a_list_stand_one_behind_the_other() {
    let entries = compiled(network(&[]));
    let list = &entries.groups[&61];
    assert_eq!(entries.groups.len(), 1, "the parts are none");
    let expected = [
        (Leg::Local, 123, None, 3),
        (Leg::Local, 124, None, 4),
        (Leg::Tree, 30, Some(4700), 0),
        (Leg::Tree, 31, Some(4701), 0),
        (Leg::Evpn, 32, Some(4702), 0),
        (Leg::Evpn, 30, Some(1), 0),
        (Leg::Tor, 33, Some(5), 0),
    ];
    let members = list.members.iter().map(|member| {
        let label = member.label_valid.then_some(member.label);
        (member.leg, member.nexthop, label, member.vif)
    });
    assert_eq!(members.collect::<Vec<_>>(), expected);
    assert_eq!((list.entry.kind, list.entry.count), (GroupKind::List, 7));
    assert!(list.entry.validate);
    assert_eq!(entries.nexthops[&61].kind, NexthopKind::List);
    assert!(entries.nexthops[&30].etree_root && !entries.nexthops[&31].etree_root);
    for part in [60, 62, 63, 64] {
        assert_eq!(entries.nexthops[&part].kind, NexthopKind::Discard);
    }
}

#[test]
fn a_tunnel_end_is_what_it_is_first() {
    let entries = compiled(network(&[]));
    let ends = entries.origins.iter();
    let ends: Vec<_> = ends
        .map(|((list, v6, end), entry)| (*list, *v6, *end, entry.leg))
        .collect();
    let expected = [
        (61, false, 0x0800_0003, Leg::Tree),
        (61, false, 0x0800_0004, Leg::Tree),
        (61, false, 0x0800_0005, Leg::Evpn),
        (61, false, 0x0800_0006, Leg::Tor),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn what_is_for_everybody_is_flooded_and_other_groups_are_bridged() {
    let bridge = |mac: &str, more| {
        let mut bridge =
            json!({"object": "bridge", "vrf": 7, "mac": mac, "nh": 61, "flags": [], "label": 9});
        merge(&mut bridge, more);
        bridge
    };
    let entries = compiled(network(&[
        bridge("ff:ff:ff:ff:ff:ff", json!({"flags": ["label_valid(L)"]})),
        bridge("01:00:5e:01:02:03", json!({})),
        bridge(
            "02:00:00:00:00:11",
            json!({"nh": 32, "flags": ["l2_control_data(L2c)"]}),
        ),
    ]));
    let flood = entries.floods[&7];
    assert_eq!((flood.valid, flood.nexthop, flood.label), (true, 61, 9));
    let of = |mac| entries.bridges[&(7, Mac(mac))];
    assert_eq!(entries.bridges.len(), 2);
    assert_eq!(of([1, 0, 0x5e, 1, 2, 3]).nexthop, 61);
    assert!(of([2, 0, 0, 0, 0, 0x11]).control);
}

#[test]
fn labels_and_vnis_say_what_is_within() {
    let translate = nexthop(
        5,
        "vrf_translate",
        json!({"family": "bridge", "vrf": 7, "flags": flags("0x110000")}),
    );
    let control = bridged(125, 4);
    let mut control_data = control.clone();
    merge(
        &mut control_data,
        json!({"id": 126, "flags": flags("0x800000")}),
    );
    let entries = compiled(network(&[
        translate,
        control,
        control_data,
        json!({"object": "mpls", "label": 4650, "nh": 61}),
        json!({"object": "mpls", "label": 1023, "nh": 61}),
        json!({"object": "mpls", "label": 20, "nh": 125}),
        json!({"object": "mpls", "label": 21, "nh": 126}),
        json!({"object": "mpls", "label": 22, "nh": 5}),
        json!({"object": "vxlan", "vnid": 9, "nh": 5, "group": "239.1.1.9"}),
    ]));
    let of = |label| {
        let entry = entries.mpls[&label];
        assert_eq!(entry.action, LabelAction::Frame);
        (entry.tree, entry.control, entry.flood_unknown, entry.learn)
    };
    assert_eq!(of(4650), (true, false, false, false));
    assert_eq!(of(1023), (false, false, false, false));
    assert_eq!(of(20), (false, false, false, false));
    assert_eq!(of(21), (false, true, false, false));
    assert_eq!(of(22), (false, false, true, true));
    assert_eq!(entries.nexthops[&5].kind, NexthopKind::Translate);
    let vni = entries.vxlans[&9];
    assert!(vni.flood_unknown && vni.learn && vni.group);
    assert_eq!(vni.group_address, 0xef01_0109);
    let one = refused(network(&[
        nexthop(5, "vrf_translate", json!({"family": "bridge", "vrf": 7})),
        json!({"object": "vxlan", "vnid": 9, "nh": 5, "group": "10.1.1.9"}),
    ]));
    assert_eq!(
        one,
        "vxlan 9 has group 10.1.1.9, expected a multicast address"
    );
}

#[test]
fn interfaces_say_what_is_learned_and_flooded() {
    let entries = compiled(network(&[]));
    let (three, four) = (entries.vifs[&3], entries.vifs[&4]);
    assert!(three.flood_unknown && three.etree_root && !three.learn && !three.igmp);
    assert!(four.learn && !four.flood_unknown && !four.etree_root);
}

fn choice(entries: &Entries, id: u32) -> Vec<(u32, Option<u32>)> {
    let members = entries.groups[&id].members.iter();
    members
        .map(|member| (member.nexthop, member.label_valid.then_some(member.label)))
        .collect()
}

#[test]
fn a_choice_has_the_members_of_its_members() {
    let inet = json!({"family": "inet"});
    let with_hash = json!({"family": "inet", "ecmp_config_hash": 0xa});
    let entries = compiled(network(&[
        nexthop(1, "discard", json!({})),
        composite(
            70,
            "0x400",
            json!([component(31, Some(101)), component(32, Some(102))]),
            with_hash,
        ),
        composite(
            71,
            "0x800",
            json!([component(23, Some(8)), component(24, None)]),
            inet.clone(),
        ),
        composite(
            72,
            "0x400",
            json!([
                component(71, Some(9)),
                component(30, Some(7)),
                component(1, None)
            ]),
            inet.clone(),
        ),
        composite(73, "0x400", json!([component(1, None)]), inet),
    ]));
    assert_eq!(choice(&entries, 70), [(31, Some(101)), (32, Some(102))]);
    assert_eq!(
        choice(&entries, 71),
        [(23, None), (24, None)],
        "the label is the route's"
    );
    assert_eq!(
        choice(&entries, 72),
        [(23, None), (24, None), (30, Some(7))]
    );
    assert_eq!(choice(&entries, 73), [(1, None)], "all drop");
    let seventy = entries.groups[&70].entry;
    assert_eq!(
        (seventy.kind, seventy.count),
        (GroupKind::Ecmp, 4),
        "8 rows each"
    );
    assert!(
        seventy.src && seventy.dst && !seventy.protocol && !seventy.src_port && !seventy.dst_port
    );
    let all = entries.groups[&71].entry;
    assert!(all.src && all.dst && all.protocol && all.src_port && all.dst_port);
}

#[test]
fn a_member_that_has_gone_leaves_its_place() {
    let inet = json!({"family": "inet"});
    let some = json!([component(998, Some(1)), component(31, Some(2))]);
    let entries = compiled(network(&[composite(70, "0x400", some, inet.clone())]));
    assert_eq!(choice(&entries, 70), [(31, Some(2))]);
    let none = composite(70, "0x400", json!([component(998, Some(1))]), inet);
    assert_eq!(
        refused(network(&[none])),
        "component 0 of nexthop 70 leads to nexthop 998, which does not exist"
    );
    let part = composite(
        65,
        "0x1000",
        json!([component(998, None), component(32, None)]),
        json!({}),
    );
    assert_eq!(
        refused(network(&[part])),
        "component 0 of nexthop 65 leads to nexthop 998, which does not exist"
    );
}

#[test]
fn each_uplink_is_a_nexthop_and_one_is_chosen() {
    let more = json!({"more_uplinks": [{"out_vif": 9, "rewrite_hex": "0200000000030000000000040800"}],
        "flags": flags("0x10000040")});
    let entries = compiled(network(&[
        vif(9, "fabric", json!({"port": "wire1"})),
        tunnel(34, "8.0.0.9", more),
        composite(
            70,
            "0x400",
            json!([component(31, Some(1)), component(34, Some(2))]),
            json!({"family": "inet"}),
        ),
        composite(65, "0x1000", json!([component(34, Some(3))]), json!({})),
        composite(66, "0x20", json!([component(65, None)]), json!({})),
    ]));
    assert_eq!(entries.nexthops[&34].kind, NexthopKind::Ecmp);
    assert_eq!(choice(&entries, 34), [(1023, None), (1022, None)]);
    let by = |id| {
        let entry = entries.nexthops[&id];
        assert_eq!(
            (entry.kind, entry.tunnel_dst),
            (NexthopKind::Tunnel, 0x0800_0009)
        );
        (entry.vif, entry.dst_mac)
    };
    assert_eq!(by(1023), (0, 0x0200_0000_0001));
    assert_eq!(by(1022), (9, 0x0200_0000_0003));
    assert_eq!(
        choice(&entries, 70),
        [(31, Some(1)), (1023, Some(2)), (1022, Some(2))]
    );
    let [(one, label)] = choice(&entries, 66)[..] else {
        panic!("one copy");
    };
    assert!([1022, 1023].contains(&one) && label == Some(3));
}

#[test]
fn composites_that_end_nowhere_are_refused() {
    let within = |id, to| composite(id, "0x20", json!([component(to, None)]), json!({}));
    let cases = [
        (vec![within(80, 80)], "nexthop 80 is a component of itself, expected nexthops apart from it"),
        (
            vec![within(79, 80), within(80, 81), within(81, 80)],
            "nexthop 80 is a component of itself, expected nexthops apart from it",
        ),
        (
            vec![composite(80, "0x400", json!([]), json!({}))],
            "nexthop 80 has no components, expected one at least",
        ),
        (
            vec![composite(80, "0x2000", json!([]), json!({})), within(81, 80)],
            "nexthop 80 has no components, expected one at least",
        ),
        (
            vec![within(80, 31)],
            "component 31 of nexthop 80 is no part of a list, expected a composite with flag comp_encap, comp_fabric, \
             comp_evpn or comp_tor",
        ),
        (
            vec![composite(80, "0x2000", json!([component(31, None)]), json!({})), within(81, 80)],
            "component 31 of nexthop 80 is no leg of kind Local, expected encap for Local and a tunnel for all others",
        ),
        (
            vec![composite(80, "0x200", json!([component(33, None)]), json!({})), within(81, 80)],
            "component 33 of nexthop 80 is a leg of a tree, expected a tunnel with MPLS over IPv4",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(refused(network(&more)), expected);
    }
}

#[test]
fn too_many_members_are_refused() {
    let many =
        |count: usize| -> Value { (0..count).map(|n| component(31, Some(n as u32))).collect() };
    let of = |flag, count| composite(80, flag, many(count), json!({"family": "inet"}));
    // A SIM card gives a choice an eighth of its 1,024 rows at most.
    assert_eq!(
        compiled(network(&[of("0x400", 128)])).groups[&80]
            .entry
            .count,
        7
    );
    assert_eq!(
        refused(network(&[of("0x400", 129)])),
        "nexthop 80 has 129 members, expected at most 128"
    );
    let list = composite(81, "0x20", json!([component(80, None)]), json!({}));
    assert_eq!(
        refused(network(&[of("0x1000", 4096), list])),
        "nexthop 81 has 4096 members, expected at most 4095"
    );
}
