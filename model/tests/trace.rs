//! The walk as people read it.

mod common;

use common::{from_far, from_vif, hex, port, Network};
use underpass_layout::tables::{FlowAction, FlowKey, TunnelKind};

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
