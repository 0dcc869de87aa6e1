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

#[cfg(test)]
mod tests {
    use super::super::{encap, Identification};
    use crate::decide::Decide;
    use crate::testing::{from_vif, hex, verdict};
    use underpass_layout::meta::{Edit, Errand, HeaderKind, Meta, Round, RoundKind, ROUND_LIMIT};
    use underpass_layout::port;
    use underpass_layout::tables::VifKind;
    use underpass_layout::{DropReason, Verdict};

    /// A request of 60 bytes from interface 3 that is answered.
    fn answered() -> Meta {
        let mut meta = from_vif(VifKind::Vm);
        meta.arrival.port = 0x101;
        meta.arrival.length = 60;
        meta.classify.vif = 3;
        meta.decap.frame = true;
        meta.decap.vrf = 2;
        meta.inner.l3_offset = 14;
        meta.inner.arp_mac = 0x0200_0000_0011;
        meta.inner.src = 0x0a01_0103;
        meta.inner.dst = 0x0a01_0101;
        meta.answer.on = true;
        meta.answer.mac = 0x0000_5e00_0100;
        meta.rewrite.entropy = 0xd1fe;
        meta.decide(Verdict::Deliver);
        meta
    }

    /// The same out of a tunnel.
    fn far() -> Meta {
        let mut meta = answered();
        meta.classify.entry.kind = VifKind::Fabric;
        meta.decap.tunnelled = true;
        meta.decap.offset = 50;
        meta.inner.l3_offset = 64;
        meta.arrival.length = 110;
        meta
    }

    fn edited(mut meta: Meta) -> (Edit, Verdict) {
        let edit = encap(&mut Identification::default(), &mut meta);
        (edit, verdict(&meta))
    }

    #[test]
    fn a_guest_gets_it_where_it_asked() {
        let (edit, verdict) = edited(answered());
        assert_eq!(verdict, Verdict::Deliver);
        let expected = hex("020000000011 00005e000100 0806
             0001 0800 06 04 0002 00005e000100 0a010101 020000000011 0a010103");
        assert_eq!(edit.header[..edit.add.into()], expected);
        assert_eq!((edit.kind, edit.patch.on), (HeaderKind::Arp, false));
        assert_eq!((edit.port, edit.vif), (0x101, 3));
        assert_eq!((edit.strip, edit.length), (42, 60), "padding stays");
        assert!(!edit.errand.on);
    }

    #[test]
    fn another_node_gets_it_by_a_round_in_the_same_vrf() {
        let mut meta = far();
        meta.arrival.round.hops = 2;
        let (edit, _) = edited(meta);
        let round = Round {
            kind: RoundKind::Tenant,
            hops: 3,
            vif: 3,
            port: 0x101,
            received: true,
            flowed: true,
            judged: true,
            frame: true,
            vrf: 2,
            ..Round::default()
        };
        let expected = Errand {
            on: true,
            entropy: 0xd1fe,
            round,
            ..Errand::default()
        };
        assert_eq!((edit.port, edit.errand), (port::ROUND, expected));
        assert_eq!((edit.strip, edit.add, edit.length), (92, 42, 60));
    }

    #[test]
    fn it_does_not_go_round_for_ever() {
        let mut meta = far();
        meta.arrival.round.hops = ROUND_LIMIT;
        let (edit, verdict) = edited(meta);
        assert_eq!(verdict, Verdict::Drop(DropReason::PacketLoop));
        assert!(edit.drop && !edit.errand.on);
    }

    #[test]
    fn the_host_gets_none_without_a_shim() {
        let mut meta = answered();
        meta.arrival.injected = true;
        meta.arrival.port = port::SLOW;
        let (edit, verdict) = edited(meta);
        assert_eq!(verdict, Verdict::Drop(DropReason::InterfaceTxDiscard));
        assert!(edit.drop);
        meta.decap.tunnelled = true;
        let (edit, verdict) = edited(meta);
        assert_eq!((edit.port, verdict), (port::ROUND, Verdict::Deliver));
    }

    #[test]
    fn it_comes_behind_the_copies_of_the_request() {
        let mut meta = answered();
        meta.classify.entry.mirror = 6;
        let (edit, _) = edited(meta);
        let errand = edit.errand;
        assert_eq!((errand.mirror, errand.round.kind), (6, RoundKind::Again));
        assert_eq!((edit.strip, edit.kind), (0, HeaderKind::Bare));
    }
}
