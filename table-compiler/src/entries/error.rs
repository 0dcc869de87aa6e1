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
