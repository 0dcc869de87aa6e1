//! What becomes of a packet once a table has spoken.
//!
//! In JSON a nexthop is flat, as the peer has it; here what only some types have is inside
//! [`NexthopKind`]. A key that a type has no use for is refused when reading.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::ecmp::EcmpFields;
use super::flags::{self, flag_set};
use super::hex::HexBytes;
use crate::mac::Mac;

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Flat", into = "Flat")]
pub struct Nexthop {
    /// Its id.
    pub id: u32,
    /// The VRF in which a packet that comes by a label goes on.
    pub vrf: u16,
    /// What the packet is.
    pub family: Family,
    /// What else is done.
    pub flags: NexthopFlags,
    /// What is done.
    pub kind: NexthopKind,
}

/// What a packet is to a nexthop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// An IP packet.
    Inet,
    /// An Ethernet frame.
    Bridge,
    /// An IPv6 packet.
    Inet6,
}

/// What is done with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NexthopKind {
    /// It is dropped.
    Discard,
    /// It goes to an interface, behind a new Ethernet header unless it is a frame already.
    Encap {
        /// The interface.
        out_vif: u32,
        /// The Ethernet header.
        rewrite: HexBytes,
    },
    /// It is for the node itself.
    Receive {
        /// The host's interface.
        out_vif: u32,
    },
    /// The frame is for the router, which routes what is in it.
    L2Receive,
    /// It goes to another node.
    Tunnel(TunnelNexthop),
    /// It goes to one of several, or to all.
    Composite {
        /// They, in order.
        components: Vec<Component>,
        /// Where one is chosen: what the choice looks at.
        hash: EcmpFields,
    },
    /// It goes on in the nexthop's VRF.
    VrfTranslate,
    /// Its receiver's MAC is to be asked for.
    Resolve {
        /// Where it is to be asked.
        out_vif: Option<u32>,
    },
}

/// A tunnel to another node. How it encapsulates is in the nexthop's flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelNexthop {
    /// This node's address.
    pub sip: IpAddr,
    /// The other node's.
    pub dip: IpAddr,
    /// The interface to the underlay.
    pub out_vif: u32,
    /// The outer Ethernet header; empty while the neighbor's MAC is unknown.
    pub rewrite: HexBytes,
    /// False while the neighbor's MAC is unknown: packets then wait in the slow path.
    pub resolved: bool,
    /// The neighbor in the underlay: the other node, or the gateway to it.
    pub via: Option<IpAddr>,
    /// UDP source and destination ports, of a plain UDP tunnel.
    pub udp_ports: Option<(u16, u16)>,
    /// Inner destination MAC, of L3 VXLAN.
    pub rw_dst_mac: Option<Mac>,
    /// An option: the outer type of service is that of the packet within.
    pub copy_tos: bool,
    /// The other ways into the underlay, at most two; flag `underlay_ecmp` says that there are some.
    pub more_uplinks: Vec<Uplink>,
}

/// A way into the underlay beside the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uplink {
    /// The interface to the underlay.
    pub out_vif: u32,
    /// The outer Ethernet header.
    pub rewrite_hex: HexBytes,
}

/// A member of a composite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its nexthop.
    pub nh: u32,
    /// The label for a tunnel.
    pub label: Option<u32>,
}

