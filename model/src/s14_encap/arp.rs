//! The answer to an ARP request: it goes back where the request came from.
//!
//! ```text
//!   | Ethernet | ARP 28 | padding |        the request
//!   | Ethernet | ARP 28 | padding |        the answer: out by the port that the request came in by, or round, to be
//!     new        new                       bridged in its VRF into the tunnel to whoever asked
//! ```

use super::{errand, order, receiving_port, Change};
use crate::decide::Decide;
use crate::headers::{arp, Header};
use crate::s13_rewrite::patch::NOTHING;
use underpass_layout::meta::{Edit, HeaderKind, Meta, ARP_BYTES, ROUND_LIMIT};
use underpass_layout::port;
use underpass_layout::DropReason;

/// Orders the answer.
pub(super) fn answer(meta: &mut Meta, edit: &mut Edit) {
    let port = receiving_port(meta);
    if !meta.decap.tunnelled && port == port::SLOW {
        // The host asked in the name of an interface; without a shim it would not know the answer.
        meta.drop(DropReason::InterfaceTxDiscard);
        return super::ends(meta, edit);
    }
    if !meta.decap.tunnelled {
        return write(meta, port, edit);
    }
    if meta.arrival.round.hops >= ROUND_LIMIT {
        meta.drop(DropReason::PacketLoop);
        return super::ends(meta, edit);
    }
    write(meta, port::ROUND, edit);
    errand::with_answer(meta, edit);
}

fn write(meta: &Meta, port: u16, edit: &mut Edit) {
    let inner = &meta.inner;
    let mut header = Header::EMPTY;
    let answer = arp::Answer {
        mac: meta.answer.mac,
        address: inner.dst as u32,
        asker_mac: inner.arp_mac,
        asker: inner.src as u32,
    };
    arp::write(&mut header, &answer);
    let change = Change {
        port,
        vif: meta.classify.vif,
        strip: inner.l3_offset + ARP_BYTES as u8,
        patch: &NOTHING,
        kind: HeaderKind::Arp,
        header: &header,
    };
    order(meta, &change, edit);
}
