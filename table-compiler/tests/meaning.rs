//! What a network's objects mean: modes, joined networks, tunnels, allocated numbers.

use std::time::{Duration, Instant};

use underpass_table_compiler::objects::{
    Bridge, Nexthop, NexthopFlags, NexthopKind, Route, RouteFlags, TunnelNexthop, VifFlags,
};
use underpass_table_compiler::{objects, parse, Mac, Network, Objects};

const HEAD: &str = "\
node: {name: n1}
underlay:
  port: wire0
  mac: 0c:c4:7a:59:62:5c
  address: 192.168.200.11/24
  gateway: 192.168.200.1
  neighbors: {192.168.200.1: 02:00:00:00:00:fe, 192.168.200.12: 02:00:00:00:00:12}
";

fn network(text: &str) -> Network {
    parse("n.yaml", &format!("{HEAD}{text}")).unwrap_or_else(|error| panic!("{error}"))
}

fn compile(text: &str) -> Objects {
    objects(&network(text))
}

fn route<'a>(objects: &'a Objects, vrf: u16, prefix: &str) -> Option<&'a Route> {
    let wanted = |route: &&Route| route.vrf == vrf && route.prefix.to_string() == prefix;
    let mut found = objects.routes.iter().filter(wanted);
    let first = found.next();
    assert!(
        found.next().is_none(),
        "{prefix} has two routes in VRF {vrf}"
    );
    first
}

fn bridge<'a>(objects: &'a Objects, vrf: u16, mac: &str) -> Option<&'a Bridge> {
    let mac: Mac = mac.parse().expect("a MAC");
    objects
        .bridges
        .iter()
        .find(|bridge| bridge.vrf == vrf && bridge.mac == mac)
}

fn nexthop(objects: &Objects, id: u32) -> &Nexthop {
    objects
        .nexthops
        .iter()
        .find(|nexthop| nexthop.id == id)
        .expect("a nexthop that exists")
}

fn tunnel(objects: &Objects, id: u32) -> (NexthopFlags, &TunnelNexthop) {
    let nexthop = nexthop(objects, id);
    match &nexthop.kind {
        NexthopKind::Tunnel(tunnel) => (nexthop.flags, tunnel),
        other => panic!("nexthop {id} is {other:?}, expected a tunnel"),
    }
}

const GUEST: &str = "02:00:00:00:00:01";
const ROUTER: &str = "00:00:5e:00:01:00";
const ALL: &str = "ff:ff:ff:ff:ff:ff";
const NODE: &str = "0c:c4:7a:59:62:5c";

fn one_guest(mode: &str) -> Objects {
    compile(&format!(
        "networks: [{{name: a, vrf: 8, mode: {mode}, vni: 9, subnets: [{{prefix: 10.0.0.0/24, gateway: 10.0.0.1, dns: 10.0.0.2, dhcp: true}}]}}]\n\
         interfaces: [{{name: i, port: vf0, network: a, mac: {GUEST}, addresses: [10.0.0.3]}}]\n\
         remote: [{{network: a, mac: 02:00:00:00:00:09, addresses: [10.0.0.9], next_hops: [{{address: 192.168.200.12, encapsulation: vxlan, vni: 9}}]}}]\n"
    ))
}

#[test]
fn l2_l3_bridges_and_routes() {
    let objects = one_guest("l2-l3");
    let vif = &objects.vifs[3];
    let flags = VifFlags::POLICY | VifFlags::L3 | VifFlags::L2 | VifFlags::DHCP;
    assert_eq!(vif.flags, flags | VifFlags::ETREE_ROOT);
    for mac in [GUEST, ROUTER, ALL, NODE, "02:00:00:00:00:09"] {
        assert!(bridge(&objects, 8, mac).is_some(), "{mac}");
    }
    let flags = |prefix| route(&objects, 8, prefix).expect(prefix).flags;
    assert_eq!(flags("10.0.0.0/24"), RouteFlags::FLOOD);
    assert_eq!(flags("10.0.0.1/32"), RouteFlags::PROXY);
    assert_eq!(flags("10.0.0.2/32"), RouteFlags::PROXY);
    let guest = route(&objects, 8, "10.0.0.3/32").expect("the guest");
    assert_eq!(
        (guest.flags, guest.stitched_mac),
        (RouteFlags::PROXY, GUEST.parse().ok())
    );
    assert_eq!(Some(guest.nh), vif.nh_id);
    let elsewhere = route(&objects, 8, "10.0.0.9/32").expect("the guest elsewhere");
    assert_eq!(elsewhere.flags, RouteFlags::LABEL_VALID | RouteFlags::PROXY);
    assert_eq!(elsewhere.label, Some(9));
    assert_eq!(elsewhere.stitched_mac, "02:00:00:00:00:09".parse().ok());
    assert_eq!(objects.mpls.len(), 2);
}

