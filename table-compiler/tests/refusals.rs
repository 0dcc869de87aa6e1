//! Every refusal of a network file: its place and its words.
//!
//! A case is a file that is right but for one thing. `[section]` text replaces that section of a small
//! network, so that line numbers stay readable: a case's own first line is line 1.

use underpass_table_compiler::parse;

mod small_network;

use small_network::{refused, taken};

#[test]
fn the_small_network_itself_is_taken() {
    taken(&[""]);
}

#[test]
fn text_that_is_not_one_yaml_mapping() {
    for (text, message) in [
        ("", "1:1: found an empty file, expected a network"),
        ("# nothing\n", "1:1: found an empty file, expected a network"),
        ("- node\n", "1:1: found a list, expected a network file as a mapping"),
        ("node: 1\nnode: 2\n", "2:1: found key `node` a second time, expected it once, first at n.yaml:1:1"),
        ("node: {name: a, name: b}\n", "1:17: found key `name` a second time, expected it once, first at n.yaml:1:8"),
        ("a: 1\n---\nb: 1\n", "2:1: found a second document, expected one document"),
        ("[a]: 1\n", "1:1: found a list, expected a key"),
        ("node: !x {name: a}\n", "1:7: found a YAML tag, expected a value without a tag"),
        (
            "node: {name: n1\n",
            "2:1: found text that is not YAML (while parsing a flow mapping, did not find expected ',' or '}'), expected YAML",
        ),
        (
            "node:\n  name: a\n bad: b\n",
            "3:2: found text that is not YAML (while parsing a block mapping, did not find expected key), expected YAML",
        ),
    ] {
        let error = parse("n.yaml", text).expect_err(text);
        assert_eq!(error.to_string(), format!("n.yaml:{message}"), "\n{text}");
    }
}

#[test]
fn nesting_and_aliases_are_bounded() {
    let deep = format!("node: {}", "[".repeat(70));
    let error = parse("n.yaml", &deep).expect_err("too deep");
    assert_eq!(
        error.to_string(),
        "n.yaml:1:70: found lists and mappings nested too deep, expected at most 64 levels"
    );

    for deep in ["[", "- ", "{a: ", "? ", "a:\n "] {
        let text = deep.repeat(100_000);
        parse("n.yaml", &text).expect_err("too deep");
    }

    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (inner, outer) in ('a'..='h').zip('b'..='i') {
        let ten = vec![format!("*{inner}"); 10].join(", ");
        bomb += &format!("{outer}: &{outer} [{ten}]\n");
    }
    let error = parse("n.yaml", &bomb).expect_err("too much").to_string();
    assert!(
        error.contains("found aliases that stand for too much"),
        "{error}"
    );

    let error = parse("n.yaml", "node: &n [*n]\n")
        .expect_err("a loop")
        .to_string();
    assert_eq!(
        error,
        "n.yaml:1:11: found an alias inside its own anchor, expected a value"
    );

    taken(&["policies:\n- {name: p, networks: &both [red, blue]}\n- {name: q, networks: *both}\n"]);
}

#[test]
fn keys_that_are_unknown_or_missing() {
    refused(&[
        (
            "nodes: 1\n",
            "1:1: found unknown key `nodes` in a network file, expected one of `node`, `underlay`, `networks`, `gateways`, `interfaces`, `analyzers`, `forwarding_classes`, `qos_maps`, `policies`, `floating_ips`, `remote`",
        ),
        (
            "node: {name: n1, rooter_mac: x}\n",
            "1:18: found unknown key `rooter_mac` in a node, expected one of `name`, `router_mac`, `decrement_hop_limit`, `copy_tos`, `punt_limit`",
        ),
        ("node: {}\n", "1:7: found a node without `name`, expected the key `name`"),
        ("node:\n", "1:1: found a network file without `node`, expected the key `node`"),
        ("node:\n  router_mac: 02:00:00:00:00:01\n", "2:3: found a node without `name`, expected the key `name`"),
        ("networks: [{mode: l3}]\n", "1:12: found a network without `name`, expected the key `name`"),
        (
            "networks:\n- name: red\n  subnets:\n  - gateway: 1.1.1.1\n",
            "4:5: found a subnet without `prefix`, expected the key `prefix`",
        ),
        (
            "interfaces:\n- {name: i, port: vf0, network: red}\n",
            "2:3: found an interface without `mac`, expected the key `mac`",
        ),
        ("policies: [{networks: [red]}]\n", "1:12: found a policy without `name`, expected the key `name`"),
        ("policies: [{name: p, rules: [{}]}]\n", "1:30: found a rule without `action`, expected the key `action`"),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24}]\n",
            "1:10: found a remote without `next_hops`, expected the key `next_hops`",
        ),
    ]);
}

