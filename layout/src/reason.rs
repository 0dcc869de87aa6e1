//! Why a packet was dropped, why it was handed to the slow path, and the verdict that says so.
//!
//! One number space serves the card's counters: `outcome[vif][code]`, drops from 0 on, punts from
//! [`PUNT_BASE`] on. The names are the peer's drop counters (vRouter `dropstats`) and trap commands.

use crate::record::{code, record};

code! {
    /// Why a packet ended here. The shown name is the peer's counter that such a packet raises.
    pub enum DropReason: 6 {
        /// No reason: the packet is not dropped.
        Unknown = 0, peer "UNKNOWN";
        /// The nexthop says discard, or no route matches.
        Discard = 1, peer "DISCARD";
        /// The port has no interface, or an injected frame names none.
        InvalidInterface = 2, peer "INVALID_IF";
        /// A header is cut short or contradicts itself.
        InvalidPacket = 3, peer "INVALID_PACKET";
        /// A protocol that this path cannot carry.
        InvalidProtocol = 4, peer "INVALID_PROTOCOL";
        /// The MPLS label has no entry.
        InvalidLabel = 5, peer "INVALID_LABEL";
        /// The VNI has no entry, or the I bit is clear (RFC 7348 section 5).
        InvalidVnid = 6, peer "INVALID_VNID";
        /// The nexthop does not exist or cannot be used here.
        InvalidNexthop = 7, peer "INVALID_NH";
        /// The MPLS or IP time to live ran out.
        TtlExceeded = 8, peer "TTL_EXCEEDED";
        /// The destination MAC is unknown in its network.
        L2NoRoute = 9, peer "L2_NO_ROUTE";
        /// The source is not where the flow expects it, or a tunnel packet would go back into a tunnel.
        InvalidSource = 10, peer "INVALID_SOURCE";
        /// The flow's action is drop.
        FlowActionDrop = 11, peer "FLOW_ACTION_DROP";
        /// The flow's action is none that a packet can follow.
        FlowActionInvalid = 12, peer "FLOW_ACTION_INVALID";
        /// The packet would return to the tunnel end that sent it.
        PacketLoop = 13, peer "PKT_LOOP";
        /// The outgoing interface has no port.
        InterfaceTxDiscard = 14, peer "INTERFACE_TX_DISCARD";
        /// The packet is for nobody here: not tunnelled to us, and no host takes it.
        NowhereToGo = 15, peer "NOWHERE_TO_GO";
        /// An ARP packet or a message of neighbour discovery that contradicts itself or that nobody can answer.
        InvalidArp = 16, peer "INVALID_ARP";
        /// Three packets of the flow wait already.
        FlowQueueLimitExceeded = 17, peer "FLOW_QUEUE_LIMIT_EXCEEDED";
        /// The flow table has no room.
        FlowTableFull = 18, peer "FLOW_TABLE_FULL";
        /// A fragment that cannot be matched to a flow.
        Fragments = 19, peer "FRAGMENTS";
        /// The underlay next hop did not answer ARP or neighbour discovery.
        NexthopUnresolved = 20, peer "NO_MEMORY";
        /// The interface is switched off, or the card is.
        InterfaceDrop = 21, peer "INTERFACE_DROP";
        /// A packet that only the host's own services could use, and there is none.
        TrapNoInterface = 22, peer "TRAP_NO_IF";
        /// The packet is longer than the underlay carries.
        TooBig = 23, peer "MCAST_DF_BIT";
        /// An ICMP error about an ICMP error.
        IcmpError = 24, peer "MISC";
        /// No new flow may start: too many wait for a decision already.
        FlowUnusable = 25, peer "FLOW_UNUSABLE";
        /// The interface takes no new flows (peer flag Df), or has as many as it may.
        NewFlows = 26, peer "NEW_FLOWS";
        /// A copy cannot be made, or a packet cannot go round: the buffer has no room.
        NoCopyRoom = 27, peer "MCAST_CLONE_FAIL";
        /// A copy that came through a tunnel from an end that the list does not have.
        InvalidMulticastSource = 28, peer "INVALID_MCAST_SOURCE";
        /// From a leaf of an E-tree to another leaf.
        LeafToLeaf = 29, peer "LEAF_TO_LEAF";
        /// The interface has handed over as many packets for this reason as it may in this window.
        PuntLimit = 30, peer "INTERFACE_RX_DISCARD";
        /// A fragment that waited for the first part of its packet until another one needed the room.
        FragmentQueueFail = 31, peer "FRAGMENT_QUEUE_FAIL";
    }
}

