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
        /// Four zero bytes stand in front of the frame (RFC 4448 section 4.6, peer flag L2_CONTROL_DATA).
        control: bool = 1,
        /// It is a label of a multicast tree: behind the four zero bytes stand IPv4, UDP and VXLAN headers, 36 bytes.
        tree: bool = 1,
        /// Frames to unknown MACs are flooded.
        flood_unknown: bool = 1,
        /// Source MACs are learnt.
        learn: bool = 1,
    }
}
table!(MplsEntry, 2, "mpls", Lookup::Direct);