#[test]
fn values_of_the_wrong_type() {
    refused(&[
        ("node: [n1]\n", "1:7: found a list, expected a node as a mapping"),
        ("node: {name: [n1]}\n", "1:14: found a list, expected a name of printable characters"),
        ("node: {name: \"\"}\n", "1:14: found `\"\"`, expected a name of printable characters"),
        ("node: {name: \"a\\nb\"}\n", "1:14: found `\"a\\nb\"`, expected a name of printable characters"),
        ("networks: {name: red}\n", "1:11: found a mapping, expected a list"),
        ("networks: [{name: red, rpf: yes}]\n", "1:29: found `yes`, expected true or false"),
        ("networks: [{name: red, rpf: \"true\"}]\n", "1:29: found `\"true\"`, expected true or false"),
        ("networks: [{name: red, vrf: \"8\"}]\n", "1:29: found `\"8\"`, expected a VRF from 1 to 4095"),
        ("networks: [{name: red, mode: l4}]\n", "1:30: found `l4`, expected l2-l3 or l3 or l2"),
        (
            "networks: [{name: red, encapsulations: [gre]}]\n",
            "1:41: found `gre`, expected mpls-gre or mpls-udp or vxlan or nvgre",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, mode: fast}]\n",
            "1:79: found `fast`, expected flow or packet",
        ),
    ]);
}

#[test]
fn numbers_out_of_range() {
    refused(&[
        ("networks: [{name: red, vrf: 0}]\n", "1:29: found `0`, expected a VRF from 1 to 4095"),
        ("networks: [{name: red, vrf: 4096}]\n", "1:29: found `4096`, expected a VRF from 1 to 4095"),
        ("networks: [{name: red, vrf: -1}]\n", "1:29: found `-1`, expected a VRF from 1 to 4095"),
        ("networks: [{name: red, vrf: 1.5}]\n", "1:29: found `1.5`, expected a VRF from 1 to 4095"),
        ("networks: [{name: red, vni: 0}]\n", "1:29: found `0`, expected a VNI from 1 to 16777215"),
        (
            "networks: [{name: red, vni: 16777216}]\n",
            "1:29: found `16777216`, expected a VNI from 1 to 16777215",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, label: 15}]\n",
            "1:80: found `15`, expected a label from 16 to 5119",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, l2_label: 5120}]\n",
            "1:83: found `5120`, expected a label from 16 to 5119",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 1048576}]}]\n",
            "1:115: found `1048576`, expected a label from 16 to 1048575",
        ),
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 1.1.1.1/24, mtu: 575}\n",
            "1:75: found `575`, expected an IP MTU in bytes from 576 to 9216",
        ),
        (
            "policies: [{name: p, rules: [{action: pass, protocol: 256}]}]\n",
            "1:55: found `256`, expected any, tcp, udp, icmp, sctp or a number from 0 to 255",
        ),
    ]);
}

