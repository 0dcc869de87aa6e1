//! `member`: the nexthops that an ECMP nexthop chooses from, and those that a list sends copies to.
use super::{table, Lookup};
use crate::record::{code, record};

code! {
    /// Where a copy goes, which says whether it goes.
    pub enum Leg: 3 {
        /// Nowhere: no copy.
        None = 0;
        /// To an interface here: never to the one that the packet came from.
        Local = 1;
        /// Along a multicast tree: not what came by head-end replication, and not back to the end that sent it.
        Tree = 2;
        /// To another node by head-end replication: only what began here, or behind a switch of `Tor`.
        Evpn = 3;
        /// To a hardware VTEP: not back to the end that sent it.
        Tor = 4;
    }
}

record! {
    /// Which nexthop is it?
    pub struct MemberEntry (member_entry) {
        /// Where a copy goes; of an ECMP member `None`.
        leg: Leg = 3,
        /// The nexthop.
        nexthop: u32 = 20,
        /// `label` holds; else that of the route does.
        label_valid: bool = 1,
        /// Label or VNI for it.
        label: u32 = 24,
        /// `Local`: the interface, so that no packet returns to it.
        vif: u16 = 13,
    }
}
table!(MemberEntry, 22, "member", Lookup::Direct);
