//! What goes round, as the driver sees it.

use super::*;
use underpass_layout::meta::RoundKind;
use underpass_layout::shim::PuntShim;
use underpass_layout::tables::{MirrorEntry, MirrorKind, NexthopEntry, NexthopKind};

/// The card whose wire is mirrored to the host, as the frames are.
fn mirrored() -> ModelCard {
    let mut card = card();
    let vif = VifEntry {
        mirror: 1,
        ..*card.core().tables.vif(0)
    };
    write_row(&mut card, id::VIF, 0, &vif.pack());
    let mirror = MirrorEntry {
        kind: MirrorKind::Raw,
        nexthop: 5,
        ..MirrorEntry::default()
    };
    write_row(&mut card, id::MIRROR, 1, &mirror.pack());
    let nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Encap,
        bridge: true,
        vif: 1,
        port: HOST,
        ..NexthopEntry::default()
    };
    write_row(&mut card, id::NEXTHOP, 5, &nexthop.pack());
    card
}

#[test]
fn all_that_a_frame_becomes_is_there_at_once() {
    let mut card = mirrored();
    card.write(CONTROL, CONTROL_ENABLE);
    assert!(card.send(WIRE, &arp()));
    assert_eq!(card.receive(), Some((HOST, arp())));
    assert_eq!(card.receive(), None);
    let punted = pop(&mut card);
    let (shim, frame) = punted.split_at(64);
    let words: Vec<u32> = shim
        .chunks(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
        .collect();
    let shim = PuntShim::unpack(&words).unwrap();
    assert_eq!((shim.port, shim.round), (WIRE, RoundKind::Again));
    assert_eq!(frame, arp());
    let counts = [
        ROUND_PACKETS,
        ROUND_COPIES,
        ROUND_SKIPPED,
        ROUND_LOST,
        IN_FLIGHT,
    ];
    assert_eq!(counts.map(|register| card.read(register)), [1, 2, 0, 0, 0]);
}

#[test]
fn the_interval_of_learning_is_kept() {
    let mut card = card();
    card.write(LEARN_INTERVAL, 0xdead_beef);
    assert_eq!(card.read(LEARN_INTERVAL), 0xdead_beef);
}
