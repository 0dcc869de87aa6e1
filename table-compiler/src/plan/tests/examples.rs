//! Plans that a reader can check by eye.

use underpass_layout::tables::{
    id, ArpAnswer, NexthopEntry, PortEntry, RouteEntry, VifEntry, VifKind,
};

use super::card::Card;
use super::states::{rules, set_lengths};
use super::{SEED, TINY};
use crate::entries::{Entries, Prefix};
use crate::placed::{Placed, Reason};
use crate::plan::{plan, Plan, PlanError};

pub fn nexthop(entries: &mut Entries, id: u32, vif: u16) {
    entries.nexthops.insert(
        id,
        NexthopEntry {
            valid: true,
            vif,
            ..NexthopEntry::default()
        },
    );
}

pub fn route(entries: &mut Entries, vrf: u16, length: u8, address: u32, nexthop: u32) {
    put_route(entries, (vrf, false, length, address.into()), nexthop);
}

fn route6(entries: &mut Entries, vrf: u16, length: u8, address: u128, nexthop: u32) {
    put_route(entries, (vrf, true, length, address), nexthop);
}

fn put_route(
    entries: &mut Entries,
    (vrf, v6, length, address): (u16, bool, u8, u128),
    nexthop: u32,
) {
    let prefix = Prefix {
        vrf,
        v6,
        length,
        address,
    };
    let entry = RouteEntry {
        valid: true,
        key: prefix.key(),
        nexthop,
        label: 0,
        arp: ArpAnswer::Flood,
        trap: false,
    };
    entries.routes.insert(prefix, entry);
    entries.vrfs.entry(vrf.into()).or_default().valid = true;
    set_lengths(entries);
}

pub fn interface(entries: &mut Entries, port: u32, vif: u16, vrf: u16) {
    entries.ports.insert(port, PortEntry { valid: true, vif });
    let entry = VifEntry {
        valid: true,
        kind: VifKind::Vm,
        vrf,
        ..VifEntry::default()
    };
    entries.vifs.insert(vif.into(), entry);
    entries.vrfs.entry(vrf.into()).or_default().valid = true;
}

pub fn from(old: &Entries) -> Placed {
    plan(&Placed::empty(&TINY, SEED), old)
        .expect("a small state fits")
        .1
}

pub fn steps(old: &Entries, want: &Entries) -> Plan {
    plan(&from(old), want).expect("a small state fits").0
}

/// Table and reason of each step.
pub fn shape(plan: &Plan) -> Vec<(&'static str, Reason)> {
    plan.steps
        .iter()
        .map(|step| (step.spec().name, step.why))
        .collect()
}

#[test]
fn a_neighbor_that_answers_is_one_write() {
    let mut old = Entries::default();
    nexthop(&mut old, 5, 1);
    route(&mut old, 1, 24, 0x0a00_0000, 5);
    let mut want = old.clone();
    nexthop(&mut want, 5, 2);
    assert_eq!(
        steps(&old, &want).to_string(),
        "1 change  nexthop[5]  valid vif=2\n"
    );
}

#[test]
fn a_new_length_is_there_before_the_word_leads_to_it() {
    let mut old = Entries::default();
    nexthop(&mut old, 5, 1);
    route(&mut old, 1, 24, 0x0a00_0000, 5);
    route(&mut old, 1, 8, 0x0a00_0000, 5);
    let mut want = Entries::default();
    nexthop(&mut want, 5, 1);
    route(&mut want, 1, 24, 0x0a00_0000, 5);
    route(&mut want, 1, 16, 0x0a00_0000, 5);
    let expected = [
        ("route_bank", Reason::New),
        ("vrf", Reason::Change),
        ("route_bank", Reason::Free),
    ];
    assert_eq!(shape(&steps(&old, &want)), expected);
}

