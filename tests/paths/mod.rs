//! Every path through the core by name: which frames take it, on which port, and what it makes of their length.
//!
//! ```text
//!   VM 1 ─┐ ARP        ┌─ wire ◀── GRE, UDP, VXLAN ──▶ REMOTE
//!   VM 2 ─┼─ vrf 1 ────┤
//!   VM 3 ─┘ (flows)    └─ host (cross-connect)                   slow path: punts, injected frames
//! ```
//! Everything is fixed, so that clocks can be counted: [`PATHS`] with the tables of [`rows`]. What a packet should cost
//! follows from lengths alone: the larger of its beats in and its beats out.

pub mod copies;
mod flow_table;
mod frames;
mod measure;
mod network;
pub mod punts;

pub use flow_table::{FlowTable, Hits};
pub use measure::{back_to_back, clocks, core, latency, run, Ran, SEED};
pub use network::{rows, rows_with_flows};

use crate::packets::Packet;
use crate::tables::Row;
use frames::Wrap;
use network::*;
use underpass_layout::meta::{ARP_BYTES, BEAT_BYTES};
use underpass_layout::port::{HOST0, SLOW, VF0, WIRE0};
use underpass_layout::shim::InjectCommand;
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Lengths for which costs are counted, bytes: at and behind the end of a beat, and the usual ones.
pub const SIZES: [usize; 8] = [64, 65, 100, 128, 129, 256, 1500, 9000];

/// One way through the core.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// What it is called in reports.
    pub name: &'static str,
    /// The port on which its frames come.
    pub port: u16,
    /// The shortest frame that can take it, bytes.
    pub shortest: usize,
    /// A frame of so many bytes, without a shim.
    frame: fn(usize) -> Vec<u8>,
    /// The shim in front of an injected frame.
    inject: Option<InjectCommand>,
    /// What the stages decide.
    pub verdict: Verdict,
    /// The port on which it leaves; none if it is dropped.
    pub out: Option<u16>,
    /// Bytes that are taken off its front, not counted the shim of an injected one.
    pub strips: usize,
    /// Bytes that are put in front of the rest.
    pub adds: usize,
}

impl Path {
    /// The path of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn named(name: &str) -> &'static Path {
        let path = PATHS.iter().find(|path| path.name == name);
        path.unwrap_or_else(|| panic!("no path {name}"))
    }

    /// A packet of this path whose frame is `bytes` long.
    pub fn packet(&self, bytes: usize) -> Packet {
        let frame = (self.frame)(bytes);
        let bytes = match self.inject {
            Some(command) => frames::injected(command, &frame),
            None => frame,
        };
        Packet {
            bytes,
            port: self.port,
        }
    }

    /// The same in another conversation of [`rows_with_flows`], or in another flow of a [`FlowTable`]: a routed packet of
    /// a VM, long enough for UDP.
    pub fn packet_of(&self, bytes: usize, conversation: u16) -> Packet {
        let mut packet = self.packet(bytes);
        let [ours, _] = FLOW_PORTS;
        let at = ETHERNET
            + if frames::is_ipv6(&packet.bytes) {
                40
            } else {
                20
            };
        packet.bytes[at..at + 2].copy_from_slice(&(ours + conversation).to_be_bytes());
        packet
    }

    /// Beats that such a packet takes on the way in, its shim included.
    pub fn beats_in(&self, bytes: usize) -> u64 {
        beats(bytes) + u64::from(self.inject.is_some())
    }

    /// Beats that it takes on the way out.
    pub fn beats_out(&self, bytes: usize) -> u64 {
        match self.out {
            Some(_) => beats(self.bytes_out(bytes)),
            None => 0,
        }
    }

    /// Length of the frame that leaves.
    pub fn bytes_out(&self, bytes: usize) -> usize {
        bytes - self.strips + self.adds
    }

    /// Whole beats that are taken off its front, its shim included.
    pub fn beats_off(&self) -> u64 {
        (self.strips / BEAT_BYTES) as u64 + u64::from(self.inject.is_some())
    }

    /// Clocks that it may cost: the promise of the design.
    pub fn cost(&self, bytes: usize) -> u64 {
        self.beats_in(bytes).max(self.beats_out(bytes))
    }

    /// Beats until the header is whole: those of the window that the packet fills, and its shim.
    pub fn header_beats(&self, bytes: usize) -> u64 {
        beats(bytes.min(underpass_layout::meta::WINDOW_BYTES)) + u64::from(self.inject.is_some())
    }
}

fn beats(bytes: usize) -> u64 {
    bytes.div_ceil(BEAT_BYTES) as u64
}

