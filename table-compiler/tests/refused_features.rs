//! Refusals of fat flows, allowed address pairs, floating addresses and options; see `refusals.rs` for how cases read.

mod small_network;

use small_network::{refused, taken};

/// The start of an interface of network red, 73 columns wide in front of its next key.
const GUEST: &str = "interfaces: [{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01,";

/// Networks red and green; green is where floating addresses are.
const TWO: &str = "networks: [{name: red, subnets: [{prefix: 10.1.1.0/24, gateway: 10.1.1.1}]}, \
                   {name: green, subnets: [{prefix: 10.2.0.0/16, gateway: 10.2.0.1}]}, {name: blue, mode: l2}]\n";

fn with(more: &str) -> String {
    format!("{GUEST} {more}}}]\n")
}

#[test]
fn fat_flows_that_contradict_themselves() {
    let rule = |more: &str| format!("networks: [{{name: red, fat_flows: [{{{more}}}]}}]\n");
    for (more, message) in [
        ("port: 22", "1:36: found a fat flow without `protocol`, expected the key `protocol`"),
        ("protocol: any", "1:47: found `any`, expected tcp, udp, icmp, sctp or a number from 1 to 255"),
        ("protocol: tcp, port: 65536", "1:58: found `65536`, expected a port from 0 to 65535"),
        (
            "protocol: icmp, port: 8",
            "1:59: found `port: 8` with a protocol that has no ports, expected port 0, or protocol tcp, udp or sctp",
        ),
        (
            "protocol: tcp, ignore: both",
            "1:60: found `both`, expected none or source or destination",
        ),
        (
            "protocol: tcp, source_prefix: 10.0.0.0/8",
            "1:52: found `source_prefix` without `source_aggregate`, expected both or none",
        ),
        (
            "protocol: tcp, destination_aggregate: 24",
            "1:52: found `destination_aggregate` without `destination_prefix`, expected both or none",
        ),
        (
            "protocol: tcp, ignore: source, source_prefix: 10.0.0.0/8, source_aggregate: 24",
            "1:68: found `source_prefix` with `ignore: source`, expected one of them: what is ignored has no prefix",
        ),
        (
            "protocol: tcp, source_prefix: 10.0.0.0/16, source_aggregate: 8",
            "1:98: found `8`, expected a length within 10.0.0.0/16, from 16 to 32",
        ),
        (
            "protocol: tcp, source_prefix: 10.0.0.1/16, source_aggregate: 24",
            "1:67: found `10.0.0.1/16`, expected no host bits, as in 10.0.0.0/16",
        ),
        (
            "protocol: tcp, destination_prefix: 10.0.0.0/8, destination_aggregate: 8, source_prefix: \"fd00::/8\", \
             source_aggregate: 8",
            "1:125: found `\"fd00::/8\"`, expected a `source_prefix` and a `destination_prefix` of one family",
        ),
    ] {
        refused(&[(&rule(more), message)]);
    }
    refused(&[
        (
            "networks: [{name: red, fat_flows: [{protocol: icmp}, {protocol: 58, ignore: source}]}]\n",
            "1:54: found fat flow `1:*` a second time, expected it once, first at n.yaml:1:36",
        ),
        (
            &with("fat_flow_exclude: [10.0.0.0/8, 10.0.0.0/8]"),
            "1:104: found excluded prefix `10.0.0.0/8` a second time, expected it once, first at n.yaml:1:92",
        ),
    ]);
}