#[test]
fn a_family_changes_its_lengths_by_itself() {
    let mut old = Entries::default();
    nexthop(&mut old, 5, 1);
    route(&mut old, 1, 24, 0x0a00_0000, 5);
    route6(&mut old, 1, 64, 1 << 64, 5);
    route6(&mut old, 1, 128, 1, 5);
    let mut want = old.clone();
    route6(&mut want, 1, 48, 1 << 80, 5);
    let plan = steps(&old, &want);
    assert_eq!(
        shape(&plan),
        [("route_bank", Reason::New), ("vrf", Reason::Change)]
    );
    let word = plan.steps[1].to_string();
    assert!(
        word.contains("=24") && word.contains("=64") && word.contains("=48"),
        "{word}"
    );
}

#[test]
fn longer_prefixes_come_first_and_go_last() {
    let lengths = [
        (8, 0x0a00_0000),
        (16, 0x0a01_0000),
        (24, 0x0a01_0100),
        (32, 0x0a01_0101),
    ];
    let mut few = Entries::default();
    (1..=5).for_each(|id| nexthop(&mut few, id, id as u16));
    // The lengths are in use already, so new routes are seen as soon as they are written.
    lengths.iter().for_each(|(length, _)| {
        route(
            &mut few,
            1,
            *length,
            0xc0a8_0101 >> (32 - length) << (32 - length),
            5,
        )
    });
    let mut many = few.clone();
    lengths
        .iter()
        .zip(1..)
        .for_each(|((length, address), id)| route(&mut many, 1, *length, *address, id));

    for (old, want) in [(&few, &many), (&many, &few)] {
        let mut card = Card::new(&TINY, SEED);
        let (first, placed) = plan(&Placed::empty(&TINY, SEED), old).expect("a small state fits");
        first.steps.iter().for_each(|step| card.write(step));
        let before = card.route(1, false, 0x0a01_0101);
        let (second, _) = plan(&placed, want).expect("a small state fits");
        let answers: Vec<_> = second
            .steps
            .iter()
            .map(|step| {
                card.write(step);
                card.route(1, false, 0x0a01_0101)
            })
            .collect();
        let after = card.route(1, false, 0x0a01_0101);
        assert_ne!(before, after);
        assert!(
            answers.iter().all(|now| *now == before || *now == after),
            "{second}"
        );
    }
}

#[test]
fn nexthops_that_move_up_need_no_spare_row() {
    let (mut old, mut want) = (Entries::default(), Entries::default());
    for n in 0..6 {
        nexthop(&mut old, 10 + n, n as u16);
        route(&mut old, 1, 32, n, 10 + n);
        nexthop(&mut want, 12 + n, n as u16);
        route(&mut want, 1, 32, n, 12 + n);
    }
    let plan = steps(&old, &want);
    // Two new rows, four changed, two freed; and each route once.
    assert_eq!(plan.steps.len(), 2 + 4 + 2 + 6, "{plan}");
    let back = steps(&want, &old);
    assert_eq!(back.steps.len(), 2 + 4 + 2 + 6, "{back}");
}

#[test]
fn a_ring_of_nexthops_takes_a_spare_row() {
    let (mut old, mut want) = (Entries::default(), Entries::default());
    for (route_to, a, b) in [(0, 10, 11), (1, 11, 10)] {
        nexthop(&mut old, a, route_to);
        route(&mut old, 1, 32, route_to.into(), a);
        nexthop(&mut want, b, route_to);
        route(&mut want, 1, 32, route_to.into(), b);
    }
    let plan = steps(&old, &want);
    let spare: Vec<Reason> = plan
        .steps
        .iter()
        .filter(|step| step.table == id::NEXTHOP && ![10, 11].contains(&step.address))
        .map(|step| step.why)
        .collect();
    assert_eq!(spare, [Reason::New, Reason::Free], "{plan}");
    assert_eq!(plan.steps.len(), 2 + 2 + 3, "{plan}");
}

