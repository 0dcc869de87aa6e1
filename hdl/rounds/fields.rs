//! The fields of a copy that depend on the packet: lengths, identification, checksums.
//!
//! ```text
//!   clock 2          3                   4                5                      6         7
//!   cut at snap ─▶ text + packet ─▶ UDP length, beats ─▶ words added up ─▶ the last two ─▶ carry, complement
//!                                                         ^ identification
//! ```
//! IPv4: total length, identification and header checksum. IPv6: payload length, which is the UDP length. UDP: source
//! port, length and checksum; a packet that is cut has none, and one that would be zero is all ones (RFC 768).

use super::errands::Step;
use crate::hardware::MirrorEntry;
use crate::pipeline::s13_rewrite::checksum::{is_zero, of_total, sum};
use crate::stream::bytes::{beats_of, ones};
use underpass_wires::{bundle, first, k, mux, only, state_from, wire, Bit, BundleExt, U};

/// Clocks from the mirror's entry to the fields.
pub const FIELDS_CLOCKS: usize = 6;
/// Bytes of the IP header in front of UDP.
const IPV4: u32 = 20;
const IPV6: u32 = 40;

bundle! {
    /// What is filled into the text, and how long the copy is.
    pub struct Fields {
        /// Bytes of the copy, text and packet: the total length of IPv4.
        length: U<16>,
        /// In beats.
        beats: U<11>,
        /// IPv4 identification.
        id: U<16>,
        /// IPv4 header checksum.
        header_checksum: U<16>,
        /// UDP source port.
        src_port: U<16>,
        /// UDP length, payload length of IPv6.
        udp_length: U<16>,
        /// UDP checksum.
        udp_checksum: U<16>,
    }
}

/// Fields of the copy of a step. `step`, `entry` in one clock, 2 clocks behind the step; `numbered`, 3 clocks later: it
/// is sent, and has an identification.
#[track_caller]
pub fn fields(step: Step, entry: MirrorEntry, numbered: Bit) -> Fields {
    wire!(cut = step.mirror & entry.snap.any() & entry.snap.ext::<16>().lt(step.length));
    let body = mux(cut, entry.snap.ext(), step.length).reg("fields_body");
    let text = only(step.mirror, entry.length).reg("fields_text");
    // The text behind the UDP header is odd where the whole text is.
    let bytes = mux(
        entry.length.bit(0),
        step.stored.sum,
        step.stored.sum.swap_bytes(),
    );

    let length = (text.ext::<16>() + body).reg("fields_length");
    let header = mux(entry.v6, k(IPV6), k(IPV4)).delay("fields_header", 2);
    let udp_length = (length - header).reg("fields_udp_length");
    let beats = beats_of(length).reg("fields_beats");

    let id = state_from::<U<16>>("copy_id", k(1));
    id.next(numbered, id.q + 1);
    let length = length.reg("fields_total");
    let src_port = step.entropy.delay("fields_entropy", 3);
    let (known, known_header, bytes) =
        (entry.sum, entry.header_sum, bytes).delay("fields_known", 3);
    let words = (
        sum(&[known_header, length, id.q]),
        sum(&[known, udp_length, udp_length, src_port, bytes]),
    )
        .reg("fields_words");
    let totals = (words.0.total(), words.1.total()).reg("fields_totals");
    let cut = cut.delay("fields_cut", 5);
    let udp_checksum = first(
        &[(cut, k(0)), (is_zero(totals.1), ones())],
        of_total(totals.1),
    );
    Fields {
        length: length.delay("total_later", 3),
        beats: beats.delay("beats_later", 3),
        id: id.q.delay("id_later", 3),
        header_checksum: of_total(totals.0).reg("fields_header_checksum"),
        src_port: src_port.delay("src_port_later", 3),
        udp_length: udp_length.delay("udp_length_later", 3),
        udp_checksum: udp_checksum.reg("fields_udp_checksum"),
    }
}
