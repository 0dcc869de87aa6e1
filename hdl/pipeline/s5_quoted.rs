//! s5_quoted: the packet that an ICMP error is about, and what a SYN announces. Reads `arrival.length`, `inner`, the window
//! from 8 bytes behind the start of its upper layer on. Writes `quoted`, `syn`.
//!
//! ```text
//!   inner ─▶ [ an error? how long is its packet? ] ─▶ [ where it ends ] ─┐
//!   window ───────────────────────────▶ [ shift by 8s ] ─▶ [ shift by 2s ] ─┬─▶ [ IP header, ports ] ─▶ [ fits? ] ─▶ quoted
//!                                                                           └─▶ [ options .. ] ────────────────────▶ syn
//!   clock     0                             1                   2                  3                  4 ..
//! ```
//! | IP | ICMP 8 | quoted IP | 8 bytes or more |: a router quotes its packet's header and at least eight bytes behind it
//! (RFC 792, RFC 4443), which are the ports and no more of a TCP header. The quote must end within the packet's own IP
//! length and within the window. Of | IP | TCP 20 | options | the same bytes are the end of the TCP header and its options.
//! The last stage that needs bytes.

mod options;

use super::ip::TCP_HEADER;
use super::ipv6;
use super::s1_parse::{ICMP, ICMP6, SCTP, TCP, UDP};
use super::s4_inner::upper::ECHO_REPLY6;
use super::slot::{HeadSlot, Slot, Written};
use crate::buses::{HeadIn, SlotOut};
use crate::hardware::{Inner, Quoted};
use underpass_layout::meta::{TREE_BYTES, WINDOW_BYTES};
use underpass_wires::{
    any_of, bundle, cat, first, k, leaf, mux, only, select, wire, zero, Bit, BundleExt, U,
};

/// Clocks from slot to slot.
pub const LATENCY: usize = SHIFTED + options::LATENCY;
/// Clocks until the bytes are where they are read.
const SHIFTED: usize = 3;
/// Clocks from there until what is quoted is known.
const JUDGED: usize = 2;

/// Bytes of an ICMP header, and the least that is quoted behind an IP header.
const ICMP_HEADER: usize = 8;
/// Where in a TCP header its length in words stands.
const TCP_WORDS: usize = 12;
/// The longest quoted header and what is read behind it.
const QUOTE_BITS: usize = 8 * (60 + ICMP_HEADER);
/// The flag SYN of TCP (RFC 9293 section 3.1), by its place.
const SYN: usize = 1;
/// Where the upper layer starts, in steps of eight bytes: behind IPv4 20 first, which stands in front where a tenant's packet
/// has gone round, and last where a quoted IPv4 header of 20 bytes or a TCP header with an option of four fits the window.
const STEPS: std::ops::RangeInclusive<usize> = 2..=21;
const _: () = assert!(8 * *STEPS.start() <= 20);
const _: () = assert!(8 * (*STEPS.end() + 1) + 2 * ICMP_HEADER + 20 > WINDOW_BYTES);
const _: () = assert!(8 * (*STEPS.end() + 1) + TCP_HEADER + 4 > WINDOW_BYTES);
/// The last place where an IP header starts: Ethernet 18, IPv4 60, GRE 12, MPLS 4, then 4 and 36 of a tree,
/// Ethernet 18.
const LAST_IP: usize = 18 + 60 + 16 + 4 + TREE_BYTES + 18;
/// What the first shift leaves: the second moves by up to six bytes, and no header starts at an odd place.
const STEP_BITS: usize = QUOTE_BITS + 8 * 6;
/// The window with zeros behind it.
const PADDED_BITS: usize = 8 * (8 * *STEPS.end() + ICMP_HEADER) + STEP_BITS;

bundle! {
    /// The quoted header as it stands there.
    struct Seen {
        /// Version and length are those of its family, and it is no later part of a packet.
        good: Bit,
        protocol: U<8>,
        src: U<128>,
        dst: U<128>,
        checksum: U<16>,
        /// Where the upper layer starts, bytes from the start of the whole packet.
        l4_offset: U<9>,
        /// Where the eight bytes end that must be there.
        needed: U<9>,
        /// The first bytes of that.
        upper: U<32>,
        /// Bytes 4 and 5 of it.
        identifier: U<16>,
    }
}