#[test]
fn malformed_addresses() {
    refused(&[
        (
            "underlay: {port: wire0, mac: 0c:c4:7a:59:62, address: 1.1.1.1/24}\n",
            "1:30: found `0c:c4:7a:59:62`, expected a unicast MAC address such as 02:00:5e:10:00:01",
        ),
        (
            "underlay: {port: wire0, mac: 01:00:5e:00:00:01, address: 1.1.1.1/24}\n",
            "1:30: found `01:00:5e:00:00:01`, expected a unicast MAC address such as 02:00:5e:10:00:01",
        ),
        (
            "underlay: {port: eth0, mac: 02:00:00:00:00:01, address: 1.1.1.1/24}\n",
            "1:18: found `eth0`, expected a port: wireN, hostN or vfN",
        ),
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 1.1.1.1}\n",
            "1:58: found `1.1.1.1`, expected an address with its prefix length such as 192.168.200.11/24",
        ),
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 224.0.0.1/24}\n",
            "1:58: found `224.0.0.1/24`, expected an address with its prefix length such as 192.168.200.11/24",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: 10.1.1.5/24}]}]\n",
            "1:43: found `10.1.1.5/24`, expected no host bits, as in 10.1.1.0/24",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: 10.1.1.0/33}]}]\n",
            "1:43: found `10.1.1.0/33`, expected a prefix such as 10.0.0.0/24 or 2001:db8::/64",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: 10.1.1.0}]}]\n",
            "1:43: found `10.1.1.0`, expected a prefix such as 10.0.0.0/24 or 2001:db8::/64",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1]}]\n",
            "1:85: found `10.1.1`, expected a unicast IP address such as 10.0.0.3 or 2001:db8::3",
        ),
        (
            "policies: [{name: p, rules: [{action: pass, source: 10.1.1.3}]}]\n",
            "1:53: found `10.1.1.3`, expected a prefix such as 10.0.0.0/24 or 2001:db8::/64",
        ),
        (
            "policies: [{name: p, rules: [{action: pass, protocol: udp, source_ports: [90-80]}]}]\n",
            "1:75: found `90-80`, expected a port or a range a-b from 0 to 65535",
        ),
        (
            "policies: [{name: p, rules: [{action: pass, protocol: icmp, source_ports: [80]}]}]\n",
            "1:76: found `source_ports` with a protocol that has no ports, expected protocol tcp, udp, sctp or any",
        ),
    ]);
}

#[test]
fn addresses_in_the_wrong_place() {
    refused(&[
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 1.1.1.1/24, gateway: 1.1.2.1}\n",
            "1:79: found `1.1.2.1`, expected an address in 1.1.1.0/24 that is not the underlay's own 1.1.1.1",
        ),
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 1.1.1.1/24, gateway: 1.1.1.1}\n",
            "1:79: found `1.1.1.1`, expected an address in 1.1.1.0/24 that is not the underlay's own 1.1.1.1",
        ),
        (
            "underlay:\n  port: wire0\n  mac: 02:00:00:00:00:01\n  address: 1.1.1.1/24\n  neighbors:\n    1.1.9.9: 02:00:00:00:00:02\n",
            "6:5: found `1.1.9.9`, expected an address in 1.1.1.0/24 that is not the underlay's own 1.1.1.1",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: 10.1.1.0/24, gateway: 10.1.2.1}]}]\n",
            "1:65: found `10.1.2.1`, expected a gateway in 10.1.1.0/24",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.9.9.9]}]\n",
            "1:85: found `10.9.9.9`, expected an address in a subnet of its network",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 00:00:5e:00:01:00}]\n",
            "1:54: found `00:00:5e:00:01:00`, expected a MAC that is not the node's own",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 192.168.200.11, encapsulation: mpls-udp, label: 20}]}]\n",
            "1:67: found `192.168.200.11`, expected another node's address",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 8.8.8.8, encapsulation: mpls-udp, label: 20}]}]\n",
            "1:67: found `8.8.8.8`, expected an address in 192.168.200.0/24 or an underlay `gateway`",
        ),
    ]);
}

#[test]
fn names_that_nobody_defined() {
    refused(&[
        (
            "interfaces: [{name: i, port: vf0, network: green, mac: 02:00:00:00:00:01}]\n",
            "1:44: found network `green`, expected the name of one in `networks`",
        ),
        (
            "policies: [{name: p, networks: [red, green]}]\n",
            "1:38: found network `green`, expected the name of one in `networks`",
        ),
        (
            "remote: [{network: green}]\n",
            "1:20: found network `green`, expected the name of one in `networks`",
        ),
    ]);
}

