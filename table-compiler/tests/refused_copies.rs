//! Refusals of what makes one packet several, or marks it: analyzers and mirrors, flooding, shared next hops, learning,
//! E-trees, classes; see `refusals.rs` for how cases read.

mod small_network;

use small_network::{refused, taken};

/// The start of an interface of network red, 73 columns wide in front of its next key.
const GUEST: &str = "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01,";

fn with(more: &str) -> String {
    format!("{GUEST} {more}}}]\n")
}

fn analyzer(more: &str) -> String {
    format!("analyzers: [{{name: dpi, network: red, {more}}}]\n")
}

fn flood(more: &str) -> String {
    format!("remote: [{{network: red, flood: true, {more}}}]\n")
}

/// `count` next hops, each of its own node.
fn next_hops(count: usize) -> String {
    let hop = |n: usize| {
        let (high, low) = (n / 200, n % 200 + 20);
        format!("{{address: 192.168.{high}.{low}, encapsulation: mpls-udp, label: 99}}")
    };
    let hops: Vec<String> = (0..count).map(hop).collect();
    format!("next_hops: [{}]", hops.join(", "))
}

/// An underlay with room for many nodes.
const WIDE: &str =
    "underlay: {port: wire0, mac: \"0c:c4:7a:59:62:5c\", address: 192.168.255.11/16}\n";
const IPV6: &str =
    "underlay: {port: wire0, mac: \"0c:c4:7a:59:62:5c\", address: \"2001:db8::b/64\"}\n";

#[test]
fn analyzers_that_cannot_be_reached() {
    let raw = |more: &str| analyzer(&format!("juniper_header: false{more}"));
    for (text, message) in [
        (
            "analyzers: [{network: red, address: 7.7.7.3}]\n".to_owned(),
            "1:13: found an analyzer without `name`, expected the key `name`",
        ),
        (
            "analyzers: [{name: dpi, address: 7.7.7.3}]\n".to_owned(),
            "1:13: found an analyzer without `network`, expected the key `network`",
        ),
        (
            "analyzers: [{name: dpi, network: green, address: 7.7.7.3}]\n".to_owned(),
            "1:34: found network `green`, expected the name of one in `networks`",
        ),
        (
            "analyzers: [{name: dpi, network: red, address: 7.7.7.3}, {name: dpi, network: red, address: 7.7.7.4}]\n".to_owned(),
            "1:65: found analyzer `dpi` a second time, expected it once, first at n.yaml:1:20",
        ),
        (
            analyzer("udp_port: 8888"),
            "1:13: found an analyzer without `address`, expected the key `address`",
        ),
        (
            analyzer("address: 224.0.0.7"),
            "1:48: found `224.0.0.7`, expected a unicast IP address such as 10.0.0.3 or 2001:db8::3",
        ),
        (
            analyzer("address: 7.7.7.3, udp_port: 0"),
            "1:67: found `0`, expected a port from 1 to 65535",
        ),
        (
            analyzer("address: 7.7.7.3, rate_limit: 0"),
            "1:69: found `0`, expected copies a second from 1 to 100000000",
        ),
        (
            analyzer("address: 7.7.7.3, snap_length: 0"),
            "1:70: found `0`, expected bytes from 14 to 16383",
        ),
        (
            analyzer("address: 7.7.7.3, mac: 02:00:00:00:00:01"),
            "1:57: found `mac` with `juniper_header: true`, expected `mac` with `juniper_header: false`",
        ),
        (
            analyzer("address: \"fd00::3\", copy_source_ip: false"),
            "1:48: found `\"fd00::3\"`, expected an IPv4 address like the node's 192.168.200.11, or `copy_source_ip: true`",
        ),
        (
            "analyzers: [{name: dpi, network: blue, address: 7.7.7.3}]\n".to_owned(),
            "1:34: found `blue`, expected a network that routes, with `juniper_header: true`: mode l2-l3 or l3",
        ),
        (
            raw(""),
            "1:13: found an analyzer without `mac`, expected the key `mac`",
        ),
        (
            raw(", mac: 02:00:00:00:00:09"),
            "1:67: found `02:00:00:00:00:09`, expected the MAC of an interface or a remote of the analyzer's network",
        ),
        (
            "networks: [{name: red, mode: l3}]\n".to_owned() + &raw(", mac: 02:00:00:00:00:01"),
            "2:34: found `red`, expected a network that bridges, with `juniper_header: false`: mode l2-l3 or l2",
        ),
    ] {
        refused(&[(&text, message)]);
    }
    let many: Vec<String> = (0..256)
        .map(|n| format!("\n- {{name: a{n}, network: red, address: 7.7.7.3}}"))
        .collect();
    refused(&[(
        &format!("analyzers:{}\n", many.concat()),
        "257:3: found 256 analyzers, expected at most 255",
    )]);
    taken(&[
        &format!("analyzers:{}\n", many[1..].concat()),
        &analyzer("address: 7.7.7.3, udp_port: 8888, juniper_header: true, copy_source_ip: false"),
        &analyzer("address: 7.7.7.3, snap_length: 14, rate_limit: 1"),
        &analyzer("address: \"fd00::3\""),
        &(raw(", address: 10.1.1.7, mac: 02:00:00:00:00:01") + &with("mode: packet")),
        &(raw(", mac: 02:00:00:00:00:09")
            + "remote: [{network: red, mac: 02:00:00:00:00:09, next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 51}]}]\n"),
    ]);
}

