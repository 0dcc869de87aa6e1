//! `route_host` and `route_bank`: the routes of every VRF, one exact-match table for /32 and /128, and six
//! banks for shorter prefixes of both families (the VRF word says which length of which family lies in which bank).
use super::{Lookup, TableSpec, BANKS, WAYS};
use crate::bits::Record;
use crate::record::{code, record};

code! {
    /// With what an ARP request for an address behind a route is answered.
    pub enum ArpAnswer: 2 {
        /// With nothing, it is flooded.
        Flood = 0;
        /// With the receiving interface's router MAC (peer flag P, no MAC stitched to the route).
        Router = 1;
        /// With the MAC that table `stitched` has for the address (peer flag P and a stitched MAC).
        Stitched = 2;
        /// The slow path knows.
        Ask = 3;
    }
}

record! {
    /// What is looked up: in a bank, the address masked to the bank's length of the VRF.
    pub struct RouteKey (route_key) {
        /// The tenant's VRF.
        vrf: u16 = 12,
        /// IPv6.
        v6: bool = 1,
        /// The prefix length, so that two lengths can share a bank while a change is under way.
        length: u8 = 8,
        /// The prefix, most significant byte first, the bits behind its length zero; an IPv4 prefix in the low 32 bits.
        prefix: u128 = 128,
    }
}

record! {
    /// Which nexthop carries packets to this prefix?
    pub struct RouteEntry (route_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: RouteKey = record,
        /// Where the packet goes.
        nexthop: u32 = 20,
        /// The remote node's MPLS label or VNI for it.
        label: u32 = 24,
        /// IPv4: with what ARP is answered.
        arp: ArpAnswer = 2,
        /// IPv4: the slow path is shown gratuitous ARP of a guest (peer flag T).
        trap: bool = 1,
    }
}

const fn routes(id: u32, name: &'static str, ways: usize) -> TableSpec {
    TableSpec {
        id,
        name,
        doc: RouteEntry::DOC,
        lookup: Lookup::Exact {
            ways,
            slots: 1,
            key_width: RouteKey::WIDTH,
            wide: None,
        },
        entry_width: RouteEntry::WIDTH,
        entry: RouteEntry::SPEC,
    }
}

pub(super) const HOST: TableSpec = routes(6, "route_host", WAYS);
/// Way `bank * WAYS + way` is way `way` of that bank.
pub(super) const BANK: TableSpec = routes(7, "route_bank", BANKS * WAYS);
