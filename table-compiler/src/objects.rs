//! The vocabulary of a vRouter agent: what it would program, in its words and numbers.
//!
//! ```text
//!   route ──▶ nexthop ──▶ vif         mpls ──▶ nexthop        vif ──nh_id──▶ nexthop (the flow key's)
//!   bridge ─▶ nexthop ──▶ vif         vxlan ─▶ nexthop ──▶ vrf
//! ```
//!
//! One file per noun. In JSON an [`Objects`] is a list, each object with its noun under `object`:
//! `{"object": "mpls", "label": 17, "nh": 6}`. Flags of vifs and nexthops are
//! `{"value": "0x41", "names": ["policy(P)", "l3(L3)"]}`, those of routes and bridge entries a list of
//! names. Keys that mean nothing are refused when reading.
//!
//! Six nouns are not in a vRouter's tables but in its agent's head; the slow path needs them:
//! [`Vrf`] (what a network is like), [`Policy`], [`Gateway`], [`Neighbor`], [`FloatingIp`] and [`AllowedAddressPair`].

mod allowed_address_pair;
mod bridge;
mod ecmp;
mod fat_flow;
mod flags;
mod floating_ip;
mod flow;
mod gateway;
mod hex;
mod label;
mod learned;
mod metadata;
mod mirror;
mod neighbor;
mod nexthop;
mod policy;
mod punt_quota;
mod qos;
mod route;
mod vif;
mod vrf;

pub use allowed_address_pair::{AllowedAddressPair, PairMember};
pub use bridge::{Bridge, BridgeFlags};
pub use ecmp::{EcmpFields, InvalidEcmpFields};
pub use fat_flow::{Aggregate, FatFlowRule, Ignore, InvalidAggregate};
pub use flags::{FlagSet, InvalidFlags};
pub use floating_ip::FloatingIp;
pub use flow::{FlowAction, FlowFlags, FlowPair, FlowSide};
pub use gateway::{Gateway, GatewayNeighbor};
pub use hex::{HexBytes, InvalidHex};
pub use label::{Mpls, Vxlan};
pub use learned::Learned;
pub use metadata::{Metadata, LONGEST_METADATA};
pub use mirror::Mirror;
pub use neighbor::Neighbor;
pub use nexthop::{
    Component, Family, InvalidNexthop, Nexthop, NexthopFlags, NexthopKind, TunnelNexthop, Uplink,
};
pub use policy::Policy;
pub use punt_quota::{reasons, PuntQuota, PUNT_WINDOW, PUNT_WINDOW_CLOCKS};
pub use qos::{ForwardingClass, QosMap};
pub use route::{Route, RouteFlags};
pub use vif::{Vif, VifFlags, VifType};
pub use vrf::{Vrf, VrfSubnet};

use serde::{Deserialize, Serialize};

/// Options that are off are not written.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// All objects, by noun. The order within a noun is the order in which they may be programmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Object>", from = "Vec<Object>")]
pub struct Objects {
    /// Networks.
    pub vrfs: Vec<Vrf>,
    /// Interfaces.
    pub vifs: Vec<Vif>,
    /// What becomes of a packet.
    pub nexthops: Vec<Nexthop>,
    /// MACs; before routes, which stitch some of them.
    pub bridges: Vec<Bridge>,
    /// Prefixes.
    pub routes: Vec<Route>,
    /// MPLS labels.
    pub mpls: Vec<Mpls>,
    /// VXLAN network identifiers.
    pub vxlans: Vec<Vxlan>,
    /// Mirrors.
    pub mirrors: Vec<Mirror>,
    /// Forwarding classes; before maps, which name them.
    pub forwarding_classes: Vec<ForwardingClass>,
    /// QoS maps.
    pub qos_maps: Vec<QosMap>,
    /// How much interfaces may hand to the slow path.
    pub punt_quotas: Vec<PuntQuota>,
    /// MACs that were learned.
    pub learned: Vec<Learned>,
    /// Flows, both directions.
    pub flow_pairs: Vec<FlowPair>,
    /// What may pass between networks.
    pub policies: Vec<Policy>,
    /// Ways out of networks on wires.
    pub gateways: Vec<Gateway>,
    /// MACs known in the underlay.
    pub neighbors: Vec<Neighbor>,
    /// Addresses of other networks for guests.
    pub floating_ips: Vec<FloatingIp>,
    /// Addresses that guests may have beside their own.
    pub allowed_address_pairs: Vec<AllowedAddressPair>,
}

