//! What becomes of fat flows, allowed address pairs, floating addresses and options.

use underpass_layout::profile::SIM;
use underpass_layout::tables::NexthopKind as CardKind;
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::objects::{
    AllowedAddressPair, FloatingIp, NexthopFlags, NexthopKind, PairMember, Route, RouteFlags, Vif,
    VifFlags,
};
use underpass_table_compiler::{objects, parse, Mac, Network, Objects};

const HEAD: &str = "\
node: {name: n1, decrement_hop_limit: true, copy_tos: true}
underlay: {port: wire0, mac: 0c:c4:7a:59:62:5c, address: 192.168.200.11/24, neighbors: {192.168.200.12: 02:00:00:00:00:12}}
";

fn network(text: &str) -> Network {
    parse("n.yaml", &format!("{HEAD}{text}")).unwrap_or_else(|error| panic!("{error}"))
}

fn compile(text: &str) -> Objects {
    objects(&network(text))
}

fn mac(text: &str) -> Mac {
    text.parse().expect("a MAC")
}

fn route(objects: &Objects, vrf: u16, prefix: &str) -> Route {
    let mut routes = objects.routes.iter();
    let found = routes.find(|route| route.vrf == vrf && route.prefix.to_string() == prefix);
    found
        .unwrap_or_else(|| panic!("no {prefix} in vrf {vrf}"))
        .clone()
}

fn guest(objects: &Objects, name: &str) -> Vif {
    let mut vifs = objects.vifs.iter();
    let found = vifs.find(|vif| vif.name.as_deref() == Some(name));
    found.expect("an interface").clone()
}

/// Guests i and j of red (vrf 1), with these keys, and green (vrf 2), which a policy joins with red.
fn two(red: &str, i: &str, j: &str, more: &str) -> String {
    format!(
        "networks:\n\
         - {{name: red, {red}, subnets: [{{prefix: 10.1.1.0/24, gateway: 10.1.1.1, dns: 10.1.1.2}}]}}\n\
         - {{name: green, subnets: [{{prefix: 10.2.0.0/16}}]}}\n\
         interfaces:\n\
         - {{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1.3], {i}}}\n\
         - {{name: j, port: vf1, network: red, mac: 02:00:00:00:00:02, addresses: [10.1.1.4], {j}}}\n\
         policies: [{{name: p, networks: [red, green], rules: []}}]\n\
         {more}"
    )
}

#[test]
fn an_interfaces_fat_flows_come_before_its_networks() {
    let red =
        "fat_flows: [{protocol: tcp, port: 22}, {protocol: udp}], fat_flow_exclude: [8.8.8.0/24]";
    let own = "fat_flows: [{protocol: tcp, port: 22, ignore: destination}, {protocol: udp, source_prefix: 10.10.0.0/16, \
               source_aggregate: 24}], fat_flow_exclude: [8.8.8.8/32, 10.1.0.0/16]";
    let objects = compile(&two(red, own, "mode: flow", ""));
    let rules = |name| -> Vec<String> {
        let rules = guest(&objects, name).fat_flow_rules;
        rules.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        rules("i"),
        ["6:22 ignore dst", "17:* src 10.10.0.0/16 24", "17:*"]
    );
    assert_eq!(rules("j"), ["6:22", "17:*"]);
    let aggr = guest(&objects, "i").fat_flow_rules[1].aggr.clone();
    assert_eq!(aggr.as_deref(), Some("src4"));
    let exclude = |name| -> Vec<String> {
        let exclude = guest(&objects, name).fat_flow_exclude;
        exclude.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        exclude("i"),
        ["10.1.0.0/16", "8.8.8.0/24", "169.254.0.0/16", "fe80::/10"]
    );
    let services = [
        "8.8.8.0/24",
        "10.1.1.1/32",
        "10.1.1.2/32",
        "169.254.0.0/16",
        "fe80::/10",
    ];
    assert_eq!(exclude("j"), services);
    let entries = entries(&objects, &SIM).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        entries
            .fat_sets
            .values()
            .map(|set| set.rules.len())
            .collect::<Vec<_>>(),
        [3, 2]
    );
}

#[test]
fn without_fat_flows_nothing_is_left_out_of_them() {
    let four =
        "fat_flows: [{protocol: tcp, destination_prefix: 9.0.0.0/8, destination_aggregate: 8}]";
    let objects = compile(&two(
        "rpf: true",
        "fat_flow_exclude: [9.9.9.9/32]",
        four,
        "",
    ));
    assert!(guest(&objects, "i").fat_flow_exclude.is_empty());
    let exclude = guest(&objects, "j").fat_flow_exclude;
    assert!(
        exclude.iter().all(|prefix| prefix.addr().is_ipv4()),
        "of the family of its rules"
    );
}