#[test]
fn ipv6_is_routed_as_ipv4_is_but_link_local_is_not() {
    let objects = compile(
        "networks: [{name: a, vrf: 8, subnets: [{prefix: 2001:db8::/64, gateway: 2001:db8::1, dns: \"2001:db8::2\"}]}]
interfaces: [{name: i, port: vf0, network: a, mac: 02:00:00:00:00:01, addresses: [fe80::3, 2001:db8::3]}]
remote:
- {network: a, mac: 02:00:00:00:00:09, addresses: [\"2001:db8::9\", fe80::9], next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 20}]}
- {network: a, mac: 02:00:00:00:00:0a, addresses: [fe80::a], next_hops: [{address: 192.168.200.13, encapsulation: mpls-udp, label: 21}]}
",
    );
    let flags = |prefix| route(&objects, 8, prefix).expect(prefix).flags;
    assert_eq!(flags("2001:db8::/64"), RouteFlags::FLOOD);
    assert_eq!(flags("2001:db8::1/128"), RouteFlags::PROXY);
    assert_eq!(flags("2001:db8::2/128"), RouteFlags::PROXY);
    let guest = route(&objects, 8, "2001:db8::3/128").expect("the guest");
    assert_eq!(
        (guest.flags, guest.stitched_mac, Some(guest.nh)),
        (RouteFlags::PROXY, GUEST.parse().ok(), objects.vifs[3].nh_id)
    );
    let elsewhere = route(&objects, 8, "2001:db8::9/128").expect("the guest elsewhere");
    assert_eq!(elsewhere.flags, RouteFlags::LABEL_VALID | RouteFlags::PROXY);
    assert_eq!(elsewhere.stitched_mac, "02:00:00:00:00:09".parse().ok());
    let inside = objects.routes.iter().filter(|route| route.vrf == 8);
    assert_eq!(inside.count(), 5, "none of them link-local");
    assert!(bridge(&objects, 8, "02:00:00:00:00:0a").is_some());
}

#[test]
fn tunnels_over_ipv6_have_its_ethertype_and_the_gateways_mac() {
    let head = "node: {name: n1}\nunderlay: {port: wire0, mac: 02:00:00:00:00:0c, address: 2001:db8::11/64, gateway: fe80::1, neighbors: {\"2001:db8::12\": 02:00:00:00:00:12, \"fe80::1\": 02:00:00:00:00:fe}}\n";
    let hop =
        |address: &str, rest: &str| format!("next_hops: [{{address: \"{address}\", {rest}}}]");
    let text = format!(
        "{head}networks: [{{name: a}}]\nremote:\n\
         - {{network: a, prefix: 10.1.0.0/16, {}}}\n\
         - {{network: a, prefix: 10.2.0.0/16, {}}}\n\
         - {{network: a, prefix: 10.3.0.0/16, {}}}\n",
        hop("2001:db8::12", "encapsulation: mpls-gre, label: 20"),
        hop("2001:db8:7::1", "encapsulation: mpls-udp, label: 20"),
        hop(
            "2001:db8::13",
            "encapsulation: vxlan, vni: 20, mac: 02:00:00:00:00:13"
        ),
    );
    let network = parse("n.yaml", &text).unwrap_or_else(|error| panic!("{error}"));
    let objects = objects(&network);
    let tunnel = |prefix| tunnel(&objects, route(&objects, 1, prefix).expect(prefix).nh);
    let (flags, on_link) = tunnel("10.1.0.0/16");
    assert!(flags.contains(NexthopFlags::GRE));
    assert_eq!(on_link.rewrite.to_string(), "02000000001202000000000c86dd");
    assert_eq!(on_link.sip.to_string(), "2001:db8::11");
    let (_, behind) = tunnel("10.2.0.0/16");
    assert_eq!(behind.rewrite.to_string(), "0200000000fe02000000000c86dd");
    assert_eq!(behind.via, "fe80::1".parse().ok());
    let (_, unknown) = tunnel("10.3.0.0/16");
    assert!(!unknown.resolved && unknown.via == "2001:db8::13".parse().ok());
    let own = route(&objects, 0, "2001:db8::11/128").expect("the node's own address");
    assert_eq!(own.flags, RouteFlags::TRAP);
    assert_eq!(objects.vifs[1].ip, "2001:db8::11".parse().ok());
}

#[test]
fn l3_routes_only_and_answers_arp_itself() {
    let objects = one_guest("l3");
    assert!(objects.vifs[3].flags.contains(VifFlags::L3));
    assert!(!objects.vifs[3].flags.contains(VifFlags::L2));
    for mac in [GUEST, ALL, "02:00:00:00:00:09"] {
        assert_eq!(bridge(&objects, 8, mac), None, "{mac}");
    }
    assert!(bridge(&objects, 8, ROUTER).is_some());
    let inside: Vec<&Route> = objects
        .routes
        .iter()
        .filter(|route| route.vrf == 8)
        .collect();
    assert_eq!(inside.len(), 5);
    for route in inside {
        assert!(route.flags.contains(RouteFlags::PROXY), "{route:?}");
        assert!(!route.flags.contains(RouteFlags::FLOOD), "{route:?}");
        assert_eq!(route.stitched_mac, None, "{route:?}");
    }
    assert_eq!(objects.mpls.len(), 1);
}

#[test]
fn l2_has_no_routes_and_no_router() {
    let objects = one_guest("l2");
    assert!(objects.vifs[3].flags.contains(VifFlags::L2));
    assert!(!objects.vifs[3].flags.contains(VifFlags::L3));
    assert_eq!(bridge(&objects, 8, ROUTER), None);
    assert_eq!(bridge(&objects, 8, NODE), None);
    assert!(bridge(&objects, 8, GUEST).is_some());
    assert!(objects.routes.iter().all(|route| route.vrf != 8));
    assert_eq!(objects.mpls.len(), 1);
}

#[test]
fn packet_mode_has_no_policy_and_no_rpf_is_said() {
    let objects = compile(&format!(
        "networks: [{{name: a, rpf: false}}]\n\
         interfaces: [{{name: i, port: vf0, network: a, mac: {GUEST}, mode: packet}}]\n"
    ));
    assert!(!objects.vifs[3].flags.contains(VifFlags::POLICY));
    assert!(objects
        .nexthops
        .iter()
        .all(|nexthop| !nexthop.flags.contains(NexthopFlags::POLICY)));
    assert!(!objects.vrfs[0].rpf);
}

#[test]
fn joined_networks_see_routes_but_not_services_and_others_see_nothing() {
    let objects = compile(
        "networks:
- {name: a, subnets: [{prefix: 10.0.0.0/24, gateway: 10.0.0.1}]}
- {name: b, subnets: [{prefix: 10.0.1.0/24, gateway: 10.0.1.1}]}
- {name: c, subnets: [{prefix: 10.0.0.0/24, gateway: 10.0.0.1}]}
interfaces:
- {name: i, port: vf0, network: a, mac: 02:00:00:00:00:01, addresses: [10.0.0.3]}
- {name: j, port: vf1, network: c, mac: 02:00:00:00:00:01, addresses: [10.0.0.3]}
policies: [{name: p, networks: [a, b]}, {name: q, networks: [b, a]}]
remote: [{network: b, prefix: 10.9.0.0/16, next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, label: 99}]}]
",
    );
    let seen = route(&objects, 2, "10.0.0.3/32").expect("a's guest, from b");
    assert_eq!((seen.flags, seen.stitched_mac), (RouteFlags::PROXY, None));
    assert_eq!(Some(seen.nh), objects.vifs[3].nh_id);
    let seen = route(&objects, 1, "10.9.0.0/16").expect("b's prefix, from a");
    assert_eq!(seen.flags, RouteFlags::LABEL_VALID | RouteFlags::PROXY);
    assert_eq!(seen.label, Some(99));
    for (vrf, prefix) in [
        (1, "10.0.1.0/24"),
        (1, "10.0.1.1/32"),
        (2, "10.0.0.1/32"),
        (3, "10.9.0.0/16"),
    ] {
        assert_eq!(route(&objects, vrf, prefix), None, "{prefix} in VRF {vrf}");
    }
    let own = route(&objects, 3, "10.0.0.3/32").expect("c's guest");
    assert_eq!(Some(own.nh), objects.vifs[4].nh_id);
    assert_eq!(objects.policies[0].vrfs, [1, 2]);
}