#[test]
fn mirrors_that_cannot_be() {
    let dpi = analyzer("address: 10.1.1.7");
    for (more, message) in [
        (
            "mirror: {direction: both}",
            "1:81: found a mirror without `analyzer`, expected the key `analyzer`",
        ),
        (
            "mirror: dpi",
            "1:81: found `dpi`, expected a mirror as a mapping",
        ),
        (
            "mirror: {analyzer: ids}",
            "1:92: found analyzer `ids`, expected the name of one in `analyzers`",
        ),
        (
            "mirror: {analyzer: dpi, direction: in}",
            "1:108: found `in`, expected ingress or egress or both",
        ),
        (
            "addresses: [10.1.1.3, 10.1.1.7], mirror: {analyzer: dpi}",
            "1:125: found analyzer `dpi`, which is interface `i` itself, expected an analyzer elsewhere",
        ),
        (
            "allowed_address_pairs: [{address: 10.1.1.0/28}], mirror: {analyzer: dpi}",
            "1:141: found analyzer `dpi`, which is interface `i` itself, expected an analyzer elsewhere",
        ),
    ] {
        refused(&[(&(with(more) + &dpi), message)]);
    }
    let raw = analyzer("juniper_header: false, mac: 02:00:00:00:00:01");
    refused(&[
        (
            &(with("mirror: {analyzer: dpi}") + &raw),
            "1:92: found analyzer `dpi`, which is interface `i` itself, expected an analyzer elsewhere",
        ),
        (
            &(with("addresses: [10.1.1.3], mirror: {analyzer: dpi}") + &analyzer("address: \"fd00::3\"")),
            "1:115: found analyzer `dpi`, which neither the node nor interface `i` has an IPv6 address for, \
             expected one of another family",
        ),
    ]);
    // The same address is somebody else's in another network.
    taken(&[
        &(with("addresses: [10.1.1.7], mirror: {analyzer: dpi, direction: egress}")
            + "networks: [{name: red, subnets: [{prefix: 10.1.1.0/24}]}, {name: green}]\n\
               analyzers: [{name: dpi, network: green, address: 10.1.1.7}]\n"),
    ]);
}

#[test]
fn metadata_that_is_too_long() {
    let file = |length: usize, more: &str| {
        let name = "n".repeat(length);
        format!(
            "networks: [{{name: {name}}}, {{name: m}}]\n\
             analyzers: [{{name: dpi, network: m, address: 7.7.7.3}}, {{name: raw, network: m, juniper_header: false, mac: 02:00:00:00:00:02}}]\n\
             interfaces:\n\
             - {{name: i, port: vf0, network: {name}, mac: 02:00:00:00:00:01{more}}}\n\
             - {{name: j, port: vf1, network: m, mac: 02:00:00:00:00:02}}\n"
        )
    };
    let policy = |length: usize, mirror: &str| {
        let name = "n".repeat(length);
        file(length, "")
            + &format!("policies:\n- {{name: p, networks: [{name}, m], rules: [{{action: pass, mirror: {mirror}}}]}}\n")
    };
    taken(&[
        &file(251, ", mirror: {analyzer: dpi}"),
        &file(252, ", mirror: {analyzer: raw}"),
        &policy(236, "dpi"),
        &policy(237, "raw"),
    ]);
    refused(&[
        (
            &file(252, ", mirror: {analyzer: dpi}"),
            "4:330: found 256 bytes of metadata, expected at most 255: a shorter name of the network",
        ),
        (
            &policy(237, "dpi"),
            "7:298: found 256 bytes of metadata, expected at most 255: shorter names of the networks",
        ),
    ]);
}

