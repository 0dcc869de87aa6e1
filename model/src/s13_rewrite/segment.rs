//! The maximum segment size of a SYN: as much as the tunnel leaves room for, so that TCP need not find out.
//!
//! ```text
//!   | outer, as the peer counts it | IP with options and extensions | TCP 20 | segment |
//!    ◀──────────────────────── nexthop.mtu ─────────────────────────────────────────▶
//! ```

use crate::headers::checksum::Update;
use crate::headers::{ipv4, ipv6, tcp};
use crate::s6_bridge::is_guests;
use underpass_layout::meta::{Meta, RoundKind, Syn, OVERLAY_BYTES, OVERLAY_FRAME_BYTES};
use underpass_layout::tables::NexthopKind;

/// What an outer IPv6 header is longer by.
const WIDER: u16 = (ipv6::LENGTH - ipv4::LENGTH) as u16;

/// The maximum segment size that takes the place of a larger one: of a guest's SYN that goes into a tunnel.
pub(super) fn limit(meta: &Meta) -> Option<u16> {
    let (syn, nexthop, round) = (&meta.syn, &meta.nexthop, &meta.arrival.round);
    let goes = syn.offset != 0
        && is_guests(meta)
        && nexthop.kind == NexthopKind::Tunnel
        && nexthop.mtu != 0
        && round.kind != RoundKind::Member
        && !round.quiet;
    if !goes {
        return None;
    }
    let limit = nexthop.mtu.saturating_sub(headers(meta));
    (syn.mss > limit).then_some(limit)
}

/// Bytes of all headers in front of a segment.
fn headers(meta: &Meta) -> u16 {
    let (inner, nexthop) = (&meta.inner, &meta.nexthop);
    let overlay = match meta.bridge.l3 && !nexthop.l3_vxlan {
        true => OVERLAY_BYTES,
        false => OVERLAY_FRAME_BYTES,
    };
    let wider = if nexthop.tunnel_v6 { WIDER } else { 0 };
    let ip = u16::from(inner.l4_offset.wrapping_sub(inner.l3_offset));
    overlay + wider + ip + tcp::LENGTH as u16
}

/// What becomes of the checksum. A size at an odd place is half in one word and half in the next.
pub(super) fn update(syn: &Syn, l4_offset: u8, new: u16, update: &mut Update) {
    let is_odd = syn.offset.wrapping_sub(l4_offset) % 2 == 1;
    let as_summed = |size: u16| if is_odd { size.swap_bytes() } else { size };
    update.word(as_summed(syn.mss), as_summed(new));
}

#[cfg(test)]
mod tests;