const STANDBY: &str = "allowed_address_pairs: [{address: 10.1.1.254/32, mac: 00:00:5e:00:01:01, mode: active-standby}]";
const VIP: &str = "10.1.1.254/32";
const VIP_MAC: &str = "00:00:5e:00:01:01";

/// Where frames for a MAC of red go: to which interface.
fn bridged_to(objects: &Objects, to: &str) -> u32 {
    let mut bridges = objects.bridges.iter();
    let found = bridges.find(|bridge| bridge.vrf == 1 && bridge.mac == mac(to));
    behind(objects, found.expect("a bridge entry").nh).0
}

/// The interface behind a nexthop, and the MAC that it writes.
fn behind(objects: &Objects, nexthop: u32) -> (u32, Mac) {
    let mut nexthops = objects.nexthops.iter();
    let nexthop = nexthops.find(|one| one.id == nexthop).expect("a nexthop");
    match &nexthop.kind {
        NexthopKind::Encap { out_vif, rewrite } => {
            (*out_vif, Mac(rewrite.0[..6].try_into().expect("six bytes")))
        }
        other => panic!("{other:?} is no encap"),
    }
}

#[test]
fn a_standby_takes_over_when_it_is_heard() {
    let mut network = network(&two("rpf: true", STANDBY, STANDBY, ""));
    let before = objects(&network);
    let waiting = route(&before, 1, VIP);
    assert_eq!(waiting.flags, RouteFlags::TRAP | RouteFlags::FLOOD);
    assert_eq!(waiting.stitched_mac, None);
    assert_eq!(behind(&before, waiting.nh), (3, mac(VIP_MAC)));
    assert_eq!(bridged_to(&before, VIP_MAC), 3);

    let address = VIP.parse().expect("a prefix");
    assert!(network.activate("j", address), "news");
    assert!(!network.activate("j", address), "known");
    assert!(
        !network.activate("j", "10.1.1.9/32".parse().expect("a prefix")),
        "no such pair"
    );
    assert!(!network.activate("k", address), "no such interface");
    let after = objects(&network);
    let heard = route(&after, 1, VIP);
    assert_eq!(heard.flags, RouteFlags::TRAP | RouteFlags::PROXY);
    assert_eq!(heard.stitched_mac, Some(mac(VIP_MAC)));
    assert_eq!(behind(&after, heard.nh), (4, mac(VIP_MAC)));
    assert_eq!(bridged_to(&after, VIP_MAC), 4);
    let [pair] = &after.allowed_address_pairs[..] else {
        panic!("{:?}", after.allowed_address_pairs)
    };
    assert_eq!((pair.vrf, pair.address, pair.active), (1, address, Some(4)));
    let member = |vif, nh| PairMember {
        vif,
        mac: mac(VIP_MAC),
        nh,
    };
    assert_eq!(pair.members, [member(3, waiting.nh), member(4, heard.nh)]);
    assert_eq!(before.allowed_address_pairs[0].active, None);
    // All else stays as it is: the difference is one route and one MAC.
    let changed = |before: &[Route], after: &[Route]| {
        before
            .iter()
            .zip(after)
            .filter(|(one, other)| one != other)
            .count()
    };
    assert_eq!(
        changed(&before.routes, &after.routes),
        2,
        "in red, and seen from green"
    );
    assert_eq!((before.nexthops, before.vifs), (after.nexthops, after.vifs));
}

#[test]
fn a_pair_without_a_mac_has_the_guests() {
    let objects = compile(&two(
        "mode: l3",
        "allowed_address_pairs: [{address: 10.10.0.0/28}]",
        "mode: flow",
        "",
    ));
    let found = route(&objects, 1, "10.10.0.0/28");
    assert_eq!(found.flags, RouteFlags::TRAP | RouteFlags::PROXY);
    assert_eq!(Some(found.nh), guest(&objects, "i").nh_id);
    assert_eq!(
        route(&objects, 2, "10.10.0.0/28").flags,
        RouteFlags::PROXY,
        "seen from green"
    );
}

