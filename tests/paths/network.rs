//! The tables behind the paths: three VMs of one VRF, the last with flows, and one tunnel end elsewhere, reached over
//! IPv4 by the first wire and over IPv6 by the second.

use crate::tables::{Address, Rows, ROUTER_MAC, TUNNEL_END, TUNNEL_END_V6};
use underpass_layout::port::{HOST0, VF0, WIRE0};
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;

/// Networks behind the remote tunnel end, one for each way to get there.
pub(super) const GRE_NET: u32 = 0x0a01_0001;
pub(super) const UDP_NET: u32 = 0x0a02_0001;
pub(super) const VXLAN_NET: u32 = 0x0a03_0001;
/// One that is reached by VXLAN over IPv6.
pub(super) const VXLAN_V6_NET: u32 = 0x0a04_0001;
/// IPv6 networks: behind MPLSoGRE over IPv4, behind MPLSoUDP over IPv6.
pub(super) const GRE_NET6: u128 = 0x2001_0db8_0001 << 80 | 1;
pub(super) const UDP_NET6: u128 = 0x2001_0db8_0002 << 80 | 1;
/// The remote tunnel end.
pub(super) const REMOTE: u32 = 0xc0a8_c80c;
/// Its IPv6 address.
pub(super) const REMOTE_V6: u128 = TUNNEL_END_V6 + 1;
/// The second wire.
pub(super) const WIRE1: u16 = WIRE0 + 1;
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

pub(super) const VRF: u16 = 1;
pub(super) const FABRIC_MAC: u64 = 0x0cc4_7a59_625c;
pub(super) const REMOTE_FABRIC_MAC: u64 = 0x0cc4_7a59_626e;

/// Ids of nexthops.
const NH_GRE: u32 = 30;
pub(super) const NH_UDP: u32 = 31;
pub(super) const NH_VXLAN: u32 = 32;
const NH_UDP_V6: u32 = 33;
const NH_VXLAN_V6: u32 = 34;
/// Ids of flows that are no conversation of their own.
const LAST_FLOWS: u32 = 4000;
/// The interface of the second wire.
const VIF_WIRE1: u16 = 6;

/// Nexthop that delivers routed packets to a VM, which also is the K(nh) of its flows.
pub(super) fn nh_routed(vm: u16) -> u32 {
    10 + u32::from(vm)
}

/// Nexthop that delivers frames to a VM.
pub(super) fn nh_bridged(vm: u16) -> u32 {
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

/// Its IPv6 address.
pub(super) const fn vm_address6(vm: u16) -> u128 {
    0x2001_0db8 << 96 | vm as u128
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
    let mut rows = rows_without_flows(profile, seed);
    for flow in 0..flows {
        conversation(&mut rows, flow);
    }
    other_flows(&mut rows);
    rows
}

/// The same with an empty flow table.
pub(super) fn rows_without_flows(profile: &'static Profile, seed: u128) -> Rows {
    let mut rows = Rows::new(profile, seed);
    interfaces(&mut rows);
    nexthops(&mut rows);
    forwarding(&mut rows);
    sources(&mut rows);
    rows
}

/// A flow from VM 3 to VM 2, in which the sender's port counts up.
pub(super) fn vm_flow(number: u16, flow_id: u32) -> FlowEntry {
    let [ours, theirs] = FLOW_PORTS;
    FlowEntry {
        valid: true,
        key: FlowKey {
            src: vm_address(3),
            dst: vm_address(2),
            ..key(17, ours + number, theirs)
        },
        action: FlowAction::Forward,
        flow_id,
        generation: 1,
        ..Default::default()
    }
}

/// The same of IPv6.
pub(super) fn vm_flow6(number: u16, flow_id: u32) -> FlowEntry6 {
    let FlowKey {
        nexthop,
        protocol,
        src_port,
        dst_port,
        ..
    } = vm_flow(number, flow_id).key;
    let key = FlowKey6 {
        nexthop,
        protocol,
        src_port,
        dst_port,
        ..Default::default()
    };
    FlowEntry6 {
        valid: true,
        key: key.between(vm_address6(3), vm_address6(2)),
        action: FlowAction::Forward,
        flow_id,
        generation: 1,
        ..Default::default()
    }
}

/// What is behind a VM's port.
pub(super) fn vm_interface(vm: u16) -> VifEntry {
    VifEntry {
        valid: true,
        kind: VifKind::Vm,
        policy: vm == 3,
        vrf: VRF,
        nexthop: nh_routed(vm),
        router_mac: ROUTER_MAC,
        check_arp: vm == 3,
        ..Default::default()
    }
}

/// How routed packets reach a VM.
pub(super) fn vm_nexthop(vm: u16) -> NexthopEntry {
    NexthopEntry {
        valid: true,
        kind: NexthopKind::Encap,
        policy: vm == 3,
        vif: vm_vif(vm),
        port: vm_port(vm),
        flow_nexthop: nh_routed(vm),
        dst_mac: vm_mac(vm),
        src_mac: ROUTER_MAC,
        ..Default::default()
    }
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
    let fabric_v6 = VifEntry {
        address: TUNNEL_END_V6,
        address_v6: true,
        ..fabric
    };
    plug(rows, WIRE1, VIF_WIRE1, fabric_v6);
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
        plug(rows, vm_port(vm), vm_vif(vm), vm_interface(vm));
    }
}

