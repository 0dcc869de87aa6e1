//! Quotas of what the slow path is handed, as the driver sees them.

use super::*;
use underpass_layout::tables::{PuntQuotaEntry, PuntedEntry, PUNT_REASONS};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Of the wire's ARP, two frames a window.
fn limited() -> ModelCard {
    let mut card = card();
    let quota = PuntQuotaEntry { quota: 2 };
    write_row(
        &mut card,
        id::PUNT_QUOTA,
        PuntReason::Arp.code(),
        &quota.pack(),
    );
    card
}

/// How many of so many frames are handed over.
fn handed(card: &mut ModelCard, frames: usize) -> usize {
    for _ in 0..frames {
        assert!(card.send(WIRE, &arp()));
    }
    let there = card.read(PUNT_STATUS) as u16;
    (0..there).for_each(|_| {
        pop(card);
    });
    there.into()
}

#[test]
fn the_host_begins_windows_and_reads_what_was_refused() {
    let mut card = limited();
    assert_eq!(handed(&mut card, 5), 2);
    card.write(PUNT_BEGIN, 7);
    assert_eq!(handed(&mut card, 3), 2);
    let row = PuntReason::Arp.code();
    assert!(PUNT_REASONS as u32 > row, "interface 0 has the first rows");
    let words = read_row(&mut card, id::PUNTED, row);
    let expected = PuntedEntry {
        window: 1,
        used: 2,
        refused: 4,
    };
    assert_eq!(words[..3], expected.pack());
    let counters = &card.core().counters;
    let refused = Verdict::Drop(DropReason::PuntLimit);
    assert_eq!(counters.outcome(0, refused), 4);
    assert_eq!(counters.outcome(0, Verdict::Punt(PuntReason::Arp)), 4);
}

#[test]
fn the_length_of_a_window_is_kept_though_no_clock_passes() {
    let mut card = limited();
    card.write(PUNT_WINDOW, 250_000);
    assert_eq!(card.read(PUNT_WINDOW), 250_000);
    assert_eq!(card.read(PUNT_BEGIN), 0, "a command reads as nothing");
    assert_eq!(handed(&mut card, 3), 2);
    assert_eq!(handed(&mut card, 3), 0);
}

#[test]
fn a_trace_uses_nothing_up() {
    let mut card = limited();
    for _ in 0..4 {
        let trace = card.core().trace(&arp(), WIRE);
        assert_eq!(trace.edit.port, port::SLOW);
    }
    assert_eq!(handed(&mut card, 3), 2);
    assert!(card.core().trace(&arp(), WIRE).edit.drop);
}
