//! Why objects cannot become entries.

use super::fat::FatFault;
use super::flow::FlowFault;
use crate::port::PortName;

/// An object that the card's tables cannot hold. Texts name it as its user knows it: `vif 3`, `mpls 17`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// An object refers to a nexthop that is not there.
    #[error("{user} leads to nexthop {nexthop}, which does not exist")]
    NoNexthop {
        /// The object.
        user: String,
        /// The nexthop.
        nexthop: u32,
    },
    /// An object refers to an interface that is not there.
    #[error("{user} leads to vif {vif}, which does not exist")]
    NoVif {
        /// The object.
        user: String,
        /// The interface.
        vif: u32,
    },
    /// An object refers to a mirror that is not there.
    #[error("{user} leads to mirror {mirror}, which does not exist")]
    NoMirror {
        /// The object.
        user: String,
        /// The mirror.
        mirror: u32,
    },
    /// A VNI leads to a nexthop that names no VRF.
    #[error("vxlan {vnid} leads to nexthop {nexthop}, expected one of type vrf_translate")]
    NoVrf {
        /// The VNI.
        vnid: u32,
        /// The nexthop.
        nexthop: u32,
    },
    /// Two interfaces have one port.
    #[error("port {port} is that of vif {first} and of vif {second}, expected one of them")]
    PortTwice {
        /// The port.
        port: PortName,
        /// An interface that has it.
        first: u32,
        /// The other one.
        second: u32,
    },
    /// A number for which the card has no row, or no bits.
    #[error("{what} is {found}, expected at most {most}")]
    TooLarge {
        /// Which number.
        what: String,
        /// Its value.
        found: u32,
        /// The largest one possible.
        most: u32,
    },
    /// Bytes in front of a packet that are no Ethernet header.
    #[error("nexthop {nexthop} has a rewrite of {found} bytes, expected 14 or none")]
    Rewrite {
        /// The nexthop.
        nexthop: u32,
        /// How many bytes there are.
        found: usize,
    },
    /// A composite that packets would go round in for ever.
    #[error("nexthop {nexthop} is a component of itself, expected nexthops apart from it")]
    CompositeWithin {
        /// The composite.
        nexthop: u32,
    },
    /// A composite of nothing.
    #[error("nexthop {nexthop} has no components, expected one at least")]
    NoMembers {
        /// The composite.
        nexthop: u32,
    },
    /// A composite of too many.
    #[error("nexthop {nexthop} has {found} members, expected at most {most}")]
    TooManyMembers {
        /// The composite.
        nexthop: u32,
        /// How many it has.
        found: usize,
        /// How many fit.
        most: usize,
    },
    /// A list of something else than parts.
    #[error("component {component} of nexthop {nexthop} is no part of a list, expected a composite with flag comp_encap, comp_fabric, comp_evpn or comp_tor")]
    NotAPart {
        /// The list.
        nexthop: u32,
        /// Its component.
        component: u32,
    },
    /// A part of a list with a member that is none.
    #[error("component {component} of nexthop {nexthop} is no leg of kind {leg}, expected encap for Local and a tunnel for all others")]
    NotALeg {
        /// The part.
        nexthop: u32,
        /// Its component.
        component: u32,
        /// The kind of leg.
        leg: &'static str,
    },
    /// A leg of a tree over something that carries no tree.
    #[error("component {component} of nexthop {nexthop} is a leg of a tree, expected a tunnel with MPLS over IPv4")]
    TreeLeg {
        /// The part.
        nexthop: u32,
        /// Its component.
        component: u32,
    },
    /// A number of the card's own finds no row.
    #[error("{user} finds no row in table {table}, which has {rows}")]
    NoRoom {
        /// The object.
        user: String,
        /// The table.
        table: &'static str,
        /// Its rows.
        rows: usize,
    },
    /// An interface that is its own analyzer.
    #[error("vif {vif} is mirrored to itself by mirror {mirror}, expected another analyzer")]
    MirrorOfItself {
        /// The interface.
        vif: u32,
        /// The mirror.
        mirror: u32,
    },
    /// Copies would go from an address of one family to one of the other.
    #[error("nexthop {nexthop} of mirror {mirror} has addresses of two families, expected one")]
    MirrorFamilies {
        /// The mirror.
        mirror: u32,
        /// Its nexthop.
        nexthop: u32,
    },
    /// Metadata that is too long.
    #[error("the mirror metadata of {user} has {found} bytes, expected at most {most}")]
    Metadata {
        /// The object.
        user: String,
        /// How many bytes there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// An object refers to a QoS map that is not there.
    #[error("{user} leads to qos map {map}, which does not exist")]
    NoQosMap {
        /// The object.
        user: String,
        /// The map.
        map: u8,
    },
    /// A QoS map refers to a class that is not there.
    #[error("qos map {map} leads to forwarding class {class}, which does not exist")]
    NoClass {
        /// The map.
        map: u8,
        /// The class.
        class: u8,
    },
    /// The number of no map.
    #[error("the number of a qos map is 0, expected 1 or more")]
    QosMapZero,
    /// A VNI's group that is none.
    #[error("vxlan {vnid} has group {group}, expected a multicast address")]
    NoGroup {
        /// The VNI.
        vnid: u32,
        /// Its group.
        group: std::net::IpAddr,
    },
    /// Rules of fat flows that contradict themselves or do not fit.
    #[error("the fat flows of vif {vif} are refused: {fault}")]
    Fat {
        /// The interface.
        vif: u32,
        /// What is wrong with them.
        fault: FatFault,
    },
    /// A flow that the card could only forward wrongly.
    #[error("flow {flow} is refused: {fault}")]
    Flow {
        /// Its key.
        flow: String,
        /// What is wrong with it.
        fault: FlowFault,
    },
}

impl EntryError {
    /// `Ok` if `found` is at most `most`.
    pub(super) fn limit(
        what: impl FnOnce() -> String,
        found: u32,
        most: u32,
    ) -> Result<u32, EntryError> {
        if found <= most {
            return Ok(found);
        }
        Err(EntryError::TooLarge {
            what: what(),
            found,
            most,
        })
    }
}