#[test]
fn a_vrf_that_changes_hands_is_empty_in_between() {
    let (mut old, mut want) = (Entries::default(), Entries::default());
    nexthop(&mut old, 1, 1);
    interface(&mut old, 0, 3, 1);
    route(&mut old, 1, 32, 7, 1);
    nexthop(&mut want, 2, 2);
    interface(&mut want, 1, 3, 1);
    route(&mut want, 1, 32, 7, 2);
    let expected = [
        ("port", Reason::Free),
        ("route_host", Reason::Free),
        ("nexthop", Reason::New),
        ("route_host", Reason::New),
        ("port", Reason::New),
        ("nexthop", Reason::Free),
    ];
    assert_eq!(shape(&steps(&old, &want)), expected);
}

#[test]
fn the_vrf_with_most_routes_is_punted_where_they_do_not_fit() {
    let mut want = Entries::default();
    nexthop(&mut want, 1, 1);
    for n in 0..40 {
        route(&mut want, 1, 32, n, 1);
    }
    route(&mut want, 2, 32, 7, 1);
    let (plan, placed) = plan(&Placed::empty(&TINY, SEED), &want).expect("vrf 2 fits");
    assert!(
        placed.entries().vrfs[&1].punt_all && !placed.entries().vrfs[&2].punt_all,
        "{plan}"
    );
    assert_eq!(placed.entries().routes.len(), 1);
}

#[test]
fn a_table_that_is_full_is_refused_before_anything_is_written() {
    let mut want = Entries::default();
    nexthop(&mut want, 1, 1);
    for n in 0..40u8 {
        let mac = crate::Mac([2, 0, 0, 0, 0, n]);
        let key = underpass_layout::tables::BridgeKey {
            vrf: 1,
            mac: n.into(),
        };
        let entry = underpass_layout::tables::BridgeEntry {
            valid: true,
            key,
            nexthop: 1,
            ..Default::default()
        };
        want.bridges.insert((1, mac), entry);
    }
    let old = from(&Entries::default());
    let PlanError::Full(full) = plan(&old, &want).expect_err("16 slots for 40 MACs");
    assert_eq!((full.table, full.capacity), ("bridge", 16));
    assert_eq!(old.rows().count(), 0);
}

#[test]
fn a_set_of_rules_never_changes_where_it_is() {
    let state = |sets: &[u8], used: u16| {
        let mut entries = Entries::default();
        nexthop(&mut entries, 1, 1);
        interface(&mut entries, 1, 1, 1);
        entries.fat_sets = (1..).zip(sets.iter().map(|set| rules(*set))).collect();
        for vif in entries.vifs.values_mut() {
            vif.fat_set = used;
        }
        entries
    };
    let old = from(&state(&[1, 2], 1));
    let (plan, placed) = plan(&old, &state(&[2, 3], 1)).expect("room");
    let used: Vec<u16> = placed
        .entries()
        .vifs
        .values()
        .map(|vif| vif.fat_set)
        .collect();
    assert_eq!(
        (used, placed.entries().fat_sets[&3].clone()),
        (vec![2], rules(3))
    );
    let expected = [
        ("fat_exclude", Reason::New),
        ("fat_rule", Reason::New),
        ("fat_rule", Reason::New),
        ("fat_rule", Reason::New),
        ("fat_rule", Reason::New),
        ("vif", Reason::Change),
        ("fat_exclude", Reason::Free),
        ("fat_rule", Reason::Free),
        ("fat_rule", Reason::Free),
    ];
    assert_eq!(shape(&plan), expected, "{plan}");
    // Way 2 of set 3 lies two depths of 8 rows behind way 0.
    assert_eq!(plan.steps[3].address, 2 * 8 + 3);
}

#[test]
fn more_sets_than_there_is_room_for_are_refused() {
    let want = Entries {
        fat_sets: (1..9).map(|set| (set, rules(set as u8))).collect(),
        ..Entries::default()
    };
    let PlanError::Full(full) = plan(&from(&Entries::default()), &want).expect_err("7 numbers");
    assert_eq!((full.table, full.capacity), ("fat_rule", 8));
}
