//! `mirror`, `mirror_text`: how copies for an analyzer are sent, and what is put in front of them.
use super::{table, Lookup};
use crate::record::{code, record};

/// Bytes of text of a mirror: IPv6 40, UDP 8, metadata 255, Ethernet 14 are 317.
pub const MIRROR_TEXT_BYTES: usize = 320;
/// Memories that hold the text, a beat each.
pub const MIRROR_TEXT_WAYS: usize = 5;

code! {
    /// How a copy is sent.
    pub enum MirrorKind: 2 {
        /// Not at all.
        None = 0;
        /// As an IP packet that is routed in `vrf`: the text is its headers.
        Routed = 1;
        /// As the frame that it is, by `nexthop`; the text, if any, goes in front.
        Raw = 2;
    }
}

record! {
    /// How are copies sent to the analyzer? Row 0 is none.
    pub struct MirrorEntry (mirror_entry) {
        /// How they are sent.
        kind: MirrorKind = 2,
        /// `Routed`: the text starts with IPv6, else with IPv4.
        v6: bool = 1,
        /// `Routed`: in this VRF. `Raw`: the VRF of the analyzer.
        vrf: u16 = 12,
        /// `Raw`: the nexthop.
        nexthop: u32 = 20,
        /// `Raw`: VNI or label for it.
        label: u32 = 24,
        /// Bytes of the text.
        length: u16 = 9,
        /// One's complement sum of the UDP pseudo header's addresses and protocol, of the destination port and of the text
        /// behind the UDP header, in 16-bit words, an odd last byte filled up with zero (RFC 768). Length and source port are
        /// added by the card.
        sum: u16 = 16,
        /// One's complement sum of the IPv4 header with length and identification zero (RFC 1071).
        header_sum: u16 = 16,
        /// Bytes of the packet that a copy takes at most; 0: all. The UDP checksum of a cut copy is zero (RFC 6935).
        snap: u16 = 14,
        /// Fewest clocks from one copy to the next, in units of 256; copies that come earlier are left out. 0: no limit.
        interval: u32 = 24,
    }
}
table!(MirrorEntry, 24, "mirror", Lookup::Direct);

record! {
    /// What stands in front of copies, 64 bytes a way: IP and UDP header with length, identification, source port and
    /// checksums zero, then metadata, then an Ethernet header where the mirrored packet has lost its own.
    pub struct MirrorTextEntry (mirror_text_entry) {
        /// The bytes, first one lowest.
        bytes: bytes<64> = 512,
    }
}
table!(
    MirrorTextEntry,
    25,
    "mirror_text",
    Lookup::Set {
        ways: MIRROR_TEXT_WAYS
    }
);
