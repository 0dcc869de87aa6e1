use super::*;
use crate::s14_encap::{encap, Identification};
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::profile::{SIM, U250};
use underpass_layout::tables::{PuntQuotaEntry, VifKind};
use underpass_layout::{port, PuntReason};

/// Two ARP packets a window and three of unknown flows.
fn quotas() -> Tables {
    let mut tables = tables();
    for (why, quota) in [(PuntReason::Arp, 2), (PuntReason::FlowMiss, 3)] {
        let entry = PuntQuotaEntry { quota };
        put(&mut tables, id::PUNT_QUOTA, why.code() as usize, &entry);
    }
    tables
}

/// What becomes of a packet that interface `vif` would hand over.
fn handed(punted: &mut Punted, vif: u16, why: PuntReason) -> Verdict {
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.length = 60;
    meta.classify.vif = vif;
    meta.punt(why);
    let mut edit = encap(&mut Identification::default(), &mut meta);
    assert_eq!((edit.port, edit.drop), (port::SLOW, false));
    punted.limit(&quotas(), &mut meta, &mut edit);
    let is_dropped = matches!(verdict(&meta), Verdict::Drop(_));
    assert_eq!((edit.drop, edit.vif), (is_dropped, vif));
    verdict(&meta)
}

const REFUSED: Verdict = Verdict::Drop(DropReason::PuntLimit);
const ARP: Verdict = Verdict::Punt(PuntReason::Arp);

fn arp_of(punted: &mut Punted, vif: u16, times: usize) -> Vec<Verdict> {
    let each = (0..times).map(|_| handed(punted, vif, PuntReason::Arp));
    each.collect()
}

fn row(punted: &Punted, vif: usize, why: PuntReason) -> PuntedEntry {
    let address = vif * PUNT_REASONS + why.code() as usize;
    let words = punted.read_row(id::PUNTED, address).unwrap().unwrap();
    PuntedEntry::unpack(&words).unwrap()
}

#[test]
fn so_many_pass_in_a_window_and_the_next_begins_anew() {
    let mut punted = Punted::new(&SIM);
    assert_eq!(arp_of(&mut punted, 3, 4), [ARP, ARP, REFUSED, REFUSED]);
    let expected = PuntedEntry {
        window: 0,
        used: 2,
        refused: 2,
    };
    assert_eq!(row(&punted, 3, PuntReason::Arp), expected);
    punted.begin();
    assert_eq!(arp_of(&mut punted, 3, 3), [ARP, ARP, REFUSED]);
    let expected = PuntedEntry {
        window: 1,
        used: 2,
        refused: 3,
    };
    assert_eq!(row(&punted, 3, PuntReason::Arp), expected);
}

#[test]
fn interfaces_and_reasons_have_their_own() {
    let mut punted = Punted::new(&SIM);
    arp_of(&mut punted, 3, 9);
    assert_eq!(arp_of(&mut punted, 4, 3), [ARP, ARP, REFUSED]);
    let missed = Verdict::Punt(PuntReason::FlowMiss);
    for expected in [missed, missed, missed, REFUSED] {
        assert_eq!(handed(&mut punted, 3, PuntReason::FlowMiss), expected);
    }
}

#[test]
fn without_a_quota_all_pass_and_none_is_counted() {
    let mut punted = Punted::new(&SIM);
    for _ in 0..10 {
        let found = handed(&mut punted, 3, PuntReason::Learn);
        assert_eq!(found, Verdict::Punt(PuntReason::Learn));
    }
    assert_eq!(row(&punted, 3, PuntReason::Learn), PuntedEntry::default());
}

#[test]
fn numbers_wrap_at_their_width() {
    let mut row = PuntedEntry {
        window: 0,
        used: 5,
        refused: (1 << 36) - 1,
    };
    assert!(!pass(&mut row, 0, 5));
    assert_eq!(row.refused, 0);
    let mut punted = Punted::new(&SIM);
    punted.now = (1 << 20) - 1;
    punted.begin();
    assert_eq!(punted.now, 0);
}

#[test]
fn the_interface_of_all_that_is_nobodys_has_a_row() {
    let mut punted = Punted::new(&U250);
    let vif = U250.no_vif() as u16;
    assert_eq!(arp_of(&mut punted, vif, 3), [ARP, ARP, REFUSED]);
    let last = U250.rows(&TABLES[id::PUNTED as usize]);
    assert!(punted.read_row(id::PUNTED, last).unwrap().is_err());
    assert!(punted.read_row(id::PUNT_QUOTA, 0).is_none());
}

#[test]
fn what_goes_round_first_is_not_asked() {
    let mut punted = Punted::new(&SIM);
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.length = 60;
    meta.bridge.learn = true;
    meta.punt(PuntReason::Arp);
    for _ in 0..5 {
        let mut edit = encap(&mut Identification::default(), &mut meta);
        punted.limit(&quotas(), &mut meta, &mut edit);
        assert!(edit.errand.on && !edit.drop);
    }
    assert_eq!(row(&punted, 0, PuntReason::Arp), PuntedEntry::default());
}