code! {
    /// Why a packet was handed to the slow path. The shown name is the peer's trap command.
    pub enum PuntReason: 6 {
        /// No reason: the packet is not punted.
        None = 0, peer "none";
        /// ARP, either direction: requests to answer, replies to learn from.
        Arp = 1, peer "arp";
        /// No flow entry for a packet that needs one.
        FlowMiss = 2, peer "flow_miss";
        /// Broadcast, multicast: to be replicated.
        Multicast = 3, peer "multicast";
        /// The route leads to this node: gateway and DNS addresses.
        Receive = 4, peer "nexthop";
        /// The underlay next hop's MAC is not known yet.
        Resolve = 5, peer "resolve";
        /// TTL 1: somebody must be told.
        ZeroTtl = 6, peer "zero_ttl";
        /// A fragment whose ports are not in it.
        Fragment = 7, peer "fragment";
        /// DHCP from a VM whose interface traps it.
        L3Protocol = 8, peer "l3_protocols";
        /// The packet with its tunnel headers is longer than the underlay carries.
        TooBig = 9, peer "df";
        /// IPv6 whose upper-layer header the card cannot reach, where a flow needs it.
        Extension = 10, peer "ipv6_extension";
        /// The VRF does not fit the card and is forwarded in software.
        VrfInSoftware = 11, peer "vrf";
        /// A VLAN-tagged packet that needs more than bridging.
        Tagged = 12, peer "l2_protocols";
        /// IPv6 neighbour discovery, either direction.
        NeighborDiscovery = 13, peer "nd";
        /// A flow's packet came from elsewhere, and its source is one of several.
        SourceMoved = 14, peer "ecmp_resolve";
        /// A copy: its source MAC is new here, or came from elsewhere.
        Learn = 15, peer "mac_learn";
        /// An STT packet for this node.
        Stt = 16, peer "stt";
        /// An ICMP error about a packet of one of our tunnels.
        TunnelError = 17, peer "icmp_error";
        /// A VXLAN packet with router alert.
        RouterAlert = 18, peer "router_alert";
    }
}

/// Where punt reasons start among the outcome codes of the counters.
pub const PUNT_BASE: u32 = 64;
/// Outcome codes per interface: drops, then punts.
pub const OUTCOMES: u32 = 128;

code! {
    /// What happens to a packet.
    pub enum VerdictKind: 2 {
        /// Not decided yet: the next stage goes on.
        Continue = 0;
        /// It leaves on a port.
        Deliver = 1;
        /// It goes to the slow path, as it came.
        Punt = 2;
        /// It ends here.
        Drop = 3;
    }
}

record! {
    /// The decision over a packet, as it stands after a stage.
    pub struct VerdictBits (verdict_bits) {
        /// What happens.
        kind: VerdictKind = 2,
        /// [`DropReason`] or [`PuntReason`], by `kind`.
        reason: u8 = 6,
    }
}

/// [`VerdictBits`] in the form that plain Rust likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Not decided yet.
    Continue,
    /// It leaves on a port.
    Deliver,
    /// It goes to the slow path.
    Punt(PuntReason),
    /// It ends here.
    Drop(DropReason),
}

impl Verdict {
    /// The stored form.
    #[inline]
    pub fn bits(self) -> VerdictBits {
        let (kind, reason) = match self {
            Verdict::Continue => (VerdictKind::Continue, 0),
            Verdict::Deliver => (VerdictKind::Deliver, 0),
            Verdict::Punt(why) => (VerdictKind::Punt, why.code()),
            Verdict::Drop(why) => (VerdictKind::Drop, why.code()),
        };
        VerdictBits {
            kind,
            reason: reason as u8,
        }
    }

    /// The place among an interface's outcome counters, where the packet did not leave.
    #[inline]
    pub fn outcome(self) -> Option<u32> {
        match self {
            Verdict::Drop(why) => Some(why.code()),
            Verdict::Punt(why) => Some(PUNT_BASE + why.code()),
            Verdict::Continue | Verdict::Deliver => None,
        }
    }
}

impl From<VerdictBits> for Verdict {
    #[inline]
    fn from(bits: VerdictBits) -> Self {
        let code = u32::from(bits.reason);
        match bits.kind {
            VerdictKind::Continue => Verdict::Continue,
            VerdictKind::Deliver => Verdict::Deliver,
            VerdictKind::Punt => {
                Verdict::Punt(PuntReason::from_code(code).unwrap_or(PuntReason::None))
            }
            VerdictKind::Drop => {
                Verdict::Drop(DropReason::from_code(code).unwrap_or(DropReason::Unknown))
            }
        }
    }
}

impl core::fmt::Display for Verdict {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Verdict::Continue => f.write_str("continue"),
            Verdict::Deliver => f.write_str("deliver"),
            Verdict::Punt(why) => write!(f, "punt ({why})"),
            Verdict::Drop(why) => write!(f, "drop ({why})"),
        }
    }
}
