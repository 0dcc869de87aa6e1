//! s1_parse: find the tunnel header, if there is one. Reads the window, `arrival.round`. Writes `parse`.
//!
//! ```text
//!   window ─▶ [ Ethernet, VLAN ] ─▶ [ IPv4 | IPv6 ] ─▶ [ GRE | UDP | TCP ] ─▶ [ MPLS | VXLAN | NVGRE | STT ] ─┬─▶ parse
//!   a packet that comes round without its tunnel ─────── what its round says of it ────────────────────────────┘
//! ```
//! Five clocks. Beside it: whether an ICMP error is about a packet of one of our tunnels (`about.rs`). Every packet passes, a
//! tenant's too; whether the tunnel is ours, `s3_decap` decides. Both families share the shifter to what is behind the IP
//! header: IPv6 is a header of ten words, extension headers end the search.

mod about;

use super::ip::{self, Family, Ip, Room};
use super::slot::HeadSlot;
use super::{ipv4, ipv6};
use crate::buses::{HeadOut, HeaderIn};
use crate::hardware::{Arrival, Parse, Round};
use about::About;
use underpass_layout::meta::RoundKind;
use underpass_layout::tables::TunnelKind;
use underpass_wires::{
    bundle, cat, first, k, leaf, mux, one_of, only, select, wire, zero, Bit, BundleExt, U,
};

/// Clocks from slot to slot.
pub const LATENCY: usize = 5;

/// Ethertypes (IEEE 802.1Q; RFC 7042).
pub const VLAN: u32 = 0x8100;
/// IPv4.
pub const IPV4: u32 = 0x0800;
/// IPv6.
pub const IPV6: u32 = 0x86dd;
/// ARP.
pub const ARP: u32 = 0x0806;

/// IP protocols (IANA).
pub const ICMP: u32 = 1;
/// IGMP.
pub const IGMP: u32 = 2;
/// TCP.
pub const TCP: u32 = 6;
/// UDP.
pub const UDP: u32 = 17;
/// GRE.
pub const GRE: u32 = 47;
/// SCTP.
pub const SCTP: u32 = 132;
/// ICMPv6.
pub const ICMP6: u32 = 58;

/// MPLS in GRE: the protocol type (RFC 4023 section 4).
pub const GRE_MPLS: u32 = 0x8847;
/// Ethernet in GRE, which with nothing but a key is NVGRE (RFC 7637 section 3.2).
pub const GRE_ETHERNET: u32 = 0x6558;
/// MPLS in UDP (RFC 7510 section 3).
pub const MPLS_PORT: u32 = 6635;
/// MPLS in UDP, the port the peer used before it had one.
pub const OLD_MPLS_PORT: u32 = 51234;
/// VXLAN (RFC 7348 section 5).
pub const VXLAN_PORT: u32 = 4789;
/// STT, of which each packet looks like a segment of TCP (draft-davie-stt-08 section 2).
pub const STT_PORT: u32 = 7471;

/// GRE with nothing but a key.
const GRE_KEY: u32 = 0x2000;
/// Bytes behind the IP header that are looked at: GRE 12, MPLS 4, what follows 4.
const BEHIND_BITS: usize = 8 * 20;

bundle! {
    /// The tunnel header as the bytes behind the IP header have it.
    struct Tunnel {
        mpls_gre: Bit,
        mpls_udp: Bit,
        vxlan: Bit,
        nvgre: Bit,
        stt: Bit,
        /// MPLS word, or the word of the VNI.
        word: U<32>,
        /// The key of NVGRE.
        key: U<32>,
        /// VXLAN flags.
        flags: U<8>,
        /// Bytes up to the tenant's packet, in 32-bit words.
        words: U<3>,
        /// The word there is zero, if it is as many words away: 2, 3, 4.
        zeros: [Bit; 3],
    }
}

leaf!(
    /// The stage as a block.
    pub ParseStage { header: HeaderIn } -> { slot: HeadOut },
    |header: crate::stream::beat::HeaderSlot| -> HeadSlot { parse(HeadSlot::new(header)) }
);

