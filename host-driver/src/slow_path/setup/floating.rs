//! Floating addresses: a guest's second address, in another network.
//!
//! ```text
//!   guest 10.1.1.3, VRF 3 ── to 10.2.2.4, which VRF 3 has no route to ──▶ source 10.2.2.100, on in VRF 4
//!                         ◀── to 10.1.1.3, on in VRF 3 ── 10.2.2.4 to 10.2.2.100 in VRF 4, or behind the guest's label
//! ```
//! Both directions are flows that replace an address, each with the values of the other's key.

use std::collections::HashMap;

use underpass_table_compiler::objects::FloatingIp;

/// Floating addresses by the guest's interface.
pub fn by_guest(all: &[FloatingIp]) -> HashMap<u32, Vec<FloatingIp>> {
    let mut guests: HashMap<u32, Vec<FloatingIp>> = HashMap::new();
    for floating in all {
        guests.entry(floating.vif).or_default().push(*floating);
    }
    guests
}