leaf!(
    /// The stage as a block.
    pub QuotedStage { slot_in: HeadIn } -> { slot: SlotOut },
    |slot: HeadSlot| -> Slot { quoted(slot) }
);

/// The stage.
pub fn quoted(slot: HeadSlot) -> Slot {
    let slot = slot.written(Written::Inner);
    let inner = slot.meta.inner;
    wire!(open = slot.meta.verdict.open());
    let error = (open & is_error(inner)).reg("error");
    let syn = (open & is_syn(inner)).delay("with_syn", SHIFTED - 1);
    let length = ip_length(slot.window, inner).reg("ip_length");
    let counted_from: U<8> = inner.l3_offset + only(inner.ipv6, k(ipv6::LENGTH));
    let counted_from = counted_from.reg("counted_from");
    let step = (inner.l4_offset.slice::<5>(3) - *STEPS.start()).reg("step");

    // Eight bytes a step, then two, and where the packet and the window end.
    let later = slot.later("slot", 1);
    let window: U<PADDED_BITS> = later.window.ext();
    let steps: Vec<U<STEP_BITS>> = STEPS
        .map(|step| window.slice(8 * (8 * step + ICMP_HEADER)))
        .collect();
    let coarse = select(step, &steps).reg("coarse");
    let end = (counted_from.ext::<17>() + length.ext()).reg("end");
    let slot = later.without_window().later("stepped", 1);

    let fine: Vec<U<QUOTE_BITS>> = (0..4).map(|half| coarse.slice(16 * half)).collect();
    let quote = select(slot.meta.inner.l4_offset.slice::<2>(1), &fine).reg("quote");
    let end: U<9> = mux(end.gt(WINDOW_BYTES), k(WINDOW_BYTES), end.trunc()).reg("readable_end");
    let start: U<8> = (slot.meta.inner.l4_offset + ICMP_HEADER).reg("start");
    let behind: U<8> = (slot.meta.inner.l4_offset + 2 * ICMP_HEADER).reg("behind");
    let options: U<8> = slot.meta.inner.l4_offset + TCP_HEADER;
    let there = only(syn, room(slot.meta.arrival.length, options)).reg("options_there");
    let options = options.reg("options");
    let slot = slot.later("shifted", 1);

    let seen = seen(quote, [start, behind], slot.meta.inner.ipv6).reg("seen");
    let (start, end) = (start.reg("quoted_start"), end.reg("quoted_end"));
    let error = error.delay("quoted_error", SHIFTED);

    let mut out = slot.later("out", options::LATENCY);
    let quoted = judge(error, seen, start, end, slot.meta.inner.ipv6.reg("v6")).reg("judged");
    out.meta.quoted = quoted.delay("quoted", options::LATENCY - JUDGED);
    let there = options::end(quote.at_bits(TCP_WORDS - ICMP_HEADER, 0), there);
    let behind = quote.slice(8 * (TCP_HEADER - ICMP_HEADER));
    out.meta.syn = options::segment_size(behind, there, options);
    out
}

/// A TCP packet with SYN. Combinational.
fn is_syn(inner: Inner) -> Bit {
    let tcp = (inner.ipv4 | inner.ipv6) & inner.protocol.eq(TCP);
    tcp & inner.tcp_flags.bit(SYN) & inner.l4_offset.any()
}

/// Bytes from `start` to the end of the packet or of the window, as far as options can reach. Combinational.
fn room(length: U<16>, start: U<8>) -> U<6> {
    let end: U<9> = mux(length.gt(WINDOW_BYTES), k(WINDOW_BYTES), length.trunc());
    let room = end - start.ext();
    let most = mux(room.gt(options::BYTES), k(options::BYTES), room.trunc());
    only(!room.bit(8), most)
}

/// Destination unreachable and time exceeded of ICMP (RFC 792: types 3, 11), all that is below 128 in ICMPv6 (RFC 4443).
/// Combinational.
fn error_kind(v6: Bit, kind: U<8>) -> Bit {
    mux(v6, kind.lt(128), kind.eq(3) | kind.eq(11))
}