#[test]
fn more_fat_flows_than_the_card_has_room_for() {
    let rules = |ports: std::ops::Range<u16>| {
        let rules = ports.map(|port| format!("{{protocol: tcp, port: {port}}}"));
        rules.collect::<Vec<_>>().join(", ")
    };
    let prefixes = |count: u8| {
        let prefixes = (0..count).map(|host| format!("10.9.9.{host}/32"));
        prefixes.collect::<Vec<_>>().join(", ")
    };
    let red = |more: &str| {
        format!("networks: [{{name: red, subnets: [{{prefix: 10.1.1.0/24, gateway: 10.1.1.1}}], {more}}}]\n")
    };
    taken(&[
        &(red(&format!("fat_flows: [{}]", rules(0..10)))
            + &with(&format!("fat_flows: [{}]", rules(0..16)))),
        &(red(&format!("fat_flow_exclude: [{}]", prefixes(5)))
            + &with("fat_flows: [{protocol: tcp}]")),
        &(red("fat_flows: []") + &with(&format!("fat_flow_exclude: [{}]", prefixes(20)))),
    ]);
    refused(&[
        (
            &with(&format!("fat_flows: [{}]", rules(0..17))),
            "1:73: found 17 fat flows for interface `i`, expected at most 16",
        ),
        (
            &(red(&format!("fat_flows: [{}]", rules(0..10))) + &with(&format!("fat_flows: [{}]", rules(9..18)))),
            "2:73: found 18 fat flows for interface `i`, expected at most 16",
        ),
        (
            &(red(&format!("fat_flows: [{}]", rules(0..17))) + &with("mode: flow")),
            "1:77: found 17 fat flows for interface `i`, expected at most 16",
        ),
        (
            &with(&format!("fat_flow_exclude: [{}], fat_flows: [{{protocol: tcp}}]", prefixes(6))),
            "1:171: found 9 prefixes without fat flows for interface `i`, gateways, DNS servers and link-local ones among \
             them, expected at most 8",
        ),
    ]);
}

#[test]
fn allowed_address_pairs_that_are_others() {
    let pair = |more: &str| with(&format!("allowed_address_pairs: [{{{more}}}]"));
    let second = |more: &str| {
        format!(
            "interfaces:\n\
             - {{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1.3], allowed_address_pairs: [{{address: 10.1.1.9}}]}}\n\
             - {{name: j, port: vf1, network: red, mac: 02:00:00:00:00:02, {more}}}\n"
        )
    };
    for (text, message) in [
        (pair("mode: active-active"), "1:97: found an allowed address pair without `address`, expected the key `address`"),
        (
            pair("address: 10.1.1.9/32, mode: standby"),
            "1:126: found `standby`, expected active-standby or active-active",
        ),
        (pair("address: 10.1.1.9/24"), "1:107: found `10.1.1.9/24`, expected no host bits, as in 10.1.1.0/24"),
        (pair("address: fe80::1"), "1:107: found `fe80::1`, expected an address that is not link-local"),
        (
            pair("address: 10.1.1.1"),
            "4:65: found address `10.1.1.1` a second time, expected it once, first at n.yaml:1:107",
        ),
        (
            pair("address: 10.1.1.9, mac: 00:00:5e:00:01:00"),
            "1:122: found `00:00:5e:00:01:00`, expected a MAC that is not the node's own",
        ),
        (
            pair("address: 10.1.1.9}, {address: 10.1.1.9/32"),
            "1:128: found allowed address `10.1.1.9/32` a second time, expected it once, first at n.yaml:1:107",
        ),
        (
            second("allowed_address_pairs: [{address: 10.1.1.9, mode: active-active}]"),
            "3:96: found allowed address 10.1.1.9/32 in another mode than before, expected one mode, first at n.yaml:2:119",
        ),
        (
            second("allowed_address_pairs: [{address: 10.1.1.3}]"),
            "3:96: found address `10.1.1.3` a second time, expected it once, first at n.yaml:2:74",
        ),
        (
            second("allowed_address_pairs: [{address: 10.1.1.8, mac: 02:00:00:00:00:01}]"),
            "3:111: found MAC `02:00:00:00:00:01` a second time, expected it once, first at n.yaml:2:43",
        ),
        (
            second("addresses: [10.1.1.9]"),
            "3:74: found address `10.1.1.9` a second time, expected it once, first at n.yaml:2:119",
        ),
    ] {
        refused(&[(&text, message)]);
    }
    taken(&[
        &second("allowed_address_pairs: [{address: 10.1.1.9/32}, {address: 172.16.0.0/24}]"),
        &second("allowed_address_pairs: [{address: 10.1.1.9, mac: 00:00:5e:00:01:01}, {address: \"fd00::9\", mac: 00:00:5e:00:01:01}]"),
        &with("addresses: [10.1.1.3], allowed_address_pairs: [{address: 10.1.1.3, mac: 04:03:02:01:02:03, mode: active-active}]"),
    ]);
}