/// A path that leads out; `edit` is what is taken off and put in front, bytes.
const fn to(
    name: &'static str,
    port: u16,
    frame: fn(usize) -> Vec<u8>,
    out: u16,
    edit: (usize, usize),
) -> Path {
    let (strips, adds) = edit;
    Path {
        name,
        port,
        shortest: 64,
        frame,
        inject: None,
        verdict: Verdict::Deliver,
        out: Some(out),
        strips,
        adds,
    }
}

const fn punt(
    name: &'static str,
    port: u16,
    frame: fn(usize) -> Vec<u8>,
    reason: PuntReason,
) -> Path {
    Path {
        verdict: Verdict::Punt(reason),
        ..to(name, port, frame, SLOW, (0, BEAT_BYTES))
    }
}

const fn drop(
    name: &'static str,
    port: u16,
    frame: fn(usize) -> Vec<u8>,
    reason: DropReason,
) -> Path {
    Path {
        verdict: Verdict::Drop(reason),
        out: None,
        ..to(name, port, frame, SLOW, (0, 0))
    }
}

const fn inject(name: &'static str, command: InjectCommand, path: Path) -> Path {
    Path {
        name,
        port: SLOW,
        inject: Some(command),
        ..path
    }
}

impl Path {
    /// The same for frames that cannot be as short as others.
    const fn from(self, shortest: usize) -> Path {
        Path { shortest, ..self }
    }
}

const VM1: u16 = VF0;
const VM2: u16 = VF0 + 1;
const VM3: u16 = VF0 + 2;

/// Lengths of the headers that come and go.
const ETHERNET: usize = 14;
const GRE: usize = ETHERNET + 20 + 4 + 4;
const UDP: usize = ETHERNET + 20 + 8 + 4;
const VXLAN: usize = ETHERNET + 20 + 8 + 8;
const ARP: usize = ETHERNET + ARP_BYTES;
/// By how much an IPv6 header is longer than an IPv4 header.
const V6: usize = 20;

const VM_TO_GRE: Path = to(
    "VM, routed, to MPLSoGRE",
    VM1,
    |n| frames::routed(1, GRE_NET, n),
    WIRE0,
    (ETHERNET, GRE),
);
const FRAME_TO_VM: Path = to("frame to VM", VM1, |n| frames::to_vm(2, n), VM2, (0, 0));

