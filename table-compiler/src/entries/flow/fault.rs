//! Why a flow is refused.

use std::net::IpAddr;

/// What is wrong with a flow. The words in parentheses are the peer's, where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowFault {
    /// An IPv4 and an IPv6 address.
    #[error("{src} and {dst} are of two families, expected one")]
    Families {
        /// Source address.
        src: IpAddr,
        /// Destination address.
        dst: IpAddr,
    },
    /// Its answers are of another family.
    #[error("its answers are of the other family, expected the same (NAT between families)")]
    AnswerFamily,
    /// Its answers are looked up as it is.
    #[error("its answers have the same key, expected another (SameFlowRflowKey)")]
    SameKey,
    /// Another flow, or its answers, are looked up as it is.
    #[error("{holder} has the key of {taken} already, expected keys apart")]
    KeyTaken {
        /// The direction whose key is taken.
        taken: String,
        /// The flow that has it.
        holder: String,
    },
    /// Addresses or ports change, and nothing says to what.
    #[error("it has flag {flag} without rflow_valid, expected both: its answers' key has the new values (FLOW_NAT_NO_RFLOW)")]
    NoReverse {
        /// The flag.
        flag: &'static str,
    },
    /// Addresses or ports change of many flows that share an entry.
    #[error("it is translated and its key leaves out {left_out}, expected a key with all addresses and ports (FatFlowNatConflict)")]
    Fat {
        /// What the key leaves out.
        left_out: &'static str,
    },
    /// The VRF changes, and nothing says to which.
    #[error("it has flag vrf_translate without a dvrf, expected both")]
    NoVrf,
    /// One direction alone cannot be translated.
    #[error("it has no answers, expected some: {asked} needs their key")]
    Alone {
        /// What it asks for.
        asked: &'static str,
    },
}
