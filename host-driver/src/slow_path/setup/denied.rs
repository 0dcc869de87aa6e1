//! Why a flow may not start.

use std::fmt;

/// Why a flow may not start. The shown names are the peer's drop reasons of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No route leads to the source.
    NoSourceRoute,
    /// No route leads to the destination.
    NoRoute,
    /// No rule lets it pass.
    Policy,
    /// Its answers would be looked up as it is.
    SameKey,
    /// Its address would be replaced, and flows share its entry that others would answer.
    FatFlowNat,
    /// The gateway's address has no port left that its source could have, for this remote.
    NoPort,
}

impl Denied {
    /// The peer's name.
    pub const fn name(self) -> &'static str {
        match self {
            Denied::NoSourceRoute => "NoSrcRt",
            Denied::NoRoute => "NoDstRt",
            Denied::Policy => "Policy",
            Denied::SameKey => "SameFlowRflowKey",
            Denied::FatFlowNat => "FatFlowNatConflict",
            Denied::NoPort => "LinkSrcNatErr",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
