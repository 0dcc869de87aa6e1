//! The walk as people read it.

mod common;

use common::packets::{ipv6_frames, REMOTE6, VM6};
use common::{from_end, from_far, from_vif, hex, port, Network, FAR6, OURS6, ROUTER_MAC};
use underpass_layout::tables::{
    id, FatFamily, FatRuleEntry, FlowAction, FlowKey, FlowKey6, Leg, NexthopEntry, NexthopKind,
    OnwardEntry, TunnelKind, VifEntry,
};

fn assert_trace(network: &Network, name: &str, frame: &str, expected: &str) {
    let found = network.core.trace(&hex(frame), port(name)).to_string();
    assert_eq!(found, expected, "\n{found}");
}

/// The first frame of a peer's case.
fn frame_of(script: &str) -> &str {
    let line = script.lines().find(|line| line.starts_with("in "));
    let frame = line.and_then(|line| line.split(' ').nth(2));
    frame.expect("the script has a frame")
}

fn udp(src_port: u16, dst_port: u16) -> FlowKey {
    FlowKey {
        v6: false,
        nexthop: 23,
        protocol: 17,
        src_port,
        dst_port,
        src: 0x0a01_0103,
        dst: 0x0a01_0109,
    }
}

#[test]
fn from_a_vm_into_a_tunnel() {
    let mut network = Network::new();
    network.vm(3, 2, false);
    network.tunnel(TunnelKind::MplsGre);
    network.route(2, 0x0a01_0109, 30, 48);
    let frame = frame_of(include_str!("peer/enc-mplsogre-l3.txt"));
    assert_trace(
        &network,
        "vf0",
        frame,
        include_str!("trace/vm-to-tunnel.txt"),
    );
}

#[test]
fn from_a_tunnel_to_a_vm() {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.mpls(42, 2, 23);
    let sources = [from_vif(3), from_far()];
    network.flow_pair(udp(2000, 1000), 23, FlowAction::Forward, sources);
    let frame = frame_of(include_str!("peer/dec-mplsoudp-l3.txt"));
    assert_trace(
        &network,
        "wire0",
        frame,
        include_str!("trace/tunnel-to-vm.txt"),
    );
}

#[test]
fn a_vms_flow_that_is_not_there() {
    let mut network = Network::new();
    network.vm(3, 3, true);
    let frame = frame_of(include_str!("peer/flow-drop.txt"));
    assert_trace(&network, "vf0", frame, include_str!("trace/flow-miss.txt"));
}

#[test]
fn an_unknown_label() {
    let network = Network::new();
    let frame = frame_of(include_str!("peer/dec-errors.txt"));
    assert_trace(
        &network,
        "wire0",
        frame,
        include_str!("trace/unknown-label.txt"),
    );
}

#[test]
fn from_the_wire_to_the_host() {
    let network = Network::new();
    let frame = "001b21bbf948001b21bbf946080045000014004d000040066a4c0800000308000002";
    assert_trace(
        &network,
        "wire0",
        frame,
        include_str!("trace/wire-to-host.txt"),
    );
}

#[test]
fn a_flow_that_changes_addresses_and_ports() {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.tunnel(TunnelKind::MplsUdp);
    network.route(9, 0x0a01_0109, 30, 48);
    network.bridge(2, ROUTER_MAC, 0, 0);
    let onward = OnwardEntry {
        snat: true,
        spat: true,
        src: 0x0a54_0105,
        src_port: 5000,
        translate: true,
        vrf: 9,
        ..OnwardEntry::default()
    };
    network.onward_flow(2, udp(1000, 2000), onward, from_vif(3));
    let frame = frame_of(include_str!("peer/enc-mplsogre-l3.txt"));
    assert_trace(&network, "vf0", frame, include_str!("trace/onward.txt"));
}

#[test]
fn a_fat_flow_kept_to_one_nexthop() {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.tunnel(TunnelKind::MplsUdp);
    network.bridge(2, ROUTER_MAC, 0, 0);
    let rule = FatRuleEntry {
        family: FatFamily::Any,
        protocol: 17,
        port: 2000,
        ignore_source: true,
        destination_keep: 128,
        ..FatRuleEntry::default()
    };
    network.put(id::FAT_RULE, 5, &rule);
    let entry = VifEntry {
        fat_set: 5,
        ..*network.core.tables.vif(3)
    };
    network.put(id::VIF, 3, &entry);
    let onward = OnwardEntry {
        steer: true,
        nexthop: 30,
        label: 77,
        ..OnwardEntry::default()
    };
    let key = FlowKey {
        src: 0,
        ..udp(0, 2000)
    };
    network.onward_flow(2, key, onward, from_vif(3));
    let frame = frame_of(include_str!("peer/enc-mplsogre-l3.txt"));
    assert_trace(&network, "vf0", frame, include_str!("trace/fat-flow.txt"));
}