#[test]
fn floating_addresses_that_lead_nowhere() {
    let guest = |network: &str, more: &str| {
        format!("interfaces: [{{name: i, port: vf0, network: {network}, mac: 02:00:00:00:00:01, {more}}}]\n")
    };
    let own = guest("red", "addresses: [10.1.1.3]");
    let file =
        |floating: &str, guest: &str| format!("floating_ips: [{{{floating}}}]\n{TWO}{guest}");
    for (floating, guest, message) in [
        (
            "address: 10.2.1.5, network: green",
            &own,
            "1:16: found a floating IP without `interface`, expected the key `interface`",
        ),
        (
            "interface: j, address: 10.2.1.5, network: green",
            &own,
            "1:28: found interface `j`, expected the name of one in `interfaces`",
        ),
        (
            "interface: i, address: 10.2.1.5, network: gray",
            &own,
            "1:59: found network `gray`, expected the name of one in `networks`",
        ),
        (
            "interface: i, address: 10.1.1.5, network: red",
            &own,
            "1:59: found `red`, expected a network other than the interface's own",
        ),
        (
            "interface: i, address: 10.2.1.5, network: blue",
            &own,
            "1:59: found `blue`, expected a network that routes: mode l2-l3 or l3",
        ),
        (
            "interface: i, address: 10.2.1.5, network: green",
            &guest("blue", "addresses: [10.1.1.3]"),
            "1:28: found `i`, expected a network that routes: mode l2-l3 or l3",
        ),
        (
            "interface: i, address: 10.2.1.5, network: green",
            &guest("red", "mode: packet, addresses: [10.1.1.3]"),
            "1:28: found `i`, expected an interface of mode flow: its flows are translated",
        ),
        (
            "interface: i, address: \"fd00::5\", network: green",
            &own,
            "1:40: found `\"fd00::5\"`, expected one of an interface that has an IPv6 address",
        ),
        (
            "interface: i, address: 10.2.0.1, network: green",
            &own,
            "2:133: found address `10.2.0.1` a second time, expected it once, first at n.yaml:1:40",
        ),
    ] {
        refused(&[(&file(floating, guest), message)]);
    }
    taken(&[&file(
        "interface: i, address: 10.84.1.5, network: green",
        &own,
    )]);
}

#[test]
fn options_that_cannot_be_held_to() {
    let pair = "allowed_address_pairs: [{address: 10.1.1.9, mac: 00:00:5e:00:01:01}]";
    refused(&[
        ("node: {name: n1, copy_tos: yes}\n", "1:28: found `yes`, expected true or false"),
        (&with("flow_limit: 0"), "1:85: found `0`, expected a number of flows from 1 to 1048576"),
        (
            &with("mode: packet, flow_limit: 9"),
            "1:87: found `flow_limit` with mode packet, which has no flows, expected mode flow",
        ),
        (
            &with("mode: packet, drop_new_flows: true"),
            "1:87: found `drop_new_flows` with mode packet, which has no flows, expected mode flow",
        ),
        (
            &with("mode: packet, fat_flows: [{protocol: tcp}]"),
            "1:87: found `fat_flows` with mode packet, which has no flows, expected mode flow",
        ),
        (
            &with("check_source: true"),
            "1:73: found `check_source: true` with mode flow, whose flows are checked by `rpf`, expected mode packet",
        ),
        (
            &with(&format!("{pair}, check_mac: true")),
            "1:143: found `check_mac: true` with an allowed address pair of another MAC, expected one of them",
        ),
        (
            &with("allowed_address_pairs: [{address: 10.1.1.9, mode: active-active}], check_source: true, mode: packet"),
            "1:140: found `check_source: true` with an active-active address pair, expected one of them",
        ),
    ]);
    taken(&[
        "node: {name: n1, copy_tos: true, decrement_hop_limit: true}\n",
        &with("check_source: false, check_mac: true, flow_limit: 100, drop_new_flows: true"),
        &with("check_source: true, mode: packet, drop_new_flows: false"),
    ]);
}
