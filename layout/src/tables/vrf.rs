//! `vrf`: the VRF word, which says how a VRF's routes are searched.
//!
//! ```text
//!   address ──┬─▶ masked to length0 ─▶ bank 0 ─┐
//!             ├─▶ masked to length1 ─▶ bank 1 ─┤ the longest that hits, else the default of the word
//!             │        ..                ..    │
//!             └─▶ all 32 bits ───────▶ host  ──┘
//! ```
//! A change of the set of lengths is one write of this word: new entries first, then the word, then the old entries.
use super::{table, ArpAnswer, Lookup};
use crate::record::record;

/// Banks of prefix lengths that are probed at once, beside the table of host routes.
pub const BANKS: usize = 6;

record! {
    /// How are this VRF's routes searched, and where does the rest go?
    pub struct VrfEntry (vrf_entry) {
        /// The VRF exists.
        valid: bool = 1,
        /// The VRF does not fit the card: everything that wants a route is punted.
        punt_all: bool = 1,
        /// `default_nexthop` is a route.
        default_valid: bool = 1,
        /// Nexthop of 0.0.0.0/0.
        default_nexthop: u32 = 20,
        /// Label or VNI of 0.0.0.0/0.
        default_label: u32 = 24,
        /// With what ARP is answered that finds 0.0.0.0/0.
        default_arp: ArpAnswer = 2,
        /// Prefix length that bank 0 holds for this VRF, 1 to 31; 0: none. Longer lengths come first.
        length0: u8 = 5,
        /// Likewise for bank 1.
        length1: u8 = 5,
        /// Likewise for bank 2.
        length2: u8 = 5,
        /// Likewise for bank 3.
        length3: u8 = 5,
        /// Likewise for bank 4.
        length4: u8 = 5,
        /// Likewise for bank 5.
        length5: u8 = 5,
        /// `default6_nexthop` is a route.
        default6_valid: bool = 1,
        /// Nexthop of ::/0.
        default6_nexthop: u32 = 20,
        /// Label or VNI of ::/0.
        default6_label: u32 = 24,
        /// IPv6 prefix length that bank 0 holds for this VRF, 1 to 127; 0: none. Longer lengths come first.
        v6_length0: u8 = 7,
        /// Likewise for bank 1.
        v6_length1: u8 = 7,
        /// Likewise for bank 2.
        v6_length2: u8 = 7,
        /// Likewise for bank 3.
        v6_length3: u8 = 7,
        /// Likewise for bank 4.
        v6_length4: u8 = 7,
        /// Likewise for bank 5.
        v6_length5: u8 = 7,
    }
}
table!(VrfEntry, 5, "vrf", Lookup::Direct);

impl VrfEntry {
    /// The six IPv6 lengths, bank 0 first.
    pub fn v6_lengths(&self) -> [u8; BANKS] {
        [
            self.v6_length0,
            self.v6_length1,
            self.v6_length2,
            self.v6_length3,
            self.v6_length4,
            self.v6_length5,
        ]
    }

    /// The same word with other IPv6 lengths.
    pub fn with_v6_lengths(mut self, lengths: [u8; BANKS]) -> Self {
        [
            self.v6_length0,
            self.v6_length1,
            self.v6_length2,
            self.v6_length3,
            self.v6_length4,
            self.v6_length5,
        ] = lengths;
        self
    }

    /// The six IPv4 lengths, bank 0 first.
    pub fn lengths(&self) -> [u8; BANKS] {
        [
            self.length0,
            self.length1,
            self.length2,
            self.length3,
            self.length4,
            self.length5,
        ]
    }

    /// The same word with other IPv4 lengths.
    pub fn with_lengths(mut self, lengths: [u8; BANKS]) -> Self {
        [
            self.length0,
            self.length1,
            self.length2,
            self.length3,
            self.length4,
            self.length5,
        ] = lengths;
        self
    }
}