#[test]
fn an_error_about_a_packet_of_a_flow() {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.mpls(42, 2, 23);
    let sources = [from_vif(3), from_far()];
    network.flow_pair(udp(1000, 2000), 23, FlowAction::Forward, sources);
    let quoted = "4500001c0001000040110000 0a010103 0a010109 03e807d0 00080000";
    let error = format!("45000038000200003f010000 0a010101 0a010103 0303000000000000 {quoted}");
    let frame = format!(
        "001b21bbf948 001b21bbf946 0800 45000058004d000040116a48 08000003 08000002 \
         c54919eb00440000 0002a140 {error}"
    );
    assert_trace(
        &network,
        "wire0",
        &frame,
        include_str!("trace/icmp-error.txt"),
    );
}

/// A node in an underlay of IPv6, with a VM whose IPv6 neighbour is behind a tunnel, by flow or by route.
fn ipv6_network(policy: bool) -> Network {
    let mut network = Network::between(OURS6, FAR6);
    network.vm(3, 2, policy);
    network.tunnel(TunnelKind::MplsUdp);
    network.route(2, REMOTE6, 30, 48);
    network.mpls(42, 2, 23);
    let key = FlowKey6 {
        nexthop: 23,
        protocol: 17,
        src_port: 1000,
        dst_port: 2000,
        ..FlowKey6::default()
    };
    let sources = [from_vif(3), from_end(FAR6)];
    network.flow_pair6(key, [VM6, REMOTE6], sources);
    network
}

fn assert_trace6(policy: bool, frame: usize, expected: &str) {
    let network = ipv6_network(policy);
    let (port, bytes) = &ipv6_frames()[frame];
    let found = network.core.trace(bytes, *port).to_string();
    assert_eq!(found, expected, "\n{found}");
}

#[test]
fn ipv6_from_a_vm_into_a_tunnel_over_ipv6() {
    assert_trace6(false, 0, include_str!("trace/ipv6-vm-to-tunnel.txt"));
}

#[test]
fn ipv6_from_a_tunnel_over_ipv6_to_a_vm() {
    assert_trace6(true, 4, include_str!("trace/ipv6-tunnel-to-vm.txt"));
}

#[test]
fn neighbour_discovery_from_both_sides() {
    assert_trace6(true, 2, include_str!("trace/ipv6-vm-neighbor.txt"));
    assert_trace6(true, 3, include_str!("trace/ipv6-wire-neighbor.txt"));
}

#[test]
fn what_is_behind_extension_headers() {
    let (port, mut frame) = ipv6_frames()[0].clone();
    // The next header is authentication, which the card does not read over.
    frame[20] = 51;
    let network = ipv6_network(true);
    let found = network.core.trace(&frame, port).to_string();
    let expected = include_str!("trace/ipv6-extension.txt");
    assert_eq!(found, expected, "\n{found}");
}

/// A VM that is mirrored to another one, and sends to all: to that other one, along a tree, and not back.
#[test]
fn to_many_behind_a_mirror() {
    let mut network = Network::new();
    for vif in 3..5 {
        network.vm(vif, 2, false);
    }
    network.tunnel(TunnelKind::MplsUdp);
    let legs = [
        (Leg::Local, 123, 0),
        (Leg::Local, 124, 0),
        (Leg::Tree, 30, 4700),
    ];
    network.list(61, &legs);
    network.flood(2, 61, 5);
    network.raw_mirror(1, 124);
    network.change_vif(3, |entry| entry.mirror = 1);
    let frame = frame_of(include_str!("peer/bum-from-vm.txt"));
    assert_trace(&network, "vf0", frame, include_str!("trace/to-many.txt"));
}

/// A frame for a router in another VRF, whose source MAC is new.
#[test]
fn a_new_source_on_its_way_into_another_vrf() {
    let mut network = Network::new();
    network.vm(3, 2, false);
    network.vm(4, 9, false);
    network.route(2, 0x0a01_0109, 40, 0);
    network.route(9, 0x0a01_0109, 24, 0);
    let other_vrf = NexthopEntry {
        valid: true,
        kind: NexthopKind::Translate,
        vrf: 9,
        ..NexthopEntry::default()
    };
    network.put(id::NEXTHOP, 40, &other_vrf);
    network.change_vif(3, |entry| entry.learn = true);
    let frame = frame_of(include_str!("peer/enc-mplsogre-l3.txt"));
    assert_trace(&network, "vf0", frame, include_str!("trace/other-vrf.txt"));
}