#[test]
fn all_of_an_active_active_pair_take_flows() {
    let pair = "allowed_address_pairs: [{address: 10.1.1.254, mode: active-active}]";
    let objects = compile(&two("rpf: true", pair, pair, ""));
    let found = route(&objects, 1, VIP);
    assert_eq!((found.flags, found.stitched_mac), (RouteFlags::PROXY, None));
    let mut nexthops = objects.nexthops.iter();
    let composite = nexthops
        .find(|nexthop| nexthop.id == found.nh)
        .expect("a nexthop");
    let NexthopKind::Composite { components, .. } = &composite.kind else {
        panic!("{composite:?}")
    };
    let members: Vec<_> = components.iter().map(|member| Some(member.nh)).collect();
    assert_eq!(members, ["i", "j"].map(|name| guest(&objects, name).nh_id));
    assert_eq!(
        composite.flags,
        NexthopFlags::COMP_ECMP | NexthopFlags::POLICY
    );
    let entries = entries(&objects, &SIM).unwrap_or_else(|error| panic!("{error}"));
    let entry = entries.nexthops[&found.nh];
    assert_eq!(
        (entry.kind, entry.flow_nexthop, entry.vrf),
        (CardKind::Ecmp, found.nh, 1)
    );
}

#[test]
fn one_guest_alone_has_its_active_active_pair() {
    // The guest's own address with another MAC: ARP is answered with that.
    let pair =
        "allowed_address_pairs: [{address: 10.1.1.3, mac: 04:03:02:01:02:03, mode: active-active}]";
    let objects = compile(&two("rpf: true", pair, "mode: flow", ""));
    let found = route(&objects, 1, "10.1.1.3/32");
    assert_eq!(
        (found.flags, found.stitched_mac),
        (RouteFlags::PROXY, Some(mac("04:03:02:01:02:03")))
    );
    assert_eq!(behind(&objects, found.nh), (3, mac("04:03:02:01:02:03")));
    let standby = pair.replace("active-active", "active-standby");
    let objects = compile(&two("rpf: true", &standby, "mode: flow", ""));
    let found = route(&objects, 1, "10.1.1.3/32");
    assert_eq!(
        found.stitched_mac,
        Some(mac("02:00:00:00:00:01")),
        "as if there were no pair"
    );
    assert_eq!(bridged_to(&objects, "04:03:02:01:02:03"), 3);
}

#[test]
fn a_floating_address_is_routed_in_its_network() {
    let objects = compile(&two(
        "rpf: true",
        "mode: flow",
        "mode: flow",
        "floating_ips: [{interface: j, address: 10.84.1.5, network: green}]\n",
    ));
    let found = route(&objects, 2, "10.84.1.5/32");
    let target = guest(&objects, "j");
    assert_eq!(
        (Some(found.nh), found.flags, found.stitched_mac),
        (target.nh_id, RouteFlags::PROXY, None)
    );
    let floating = FloatingIp {
        vif: target.idx,
        address: "10.84.1.5".parse().expect("an address"),
        vrf: 2,
        fixed: "10.1.1.4".parse().expect("an address"),
    };
    assert_eq!(objects.floating_ips, [floating]);
}

#[test]
fn options_are_said_where_they_hold() {
    let i = "check_mac: true, flow_limit: 100, drop_new_flows: true";
    let objects = compile(&two(
        "rpf: true",
        i,
        "mode: packet, check_source: true",
        "remote: [{network: red, prefix: 0.0.0.0/0, next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 20}]}]\n",
    ));
    let (i, j) = (guest(&objects, "i"), guest(&objects, "j"));
    assert_eq!(i.check_mac, Some(mac("02:00:00:00:00:01")));
    assert_eq!((i.flow_limit, j.flow_limit), (Some(100), None));
    assert!(
        i.flags.contains(VifFlags::DROP_NEW_FLOWS) && !j.flags.contains(VifFlags::DROP_NEW_FLOWS)
    );
    assert!(j.check_source && !i.check_source && j.check_mac.is_none());
    let goes_down: Vec<bool> = objects
        .vifs
        .iter()
        .map(|vif| vif.decrement_hop_limit)
        .collect();
    assert_eq!(goes_down, [true, false, false, true, true]);
    let tunnels = objects
        .nexthops
        .iter()
        .filter_map(|nexthop| match &nexthop.kind {
            NexthopKind::Tunnel(tunnel) => Some(tunnel.copy_tos),
            _ => None,
        });
    assert_eq!(tunnels.collect::<Vec<_>>(), [true]);
}

#[test]
fn a_pair_reads_back_as_written() {
    let objects = compile(&two("rpf: true", STANDBY, STANDBY, ""));
    let text = serde_json::to_string(&objects).expect("plain data");
    let back: Objects = serde_json::from_str(&text).expect("objects");
    assert_eq!(back, objects);
    let pair: &AllowedAddressPair = &back.allowed_address_pairs[0];
    let json = serde_json::to_value(pair).expect("plain data");
    assert_eq!(json["mode"], "active-standby");
}