/// The stage.
pub fn parse(slot: HeadSlot) -> HeadSlot {
    let window = slot.window;
    let length = slot.meta.arrival.length;

    // Ethernet and one tag.
    wire!(tagged = window.at::<16>(12).eq(VLAN));
    wire!(runt = mux(tagged, length.lt(18), length.lt(14)));
    wire!(ethertype: U<16> = mux(tagged, window.at(16), window.at(12)));
    let ip: U<{ ip::WINDOW_BITS }> =
        mux(tagged, window.slice(18 * 8), window.slice(14 * 8)).reg("ip");
    let room = Room::behind(length, &[(tagged, 18)], 14).reg("room");
    let family = Family {
        v4: ethertype.eq(IPV4) & !runt,
        v6: ethertype.eq(IPV6) & !runt,
    }
    .reg("family");
    let ports = about::ports(window, tagged).delay("tunnel_ports", 3);
    let bare = slot.meta.arrival.is_bare().delay("bare", LATENCY - 1);
    let (runt, ethertype, tagged) = (
        runt.delay("runt", 3),
        ethertype.delay("ethertype", 3),
        tagged.delay("tagged", 2),
    );

    // IP.
    let header = Ip::of(family, ipv4::fields(ip, room), ipv6::fields(ip, room)).reg("ip_header");
    let behind: U<BEHIND_BITS> = ip::from_word(ip, ip::words(ip, family)).reg("behind_ip");
    let is_ip = (family.v4 | family.v6).delay("is_ip", 2);

    // GRE or UDP, and what they carry.
    let tunnel = tunnel(header, behind).reg("tunnel_seen");
    let neighbor = neighbor(header, behind).reg("neighbor");
    let about = About::of(header, behind).reg("about");
    let ip_end: U<8> = mux(tagged, k(18), k(14)) + cat!(k::<2>(0), header.words, k::<2>(0));
    let (ip_end, header) = (ip_end.reg("ip_end"), header.reg("ip_seen"));

    // Whether it is whole.
    let bytes: U<5> = cat!(tunnel.words, k::<2>(0));
    let next: U<5> = cat!(tunnel.words + 1, k::<2>(0));
    wire!(some = tunnel.mpls_gre | tunnel.mpls_udp | tunnel.vxlan | tunnel.nvgre);
    wire!(whole = header.payload.ge(bytes.ext::<16>()));
    let malformed = (is_ip & (!header.good | some & !whole)).reg("malformed");
    let zeros =
        one_of(&[2, 3, 4].map(|words: usize| (tunnel.words.eq(words), tunnel.zeros[words - 2])));
    let zeros = (some & header.payload.ge(next.ext::<16>()) & zeros).reg("zeros");
    let offset = only(some & whole, ip_end + bytes.ext()).reg("offset");
    let tunnel = Tunnel {
        stt: tunnel.stt,
        ..only(
            some & whole,
            Tunnel {
                word: mux(tunnel.nvgre, tunnel.key, tunnel.word),
                key: zero(),
                zeros: zero(),
                ..tunnel
            },
        )
    }
    .reg("tunnel");
    let (runt, ethertype) = (runt.reg("runt_whole"), ethertype.reg("ethertype_whole"));
    let (header, neighbor) = (header.reg("ip_whole"), neighbor.reg("neighbor_whole"));
    let about_tunnel = about.is_tunnel(ports).reg("about_tunnel");

    // The label.
    let is_mpls = tunnel.mpls_gre | tunnel.mpls_udp;
    let mpls = only(is_mpls, tunnel.word);
    let kind = |bit: Bit, kind: TunnelKind| (bit, k::<3>(kind.code()));
    let parse = Parse {
        runt,
        malformed,
        ethertype: only(!runt, ethertype),
        v6: header.good & header.v6,
        neighbor,
        src: only(header.good, header.src),
        dst: only(header.good, header.dst),
        tunnel: first(
            &[
                kind(tunnel.mpls_gre, TunnelKind::MplsGre),
                kind(tunnel.mpls_udp, TunnelKind::MplsUdp),
                kind(tunnel.vxlan, TunnelKind::Vxlan),
                kind(tunnel.nvgre, TunnelKind::Nvgre),
                kind(tunnel.stt, TunnelKind::Stt),
            ],
            k(TunnelKind::None.code()),
        ),
        label: mux(
            is_mpls,
            mpls.slice::<20>(12).ext(),
            only(tunnel.vxlan | tunnel.nvgre, tunnel.word).slice(8),
        ),
        label_ttl: mpls.slice(0),
        label_valid: mux(
            is_mpls,
            mpls.bit(8),
            tunnel.vxlan & tunnel.flags.bit(3) | tunnel.nvgre,
        ),
        offset,
        zeros,
        alert: tunnel.vxlan & tunnel.flags.bit(0),
        about_tunnel,
    };

    let mut out = slot.later("slot", LATENCY - 1);
    out.meta.parse = mux(bare, out.meta.arrival.round.outer(), parse);
    out.later("out", 1)
}

