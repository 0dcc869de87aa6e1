//! s4_inner: the tenant's own headers. Reads the window from `decap.offset` on. Writes `inner`.
//!
//! ```text
//!   window ─▶ [ tree?    ] ─▶ [ shift ] ─▶ [ Ethernet, VLAN ] ─▶ [ IPv4 | IPv6, first extension header ]
//!             [ offset?  ]
//!                                  ┌────────────────────────────────────────────────────┘
//!                                  ├─▶ [ second ] ─▶ [ fragment ] ─▶ [ what is behind ] ─▶ [ ports ] ─▶ inner
//!                                  └─▶ [ ARP    ] ─────────────────────────────────────────────────────────────▲
//! ```
//! The offset is 0 for a packet that came through no tunnel. The headers of a multicast tree in front of a frame are
//! shifted out first, for all offsets alike. What would lie behind the window reads as zeros: `upper` says what is out
//! of reach.

mod arp;
#[cfg(test)]
pub(super) mod packets;
mod tcp;
#[cfg(test)]
mod tests;
pub(super) mod upper;

use super::ip::{self, Family, Ip, Room};
use super::ipv6::Walk;
use super::s1_parse::{ARP, IPV4, IPV6, VLAN};
use super::slot::{HeadSlot, Written};
use super::{ipv4, ipv6};
use crate::buses::{HeadIn, HeadOut};
use crate::hardware::{Inner, VerdictBits};
use arp::Arp;
use underpass_layout::meta::TREE_BYTES;
use underpass_layout::DropReason;
use underpass_wires::{bundle, first, k, leaf, mux, one_of, only, wire, Bit, BundleExt, U};
use upper::Upper;

/// Clocks from slot to slot.
pub const LATENCY: usize = 9;

/// Ethernet 14, VLAN 4, then what the reader of IP headers wants.
const TENANT_BITS: usize = 18 * 8 + ip::WINDOW_BITS;
/// Where a tenant's packet can start behind a tunnel, in steps of four: 14 + IPv4 20 + GRE 8 up to 18 + 60 + VXLAN 16;
/// behind IPv6 it is 62 to 74. Four zero bytes may follow, and in front of them [`TREE_BYTES`].
const OFFSETS: std::ops::RangeInclusive<usize> = 42..=98;
/// The window with zeros behind it.
const PADDED_BITS: usize = 8 * *OFFSETS.end() + TENANT_BITS;

bundle! {
    /// What the Ethernet step found.
    struct Ethernet {
        dst: U<48>,
        src: U<48>,
        ethertype: U<16>,
        tagged: Bit,
        /// The tag names no VLAN, it gives a priority alone.
        for_priority: Bit,
        priority: U<3>,
        l3_offset: U<8>,
        bad: Bit,
    }
}

leaf!(
    /// The stage as a block.
    pub InnerStage { slot_in: HeadIn } -> { slot: HeadOut },
    |slot: HeadSlot| -> HeadSlot { inner(slot) }
);