#[test]
fn own_routes_come_before_joined_ones_and_first_before_second() {
    let hop = |label| {
        format!("next_hops: [{{address: 192.168.200.12, encapsulation: mpls-udp, label: {label}}}]")
    };
    let objects = compile(&format!(
        "networks: [{{name: a}}, {{name: b}}, {{name: c}}]\n\
         policies: [{{name: p, networks: [c, b, a]}}]\n\
         remote:\n\
         - {{network: c, prefix: 0.0.0.0/0, {}}}\n\
         - {{network: b, prefix: 0.0.0.0/0, {}}}\n",
        hop(30),
        hop(20),
    ));
    let label = |vrf| {
        route(&objects, vrf, "0.0.0.0/0")
            .expect("a default route")
            .label
    };
    assert_eq!(
        [label(1), label(2), label(3)],
        [Some(20), Some(20), Some(30)]
    );
}

#[test]
fn a_route_to_a_guest_elsewhere_takes_its_own_label_and_keeps_the_stitch() {
    let guest = "{network: a, mac: 02:00:00:00:00:09, addresses: [10.0.0.9], next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 38}]}";
    let prefix = "{network: a, prefix: 10.0.0.9/32, next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, label: 37}]}";
    for order in [[guest, prefix], [prefix, guest]] {
        let objects = compile(&format!(
            "networks: [{{name: a, subnets: [{{prefix: 10.0.0.0/24}}]}}]\nremote: [{}]\n",
            order.join(", ")
        ));
        let route = route(&objects, 1, "10.0.0.9/32").expect("the guest");
        assert_eq!(route.label, Some(37));
        assert_eq!(route.flags, RouteFlags::LABEL_VALID | RouteFlags::PROXY);
        assert_eq!(route.stitched_mac, "02:00:00:00:00:09".parse().ok());
        assert!(tunnel(&objects, route.nh).0.contains(NexthopFlags::GRE));
        let bridge = bridge(&objects, 1, "02:00:00:00:00:09").expect("the guest");
        assert_eq!(bridge.label, Some(38));
        assert!(tunnel(&objects, bridge.nh)
            .0
            .contains(NexthopFlags::MPLS_UDP));
    }
}

