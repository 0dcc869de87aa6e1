//! What a session knows, in the shapes of the tools.
//!
//! A few of their columns have no counterpart here: a flow's index is its flow id, a bridge entry's its place in the
//! list, a route's PPL its own length. A fat flow shows no UDP source port, because the flows in it have one each.

use std::net::{IpAddr, Ipv4Addr};

use underpass_layout::hash::{entropy, fold48};
use underpass_table_compiler::objects::{
    self, EcmpFields, Family, FatFlowRule, FlagSet, FlowFlags, FlowSide, Ignore, NexthopFlags,
    NexthopKind, Objects, Vif, VifFlags, VifType,
};

use super::{
    Bridge, BridgeTable, DropTable, FatFlow, Flow, FlowAction, FlowTable, Interface,
    InterfaceTable, LabelTable, Mirror, MirrorTable, Nexthop, NexthopShape, Route, RouteTable,
    TcpState, VniTable,
};
use crate::flow_state::FlowState;
use crate::slow_path::Denied;
use crate::summary::{self, Summary};

/// What the peer's flow table takes for an entry, bytes.
const ENTRY_BYTES: u64 = 256;

/// All flows.
pub fn flows(objects: &Objects, flows: &[FlowState], places: u64) -> FlowTable {
    FlowTable {
        bytes: places * ENTRY_BYTES,
        places,
        created: flows.len() as u64,
        added: flows.len() as u64,
        deleted: 0,
        changed: 0,
        processed: flows.len() as u64,
        matching: None,
        flows: flows.iter().map(|state| flow(objects, state)).collect(),
    }
}

fn flow(objects: &Objects, state: &FlowState) -> Flow {
    let side = &state.flow.side;
    let index = state.flow.flow_id();
    Flow {
        index,
        // The two directions of a pair differ in the lowest bit.
        reverse: state.flow.answered.then_some(index ^ 1),
        generation: state.flow.pair.generation,
        source: side.sip,
        source_port: side.sport,
        destination: side.dip,
        destination_port: side.dport,
        protocol: side.proto,
        vrf: side.vrf,
        into_vrf: side.dvrf.filter(|vrf| *vrf != side.vrf),
        key_nexthop: side.key_nh,
        action: action(side, state.flow.denied),
        tcp: tcp(&state.tcp),
        ecmp_index: side.ecmp_index,
        source_nexthop: side.rpf_nh,
        packets: state.traffic.packets,
        bytes: state.traffic.bytes,
        mirrors: summary::mirrors(side)
            .iter()
            .map(|index| *index as u8)
            .collect(),
        qos_map: side.qos_map,
        udp_source_port: udp_source_port(side),
        seen_from: seen_from(objects, side.rpf_nh),
    }
}

fn action(side: &FlowSide, denied: Option<Denied>) -> FlowAction {
    let has = |flag| side.flags.contains(flag);
    match side.action {
        objects::FlowAction::Hold => FlowAction::Hold,
        objects::FlowAction::Forward => FlowAction::Forward,
        objects::FlowAction::Drop => FlowAction::Drop(denied.map_or("Unknown", Denied::name)),
        objects::FlowAction::Nat => FlowAction::Nat {
            snat: has(FlowFlags::SNAT),
            spat: has(FlowFlags::SPAT),
            dnat: has(FlowFlags::DNAT),
            dpat: has(FlowFlags::DPAT),
        },
    }
}

fn tcp(words: &[&str]) -> TcpState {
    let has = |word: &str| words.contains(&word);
    TcpState {
        syn: has("SYN"),
        syn_reverse: has("SYN_R"),
        established: has("EST"),
        established_reverse: has("EST_R"),
        fin: has("FIN"),
        fin_reverse: has("FIN_R"),
        reset: has("RST"),
        half_close: has("HALF_CLOSE"),
        dead: has("DEAD"),
    }
}

fn udp_source_port(side: &FlowSide) -> u16 {
    let fat = matches!(side.proto, 6 | 17 | 132) && (side.sport == 0 || side.dport == 0);
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let [a, b] = [side.sip, side.dip].map(|address| fold48(bits(address)));
    match fat {
        true => 0,
        false => entropy(side.vrf, side.proto, side.sport, side.dport, a, b),
    }
}

