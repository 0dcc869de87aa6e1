//! Two nodes: what goes into a tunnel at one comes out at the other, and what is on the wire between them is what another
//! crate's parser takes it for.
//!
//! ```text
//!   VM ─vf0─▶ node ─wire0─▶ | Ethernet | IPv4, IPv6 | GRE, UDP | MPLS, VXLAN | .. ─wire0─▶ node ─vf1─▶ VM
//! ```

mod common;

use common::packets::{any_tenant, Tenant, REMOTE4, REMOTE6};
use common::{is_v6, port, Network, FAR, FAR6, OURS, OURS6, ROUTER_MAC};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use proptest::prelude::*;
use underpass_layout::tables::{LabelAction, TunnelKind};
use underpass_layout::Verdict;
use underpass_model::Core;

const VM_MAC: u64 = 0x0200_0000_0011;
const REMOTE_MAC: u64 = 0x0200_0000_0012;
/// The label or VNI between the nodes.
const LABEL: u32 = 42;

/// How a packet crosses.
#[derive(Clone, Copy, Debug)]
struct Crossing {
    tunnel: TunnelKind,
    underlay_v6: bool,
    routed: bool,
}

impl Crossing {
    fn ends(&self) -> (u128, u128) {
        match self.underlay_v6 {
            true => (OURS6, FAR6),
            false => (OURS, FAR),
        }
    }

    /// The node of the sending VM.
    fn near(&self) -> Core {
        let (ours, far) = self.ends();
        let mut node = Network::between(ours, far);
        node.vm(3, 2, false);
        node.tunnel(self.tunnel);
        match self.routed {
            true => {
                node.route(2, REMOTE4, 30, LABEL);
                node.route(2, REMOTE6, 30, LABEL);
            }
            false => node.bridge(2, REMOTE_MAC, 30, LABEL),
        }
        node.core
    }

    /// The node of the receiving one, which knows it by label, by MAC and by route.
    fn far(&self) -> Core {
        let (ours, far) = self.ends();
        let mut node = Network::between(far, ours);
        node.vm(4, 2, false);
        let (action, nexthop) = match self.routed {
            true => (LabelAction::Nexthop, 24),
            false => (LabelAction::Frame, 124),
        };
        node.label(LABEL as usize, action, 2, nexthop);
        node.vxlan(LABEL, 2);
        node.route(2, REMOTE4, 24, 0);
        node.route(2, REMOTE6, 24, 0);
        node.core
    }
}

/// How the card wraps.
const TUNNELS: [TunnelKind; 4] = [
    TunnelKind::MplsGre,
    TunnelKind::MplsUdp,
    TunnelKind::Vxlan,
    TunnelKind::Nvgre,
];

fn any_crossing() -> impl Strategy<Value = Crossing> {
    let tunnels = prop::sample::select(&TUNNELS[..]);
    (tunnels, any::<bool>(), any::<bool>()).prop_map(|(tunnel, underlay_v6, routed)| Crossing {
        tunnel,
        underlay_v6,
        // NVGRE carries frames alone.
        routed: routed && tunnel != TunnelKind::Nvgre,
    })
}

/// The packet as it must arrive: one hop less where it was routed and is IPv4; the peer leaves the hop limit.
fn expected(tenant: &Tenant, crossing: &Crossing) -> Vec<u8> {
    if !crossing.routed {
        return tenant.frame(REMOTE_MAC, VM_MAC);
    }
    let mut arrived = tenant.clone();
    if !tenant.v6 {
        arrived.packet[8] -= 1;
        arrived.packet[10..12].fill(0);
        let header = etherparse::Ipv4Header::from_slice(&arrived.packet).expect("good");
        let checksum = header.0.calc_header_checksum();
        arrived.packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    }
    arrived.frame(REMOTE_MAC, ROUTER_MAC)
}