#[test]
fn a_prefix_elsewhere_that_is_a_subnet_still_floods() {
    let objects = compile(
        "networks: [{name: a, subnets: [{prefix: 10.0.0.0/24}]}]\n\
         remote: [{network: a, prefix: 10.0.0.0/24, next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 38}]}]\n",
    );
    let route = route(&objects, 1, "10.0.0.0/24").expect("the subnet");
    assert_eq!(route.flags, RouteFlags::LABEL_VALID | RouteFlags::FLOOD);
    assert_eq!(route.label, Some(38));
}

#[test]
fn tunnels_are_shared_and_go_by_the_gateway_or_wait_for_arp() {
    let hop = |address: &str, rest: &str| format!("next_hops: [{{address: {address}, {rest}}}]");
    let udp = "encapsulation: mpls-udp, label: 20";
    let objects = compile(&format!(
        "networks: [{{name: a}}, {{name: b}}]\n\
         remote:\n\
         - {{network: a, prefix: 10.1.0.0/16, {}}}\n\
         - {{network: b, prefix: 10.2.0.0/16, {}}}\n\
         - {{network: a, prefix: 10.3.0.0/16, {}}}\n\
         - {{network: a, prefix: 10.4.0.0/16, {}}}\n\
         - {{network: a, prefix: 10.5.0.0/16, {}}}\n\
         - {{network: a, prefix: 10.6.0.0/16, {}}}\n",
        hop("192.168.200.12", udp),
        hop("192.168.200.12", udp),
        hop("8.8.8.8", udp),
        hop("192.168.200.13", udp),
        hop(
            "192.168.200.12",
            "encapsulation: vxlan, vni: 7, mac: 02:00:00:00:00:12"
        ),
        hop(
            "192.168.200.12",
            "encapsulation: vxlan, vni: 7, mac: 02:00:00:00:00:13"
        ),
    ));
    let nh = |vrf, prefix| route(&objects, vrf, prefix).expect(prefix).nh;
    assert_eq!(nh(1, "10.1.0.0/16"), nh(2, "10.2.0.0/16"));

    let (_, on_link) = tunnel(&objects, nh(1, "10.1.0.0/16"));
    assert_eq!(on_link.rewrite.to_string(), "0200000000120cc47a59625c0800");
    assert!(on_link.resolved);
    let (_, behind) = tunnel(&objects, nh(1, "10.3.0.0/16"));
    assert_eq!(behind.rewrite.to_string(), "0200000000fe0cc47a59625c0800");
    assert_eq!(behind.via, "192.168.200.1".parse().ok());
    let (_, unknown) = tunnel(&objects, nh(1, "10.4.0.0/16"));
    assert!(!unknown.resolved);
    assert_eq!(unknown.rewrite.to_string(), "");
    assert_eq!(unknown.via, "192.168.200.13".parse().ok());

    let (flags, routed) = tunnel(&objects, nh(1, "10.5.0.0/16"));
    assert!(flags.contains(NexthopFlags::VXLAN | NexthopFlags::L3_VXLAN));
    assert_eq!(routed.rw_dst_mac, "02:00:00:00:00:12".parse().ok());
    assert_ne!(nh(1, "10.5.0.0/16"), nh(1, "10.6.0.0/16"));
}