/// The end of the tunnel, or the interface's index in the first byte.
fn seen_from(objects: &Objects, nexthop: u32) -> Ipv4Addr {
    let nexthop = objects.nexthops.iter().find(|one| one.id == nexthop);
    match nexthop.map(|nexthop| &nexthop.kind) {
        Some(NexthopKind::Encap { out_vif, .. }) => Ipv4Addr::from(out_vif.to_le_bytes()),
        Some(NexthopKind::Tunnel(tunnel)) => match tunnel.dip {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        },
        _ => Ipv4Addr::UNSPECIFIED,
    }
}

/// All interfaces.
pub fn interfaces(objects: &Objects, summary: &Summary) -> InterfaceTable {
    let interfaces = objects.vifs.iter();
    InterfaceTable {
        interfaces: interfaces
            .map(|vif| interface(objects, vif, summary))
            .collect(),
    }
}

fn interface(objects: &Objects, vif: &Vif, summary: &Summary) -> Interface {
    let port = vif.port.map(|port| port.to_string());
    let counted = port.as_ref().and_then(|port| summary.ports.get(port));
    let counted = counted.cloned().unwrap_or_default();
    let leads = |kind: &NexthopKind| {
        matches!(kind, NexthopKind::Encap { out_vif, .. } | NexthopKind::Receive { out_vif } if *out_vif == vif.idx)
            || matches!(kind, NexthopKind::Tunnel(tunnel) if tunnel.out_vif == vif.idx)
    };
    let led = objects
        .nexthops
        .iter()
        .filter(|nexthop| leads(&nexthop.kind));
    let (address, address6) = match vif.ip {
        Some(IpAddr::V4(address)) => (address, None),
        Some(IpAddr::V6(address)) => (Ipv4Addr::UNSPECIFIED, Some(address)),
        None => (Ipv4Addr::UNSPECIFIED, None),
    };
    let mirrored = VifFlags::MIRROR_RX | VifFlags::MIRROR_TX;
    Interface {
        index: vif.idx,
        name: vif
            .name
            .clone()
            .or(port)
            .unwrap_or_else(|| nameless(vif.vif_type).to_owned()),
        kind: match vif.vif_type {
            VifType::Fabric => "Physical",
            VifType::Host => "Host",
            VifType::Agent => "Agent",
            VifType::Vm => "Virtual",
            VifType::Gateway => "Gateway",
        },
        mac: vif.mac.0,
        address,
        address6,
        vrf: vif.vrf,
        flags: letters(vif.flags),
        references: 1 + led.count() as u32,
        qos_map: vif.qos_map,
        mirror: vif
            .mirror_index
            .filter(|_| vif.flags.bits() & mirrored.bits() != 0)
            .map(|index| index as u8),
        received: (counted.rx_packets, counted.rx_bytes),
        sent: (counted.tx_packets, counted.tx_bytes),
        drops: counted.drops.values().sum(),
        ingress_metadata: vif
            .mirror_metadata_rx_hex
            .clone()
            .map(|hex| hex.0)
            .unwrap_or_default(),
        egress_metadata: vif
            .mirror_metadata_tx_hex
            .clone()
            .map(|hex| hex.0)
            .unwrap_or_default(),
        fat_flows: vif.fat_flow_rules.iter().map(fat_flow).collect(),
        fat_flow_excludes: vif
            .fat_flow_exclude
            .iter()
            .map(|prefix| prefix.addr())
            .collect(),
    }
}

/// What the peer calls the interfaces that nobody names.
const fn nameless(vif_type: VifType) -> &'static str {
    match vif_type {
        VifType::Host => "vhost0",
        VifType::Agent => "pkt0",
        VifType::Fabric | VifType::Vm | VifType::Gateway => "",
    }
}

fn fat_flow(rule: &FatFlowRule) -> FatFlow {
    let aggregate = |of: Option<objects::Aggregate>| {
        of.map(|of| (of.prefix.addr(), of.prefix.prefix_len(), of.length))
    };
    FatFlow {
        protocol: rule.proto,
        port: rule.port,
        ignore_source: rule.ignore == Some(Ignore::Src),
        ignore_destination: rule.ignore == Some(Ignore::Dst),
        source: aggregate(rule.src),
        destination: aggregate(rule.dst),
    }
}

/// The letters of flags that have one, `proxy(P)`, in the order of the peer's bits.
fn letters(flags: impl FlagSet) -> String {
    let letter = |name: &'static str| Some(name.strip_suffix(')')?.split_once('(')?.1);
    flags.names().filter_map(letter).collect()
}

/// All nexthops.
pub fn nexthops(objects: &Objects) -> Vec<Nexthop> {
    let nexthops = objects.nexthops.iter();
    nexthops.map(|one| nexthop(objects, one)).collect()
}

