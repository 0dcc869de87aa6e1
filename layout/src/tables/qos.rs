//! `qos`: how packets are marked in tunnels.
use super::{table, Lookup};
use crate::record::record;

/// Rows of a map.
pub const QOS_ROWS: u32 = 128;
/// Where in a map the rows by IEEE 802.1p priority start; those by DSCP (RFC 2474) start at 0.
pub const QOS_PRIORITY: u32 = 72;

record! {
    /// The forwarding class of packets with this DSCP, or of frames without IP with this priority: row `map * 128 + DSCP`
    /// or `map * 128 + 72 + priority`. Rows 64 to 71 stand for EXP of MPLS, which nothing looks up.
    pub struct QosEntry (qos_entry) {
        /// There is a class.
        valid: bool = 1,
        /// DSCP of the tunnel's IP header.
        dscp: u8 = 6,
        /// Traffic class of the MPLS header (RFC 5462).
        exp: u8 = 3,
        /// IEEE 802.1p priority. Shown, not used: the card puts no VLAN tag in front.
        priority: u8 = 3,
        /// Transmit queue. Shown, not used: the core has one queue to a port.
        queue: u8 = 5,
    }
}
table!(QosEntry, 26, "qos", Lookup::Direct);
