//! What stands in front of a frame on the slow port: exactly one beat (64 bytes), so that neither side has to shift.
//!
//! ```text
//!   punt:    | PuntShim 64 bytes | the frame as it came |          leaves the core on port 0x200
//!   inject:  | InjectShim 64 bytes | a frame |                     enters the core on port 0x200
//! ```
//! Both are records like any other: first field at bit 0 of byte 0, little-endian.

use crate::meta::RoundKind;
use crate::reason::PuntReason;
use crate::record::{code, record};
use crate::tables::TunnelKind;

code! {
    /// What the slow path wants done with a frame.
    pub enum InjectCommand: 2 {
        /// Nothing: a frame that names no command is dropped.
        None = 0;
        /// Send it on the port named, as it is.
        Transmit = 1;
        /// Treat it as received on the interface named.
        Receive = 2;
        /// Treat it as received on the interface named, but flood it: ARP and neighbour discovery are not handed back.
        Flood = 3;
    }
}

record! {
    /// In front of every frame that enters on the slow port.
    pub struct InjectShim (inject_shim) {
        /// What is wanted.
        command: InjectCommand = 8,
        /// Zero.
        reserved: u8 = 8,
        /// The interface: of the port, for its counters, or the receiving one.
        vif: u16 = 16,
        /// The port to send on.
        port: u16 = 16,
        /// Bytes of shim and frame together. Only the inject ring reads it, where nothing else says where a frame ends.
        length: u16 = 16,
        /// Of a fragment: `src_port` and `dst_port` hold, which its first part had.
        ports_known: bool = 1,
        /// Where the card has no routes of the VRF, `nexthop` and `label` are what they would say.
        routed: bool = 1,
        /// Its flow is known to the slow path and lets it pass: it meets none.
        judged: bool = 1,
        /// Zero.
        zeros: u16 = 13,
        /// Source port as flow keys have it.
        src_port: u16 = 16,
        /// Destination port as flow keys have it.
        dst_port: u16 = 16,
        /// The nexthop of its route.
        nexthop: u32 = 32,
        /// Label or VNI for it.
        label: u32 = 32,
        /// Zero.
        padding: bytes<42> = 336,
    }
}

record! {
    /// In front of every frame that leaves on the slow port: what the pipeline knew when it gave up.
    pub struct PuntShim (punt_shim) {
        /// Why.
        reason: PuntReason = 8,
        /// How the tunnel it came through wraps; none where it came through none of ours.
        tunnel: TunnelKind = 4,
        /// That tunnel's addresses are IPv6.
        outer_v6: bool = 1,
        /// Zero.
        reserved: u8 = 3,
        /// Receiving interface.
        vif: u16 = 16,
        /// Receiving port; the slow port itself for a frame that the slow path injected.
        port: u16 = 16,
        /// The tenant's VRF.
        vrf: u16 = 16,
        /// Where the tenant's packet starts, bytes.
        offset: u8 = 8,
        /// Where its IP header starts, bytes.
        l3_offset: u8 = 8,
        /// Length of the frame, bytes.
        length: u16 = 16,
        /// K(nh) of the flow lookup; 0 where there was none.
        flow_nexthop: u32 = 32,
        /// The nexthop chosen; 0 where it did not come so far.
        nexthop: u32 = 32,
        /// The label or VNI of the tunnel it came through.
        label: u32 = 32,
        /// The tunnel end that sent it; an IPv4 address in the low 32 bits.
        outer_src: u128 = 128,
        /// The rules of fat flows that held for its key; 0: none.
        fat_set: u16 = 16,
        /// As what the frame came: of `Tenant` and `Member` it is the tenant's packet, out of its tunnel.
        round: RoundKind = 8,
        /// Zero.
        padding: bytes<21> = 168,
    }
}
