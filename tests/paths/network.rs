//! The tables behind the paths: three VMs of one VRF, the last with flows, and one tunnel end elsewhere.

use crate::tables::{Rows, ROUTER_MAC, TUNNEL_END};
use underpass_layout::port::{HOST0, VF0, WIRE0};
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;

/// Networks behind the remote tunnel end, one for each way to get there.
pub(super) const GRE_NET: u32 = 0x0a01_0001;
pub(super) const UDP_NET: u32 = 0x0a02_0001;
pub(super) const VXLAN_NET: u32 = 0x0a03_0001;
/// The remote tunnel end.
pub(super) const REMOTE: u32 = 0xc0a8_c80c;
/// A VM behind it.
pub(super) const REMOTE_MAC: u64 = 0x0200_0000_1001;
/// A MAC that no table knows.
pub(super) const NOBODY_MAC: u64 = 0x0200_0000_dead;
/// Labels of ours: an IP packet for VM 2, one to be routed, one for VM 3 with its flows, a frame for VM 2, nothing.
pub(super) const LABEL_IP: u32 = 16;
pub(super) const LABEL_VRF: u32 = 17;
pub(super) const LABEL_FLOW: u32 = 18;
pub(super) const LABEL_FRAME: u32 = 19;
pub(super) const LABEL_UNKNOWN: u32 = 20;
/// The VNI of the VRF, here and there.
pub(super) const VNI: u32 = 5000;
/// Ports of the flow between VM 3 and the remote end.
pub(super) const FLOW_PORTS: [u16; 2] = [5000, 443];
/// Experimental protocol (RFC 3692), for packets too short to hold a UDP header.
pub(super) const PROTOCOL_SHORT: u8 = 253;

const VRF: u16 = 1;
const FABRIC_MAC: u64 = 0x0cc4_7a59_625c;
const REMOTE_FABRIC_MAC: u64 = 0x0cc4_7a59_626e;

/// Ids of nexthops.
const NH_GRE: u32 = 30;
const NH_UDP: u32 = 31;
const NH_VXLAN: u32 = 32;

/// Nexthop that delivers routed packets to a VM, which also is the K(nh) of its flows.
fn nh_routed(vm: u16) -> u32 {
    10 + u32::from(vm)
}

/// Nexthop that delivers frames to a VM.
fn nh_bridged(vm: u16) -> u32 {
    20 + u32::from(vm)
}

/// The MAC of a VM, 1 to 3.
pub(super) const fn vm_mac(vm: u16) -> u64 {
    0x0200_0000_0000 | vm as u64
}

/// Its address.
pub(super) const fn vm_address(vm: u16) -> u32 {
    0x0a00_0000 | vm as u32
}

/// Its interface.
pub(super) const fn vm_vif(vm: u16) -> u16 {
    2 + vm
}

/// Its port.
pub(super) const fn vm_port(vm: u16) -> u16 {
    VF0 + vm - 1
}

/// What the tables hold, hashed by this seed.
pub fn rows(profile: &'static Profile, seed: u128) -> Rows {
    rows_with_flows(profile, seed, 1)
}

/// The same with so many conversations of VM 3, which differ in its port.
pub fn rows_with_flows(profile: &'static Profile, seed: u128, flows: u16) -> Rows {
    let mut rows = Rows::new(profile, seed);
    interfaces(&mut rows);
    nexthops(&mut rows);
    forwarding(&mut rows);
    sources(&mut rows);
    for flow in 0..flows {
        conversation(&mut rows, flow);
    }
    rows
}

fn interfaces(rows: &mut Rows) {
    let plug = |rows: &mut Rows, port: u16, vif: u16, entry: VifEntry| {
        rows.direct(
            usize::from(vif),
            &VifEntry {
                valid: true,
                ..entry
            },
        );
        rows.direct(usize::from(port), &PortEntry { valid: true, vif });
    };
    let crossed = VifEntry {
        cross_connect: true,
        ..Default::default()
    };
    let fabric = VifEntry {
        kind: VifKind::Fabric,
        cross_vif: 1,
        cross_port: HOST0,
        address: TUNNEL_END.into(),
        ..crossed
    };
    plug(rows, WIRE0, 0, fabric);
    plug(
        rows,
        HOST0,
        1,
        VifEntry {
            kind: VifKind::Host,
            cross_vif: 0,
            cross_port: WIRE0,
            ..crossed
        },
    );
    for vm in 1..=3 {
        let entry = VifEntry {
            kind: VifKind::Vm,
            policy: vm == 3,
            vrf: VRF,
            nexthop: nh_routed(vm),
            ..Default::default()
        };
        plug(rows, vm_port(vm), vm_vif(vm), entry);
    }
}