#[test]
fn things_that_stand_twice() {
    refused(&[
        (
            "networks:\n- name: red\n- name: red\n",
            "3:9: found network `red` a second time, expected it once, first at n.yaml:2:9",
        ),
        (
            "networks: [{name: a, vrf: 3}, {name: b, vrf: 3}]\n",
            "1:46: found VRF `3` a second time, expected it once, first at n.yaml:1:27",
        ),
        (
            "networks: [{name: a, vni: 3}, {name: b, vni: 3}]\n",
            "1:46: found VNI `3` a second time, expected it once, first at n.yaml:1:27",
        ),
        (
            "networks: [{name: a, encapsulations: [vxlan, vxlan]}]\n",
            "1:46: found encapsulation `vxlan` a second time, expected it once, first at n.yaml:1:39",
        ),
        (
            "networks: [{name: a, subnets: [{prefix: 10.0.0.0/8}, {prefix: 10.1.1.0/24}]}]\n",
            "1:63: found subnet 10.1.1.0/24 overlapping 10.0.0.0/8, expected subnets apart, first at n.yaml:1:41",
        ),
        (
            "interfaces:\n- {name: i, port: vf0, network: red, mac: 02:00:00:00:00:01}\n- {name: i, port: vf1, network: red, mac: 02:00:00:00:00:02}\n",
            "3:10: found interface `i` a second time, expected it once, first at n.yaml:2:10",
        ),
        (
            "interfaces:\n- {name: i, port: vf0, network: red, mac: 02:00:00:00:00:01}\n- {name: j, port: vf0, network: red, mac: 02:00:00:00:00:02}\n",
            "3:19: found port `vf0` a second time, expected it once, first at n.yaml:2:19",
        ),
        (
            "interfaces:\n- {name: i, port: vf0, network: red, mac: 02:00:00:00:00:01}\n- {name: j, port: vf1, network: red, mac: 02:00:00:00:00:01}\n",
            "3:43: found MAC `02:00:00:00:00:01` a second time, expected it once, first at n.yaml:2:43",
        ),
        (
            "interfaces:\n- {name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, label: 17}\n- {name: j, port: vf1, network: red, mac: 02:00:00:00:00:02, l2_label: 17}\n",
            "3:72: found label `17` a second time, expected it once, first at n.yaml:2:69",
        ),
        (
            "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1.3, 10.1.1.3]}]\n",
            "1:95: found address `10.1.1.3` a second time, expected it once, first at n.yaml:1:85",
        ),
        (
            "underlay:\n  port: wire0\n  mac: 02:00:00:00:00:01\n  address: 1.1.1.1/24\n  host_port: wire0\n",
            "5:14: found port `wire0` a second time, expected it once, first at n.yaml:2:9",
        ),
        (
            "policies: [{name: p}, {name: p}]\n",
            "1:30: found policy `p` a second time, expected it once, first at n.yaml:1:19",
        ),
        (
            "policies: [{name: p, networks: [red, red]}]\n",
            "1:38: found network `red` a second time, expected it once, first at n.yaml:1:33",
        ),
        (
            "networks: [{name: a, ecmp_hash: [protocol, protocol]}]\n",
            "1:44: found field `protocol` a second time, expected it once, first at n.yaml:1:34",
        ),
    ]);
}

