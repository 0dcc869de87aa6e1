//! The linear hash of `underpass_layout::hash` on wires: the source ports of tunnels, and the choice among several
//! nexthops.
//!
//! ```text
//!   127..112   111..96     95..88     95..48  47..0
//!   dst_port   src_port    protocol   b       a        ─▶ 14 parities of as many masks
//! ```
//! It is linear: the hash of a key is that of its fields each alone, added without carry. So what a field adds can be
//! known before it is known whether the field counts.

use underpass_layout::hash::ENTROPY_MASKS;
use underpass_wires::{bundle, cat, k, konst, U};

/// Bits of the hash.
pub const BITS: usize = ENTROPY_MASKS.len();

bundle! {
    /// What is hashed, `underpass_layout::hash::entropy_key`.
    pub struct Ends {
        /// IP protocol.
        pub protocol: U<8>,
        /// Source port.
        pub src_port: U<16>,
        /// Destination port.
        pub dst_port: U<16>,
        /// Source: an address folded to 48 bits, or a MAC.
        pub a: U<48>,
        /// Destination, likewise.
        pub b: U<48>,
    }
}

impl Ends {
    /// The fourteen parities. Combinational.
    pub fn hash(self) -> U<BITS> {
        let ends: U<128> = cat!(k::<32>(0), self.b, self.a);
        let key: U<128> = ends ^ cat!(self.dst_port, self.src_port, self.protocol, k::<88>(0));
        ENTROPY_MASKS
            .iter()
            .enumerate()
            .map(|(i, mask)| {
                (key & konst::<128>(&[*mask as u64, (*mask >> 64) as u64]))
                    .parity()
                    .ext::<BITS>()
                    .shl(i)
            })
            .reduce(|hash, bit| hash | bit)
            .expect("there are fourteen masks")
    }
}

/// All of an IPv4 address, IPv6 folded: `underpass_layout::hash::fold48`. Combinational.
pub fn fold48(address: U<128>) -> U<48> {
    address.slice::<48>(0) ^ address.slice(48) ^ address.slice::<32>(96).ext()
}
