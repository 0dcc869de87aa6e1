//! Byte for byte what the peer was seen to do: the frames of `peer/*.txt` through tables that say what its objects
//! said. The UDP source port and the identification of UDP tunnels are free, and with it the outer checksum.

mod common;

use common::{from_far, from_vif, hex, port, Network};
use underpass_layout::tables::{FlowAction, FlowKey, OnwardEntry, TcpSide, TunnelKind};
use underpass_layout::Verdict;
use underpass_model::headers::checksum::checksum;
use underpass_model::Core;

/// The UDP flow between the VM, 10.1.1.3, and the remote one, 10.1.1.9, whichever way it started.
fn udp(src_port: u16, dst_port: u16, dst: u128) -> FlowKey {
    FlowKey {
        v6: false,
        nexthop: 23,
        protocol: 17,
        src_port,
        dst_port,
        src: 0x0a01_0103,
        dst: dst as u32,
    }
}

const REMOTE_VM: u128 = 0x0a01_0109;
const OTHER_VM: u128 = 0x0a02_0204;

fn run(script: &str, network: Network) {
    let mut core = network.core;
    let mut sent = None;
    for line in script.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => (),
            ["in", name, frame] => sent = Some(core.process(&hex(frame), port(name))),
            ["out", name, frame] => {
                let output = sent.as_ref().expect("a frame went in");
                assert_eq!(output.verdict, Verdict::Deliver);
                assert_eq!(output.port, Some(port(name)));
                assert_same(&output.frame, &hex(frame));
            }
            ["drop", reason] => match sent.as_ref().expect("a frame went in").verdict {
                Verdict::Drop(why) => assert_eq!(why.name(), reason),
                other => panic!("{other} instead of a drop for {reason}"),
            },
            ["flow", flow_id, packets, bytes] => {
                assert_counted(&core, flow_id, packets, bytes);
            }
            ["tcp", pair, ref flags @ ..] => {
                assert_eq!(tcp_flags(&core, pair), flags.join(" "), "{line}");
            }
            ["event", pair, "dead"] => {
                let event = core.pairs.take_event().expect("an event waits");
                let found = (event.dead, event.generation, event.pair.to_string());
                assert_eq!(found, (true, 1, pair.to_string()));
            }
            _ => panic!("no such step: {line}"),
        }
    }
    assert!(sent.is_some(), "the script has steps");
}

fn assert_counted(core: &Core, flow_id: &str, packets: &str, bytes: &str) {
    let counter = core.counters.flow(flow_id.parse().unwrap());
    let found = (counter.packets.to_string(), counter.bytes.to_string());
    assert_eq!(
        found,
        (packets.to_string(), bytes.to_string()),
        "flow {flow_id}"
    );
}

/// The peer's letters for each direction of a pair: S SYN, E established, F FIN, H half closed; then its ends.
fn tcp_flags(core: &Core, pair: &str) -> String {
    let entry = core.pairs.tcp(pair.parse().unwrap());
    let side = |side: TcpSide| {
        let flags = [
            ("S", side.syn),
            ("E", side.established),
            ("F", side.fin),
            ("H", side.half_close),
        ];
        flags
            .map(|(letter, set)| if set { letter } else { "" })
            .concat()
    };
    let ends = [(" reset", entry.reset), (" dead", entry.dead)];
    let ends = ends.map(|(word, set)| if set { word } else { "" }).concat();
    format!("{}/{}{ends}", side(entry.forward), side(entry.reverse))
}

