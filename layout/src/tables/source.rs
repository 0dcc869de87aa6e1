//! `source`: where the packets of a flow must come from, by S(nh).
use super::{table, Lookup};
use crate::record::{code, record};

code! {
    /// What is compared.
    pub enum SourceKind: 2 {
        /// The nexthop does not exist: every packet fails with `INVALID_NH`.
        Missing = 0;
        /// Nothing: every packet passes.
        Any = 1;
        /// The receiving interface.
        Vif = 2;
        /// The outer source address of the tunnel.
        Tunnel = 3;
    }
}

record! {
    /// Where must packets of flows with this S(nh) come from? Row 0 passes all.
    pub struct SourceEntry (source_entry) {
        /// What is compared.
        kind: SourceKind = 2,
        /// The receiving interface that is expected.
        vif: u16 = 13,
        /// The tunnel end that is expected; an IPv4 address in the low 32 bits.
        address: u128 = 128,
        /// Its address is IPv6.
        v6: bool = 1,
    }
}
table!(SourceEntry, 10, "source", Lookup::Direct);