fn nexthops(rows: &mut Rows) {
    for vm in 1..=3 {
        let routed = vm_nexthop(vm);
        let bridged = NexthopEntry {
            bridge: true,
            ..routed
        };
        rows.direct(nh_routed(vm) as usize, &routed);
        rows.direct(nh_bridged(vm) as usize, &bridged);
    }
    for (id, tunnel, v6) in [
        (NH_GRE, TunnelKind::MplsGre, false),
        (NH_UDP, TunnelKind::MplsUdp, false),
        (NH_VXLAN, TunnelKind::Vxlan, false),
        (NH_UDP_V6, TunnelKind::MplsUdp, true),
        (NH_VXLAN_V6, TunnelKind::Vxlan, true),
    ] {
        let (vif, port, src, dst) = match v6 {
            false => (0, WIRE0, TUNNEL_END.into(), REMOTE.into()),
            true => (VIF_WIRE1, WIRE1, TUNNEL_END_V6, REMOTE_V6),
        };
        let entry = NexthopEntry {
            valid: true,
            kind: NexthopKind::Tunnel,
            vif,
            port,
            dst_mac: REMOTE_FABRIC_MAC,
            src_mac: FABRIC_MAC,
            tunnel,
            tunnel_v6: v6,
            tunnel_src: src,
            tunnel_dst: dst,
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
        ..Default::default()
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
        ..Default::default()
    });

    let mut mac = |mac, receive, nexthop, label| {
        rows.exact(&BridgeEntry {
            valid: true,
            key: BridgeKey { vrf: VRF, mac },
            receive,
            nexthop,
            label,
            ..Default::default()
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
        default_arp: ArpAnswer::Ask,
        ..Default::default()
    };
    let word = word
        .with_lengths([16, 0, 0, 0, 0, 0])
        .with_v6_lengths([48, 0, 0, 0, 0, 0]);
    rows.direct(usize::from(VRF), &word);
    let mut route = |bank, to: Address, length, arp, nexthop, label| {
        let bits = if to.v6 { 128 } else { 32 };
        let key = RouteKey {
            vrf: VRF,
            v6: to.v6,
            length,
            prefix: to.bits & u128::MAX << (bits - length),
        };
        rows.route(
            bank,
            &RouteEntry {
                valid: true,
                key,
                nexthop,
                label,
                arp,
                ..Default::default()
            },
        );
    };
    let (v4, v6) = (Address::v4, Address::v6);
    let none = ArpAnswer::Flood;
    let stitched = ArpAnswer::Stitched;
    route(None, v4(vm_address(2)), 32, stitched, nh_routed(2), 0);
    route(None, v4(vm_address(3)), 32, stitched, nh_routed(3), 0);
    route(Some(0), v4(GRE_NET), 16, ArpAnswer::Router, NH_GRE, 100);
    route(Some(0), v4(VXLAN_NET), 16, none, NH_VXLAN, VNI);
    route(Some(0), v4(VXLAN_V6_NET), 16, none, NH_VXLAN_V6, VNI);
    route(None, v6(vm_address6(2)), 128, none, nh_routed(2), 0);
    route(Some(0), v6(GRE_NET6), 48, none, NH_GRE, 100);
    route(Some(0), v6(UDP_NET6), 48, none, NH_UDP_V6, 101);
    for vm in 2..=3 {
        rows.exact(&StitchedEntry {
            valid: true,
            key: StitchedKey {
                vrf: VRF,
                address: vm_address(vm),
            },
            mac: vm_mac(vm),
        });
    }
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
    let remote_v6 = SourceEntry {
        address: REMOTE_V6,
        v6: true,
        ..remote
    };
    rows.direct(0, &any);
    rows.direct(NH_GRE as usize, &remote);
    rows.direct(NH_UDP_V6 as usize, &remote_v6);
}

/// What is the same in all flows.
fn key(protocol: u8, src_port: u16, dst_port: u16) -> FlowKey {
    FlowKey {
        nexthop: nh_routed(3),
        protocol,
        src_port,
        dst_port,
        ..Default::default()
    }
}

/// Both directions of a conversation by UDP over IPv4.
fn conversation(rows: &mut Rows, number: u16) {
    let [ours, theirs] = FLOW_PORTS;
    let ours = ours + number;
    flow(rows, key(17, ours, theirs), true, 2 * u32::from(number) + 1);
    flow(
        rows,
        key(17, theirs, ours),
        false,
        2 * u32::from(number) + 2,
    );
}

/// The packets without ports, those of IPv6, and those to another VM.
fn other_flows(rows: &mut Rows) {
    let [ours, theirs] = FLOW_PORTS;
    let short = key(PROTOCOL_SHORT, 0, 0);
    flow(rows, short, true, LAST_FLOWS);
    flow(rows, short, false, LAST_FLOWS + 1);
    flow6(rows, short, true, LAST_FLOWS + 2);
    flow6(rows, short, false, LAST_FLOWS + 3);
    flow6(rows, key(17, ours, theirs), true, LAST_FLOWS + 4);
    flow6(rows, key(17, theirs, ours), false, LAST_FLOWS + 5);
    rows.exact(&vm_flow(0, LAST_FLOWS + 6));
    rows.flow6(&vm_flow6(0, LAST_FLOWS + 7));
}

/// A flow of IPv4 from VM 3 or to it.
fn flow(rows: &mut Rows, key: FlowKey, from_vm: bool, flow_id: u32) {
    let (vm, remote) = (vm_address(3), GRE_NET);
    let (src, dst) = if from_vm { (vm, remote) } else { (remote, vm) };
    rows.exact(&FlowEntry {
        valid: true,
        key: FlowKey { src, dst, ..key },
        action: FlowAction::Forward,
        flow_id,
        source: if from_vm { 0 } else { NH_GRE },
        ..Default::default()
    });
}

/// A flow of IPv6.
fn flow6(rows: &mut Rows, key: FlowKey, from_vm: bool, flow_id: u32) {
    let (vm, remote) = (vm_address6(3), UDP_NET6);
    let (src, dst) = if from_vm { (vm, remote) } else { (remote, vm) };
    let key = FlowKey6 {
        nexthop: key.nexthop,
        protocol: key.protocol,
        src_port: key.src_port,
        dst_port: key.dst_port,
        ..Default::default()
    };
    rows.flow6(&FlowEntry6 {
        valid: true,
        key: key.between(src, dst),
        action: FlowAction::Forward,
        flow_id,
        source: if from_vm { 0 } else { NH_UDP_V6 },
        ..Default::default()
    });
}
