//! What each kind of SET_IRQS message does.

use rustix::event::{eventfd, EventfdFlags};

use super::*;

const MSIX: u32 = 0;
const INTX: u32 = 1;

fn irqs() -> Irqs {
    let vectors = IrqInfo {
        index: MSIX,
        count: 8,
        eventfd: true,
        maskable: false,
        automasked: false,
        noresize: true,
    };
    let line = IrqInfo {
        index: INTX,
        count: 1,
        maskable: true,
        automasked: true,
        noresize: false,
        ..vectors
    };
    Irqs::new(vec![vectors, line])
}

fn new_eventfd() -> OwnedFd {
    eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).unwrap()
}

fn told(eventfd: &OwnedFd) -> u64 {
    let mut count = [0; 8];
    match rustix::io::read(eventfd, &mut count) {
        Ok(_) => u64::from_ne_bytes(count),
        Err(_) => 0,
    }
}

fn connect(irqs: &mut Irqs, index: u32, start: u32, eventfds: &[&OwnedFd]) -> Result<(), IrqError> {
    let set = set(
        index,
        start,
        eventfds.len() as u32,
        IrqData::Eventfds,
        IrqAction::Trigger,
    );
    irqs.apply(
        &set,
        eventfds.iter().map(|fd| fd.try_clone().unwrap()).collect(),
    )
}

fn set(index: u32, start: u32, count: u32, data: IrqData, action: IrqAction) -> SetIrqs {
    SetIrqs {
        index,
        start,
        count,
        data,
        action,
    }
}

fn connected(irqs: &Irqs) -> Vec<u32> {
    (0..8)
        .filter(|&number| irqs.is_connected(MSIX, number))
        .collect()
}

#[test]
fn pieces_add_up_and_only_what_is_named_is_cut() {
    let mut irqs = irqs();
    let fd = new_eventfd();
    connect(&mut irqs, MSIX, 2, &[&fd, &fd]).unwrap();
    connect(&mut irqs, MSIX, 7, &[&fd]).unwrap();
    assert_eq!(connected(&irqs), [2, 3, 7]);
    irqs.apply(
        &set(MSIX, 3, 4, IrqData::Eventfds, IrqAction::Trigger),
        vec![],
    )
    .unwrap();
    assert_eq!(connected(&irqs), [2, 7]);
    irqs.apply(&set(MSIX, 0, 0, IrqData::None, IrqAction::Trigger), vec![])
        .unwrap();
    assert!(connected(&irqs).is_empty());
}

#[test]
fn the_client_can_fire_a_range_or_marked_ones() {
    let mut irqs = irqs();
    let fds: Vec<OwnedFd> = (0..4).map(|_| new_eventfd()).collect();
    connect(&mut irqs, MSIX, 4, &fds.iter().collect::<Vec<_>>()).unwrap();
    irqs.apply(&set(MSIX, 4, 2, IrqData::None, IrqAction::Trigger), vec![])
        .unwrap();
    let marks = IrqData::Bools(vec![false, true, true]);
    irqs.apply(&set(MSIX, 4, 3, marks, IrqAction::Trigger), vec![])
        .unwrap();
    assert_eq!(fds.iter().map(told).collect::<Vec<_>>(), [1, 2, 1, 0]);
    assert!(!irqs.trigger(MSIX, 0).unwrap());
}

#[test]
fn what_fires_behind_a_mask_is_told_on_unmask() {
    let mut irqs = irqs();
    let fd = new_eventfd();
    connect(&mut irqs, INTX, 0, &[&fd]).unwrap();
    assert!(irqs.trigger(INTX, 0).unwrap());
    // It has masked itself.
    assert!(!irqs.trigger(INTX, 0).unwrap());
    assert_eq!(told(&fd), 1);
    irqs.apply(&set(INTX, 0, 1, IrqData::None, IrqAction::Unmask), vec![])
        .unwrap();
    assert_eq!(told(&fd), 1);
    irqs.apply(&set(INTX, 0, 1, IrqData::None, IrqAction::Unmask), vec![])
        .unwrap();
    assert_eq!(told(&fd), 0);
    irqs.apply(&set(INTX, 0, 1, IrqData::None, IrqAction::Mask), vec![])
        .unwrap();
    assert!(!irqs.trigger(INTX, 0).unwrap());
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut irqs = irqs();
    let fd = new_eventfd();
    let one = || vec![fd.try_clone().unwrap()];
    let eventfds = |start, count| set(MSIX, start, count, IrqData::Eventfds, IrqAction::Trigger);
    assert!(matches!(
        irqs.apply(&eventfds(0, 2), one()),
        Err(IrqError::FdCount {
            found: 1,
            expected: 2
        })
    ));
    assert!(matches!(
        irqs.apply(&eventfds(8, 1), one()),
        Err(IrqError::BeyondEnd { available: 8, .. })
    ));
    assert!(matches!(
        irqs.apply(&eventfds(u32::MAX, u32::MAX), one()),
        Err(IrqError::BeyondEnd { .. })
    ));
    let bools = set(MSIX, 0, 2, IrqData::Bools(vec![true]), IrqAction::Trigger);
    assert!(matches!(
        irqs.apply(&bools, vec![]),
        Err(IrqError::BoolCount {
            found: 1,
            expected: 2
        })
    ));
    let mask = set(MSIX, 0, 1, IrqData::None, IrqAction::Mask);
    assert!(matches!(
        irqs.apply(&mask, vec![]),
        Err(IrqError::NotMaskable { index: MSIX })
    ));
    let resample = set(INTX, 0, 1, IrqData::Eventfds, IrqAction::Unmask);
    assert!(matches!(
        irqs.apply(&resample, one()),
        Err(IrqError::NotMaskable { index: INTX })
    ));
    assert!(matches!(
        irqs.trigger(2, 0),
        Err(IrqError::NoType { found: 2, count: 2 })
    ));
    assert!(connected(&irqs).is_empty() && !irqs.is_connected(INTX, 0));
}

/// The client may hand over a blocking eventfd whose counter is full.
#[test]
fn a_full_counter_does_not_hold_the_device_up() {
    let mut irqs = irqs();
    let full = eventfd(0, EventfdFlags::CLOEXEC).unwrap();
    rustix::io::write(&full, &(u64::MAX - 1).to_ne_bytes()).unwrap();
    connect(&mut irqs, MSIX, 0, &[&full]).unwrap();
    assert!(irqs.trigger(MSIX, 0).unwrap());
    assert_eq!(told(&full), u64::MAX - 1);
}