#[test]
fn mirrors_of_rules() {
    let rule = |mirror: &str| {
        "analyzers: [{name: a, network: red, address: 7.7.7.1}, {name: b, network: red, address: 7.7.7.2}, \
         {name: c, network: red, address: 7.7.7.3}]\n"
            .to_owned()
            + &format!("policies: [{{name: p, networks: [red, blue], rules: [{{action: deny, mirror: {mirror}}}]}}]\n")
    };
    refused(&[
        (
            &rule("d"),
            "2:76: found analyzer `d`, expected the name of one in `analyzers`",
        ),
        (
            &rule("[a, b, c]"),
            "2:83: found 3 analyzers, expected at most 2",
        ),
        (
            &rule("[a, a]"),
            "2:80: found analyzer `a` a second time, expected it once, first at n.yaml:2:77",
        ),
    ]);
    taken(&[&rule("a"), &rule("[a]"), &rule("[c, a]"), &rule("[]")]);
}

#[test]
fn groups_that_are_none() {
    for (more, message) in [
        (
            "vni: 51, multicast_group: 10.1.1.100",
            "1:50: found `10.1.1.100`, expected a multicast address such as 239.1.1.100 or ff15::100",
        ),
        (
            "vni: 51, multicast_group: 240.0.0.1",
            "1:50: found `240.0.0.1`, expected a multicast address such as 239.1.1.100 or ff15::100",
        ),
        (
            "vni: 51, multicast_group: 239.1.1.256",
            "1:50: found `239.1.1.256`, expected a multicast address such as 239.1.1.100 or ff15::100",
        ),
        (
            "vni: 51, multicast_group: \"ff15::100\"",
            "1:50: found `\"ff15::100\"`, expected an IPv4 group like the underlay's 192.168.200.11",
        ),
        (
            "multicast_group: 239.1.1.100",
            "1:24: found `multicast_group` in a network without `vni`, expected both",
        ),
        (
            "vni: 51, mode: l3, multicast_group: 239.1.1.100",
            "1:43: found `multicast_group` in a network of mode l3, which floods nothing, expected mode l2-l3 or l2",
        ),
        (
            "mode: l3, learn_macs: true",
            "1:34: found `learn_macs: true` in a network of mode l3, which bridges nothing, expected mode l2-l3 or l2",
        ),
        (
            "mode: l3, tree_label: 99",
            "1:34: found `tree_label` in a network of mode l3, which floods nothing, expected mode l2-l3 or l2",
        ),
        (
            "flood_label: 99}, {name: green, flood_label: 99",
            "1:69: found label `99` a second time, expected it once, first at n.yaml:1:37",
        ),
        (
            "flood_label: 1024",
            "1:37: found `1024`, expected a label from 16 to 1023",
        ),
        (
            "tree_label: 1023",
            "1:36: found `1023`, expected a label of a tree from 1024 to 5119",
        ),
        (
            "ecmp_hash: []",
            "1:35: found an empty list, expected a field",
        ),
        (
            "ecmp_hash: [protocol, vlan]",
            "1:46: found `vlan`, expected source-ip or destination-ip or protocol or source-port or destination-port",
        ),
        (
            "ecmp_hash: [protocol, protocol]",
            "1:46: found field `protocol` a second time, expected it once, first at n.yaml:1:36",
        ),
        (
            "encapsulations: [vxlan, nvgre]",
            "1:48: found `nvgre`, expected nvgre only in a network with a `vni`",
        ),
    ] {
        refused(&[(&format!("networks: [{{name: red, {more}}}]\n"), message)]);
    }
    refused(&[(
        &("networks: [{name: red, flood_label: 99}]\n".to_owned() + &with("label: 99")),
        "2:80: found label `99` a second time, expected it once, first at n.yaml:1:37",
    )]);
    taken(&[
        "networks: [{name: red, vni: 51, multicast_group: 239.1.1.100}, {name: green, vni: 52, multicast_group: 239.1.1.100}]\n",
        &(IPV6.to_owned() + "networks: [{name: red, vni: 51, multicast_group: \"ff15::100\"}]\n"),
        "networks: [{name: red, learn_macs: true, flood_unknown_unicast: true, ecmp_hash: [source-ip]}]\n",
        "networks: [{name: red, mode: l3, flood_unknown_unicast: true}]\n",
        "networks: [{name: red, vni: 51, encapsulations: [nvgre, mpls-udp]}]\n",
    ]);
}