impl Arrival {
    /// It comes round without its outer headers.
    pub fn is_bare(self) -> Bit {
        self.comes_as(&[RoundKind::Tenant, RoundKind::Member, RoundKind::Transmit])
    }
}

impl Round {
    /// What is still known of the tunnel that a packet came through.
    fn outer(self) -> Parse {
        Parse {
            v6: self.outer_v6,
            src: self.outer_src,
            tunnel: self.tunnel,
            label: self.outer_label,
            label_ttl: self.outer_ttl,
            ..zero()
        }
    }
}

/// Neighbour discovery right behind an IPv6 header. Combinational.
fn neighbor(header: Ip, behind: U<BEHIND_BITS>) -> Bit {
    header.good
        & header.v6
        & header.payload.ge(8)
        & ipv6::discovers_neighbors(header.protocol, behind.at(0))
}

/// A UDP port that MPLS is sent to. Combinational.
fn is_mpls_port(port: U<16>) -> Bit {
    port.eq(MPLS_PORT) | port.eq(OLD_MPLS_PORT)
}

/// A UDP port that one of our tunnels is sent to. Combinational.
fn is_tunnel_port(port: U<16>) -> Bit {
    is_mpls_port(port) | port.eq(VXLAN_PORT)
}

/// What the bytes behind the IP header are. Combinational.
fn tunnel(header: Ip, behind: U<BEHIND_BITS>) -> Tunnel {
    wire!(whole = header.good & !header.fragment);
    wire!(is_gre = whole & header.protocol.eq(GRE) & header.payload.ge(4));
    wire!(is_udp = whole & header.protocol.eq(UDP) & header.payload.ge(8));
    wire!(is_tcp = whole & header.protocol.eq(TCP) & header.payload.ge(ip::TCP_HEADER));
    // RFC 2784 and 2890: checksum and key may be there, all other flags and the version are zero.
    let flags: U<16> = behind.at(0);
    let (checksum, key) = (flags.bit(15), flags.bit(13));
    wire!(mpls_gre = is_gre & !(flags & !k::<16>(0xa000)).any() & behind.at::<16>(2).eq(GRE_MPLS));
    wire!(virtual_subnet = flags.eq(GRE_KEY) & behind.at::<16>(2).eq(GRE_ETHERNET));
    let port: U<16> = behind.at(2);
    wire!(mpls_udp = is_udp & is_mpls_port(port));
    wire!(vxlan = is_udp & port.eq(VXLAN_PORT));
    let options: U<2> = checksum.ext::<2>() + key.ext::<2>();
    let gre_word: U<32> = select(
        options,
        &[behind.at(4), behind.at(8), behind.at(12), behind.at(12)],
    );
    let gre_words: U<3> = mux(virtual_subnet, k(2), options.ext::<3>() + 2);
    Tunnel {
        mpls_gre,
        mpls_udp,
        vxlan,
        nvgre: is_gre & virtual_subnet,
        stt: is_tcp & port.eq(STT_PORT),
        word: first(&[(is_gre, gre_word), (vxlan, behind.at(12))], behind.at(8)),
        key: behind.at(4),
        flags: behind.at(8),
        words: first(&[(is_gre, gre_words), (vxlan, k(4))], k(3)),
        zeros: [8, 12, 16].map(|byte| !behind.at::<32>(byte).any()),
    }
}

#[cfg(test)]
mod tests;
