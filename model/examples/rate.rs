//! How many packets a second the model forwards on one core: no ports, no waiting, a copy of each packet.
//!
//! ```text
//!   cargo run --release -p underpass-model --example rate [-- SECONDS [FLOWS ..]]
//! ```
//! Packets of 62 bytes from a VM, and of 94 to it out of an MPLS over UDP tunnel, in tables of the size of an Alveo
//! U250. Flow mode looks up a flow for each, and flows come in an order that no cache can guess.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{clock_gettime, ClockId};
use underpass_layout::port;
use underpass_layout::profile::{Profile, U250};
use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, FlowAction, FlowEntry, FlowKey, LabelAction, MplsEntry,
    NexthopEntry, NexthopKind, PortEntry, RouteEntry, RouteKey, SourceEntry, SourceKind,
    TunnelKind, VifEntry, VifKind, VrfEntry, TABLES,
};
use underpass_layout::{words_for, Field, Record, Verdict, Writer};
use underpass_model::{Core, Output};

const PROFILE: &Profile = &U250;
const ROUTER_MAC: u64 = 0x0000_5e00_0100;
const VM_MAC: u64 = 0x0200_0000_0011;
const OTHER_MAC: u64 = 0x0200_0000_0012;
/// Tunnel addresses: ours and the other node's.
const OURS: u32 = 0x0800_0002;
const FAR: u32 = 0x0800_0003;
/// The VM, one on the same node, and the first of those behind the tunnel.
const VM: u32 = 0x0a01_0103;
const OTHER: u32 = 0x0a02_0204;
const REMOTE: u32 = 0x0a03_0000;
const UDP: u8 = 17;
/// Packets that are taken at once.
const BURST: usize = 32;
/// Laps of a measurement.
const LAPS: u32 = 10;

/// A core and the next row of each table.
struct Node {
    core: Core,
    taken: [usize; TABLES.len()],
}

impl Node {
    fn put<E: Record>(&mut self, table: u32, address: usize, entry: &E) {
        let mut words = vec![0; words_for(E::WIDTH)];
        entry.pack_into(&mut words);
        let written = self.core.write_row(table, address, &words);
        written.unwrap_or_else(|error| panic!("{error}"));
    }

    fn add<E: Record>(&mut self, table: u32, entry: &E) {
        let spec = &TABLES[table as usize];
        let taken = self.taken[table as usize];
        self.taken[table as usize] += 1;
        let (way, row) = (taken / PROFILE.rows(spec), taken % PROFILE.rows(spec));
        self.put(table, PROFILE.address(spec, way, row), entry);
    }

    fn vif(&mut self, vif: u16, port: u16, entry: VifEntry) {
        self.put(id::PORT, port.into(), &PortEntry { valid: true, vif });
        let entry = VifEntry {
            valid: true,
            ..entry
        };
        self.put(id::VIF, vif.into(), &entry);
    }

    fn vm(&mut self, vif: u16, mac: u64, policy: bool) {
        let port = port::VF0 + vif - 3;
        let nexthop = 20 + u32::from(vif);
        let entry = VifEntry {
            kind: VifKind::Vm,
            policy,
            vrf: 2,
            nexthop,
            ..VifEntry::default()
        };
        self.vif(vif, port, entry);
        for (number, bridge) in [(nexthop, false), (nexthop + 100, true)] {
            let entry = NexthopEntry {
                valid: true,
                kind: NexthopKind::Encap,
                policy,
                bridge,
                vif,
                port,
                flow_nexthop: nexthop,
                dst_mac: mac,
                src_mac: ROUTER_MAC,
                ..NexthopEntry::default()
            };
            self.put(id::NEXTHOP, number as usize, &entry);
        }
        self.bridge(mac, nexthop + 100);
    }

    fn bridge(&mut self, mac: u64, nexthop: u32) {
        let entry = BridgeEntry {
            valid: true,
            key: BridgeKey { vrf: 2, mac },
            receive: mac == ROUTER_MAC,
            nexthop,
            ..BridgeEntry::default()
        };
        self.add(id::BRIDGE, &entry);
    }