#[test]
fn flooding_to_nobody_or_twice() {
    let hop = |more: &str| format!("next_hops: [{{address: 192.168.200.12, {more}}}]");
    let one = hop("encapsulation: mpls-gre, label: 99");
    let vxlan = hop("encapsulation: vxlan, vni: 51");
    for (more, message) in [
        (
            "kind: evpn".to_owned(),
            "1:10: found a remote without `next_hops`, expected the key `next_hops`",
        ),
        (
            "next_hops: []".to_owned(),
            "1:49: found an empty list, expected a next hop",
        ),
        (
            format!("kind: mesh, {one}"),
            "1:44: found `mesh`, expected evpn or tree or tor",
        ),
        (
            format!("mac: 02:00:00:00:00:01, {one}"),
            "1:38: found `mac` with `flood: true`, expected one of them",
        ),
        (
            format!("kind: tree, {vxlan}"),
            "1:103: found `vxlan`, expected mpls-gre or mpls-udp for a leg of a tree",
        ),
        (
            format!("kind: tree, {}", hop("encapsulation: nvgre")),
            "1:103: found `nvgre`, expected mpls-gre or mpls-udp for a leg of a tree",
        ),
        (
            hop("encapsulation: vxlan, vni: 51, mac: 02:00:00:00:00:01"),
            "1:107: found `mac`, expected a router's `mac` only for a prefix over vxlan",
        ),
        (
            "next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, label: 98}, \
             {address: 192.168.200.12, encapsulation: vxlan, vni: 51}]"
                .to_owned(),
            "1:113: found flood next hop `192.168.200.12` a second time, expected it once, first at n.yaml:1:50",
        ),
        (
            "next_hops: [{address: 192.168.200.11, encapsulation: mpls-gre, label: 98}]".to_owned(),
            "1:60: found `192.168.200.11`, expected another node's address",
        ),
    ] {
        refused(&[(&flood(&more), message)]);
    }
    let tree = "remote: [{network: red, flood: true, kind: tree, next_hops: [{address: \"2001:db8::c\", encapsulation: mpls-udp, label: 99}]}]\n";
    refused(&[
        (
            &(tree.to_owned() + IPV6),
            "1:38: found a tree over an IPv6 underlay, expected kind evpn",
        ),
        (
            &("networks: [{name: red, mode: l3}]\n".to_owned() + &flood(&one)),
            "2:20: found `red`, expected a network that bridges: mode l2-l3 or l2",
        ),
        (
            &(WIDE.to_owned() + &flood(&next_hops(1001))),
            "2:61650: found 1001 next hops, expected at most 1000",
        ),
    ]);
    taken(&[
        &(WIDE.to_owned() + &flood(&next_hops(1000))),
        &flood(&format!("kind: tree, {one}")),
        &flood(&format!("kind: tor, {vxlan}")),
        &flood(&hop("encapsulation: nvgre")),
    ]);
}