fn nexthops(rows: &mut Rows) {
    for vm in 1..=3 {
        let routed = NexthopEntry {
            valid: true,
            kind: NexthopKind::Encap,
            policy: vm == 3,
            vif: vm_vif(vm),
            port: vm_port(vm),
            flow_nexthop: nh_routed(vm),
            dst_mac: vm_mac(vm),
            src_mac: ROUTER_MAC,
            ..Default::default()
        };
        rows.direct(nh_routed(vm) as usize, &routed);
        rows.direct(
            nh_bridged(vm) as usize,
            &NexthopEntry {
                bridge: true,
                ..routed
            },
        );
    }
    for (id, tunnel) in [
        (NH_GRE, TunnelKind::MplsGre),
        (NH_UDP, TunnelKind::MplsUdp),
        (NH_VXLAN, TunnelKind::Vxlan),
    ] {
        let entry = NexthopEntry {
            valid: true,
            kind: NexthopKind::Tunnel,
            port: WIRE0,
            dst_mac: REMOTE_FABRIC_MAC,
            src_mac: FABRIC_MAC,
            tunnel,
            tunnel_src: TUNNEL_END.into(),
            tunnel_dst: REMOTE.into(),
            l3_vxlan: tunnel == TunnelKind::Vxlan,
            router_mac: ROUTER_MAC,
            ..Default::default()
        };
        rows.direct(id as usize, &entry);
    }
}

fn forwarding(rows: &mut Rows) {
    let label = |action, nexthop| MplsEntry {
        action,
        vrf: VRF,
        nexthop,
    };
    for (number, entry) in [
        (LABEL_IP, label(LabelAction::Nexthop, nh_routed(2))),
        (LABEL_VRF, label(LabelAction::Route, 0)),
        (LABEL_FLOW, label(LabelAction::Nexthop, nh_routed(3))),
        (LABEL_FRAME, label(LabelAction::Frame, nh_bridged(2))),
    ] {
        rows.direct(number as usize, &entry);
    }
    rows.exact(&VxlanEntry {
        valid: true,
        key: VxlanKey { vni: VNI },
        vrf: VRF,
    });

    let mut mac = |mac, receive, nexthop, label| {
        rows.exact(&BridgeEntry {
            valid: true,
            key: BridgeKey { vrf: VRF, mac },
            receive,
            nexthop,
            label,
        });
    };
    mac(ROUTER_MAC, true, 0, 0);
    mac(vm_mac(2), false, nh_bridged(2), 0);
    mac(REMOTE_MAC, false, NH_VXLAN, VNI);

    // A host route, a prefix in a bank, and the default route.
    let word = VrfEntry {
        valid: true,
        default_valid: true,
        default_nexthop: NH_UDP,
        default_label: 101,
        ..Default::default()
    };
    rows.direct(usize::from(VRF), &word.with_lengths([16, 0, 0, 0, 0, 0]));
    let mut route = |bank, prefix, length, nexthop, label| {
        let key = RouteKey {
            vrf: VRF,
            v6: false,
            length,
            prefix: u128::from(prefix),
        };
        rows.route(
            bank,
            &RouteEntry {
                valid: true,
                key,
                nexthop,
                label,
            },
        );
    };
    route(None, vm_address(2), 32, nh_routed(2), 0);
    route(Some(0), GRE_NET & 0xffff_0000, 16, NH_GRE, 100);
    route(Some(0), VXLAN_NET & 0xffff_0000, 16, NH_VXLAN, VNI);
}

/// Where packets of flows come from: anywhere, or the remote tunnel end.
fn sources(rows: &mut Rows) {
    let any = SourceEntry {
        kind: SourceKind::Any,
        ..Default::default()
    };
    let remote = SourceEntry {
        kind: SourceKind::Tunnel,
        address: REMOTE.into(),
        ..Default::default()
    };
    rows.direct(0, &any);
    rows.direct(NH_GRE as usize, &remote);
}

/// Both directions of a conversation, with ports and without.
fn conversation(rows: &mut Rows, number: u16) {
    let [ours, theirs] = FLOW_PORTS;
    let vm = (vm_address(3), ours + number, 0);
    let remote = (GRE_NET, theirs, NH_GRE);
    let mut flow_id = 4 * u32::from(number) + 1;
    for (from, to) in [(vm, remote), (remote, vm)] {
        for (protocol, src_port, dst_port) in [(17, from.1, to.1), (PROTOCOL_SHORT, 0, 0)] {
            let key = FlowKey {
                v6: false,
                nexthop: nh_routed(3),
                protocol,
                src_port,
                dst_port,
                src: from.0,
                dst: to.0,
            };
            rows.exact(&FlowEntry {
                valid: true,
                key,
                action: FlowAction::Forward,
                flow_id,
                source: from.2,
                spare: 0,
            });
            flow_id += 1;
        }
    }
}
