//! Which copies of a list are none, because the leg is not for the packet.
//!
//! ```text
//!   leg      no copy for a packet
//!   None     ever
//!   Local    that came from this interface
//!   Tree     that came by head-end replication; from the node that sent it (s12_nexthop)
//!   Evpn     that came from a tunnel, unless from a hardware VTEP
//!   Tor      from the VTEP that sent it (s12_nexthop)
//! ```

use crate::hardware::{MemberEntry, Meta};
use underpass_layout::tables::Leg;
use underpass_wires::{any_of, wire, Bit};

/// Whether the copy for this member is none. Combinational.
pub(super) fn skips(meta: Meta, entry: MemberEntry) -> Bit {
    let origin = meta.arrival.round.origin;
    let leg = |leg: Leg| entry.leg.eq(leg.code());
    let from = |leg: Leg| origin.eq(leg.code());
    wire!(back = !meta.decap.tunnelled & entry.vif.eq(meta.classify.vif));
    any_of(&[
        leg(Leg::None),
        leg(Leg::Local) & back,
        leg(Leg::Tree) & from(Leg::Evpn),
        leg(Leg::Evpn) & !from(Leg::None) & !from(Leg::Tor),
    ])
}