#[test]
fn next_hops_that_share() {
    let prefix = |hops: &str| format!("remote: [{{network: red, prefix: 9.9.9.0/24, {hops}}}]\n");
    let two = |more: &str| {
        let first = "{address: 192.168.200.12, encapsulation: mpls-gre, label: 98}";
        prefix(&format!(
            "next_hops: [{first}, {{address: 192.168.200.12, {more}}}]"
        ))
    };
    refused(&[
        (
            &two("encapsulation: mpls-gre, label: 98"),
            "1:120: found next hop 192.168.200.12 a second time, expected it once",
        ),
        (
            &two("encapsulation: vxlan, vni: 51"),
            "1:120: found a next hop without `mac`, expected the key `mac`",
        ),
        (
            &two("encapsulation: nvgre"),
            "1:161: found `nvgre`, expected another encapsulation: nvgre carries frames, not routed packets",
        ),
        (
            &(WIDE.to_owned() + &prefix(&next_hops(65))),
            "2:3961: found 65 next hops, expected at most 64",
        ),
        (
            "remote: [{network: blue, mac: 02:00:00:00:00:01, next_hops: [{address: 192.168.200.12, encapsulation: nvgre}]}]\n",
            "1:103: found `nvgre`, expected nvgre only with a `vni`, here or of the network",
        ),
        (
            "remote: [{network: red, mac: 02:00:00:00:00:01, next_hops: [{address: 192.168.200.12, encapsulation: nvgre, label: 51}]}]\n",
            "1:109: found `label`, expected a `vni` over nvgre",
        ),
        (
            "networks: [{name: red, mode: l3, vni: 51}]\n\
             remote: [{network: red, mac: 02:00:00:00:00:01, next_hops: [{address: 192.168.200.12, encapsulation: nvgre}]}]\n",
            "2:102: found `nvgre`, expected another encapsulation: nvgre carries frames, not routed packets",
        ),
    ]);
    taken(&[
        &two("encapsulation: mpls-gre, label: 99"),
        &two("encapsulation: mpls-udp, label: 98"),
        &(WIDE.to_owned() + &prefix(&next_hops(64))),
        "remote: [{network: blue, mac: 02:00:00:00:00:01, next_hops: [{address: 192.168.200.12, encapsulation: nvgre, vni: 77}]}]\n",
    ]);
}

#[test]
fn leaves_and_classes() {
    let classes = "forwarding_classes: [{name: voice, dscp: 46, exp: 5}]\n";
    refused(&[
        (
            &with("etree: leaf"),
            "1:73: found `etree: leaf` in a network that learns no MACs, expected one with `learn_macs: true`",
        ),
        (
            &with("etree: branch"),
            "1:80: found `branch`, expected root or leaf",
        ),
        (
            &with("qos: gold"),
            "1:78: found QoS map `gold`, expected the name of one in `qos_maps`",
        ),
        (
            "forwarding_classes: [{name: voice, dscp: 64}]\n",
            "1:42: found `64`, expected a DSCP from 0 to 63",
        ),
        (
            "forwarding_classes: [{name: voice, exp: 8}]\n",
            "1:41: found `8`, expected a traffic class of MPLS from 0 to 7",
        ),
        (
            "forwarding_classes: [{name: voice, queue: 32}]\n",
            "1:43: found `32`, expected a queue from 0 to 31",
        ),
        (
            "forwarding_classes: [{name: voice}, {name: voice}]\n",
            "1:44: found forwarding class `voice` a second time, expected it once, first at n.yaml:1:29",
        ),
        (
            &(classes.to_owned() + "qos_maps: [{name: gold, dscp: {64: voice}}]\n"),
            "2:32: found `64`, expected a DSCP from 0 to 63",
        ),
        (
            &(classes.to_owned() + "qos_maps: [{name: gold, priority: {5: video}}]\n"),
            "2:39: found forwarding class `video`, expected the name of one in `forwarding_classes`",
        ),
        (
            &(classes.to_owned() + "qos_maps: [{name: gold, dscp: {7: voice, 07: voice}}]\n"),
            "2:42: found a DSCP `7` a second time, expected it once, first at n.yaml:2:32",
        ),
        (
            &(classes.to_owned() + "qos_maps: [{name: gold, dscp: [46]}]\n"),
            "2:31: found a list, expected a mapping of numbers to forwarding classes",
        ),
    ]);
    taken(&[
        &(with("etree: leaf") + "networks: [{name: red, learn_macs: true}]\n"),
        &with("etree: root"),
        &(classes.to_owned()
            + "qos_maps: [{name: gold, dscp: {46: voice, 0: voice}, priority: {5: voice}}]\n"
            + &with("qos: gold")),
    ]);
}
