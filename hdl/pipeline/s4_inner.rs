//! s4_inner: the tenant's own headers. Reads the window from `decap.offset` on. Writes `inner`.
//!
//! ```text
//!   window ─▶ [ which offset ] ─▶ [ shift ] ─▶ [ Ethernet, VLAN ] ─▶ [ IPv4 ] ─▶ [ ports ] ─▶ inner
//! ```
//! The offset is 0 for a packet that came through no tunnel. The last stage that needs bytes.

use super::ipv4::{self, Ipv4};
use super::s1_parse::{ICMP, IPV4, IPV6, SCTP, TCP, UDP, VLAN};
use super::slot::{HeadSlot, Slot};
use crate::buses::{HeadIn, SlotOut};
use crate::hardware::{Inner, VerdictBits};
use underpass_layout::DropReason;
use underpass_wires::{any_of, bundle, first, k, leaf, mux, one_of, only, wire, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 6;

/// Ethernet 14, VLAN 4, then what the IPv4 reader wants.
const TENANT_BITS: usize = 18 * 8 + ipv4::WINDOW_BITS;
/// Where a tenant's packet can start behind a tunnel: 14 + 20 + 8 up to 18 + 60 + 16, in steps of four.
const OFFSETS: std::ops::RangeInclusive<usize> = 42..=94;

bundle! {
    /// What the Ethernet step found.
    struct Ethernet {
        dst: U<48>,
        src: U<48>,
        ethertype: U<16>,
        tagged: Bit,
        l3_offset: U<8>,
        bad: Bit,
    }
}

leaf!(
    /// The stage as a block.
    pub InnerStage { slot_in: HeadIn } -> { slot: SlotOut },
    |slot: HeadSlot| -> Slot { inner(slot) }
);

/// The stage.
pub fn inner(slot: HeadSlot) -> Slot {
    let decap = slot.meta.decap;

    // Decide, then shift: the select is a register before it moves 94 bytes.
    let offsets: Vec<(Bit, usize)> = std::iter::once(0)
        .chain(OFFSETS.step_by(4))
        .map(|offset| (decap.offset.eq(offset).reg(&format!("at{offset}")), offset))
        .collect();
    let window = slot.window.reg("window");
    let choices: Vec<(Bit, U<TENANT_BITS>)> = offsets
        .iter()
        .map(|(here, offset)| (*here, window.slice(8 * offset)))
        .collect();
    let tenant = one_of(&choices).reg("tenant");
    let room = (slot.meta.arrival.length - decap.offset.ext()).delay("room", 2);
    let (frame, offset) = (
        decap.frame.delay("frame", 2),
        decap.offset.delay("offset", 2),
    );

    // Ethernet, or an IP header at once.
    let ethernet = ethernet(tenant, room, frame, offset);
    let ip: U<{ ipv4::WINDOW_BITS }> = first(
        &[
            (!frame, tenant.slice(0)),
            (ethernet.tagged, tenant.slice(18 * 8)),
        ],
        tenant.slice(14 * 8),
    )
    .reg("ip");
    let room = (room - first(&[(!frame, k(0)), (ethernet.tagged, k(18))], k(14))).reg("ip_room");
    let ethernet = ethernet.reg("ethernet");

    // IP.
    wire!(is_v4 = !ethernet.bad & ethernet.ethertype.eq(IPV4));
    wire!(is_v6 = !ethernet.bad & ethernet.ethertype.eq(IPV6));
    let header = ipv4::fields(ip, room);
    let behind = ipv4::payload(ip, header.ihl).reg("behind_ip");
    let payload = ipv4::payload_length(header).reg("payload");
    wire!(
        bad = ethernet.bad
            | is_v4 & !header.good
            | is_v6 & (room.lt(40) | ip.at_bits::<4>(0, 0).ne(6))
    );
    let header = only(is_v4, header).reg("ipv4");
    let (bad, is_v4, is_v6) = (bad.reg("bad"), is_v4.reg("is_v4"), is_v6.reg("is_v6"));
    let ethernet = ethernet.reg("ethernet_ip");

    // Ports.
    let (src_port, dst_port, short) = ports(header, behind, payload);
    let bad = bad | is_v4 & short;
    let inner = Inner {
        dst_mac: ethernet.dst,
        src_mac: ethernet.src,
        ethertype: ethernet.ethertype,
        tagged: ethernet.tagged,
        l3_offset: ethernet.l3_offset,
        ipv4: is_v4,
        ipv6: is_v6,
        fragment: header.fragment,
        protocol: header.protocol,
        ttl: header.ttl,
        id: header.id,
        checksum: header.checksum,
        src: header.src,
        dst: header.dst,
        src_port,
        dst_port,
    };
    let bad = bad.reg("bad_inner");
    let mut out = slot.without_window().later("slot", LATENCY - 1);
    out.meta.inner = inner.reg("inner");
    out.meta.verdict = out
        .meta
        .verdict
        .or_first(&[(bad, VerdictBits::drop(DropReason::InvalidPacket))]);
    out.meta.inner.l3_offset = only(out.meta.verdict.open(), out.meta.inner.l3_offset);
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
        l3_offset: offset + first(&[(!frame, k(0)), (tagged, k(18))], k(14)),
        bad: mux(frame, bad_frame, bad_packet),
    }
}

/// The ports as flow keys have them, and whether the header is too short to have any. Combinational.
fn ports(header: Ipv4, behind: U<128>, payload: U<16>) -> (U<16>, U<16>, Bit) {
    let is = |protocol: u32| header.protocol.eq(protocol);
    wire!(has_ports = any_of(&[is(TCP), is(UDP), is(SCTP)]));
    let kind: U<8> = behind.at(0);
    wire!(echo = is(ICMP) & (kind.eq(0) | kind.eq(8)));
    wire!(whole = !header.fragment);
    let least: [(Bit, U<16>); 4] = [
        (is(TCP), k(20)),
        (is(UDP), k(8)),
        (is(SCTP), k(12)),
        (is(ICMP), k(8)),
    ];
    wire!(short = whole & any_of(&least.map(|(this, bytes)| this & payload.lt(bytes))));
    let src: U<16> = first(&[(has_ports, behind.at(0)), (echo, behind.at(4))], k(0));
    let dst: U<16> = first(
        &[(has_ports, behind.at(2)), (is(ICMP) & !echo, kind.ext())],
        k(0),
    );
    (only(whole, src), only(whole, dst), short)
}
