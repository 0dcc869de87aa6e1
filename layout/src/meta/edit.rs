//! What is done with its bytes.

use super::Errand;
use crate::record::{code, record};

record! {
    /// What is replaced in the packet, at places counted from the start of the whole packet as it came. All of them are
    /// among its first `WINDOW_BYTES`.
    pub struct Patch (patch) {
        /// Anything at all.
        on: bool = 1,
        /// The IP header, and the quoted one, are IPv6.
        v6: bool = 1,
        /// Where the IP header starts.
        l3_offset: u8 = 8,
        /// TTL or hop limit is replaced.
        ttl: bool = 1,
        /// By this.
        new_ttl: u8 = 8,
        /// IPv4: the header checksum is replaced by this wherever `on` is set.
        new_checksum: u16 = 16,
        /// The source address is replaced by `new_src`.
        src: bool = 1,
        /// The destination address is replaced by `new_dst`.
        dst: bool = 1,
        /// The new source address.
        new_src: u128 = 128,
        /// The new destination address.
        new_dst: u128 = 128,
        /// Where the upper layer starts: its ports stand there.
        l4_offset: u8 = 8,
        /// The source port is replaced by `new_src_port`.
        src_port: bool = 1,
        /// The destination port is replaced by `new_dst_port`.
        dst_port: bool = 1,
        /// The new source port.
        new_src_port: u16 = 16,
        /// The new destination port.
        new_dst_port: u16 = 16,
        /// The checksum of the upper layer is replaced.
        l4_checksum: bool = 1,
        /// Where it stands.
        l4_checksum_offset: u8 = 8,
        /// By this.
        new_l4_checksum: u16 = 16,
        /// The packet quotes another, whose addresses and ports are replaced the other way round: its destination by
        /// `new_src` where `quoted_dst` is set, its source by `new_dst` where `quoted_src` is set.
        quoted_dst: bool = 1,
        /// See `quoted_dst`.
        quoted_src: bool = 1,
        /// The quoted destination port is replaced by `new_src_port`.
        quoted_dst_port: bool = 1,
        /// The quoted source port is replaced by `new_dst_port`.
        quoted_src_port: bool = 1,
        /// Where the quoted IP header starts.
        quoted_l3_offset: u8 = 8,
        /// Where the quoted upper layer starts.
        quoted_l4_offset: u8 = 8,
        /// IPv4: the quoted header checksum, where a quoted address is replaced.
        new_quoted_checksum: u16 = 16,
        /// The maximum segment size of a SYN is replaced.
        mss: bool = 1,
        /// Where it stands.
        mss_offset: u8 = 8,
        /// By this.
        new_mss: u16 = 16,
    }
}

record! {
    /// Written by `s13_rewrite`: what changes within the packet.
    pub struct Rewrite (rewrite) {
        /// What is replaced. The peer leaves the hop limit of IPv6 as it is.
        patch: Patch = record,
        /// The TTL of an MPLS header in front.
        ttl: u8 = 8,
        /// Bytes of the packet that leave, without new headers.
        payload: u16 = 16,
        /// UDP source port of the tunnel, the same for all packets of a flow.
        entropy: u16 = 16,
    }
}

code! {
    /// Which headers `s14_encap` puts in front.
    pub enum HeaderKind: 4 {
        /// None: the frame leaves as it is.
        Bare = 0;
        /// Ethernet.
        Ethernet = 1;
        /// Ethernet, IPv4 or IPv6, GRE, MPLS.
        MplsGre = 2;
        /// Ethernet, IPv4 or IPv6, UDP, MPLS.
        MplsUdp = 3;
        /// Ethernet, IPv4 or IPv6, UDP, VXLAN.
        Vxlan = 4;
        /// Ethernet, IPv4 or IPv6, UDP, VXLAN, Ethernet.
        VxlanRouted = 5;
        /// The punt shim.
        Shim = 6;
        /// Ethernet, IPv4 or IPv6, GRE with a key.
        Nvgre = 7;
        /// As `MplsGre`, then four zero bytes.
        ControlGre = 8;
        /// As `MplsUdp`, then four zero bytes.
        ControlUdp = 9;
        /// As `ControlGre`, then IPv4, UDP, VXLAN.
        TreeGre = 10;
        /// As `ControlUdp`, then IPv4, UDP, VXLAN.
        TreeUdp = 11;
        /// Ethernet, ARP: the answer to a request.
        Arp = 12;
    }
}

record! {
    /// Written by `s14_encap`: what `deliver` does with the bytes that wait in the packet buffer.
    pub struct Edit (edit) {
        /// The bytes end here.
        drop: bool = 1,
        /// Outgoing port.
        port: u16 = 10,
        /// Outgoing interface, for its counters.
        vif: u16 = 13,
        /// Bytes taken off the front.
        strip: u8 = 8,
        /// What is replaced, before anything is taken off.
        patch: Patch = record,
        /// What kind of header is put in front.
        kind: HeaderKind = 4,
        /// Its bytes.
        add: u8 = 8,
        /// Its text, first byte lowest.
        header: bytes<96> = 768,
        /// Length of the packet that leaves.
        length: u16 = 16,
        /// It goes round.
        errand: Errand = record,
    }
}