/// A gateway, an interface, a guest elsewhere and a route to one address cannot be the same; the one
/// later in the file is named, whichever section is read first.
#[test]
fn addresses_that_stand_twice_in_different_sections() {
    let hop = "next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 51}]";
    let interface =
        "{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1.3]}";
    refused(&[
        (
            &format!("remote:\n- {{network: red, mac: 02:00:00:00:00:09, addresses: [10.1.1.3], {hop}}}\ninterfaces:\n- {interface}\n"),
            "4:74: found address `10.1.1.3` a second time, expected it once, first at n.yaml:2:54",
        ),
        (
            &format!("interfaces:\n- {interface}\nremote:\n- {{network: red, mac: 02:00:00:00:00:01, {hop}}}\n"),
            "4:23: found MAC `02:00:00:00:00:01` a second time, expected it once, first at n.yaml:2:43",
        ),
        (
            &format!("interfaces:\n- {interface}\nremote:\n- {{network: red, prefix: 10.1.1.3/32, {hop}}}\n"),
            "4:26: found address `10.1.1.3` a second time, expected it once, first at n.yaml:2:74",
        ),
        (
            "networks:\n- {name: red, subnets: [{prefix: 10.1.1.0/24, gateway: 10.1.1.1}]}\ninterfaces:\n- {name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1.1]}\n",
            "4:74: found address `10.1.1.1` a second time, expected it once, first at n.yaml:2:56",
        ),
        (
            &format!("remote:\n- {{network: red, mac: 02:00:00:00:00:08, addresses: [10.1.1.9], {hop}}}\n- {{network: red, mac: 02:00:00:00:00:09, addresses: [10.1.1.9], {hop}}}\n"),
            "3:54: found address `10.1.1.9` a second time, expected it once, first at n.yaml:2:54",
        ),
        (
            "remote:\n- {network: red, prefix: 1.0.0.0/8, next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, label: 20}]}\n- {network: red, prefix: 1.0.0.0/8, next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, label: 21}]}\n",
            "3:26: found prefix `1.0.0.0/8` a second time, expected it once, first at n.yaml:2:26",
        ),
    ]);
}

#[test]
fn remotes_that_contradict_themselves() {
    let udp = "next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 20}]";
    refused(&[
        (
            &format!("remote: [{{network: red, {udp}}}]\n"),
            "1:10: found a remote without `prefix` or `mac`, expected one of them",
        ),
        (
            &format!("remote: [{{network: red, mac: 02:00:00:00:00:01, prefix: 1.1.1.0/24, {udp}}}]\n"),
            "1:49: found a remote with `prefix` and `mac`, expected one of them",
        ),
        (
            &format!("remote: [{{network: red, prefix: 1.1.1.0/24, addresses: [1.1.1.1], {udp}}}]\n"),
            "1:45: found `addresses` with a `prefix`, expected `addresses` with a `mac`",
        ),
        (
            &format!("remote: [{{network: red, prefix: 1.1.1.0/24, kind: tree, {udp}}}]\n"),
            "1:45: found `kind` without `flood: true`, expected no `kind`",
        ),
        (
            &format!("remote: [{{network: blue, prefix: 1.1.1.0/24, {udp}}}]\n"),
            "1:34: found `1.1.1.0/24`, expected no prefix in a network of mode l2",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: []}]\n",
            "1:56: found an empty list, expected a next hop",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 51}]}]\n",
            "1:57: found a next hop without `mac`, expected the key `mac`",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 192.168.200.12, encapsulation: vxlan, label: 51}]}]\n",
            "1:105: found `label`, expected a `vni` over vxlan",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, vni: 51}]}]\n",
            "1:108: found `vni`, expected a `label` over MPLS",
        ),
        (
            "remote: [{network: red, prefix: 1.1.1.0/24, next_hops: [{address: 192.168.200.12, encapsulation: mpls-gre, label: 51, mac: 02:00:00:00:00:01}]}]\n",
            "1:119: found `mac`, expected a router's `mac` only for a prefix over vxlan",
        ),
        (
            "remote: [{network: blue, mac: 02:00:00:00:00:01, next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 51}]}]\n",
            "1:115: found `51`, expected a VNI that is not another network's",
        ),
    ]);
}

#[test]
fn features_that_come_later() {
    refused(&[(
        "underlay: {port: [wire0, wire1], mac: \"0c:c4:7a:59:62:5c\", address: 192.168.200.11/24}\n",
        "1:18: found a list of underlay ports, which is not supported yet, expected one port",
    )]);
}

