//! `mpls`: what a label of ours means.
use super::{table, Lookup};
use crate::record::{code, record};

code! {
    /// What is under a label.
    pub enum LabelAction: 2 {
        /// Nothing: the label is unknown.
        None = 0;
        /// An IP packet for one nexthop.
        Nexthop = 1;
        /// An IP packet to be routed in a VRF.
        Route = 2;
        /// An Ethernet frame for one nexthop.
        Frame = 3;
    }
}

record! {
    /// What is under this label, and where does it go?
    pub struct MplsEntry (mpls_entry) {
        /// What is under the label.
        action: LabelAction = 2,
        /// The tenant's VRF.
        vrf: u16 = 12,
        /// Where it goes, unless it is to be routed.
        nexthop: u32 = 20,
    }
}
table!(MplsEntry, 2, "mpls", Lookup::Direct);