/// Whether a message of this protocol is ICMP of this family. Combinational.
fn is_icmp(v6: Bit, protocol: U<8>) -> Bit {
    mux(v6, protocol.eq(ICMP6), protocol.eq(ICMP))
}

/// The tenant's packet is an ICMP error. The destination port of its key is its type, unless it is an echo, which has
/// 0 or 129 there. Combinational.
fn is_error(inner: Inner) -> Bit {
    wire!(known = (inner.ipv4 | inner.ipv6) & !inner.fragment & !inner.extension);
    known & is_icmp(inner.ipv6, inner.protocol) & error_kind(inner.ipv6, inner.dst_port.trunc())
}

/// The length in the tenant's IP header: of all of an IPv4 packet, of what is behind the fixed header in IPv6. Combinational.
fn ip_length(window: U<{ 8 * WINDOW_BYTES }>, inner: Inner) -> U<16> {
    // The header starts at an even place; of IPv4 bytes 2 and 3 count, of IPv6 bytes 4 and 5.
    let lengths: Vec<[U<16>; 2]> = (0..=LAST_IP / 2)
        .map(|half: usize| [2, 4].map(|at| window.at(2 * half + at)))
        .collect();
    let [v4, v6] = select(inner.l3_offset.slice::<7>(1), &lengths);
    mux(inner.ipv6, v6, v4)
}

/// The header at the start of `quote`, which starts at the first of `starts`, eight bytes before the second. Combinational.
fn seen(quote: U<QUOTE_BITS>, starts: [U<8>; 2], v6: Bit) -> Seen {
    let version: U<4> = quote.at_bits(0, 0);
    let words = mux(v6, k(ipv6::LENGTH / 4), quote.at_bits::<4>(0, 4));
    let offset: U<13> = quote.at_bits(6, 3);
    wire!(good4 = version.eq(4) & words.ge(5) & !offset.any());
    let uppers: Vec<U<48>> = (0..16usize)
        .map(|words| quote.slice(32 * words.max(5)))
        .collect();
    let upper = select(words, &uppers);
    let [l4_offset, needed] =
        starts.map(|start| start.ext::<9>() + cat!(k::<3>(0), words, k::<2>(0)));
    let (src4, dst4): (U<32>, U<32>) = (quote.at(12), quote.at(16));
    Seen {
        good: mux(v6, version.eq(6), good4),
        protocol: mux(v6, quote.at(6), quote.at(9)),
        src: mux(v6, quote.at(8), src4.ext()),
        dst: mux(v6, quote.at(24), dst4.ext()),
        checksum: only(!v6, quote.at(10)),
        l4_offset,
        needed,
        upper: upper.slice(0),
        identifier: upper.at(4),
    }
}

/// What is said of it, if it is whole. Combinational.
fn judge(error: Bit, seen: Seen, start: U<8>, end: U<9>, v6: Bit) -> Quoted {
    let is = |protocol: u32| seen.protocol.eq(protocol);
    let kind: U<8> = seen.upper.at(0);
    wire!(icmp = is_icmp(v6, seen.protocol));
    wire!(has_ports = any_of(&[is(TCP), is(UDP), is(SCTP)]));
    wire!(readable = seen.good & seen.needed.le(end));
    wire!(error_quoted = icmp & error_kind(v6, kind));
    let echo = mux(
        v6,
        kind.eq(ECHO_REPLY6 - 1) | kind.eq(ECHO_REPLY6),
        kind.eq(8) | kind.eq(0),
    );
    wire!(whole = error & readable & !error_quoted);
    let record = Quoted {
        protocol: seen.protocol,
        src: seen.src,
        dst: seen.dst,
        src_port: first(
            &[
                (has_ports, seen.upper.at(0)),
                (icmp & echo, seen.identifier),
            ],
            k(0),
        ),
        dst_port: first(
            &[
                (has_ports, seen.upper.at(2)),
                (icmp & !echo, kind.ext()),
                (icmp & v6, k(ECHO_REPLY6)),
            ],
            k(0),
        ),
        checksum: seen.checksum,
        l3_offset: start,
        l4_offset: seen.l4_offset.trunc(),
        ..zero()
    };
    Quoted {
        error,
        unreadable: error & !readable,
        nested: error & readable & error_quoted,
        ..only(whole, record)
    }
}

#[cfg(test)]
mod tests;
