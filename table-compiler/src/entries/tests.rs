//! What objects become on the card. Objects stand as people write them.

mod arp;
mod copies;
mod mirrors;

use serde_json::{json, Value};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{self, LabelAction, NexthopKind, SourceKind, TunnelKind, VifKind};

use super::{entries, Entries};
use crate::objects::Objects;

fn objects(list: Value) -> Objects {
    serde_json::from_value(list).unwrap_or_else(|error| panic!("{error}"))
}

fn compiled(list: Value) -> Entries {
    entries(&objects(list), &SIM).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(list: Value) -> String {
    entries(&objects(list), &SIM)
        .expect_err("refused")
        .to_string()
}

fn vif(idx: u32, kind: &str, more: Value) -> Value {
    let mut vif = json!({"object": "vif", "idx": idx, "type": kind, "mac": "00:00:5e:00:01:00",
        "flags": {"value": "0x0", "names": []}, "vrf": 0, "mtu": 1500});
    merge(&mut vif, more);
    vif
}

fn nexthop(id: u32, kind: &str, more: Value) -> Value {
    let mut nexthop = json!({"object": "nexthop", "id": id, "type": kind, "family": "inet",
        "flags": {"value": "0x0", "names": []}});
    merge(&mut nexthop, more);
    nexthop
}

fn merge(into: &mut Value, more: Value) {
    for (key, value) in more.as_object().expect("an object") {
        into[key] = value.clone();
    }
}

fn route(vrf: u16, prefix: &str, nh: u32) -> Value {
    json!({"object": "route", "vrf": vrf, "prefix": prefix, "nh": nh, "flags": []})
}

/// A flow under nexthop 4 and its answers.
fn flow_pair(fwd: Value, rev: Value) -> Value {
    let side = |sip, sport: u16, dip, dport: u16, more| {
        let mut side = json!({"sip": sip, "dip": dip, "sport": sport, "dport": dport, "proto": 6, "key_nh": 4,
            "rpf_nh": 0, "vrf": 2, "action": "forward", "flags": ["active"]});
        merge(&mut side, more);
        side
    };
    let (one, other) = ("10.0.0.1", "10.0.0.2");
    json!({"object": "flow_pair", "fwd": side(one, 1, other, 2, fwd), "rev": side(other, 2, one, 1, rev)})
}

fn fabric() -> Value {
    vif(0, "fabric", json!({"port": "wire0"}))
}

fn guest(idx: u32, flags: &str) -> Value {
    let port = format!("vf{}", idx - 3);
    let more =
        json!({"port": port, "vrf": 7, "nh_id": 20 + idx, "flags": {"value": flags, "names": []}});
    vif(idx, "vm", more)
}

const ETHERNET: &str = "0200000000010000000000020800";

#[test]
fn the_underlay_and_the_host_are_joined() {
    let entries = compiled(json!([
        fabric(),
        vif(
            1,
            "host",
            json!({"port": "host0", "ip": "8.0.0.2", "nh_id": 5, "cross_connect_vif": 0})
        ),
        vif(2, "agent", json!({"vrf": 65535})),
        nexthop(5, "discard", json!({})),
    ]));
    let [fabric, host, agent] = [0, 1, 2].map(|vif| entries.vifs[&vif]);
    assert_eq!(
        (fabric.kind, fabric.address),
        (VifKind::Fabric, 0x0800_0002)
    );
    assert_eq!(
        (fabric.cross_connect, fabric.cross_vif, fabric.cross_port),
        (true, 1, 0x100)
    );
    assert_eq!(
        (host.cross_connect, host.cross_vif, host.cross_port),
        (true, 0, 0)
    );
    assert_eq!(
        (agent.kind, agent.cross_connect, agent.vrf),
        (VifKind::Agent, false, 0)
    );
    assert_eq!(
        entries.ports.keys().copied().collect::<Vec<_>>(),
        [0, 0x100]
    );
}

#[test]
fn a_guest_has_its_flags_and_its_nexthop() {
    let entries = compiled(json!([
        guest(3, "0x101"),
        guest(4, "0x0"),
        nexthop(23, "discard", json!({})),
        nexthop(24, "discard", json!({})),
    ]));
    let entry = entries.vifs[&3];
    assert_eq!(
        (entry.policy, entry.dhcp, entry.vrf, entry.nexthop),
        (true, true, 7, 23)
    );
    assert!(!entries.vifs[&4].policy && !entries.vifs[&4].dhcp);
    assert!(entries.vrfs[&7].valid, "a VRF that only an interface names");
    assert_eq!(entries.ports[&0x102].vif, 4);
}

#[test]
fn a_nexthop_has_all_that_lies_behind_it() {
    let entries = compiled(json!([
        fabric(),
        guest(3, "0x0"),
        vif(2, "agent", json!({})),
        vif(9, "vm", json!({"nh_id": 29})),
        nexthop(
            23,
            "encap",
            json!({"out_vif": 3, "rewrite_hex": ETHERNET, "flags": {"value": "0x2", "names": []}})
        ),
        nexthop(
            24,
            "encap",
            json!({"out_vif": 3, "rewrite_hex": ETHERNET, "family": "bridge"})
        ),
        nexthop(25, "encap", json!({"out_vif": 2, "rewrite_hex": ""})),
        nexthop(26, "encap", json!({"out_vif": 9, "rewrite_hex": ETHERNET})),
        nexthop(29, "discard", json!({})),
    ]));
    let encap = entries.nexthops[&23];
    assert_eq!(
        (encap.kind, encap.vif, encap.port),
        (NexthopKind::Encap, 3, 0x101)
    );
    assert_eq!(
        (encap.policy, encap.flow_nexthop, encap.bridge),
        (true, 23, false)
    );
    assert_eq!((encap.dst_mac, encap.src_mac), (0x0200_0000_0001, 2));
    assert_eq!(
        (
            entries.nexthops[&24].bridge,
            entries.nexthops[&24].flow_nexthop
        ),
        (true, 0)
    );
    assert_eq!(
        entries.nexthops[&25].kind,
        NexthopKind::Receive,
        "to the agent"
    );
    assert_eq!(
        entries.nexthops[&26].kind,
        NexthopKind::Discard,
        "nothing is plugged in"
    );
    let source = |id| entries.sources[&id];
    assert_eq!((source(23).kind, source(23).vif), (SourceKind::Vif, 3));
    assert_eq!(source(0).kind, SourceKind::Any);
}

#[test]
fn a_tunnel_wraps_as_its_flags_say() {
    let tunnel = |id, flags: &str, more: Value| {
        let mut tunnel = nexthop(
            id,
            "tunnel",
            json!({"out_vif": 0, "sip": "8.0.0.2", "dip": "8.0.0.3",
            "rewrite_hex": ETHERNET, "flags": {"value": flags, "names": []}}),
        );
        merge(&mut tunnel, more);
        tunnel
    };
    let entries = compiled(json!([
        fabric(),
        tunnel(30, "0x8", json!({})),
        tunnel(31, "0x40", json!({})),
        tunnel(32, "0x2000080", json!({"rw_dst_mac": "02:00:00:00:00:09"})),
        tunnel(33, "0x8", json!({"resolved": false, "rewrite_hex": ""})),
        tunnel(34, "0x8", json!({"sip": "fc00::1", "dip": "8.0.0.3"})),
        tunnel(37, "0x40", json!({"sip": "fc00::1", "dip": "fc00::2"})),
        tunnel(35, "0x10", json!({"sport": 1, "dport": 2})),
        nexthop(
            36,
            "composite",
            json!({"components": [{"nh": 30, "label": 1}], "family": "bridge",
                "flags": {"value": "0x1000", "names": []}})
        ),
    ]));
    let wrap = |id| (entries.nexthops[&id].kind, entries.nexthops[&id].tunnel);
    assert_eq!(wrap(30), (NexthopKind::Tunnel, TunnelKind::MplsGre));
    assert_eq!(wrap(31), (NexthopKind::Tunnel, TunnelKind::MplsUdp));
    assert_eq!(wrap(32), (NexthopKind::Tunnel, TunnelKind::Vxlan));
    let vxlan = entries.nexthops[&32];
    assert_eq!(
        (vxlan.l3_vxlan, vxlan.router_mac, vxlan.mtu),
        (true, 0x0200_0000_0009, 1500)
    );
    assert_eq!(
        (vxlan.tunnel_src, vxlan.tunnel_dst),
        (0x0800_0002, 0x0800_0003)
    );
    assert_eq!(wrap(36).0, NexthopKind::Discard, "a part of a list");
    for asks in [33, 34, 35] {
        assert_eq!(
            entries.nexthops[&asks].kind,
            NexthopKind::Resolve,
            "nexthop {asks}"
        );
    }
    assert_eq!(
        (entries.sources[&30].kind, entries.sources[&30].address),
        (SourceKind::Tunnel, 0x0800_0003)
    );
    assert_eq!(entries.sources[&36].kind, SourceKind::Any);
    let six = entries.nexthops[&37];
    assert_eq!(
        (six.kind, six.tunnel),
        (NexthopKind::Tunnel, TunnelKind::MplsUdp)
    );
    assert_eq!(
        (six.tunnel_v6, six.tunnel_src, six.tunnel_dst),
        (true, 0xfc00 << 112 | 1, 0xfc00 << 112 | 2)
    );
    let source = entries.sources[&37];
    assert_eq!(
        (source.kind, source.v6, source.address),
        (SourceKind::Tunnel, true, 0xfc00 << 112 | 2)
    );
    assert!(!entries.nexthops[&30].tunnel_v6 && !entries.sources[&30].v6);
}

#[test]
fn tunnels_end_at_an_address_of_either_family() {
    let of = |ip: &str| {
        compiled(json!([vif(
            0,
            "fabric",
            json!({"port": "wire0", "ip": ip})
        )]))
        .vifs[&0]
    };
    let entry = of("8.0.0.2");
    assert_eq!((entry.address, entry.address_v6), (0x0800_0002, false));
    let entry = of("2001:db8::11");
    assert_eq!(
        (entry.address, entry.address_v6),
        (0x2001_0db8 << 96 | 0x11, true)
    );
}

#[test]
fn labels_and_vnis_lead_where_their_nexthops_are() {
    let entries = compiled(json!([
        guest(3, "0x0"),
        nexthop(23, "encap", json!({"out_vif": 3, "rewrite_hex": ETHERNET})),
        nexthop(24, "encap", json!({"out_vif": 3, "rewrite_hex": ETHERNET, "family": "bridge", "vrf": 8})),
        nexthop(84, "vrf_translate", json!({"family": "bridge", "vrf": 9})),
        nexthop(85, "vrf_translate", json!({"vrf": 9})),
        {"object": "mpls", "label": 42, "nh": 23},
        {"object": "mpls", "label": 43, "nh": 24},
        {"object": "mpls", "label": 44, "nh": 85},
        {"object": "vxlan", "vnid": 50, "nh": 84},
    ]));
    let label = |label| {
        (
            entries.mpls[&label].action,
            entries.mpls[&label].vrf,
            entries.mpls[&label].nexthop,
        )
    };
    assert_eq!(
        label(42),
        (LabelAction::Nexthop, 7, 23),
        "the VRF is the interface's"
    );
    assert_eq!(label(43), (LabelAction::Frame, 8, 24));
    assert_eq!(label(44), (LabelAction::Route, 9, 85));
    assert_eq!(
        (entries.vxlans[&50].vrf, entries.vxlans[&50].key.vni),
        (9, 50)
    );
    assert!(entries.vrfs[&9].valid);
}

#[test]
fn macs_lead_to_guests_or_to_the_router() {
    let entries = compiled(json!([
        nexthop(3, "l2_rcv", json!({"family": "bridge"})),
        nexthop(4, "resolve", json!({})),
        {"object": "bridge", "vrf": 2, "mac": "00:00:5e:00:01:00", "nh": 3, "flags": []},
        {"object": "bridge", "vrf": 2, "mac": "02:00:00:00:00:11", "nh": 4, "flags": ["label_valid(L)"], "label": 77},
        {"object": "bridge", "vrf": 3, "mac": "02:00:00:00:00:11", "nh": 4, "flags": [], "label": 77},
        {"object": "bridge", "vrf": 2, "mac": "ff:ff:ff:ff:ff:ff", "nh": 4, "flags": []},
    ]));
    let found: Vec<_> = entries
        .bridges
        .values()
        .map(|entry| (entry.key.mac, entry.receive, entry.label))
        .collect();
    let guest = 0x0200_0000_0011;
    assert_eq!(
        found,
        [
            (0x5e00_0100, true, 0),
            (guest, false, 77),
            (guest, false, 0)
        ]
    );
}

#[test]
fn routes_are_sorted_into_word_banks_and_hosts() {
    let entries = compiled(json!([
        nexthop(4, "discard", json!({})),
        nexthop(5, "discard", json!({})),
        route(2, "0.0.0.0/0", 4),
        route(2, "10.0.0.0/8", 4),
        route(2, "10.1.0.0/16", 4),
        route(2, "10.1.1.1/32", 4),
        route(2, "::/0", 5),
        route(2, "2001:db8::/32", 4),
        route(2, "2001:db8::1:0/112", 4),
        route(2, "2001:db8::1/128", 4),
    ]));
    let word = entries.vrfs[&2];
    assert_eq!(
        (word.default_valid, word.default_nexthop, word.lengths()),
        (true, 4, [16, 8, 0, 0, 0, 0])
    );
    assert_eq!(
        (
            word.default6_valid,
            word.default6_nexthop,
            word.v6_lengths()
        ),
        (true, 5, [112, 32, 0, 0, 0, 0])
    );
    let found: Vec<String> = entries.routes.keys().map(ToString::to_string).collect();
    let prefixes = [
        "10.1.1.1/32",
        "10.1.0.0/16",
        "10.0.0.0/8",
        "2001:db8::1/128",
        "2001:db8::1:0/112",
        "2001:db8::/32",
    ];
    assert_eq!(found, prefixes.map(|prefix| format!("{prefix} in vrf 2")));
    assert!(entries
        .routes
        .iter()
        .all(|(prefix, entry)| prefix.key() == entry.key));
}

#[test]
fn of_two_objects_with_one_number_the_later_counts() {
    let entries = compiled(json!([
        guest(3, "0x0"),
        guest(3, "0x1"),
        nexthop(23, "discard", json!({})),
        nexthop(4, "discard", json!({})),
        nexthop(4, "l2_rcv", json!({"family": "bridge"})),
        nexthop(5, "discard", json!({})),
        route(2, "10.0.0.0/8", 4),
        route(2, "10.0.0.0/8", 5),
    ]));
    assert!(entries.vifs[&3].policy);
    assert_eq!(entries.nexthops[&4].kind, NexthopKind::L2Receive);
    let nexthops: Vec<u32> = entries.routes.values().map(|route| route.nexthop).collect();
    assert_eq!(nexthops, [5]);
}

#[test]
fn a_vrf_that_does_not_fit_is_punted_whole() {
    let four = |n: u32| route(2, &format!("10.{}.{}.0/24", n / 256, n % 256), 4);
    let six = |n: u32| route(2, &format!("fd00:{n:x}::/32"), 4);
    let one = vec![route(2, "fd00::/8", 4), route(2, "10.0.0.0/8", 4)];
    for many in [
        (0..257).map(four).collect::<Vec<_>>(),
        (0..257).map(six).collect(),
    ] {
        let mut list = vec![nexthop(4, "discard", json!({})), route(3, "10.0.0.0/8", 4)];
        list.extend(many);
        list.extend(one.clone());
        let entries = compiled(list.into());
        let punted = tables::VrfEntry {
            valid: true,
            punt_all: true,
            ..tables::VrfEntry::default()
        };
        assert_eq!(entries.vrfs[&2], punted);
        assert!(entries.routes.keys().all(|prefix| prefix.vrf == 3));
    }
}

#[test]
fn what_refers_to_nothing_is_refused() {
    let discard = || nexthop(4, "discard", json!({}));
    let cases = [
        (
            json!([route(2, "10.0.0.0/8", 4)]),
            "route 10.0.0.0/8 of vrf 2 leads to nexthop 4, which does not exist",
        ),
        (
            json!([{"object": "mpls", "label": 42, "nh": 9}]),
            "mpls 42 leads to nexthop 9, which does not exist",
        ),
        (
            json!([nexthop(9, "rcv", json!({"out_vif": 1}))]),
            "nexthop 9 leads to vif 1, which does not exist",
        ),
        (
            json!([vif(1, "host", json!({"cross_connect_vif": 0}))]),
            "vif 1 leads to vif 0, which does not exist",
        ),
        (
            json!([discard(), {"object": "vxlan", "vnid": 50, "nh": 4}]),
            "vxlan 50 leads to nexthop 4, expected one of type vrf_translate",
        ),
        (
            json!([nexthop(1024, "discard", json!({}))]),
            "the number of a nexthop is 1024, expected at most 1023",
        ),
        (
            json!([vif(63, "vm", json!({}))]),
            "the number of a vif is 63, expected at most 62",
        ),
        (
            json!([discard(), {"object": "mpls", "label": 5120, "nh": 4}]),
            "the number of a label is 5120, expected at most 5119",
        ),
        (
            json!([
                guest(3, "0x0"),
                nexthop(23, "discard", json!({})),
                nexthop(4, "encap", json!({"out_vif": 3, "rewrite_hex": "0102"}))
            ]),
            "nexthop 4 has a rewrite of 2 bytes, expected 14 or none",
        ),
        (
            json!([
                vif(3, "vm", json!({"port": "vf0"})),
                vif(4, "vm", json!({"port": "vf0"}))
            ]),
            "port vf0 is that of vif 3 and of vif 4, expected one of them",
        ),
        (
            json!([discard(), route(4096, "10.0.0.0/8", 4)]),
            "the number of a vrf is 4096, expected at most 4095",
        ),
        (
            json!([guest(3, "0x0")]),
            "vif 3 leads to nexthop 23, which does not exist",
        ),
        (
            json!([vif(3, "vm", json!({"mirror_index": 2}))]),
            "vif 3 leads to mirror 2, which does not exist",
        ),
        (
            json!([{"object": "mirror", "index": 0, "nh": 9, "dynamic_juniper_header": true}]),
            "mirror 0 leads to nexthop 9, which does not exist",
        ),
        (
            json!([nexthop(
                7,
                "composite",
                json!({"components": [{"nh": 9, "label": null}]})
            )]),
            "component 0 of nexthop 7 leads to nexthop 9, which does not exist",
        ),
        (
            json!([flow_pair(json!({}), json!({}))]),
            "the key of flow 10.0.0.1:1 to 10.0.0.2:2 of protocol 6 under nexthop 4 leads to nexthop 4, which does not exist",
        ),
        (
            json!([discard(), flow_pair(json!({"flags": ["snat"]}), json!({}))]),
            "flow 10.0.0.1:1 to 10.0.0.2:2 of protocol 6 under nexthop 4 is refused: it has flag snat without \
             rflow_valid, expected both: its answers' key has the new values (FLOW_NAT_NO_RFLOW)",
        ),
    ];
    for (list, expected) in cases {
        assert_eq!(refused(list), expected);
    }
}

#[test]
fn the_options_of_an_interface_are_on_the_card() {
    let more = json!({"check_source": true, "check_mac": "02:00:00:00:00:09", "decrement_hop_limit": true});
    let entries = compiled(json!([vif(3, "vm", more), vif(4, "vm", json!({}))]));
    let (on, off) = (entries.vifs[&3], entries.vifs[&4]);
    assert!(on.check_source && on.check_mac && on.hop_limit);
    assert_eq!(on.mac, 0x0200_0000_0009);
    assert!(!off.check_source && !off.check_mac && !off.hop_limit && off.mac == 0);
}

#[test]
fn flows_are_looked_up_before_one_of_several_is_chosen() {
    let fat = json!({"fat_flow_rules": [{"proto": 6, "port": 0}]});
    let composite = |id, flags: &str| {
        let components =
            json!([{"nh": 31, "label": 5}, {"nh": 24, "label": null}, {"nh": 23, "label": null}]);
        let flags = json!({"value": flags, "names": []});
        nexthop(
            id,
            "composite",
            json!({"vrf": 7, "components": components, "flags": flags}),
        )
    };
    let encap = |id: u32, out_vif: u32| {
        nexthop(
            id,
            "encap",
            json!({"out_vif": out_vif, "rewrite_hex": ETHERNET}),
        )
    };
    let entries = compiled(json!([
        fabric(),
        vif(3, "vm", json!({"vrf": 7})),
        vif(4, "vm", fat),
        encap(23, 3),
        encap(24, 4),
        nexthop(
            31,
            "tunnel",
            json!({"out_vif": 0, "sip": "8.0.0.1", "dip": "8.0.0.2", "rewrite_hex": ETHERNET, "copy_tos": true,
                "flags": {"value": "0x148", "names": []}})
        ),
        composite(70, "0x402"),
        composite(71, "0x400"),
        nexthop(
            72,
            "composite",
            json!({"components": [{"nh": 36, "label": null}],
            "flags": {"value": "0x20", "names": []}})
        ),
        nexthop(
            36,
            "composite",
            json!({"components": [{"nh": 31, "label": 5}],
            "flags": {"value": "0x1000", "names": []}})
        ),
    ]));
    let [policy, plain, flood] = [70, 71, 72].map(|id| entries.nexthops[&id]);
    assert_eq!(
        (policy.kind, policy.policy, policy.flow_nexthop),
        (NexthopKind::Ecmp, true, 70)
    );
    assert_eq!(
        (policy.vrf, policy.fat_set),
        (7, 1),
        "of the first member that is here"
    );
    assert_eq!(
        (plain.kind, plain.policy, plain.flow_nexthop),
        (NexthopKind::Ecmp, false, 0)
    );
    assert_eq!((flood.kind, flood.fat_set), (NexthopKind::List, 0));
    assert_eq!(
        (entries.nexthops[&24].fat_set, entries.nexthops[&23].vrf),
        (1, 7)
    );
    let tunnel = entries.nexthops[&31];
    assert_eq!(
        (tunnel.policy, tunnel.relaxed, tunnel.copy_tos),
        (true, true, true)
    );
}
