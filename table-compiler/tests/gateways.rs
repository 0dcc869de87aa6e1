//! Ways out on wires: what routes lead there, who is answered for, and what becomes of those who are heard.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, ArpAnswer, NexthopKind as CardKind, SourceKind, VifKind};
use underpass_table_compiler::entries::{entries, Entries, Prefix};
use underpass_table_compiler::objects::{
    Gateway, NexthopFlags, NexthopKind, RouteFlags, Vif, VifFlags, VifType,
};
use underpass_table_compiler::{compile, objects, parse, Mac, Network, Objects, Placed};

/// A network with a wire that has a router of each family, `more` keys of the gateway, and what stands behind.
fn network(more: &str, behind: &str) -> Network {
    let text = format!(
        "node: {{name: n1}}\n\
         underlay: {{port: wire0, mac: 0c:c4:7a:59:62:5c, address: 192.168.200.11/24}}\n\
         networks:\n\
         - name: routed\n  mode: l3\n  \
           subnets: [{{prefix: 192.0.2.0/24, gateway: 192.0.2.1}}, {{prefix: \"2001:db8::/64\"}}]\n\
         - {{name: inside, subnets: [{{prefix: 10.0.0.0/24, gateway: 10.0.0.1}}]}}\n\
         gateways:\n\
         - {{name: uplink, port: wire1, network: routed, mac: 02:00:00:00:01:00, addresses: [192.0.2.254, \"2001:db8::fe\"], {more}}}\n\
         interfaces:\n\
         - {{name: i, port: vf0, network: routed, mac: 02:00:00:00:00:01, addresses: [192.0.2.10, \"2001:db8::10\"]}}\n\
         - {{name: j, port: vf1, network: inside, mac: 02:00:00:00:00:02, addresses: [10.0.0.4]}}\n\
         {behind}"
    );
    parse("n.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const ROUTERS: &str = "routers: [192.0.2.1, \"2001:db8::1\"]";
const JOINED: &str = "policies: [{name: p, networks: [routed, inside], rules: [{action: pass}]}]\n";
const VRF: u16 = 1;

fn mac(last: u8) -> Mac {
    Mac([2, 0, 0, 0, 2, last])
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn gateway(objects: &Objects) -> &Gateway {
    objects.gateways.first().expect("the gateway")
}

fn vif(objects: &Objects) -> &Vif {
    let mut vifs = objects.vifs.iter();
    vifs.find(|vif| vif.vif_type == VifType::Gateway)
        .expect("its interface")
}

/// The nexthop of a route, and whether ARP for it is answered.
fn route(objects: &Objects, vrf: u16, prefix: &str) -> Option<(u32, bool)> {
    let mut routes = objects.routes.iter();
    let found = routes.find(|route| route.vrf == vrf && route.prefix.to_string() == prefix)?;
    assert_eq!(found.stitched_mac, None);
    Some((found.nh, found.flags.contains(RouteFlags::PROXY)))
}

/// Where an encap leads to; `None` of a resolve.
fn leads(objects: &Objects, nh: u32) -> Option<(u32, Mac, Mac)> {
    let mut nexthops = objects.nexthops.iter();
    let found = nexthops
        .find(|nexthop| nexthop.id == nh)
        .expect("a nexthop");
    match &found.kind {
        NexthopKind::Encap { out_vif, rewrite } => {
            let mac = |at: usize| Mac(std::array::from_fn(|i| rewrite.0[at + i]));
            Some((*out_vif, mac(0), mac(6)))
        }
        NexthopKind::Resolve { out_vif } => {
            assert_eq!(*out_vif, Some(vif(objects).idx));
            None
        }
        other => panic!("nexthop {nh} is {other:?}"),
    }
}

#[test]
fn everything_else_leads_to_the_routers() {
    let objects = objects(&network(ROUTERS, ""));
    let own = gateway(&objects);
    let [four, six] = [own.neighbors[0], own.neighbors[1]];
    assert!(four.router && six.router);
    // The address that a subnet gives its guests as theirs is the router's.
    for (prefix, nh) in [
        ("0.0.0.0/0", four.nh),
        ("192.0.2.1/32", four.nh),
        ("::/0", six.nh),
        ("2001:db8::1/128", six.nh),
        ("192.0.2.0/24", own.glean),
        ("2001:db8::/64", own.glean),
    ] {
        assert_eq!(route(&objects, VRF, prefix), Some((nh, true)), "{prefix}");
        assert_eq!(leads(&objects, nh), None, "{prefix}");
        assert_eq!(route(&objects, 2, prefix), None, "{prefix}");
    }
    let agent = route(&objects, 2, "10.0.0.1/32");
    assert_eq!(route(&objects, VRF, "192.0.2.254/32"), agent);
    assert_eq!(route(&objects, VRF, "2001:db8::fe/128"), agent);
    let mut bridges = objects.bridges.iter();
    assert!(bridges.any(|bridge| bridge.vrf == VRF && bridge.mac == vif(&objects).mac));
}

#[test]
fn without_routers_the_node_is_one_itself() {
    let objects = objects(&network("", ""));
    assert_eq!(route(&objects, VRF, "0.0.0.0/0"), None);
    assert_eq!(route(&objects, VRF, "::/0"), None);
    let agent = route(&objects, 2, "10.0.0.1/32");
    assert_eq!(route(&objects, VRF, "192.0.2.1/32"), agent);
    assert_eq!(gateway(&objects).neighbors, []);
}

#[test]
fn a_router_of_a_link_alone_has_no_route_of_its_own() {
    let mut network = network("routers: [\"fe80::1\"]", "");
    assert!(network.hear(VRF, address("fe80::1"), mac(1)));
    assert!(!network.hear(VRF, address("fe80::2"), mac(2)));
    let objects = objects(&network);
    let (nh, _) = route(&objects, VRF, "::/0").expect("a default route");
    assert_eq!(leads(&objects, nh), Some((3, mac(1), vif(&objects).mac)));
    assert_eq!(route(&objects, VRF, "fe80::1/128"), None);
}

#[test]
fn flows_are_set_up_where_something_is_decided() {
    let has_flows = |more: &str, behind: &str| {
        let objects = objects(&network(more, behind));
        let own = vif(&objects).flags.contains(VifFlags::POLICY);
        let mut encaps = objects
            .nexthops
            .iter()
            .filter(|nexthop| matches!(nexthop.kind, NexthopKind::Encap { out_vif: 3, .. }));
        let same = |flags: NexthopFlags| flags.contains(NexthopFlags::POLICY) == own;
        assert!(encaps.all(|encap| same(encap.flags)));
        own
    };
    let known = "neighbors: {192.0.2.7: 02:00:00:00:02:07}";
    assert!(!has_flows(known, ""));
    assert!(has_flows(&format!("{known}, snat: 203.0.113.5"), ""));
    assert!(has_flows(known, JOINED));
    let objects = objects(&network("snat: 203.0.113.5", ""));
    assert_eq!(gateway(&objects).snat, Some([203, 0, 113, 5].into()));
    let agent = route(&objects, 2, "10.0.0.1/32");
    assert_eq!(route(&objects, VRF, "203.0.113.5/32"), agent);
}

#[test]
fn joined_networks_see_the_wire_but_not_the_nodes_addresses() {
    let objects = objects(&network(&format!("{ROUTERS}, snat: 203.0.113.5"), JOINED));
    for prefix in [
        "0.0.0.0/0",
        "::/0",
        "192.0.2.0/24",
        "2001:db8::/64",
        "192.0.2.1/32",
    ] {
        assert_eq!(
            route(&objects, 2, prefix),
            route(&objects, VRF, prefix),
            "{prefix}"
        );
    }
    for prefix in ["192.0.2.254/32", "203.0.113.5/32"] {
        assert_eq!(route(&objects, 2, prefix), None, "{prefix}");
    }
}

/// An IPv4 prefix of the gateway's network, as the card has it.
fn prefix(address: u128, length: u8) -> Prefix {
    let (vrf, v6) = (VRF, false);
    Prefix {
        vrf,
        v6,
        length,
        address,
    }
}

fn card(network: &Network) -> Entries {
    entries(&objects(network), &SIM).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_card_takes_the_wire_for_a_guest_that_answers_for_itself() {
    let mut network = network(ROUTERS, "");
    assert!(network.hear(VRF, address("192.0.2.17"), mac(17)));
    let objects = objects(&network);
    let entries = card(&network);
    let own = entries.vifs[&3];
    assert_eq!((own.kind, own.check_arp), (VifKind::Vm, false));
    assert_eq!((own.vrf, own.router_mac), (VRF, 0x0200_0000_0100));
    let glean = entries.routes[&prefix(0xc000_0200, 24)];
    assert_eq!(
        (glean.arp, glean.nexthop),
        (ArpAnswer::Router, gateway(&objects).glean)
    );
    // ARP from the wire is answered unless the route leads back to its interface.
    let nexthop = entries.nexthops[&glean.nexthop];
    assert_eq!((nexthop.kind, nexthop.vif), (CardKind::Resolve, 3));
    assert_eq!(entries.sources[&glean.nexthop].kind, SourceKind::Any);
    let host = entries.routes[&prefix(0xc000_0211, 32)];
    let nexthop = entries.nexthops[&host.nexthop];
    assert_eq!(
        (nexthop.kind, nexthop.vif, nexthop.port),
        (CardKind::Encap, 3, 1)
    );
    assert_eq!(nexthop.dst_mac, 0x0200_0000_0211);
    assert_eq!(entries.vrfs[&1].default_arp, ArpAnswer::Router);
}

#[test]
fn who_is_heard_gets_a_nexthop_and_a_route() {
    let mut network = network(ROUTERS, "");
    let first = compile(&network, &Placed::empty(&SIM, 1)).expect("a small network fits");
    assert!(network.hear(VRF, address("192.0.2.17"), mac(17)));
    let second = compile(&network, &first.placed).expect("one more fits");
    let tables: Vec<u32> = second.plan.steps.iter().map(|step| step.table).collect();
    assert_eq!(tables, [id::NEXTHOP, id::SOURCE, id::ROUTE_HOST]);
    // A router is there already.
    assert!(network.hear(VRF, address("192.0.2.1"), mac(1)));
    let third = compile(&network, &second.placed).expect("it fits");
    let mut tables: Vec<u32> = third.plan.steps.iter().map(|step| step.table).collect();
    tables.sort_unstable();
    assert_eq!(tables, [id::NEXTHOP, id::SOURCE]);
    assert!(network.forget_neighbor(VRF, address("192.0.2.17")));
    assert!(!network.forget_neighbor(VRF, address("192.0.2.17")));
    assert!(network.forget_neighbor(VRF, address("192.0.2.1")));
    let last = compile(&network, &third.placed).expect("less fits");
    assert_eq!(last.placed.entries(), first.placed.entries());
}

#[test]
fn the_file_says_more_than_what_is_heard() {
    let more = format!("{ROUTERS}, neighbors: {{192.0.2.7: 02:00:00:00:02:07}}, snat: 203.0.113.5");
    let mut network = network(&more, "");
    for (who, why) in [
        ("192.0.2.7", "a neighbor of the file"),
        ("192.0.2.10", "a guest"),
        ("192.0.2.254", "the gateway itself"),
        (
            "203.0.113.5",
            "where addresses are translated to, and not on the wire",
        ),
        ("10.0.0.9", "not on the wire"),
    ] {
        assert!(!network.hear(VRF, address(who), mac(9)), "{why}");
    }
    assert!(!network.hear(VRF, address("192.0.2.8"), Mac::BROADCAST));
    assert!(!network.hear(2, address("192.0.2.8"), mac(8)), "no gateway");
    assert_eq!(network.neighbor(0, address("192.0.2.7")), Some(mac(7)));
    assert_eq!(network.neighbor(1, address("192.0.2.7")), None);
}

/// What the slow path does: it hears (true) or forgets one of a few addresses, by the last byte.
fn events() -> impl Strategy<Value = Vec<(bool, u8, u8)>> {
    prop::collection::vec((any::<bool>(), 0u8..24, 1u8..4), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whoever is known is reached by his MAC, by a nexthop that stays his, and nothing else moves.
    #[test]
    fn nexthops_stay_whose_they_are(events in events()) {
        let more = "routers: [192.0.2.1], neighbors: {192.0.2.7: 02:00:00:00:02:07}";
        let mut network = network(more, JOINED);
        let alone = card(&network);
        let mut placed = Placed::empty(&SIM, 1);
        let mut known: BTreeMap<IpAddr, (u32, Mac)> = BTreeMap::new();
        for (heard, last, to) in events {
            let who = IpAddr::from([192, 0, 2, last]);
            match heard {
                true => network.hear(VRF, who, mac(to)),
                false => network.forget_neighbor(VRF, who),
            };
            let objects = objects(&network);
            let now = gateway(&objects).neighbors.iter();
            let now: BTreeMap<IpAddr, (u32, Mac)> = now.filter_map(|one| Some((one.address, (one.nh, one.mac?)))).collect();
            for (who, (nh, _)) in &now {
                if let Some((before, _)) = known.get(who) {
                    prop_assert_eq!(nh, before);
                }
                let prefix = format!("{who}/32");
                prop_assert_eq!(route(&objects, VRF, &prefix), Some((*nh, true)));
                prop_assert_eq!(route(&objects, 2, &prefix), Some((*nh, true)));
            }
            for (nh, mac) in now.values() {
                prop_assert_eq!(leads(&objects, *nh), Some((3, *mac, vif(&objects).mac)));
            }
            known = now;
            let compiled = compile(&network, &placed).expect("few neighbors fit");
            placed = compiled.placed;
            for (row, nexthop) in &alone.nexthops {
                let router = nexthop.kind == CardKind::Resolve;
                prop_assert!(router || placed.entries().nexthops.get(row) == Some(nexthop));
            }
        }
        prop_assert_eq!(known.get(&address("192.0.2.10")), None);
        prop_assert!(known.len() <= 24);
    }
}
