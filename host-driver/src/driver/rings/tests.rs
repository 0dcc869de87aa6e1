//! The rings over the model's card.

use super::*;
use crate::access::{Model, PortAccess};
use crate::driver::Punt;
use underpass_layout::port;
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::PRODUCER;
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::{MplsEntry, PortEntry, Table, VifEntry, VifKind};
use underpass_layout::PuntReason;

/// Small rings, so that they go round.
const SMALL: Layout = Layout {
    sizes_log2: [6, 6, 6],
    moderation: [1, 1, 1],
};

fn driver(layout: Layout) -> Driver<Model> {
    let mut driver = Driver::open(Model::new(&SIM)).unwrap();
    assert!(driver.open_rings(layout).unwrap());
    driver
}

fn entry(number: u32) -> MplsEntry {
    MplsEntry {
        nexthop: number,
        ..MplsEntry::default()
    }
}

/// A card on whose wire ARP is punted.
fn punting() -> Driver<Model> {
    let mut driver = driver(SMALL);
    let vif = VifEntry {
        valid: true,
        kind: VifKind::Fabric,
        ..VifEntry::default()
    };
    let of_port = PortEntry {
        valid: true,
        vif: 3,
    };
    driver.write_row(&VifEntry::TABLE, 3, &vif.pack()).unwrap();
    driver
        .write_row(&PortEntry::TABLE, 0, &of_port.pack())
        .unwrap();
    driver.enable(true).unwrap();
    driver
}

/// A broadcast ARP frame of `length` bytes.
fn arp(length: usize, fill: u8) -> Vec<u8> {
    let mut frame = vec![fill; length];
    frame[..6].fill(0xff);
    frame[12..14].copy_from_slice(&[0x08, 0x06]);
    frame
}

#[test]
fn rows_of_many_rounds_are_in_the_card_after_a_flush() {
    let mut driver = driver(SMALL);
    for number in 0..1000 {
        driver
            .queue_row(&MplsEntry::TABLE, number as usize, &entry(number).pack())
            .unwrap();
    }
    driver.flush().unwrap();
    for number in 0..1000 {
        let row = driver.read_row(&MplsEntry::TABLE, number as usize).unwrap();
        assert_eq!(row, entry(number).pack(), "row {number}");
    }
}

#[test]
fn a_row_of_another_place_is_refused_before_it_is_queued() {
    let mut driver = driver(SMALL);
    let rows = SIM.rows(&MplsEntry::TABLE);
    let words = entry(1).pack();
    assert!(driver.write_row(&MplsEntry::TABLE, rows, &words).is_err());
    driver.flush().unwrap();
}

#[test]
fn what_the_card_refuses_is_told_by_the_flush() {
    let mut driver = driver(SMALL);
    let rows = SIM.rows(&MplsEntry::TABLE);
    driver
        .queue_row(&MplsEntry::TABLE, rows, &entry(1).pack())
        .unwrap();
    let error = driver.flush().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the card refused 1 commands of the command ring"
    );
    driver.flush().unwrap();
}

#[test]
fn punted_frames_come_in_order_over_many_rounds() {
    let mut driver = punting();
    for round in 0..200usize {
        let frame = arp(60 + round * 7 % 900, round as u8);
        driver.card().send(0, &frame).unwrap();
        let Punt { shim, frame: found } = driver.punt().unwrap().expect("a punted frame");
        assert_eq!((shim.reason, shim.vif), (PuntReason::Arp, 3));
        assert_eq!(found, frame, "round {round}");
        assert_eq!(driver.punt().unwrap(), None);
    }
}

#[test]
fn a_full_ring_loses_whole_frames_and_says_how_many() {
    let mut driver = punting();
    // 64 beats: each frame takes a shim and four.
    for fill in 0..20 {
        driver.card().send(0, &arp(250, fill)).unwrap();
    }
    let mut seen = Vec::new();
    while let Some(punt) = driver.punt().unwrap() {
        seen.push(punt.frame[20]);
    }
    assert_eq!(seen, (0..12).collect::<Vec<_>>());
    assert_eq!(driver.punts_lost().unwrap(), 8);
}

#[test]
fn injected_frames_leave_in_order_over_many_rounds() {
    let mut driver = punting();
    let shim = InjectShim {
        command: InjectCommand::Transmit,
        vif: 3,
        port: 1,
        ..InjectShim::default()
    };
    for round in 0..100usize {
        let frame = arp(60 + round * 11 % 700, round as u8);
        driver.inject(&shim, &frame).unwrap();
        assert_eq!(driver.card().receive().unwrap(), Some((1, frame)));
    }
}

#[test]
fn memory_that_the_card_cannot_reach_is_a_fault_and_no_hang() {
    let mut driver = driver(SMALL);
    driver.card().dma().unwrap().unmap(DMA_BASE).unwrap();
    driver
        .queue_row(&MplsEntry::TABLE, 1, &entry(1).pack())
        .unwrap();
    let error = driver.flush().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the card stopped the command ring: it could not reach host memory"
    );
}

#[test]
fn a_punt_ring_that_lies_is_an_error() {
    let mut driver = punting();
    driver.card().send(0, &arp(60, 0)).unwrap();
    let cells = &driver.rings.as_ref().unwrap().punt;
    cells.break_first_shim();
    let error = driver.punt().unwrap_err();
    assert_eq!(
        error.to_string(),
        "found a frame of 1025 beats in the punt ring, where 2 of 64 beats wait"
    );
}

#[test]
fn interrupts_come_when_a_ring_moves() {
    let mut driver = punting();
    let interrupts = driver.card().dma().unwrap().interrupts(4).unwrap();
    let now = std::time::Duration::ZERO;
    assert!(!interrupts[1].wait(now).unwrap());
    driver.card().send(0, &arp(60, 0)).unwrap();
    assert!(interrupts[1].wait(now).unwrap());
    assert!(!interrupts[1].wait(now).unwrap());
}

#[test]
fn rings_can_be_opened_again() {
    let mut driver = driver(SMALL);
    assert!(driver.open_rings(Layout::default()).unwrap());
    driver
        .queue_row(&MplsEntry::TABLE, 1, &entry(1).pack())
        .unwrap();
    driver.flush().unwrap();
    let doorbell = driver.card().read(PRODUCER).unwrap();
    assert_eq!((doorbell, port::SLOW), (2, port::SLOW));
}
