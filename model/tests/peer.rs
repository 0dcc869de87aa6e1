//! Byte for byte what the peer was seen to do: the frames of `peer/*.txt` through tables that say what its objects
//! said. The UDP source port and the identification of UDP tunnels are free, and with it the outer checksum.

mod common;

use common::{from_far, from_vif, hex, port, Network};
use std::collections::VecDeque;
use underpass_layout::tables::{
    FlowAction, FlowKey, Leg, MirrorEntry, OnwardEntry, TcpSide, TunnelKind,
};
use underpass_layout::Verdict;
use underpass_model::headers::checksum::checksum;
use underpass_model::{Core, Output};

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
    let mut ended = VecDeque::new();
    let mut sent = false;
    for line in script.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => (),
            ["in", name, frame] => {
                assert_all_told(&ended);
                (ended, sent) = (through(&mut core, port(name), &hex(frame)), true);
            }
            ["out", name, frame, ref within @ ..] => {
                let output = ended.pop_front().expect("one more frame left");
                assert_eq!(output.verdict, Verdict::Deliver);
                assert_eq!(output.port, Some(port(name)));
                let within = within.get(1).map(|at| at.parse().expect("a place"));
                assert_same(&output.frame, &hex(frame), within);
            }
            ["drop", reason] => match ended.pop_front().expect("a packet ended").verdict {
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
    assert_all_told(&ended);
    assert!(sent, "the script has steps");
}

/// All that became of a frame, in its order: what left, was dropped or was punted.
fn through(core: &mut Core, port: u16, frame: &[u8]) -> VecDeque<Output> {
    let mut ended = VecDeque::new();
    core.run(frame, port, |output| {
        if !output.edit.errand.on && !output.meta.member.skip {
            ended.push_back(output.clone());
        }
    });
    ended
}

/// The script has told of every frame that left.
fn assert_all_told(ended: &VecDeque<Output>) {
    let left = ended
        .iter()
        .find(|output| output.verdict == Verdict::Deliver);
    assert!(left.is_none(), "{:02x?}", left.map(|output| &output.frame));
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

/// Compares two frames, the free fields of a UDP tunnel set aside, and those of IPv4 and UDP headers of ours at `within`.
fn assert_same(found: &[u8], expected: &[u8], within: Option<usize>) {
    let (mut found, mut expected) = (found.to_vec(), expected.to_vec());
    assert_eq!(found.len(), expected.len());
    let is_udp = expected[23] == 17;
    let is_tunnel = (is_udp || within.is_some()) && expected[26..30] == [8, 0, 0, 2];
    let mut free = |ip: usize, udp: bool| {
        assert_eq!(checksum(&found[ip..ip + 20]), 0, "the checksum is good");
        let mut places = vec![ip + 4..ip + 6, ip + 10..ip + 12];
        if udp {
            let port = u16::from_be_bytes([found[ip + 20], found[ip + 21]]);
            assert!(port >= 49152);
            // The peer sums up some of what it wraps, we do not.
            places.extend([ip + 20..ip + 22, ip + 26..ip + 28]);
        }
        if udp && found[ip + 26..ip + 28] != [0, 0] {
            let length = (found.len() - ip - 20) as u16;
            let pseudo = [&[0, 17], &length.to_be_bytes()[..]].concat();
            let sum = [&pseudo, &found[ip + 12..ip + 20], &found[ip + 20..]].concat();
            assert_eq!(checksum(&sum), 0, "so is that of UDP");
        }
        for place in places {
            found[place.clone()].fill(0);
            expected[place].fill(0);
        }
    };
    // The inner one first: the checksums are over all bytes.
    if let Some(ip) = within {
        free(ip, true);
    }
    if is_tunnel {
        free(14, is_udp);
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

#[test]
fn bum_from_vm() {
    let mut network = Network::new();
    for vif in 3..6 {
        network.vm(vif, 2, false);
    }
    for (nexthop, tunnel, far) in [
        (30, TunnelKind::MplsGre, 0x0800_0003),
        (31, TunnelKind::MplsUdp, 0x0800_0004),
        (32, TunnelKind::MplsUdp, 0x0800_0005),
    ] {
        network.tunnel_to(nexthop, tunnel, far);
    }
    let legs = [
        (Leg::Local, 123, 0),
        (Leg::Local, 124, 0),
        (Leg::Local, 125, 0),
        (Leg::Tree, 30, 4700),
        (Leg::Tree, 31, 4701),
        (Leg::Evpn, 32, 4702),
    ];
    network.list(61, &legs);
    network.flood(2, 61, 5);
    run(include_str!("peer/bum-from-vm.txt"), network);
}

#[test]
fn l2_unknown_unicast() {
    let mut network = Network::new();
    for vif in 3..6 {
        network.vm(vif, 2, false);
    }
    network.list(61, &[(Leg::Local, 123, 0), (Leg::Local, 124, 0)]);
    network.flood(2, 61, 5);
    network.change_vif(5, |entry| entry.flood_unknown = true);
    run(include_str!("peer/l2-unknown-unicast.txt"), network);
}

#[test]
fn mirror_raw_local() {
    let mut network = Network::new();
    for vif in 3..6 {
        network.vm(vif, 8, false);
    }
    network.raw_mirror(1, 125);
    network.change_vif(3, |entry| entry.mirror = 1);
    run(include_str!("peer/mirror-raw-local.txt"), network);
}

/// The header that the peer puts in front of what VM 3 sends or is sent.
fn juniper(direction: u8) -> Vec<u8> {
    let name = b"default-domain:tim:traffic-net";
    [&[direction, name.len() as u8], &name[..], &[0xff, 0]].concat()
}

#[test]
fn mirror_juniper_port() {
    let mut network = Network::new();
    network.vm(3, 8, false);
    network.vm(4, 8, false);
    network.tunnel(TunnelKind::MplsUdp);
    network.route(9, 0x0707_0703, 30, 55);
    let to_analyzer = MirrorEntry {
        vrf: 9,
        ..MirrorEntry::default()
    };
    for (row, direction) in [(1, 3), (2, 4)] {
        let ends = [0x0404_0403, 0x0707_0703];
        network.routed_mirror(row, to_analyzer, ends, 8888, &juniper(direction));
    }
    network.change_vif(3, |entry| entry.mirror = 1);
    for nexthop in [23, 123] {
        network.change_nexthop(nexthop, |entry| entry.mirror = 2);
    }
    run(include_str!("peer/mirror-juniper-port.txt"), network);
}

#[test]
fn ecmp_flow_index() {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.tunnel(TunnelKind::MplsUdp);
    network.tunnel_to(31, TunnelKind::MplsUdp, 0x0800_0004);
    network.route(2, REMOTE_VM, 70, 0);
    for (flow_id, src_port, nexthop, label) in [(2, 1000, 31, 102), (4, 1001, 30, 101)] {
        let onward = OnwardEntry {
            steer: true,
            nexthop,
            label,
            ..OnwardEntry::default()
        };
        let key = udp(src_port, 2000, REMOTE_VM);
        network.onward_flow(flow_id, key, onward, from_vif(3));
    }
    run(include_str!("peer/ecmp-flow-index.txt"), network);
}