flag_set! {
    /// What else is done with a packet, and how a tunnel encapsulates.
    NexthopFlags {
        /// It may be used.
        VALID = 0x1 "valid",
        /// Flows are looked up.
        POLICY = 0x2 "policy",
        /// MPLS in GRE.
        GRE = 0x8 "gre",
        /// Plain UDP.
        UDP = 0x10 "udp",
        /// Head of a replication.
        MCAST = 0x20 "mcast",
        /// MPLS in UDP.
        MPLS_UDP = 0x40 "mpls_udp",
        /// VXLAN.
        VXLAN = 0x80 "vxlan",
        /// Flows are looked up; a miss forwards.
        RELAXED_POLICY = 0x100 "relaxed_policy",
        /// Replication to the legs of a tree.
        COMP_FABRIC = 0x200 "comp_fabric",
        /// One of several is chosen.
        COMP_ECMP = 0x400 "comp_ecmp",
        /// Local members alone; labels are not taken from them.
        LU_ECMP = 0x800 "lu_ecmp",
        /// Replication to other nodes, one copy each.
        COMP_EVPN = 0x1000 "comp_evpn",
        /// Replication to local interfaces.
        COMP_ENCAP = 0x2000 "comp_encap",
        /// Replication to top-of-rack switches.
        COMP_TOR = 0x4000 "comp_tor",
        /// The route is looked up again.
        ROUTE_LOOKUP = 0x8000 "route_lookup",
        /// Frames for unknown MACs are flooded.
        UNKNOWN_UC_FLOOD = 0x10000 "unknown_uc_flood",
        /// The outer source is the guest's address.
        SIP_COPY = 0x20000 "sip_copy",
        /// Flows are looked up here as well.
        FLOW_LOOKUP = 0x40000 "flow_lookup",
        /// Provider backbone bridging.
        PBB = 0x80000 "pbb",
        /// Source MACs are learned.
        MAC_LEARN = 0x10_0000 "mac_learn",
        /// Root of an E-tree.
        ETREE_ROOT = 0x20_0000 "etree_root",
        /// Stands for another nexthop.
        INDIRECT = 0x40_0000 "indirect",
        /// Four zero bytes follow the label.
        L2_CONTROL_DATA = 0x80_0000 "l2_control_data",
        /// Encrypted.
        CRYPT = 0x100_0000 "crypt",
        /// VXLAN with a new inner Ethernet header.
        L3_VXLAN = 0x200_0000 "l3_vxlan",
        /// A transport label in front.
        MPLS_O_MPLS = 0x400_0000 "mpls_o_mpls",
        /// The source of a replicated packet is checked.
        VALIDATE_MCAST_SRC = 0x800_0000 "validate_mcast_src",
        /// Several uplinks.
        UNDERLAY_ECMP = 0x1000_0000 "underlay_ecmp",
        /// NVGRE, which the peer does not have.
        NVGRE = 0x8000_0000 "nvgre",
    }
}

/// Keys that do not fit a nexthop's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNexthop {
    /// A key that the type needs is absent.
    #[error("nexthop {id} has no `{key}`, expected one with type {kind}")]
    Missing {
        /// The nexthop.
        id: u32,
        /// The key.
        key: &'static str,
        /// The type.
        kind: &'static str,
    },
    /// A key that the type has no use for.
    #[error("nexthop {id} has `{key}`, expected none with type {kind}")]
    Useless {
        /// The nexthop.
        id: u32,
        /// The key.
        key: &'static str,
        /// The type.
        kind: &'static str,
    },
}

/// The peer's names of the types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Discard,
    Encap,
    Rcv,
    L2Rcv,
    Tunnel,
    Composite,
    VrfTranslate,
    Resolve,
}

/// The form in JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    id: u32,
    #[serde(rename = "type")]
    kind: Type,
    family: Family,
    #[serde(default)]
    vrf: u16,
    #[serde(with = "flags::valued")]
    flags: NexthopFlags,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    out_vif: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sport: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dport: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite_hex: Option<HexBytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    via: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rw_dst_mac: Option<Mac>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    components: Option<Vec<Component>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ecmp_config_hash: Option<EcmpFields>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy_tos: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more_uplinks: Option<Vec<Uplink>>,
}

impl Type {
    const fn name(self) -> &'static str {
        match self {
            Self::Discard => "discard",
            Self::Encap => "encap",
            Self::Rcv => "rcv",
            Self::L2Rcv => "l2_rcv",
            Self::Tunnel => "tunnel",
            Self::Composite => "composite",
            Self::VrfTranslate => "vrf_translate",
            Self::Resolve => "resolve",
        }
    }

    /// The keys, beyond those of every nexthop, that say something about this type.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Discard | Self::L2Rcv | Self::VrfTranslate => &[],
            Self::Encap => &["out_vif", "rewrite_hex"],
            Self::Rcv | Self::Resolve => &["out_vif"],
            Self::Tunnel => &[
                "out_vif",
                "sip",
                "dip",
                "sport",
                "dport",
                "rewrite_hex",
                "resolved",
                "via",
                "rw_dst_mac",
                "copy_tos",
                "more_uplinks",
            ],
            Self::Composite => &["components", "ecmp_config_hash"],
        }
    }
}

