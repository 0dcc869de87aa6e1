//! Copies for analyzers: the text of the mirror in front of the packet, and the fields of its headers that each copy has
//! for itself.
//!
//! ```text
//!   Routed:  | IPv4: total length, id, checksum | UDP: source port, length, checksum | metadata (Ethernet) | packet, cut
//!            | IPv6: payload length             |
//!   Raw:     | metadata | packet, cut
//! ```

use crate::headers::checksum::Sum;
use crate::headers::{ipv4, ipv6, udp};
use crate::tables::Tables;
use underpass_layout::meta::{Errand, Round, RoundKind};
use underpass_layout::tables::{MirrorEntry, MirrorKind, MIRROR_TEXT_BYTES};

/// Where IPv6 has its payload length (RFC 8200 section 3).
const PAYLOAD_LENGTH_OFFSET: usize = 4;

/// Identification of the IPv4 headers of copies.
#[derive(Clone, Copy)]
pub(super) struct Numbers(u16);

impl Default for Numbers {
    /// As after a reset.
    fn default() -> Self {
        Numbers(1)
    }
}

impl Numbers {
    fn take(&mut self) -> u16 {
        let taken = self.0;
        self.0 = self.0.wrapping_add(1);
        taken
    }
}

/// The copy of a packet for the mirror of that row; none for row 0 and for rows that mirror nothing.
pub(super) fn copy(
    tables: &Tables,
    numbers: &mut Numbers,
    row: u16,
    packet: &[u8],
    errand: &Errand,
) -> Option<(Vec<u8>, Round)> {
    let mirror = tables.mirror(row);
    if row == 0 || mirror.kind == MirrorKind::None {
        return None;
    }
    let kept = match mirror.snap {
        0 => packet,
        snap => &packet[..packet.len().min(snap.into())],
    };
    let mut bytes = text(tables, row, mirror);
    if mirror.kind == MirrorKind::Routed {
        let cut = kept.len() < packet.len();
        fill_in(
            &mut bytes,
            mirror,
            numbers.take(),
            errand.entropy,
            kept,
            cut,
        );
    }
    bytes.extend_from_slice(kept);
    Some((bytes, round(mirror, errand)))
}

fn text(tables: &Tables, row: u16, mirror: &MirrorEntry) -> Vec<u8> {
    let ways = tables.mirror_text(row);
    let bytes = ways.iter().flat_map(|way| way.bytes);
    bytes
        .take(usize::from(mirror.length).min(MIRROR_TEXT_BYTES))
        .collect()
}

/// Lengths, numbers and checksums, where the text has room for them.
fn fill_in(
    text: &mut [u8],
    mirror: &MirrorEntry,
    number: u16,
    entropy: u16,
    packet: &[u8],
    cut: bool,
) {
    let all = text.len() + packet.len();
    let mut put = |at: usize, word: usize| {
        if let Some(bytes) = text.get_mut(at..at + 2) {
            bytes.copy_from_slice(&(word as u16).to_be_bytes());
        }
    };
    let ip_length = match mirror.v6 {
        true => ipv6::LENGTH,
        false => ipv4::LENGTH,
    };
    let udp_length = all.saturating_sub(ip_length) as u16;
    if mirror.v6 {
        put(PAYLOAD_LENGTH_OFFSET, udp_length.into());
    } else {
        let mut sum = Sum::from(mirror.header_sum);
        sum.word(all as u16);
        sum.word(number);
        put(ipv4::TOTAL_LENGTH_OFFSET, all);
        put(ipv4::ID_OFFSET, number.into());
        put(ipv4::CHECKSUM_OFFSET, sum.checksum().into());
    }
    let checksum = match cut {
        true => 0,
        false => {
            // The length is in the pseudo header and in the UDP header.
            let mut sum = Sum::from(mirror.sum);
            sum.word(udp_length);
            sum.word(udp_length);
            sum.word(entropy);
            sum.bytes(packet, mirror.length % 2 == 1);
            match sum.checksum() {
                0 => u16::MAX,
                checksum => checksum,
            }
        }
    };
    put(ip_length, entropy.into());
    put(ip_length + udp::LENGTH_OFFSET, udp_length.into());
    put(ip_length + udp::CHECKSUM_OFFSET, checksum.into());
}

/// It is sent as the mirror says, and nothing else is done with it.
fn round(mirror: &MirrorEntry, errand: &Errand) -> Round {
    let round = Round {
        kind: RoundKind::Tenant,
        vif: errand.round.vif,
        port: errand.round.port,
        received: true,
        flowed: true,
        judged: true,
        quiet: true,
        vrf: mirror.vrf,
        ..Round::default()
    };
    match mirror.kind {
        MirrorKind::Raw => Round {
            frame: true,
            direct: true,
            nexthop: mirror.nexthop,
            label: mirror.label,
            ..round
        },
        MirrorKind::Routed | MirrorKind::None => round,
    }
}