/// Compares two frames, the free fields of a UDP tunnel set aside.
fn assert_same(found: &[u8], expected: &[u8]) {
    let (mut found, mut expected) = (found.to_vec(), expected.to_vec());
    let outer = 14..34;
    let is_tunnel = expected[outer.start + 9] == 17 && expected[26..30] == [8, 0, 0, 2];
    if is_tunnel && found.len() == expected.len() {
        assert_eq!(checksum(&found[outer]), 0, "the outer checksum is good");
        assert!(u16::from_be_bytes([found[34], found[35]]) >= 49152);
        for free in [18..20, 24..26, 34..36] {
            found[free.clone()].fill(0);
            expected[free].fill(0);
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn l2_vm_vm() {
    let mut network = Network::new();
    network.vm(3, 2, false);
    network.vm(4, 2, false);
    run(include_str!("peer/l2-vm-vm.txt"), network);
}

#[test]
fn l3_intervn_flow() {
    let mut network = Network::new();
    network.vm(3, 3, true);
    network.vm(4, 4, true);
    network.route(3, OTHER_VM, 24, 0);
    network.route(4, 0x0a01_0103, 23, 0);
    let key = FlowKey {
        protocol: 1,
        ..udp(1136, 0, OTHER_VM)
    };
    let sources = [from_vif(3), from_vif(4)];
    network.flow_pair(key, 24, FlowAction::Forward, sources);
    run(include_str!("peer/l3-intervn-flow.txt"), network);
}

#[test]
fn enc_mplsogre_l3() {
    let mut network = Network::new();
    network.vm(3, 2, false);
    network.tunnel(TunnelKind::MplsGre);
    network.route(2, REMOTE_VM, 30, 48);
    run(include_str!("peer/enc-mplsogre-l3.txt"), network);
}

/// A remote VM whose MAC lies behind the tunnel.
fn bridged_into(tunnel: TunnelKind) -> Network {
    let mut network = Network::new();
    network.vm(3, 2, false);
    network.tunnel(tunnel);
    network.bridge(2, 0x0200_0000_0099, 30, 128);
    network
}

#[test]
fn enc_mplsoudp_l2() {
    let network = bridged_into(TunnelKind::MplsUdp);
    run(include_str!("peer/enc-mplsoudp-l2.txt"), network);
}

#[test]
fn enc_vxlan_l2() {
    let network = bridged_into(TunnelKind::Vxlan);
    run(include_str!("peer/enc-vxlan-l2.txt"), network);
}

/// A VM under policy with label 42, VNI 50 and a flow with the remote VM.
fn reached_from(tunnel: TunnelKind) -> Network {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.tunnel(tunnel);
    network.mpls(42, 2, 23);
    network.vxlan(50, 2);
    let sources = [from_vif(3), from_far()];
    network.flow_pair(udp(2000, 1000, REMOTE_VM), 23, FlowAction::Forward, sources);
    network
}

#[test]
fn dec_mplsoudp_l3() {
    let network = reached_from(TunnelKind::MplsUdp);
    run(include_str!("peer/dec-mplsoudp-l3.txt"), network);
}

#[test]
fn dec_vxlan() {
    let network = reached_from(TunnelKind::Vxlan);
    run(include_str!("peer/dec-vxlan.txt"), network);
}

#[test]
fn dec_errors() {
    let network = reached_from(TunnelKind::MplsUdp);
    run(include_str!("peer/dec-errors.txt"), network);
}

#[test]
fn rpf_tunnel() {
    let network = reached_from(TunnelKind::MplsUdp);
    run(include_str!("peer/rpf-tunnel.txt"), network);
}

#[test]
fn flow_drop() {
    let mut network = Network::new();
    network.vm(3, 3, true);
    let sources = [from_vif(3), from_vif(3)];
    network.flow_pair(udp(1000, 2000, OTHER_VM), 23, FlowAction::Drop, sources);
    run(include_str!("peer/flow-drop.txt"), network);
}

#[test]
fn packet_mode_no_flow() {
    let mut network = Network::new();
    network.vm(3, 3, false);
    network.vm(4, 4, false);
    network.route(3, OTHER_VM, 24, 0);
    run(include_str!("peer/packet-mode-no-flow.txt"), network);
}

#[test]
fn tcp_teardown() {
    let mut network = Network::new();
    network.vm(3, 3, true);
    network.vm(4, 4, true);
    network.route(3, OTHER_VM, 24, 0);
    network.route(4, 0x0a01_0103, 23, 0);
    let key = FlowKey {
        protocol: 6,
        ..udp(1136, 500, OTHER_VM)
    };
    let sources = [from_vif(3), from_vif(4)];
    network.flow_pair(key, 24, FlowAction::Forward, sources);
    run(include_str!("peer/tcp-teardown.txt"), network);
}

#[test]
fn nat_floating_ip() {
    const FLOATING: u128 = 0x0a02_0264;
    let mut network = Network::new();
    network.vm(3, 3, true);
    network.vm(4, 4, true);
    network.route(4, OTHER_VM, 24, 0);
    network.route(3, 0x0a01_0103, 23, 0);
    let there = OnwardEntry {
        snat: true,
        src: FLOATING,
        translate: true,
        vrf: 4,
        ..OnwardEntry::default()
    };
    let back = OnwardEntry {
        dnat: true,
        dst: 0x0a01_0103,
        translate: true,
        vrf: 3,
        ..OnwardEntry::default()
    };
    let answers = FlowKey {
        nexthop: 24,
        src: OTHER_VM as u32,
        dst: FLOATING as u32,
        ..udp(2000, 1000, 0)
    };
    network.onward_flow(2, udp(1000, 2000, OTHER_VM), there, from_vif(3));
    network.onward_flow(3, answers, back, from_vif(4));
    run(include_str!("peer/nat-floating-ip.txt"), network);
}