#[test]
fn a_learned_neighbor_changes_nothing_but_its_tunnels() {
    let mut network = network(
        "networks: [{name: a}]\n\
         remote: [{network: a, prefix: 10.4.0.0/16, next_hops: [{address: 192.168.200.13, encapsulation: mpls-udp, label: 20}]}]\n",
    );
    let before = objects(&network);
    let mac = Mac([2, 0, 0, 0, 0, 0x13]);
    network
        .underlay
        .neighbors
        .insert("192.168.200.13".parse().expect("an address"), mac);
    let after = objects(&network);
    let changed: Vec<_> = before
        .nexthops
        .iter()
        .zip(&after.nexthops)
        .filter(|(old, new)| old != new)
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(before.routes, after.routes);
    let id = changed[0].1.id;
    assert!(!tunnel(&before, id).1.resolved && tunnel(&after, id).1.resolved);
}

#[test]
fn numbers_that_the_file_leaves_open_are_filled_in_file_order() {
    let text = "networks: [{name: a}, {name: b, vrf: 1}, {name: c}, {name: d, mode: l3, encapsulations: [vxlan]}]
interfaces:
- {name: i, port: vf0, network: a, mac: 02:00:00:00:00:01}
- {name: j, port: vf1, network: a, mac: 02:00:00:00:00:02, label: 16}
- {name: k, port: vf2, network: d, mac: 02:00:00:00:00:03}
";
    let before = network(text);
    let vrfs: Vec<u16> = before.networks.iter().map(|network| network.vrf).collect();
    assert_eq!(vrfs, [2, 1, 3, 4]);
    let labels: Vec<_> = before
        .interfaces
        .iter()
        .map(|i| (i.label, i.l2_label))
        .collect();
    let expected = [(Some(17), Some(5119)), (Some(16), Some(5118)), (None, None)];
    assert_eq!(labels, expected);

    let more = text.replace("d, mode", "e}, {name: d, mode")
        + "- {name: l, port: vf3, network: a, mac: 02:00:00:00:00:04}\n";
    let after = network(&more);
    assert_eq!(after.interfaces[..2], before.interfaces[..2]);
    assert_eq!(after.networks[..3], before.networks[..3]);
    assert_eq!(after.interfaces[3].label, Some(18));
}

#[test]
fn numbers_run_out_with_a_place() {
    let refusal = |text: String| {
        let error = parse("n.yaml", &format!("{HEAD}{text}")).expect_err("too many");
        error.to_string()
    };
    let networks: String = (0..4096).map(|n| format!("- {{name: n{n}}}\n")).collect();
    assert_eq!(
        refusal(format!("networks:\n{networks}")),
        "n.yaml:4104:3: found one network more than there are VRFs, expected at most 4095 networks"
    );
    let interface = |i| {
        let mac = format!("02:00:00:00:{:02x}:{:02x}", i / 256, i % 256);
        format!("- {{name: i{i}, port: vf{i}, network: a, mac: \"{mac}\"}}\n")
    };
    let interfaces: String = (0..5105).map(interface).collect();
    assert_eq!(
        refusal(format!("networks: [{{name: a}}]\ninterfaces:\n{interfaces}")),
        "n.yaml:5114:3: found one interface more than there are labels, expected at most 5104 labels"
    );
}