/// What is told of IPv4 is told of IPv6, and each family keeps to itself.
#[test]
fn ipv6_in_the_wrong_place() {
    let interface = "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01,";
    let underlay = "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 2001:db8::11/64,";
    let hop = |address: &str| {
        format!("remote: [{{network: red, prefix: \"2001:db8:9::/48\", next_hops: [{{address: {address}, encapsulation: mpls-udp, label: 20}}]}}]\n")
    };
    refused(&[
        (
            "networks: [{name: red, subnets: [{prefix: \"2001:db8::1/64\"}]}]\n",
            "1:43: found `\"2001:db8::1/64\"`, expected no host bits, as in 2001:db8::/64",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: \"2001:db8::/129\"}]}]\n",
            "1:43: found `\"2001:db8::/129\"`, expected a prefix such as 10.0.0.0/24 or 2001:db8::/64",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: 2001:db8::/32}, {prefix: 2001:db8:1::/48}]}]\n",
            "1:68: found subnet 2001:db8:1::/48 overlapping 2001:db8::/32, expected subnets apart, first at n.yaml:1:43",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: 2001:db8::/64, gateway: 10.1.1.1}]}]\n",
            "1:67: found `10.1.1.1`, expected a gateway in 2001:db8::/64",
        ),
        (
            "networks: [{name: red, subnets: [{prefix: fe80::/64}]}]\n",
            "1:43: found `fe80::/64`, expected a prefix outside the link-local fe80::/10",
        ),
        (
            &format!("{interface} addresses: [2001:db8::3]}}]\n"),
            "1:85: found `2001:db8::3`, expected an address in a subnet of its network",
        ),
        (
            &format!("{interface} addresses: [ff02::1]}}]\n"),
            "1:85: found `ff02::1`, expected a unicast IP address such as 10.0.0.3 or 2001:db8::3",
        ),
        (
            &format!("{interface} addresses: [\"::ffff:10.1.1.3\"]}}]\n"),
            "1:85: found `\"::ffff:10.1.1.3\"`, expected a unicast IP address such as 10.0.0.3 or 2001:db8::3",
        ),
        (
            &format!("{interface} addresses: [fe80::3, fe80::3]}}]\n"),
            "1:94: found address `fe80::3` a second time, expected it once, first at n.yaml:1:85",
        ),
        (
            &format!("{underlay} gateway: 192.168.200.1}}\n"),
            "1:84: found `192.168.200.1`, expected an address in 2001:db8::/64 that is not the underlay's own 2001:db8::11",
        ),
        (
            &format!("{underlay} neighbors: {{\"2001:db8::11\": 02:00:00:00:00:02}}}}\n"),
            "1:87: found `2001:db8::11`, expected an address in 2001:db8::/64 that is not the underlay's own 2001:db8::11",
        ),
        (
            &format!("{underlay} mtu: 1279}}\n"),
            "1:80: found `1279`, expected an IP MTU in bytes from 1280 to 9216",
        ),
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: fe80::1/64}\n",
            "1:58: found `fe80::1/64`, expected an address that is not link-local",
        ),
        (
            "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 192.168.200.11/24, gateway: fe80::1}\n",
            "1:86: found `fe80::1`, expected an address in 192.168.200.0/24 that is not the underlay's own 192.168.200.11",
        ),
        (
            &hop("2001:db8::12"),
            "1:74: found the IPv6 next hop `2001:db8::12`, expected IPv4 like the underlay's 192.168.200.11",
        ),
        (
            &format!("{underlay} mtu: 1500}}\n{}", hop("192.168.200.12")),
            "2:74: found the IPv4 next hop `192.168.200.12`, expected IPv6 like the underlay's 2001:db8::11",
        ),
        (
            &format!("{underlay} mtu: 1500}}\n{}", hop("2001:db8:5::12")),
            "2:74: found `2001:db8:5::12`, expected an address in 2001:db8::/64 or an underlay `gateway`",
        ),
        (
            &hop("192.168.200.12").replace("2001:db8:9::/48", "fe80::/64"),
            "1:33: found `\"fe80::/64\"`, expected a prefix outside the link-local fe80::/10",
        ),
        (
            "policies: [{name: p, rules: [{action: pass, destination: 10.0.0.0/8, source: 2001:db8::/32}]}]\n",
            "1:78: found `2001:db8::/32`, expected a `source` and a `destination` of one family",
        ),
    ]);
}