/// What the tool calls the flags, in its order.
const NEXTHOP_FLAGS: &[(NexthopFlags, &str)] = &[
    (NexthopFlags::POLICY, "Policy"),
    (NexthopFlags::RELAXED_POLICY, "Policy(R)"),
    (NexthopFlags::FLOW_LOOKUP, "Flow Lookup"),
    (NexthopFlags::GRE, "MPLSoGRE"),
    (NexthopFlags::MPLS_UDP, "MPLSoUDP"),
    (NexthopFlags::UDP, "Udp"),
    (NexthopFlags::COMP_ECMP, "Ecmp"),
    (NexthopFlags::COMP_FABRIC, "Fabric"),
    (NexthopFlags::COMP_EVPN, "Evpn"),
    (NexthopFlags::COMP_TOR, "Tor"),
    (NexthopFlags::COMP_ENCAP, "Encap"),
    (NexthopFlags::MCAST, "Multicast"),
    (NexthopFlags::ROUTE_LOOKUP, "RouteLookup"),
    (NexthopFlags::L3_VXLAN, "l3_vxlan"),
    (NexthopFlags::VXLAN, "Vxlan"),
    (NexthopFlags::UNKNOWN_UC_FLOOD, "Unicast Flood"),
    (NexthopFlags::SIP_COPY, "Copy SIP"),
    (NexthopFlags::PBB, "Pbb"),
    (NexthopFlags::INDIRECT, "Indirect"),
    (NexthopFlags::ETREE_ROOT, "Etree Root"),
    (NexthopFlags::MAC_LEARN, "Mac Learn"),
    (NexthopFlags::L2_CONTROL_DATA, "Evpn Control Word"),
    (NexthopFlags::CRYPT, "Encrypt Traffic"),
    (NexthopFlags::UNDERLAY_ECMP, "Underlay Ecmp"),
];

fn nexthop(objects: &Objects, one: &objects::Nexthop) -> Nexthop {
    let flags = NEXTHOP_FLAGS
        .iter()
        .filter(|(flag, _)| one.flags.contains(*flag));
    Nexthop {
        id: one.id,
        family: match one.family {
            Family::Inet => "AF_INET",
            Family::Inet6 => "AF_INET6",
            Family::Bridge => "AF_BRIDGE",
        },
        references: references(objects, one.id),
        vrf: i32::from(one.vrf),
        flags: std::iter::once("Valid")
            .chain(flags.map(|(_, word)| *word))
            .collect(),
        shape: shape(one),
    }
}

fn shape(one: &objects::Nexthop) -> NexthopShape {
    match &one.kind {
        NexthopKind::Discard => NexthopShape::Drop,
        NexthopKind::Receive { out_vif } => NexthopShape::Receive {
            interface: *out_vif,
        },
        NexthopKind::L2Receive => NexthopShape::L2Receive,
        NexthopKind::VrfTranslate => NexthopShape::VrfTranslate,
        NexthopKind::Resolve { .. } => NexthopShape::Resolve,
        NexthopKind::Encap { out_vif, rewrite } => NexthopShape::Encap {
            interface: *out_vif,
            header: rewrite.0.clone(),
        },
        NexthopKind::Tunnel(tunnel) => NexthopShape::Tunnel {
            interface: tunnel.out_vif,
            header: tunnel.rewrite.0.clone(),
            source: tunnel.sip,
            destination: tunnel.dip,
            ports: tunnel.udp_ports,
            l3_vxlan_mac: tunnel.rw_dst_mac.map(|mac| mac.0),
        },
        NexthopKind::Composite { components, hash } => NexthopShape::Composite {
            hash: one
                .flags
                .contains(NexthopFlags::COMP_ECMP)
                .then(|| fields(*hash)),
            members: components
                .iter()
                .map(|member| (member.nh, member.label))
                .collect(),
        },
    }
}

/// What a choice looks at, in the peer's words.
fn fields(hash: EcmpFields) -> String {
    const WORDS: [(EcmpFields, &str); 5] = [
        (EcmpFields::PROTOCOL, "Proto"),
        (EcmpFields::SOURCE, "SrcIP"),
        (EcmpFields::SOURCE_PORT, "SrcPort"),
        (EcmpFields::DESTINATION, "DstIp"),
        (EcmpFields::DESTINATION_PORT, "DstPort"),
    ];
    let words = WORDS.iter().filter(|(field, _)| hash.contains(*field));
    let words: Vec<&str> = words.map(|(_, word)| *word).collect();
    words.join(",")
}