#[test]
fn the_ports_of_a_network_are_those_it_names() {
    let text = HEAD.replace("port: wire0", "host_port: host0\n  port: wire0");
    let text = format!(
        "{text}networks: [{{name: a}}]\n\
         interfaces: [{{name: i, port: vf3, network: a, mac: {GUEST}}}]\n"
    );
    let network = parse("n.yaml", &text).expect("a network");
    let ports: Vec<String> = network.ports().map(|port| port.to_string()).collect();
    assert_eq!(ports, ["wire0", "host0", "vf3"]);
}

/// References go to what exists, and to what comes earlier in the order of programming.
#[test]
fn nothing_dangles() {
    let objects = one_guest("l2-l3");
    let ids: Vec<u32> = objects.nexthops.iter().map(|nexthop| nexthop.id).collect();
    for (place, nexthop) in objects.nexthops.iter().enumerate() {
        let before = &ids[..place];
        assert!(!before.contains(&nexthop.id), "{ids:?}");
        match &nexthop.kind {
            NexthopKind::Composite { components, .. } => {
                assert!(components.iter().all(|member| before.contains(&member.nh)));
            }
            NexthopKind::Encap { out_vif, .. } | NexthopKind::Receive { out_vif } => {
                assert!(objects.vifs.iter().any(|vif| vif.idx == *out_vif));
            }
            _ => {}
        }
    }
    let used = objects.routes.iter().map(|route| route.nh);
    let used = used.chain(objects.bridges.iter().map(|bridge| bridge.nh));
    let used = used.chain(objects.mpls.iter().map(|mpls| mpls.nh));
    let used = used.chain(objects.vxlans.iter().map(|vxlan| vxlan.nh));
    let used = used.chain(objects.vifs.iter().filter_map(|vif| vif.nh_id));
    for nh in used {
        assert!(ids.contains(&nh), "{nh}");
    }
}

/// As many interfaces as a vRouter has, each with a neighbor elsewhere.
#[test]
fn four_thousand_interfaces_take_no_time() {
    let mut text = String::from("networks:\n");
    for n in 0..100 {
        text += &format!("- {{name: n{n}, subnets: [{{prefix: 10.{n}.0.0/16, gateway: 10.{n}.0.1}}], vni: {}}}\n", n + 1);
    }
    text += "interfaces:\n";
    for i in 0..4000 {
        let (n, host) = (i % 100, i / 100 + 2);
        text += &format!("- {{name: i{i}, port: vf{i}, network: n{n}, mac: \"02:00:00:00:{n:02x}:{host:02x}\", addresses: [10.{n}.1.{host}]}}\n");
    }
    text += "remote:\n";
    for i in 0..4000 {
        let (n, host) = (i % 100, i / 100 + 2);
        text += &format!("- {{network: n{n}, mac: \"02:00:00:01:{n:02x}:{host:02x}\", addresses: [10.{n}.2.{host}], next_hops: [{{address: 192.168.200.12, encapsulation: mpls-udp, label: {}}}]}}\n", i + 16);
    }
    text += "policies:\n";
    for n in (0..100).step_by(2) {
        text += &format!(
            "- {{name: p{n}, networks: [n{n}, n{}], rules: [{{action: pass}}]}}\n",
            n + 1
        );
    }
    let start = Instant::now();
    let network = network(&text);
    let parsed = start.elapsed();
    let objects = objects(&network);
    let all = start.elapsed();
    assert_eq!(objects.vifs.len(), 4003);
    // One step of work per interface takes 0.1 s; one per pair of them would take minutes.
    assert!(
        all < Duration::from_secs(5),
        "parse {parsed:?}, all {all:?}"
    );
    assert!(network
        .interfaces
        .iter()
        .all(|interface| interface.label.is_some()));
    let bridged = network
        .interfaces
        .iter()
        .filter(|interface| interface.l2_label.is_some());
    assert_eq!(bridged.count(), 5119 - 16 + 1 - 4000);
}
