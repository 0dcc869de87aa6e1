//! What a network with several receivers of one packet means in objects: flooding, sharing, mirrors, learning, marks.

use underpass_table_compiler::network::{LearnedAt, NetworkIndex};
use underpass_table_compiler::objects::{
    BridgeFlags, Component, EcmpFields, Family, Nexthop, NexthopFlags, NexthopKind, Objects,
    VifFlags,
};
use underpass_table_compiler::{objects, parse, Mac, Network};

const HEAD: &str = "\
node: {name: n1}
underlay:
  port: wire0
  mac: 0c:c4:7a:59:62:5c
  address: 192.168.200.11/24
  neighbors: {192.168.200.12: 02:00:00:00:00:12, 192.168.200.13: 02:00:00:00:00:13}
";

fn network(text: &str) -> Network {
    parse("n.yaml", &format!("{HEAD}{text}")).unwrap_or_else(|error| panic!("{error}"))
}

fn compile(text: &str) -> Objects {
    objects(&network(text))
}

fn nexthop(objects: &Objects, id: u32) -> &Nexthop {
    let mut nexthops = objects.nexthops.iter();
    nexthops
        .find(|nexthop| nexthop.id == id)
        .expect("a nexthop that exists")
}

/// Flags and members of a list.
fn list(objects: &Objects, id: u32) -> (NexthopFlags, &[Component]) {
    let nexthop = nexthop(objects, id);
    match &nexthop.kind {
        NexthopKind::Composite { components, .. } => (nexthop.flags, components),
        other => panic!("nexthop {id} is {other:?}, expected a list"),
    }
}

/// Where frames for many of a VRF go, and the label of that.
fn flood(objects: &Objects, vrf: u16) -> Option<(u32, Option<u32>)> {
    let all = |bridge: &&underpass_table_compiler::objects::Bridge| {
        bridge.vrf == vrf && bridge.mac == Mac::BROADCAST
    };
    let found = objects.bridges.iter().find(all);
    found.map(|bridge| (bridge.nh, bridge.label))
}

/// Where a copy goes, how, and with which label.
type Leg = (String, NexthopFlags, Option<u32>);

/// Kinds of the lists under a head, each with its legs.
fn legs(objects: &Objects, head: u32) -> Vec<(NexthopFlags, Vec<Leg>)> {
    let (flags, lists) = list(objects, head);
    assert_eq!(flags, NexthopFlags::MCAST);
    let leg = |member: &Component| {
        let nexthop = nexthop(objects, member.nh);
        let end = match &nexthop.kind {
            NexthopKind::Tunnel(tunnel) => tunnel.dip.to_string(),
            NexthopKind::Encap { out_vif, .. } => format!("vif {out_vif}"),
            other => panic!("{other:?} is no leg"),
        };
        (end, nexthop.flags, member.label)
    };
    let lists = lists.iter().map(|list| {
        let (flags, members) = self::list(objects, list.nh);
        (flags, members.iter().map(leg).collect())
    });
    lists.collect()
}

const ROOT: NexthopFlags = NexthopFlags::ETREE_ROOT;

/// Two guests of `a`, none of `b`.
const GUESTS: &str = "interfaces:
- {name: i, port: vf0, network: a, mac: 02:00:00:00:00:01, mode: packet}
- {name: j, port: vf1, network: a, mac: 02:00:00:00:00:02, mode: packet}
";

