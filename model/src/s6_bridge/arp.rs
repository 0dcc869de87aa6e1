//! Requests for addresses, and what tells them unasked: which of them can be answered, and where the others go.
//!
//! ```text
//!   malformed ───────────────────────────────▶ drop
//!   a request: tagged, or out of a tunnel and it tells ─▶ (vrf, dst mac), as any frame
//!   a request: told by a guest whose ARP is proxied ────▶ drop
//!   told by another ───────▶ Announce: (vrf, dst mac), if that leads anywhere; is the slow path shown it?
//!   asked ─────────────────▶ Query: (vrf, dst mac), if that leads anywhere; who answers it?
//! ```
//! Gratuitous ARP asks for its sender's own address, or answers so to all (RFC 5227 sections 1.1 and 3): it tells. What is not
//! answered goes by its destination MAC, as in the peer: guests ask those again whom they know.

use super::{by_mac, is_guests, Way};
use crate::decide::Decide;
use crate::headers::ethernet;
use crate::tables::Tables;
use underpass_layout::meta::{ArpKind, ArpStep, Meta};
use underpass_layout::tables::VifArp;
use underpass_layout::DropReason;

/// Is the router to say something to it? Of a guest's answers only to those that tell all.
pub(super) fn is_for_router(meta: &Meta) -> bool {
    let inner = &meta.inner;
    match inner.arp {
        ArpKind::None => false,
        ArpKind::Malformed | ArpKind::Request => true,
        ArpKind::Other => {
            let to_all = ethernet::is_group(inner.dst_mac) && !inner.tagged;
            to_all && is_guests(meta) && tells(meta)
        }
    }
}

/// Is it about its sender's own address?
fn tells(meta: &Meta) -> bool {
    meta.inner.src == meta.inner.dst
}

/// Says what `s7_receiver` is to find out.
pub(super) fn bridge(tables: &Tables, meta: &mut Meta) {
    let inner = &meta.inner;
    let asks = inner.arp == ArpKind::Request;
    let is_proxied = is_guests(meta) && meta.classify.entry.arp == VifArp::Proxy;
    if inner.arp == ArpKind::Malformed || asks && !inner.tagged && tells(meta) && is_proxied {
        return meta.drop(DropReason::InvalidArp);
    }
    let step = if inner.tagged || tells(meta) && meta.decap.tunnelled {
        ArpStep::None
    } else if tells(meta) {
        ArpStep::Announce
    } else {
        ArpStep::Query
    };
    match by_mac(tables, meta) {
        Way::To(to) => {
            to.take(meta);
            meta.bridge.arp = step;
            meta.bridge.floods = step != ArpStep::None;
        }
        Way::Router | Way::None if step != ArpStep::None => meta.bridge.arp = step,
        Way::Router | Way::None => meta.drop(DropReason::L2NoRoute),
    }
}

#[cfg(test)]
mod tests;
