//! Every refusal of a gateway, and of a limit of punts: its place and its words.

mod small_network;

use small_network::{refused, taken};

const NETWORK: &str = "\
networks: [{name: out, mode: l3, subnets: [{prefix: 192.0.2.0/24, gateway: 192.0.2.1, dns: 192.0.2.2}, {prefix: \"2001:db8::/64\"}]}, {name: red, subnets: [{prefix: 10.1.1.0/24}]}, {name: blue, mode: l2}, {name: bare, mode: l3}]
";

/// A gateway of `out` with these keys in place of, or beside, those that it must have.
fn gateway(keys: &str) -> String {
    let required = [
        ("name", "g"),
        ("network", "out"),
        ("port", "wire1"),
        ("mac", "02:00:00:00:01:00"),
        ("addresses", "[192.0.2.254, \"2001:db8::fe\"]"),
    ];
    let mut item = keys.to_owned();
    for (key, value) in required {
        if !keys.contains(&format!("{key}:")) {
            item += &format!(", {key}: {value}");
        }
    }
    format!(
        "{NETWORK}gateways:\n- {{{}}}\n",
        item.trim_start_matches(", ")
    )
}

#[track_caller]
fn refused_with(cases: &[(&str, &str)]) {
    for (keys, message) in cases {
        refused(&[(&gateway(keys), message)]);
    }
}

#[test]
fn what_makes_sense_is_taken() {
    for keys in [
        "",
        "routers: []",
        "routers: [192.0.2.1, \"fe80::1\"], neighbors: {192.0.2.1: 02:00:00:00:00:01, \"fe80::1\": 02:00:00:00:00:01}",
        // The node is the router of the subnet, and its guests' addresses become its own.
        "addresses: [192.0.2.1, \"2001:db8::fe\"], snat: 192.0.2.1",
        "neighbors: {192.0.2.7: 02:00:00:00:00:01}, snat: 203.0.113.5",
    ] {
        taken(&[&gateway(keys)]);
    }
    taken(&[
        "node: {name: n1, punt_limit: 0}\n",
        "node: {name: n1, punt_limit: 65535}\n",
    ]);
}

#[test]
fn limits_that_are_none() {
    for limit in ["-1", "65536", "many"] {
        let text = format!("node: {{name: n1, punt_limit: {limit}}}\n");
        let message =
            format!("1:30: found `{limit}`, expected packets in a millisecond from 0 to 65535");
        refused(&[(&text, &message)]);
    }
}

#[test]
fn networks_that_have_no_wire() {
    refused_with(&[
        (
            "network: red",
            "3:13: found `red`, a network of mode l2-l3, expected one of mode l3",
        ),
        (
            "network: blue",
            "3:13: found `blue`, a network of mode l2, expected one of mode l3",
        ),
        (
            "network: bare",
            "3:13: found `bare`, a network without subnets, expected one with those of the wire",
        ),
        (
            "network: green",
            "3:13: found network `green`, expected the name of one in `networks`",
        ),
    ]);
    let two = gateway("network: out") + "- {name: h, network: out, port: wire2}\n";
    let message = "4:22: found gateway of network `out` a second time, expected it once, first at n.yaml:3:13";
    refused(&[(&two, message)]);
}

#[test]
fn ports_and_macs_of_others() {
    refused_with(&[
        ("port: vf3", "3:10: found `vf3`, expected a wire: wireN"),
        (
            "port: wire0",
            "5:18: found port `wire0` a second time, expected it once, first at n.yaml:3:10",
        ),
        (
            "mac: 00:00:5e:00:01:00",
            "3:9: found `00:00:5e:00:01:00`, expected a MAC other than `router_mac`, which guests are answered with",
        ),
        ("dscp: 1", "3:4: found unknown key `dscp` in a gateway, expected one of `name`, `port`, `network`, `mac`, `addresses`, `routers`, `neighbors`, `snat`"),
    ]);
    let guest = gateway("mac: 02:00:00:00:00:01")
        + "interfaces: [{name: i, port: vf0, network: out, mac: 02:00:00:00:00:01}]\n";
    let message =
        "4:54: found MAC `02:00:00:00:00:01` a second time, expected it once, first at n.yaml:3:9";
    refused(&[(&guest, message)]);
    let guest = gateway("")
        + "interfaces: [{name: i, port: wire1, network: out, mac: 02:00:00:00:00:01}]\n";
    let message = "4:30: found port `wire1` a second time, expected it once, first at n.yaml:3:33";
    refused(&[(&guest, message)]);
}