#[test]
fn frames_for_many_go_to_guests_tree_ends_and_switches() {
    let objects = compile(&format!(
        "networks: [{{name: a, vrf: 8}}, {{name: b, vrf: 9}}]\n{GUESTS}remote:\n\
         - {{network: a, flood: true, next_hops: [{{address: 192.168.200.12, encapsulation: mpls-udp, label: 4702}}]}}\n\
         - {{network: a, flood: true, kind: tor, next_hops: [{{address: 192.168.200.14, encapsulation: vxlan, vni: 77}}]}}\n\
         - {{network: a, flood: true, kind: tree, next_hops: [{{address: 192.168.200.13, encapsulation: mpls-gre, label: 4700}}]}}\n\
         - {{network: a, flood: true, next_hops: [{{address: 192.168.200.15, encapsulation: vxlan, vni: 78}}]}}\n"
    ));
    let (head, label) = flood(&objects, 8).expect("a head");
    assert_eq!(label, Some(8), "the VRF where there is no VNI");
    let end = |last: u8| format!("192.168.200.{last}");
    let guests = (
        NexthopFlags::COMP_ENCAP,
        vec![
            ("vif 3".to_owned(), ROOT, None),
            ("vif 4".to_owned(), ROOT, None),
        ],
    );
    let tor = (
        NexthopFlags::COMP_TOR,
        vec![(end(14), NexthopFlags::VXLAN | ROOT, Some(77))],
    );
    assert_eq!(
        legs(&objects, head),
        [
            guests.clone(),
            (
                NexthopFlags::COMP_FABRIC,
                vec![(end(13), NexthopFlags::GRE | ROOT, Some(4700))]
            ),
            (
                NexthopFlags::COMP_EVPN,
                vec![
                    (end(12), NexthopFlags::MPLS_UDP | ROOT, Some(4702)),
                    (end(15), NexthopFlags::VXLAN | ROOT, Some(78)),
                ]
            ),
            tor.clone(),
        ]
    );
    // What other nodes send by the two labels: along the tree, and head-end.
    let by_label: Vec<(u32, u32)> = objects
        .mpls
        .iter()
        .map(|mpls| (mpls.label, mpls.nh))
        .collect();
    let [(1023, by_head), (2560, by_tree)] = by_label[4..] else {
        panic!("{by_label:?}");
    };
    assert_eq!(by_tree, head);
    assert_eq!(legs(&objects, by_head), [guests, tor]);
    assert_eq!(flood(&objects, 9), None, "nobody is in b");
}

