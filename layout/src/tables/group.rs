//! `group`: of which members a nexthop that stands for several consists.
use super::{table, Lookup};
use crate::record::{code, record};

code! {
    /// What several members are for.
    pub enum GroupKind: 2 {
        /// Nothing: the nexthop stands for itself.
        None = 0;
        /// One of them carries the packet.
        Ecmp = 1;
        /// Each of them carries a copy.
        List = 2;
    }
}

record! {
    /// Which members does the nexthop of this row have? The row is the nexthop's own.
    pub struct GroupEntry (group_entry) {
        /// What they are for, as the nexthop's kind says.
        kind: GroupKind = 2,
        /// The first row of `member`.
        first: u16 = 16,
        /// `List`: how many rows. `Ecmp`: the power of two of them; a member may have several.
        count: u16 = 12,
        /// `Ecmp`: the choice looks at the IP protocol.
        protocol: bool = 1,
        /// At the source address.
        src: bool = 1,
        /// At the source port.
        src_port: bool = 1,
        /// At the destination address.
        dst: bool = 1,
        /// At the destination port.
        dst_port: bool = 1,
        /// `List`: what comes through a tunnel must come from an end that `origin` has for it (peer flag
        /// VALIDATE_MCAST_SRC).
        validate: bool = 1,
    }
}
table!(GroupEntry, 27, "group", Lookup::Direct);
