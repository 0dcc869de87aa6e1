//! A core that is easy to fill: each table has a verb, and rows are taken in order, since the model finds a key
//! wherever it lies.
#![allow(dead_code, reason = "each test binary uses the verbs that it needs")]

mod copies;
pub mod packets;

use underpass_layout::port;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, FlowAction, FlowEntry, FlowEntry6, FlowKey, FlowKey6, LabelAction,
    MplsEntry, NexthopEntry, NexthopKind, OnwardEntry, PortEntry, RouteEntry, RouteKey,
    SourceEntry, SourceKind, TunnelKind, VifEntry, VifKind, VrfEntry, VxlanEntry, VxlanKey, TABLES,
};
use underpass_layout::{words_for, Record};
use underpass_model::Core;

/// Our tunnel address, 8.0.0.2.
pub const OURS: u128 = 0x0800_0002;
/// The other node's, 8.0.0.3.
pub const FAR: u128 = 0x0800_0003;
/// Our tunnel address in an underlay of IPv6, 2001:db8::2.
pub const OURS6: u128 = 0x2001_0db8 << 96 | 2;
/// The other node's, 2001:db8::3.
pub const FAR6: u128 = 0x2001_0db8 << 96 | 3;
/// The MAC that every VM takes for its gateway's.
pub const ROUTER_MAC: u64 = 0x0000_5e00_0100;

/// The number of a port of the simulated card.
pub fn port(name: &str) -> u16 {
    port::number(name).expect("the simulated card has that port")
}

/// A core and the rows that are taken.
pub struct Network {
    /// What is filled.
    pub core: Core,
    taken: [usize; TABLES.len()],
    ours: u128,
    far: u128,
}

/// Of the addresses here, those of IPv6 are the larger ones.
pub fn is_v6(address: u128) -> bool {
    address > u32::MAX.into()
}

impl Network {
    /// The node of the peer's cases: interface 0 is the wire, 1 the host, cross-connected.
    pub fn new() -> Self {
        Network::between(OURS, FAR)
    }

    /// A node with that tunnel address, and another node's.
    pub fn between(ours: u128, far: u128) -> Self {
        let mut network = Network {
            core: Core::new(&SIM),
            taken: [0; TABLES.len()],
            ours,
            far,
        };
        let (wire, host) = (port("wire0"), port("host0"));
        for (vif, kind, own, other) in [
            (0, VifKind::Fabric, wire, host),
            (1, VifKind::Host, host, wire),
        ] {
            let entry = VifEntry {
                kind,
                cross_connect: true,
                cross_vif: 1 - vif,
                cross_port: other,
                address: ours,
                address_v6: is_v6(ours),
                ..VifEntry::default()
            };
            network.interface(vif, own, entry);
        }
        network
    }

    /// Writes a row.
    pub fn put<E: Record>(&mut self, table: u32, row: usize, entry: &E) {
        let mut words = vec![0; words_for(E::WIDTH)];
        entry.pack_into(&mut words);
        let written = self.core.write_row(table, row, &words);
        written.expect("the row exists");
    }

    fn add<E: Record>(&mut self, table: u32, entry: &E) {
        let row = self.taken[table as usize];
        self.taken[table as usize] += 1;
        self.put(table, row, entry);
    }

    fn interface(&mut self, vif: u16, port: u16, entry: VifEntry) {
        self.put(id::PORT, port.into(), &PortEntry { valid: true, vif });
        let entry = VifEntry {
            valid: true,
            ..entry
        };
        self.put(id::VIF, vif.into(), &entry);
    }

    /// A VM behind `vf0` (interface 3) or `vf1` (interface 4), as the peer's cases have them: nexthop 20 + vif for
    /// packets, 120 + vif for frames, and its MAC in its VRF's bridge table.
    pub fn vm(&mut self, vif: u16, vrf: u16, policy: bool) {
        let port = port::VF0 + vif - 3;
        let mac = 0x0200_0000_0011 + u64::from(vif - 3);
        let nexthop = 20 + u32::from(vif);
        let entry = VifEntry {
            kind: VifKind::Vm,
            policy,
            dhcp: true,
            vrf,
            nexthop,
            ..VifEntry::default()
        };
        self.interface(vif, port, entry);
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
        self.bridge(vrf, mac, nexthop + 100, 0);
    }

    /// Nexthop 30: the tunnel to the other node.
    pub fn tunnel(&mut self, tunnel: TunnelKind) {
        self.tunnel_to(30, tunnel, self.far);
    }

    /// A tunnel to another node.
    pub fn tunnel_to(&mut self, nexthop: usize, tunnel: TunnelKind, far: u128) {
        let entry = NexthopEntry {
            valid: true,
            kind: NexthopKind::Tunnel,
            port: port("wire0"),
            dst_mac: 0x001b_21bb_f946,
            src_mac: 0x001b_21bb_f948,
            tunnel,
            tunnel_v6: is_v6(far),
            tunnel_src: self.ours,
            tunnel_dst: far,
            l3_vxlan: true,
            router_mac: ROUTER_MAC,
            mtu: 1500,
            ..NexthopEntry::default()
        };
        self.put(id::NEXTHOP, nexthop, &entry);
    }

    /// Where a MAC address is.
    pub fn bridge(&mut self, vrf: u16, mac: u64, nexthop: u32, label: u32) {
        let entry = BridgeEntry {
            valid: true,
            key: BridgeKey { vrf, mac },
            receive: mac == ROUTER_MAC,
            nexthop,
            label,
            ..BridgeEntry::default()
        };
        self.add(id::BRIDGE, &entry);
    }