    /// A node with two VMs, a tunnel, and as many flows from the first VM through it, or flows of answers.
    fn new(flows: u32, answers: bool) -> Self {
        let mut node = Node {
            core: Core::new(PROFILE),
            taken: [0; TABLES.len()],
        };
        let policy = flows > 0;
        let wire = VifEntry {
            kind: VifKind::Fabric,
            address: OURS.into(),
            ..VifEntry::default()
        };
        node.vif(0, port::WIRE0, wire);
        node.vm(3, VM_MAC, policy);
        node.vm(4, OTHER_MAC, policy);
        node.bridge(ROUTER_MAC, 0);
        let tunnel = NexthopEntry {
            valid: true,
            kind: NexthopKind::Tunnel,
            dst_mac: 0x001b_21bb_f946,
            src_mac: 0x001b_21bb_f948,
            tunnel: TunnelKind::MplsUdp,
            tunnel_src: OURS.into(),
            tunnel_dst: FAR.into(),
            mtu: 1500,
            ..NexthopEntry::default()
        };
        node.put(id::NEXTHOP, 30, &tunnel);
        let label = MplsEntry {
            action: LabelAction::Nexthop,
            vrf: 2,
            nexthop: 23,
            ..MplsEntry::default()
        };
        node.put(id::MPLS, 42, &label);
        let word = VrfEntry {
            valid: true,
            ..VrfEntry::default()
        };
        node.put(id::VRF, 2, &word.with_lengths([16, 0, 0, 0, 0, 0]));
        let route = |table, node: &mut Node, length, prefix: u32, nexthop| {
            let entry = RouteEntry {
                valid: true,
                key: RouteKey {
                    vrf: 2,
                    v6: false,
                    length,
                    prefix: prefix.into(),
                },
                nexthop,
                label: 48,
                ..RouteEntry::default()
            };
            node.add(table, &entry);
        };
        route(id::ROUTE_HOST, &mut node, 32, OTHER, 24);
        route(id::ROUTE_BANK, &mut node, 16, REMOTE, 30);
        let any = SourceEntry {
            kind: SourceKind::Any,
            ..SourceEntry::default()
        };
        node.put(id::SOURCE, 0, &any);
        for flow in 0..flows {
            node.flow(flow, answers);
        }
        node
    }