#[test]
fn addresses_that_are_elsewhere_or_somebody_elses() {
    refused_with(&[
        (
            "addresses: [10.0.0.1]",
            "3:16: found `10.0.0.1`, expected an address in a subnet of its network",
        ),
        (
            "addresses: [192.0.2.254]",
            "3:15: found no IPv6 address beside subnet 2001:db8::/64, expected one of each family of the network's subnets",
        ),
        (
            "addresses: []",
            "3:15: found no IPv4 address beside subnet 192.0.2.0/24, expected one of each family of the network's subnets",
        ),
        (
            "addresses: [192.0.2.9, 192.0.2.9]",
            "3:27: found address `192.0.2.9` a second time, expected it once, first at n.yaml:3:16",
        ),
        (
            "snat: \"2001:db8::7\"",
            "3:10: found `\"2001:db8::7\"`, expected an IPv4 address",
        ),
        (
            "snat: 192.0.2.2",
            "3:10: found address `192.0.2.2` a second time, expected it once, first at n.yaml:1:92",
        ),
    ]);
    let guest = |keys: &str, address: &str| {
        let guest =
            "interfaces: [{name: i, port: vf0, network: out, mac: 02:00:00:00:00:01, addresses: ";
        format!("{}{guest}[{address}]}}]\n", gateway(keys))
    };
    for (keys, address, first) in [
        ("routers: [192.0.2.7]", "192.0.2.7", "3:14"),
        (
            "addresses: [192.0.2.7, \"2001:db8::fe\"]",
            "192.0.2.7",
            "3:16",
        ),
        ("snat: 192.0.2.7", "192.0.2.7", "3:10"),
        (
            "neighbors: {192.0.2.7: 02:00:00:00:00:07}",
            "192.0.2.7",
            "3:16",
        ),
    ] {
        let message = format!(
            "4:85: found address `{address}` a second time, expected it once, first at n.yaml:{first}"
        );
        refused(&[(&guest(keys, address), &message)]);
    }
}

#[test]
fn routers_and_neighbors_that_are_not_on_the_wire() {
    refused_with(&[
        (
            "routers: [10.0.0.1]",
            "3:14: found `10.0.0.1`, expected an address in a subnet of its network, or a link-local one of IPv6",
        ),
        (
            "routers: [192.0.2.1, 192.0.2.9]",
            "3:25: found `192.0.2.9`, expected one IPv4 router",
        ),
        (
            "addresses: [192.0.2.254, \"2001:db8::fe\"], routers: [192.0.2.254]",
            "3:56: found address `192.0.2.254` a second time, expected it once, first at n.yaml:3:16",
        ),
        (
            "neighbors: {10.0.0.1: 02:00:00:00:00:01}",
            "3:16: found `10.0.0.1`, expected an address in a subnet of its network, or a link-local one of IPv6",
        ),
        (
            "neighbors: {192.0.2.1: 02:00:00:00:00:01}",
            "3:16: found `192.0.2.1`, expected a neighbor's address, not this node's own",
        ),
        (
            "neighbors: {192.0.2.7: ff:ff:ff:ff:ff:ff}",
            "3:27: found `ff:ff:ff:ff:ff:ff`, expected a unicast MAC address such as 02:00:5e:10:00:01",
        ),
    ]);
    let only_four = "networks: [{name: out, mode: l3, subnets: [{prefix: 192.0.2.0/24}]}]\ngateways:\n\
        - {name: g, network: out, port: wire1, mac: 02:00:00:00:01:00, addresses: [192.0.2.9], routers: [\"fe80::1\"]}\n";
    let message =
        "3:98: found `\"fe80::1\"`, expected no IPv6 router where `addresses` has no IPv6 one";
    refused(&[(only_four, message)]);
}

#[test]
fn ways_elsewhere_for_what_is_on_the_wire() {
    let remote = |prefix: &str| {
        let next = "next_hops: [{address: 192.168.200.12, encapsulation: mpls-udp, label: 99}]";
        let gateway = gateway("routers: [192.0.2.1]");
        format!("{gateway}remote: [{{network: out, prefix: {prefix}, {next}}}]\n")
    };
    refused(&[
        (
            &remote("0.0.0.0/0"),
            "4:33: found prefix `0.0.0.0/0` a second time, expected it once, first at n.yaml:3:14",
        ),
        (
            &remote("192.0.2.0/24"),
            "4:33: found prefix `192.0.2.0/24` a second time, expected it once, first at n.yaml:3:3",
        ),
    ]);
    taken(&[&remote("198.51.100.0/24")]);
}