/// What the other parser finds on the wire.
fn check_outer(frame: &[u8], crossing: &Crossing) -> Result<(), TestCaseError> {
    let sliced = SlicedPacket::from_ethernet(frame);
    let sliced = sliced.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let Some(net) = &sliced.net else {
        return Err(TestCaseError::fail("no IP header"));
    };
    let (src, dst) = crossing.ends();
    let mut flow_label = None;
    match net {
        NetSlice::Ipv4(ip) => {
            let header = ip.header().to_header();
            prop_assert!(!is_v6(src));
            let found = (header.source, header.destination, header.time_to_live);
            let end = |address: u128| (address as u32).to_be_bytes();
            prop_assert_eq!(found, (end(src), end(dst), 64));
            prop_assert_eq!(header.header_checksum, header.calc_header_checksum());
            prop_assert_eq!(usize::from(header.total_len), frame.len() - 14);
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header().to_header();
            prop_assert!(is_v6(src));
            let found = (header.source, header.destination, header.hop_limit);
            prop_assert_eq!(found, (src.to_be_bytes(), dst.to_be_bytes(), 64));
            prop_assert_eq!(usize::from(header.payload_length), frame.len() - 54);
            prop_assert_eq!(header.traffic_class, 0);
            prop_assert!(header.flow_label.value() >= 0xc000);
            flow_label = Some(header.flow_label.value());
        }
        NetSlice::Arp(_) => return Err(TestCaseError::fail("ARP")),
    }
    let payload = net.ip_payload_ref().expect("IP has one");
    let behind = match (&sliced.transport, crossing.tunnel) {
        (None, TunnelKind::MplsGre) => {
            prop_assert_eq!(payload.ip_number.0, 47);
            prop_assert_eq!(&payload.payload[..4], &[0, 0, 0x88, 0x47]);
            &payload.payload[4..]
        }
        (None, TunnelKind::Nvgre) => {
            prop_assert_eq!(payload.ip_number.0, 47);
            prop_assert_eq!(&payload.payload[..4], &[0x20, 0, 0x65, 0x58]);
            &payload.payload[4..]
        }
        (Some(TransportSlice::Udp(udp)), TunnelKind::MplsUdp | TunnelKind::Vxlan) => {
            let port = match crossing.tunnel {
                TunnelKind::Vxlan => 4789,
                _ => 6635,
            };
            prop_assert_eq!((udp.destination_port(), udp.checksum()), (port, 0));
            prop_assert_eq!(usize::from(udp.length()), payload.payload.len());
            prop_assert!(udp.source_port() >= 49152);
            let source_port = u32::from(udp.source_port());
            prop_assert_eq!(flow_label.unwrap_or(source_port), source_port);
            udp.payload()
        }
        (other, _) => return Err(TestCaseError::fail(format!("{other:?}"))),
    };
    let word = u32::from_be_bytes([behind[0], behind[1], behind[2], behind[3]]);
    match crossing.tunnel {
        TunnelKind::Vxlan => {
            prop_assert_eq!(&behind[..8], &[8, 0, 0, 0, 0, 0, LABEL as u8, 0]);
        }
        TunnelKind::Nvgre => prop_assert_eq!(word >> 8, LABEL),
        _ => prop_assert_eq!((word >> 12, word >> 8 & 0xf), (LABEL, 1)),
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(tenant in any_tenant(), crossing in any_crossing()) {
        let gateway = if crossing.routed { ROUTER_MAC } else { REMOTE_MAC };
        let frame = tenant.frame(gateway, VM_MAC);
        let wire = crossing.near().process(&frame, port("vf0"));
        prop_assert_eq!((wire.verdict, wire.port), (Verdict::Deliver, Some(port("wire0"))));
        check_outer(&wire.frame, &crossing)?;
        let arrived = crossing.far().process(&wire.frame, port("wire0"));
        prop_assert_eq!((arrived.verdict, arrived.port), (Verdict::Deliver, Some(port("vf1"))));
        prop_assert_eq!(arrived.frame, expected(&tenant, &crossing));
    }

    /// All packets of a flow take one way through the underlay, whatever else is in them.
    #[test]
    fn a_flow_keeps_its_way(tenant in any_tenant(), crossing in any_crossing(), more in any::<u8>()) {
        let gateway = if crossing.routed { ROUTER_MAC } else { REMOTE_MAC };
        let entropy = |tenant: &Tenant| {
            let frame = tenant.frame(gateway, VM_MAC);
            crossing.near().process(&frame, port("vf0")).meta.rewrite.entropy
        };
        let mut other = tenant.clone();
        let hop_limit_at = if tenant.v6 { 7 } else { 8 };
        other.packet[hop_limit_at] = 3 + more % 200;
        prop_assert_eq!(entropy(&tenant), entropy(&other));
    }
}
