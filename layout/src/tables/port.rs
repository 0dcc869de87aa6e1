//! `port`: which interface a port belongs to.
use super::{table, Lookup};
use crate::record::record;

record! {
    /// Which interface do frames of this port belong to?
    pub struct PortEntry (port_entry) {
        /// The port is in use.
        valid: bool = 1,
        /// Its interface.
        vif: u16 = 13,
    }
}
table!(PortEntry, 0, "port", Lookup::Direct);
