//! ARP from end to end: a guest that asks is answered at its own port, another node out of and back into its tunnel, and what
//! nobody answers goes where frames for many go.
//!
//! ```text
//!   VM ─vf0─▶ node ─vf0─▶ VM                       VXLAN ─wire0─▶ node ─round─▶ node ─wire0─▶ VXLAN
//!      asks         is told                                asks    answers      bridges  is told
//! ```

mod common;

use common::{hex, port, Network, FAR, OURS};
use underpass_layout::port as ports;
use underpass_layout::tables::{
    id, ArpAnswer, BridgeEntry, BridgeKey, FloodEntry, RouteEntry, RouteKey, StitchedEntry,
    StitchedKey, TunnelKind, VifEntry, VrfEntry,
};
use underpass_layout::{DropReason, Verdict};
use underpass_model::{Core, Output};

/// 10.1.1.4, behind interface 4.
const TARGET: u32 = 0x0a01_0104;
const STITCHED: u64 = 0x0200_0000_00aa;
const GATEWAY_MAC: u64 = 0x0200_0000_00bb;
const VNI: u32 = 42;

/// Who asks: 02:..:11, 10.1.1.3.
const REQUEST: &str = "ffffffffffff 020000000011 0806 \
     0001 0800 06 04 0001 020000000011 0a010103 000000000000 0a010104";
/// What the asker is told by the MAC with this end.
const TOLD: [&str; 2] = [
    "020000000011 0200000000",
    " 0806 0001 0800 06 04 0002 0200000000",
];
const TOLD_END: &str = " 0a010104 020000000011 0a010103";

fn told(end: &str) -> Vec<u8> {
    hex(&[TOLD[0], end, TOLD[1], end, TOLD_END].concat())
}

/// A node with interfaces 3 and 4 in VRF 2, and a route to the second one that says `arp`.
fn node(arp: ArpAnswer) -> Core {
    let mut network = Network::new();
    network.vm(3, 2, false);
    network.vm(4, 2, false);
    let vif = VifEntry {
        router_mac: GATEWAY_MAC,
        ..*network.core.tables.vif(3)
    };
    network.put(id::VIF, 3, &vif);
    let word = VrfEntry {
        valid: true,
        ..VrfEntry::default()
    };
    network.put(id::VRF, 2, &word);
    let route = RouteEntry {
        valid: true,
        key: RouteKey {
            vrf: 2,
            v6: false,
            length: 32,
            prefix: TARGET.into(),
        },
        nexthop: 24,
        label: 0,
        arp,
        trap: false,
    };
    network.put(id::ROUTE_HOST, 0, &route);
    let stitched = StitchedEntry {
        valid: true,
        key: StitchedKey {
            vrf: 2,
            address: TARGET,
        },
        mac: STITCHED,
    };
    network.put(id::STITCHED, 0, &stitched);
    let flood = FloodEntry {
        valid: true,
        nexthop: 124,
        label: 0,
    };
    network.put(id::FLOOD, 2, &flood);
    network.vxlan(VNI, 2);
    network.tunnel(TunnelKind::Vxlan);
    network.core
}

/// All that becomes of a frame.
fn run(core: &mut Core, frame: &[u8], port: u16) -> Vec<Output> {
    let mut all = Vec::new();
    core.run(frame, port, |output| all.push(output.clone()));
    all
}

#[test]
fn a_guest_is_answered_where_it_asked() {
    for (arp, end) in [(ArpAnswer::Router, "bb"), (ArpAnswer::Stitched, "aa")] {
        let mut core = node(arp);
        let all = run(&mut core, &hex(REQUEST), port("vf0"));
        assert_eq!(all.len(), 1, "{arp}");
        assert_eq!(all[0].port, Some(port("vf0")));
        assert_eq!(all[0].frame, told(end), "{arp}");
        assert_eq!(core.counters.tx(3).packets, 1);
    }
}

#[test]
fn what_no_route_answers_goes_to_all() {
    let mut core = node(ArpAnswer::Flood);
    let all = run(&mut core, &hex(REQUEST), port("vf0"));
    assert_eq!(all[0].port, Some(port("vf1")));
    assert_eq!(all[0].frame, hex(REQUEST));
}

/// The request as the other node sends it.
fn out_of_tunnel() -> Vec<u8> {
    let ethernet = "001b21bbf948 001b21bbf946 0800";
    let ip = "4500 004e 0000 4000 4011 0000 08000003 08000002";
    hex(&format!(
        "{ethernet} {ip} c000 12b5 003a 0000 08000000 00002a00 {REQUEST}"
    ))
}

#[test]
fn another_node_is_answered_through_its_tunnel() {
    let mut network = Network::new();
    network.core = node(ArpAnswer::Stitched);
    // Where the asker is, from here.
    let asker = BridgeEntry {
        valid: true,
        key: BridgeKey {
            vrf: 2,
            mac: 0x0200_0000_0011,
        },
        nexthop: 30,
        label: VNI,
        ..BridgeEntry::default()
    };
    network.put(id::BRIDGE, 5, &asker);
    let mut core = network.core;
    let all = run(&mut core, &out_of_tunnel(), port("wire0"));
    let leaves: Vec<_> = all.iter().map(|output| output.port).collect();
    assert_eq!(leaves, [Some(ports::ROUND), Some(port("wire0"))]);
    assert_eq!(all[0].frame, told("aa"));
    let (outer, inner) = all[1].frame.split_at(14 + 20 + 8 + 8);
    assert_eq!(inner, told("aa"));
    assert_eq!(outer[26..30], (OURS as u32).to_be_bytes());
    assert_eq!(outer[30..34], (FAR as u32).to_be_bytes());
    assert_eq!(outer[46..49], VNI.to_be_bytes()[1..]);
    assert_eq!(core.counters.tx(0).packets, 1);
}

#[test]
fn another_nodes_router_is_not_ours() {
    let mut core = node(ArpAnswer::Router);
    let all = run(&mut core, &out_of_tunnel(), port("wire0"));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].port, Some(port("vf1")), "flooded");
    assert_eq!(all[0].frame, hex(REQUEST));
}

#[test]
fn lying_arp_ends() {
    let mut core = node(ArpAnswer::Router);
    let lie = REQUEST.replace("06 04 0001", "08 04 0001");
    let all = run(&mut core, &hex(&lie), port("vf0"));
    assert_eq!(all[0].verdict, Verdict::Drop(DropReason::InvalidArp));
}

#[test]
fn the_walk_of_a_request_is_told() {
    let text = node(ArpAnswer::Stitched)
        .trace(&hex(REQUEST), port("vf0"))
        .to_string();
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "s4_inner 10.1.1.3 asks for 10.1.1.4 -> arp at 14",
        "s6_bridge ff:ff:ff:ff:ff:ff in vrf 2 -> asks",
        "s7_receiver asks for 10.1.1.4 in vrf 2 -> answered with 02:00:00:00:00:aa",
        "s9_flow no flow needed -> unchanged",
        "s14_encap arp answer, 42 bytes -> 42 bytes on vf0 (vif 3)",
    ];
    assert_eq!(lines[4..], expected, "{text}");
}