    /// The VRF has a router, and a route to one address.
    pub fn route(&mut self, vrf: u16, prefix: u128, nexthop: u32, label: u32) {
        self.bridge(vrf, ROUTER_MAC, 0, 0);
        let word = VrfEntry {
            valid: true,
            ..VrfEntry::default()
        };
        self.put(id::VRF, vrf.into(), &word);
        let v6 = is_v6(prefix);
        let entry = RouteEntry {
            valid: true,
            key: RouteKey {
                vrf,
                v6,
                length: if v6 { 128 } else { 32 },
                prefix,
            },
            nexthop,
            label,
            ..RouteEntry::default()
        };
        self.add(id::ROUTE_HOST, &entry);
    }

    /// A label for one nexthop.
    pub fn mpls(&mut self, label: usize, vrf: u16, nexthop: u32) {
        self.label(label, LabelAction::Nexthop, vrf, nexthop);
    }

    /// A label.
    pub fn label(&mut self, label: usize, action: LabelAction, vrf: u16, nexthop: u32) {
        let entry = MplsEntry {
            action,
            vrf,
            nexthop,
            ..MplsEntry::default()
        };
        self.put(id::MPLS, label, &entry);
    }

    /// A VNI.
    pub fn vxlan(&mut self, vni: u32, vrf: u16) {
        let entry = VxlanEntry {
            valid: true,
            key: VxlanKey { vni },
            vrf,
            ..VxlanEntry::default()
        };
        self.add(id::VXLAN, &entry);
    }

    /// Both directions of a flow: flow 2 and flow 3, with their S(nh).
    pub fn flow_pair(
        &mut self,
        forward: FlowKey,
        reverse_nexthop: u32,
        action: FlowAction,
        sources: [SourceEntry; 2],
    ) {
        let reverse = FlowKey {
            nexthop: reverse_nexthop,
            src: forward.dst,
            dst: forward.src,
            // An echo's identifier is the source port of both directions.
            src_port: if forward.protocol == 1 {
                forward.src_port
            } else {
                forward.dst_port
            },
            dst_port: if forward.protocol == 1 {
                0
            } else {
                forward.src_port
            },
            ..forward
        };
        for (flow_id, (key, source)) in (2..).zip([forward, reverse].into_iter().zip(sources)) {
            let entry = FlowEntry {
                valid: true,
                key,
                action,
                flow_id,
                source: flow_id,
                source_moves: false,
                generation: 1,
                spare: 0,
            };
            self.add(id::FLOW, &entry);
            self.put(id::SOURCE, flow_id as usize, &source);
        }
    }
}

impl Network {
    /// A flow that goes on with something else: its rows in `onward` and `source` have its number.
    pub fn onward_flow(
        &mut self,
        flow_id: u32,
        key: FlowKey,
        onward: OnwardEntry,
        source: SourceEntry,
    ) {
        let entry = FlowEntry {
            valid: true,
            key,
            action: FlowAction::Onward,
            flow_id,
            source: flow_id,
            source_moves: false,
            generation: 1,
            spare: 0,
        };
        self.add(id::FLOW, &entry);
        self.onward(flow_id, onward, source);
    }

    /// Likewise of IPv6.
    pub fn onward_flow6(
        &mut self,
        flow_id: u32,
        key: FlowKey6,
        onward: OnwardEntry,
        source: SourceEntry,
    ) {
        let entry = FlowEntry6 {
            valid: true,
            key,
            action: FlowAction::Onward,
            flow_id,
            source: flow_id,
            source_moves: false,
            generation: 1,
        };
        self.add(id::FLOW, &entry);
        self.onward(flow_id, onward, source);
    }

    fn onward(&mut self, flow_id: u32, onward: OnwardEntry, source: SourceEntry) {
        let onward = OnwardEntry {
            source: flow_id,
            ..onward
        };
        self.put(id::ONWARD, flow_id as usize, &onward);
        self.put(id::SOURCE, flow_id as usize, &source);
    }

    /// Both directions of an IPv6 flow: flow 4 and flow 5, in whose stead no IPv4 entry can be put.
    pub fn flow_pair6(&mut self, key: FlowKey6, ends: [u128; 2], sources: [SourceEntry; 2]) {
        let [src, dst] = ends;
        let reverse = FlowKey6 {
            src_port: key.dst_port,
            dst_port: key.src_port,
            ..key
        };
        let keys = [key.between(src, dst), reverse.between(dst, src)];
        for (flow_id, (key, source)) in (4..).zip(keys.into_iter().zip(sources)) {
            let entry = FlowEntry6 {
                valid: true,
                key,
                action: FlowAction::Forward,
                flow_id,
                source: flow_id,
                source_moves: false,
                generation: 1,
            };
            self.add(id::FLOW, &entry);
            self.put(id::SOURCE, flow_id as usize, &source);
        }
    }
}

/// Packets must come from this interface.
pub fn from_vif(vif: u16) -> SourceEntry {
    SourceEntry {
        kind: SourceKind::Vif,
        vif,
        address: 0,
        v6: false,
    }
}

/// Packets must come through the tunnel from the other node.
pub fn from_far() -> SourceEntry {
    from_end(FAR)
}

/// Packets must come through the tunnel from this end.
pub fn from_end(address: u128) -> SourceEntry {
    SourceEntry {
        kind: SourceKind::Tunnel,
        vif: 0,
        address,
        v6: is_v6(address),
    }
}

/// Bytes from hex digits.
pub fn hex(text: &str) -> Vec<u8> {
    let text = text.replace(' ', "");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits");
    (0..text.len()).step_by(2).map(byte).collect()
}