    /// A flow, or that of its answers.
    fn flow(&mut self, flow: u32, answers: bool) {
        let (remote, src_port) = ends(flow);
        let there = FlowKey {
            v6: false,
            nexthop: 23,
            protocol: UDP,
            src_port,
            dst_port: 2000,
            src: VM,
            dst: remote,
        };
        let back = FlowKey {
            src_port: 2000,
            dst_port: src_port,
            src: remote,
            dst: VM,
            ..there
        };
        let entry = FlowEntry {
            valid: true,
            key: if answers { back } else { there },
            action: FlowAction::Forward,
            flow_id: flow,
            source: 0,
            source_moves: false,
            generation: 1,
            spare: 0,
        };
        // Two entries share a row, and all rows are used.
        let spec = &TABLES[id::FLOW as usize];
        let places = PROFILE.rows(spec) * spec.ways();
        let (place, slot) = (flow as usize % places, flow as usize / places);
        let (way, place) = (place / PROFILE.rows(spec), place % PROFILE.rows(spec));
        let address = PROFILE.address(spec, way, place);
        let mut words = self.core.read_row(id::FLOW, address).unwrap_or_default();
        let mut row = vec![0; words.len()];
        let mut writer = Writer::new(&mut row);
        for _ in 0..slot {
            FlowEntry::default().put(&mut writer, FlowEntry::WIDTH);
        }
        entry.put(&mut writer, FlowEntry::WIDTH);
        for (word, more) in words.iter_mut().zip(row) {
            *word |= more;
        }
        let written = self.core.write_row(id::FLOW, address, &words);
        written.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The remote address and the VM's port of a conversation.
fn ends(flow: u32) -> (u32, u16) {
    (REMOTE + 1 + flow % 0xfff0, 1000 + (flow / 0xfff0) as u16)
}

fn ipv4(src: u32, dst: u32, src_port: u16, dst_port: u16, payload: usize) -> Vec<u8> {
    let length = 28 + payload as u16;
    let mut packet = vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, UDP, 0, 0];
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet.extend(src.to_be_bytes());
    packet.extend(dst.to_be_bytes());
    packet.extend(src_port.to_be_bytes());
    packet.extend(dst_port.to_be_bytes());
    packet.extend((8 + payload as u16).to_be_bytes());
    packet.extend([0, 0]);
    packet.resize(length.into(), 0x61);
    packet
}

fn ethernet(dst: u64, src: u64, packet: &[u8]) -> Vec<u8> {
    let macs = [dst, src].map(|mac| mac.to_be_bytes()[2..].to_vec());
    [&macs.concat()[..], &[8, 0], packet].concat()
}

/// 62 bytes from the VM to a MAC.
fn from_vm(mac: u64, dst: u32, src_port: u16) -> (u16, Vec<u8>) {
    let packet = ipv4(VM, dst, src_port, 2000, 20);
    (port::VF0, ethernet(mac, VM_MAC, &packet))
}

/// 94 bytes from the other node to the VM.
fn to_vm(flow: u32) -> (u16, Vec<u8>) {
    let (remote, src_port) = ends(flow);
    let inside = [
        &[0x00, 0x02, 0xa1, 0x40][..],
        &ipv4(remote, VM, 2000, src_port, 20),
    ]
    .concat();
    let mut outer = ipv4(FAR, OURS, 50_000, 6635, inside.len());
    outer[28..].copy_from_slice(&inside);
    (
        port::WIRE0,
        ethernet(0x001b_21bb_f948, 0x001b_21bb_f946, &outer),
    )
}

/// The time that this thread has had on a core: what other programs take of it is not the model's.
fn on_core() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Packets a second, one after the other and in bursts, over packets that come again and again in their order: each the
/// best of several laps, the one that other programs disturbed least.
fn rates(core: &mut Core, packets: &[(u16, Vec<u8>)], time: Duration) -> [f64; 2] {
    let frames: Vec<(u16, &[u8])> = packets
        .iter()
        .map(|(port, frame)| (*port, &frame[..]))
        .cycle()
        .take(packets.len().next_multiple_of(BURST).max(10_000))
        .collect();
    [1, BURST].map(|burst| {
        let laps = (0..LAPS).map(|_| lap(core, &frames, burst, time / LAPS));
        laps.fold(0.0, f64::max)
    })
}

fn lap(core: &mut Core, frames: &[(u16, &[u8])], burst: usize, time: Duration) -> f64 {
    let (before, mut done) = (on_core(), 0_u64);
    let mut outputs = vec![Output::default(); burst];
    while on_core() - before < time {
        for burst in frames.chunks(burst) {
            match burst {
                [(port, frame)] => core.process_into(black_box(frame), *port, &mut outputs[0]),
                burst => core.process_burst(black_box(burst), &mut outputs),
            }
            for output in &outputs[..burst.len()] {
                assert_eq!(output.verdict, Verdict::Deliver);
                black_box(&output.frame);
            }
            done += burst.len() as u64;
        }
    }
    done as f64 / (on_core() - before).as_secs_f64()
}

/// The numbers below `count`, each once, in an order without pattern.
fn shuffled(count: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..order.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        order.swap(last, (state >> 33) as usize % (last + 1));
    }
    order
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|word| word.parse().ok());
    let time = Duration::from_secs_f64(seconds.unwrap_or(2.0));
    let named: Vec<u32> = arguments.filter_map(|word| word.parse().ok()).collect();
    let wanted = |flows: u32| named.is_empty() || named.contains(&flows);
    println!("Mpps                      flows   single   bursts of {BURST}");
    let report = |path: &str, flows: u32, [single, burst]: [f64; 2]| {
        let (single, burst) = (single / 1e6, burst / 1e6);
        println!("{path:<22} {flows:>8} {single:>8.2} {burst:>8.2}");
    };
    let there = |flow| {
        let (remote, src_port) = ends(flow);
        from_vm(ROUTER_MAC, remote, src_port)
    };
    if wanted(0) {
        let mut node = Node::new(0, false);
        for (path, packet) in [
            ("VM to VM, bridged", from_vm(OTHER_MAC, OTHER, 1000)),
            ("VM to VM, routed", from_vm(ROUTER_MAC, OTHER, 1000)),
            ("VM to MPLSoUDP", there(0)),
            ("MPLSoUDP to VM", to_vm(0)),
        ] {
            report(path, 0, rates(&mut node.core, &[packet], time));
        }
    }
    for flows in [1, 1_000, 100_000, 400_000] {
        if wanted(flows) {
            let mut node = Node::new(flows, false);
            let packets: Vec<_> = shuffled(flows).into_iter().map(there).collect();
            let found = rates(&mut node.core, &packets, time);
            report("VM to MPLSoUDP", flows, found);
        }
    }
    if wanted(1) {
        let mut node = Node::new(1, true);
        report(
            "MPLSoUDP to VM",
            1,
            rates(&mut node.core, &[to_vm(0)], time),
        );
    }
}