/// One object of any noun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "object", rename_all = "snake_case")]
pub enum Object {
    /// A network.
    Vrf(Vrf),
    /// An interface.
    Vif(Vif),
    /// What becomes of a packet.
    Nexthop(Nexthop),
    /// A MAC.
    Bridge(Bridge),
    /// A prefix.
    Route(Route),
    /// An MPLS label.
    Mpls(Mpls),
    /// A VXLAN network identifier.
    Vxlan(Vxlan),
    /// A mirror.
    Mirror(Mirror),
    /// A forwarding class.
    ForwardingClass(ForwardingClass),
    /// A QoS map.
    QosMap(QosMap),
    /// How much an interface may hand to the slow path.
    PuntQuota(PuntQuota),
    /// A MAC that was learned.
    Learned(Learned),
    /// A flow, both directions.
    FlowPair(FlowPair),
    /// What may pass between networks.
    Policy(Policy),
    /// A way out of a network on a wire.
    Gateway(Gateway),
    /// A MAC known in the underlay.
    Neighbor(Neighbor),
    /// An address of another network for a guest.
    FloatingIp(FloatingIp),
    /// Addresses that guests may have beside their own.
    AllowedAddressPair(AllowedAddressPair),
}

impl Extend<Object> for Objects {
    fn extend<I: IntoIterator<Item = Object>>(&mut self, list: I) {
        for object in list {
            match object {
                Object::Vrf(vrf) => self.vrfs.push(vrf),
                Object::Vif(vif) => self.vifs.push(vif),
                Object::Nexthop(nexthop) => self.nexthops.push(nexthop),
                Object::Bridge(bridge) => self.bridges.push(bridge),
                Object::Route(route) => self.routes.push(route),
                Object::Mpls(mpls) => self.mpls.push(mpls),
                Object::Vxlan(vxlan) => self.vxlans.push(vxlan),
                Object::Mirror(mirror) => self.mirrors.push(mirror),
                Object::ForwardingClass(class) => self.forwarding_classes.push(class),
                Object::QosMap(map) => self.qos_maps.push(map),
                Object::PuntQuota(quota) => self.punt_quotas.push(quota),
                Object::Learned(learned) => self.learned.push(learned),
                Object::FlowPair(flow_pair) => self.flow_pairs.push(flow_pair),
                Object::Policy(policy) => self.policies.push(policy),
                Object::Gateway(gateway) => self.gateways.push(gateway),
                Object::Neighbor(neighbor) => self.neighbors.push(neighbor),
                Object::FloatingIp(floating_ip) => self.floating_ips.push(floating_ip),
                Object::AllowedAddressPair(pair) => self.allowed_address_pairs.push(pair),
            }
        }
    }
}

impl FromIterator<Object> for Objects {
    fn from_iter<I: IntoIterator<Item = Object>>(list: I) -> Self {
        let mut objects = Self::default();
        objects.extend(list);
        objects
    }
}

impl From<Vec<Object>> for Objects {
    fn from(list: Vec<Object>) -> Self {
        list.into_iter().collect()
    }
}

impl From<Objects> for Vec<Object> {
    fn from(objects: Objects) -> Self {
        let Objects {
            vrfs,
            vifs,
            nexthops,
            bridges,
            routes,
            mpls,
            vxlans,
            mirrors,
            forwarding_classes,
            qos_maps,
            punt_quotas,
            learned,
            flow_pairs,
            policies,
            gateways,
            neighbors,
            floating_ips,
            allowed_address_pairs,
        } = objects;
        let mut list = Self::new();
        list.extend(vrfs.into_iter().map(Object::Vrf));
        list.extend(vifs.into_iter().map(Object::Vif));
        list.extend(nexthops.into_iter().map(Object::Nexthop));
        list.extend(bridges.into_iter().map(Object::Bridge));
        list.extend(routes.into_iter().map(Object::Route));
        list.extend(mpls.into_iter().map(Object::Mpls));
        list.extend(vxlans.into_iter().map(Object::Vxlan));
        list.extend(mirrors.into_iter().map(Object::Mirror));
        let classes = forwarding_classes.into_iter();
        list.extend(classes.map(Object::ForwardingClass));
        list.extend(qos_maps.into_iter().map(Object::QosMap));
        list.extend(punt_quotas.into_iter().map(Object::PuntQuota));
        list.extend(learned.into_iter().map(Object::Learned));
        list.extend(flow_pairs.into_iter().map(Object::FlowPair));
        list.extend(policies.into_iter().map(Object::Policy));
        list.extend(gateways.into_iter().map(Object::Gateway));
        list.extend(neighbors.into_iter().map(Object::Neighbor));
        list.extend(floating_ips.into_iter().map(Object::FloatingIp));
        let pairs = allowed_address_pairs.into_iter();
        list.extend(pairs.map(Object::AllowedAddressPair));
        list
    }
}
