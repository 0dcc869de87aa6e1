//! An interface of the data plane: the underlay, the host, the agent, or a guest.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::fat_flow::FatFlowRule;
use super::flags::{self, flag_set};
use super::hex::HexBytes;
use super::is_false;
use crate::mac::Mac;
use crate::port::PortName;

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vif {
    /// Its index.
    pub idx: u32,
    /// What stands behind it.
    #[serde(rename = "type")]
    pub vif_type: VifType,
    /// Its name in the network file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The card's port, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortName>,
    /// The MAC it answers ARP with.
    pub mac: Mac,
    /// Its first address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// What is done with its packets.
    #[serde(with = "flags::valued")]
    pub flags: VifFlags,
    /// The VRF its packets start in; 65535 is none.
    pub vrf: u16,
    /// Bytes.
    pub mtu: u16,
    /// The nexthop that stands for it in flow keys, K(nh).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nh_id: Option<u32>,
    /// The vif that its packets go to unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_connect_vif: Option<u32>,
    /// Where copies go, with the mirror flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_index: Option<u32>,
    /// What is put before a copy of a packet from the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_metadata_rx_hex: Option<HexBytes>,
    /// What is put before a copy of a packet to the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_metadata_tx_hex: Option<HexBytes>,
    /// How its packets are marked in tunnels, unless their flow says otherwise: the id of a QoS map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qos_map: Option<u8>,
    /// Which flows share an entry, first match first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fat_flow_rules: Vec<FatFlowRule>,
    /// Addresses whose flows never do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fat_flow_exclude: Vec<IpNet>,
    /// An option: without policy, the route to a packet's source must lead here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub check_source: bool,
    /// An option: the MAC that frames must come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_mac: Option<Mac>,
    /// An option: ARP must come from an address whose route leads here; the slow path judges what does not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub check_arp: bool,
    /// An option: the hop limit of IPv6 goes down where packets are routed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub decrement_hop_limit: bool,
    /// An option: how many flows there may be from and to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_limit: Option<u32>,
}

/// What stands behind an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VifType {
    /// The underlay.
    Fabric,
    /// The host's network stack.
    Host,
    /// The slow path.
    Agent,
    /// A guest.
    Vm,
    /// A wire that carries no tunnels, with a network's subnets on it.
    Gateway,
}

flag_set! {
    /// What is done with an interface's packets.
    VifFlags {
        /// Flows are looked up.
        POLICY = 0x1 "policy(P)",
        /// Packets go to the host unchanged.
        XCONNECT = 0x2 "xconnect(X)",
        /// A service chain's interface.
        SERVICE = 0x4 "service(S)",
        /// Packets from the guest are mirrored.
        MIRROR_RX = 0x8 "mirror_rx(Mr)",
        /// Packets to the guest are mirrored.
        MIRROR_TX = 0x10 "mirror_tx(Mt)",
        /// The guest leaves checksums open.
        TX_CSUM = 0x20 "tx_csum(Tc)",
        /// Packets are routed.
        L3 = 0x40 "l3(L3)",
        /// Frames are bridged.
        L2 = 0x80 "l2(L2)",
        /// DHCP requests are trapped.
        DHCP = 0x100 "dhcp(D)",
        /// The physical interface that carries the host's.
        VHOST_PHYS = 0x200 "vhost_phys(Vp)",
        /// Takes frames for any MAC.
        PROMISCUOUS = 0x400 "promiscuous(Pr)",
        /// Frames without a tag belong to a VLAN.
        NATIVE_VLAN_TAG = 0x800 "native_vlan_tag(Vnt)",
        /// ARP is answered for the gateway alone.
        NO_ARP_PROXY = 0x1000 "no_arp_proxy(Mnp)",
        /// Driven from user space.
        PMD = 0x2000 "pmd(Dpdk)",
        /// The device filters on receipt.
        FILTERING_OFFLOAD = 0x4000 "filtering_offload(Rfl)",
        /// Watched by a monitoring interface.
        MONITORED = 0x8000 "monitored(Mon)",
        /// Frames for unknown MACs are flooded.
        UNKNOWN_UC_FLOOD = 0x10000 "unknown_uc_flood(Uuf)",
        /// The device handles VLAN tags.
        VLAN_OFFLOAD = 0x20000 "vlan_offload(Vof)",
        /// New flows are dropped.
        DROP_NEW_FLOWS = 0x40000 "drop_new_flows(Df)",
        /// Source MACs are learned.
        MAC_LEARN = 0x80000 "mac_learn(L)",
        /// ARP is answered whatever the route says.
        MAC_PROXY = 0x10_0000 "mac_proxy(Proxy)",
        /// Root of an E-tree: may talk to every leaf.
        ETREE_ROOT = 0x20_0000 "etree_root(Er)",
        /// Copies go without the native VLAN's tag.
        MIRROR_NO_TAG = 0x100_0000 "mirror_no_tag(Mn)",
        /// IGMP is trapped.
        IGMP = 0x200_0000 "igmp(Ig)",
        /// MACs and addresses are learned together.
        MAC_IP_LEARN = 0x4000_0000 "mac_ip_learn",
    }
}