#[test]
fn a_group_stands_for_all_ends_over_vxlan() {
    let objects = compile(&format!(
        "networks: [{{name: a, vrf: 8, vni: 51, multicast_group: 239.129.1.100}}]\n{GUESTS}remote:\n\
         - {{network: a, flood: true, next_hops: [{{address: 192.168.200.12, encapsulation: vxlan, vni: 51}}, \
            {{address: 192.168.200.13, encapsulation: mpls-udp, label: 99}}]}}\n\
         - {{network: a, flood: true, kind: tor, next_hops: [{{address: 192.168.200.14, encapsulation: vxlan, vni: 51}}]}}\n"
    ));
    let (head, label) = flood(&objects, 8).expect("a head");
    assert_eq!(label, Some(51));
    let legs = legs(&objects, head);
    let ends = |list: usize| {
        legs[list]
            .1
            .iter()
            .map(|leg| leg.0.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(1), ["239.129.1.100", "192.168.200.13"]);
    assert_eq!(ends(2), ["192.168.200.14"]);
    let tunnel = objects
        .nexthops
        .iter()
        .find_map(|nexthop| match &nexthop.kind {
            NexthopKind::Tunnel(tunnel) if tunnel.dip.is_multicast() => Some(tunnel),
            _ => None,
        });
    let tunnel = tunnel.expect("a tunnel to the group");
    assert_eq!(tunnel.rewrite.to_string(), "01005e0101640cc47a59625c0800");
    assert!(tunnel.resolved && tunnel.via.is_none());
    assert_eq!(objects.vxlans[0].group, Some(tunnel.dip));
}

#[test]
fn labels_of_networks_stay_where_they_are() {
    let label = |first: &str, more: &str| {
        let text = format!(
            "networks: [{{name: a{first}}}, {{name: b}}]\n\
             interfaces: [{{name: k, port: vf2, network: b, mac: 02:00:00:00:00:03}}]\nremote:\n{more}\
             - {{network: b, flood: true, kind: tree, next_hops: [{{address: 192.168.200.12, encapsulation: mpls-udp, label: 99}}]}}\n"
        );
        let network = network(&text);
        (
            network.networks[0].tree_label,
            network.networks[1].tree_label,
        )
    };
    let more = "- {network: a, flood: true, kind: tree, next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 98}]}\n";
    assert_eq!(label("", ""), (None, Some(2561)));
    assert_eq!(label("", more), (Some(2560), Some(2561)));
    assert_eq!(label(", tree_label: 2561", more), (Some(2561), Some(2562)));
}

#[test]
fn several_next_hops_share_a_prefix_and_a_guest() {
    let objects = compile(
        "networks: [{name: a, vrf: 8, vni: 51, subnets: [{prefix: 10.0.0.0/24, gateway: 10.0.0.1}], ecmp_hash: [source-ip, destination-ip]}]\n\
         remote:\n\
         - {network: a, prefix: 9.9.9.0/24, next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 98}, \
           {address: 192.168.200.13, encapsulation: mpls-udp, label: 99}]}\n\
         - {network: a, prefix: 9.9.8.0/24, next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 98}, \
           {address: 192.168.200.13, encapsulation: mpls-udp, label: 99}]}\n\
         - {network: a, mac: 02:00:00:00:00:09, addresses: [10.0.0.9], next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 51}, \
           {address: 192.168.200.13, encapsulation: nvgre}]}\n",
    );
    let route = |prefix: &str| {
        let mut routes = objects.routes.iter();
        routes
            .find(|route| route.prefix.to_string() == prefix)
            .expect("a route")
    };
    let (one, other, guest) = (
        route("9.9.9.0/24"),
        route("9.9.8.0/24"),
        route("10.0.0.9/32"),
    );
    assert_eq!(one.nh, other.nh, "the same members are one nexthop");
    assert_eq!(one.label, None, "each member has its own");
    assert_eq!(list(&objects, one.nh).0, NexthopFlags::COMP_ECMP);
    let labels = |id| {
        list(&objects, id)
            .1
            .iter()
            .map(|member| member.label)
            .collect::<Vec<_>>()
    };
    assert_eq!(labels(one.nh), [Some(98), Some(99)]);
    let fields = match &nexthop(&objects, one.nh).kind {
        NexthopKind::Composite { hash, .. } => *hash,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        fields,
        EcmpFields::from_iter([EcmpFields::SOURCE, EcmpFields::DESTINATION])
    );

    let mut bridges = objects.bridges.iter();
    let bridge = bridges
        .find(|bridge| bridge.mac == Mac([2, 0, 0, 0, 0, 9]))
        .expect("a bridge entry");
    assert_eq!((bridge.flags, bridge.label), (BridgeFlags::NONE, None));
    assert_eq!(nexthop(&objects, bridge.nh).family, Family::Bridge);
    assert_eq!(nexthop(&objects, guest.nh).family, Family::Inet);
    assert_eq!(labels(bridge.nh), [Some(51), Some(51)]);
    let kinds = |id| {
        let members = list(&objects, id).1.iter();
        members
            .map(|member| nexthop(&objects, member.nh).flags)
            .collect::<Vec<_>>()
    };
    let (vxlan, nvgre) = (NexthopFlags::VXLAN | ROOT, NexthopFlags::NVGRE | ROOT);
    assert_eq!(kinds(bridge.nh), [vxlan, nvgre]);
    // NVGRE has no way to carry a routed packet.
    assert_eq!(kinds(guest.nh), [vxlan | NexthopFlags::L3_VXLAN, nvgre]);
}

#[test]
fn mirrors_are_as_the_published_ones() {
    let objects = compile(
        "networks:\n\
         - {name: 'default-domain:tim:traffic-net', vrf: 8}\n\
         - {name: mirror-net, vrf: 9, vni: 77}\n\
         interfaces:\n\
         - {name: vnf1, port: vf0, network: 'default-domain:tim:traffic-net', mac: 02:00:00:00:00:01, mirror: {analyzer: dpi}}\n\
         - {name: vnf2, port: vf1, network: 'default-domain:tim:traffic-net', mac: 02:00:00:00:00:02, mirror: {analyzer: here, direction: ingress}}\n\
         - {name: tap, port: vf2, network: mirror-net, mac: 02:00:00:00:00:03}\n\
         analyzers:\n\
         - {name: dpi, address: 7.7.7.3, udp_port: 8888, network: mirror-net}\n\
         - {name: here, juniper_header: false, mac: 02:00:00:00:00:03, network: mirror-net, snap_length: 64, rate_limit: 1000}\n\
         - {name: there, juniper_header: false, mac: 02:00:00:00:00:04, network: mirror-net}\n\
         - {name: host, address: 7.7.7.4, copy_source_ip: false, network: mirror-net}\n\
         policies: [{name: p, networks: [mirror-net, 'default-domain:tim:traffic-net'], rules: [{action: pass, mirror: [there, dpi]}, {action: deny}]}]\n\
         remote: [{network: mirror-net, mac: 02:00:00:00:00:04, next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 77}]}]\n",
    );
    let vif = |idx: u32| {
        let mut vifs = objects.vifs.iter();
        vifs.find(|vif| vif.idx == idx).expect("a vif")
    };
    let (both, rx) = (vif(3), vif(4));
    assert!(both
        .flags
        .contains(VifFlags::MIRROR_RX | VifFlags::MIRROR_TX));
    assert_eq!(both.mirror_index, Some(0));
    let hex = |bytes: &Option<underpass_table_compiler::objects::HexBytes>| {
        bytes.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let name = "1e64656661756c742d646f6d61696e3a74696d3a747261666669632d6e6574ff00";
    assert_eq!(hex(&both.mirror_metadata_rx_hex), format!("03{name}"));
    assert_eq!(hex(&both.mirror_metadata_tx_hex), format!("04{name}"));
    assert!(rx.flags.contains(VifFlags::MIRROR_RX) && !rx.flags.contains(VifFlags::MIRROR_TX));
    assert_eq!(
        (rx.mirror_index, &rx.mirror_metadata_rx_hex),
        (Some(1), &None)
    );
    assert_eq!(vif(5).mirror_index, None);

    let [dpi, here, there, host] = objects.mirrors.as_slice() else {
        panic!("{:?}", objects.mirrors);
    };
    assert_eq!(
        (dpi.index, here.index, there.index, host.index),
        (0, 1, 2, 3)
    );
    let to = nexthop(&objects, dpi.nh);
    assert_eq!(
        (to.vrf, to.flags),
        (9, NexthopFlags::UDP | NexthopFlags::SIP_COPY)
    );
    let NexthopKind::Tunnel(tunnel) = &to.kind else {
        panic!("{to:?}");
    };
    assert_eq!(tunnel.udp_ports, Some((8097, 8888)));
    assert_eq!(
        (tunnel.sip.to_string(), tunnel.dip.to_string()),
        ("192.168.200.11".into(), "7.7.7.3".into())
    );
    assert_eq!(nexthop(&objects, host.nh).flags, NexthopFlags::UDP);
    assert!(dpi.dynamic_juniper_header && !here.dynamic_juniper_header);
    assert_eq!(
        (here.snap_length, here.rate_limit, here.vni),
        (Some(64), Some(1000), None)
    );
    assert!(matches!(
        nexthop(&objects, here.nh).kind,
        NexthopKind::Encap { out_vif: 5, .. }
    ));
    assert_eq!(nexthop(&objects, here.nh).family, Family::Bridge);
    assert_eq!(there.vni, Some(77));
    assert_eq!(objects.policies[0].rules[0].mirrors, [2, 0]);
    assert!(objects.policies[0].rules[1].mirrors.is_empty());
}

#[test]
fn learning_flooding_and_leaves_are_flags() {
    let objects = compile(
        "networks:\n\
         - {name: a, vrf: 8, vni: 51, learn_macs: true, flood_unknown_unicast: true}\n\
         - {name: b, vrf: 9, vni: 52, mode: l3, flood_unknown_unicast: true}\n\
         forwarding_classes: [{name: best, dscp: 10}, {name: voice, dscp: 46, exp: 5, priority: 5, queue: 3}]\n\
         qos_maps: [{name: plain}, {name: gold, dscp: {46: voice}, priority: {5: best, 6: voice}}]\n\
         interfaces:\n\
         - {name: i, port: vf0, network: a, mac: 02:00:00:00:00:01, etree: leaf, qos: gold}\n\
         - {name: j, port: vf1, network: b, mac: 02:00:00:00:00:02}\n",
    );
    let (learn, flood) = (VifFlags::MAC_LEARN, VifFlags::UNKNOWN_UC_FLOOD);
    let (leaf, routed) = (&objects.vifs[3], &objects.vifs[4]);
    assert!(leaf.flags.contains(learn | flood));
    assert!(!leaf.flags.contains(VifFlags::ETREE_ROOT));
    assert!(routed.flags.contains(VifFlags::ETREE_ROOT));
    assert_eq!(routed.flags.when(true), routed.flags);
    assert!(!routed.flags.contains(learn) && !routed.flags.contains(flood));
    let behind = |vni: u32| {
        let vxlan = objects.vxlans.iter().find(|vxlan| vxlan.vnid == vni);
        nexthop(&objects, vxlan.expect("a VNI").nh).flags
    };
    assert_eq!(
        behind(51),
        NexthopFlags::UNKNOWN_UC_FLOOD | NexthopFlags::MAC_LEARN
    );
    assert_eq!(behind(52), NexthopFlags::NONE);
    let of_leaf =
        |nexthop: &&Nexthop| matches!(nexthop.kind, NexthopKind::Encap { out_vif: 3, .. });
    assert!(objects
        .nexthops
        .iter()
        .filter(of_leaf)
        .all(|nexthop| !nexthop.flags.contains(ROOT)));

    assert_eq!((leaf.qos_map, routed.qos_map), (Some(2), None));
    let gold = &objects.qos_maps[1];
    assert_eq!(
        (gold.id, gold.dscp.get(&46), gold.priority.get(&5)),
        (2, Some(&1), Some(&0))
    );
    let voice = objects.forwarding_classes[1];
    assert_eq!(
        (voice.id, voice.dscp, voice.exp, voice.priority, voice.queue),
        (1, 46, 5, 5, 3)
    );
}

#[test]
fn what_is_learned_is_sent_to_and_shown() {
    let mut network = network(&format!(
        "networks: [{{name: a, vrf: 8, vni: 51, learn_macs: true}}, {{name: b, vrf: 9}}]\n{GUESTS}"
    ));
    let mac = |last: u8| Mac([2, 0, 0, 0, 1, last]);
    let node = |last: u8| LearnedAt::Node([192, 168, 200, last].into());
    assert!(network.learn(8, mac(2), node(13)));
    assert!(!network.learn(8, mac(2), node(13)), "no news");
    assert!(network.learn(8, mac(3), LearnedAt::Interface(1)));
    for (vrf, mac, at) in [
        (9, mac(1), node(13)),
        (7, mac(1), node(13)),
        (8, Mac([2, 0, 0, 0, 0, 1]), node(13)),
        (8, Mac::BROADCAST, node(13)),
        (8, mac(1), LearnedAt::Interface(2)),
        (8, mac(1), LearnedAt::Node([10, 0, 0, 1].into())),
    ] {
        assert!(!network.learn(vrf, mac, at), "{vrf} {mac} {at:?}");
    }
    let before = objects(&network);
    let entry = |objects: &Objects, of: Mac| {
        let found = objects.bridges.iter().find(|bridge| bridge.mac == of);
        found.map(|bridge| (bridge.nh, bridge.label))
    };
    let (nh, label) = entry(&before, mac(2)).expect("a bridge entry");
    assert_eq!(label, Some(51));
    assert!(matches!(&nexthop(&before, nh).kind, NexthopKind::Tunnel(tunnel) if tunnel.resolved));
    let (local, label) = entry(&before, mac(3)).expect("a bridge entry");
    assert_eq!(label, None);
    assert!(matches!(
        nexthop(&before, local).kind,
        NexthopKind::Encap { out_vif: 4, .. }
    ));
    let shown: Vec<(u32, bool)> = before
        .learned
        .iter()
        .map(|learned| (learned.vif, learned.address.is_some()))
        .collect();
    assert_eq!(shown, [(0, true), (4, false)]);

    // Another end, heard later, takes no number from the first, even where its MAC comes before.
    let a = NetworkIndex(0);
    assert!(network.learn(8, mac(1), node(12)));
    assert!(network.learned.stale(a, mac(2)) && !network.learned.stale(a, mac(2)));
    let after = objects(&network);
    assert_eq!(entry(&after, mac(2)), entry(&before, mac(2)));
    assert_eq!(
        after.learned.len(),
        2,
        "one more, and one that is to show itself again"
    );
    assert!(network.learn(8, mac(2), node(13)), "it did");
    assert!(network.learn(8, mac(2), node(12)), "it moved");
    assert!(network.learned.forget(a, mac(2)) && !network.learned.forget(a, mac(2)));
    assert_eq!(entry(&objects(&network), mac(2)), None);
}
