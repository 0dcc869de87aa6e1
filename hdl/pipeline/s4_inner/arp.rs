//! ARP (RFC 826), as far as routers look at it.
//!
//! ```text
//!  0          2          4     5     6           8            14               18           24               28
//! | hardware | protocol | 6   | 4   | operation | sender MAC | sender address | target MAC | target address |
//! ```
//! Only IPv4 over Ethernet is well-formed, and not behind a tag without a VLAN: who gets that takes the tag for none. What is
//! asked for stands where answers have whom they are for.

use crate::pipeline::ip::{Room, WINDOW_BITS};
use underpass_layout::meta::{ArpKind, ARP_BYTES};
use underpass_wires::{bundle, first, k, only, wire, Bit, U};

/// Ethernet, and its addresses of 6 bytes beside ones of 4.
const ETHERNET: u32 = 1;
const LENGTHS: u32 = 0x0604;
/// IPv4's ethertype.
const IPV4: u32 = 0x0800;
/// The operation that asks.
const REQUEST: u32 = 1;

bundle! {
    /// A packet, all zero but its kind where it is not well-formed.
    pub(super) struct Arp {
        /// An [`ArpKind`].
        pub kind: U<2>,
        /// The sender's MAC and address.
        pub mac: U<48>,
        pub src: U<32>,
        /// The target's address.
        pub dst: U<32>,
    }
}

impl Arp {
    /// Reads the packet at the start of `window`, if it `is` ARP. Combinational.
    pub fn of(is: Bit, for_priority: Bit, window: U<WINDOW_BITS>, room: Room) -> Arp {
        wire!(
            good = !for_priority
                & room.bytes.ge(ARP_BYTES)
                & window.at::<16>(0).eq(ETHERNET)
                & window.at::<16>(2).eq(IPV4)
                & window.at::<16>(4).eq(LENGTHS)
        );
        let requests = window.at::<16>(6).eq(REQUEST);
        let kind = |kind: ArpKind| k::<2>(kind.code());
        let kinds = [
            (!good, kind(ArpKind::Malformed)),
            (requests, kind(ArpKind::Request)),
        ];
        wire!(read = is & good);
        Arp {
            kind: only(is, first(&kinds, kind(ArpKind::Other))),
            mac: only(read, window.at(8)),
            src: only(read, window.at(14)),
            dst: only(read, window.at(24)),
        }
    }
}
