//! A flow that is set up: its entry, and that of the answers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::flags::{self, flag_set};
use super::hex::HexBytes;

/// A flow and its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowPair {
    /// The direction of the first packet.
    pub fwd: FlowSide,
    /// The answers'.
    pub rev: FlowSide,
}

/// One direction of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSide {
    /// Source address.
    pub sip: IpAddr,
    /// Destination address.
    pub dip: IpAddr,
    /// Source port, or an ICMP echo's identifier.
    pub sport: u16,
    /// Destination port, or an ICMP type.
    pub dport: u16,
    /// IP protocol number.
    pub proto: u8,
    /// The nexthop in the key, K(nh).
    pub key_nh: u32,
    /// The nexthop that the source must be behind, S(nh).
    pub rpf_nh: u32,
    /// The VRF of the packets.
    pub vrf: u16,
    /// The VRF they go on in, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dvrf: Option<u16>,
    /// What is done with them.
    pub action: FlowAction,
    /// What else.
    #[serde(with = "flags::listed")]
    pub flags: FlowFlags,
    /// Which of several nexthops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecmp_index: Option<u32>,
    /// Where copies go, with the mirror flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_index: Option<u32>,
    /// Where further copies go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_mirror_index: Option<u32>,
    /// What is put before the copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_metadata_hex: Option<HexBytes>,
    /// How its packets are marked in tunnels, whatever the interface says: the id of a QoS map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qos_map: Option<u8>,
}

impl FlowSide {
    /// Packets of a VRF from one address and port to another, which go on as they are, wherever they come from.
    pub fn between(
        (sip, sport): (IpAddr, u16),
        (dip, dport): (IpAddr, u16),
        proto: u8,
        key_nh: u32,
        vrf: u16,
    ) -> Self {
        FlowSide {
            sip,
            dip,
            sport,
            dport,
            proto,
            key_nh,
            rpf_nh: 0,
            vrf,
            dvrf: None,
            action: FlowAction::Forward,
            flags: FlowFlags::ACTIVE,
            ecmp_index: None,
            mirror_index: None,
            second_mirror_index: None,
            mirror_metadata_hex: None,
            qos_map: None,
        }
    }
}

/// Its key: `10.1.1.3:1000 to 10.2.2.4:80 of protocol 6 under nexthop 23`.
impl fmt::Display for FlowSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} to {} of protocol {} under nexthop {}",
            SocketAddr::new(self.sip, self.sport),
            SocketAddr::new(self.dip, self.dport),
            self.proto,
            self.key_nh
        )
    }
}

/// What is done with a flow's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlowAction {
    /// They are dropped.
    Drop,
    /// They wait for the agent.
    Hold,
    /// They pass.
    Forward,
    /// They pass with other addresses or ports.
    Nat,
}

flag_set! {
    /// What else is done with a flow's packets.
    FlowFlags {
        /// The entry may be used.
        ACTIVE = 0x1 "active",
        /// The source address is replaced.
        SNAT = 0x2 "snat",
        /// The source port is replaced.
        SPAT = 0x4 "spat",
        /// The destination address is replaced.
        DNAT = 0x8 "dnat",
        /// The destination port is replaced.
        DPAT = 0x10 "dpat",
        /// The agent chooses the nexthop.
        TRAP_ECMP = 0x20 "trap_ecmp",
        /// About to go.
        DELETE_MARKED = 0x40 "delete_marked",
        /// A BGP session's.
        BGP_SVC = 0x80 "bgp_svc",
        /// Changed since it was made.
        MODIFIED = 0x100 "modified",
        /// Just made.
        NEW_FLOW = 0x200 "new_flow",
        /// May make room for another.
        EVICT_CANDIDATE = 0x400 "evict_candidate",
        /// Made room for another.
        EVICTED = 0x800 "evicted",
        /// The other direction has an entry.
        RFLOW_VALID = 0x1000 "rflow_valid",
        /// Packets are mirrored.
        MIRROR = 0x2000 "mirror",
        /// Packets go on in another VRF.
        VRF_TRANSLATE = 0x4000 "vrf_translate",
        /// To a link-local service.
        LINK_LOCAL = 0x8000 "link_local",
    }
}
