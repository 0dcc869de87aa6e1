//! `onward`: with what else the packets of a flow go on.
//!
//! The values are those of the other direction's key, as the peer takes them: SNAT gives the source that answers are sent
//! to, DNAT the destination that answers come from. They are copied here when the flow is set up, because that key lies
//! at no fixed place.
use super::{table, Lookup};
use crate::record::record;

record! {
    /// With which addresses, ports, VRF and nexthop do the packets of this flow go on?
    pub struct OnwardEntry (onward_entry) {
        /// S(nh): the source check, an index of table `source`; 0: none.
        source: u32 = 16,
        /// The source address is replaced by `src`; of an ICMP error, the destination of the quoted packet too.
        snat: bool = 1,
        /// The source port is replaced by `src_port`.
        spat: bool = 1,
        /// The destination address is replaced by `dst`; of an ICMP error, the source of the quoted packet too.
        dnat: bool = 1,
        /// The destination port is replaced by `dst_port`.
        dpat: bool = 1,
        /// The source port that answers are sent to.
        src_port: u16 = 16,
        /// The destination port that answers come from.
        dst_port: u16 = 16,
        /// The source address that answers are sent to, most significant byte first; an IPv4 address in the low 32 bits.
        src: u128 = 128,
        /// The destination address that answers come from.
        dst: u128 = 128,
        /// They go on in `vrf` (peer flag VRFT).
        translate: bool = 1,
        /// That VRF.
        vrf: u16 = 12,
        /// They take `nexthop`, whatever the routes say: the member of an ECMP nexthop that the flow keeps to.
        steer: bool = 1,
        /// That nexthop.
        nexthop: u32 = 20,
        /// Label or VNI for it.
        label: u32 = 24,
        /// They end here, mirrored or not.
        drop: bool = 1,
        /// They are mirrored, by this row of `mirror`; 0: not.
        mirror: u16 = 10,
        /// They are mirrored a second time, by this row.
        second_mirror: u16 = 10,
        /// How they are marked in tunnels, a map of `qos`; 0: as the interface says.
        qos: u8 = 8,
    }
}
table!(OnwardEntry, 17, "onward", Lookup::Direct);