/// All of them.
#[rustfmt::skip]
pub const PATHS: &[Path] = &[
    VM_TO_GRE,
    to("VM, routed, to MPLSoUDP", VM1, |n| frames::routed(1, UDP_NET, n), WIRE0, (ETHERNET, UDP)),
    to("VM, routed, to VXLAN", VM1, |n| frames::routed(1, VXLAN_NET, n), WIRE0, (ETHERNET, VXLAN + ETHERNET)),
    to("VM, bridged, to VXLAN", VM1, |n| frames::bridged(1, REMOTE_MAC, n), WIRE0, (0, VXLAN)),
    to("VM, bridged, to VM", VM1, |n| frames::bridged(1, vm_mac(2), n), VM2, (0, 0)),
    to("VM, routed, to VM", VM1, |n| frames::routed(1, vm_address(2), n), VM2, (ETHERNET, ETHERNET)),
    to("VM, flow hit, to MPLSoGRE", VM3, |n| frames::routed(3, GRE_NET, n), WIRE0, (ETHERNET, GRE)),
    to("VM, flow hit, to VM", VM3, |n| frames::routed(3, vm_address(2), n), VM2, (ETHERNET, ETHERNET)),
    to("MPLSoGRE to VM", WIRE0, |n| frames::wrapped_ip(Wrap::Gre(LABEL_IP), 2, n), VM2, (GRE, ETHERNET)),
    to("MPLSoUDP to VM", WIRE0, |n| frames::wrapped_ip(Wrap::Udp(LABEL_IP), 2, n), VM2, (UDP, ETHERNET)).from(UDP + 20),
    to("MPLSoGRE, routed, to VM", WIRE0, |n| frames::wrapped_ip(Wrap::Gre(LABEL_VRF), 2, n), VM2, (GRE, ETHERNET)),
    to("MPLSoGRE, flow hit, to VM", WIRE0, |n| frames::wrapped_ip(Wrap::Gre(LABEL_FLOW), 3, n), VM3, (GRE, ETHERNET)),
    to("MPLSoGRE, bridged, to VM", WIRE0, |n| frames::wrapped(Wrap::Gre(LABEL_FRAME), n, |n| frames::to_vm(2, n)), VM2, (GRE, 0)),
    to("VXLAN, bridged, to VM", WIRE0, |n| frames::wrapped(Wrap::Vxlan(VNI), n, |n| frames::to_vm(2, n)), VM2, (VXLAN, 0)),
    to("VXLAN, routed, to VM", WIRE0, |n| frames::wrapped(Wrap::Vxlan(VNI), n, |n| frames::to_router(2, n)), VM2, (VXLAN + ETHERNET, ETHERNET))
        .from(VXLAN + ETHERNET + 20),
    to("VM, routed IPv6, to MPLSoGRE", VM1, |n| frames::routed6(1, GRE_NET6, n), WIRE0, (ETHERNET, GRE)),
    to("VM, routed IPv6, to MPLSoUDP over IPv6", VM1, |n| frames::routed6(1, UDP_NET6, n), WIRE1, (ETHERNET, UDP + V6)),
    to("VM, routed, to VXLAN over IPv6", VM1, |n| frames::routed(1, VXLAN_V6_NET, n), WIRE1, (ETHERNET, VXLAN + V6 + ETHERNET)),
    to("VM, routed IPv6, to VM", VM1, |n| frames::routed6(1, vm_address6(2), n), VM2, (ETHERNET, ETHERNET)),
    to("VM, IPv6 flow hit, to MPLSoUDP over IPv6", VM3, |n| frames::routed6(3, UDP_NET6, n), WIRE1, (ETHERNET, UDP + V6)),
    to("VM, IPv6 flow hit, to VM", VM3, |n| frames::routed6(3, vm_address6(2), n), VM2, (ETHERNET, ETHERNET)),
    to("VM, IPv6 flow hit behind options, to MPLSoUDP over IPv6", VM3, |n| frames::routed6_with_options(3, UDP_NET6, n), WIRE1,
        (ETHERNET, UDP + V6)).from(ETHERNET + 40 + 24),
    to("MPLSoUDP over IPv6 to VM, IPv6", WIRE1, |n| frames::wrapped_ip6(Wrap::Udp(LABEL_IP), 2, n), VM2, (UDP + V6, ETHERNET))
        .from(UDP + V6 + 40),
    to("MPLSoUDP over IPv6, IPv6 flow hit, to VM", WIRE1, |n| frames::wrapped_ip6(Wrap::Udp(LABEL_FLOW), 3, n), VM3,
        (UDP + V6, ETHERNET)).from(UDP + V6 + 40),
    to("VXLAN over IPv6, bridged, to VM", WIRE1, |n| frames::wrapped_in_v6(Wrap::Vxlan(VNI), n, |n| frames::to_vm(2, n)), VM2,
        (VXLAN + V6, 0)).from(VXLAN + V6 + ETHERNET),
    to("wire to host, cross-connect", WIRE0, frames::underlay, HOST0, (0, 0)),
    to("host to wire, cross-connect", HOST0, frames::underlay, WIRE0, (0, 0)),
    to("ARP of a VM, answered for the router", VM1, |n| frames::arp(1, GRE_NET, n), VM1, (ARP, ARP)),
    to("ARP of a VM, answered with a stitched MAC", VM1, |n| frames::arp(1, vm_address(2), n), VM1, (ARP, ARP)),
    to("ARP of a VM whose address is checked, answered", VM3, |n| frames::arp(3, vm_address(2), n), VM3, (ARP, ARP)),
    punt("punt: ARP", VM1, |n| frames::arp(1, UDP_NET, n), PuntReason::Arp),
    punt("punt: neighbour discovery", VM1, |n| frames::solicitation(1, n), PuntReason::NeighborDiscovery),
    punt("punt: flow miss", VM3, |n| frames::routed(3, UDP_NET, n), PuntReason::FlowMiss),
    punt("punt: flow miss behind MPLSoGRE", WIRE0, |n| frames::wrapped_ip(Wrap::Gre(LABEL_FLOW), 2, n), PuntReason::FlowMiss),
    drop("drop: no interface", VM3 + 1, |n| frames::routed(1, GRE_NET, n), DropReason::InvalidInterface),
    drop("drop: label unknown", WIRE0, |n| frames::wrapped_ip(Wrap::Gre(LABEL_UNKNOWN), 2, n), DropReason::InvalidLabel),
    drop("drop: ARP that is none", VM1, |n| frames::no_arp(1, n), DropReason::InvalidArp),
    drop("drop: MAC unknown", VM1, |n| frames::bridged(1, NOBODY_MAC, n), DropReason::L2NoRoute),
    inject("inject: transmit to VM", InjectCommand::Transmit, FRAME_TO_VM),
    inject("inject: receive, to MPLSoGRE", InjectCommand::Receive, VM_TO_GRE),
];