#[test]
fn ipv6_is_taken_wherever_ipv4_is() {
    let interface = "interfaces: [{name: i, port: vf0, network: a, mac: 02:00:00:00:00:01,";
    let networks = "networks: [{name: a, subnets: [{prefix: 10.1.1.0/24}, {prefix: 2001:db8:4::/64, gateway: 2001:db8:4::1, dns: \"2001:db8:4::2\"}]}]\n";
    let underlay = "underlay: {port: wire0, mac: 02:00:00:00:00:01, address: 2001:db8::11/64, gateway: fe80::1, neighbors: {\"2001:db8::12\": 02:00:00:00:00:12, \"fe80::1\": 02:00:00:00:00:fe}}\n";
    let hop = |rest: &str| format!("next_hops: [{{address: \"2001:db8:77::12\", {rest}}}]");
    let gre = hop("encapsulation: mpls-gre, label: 20");
    let vxlan = hop("encapsulation: vxlan, vni: 20, mac: 02:00:00:00:00:12");
    taken(&[
        &format!("{networks}{interface} addresses: [10.1.1.3, 2001:db8:4::3, fe80::3]}}]\n"),
        &format!("{underlay}{networks}remote: [{{network: a, prefix: \"::/0\", {gre}}}, {{network: a, prefix: 10.0.0.0/8, {vxlan}}}]\n"),
        &format!("{underlay}remote: [{{network: red, mac: 02:00:00:00:00:09, addresses: [\"2001:db8:4::9\", 10.1.1.9], {gre}}}]\n"),
        "policies: [{name: p, rules: [{action: pass, protocol: 58, source: any, destination: 2001:db8::/32}]}]\n",
    ]);
}

#[test]
fn values_that_ask_for_nothing_are_taken() {
    let interface = "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01,";
    taken(&[
        "networks: [{name: red, learn_macs: false, flood_unknown_unicast: false, fat_flows: [], fat_flow_exclude: []}]\n",
        "networks: [{name: red, ecmp_hash: [destination-port, source-ip, destination-ip, protocol, source-port]}]\n",
        "networks: [{name: red, multicast_group: , rpf: false, subnets: }]\n",
        "networks: [{name: \"default-domain:tim:traffic, é\", vni: 7, encapsulations: []}]\n",
        &format!("{interface} allowed_address_pairs: [], fat_flows: [], mirror: , mode: packet}}]\n"),
        "analyzers: []\nfloating_ips: []\nremote: []\npolicies: []\n",
        "policies: [{name: p, networks: [], rules: []}]\n",
        "policies: [{name: p, rules: [{action: deny, protocol: any, source: any, destination: 0.0.0.0/0, destination_ports: [80, 90-100]}]}]\n",
        "remote: [{network: red, flood: false, prefix: 0.0.0.0/0, next_hops: [{address: 192.168.200.12, encapsulation: vxlan, vni: 99, mac: 02:00:00:00:00:01}]}]\n",
    ]);
}

/// What one tenant has, another may have too; an l2 network's addresses are only DHCP's.
#[test]
fn what_different_networks_may_share() {
    taken(&[
        "networks: [{name: a, subnets: [{prefix: 10.0.0.0/24}]}, {name: b, subnets: [{prefix: 10.0.0.0/24}]}]\n\
         interfaces:\n\
         - {name: i, port: vf0, network: a, mac: 02:00:00:00:00:01, addresses: [10.0.0.3]}\n\
         - {name: j, port: vf1, network: b, mac: 02:00:00:00:00:01, addresses: [10.0.0.3]}\n",
        "interfaces: [{name: i, port: vf0, network: blue, mac: 02:00:00:00:00:01, addresses: [172.16.9.9]}]\n",
        "networks: [{name: a, mode: l2, subnets: [{prefix: 10.0.0.0/24, gateway: 10.0.0.1}]}]\n\
         interfaces: [{name: i, port: vf0, network: a, mac: 02:00:00:00:00:01, addresses: [10.0.0.1]}]\n",
        "networks: [{name: a, subnets: [{prefix: 10.0.0.0/24, gateway: 10.0.0.1, dns: 10.0.0.1}]}]\n",
    ]);
}