/// The stage.
pub fn inner(slot: HeadSlot) -> HeadSlot {
    let slot = slot.written(Written::Decap);
    let decap = slot.meta.decap;

    // Decide, then shift: the select is a register before it moves 98 bytes.
    let starts = |offset: usize| {
        mux(
            decap.tree,
            decap.offset.eq(offset + TREE_BYTES),
            decap.offset.eq(offset),
        )
    };
    let offsets: Vec<(Bit, usize)> = std::iter::once(0)
        .chain(OFFSETS.step_by(4))
        .map(|offset| (starts(offset).reg(&format!("at{offset}")), offset))
        .collect();
    let window = mux(decap.tree, slot.window.shr(8 * TREE_BYTES), slot.window)
        .reg("window")
        .ext::<PADDED_BITS>();
    let choices: Vec<(Bit, U<TENANT_BITS>)> = offsets
        .iter()
        .map(|(here, offset)| (*here, window.slice(8 * offset)))
        .collect();
    let tenant = one_of(&choices).reg("tenant");
    let room = (slot.meta.arrival.length.ext::<17>() - decap.offset.ext()).reg("room");
    let room = only(!room.bit(16), room.trunc::<16>()).reg("room_there");
    let (frame, offset) = (
        decap.frame.delay("frame", 2),
        decap.offset.delay("offset", 2),
    );

    // Ethernet, or an IP header at once.
    let ethernet = ethernet(tenant, room, frame, offset);
    let ip: U<{ ip::WINDOW_BITS }> = first(
        &[
            (!frame, tenant.slice(0)),
            (ethernet.tagged, tenant.slice(18 * 8)),
        ],
        tenant.slice(14 * 8),
    )
    .reg("ip");
    let room = Room::behind(room, &[(!frame, 0), (ethernet.tagged, 18)], 14).reg("ip_room");
    let ethernet = ethernet.reg("ethernet");

    // IP, and the first extension header.
    let is = |ethertype: u32| !ethernet.bad & ethernet.ethertype.eq(ethertype);
    let family = Family {
        v4: is(IPV4),
        v6: is(IPV6),
    };
    let (v4, v6) = (ipv4::fields(ip, room), ipv6::fields(ip, room));
    let bad = (ethernet.bad | family.v4 & !v4.good | family.v6 & !v6.good).delay("bad", 4);
    let arp = Arp::of(is(ARP), ethernet.for_priority, ip, room).reg("arp");
    let header = Ip::of(family, v4, v6).reg("header");
    let walk = Walk::new(v6).step(ip).reg("walk_first");
    let l3_offset = ethernet.l3_offset.delay("l3_offset", 3);
    let (family, ethernet) = (
        family.delay("family", 5),
        ethernet.delay("ethernet_inner", 5),
    );

    // The second one.
    let ip = ip.reg("ip_second");
    let walk = walk.step(ip).reg("walk_second");
    let header = Ip {
        src: header.src | arp.src.ext(),
        dst: header.dst | arp.dst.ext(),
        ..header
    }
    .reg("header_second");
    let (arp_kind, arp_mac) = (arp.kind, arp.mac).delay("arp_inner", 4);

    // A fragment header.
    let ip = ip.reg("ip_third");
    let ports_known = slot.meta.arrival.round.known.ports.delay("ports_known", 5);
    let walked = walk.end(ip, ports_known).reg("walked");
    let (header, ports_known) = (
        header.reg("header_third"),
        ports_known.reg("ports_known_third"),
    );

    // What is behind them.
    let upper = Upper::behind(header, walked, ports_known, l3_offset, ip.reg("ip_behind"));
    let upper = upper.reg("upper");
    let header = header.reg("header_upper");

    // Ports.
    let ports = upper.ports();
    let bad = (bad | upper.cut | ports.short).reg("bad_inner");
    let (header, ports) = (header.reg("header_inner"), ports.reg("ports"));
    let mut out = slot.later("slot", LATENCY - 1);
    let known = out.meta.arrival.round.known;
    wire!(told = ports.fragment & known.ports);
    let inner = Inner {
        dst_mac: ethernet.dst,
        src_mac: ethernet.src,
        ethertype: ethernet.ethertype,
        tagged: ethernet.tagged,
        priority: ethernet.priority,
        l3_offset: ethernet.l3_offset,
        ipv4: family.v4,
        ipv6: family.v6,
        fragment: ports.fragment,
        extension: ports.extension,
        neighbor: ports.neighbor & header.ttl.all(),
        protocol: ports.protocol,
        ttl: header.ttl,
        id: header.id,
        checksum: header.checksum,
        src: header.src,
        dst: header.dst,
        src_port: mux(told, known.src_port, ports.src),
        dst_port: mux(told, known.dst_port, ports.dst),
        tos: header.tos,
        l4_offset: ports.offset,
        l4_checksum: ports.checksum,
        tcp_flags: ports.tcp.flags,
        tcp_seq: ports.tcp.seq(),
        tcp_ack: ports.tcp.ack,
        arp: arp_kind,
        arp_mac,
    };
    out.meta.inner = inner;
    // Of a packet for the host its hops count; what is wrong behind its IP header is for the host to say.
    wire!(host = out.meta.decap.host & !bad);
    wire!(no_hop = host & family.v4 & !header.ttl.any());
    let verdict = out
        .meta
        .verdict
        .or_first(&[(bad, VerdictBits::drop(DropReason::InvalidPacket))]);
    let expired = VerdictBits::drop(DropReason::TtlExceeded);
    out.meta.verdict = mux(no_hop, expired, verdict);
    // A punt shim tells only what was reached, and nobody takes half of a broken packet for its ends.
    wire!(open = verdict.open() | host);
    let read = &mut out.meta.inner;
    read.l3_offset = only(open, read.l3_offset);
    (read.ipv4, read.ipv6) = (open & read.ipv4, open & read.ipv6);
    (read.dst_mac, read.src_mac) = only(open, (read.dst_mac, read.src_mac));
    read.arp = only(open, read.arp);
    out.later("out", 1)
}

/// The Ethernet header, or what stands for it where there is none. Combinational.
fn ethernet(tenant: U<TENANT_BITS>, room: U<16>, frame: Bit, offset: U<8>) -> Ethernet {
    let version: U<4> = tenant.at_bits(0, 0);
    wire!(tagged = frame & tenant.at::<16>(12).eq(VLAN));
    let of_version = first(
        &[(version.eq(4), k::<16>(IPV4)), (version.eq(6), k(IPV6))],
        k(0),
    );
    let of_frame = mux(tagged, tenant.at::<16>(16), tenant.at(12));
    let bad_frame = room.lt(14) | tagged & room.lt(18);
    let bad_packet = room.eq(0) | (version.ne(4) & version.ne(6));
    Ethernet {
        dst: only(frame, tenant.at(0)),
        src: only(frame, tenant.at(6)),
        ethertype: mux(frame, of_frame, of_version),
        tagged,
        for_priority: tagged & !tenant.at_bits::<12>(14, 4).any(),
        priority: only(tagged, tenant.at_bits(14, 0)),
        l3_offset: offset + first(&[(!frame, k(0)), (tagged, k(18))], k(14)),
        bad: mux(frame, bad_frame, bad_packet),
    }
}