impl TryFrom<Flat> for Nexthop {
    type Error = InvalidNexthop;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let (id, kind) = (flat.id, flat.kind.name());
        let given = [
            ("out_vif", flat.out_vif.is_some()),
            ("sip", flat.sip.is_some()),
            ("dip", flat.dip.is_some()),
            ("sport", flat.sport.is_some()),
            ("dport", flat.dport.is_some()),
            ("rewrite_hex", flat.rewrite_hex.is_some()),
            ("resolved", flat.resolved.is_some()),
            ("via", flat.via.is_some()),
            ("rw_dst_mac", flat.rw_dst_mac.is_some()),
            ("components", flat.components.is_some()),
            ("ecmp_config_hash", flat.ecmp_config_hash.is_some()),
            ("copy_tos", flat.copy_tos.is_some()),
            ("more_uplinks", flat.more_uplinks.is_some()),
        ];
        for (key, given) in given {
            if given && !flat.kind.keys().contains(&key) {
                return Err(InvalidNexthop::Useless { id, key, kind });
            }
        }
        let missing = |key| InvalidNexthop::Missing { id, key, kind };
        let any_vif = flat.out_vif;
        let out_vif = any_vif.ok_or_else(|| missing("out_vif"));
        let rewrite = flat.rewrite_hex.ok_or_else(|| missing("rewrite_hex"));
        let kind = match flat.kind {
            Type::Discard => NexthopKind::Discard,
            Type::Encap => NexthopKind::Encap {
                out_vif: out_vif?,
                rewrite: rewrite?,
            },
            Type::Rcv => NexthopKind::Receive { out_vif: out_vif? },
            Type::L2Rcv => NexthopKind::L2Receive,
            Type::VrfTranslate => NexthopKind::VrfTranslate,
            Type::Resolve => NexthopKind::Resolve { out_vif: any_vif },
            Type::Composite => NexthopKind::Composite {
                components: flat.components.ok_or_else(|| missing("components"))?,
                hash: flat.ecmp_config_hash.unwrap_or_default(),
            },
            Type::Tunnel => NexthopKind::Tunnel(TunnelNexthop {
                sip: flat.sip.ok_or_else(|| missing("sip"))?,
                dip: flat.dip.ok_or_else(|| missing("dip"))?,
                out_vif: out_vif?,
                rewrite: rewrite?,
                resolved: flat.resolved.unwrap_or(true),
                via: flat.via,
                udp_ports: match (flat.sport, flat.dport) {
                    (Some(source), Some(destination)) => Some((source, destination)),
                    (None, None) => None,
                    (None, Some(_)) => return Err(missing("sport")),
                    (Some(_), None) => return Err(missing("dport")),
                },
                rw_dst_mac: flat.rw_dst_mac,
                copy_tos: flat.copy_tos.unwrap_or(false),
                more_uplinks: flat.more_uplinks.unwrap_or_default(),
            }),
        };
        Ok(Self {
            id,
            vrf: flat.vrf,
            family: flat.family,
            flags: flat.flags,
            kind,
        })
    }
}

impl From<Nexthop> for Flat {
    fn from(nexthop: Nexthop) -> Self {
        let Nexthop {
            id,
            vrf,
            family,
            flags,
            kind,
        } = nexthop;
        let mut flat = Self {
            id,
            kind: Type::Discard,
            family,
            vrf,
            flags,
            out_vif: None,
            sip: None,
            dip: None,
            sport: None,
            dport: None,
            rewrite_hex: None,
            resolved: None,
            via: None,
            rw_dst_mac: None,
            components: None,
            ecmp_config_hash: None,
            copy_tos: None,
            more_uplinks: None,
        };
        match kind {
            NexthopKind::Discard => {}
            NexthopKind::L2Receive => flat.kind = Type::L2Rcv,
            NexthopKind::VrfTranslate => flat.kind = Type::VrfTranslate,
            NexthopKind::Resolve { out_vif } => {
                flat.kind = Type::Resolve;
                flat.out_vif = out_vif;
            }
            NexthopKind::Encap { out_vif, rewrite } => {
                flat.kind = Type::Encap;
                flat.out_vif = Some(out_vif);
                flat.rewrite_hex = Some(rewrite);
            }
            NexthopKind::Receive { out_vif } => {
                flat.kind = Type::Rcv;
                flat.out_vif = Some(out_vif);
            }
            NexthopKind::Composite { components, hash } => {
                flat.kind = Type::Composite;
                flat.components = Some(components);
                flat.ecmp_config_hash = (hash != EcmpFields::ALL).then_some(hash);
            }
            NexthopKind::Tunnel(tunnel) => {
                flat.kind = Type::Tunnel;
                flat.out_vif = Some(tunnel.out_vif);
                flat.sip = Some(tunnel.sip);
                flat.dip = Some(tunnel.dip);
                flat.sport = tunnel.udp_ports.map(|(source, _)| source);
                flat.dport = tunnel.udp_ports.map(|(_, destination)| destination);
                flat.rewrite_hex = Some(tunnel.rewrite);
                // The peer's objects have no such key, so only the exception is written.
                flat.resolved = (!tunnel.resolved).then_some(false);
                flat.via = tunnel.via;
                flat.rw_dst_mac = tunnel.rw_dst_mac;
                flat.copy_tos = tunnel.copy_tos.then_some(true);
                let more = tunnel.more_uplinks;
                flat.more_uplinks = (!more.is_empty()).then_some(more);
            }
        }
        flat
    }
}