/// How many objects name a nexthop, itself included.
fn references(objects: &Objects, id: u32) -> u32 {
    let composites = objects.nexthops.iter().map(|nexthop| match &nexthop.kind {
        NexthopKind::Composite { components, .. } => {
            components.iter().filter(|member| member.nh == id).count()
        }
        _ => 0,
    });
    let named = objects.routes.iter().filter(|route| route.nh == id).count()
        + objects
            .bridges
            .iter()
            .filter(|bridge| bridge.nh == id)
            .count()
        + objects.mpls.iter().filter(|mpls| mpls.nh == id).count()
        + objects.vxlans.iter().filter(|vxlan| vxlan.nh == id).count()
        + objects
            .vifs
            .iter()
            .filter(|vif| vif.nh_id == Some(id))
            .count()
        + objects
            .mirrors
            .iter()
            .filter(|mirror| mirror.nh == id)
            .count()
        + composites.sum::<usize>();
    1 + named as u32
}

/// The routes of every VRF and family that has some.
pub fn routes(objects: &Objects) -> Vec<RouteTable> {
    let mut routes: Vec<_> = objects.routes.iter().collect();
    routes.sort_by_key(|route| (route.vrf, route.prefix.addr().is_ipv6(), route.prefix));
    let mut tables: Vec<RouteTable> = Vec::new();
    for route in routes {
        let (vrf, v6) = (route.vrf, route.prefix.addr().is_ipv6());
        let shown = Route {
            prefix: route.prefix.addr(),
            length: route.prefix.prefix_len(),
            replaced: route.prefix.prefix_len(),
            flags: letters(route.flags),
            label: route.label,
            nexthop: route.nh,
            stitched: route
                .stitched_mac
                .map(|mac| (mac.0, bridge_index(objects, vrf, mac))),
        };
        match tables.last_mut() {
            Some(table) if (table.vrf, table.v6) == (vrf, v6) => table.routes.push(shown),
            _ => tables.push(RouteTable {
                vrf,
                v6,
                routes: vec![shown],
            }),
        }
    }
    tables
}

/// The place of a MAC in the list; 0 where it is not in it.
fn bridge_index(objects: &Objects, vrf: u16, mac: underpass_table_compiler::Mac) -> u32 {
    let place = sorted_bridges(objects)
        .iter()
        .position(|bridge| (bridge.vrf, bridge.mac) == (vrf, mac));
    place.map_or(0, |place| place as u32)
}

fn sorted_bridges(objects: &Objects) -> Vec<&objects::Bridge> {
    let mut bridges: Vec<_> = objects.bridges.iter().collect();
    bridges.sort_by_key(|bridge| (bridge.vrf, bridge.mac));
    bridges
}

/// The MACs of every VRF that has some.
pub fn bridges(objects: &Objects) -> Vec<BridgeTable> {
    let mut tables: Vec<BridgeTable> = Vec::new();
    for (index, bridge) in (0..).zip(sorted_bridges(objects)) {
        let shown = Bridge {
            index,
            mac: bridge.mac.0,
            flags: letters(bridge.flags),
            label: bridge.label,
            nexthop: bridge.nh,
            packets: 0,
        };
        match tables.last_mut() {
            Some(table) if table.vrf == bridge.vrf => table.entries.push(shown),
            _ => tables.push(BridgeTable {
                vrf: bridge.vrf,
                entries: vec![shown],
            }),
        }
    }
    tables
}

/// Labels of this node.
pub fn labels(objects: &Objects) -> LabelTable {
    let mut labels: Vec<_> = objects
        .mpls
        .iter()
        .map(|mpls| (mpls.label, mpls.nh))
        .collect();
    labels.sort_unstable();
    LabelTable { labels }
}

/// VNIs.
pub fn vnis(objects: &Objects) -> VniTable {
    let mut vnis: Vec<_> = objects
        .vxlans
        .iter()
        .map(|vxlan| (vxlan.vnid, vxlan.nh))
        .collect();
    vnis.sort_unstable();
    VniTable { vnis }
}

/// Mirrors.
pub fn mirrors(objects: &Objects) -> MirrorTable {
    let mirrors = objects.mirrors.iter().map(|mirror| Mirror {
        index: mirror.index,
        nexthop: mirror.nh,
        dynamic: mirror.dynamic_juniper_header,
        vni: mirror.vni,
    });
    MirrorTable {
        mirrors: mirrors.collect(),
    }
}

/// Drop counters.
pub fn drops(summary: &Summary) -> DropTable {
    DropTable {
        drops: summary.drops.clone(),
    }
}
