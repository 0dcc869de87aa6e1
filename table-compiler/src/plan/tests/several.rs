//! Plans of lists and choices, and what comes at run time, that a reader can check by eye.

use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, GroupEntry, GroupKind, LearnedEntry, LearnedKey, Leg, MemberEntry,
    NexthopEntry, NexthopKind,
};

use super::examples::{interface, nexthop, route, shape, steps};
use super::states::text_of;
use super::{SEED, TINY};
use crate::entries::{Entries, Group};
use crate::mac::Mac;
use crate::placed::{Placed, Reason};
use crate::plan::{plan, AtRunTimeError, PlanError};

fn member(leg: Leg, nexthop: u32) -> MemberEntry {
    MemberEntry {
        leg,
        nexthop,
        ..MemberEntry::default()
    }
}

/// A group of these members; of a choice with 16 rows.
fn group(entries: &mut Entries, id: u32, kind: GroupKind, members: &[u32]) {
    let (leg, count, does) = match kind {
        GroupKind::List => (Leg::Evpn, members.len() as u16, NexthopKind::List),
        _ => (Leg::None, 4, NexthopKind::Ecmp),
    };
    let own = NexthopEntry {
        valid: true,
        kind: does,
        ..NexthopEntry::default()
    };
    entries.nexthops.insert(id, own);
    let group = Group {
        entry: GroupEntry {
            kind,
            count,
            ..GroupEntry::default()
        },
        members: members.iter().map(|to| member(leg, *to)).collect(),
    };
    entries.groups.insert(id, group);
}

/// Nexthops 1 to 8, a group of some of them, and a route there.
fn several(kind: GroupKind, members: &[u32]) -> Entries {
    let mut entries = Entries::default();
    (1..=8).for_each(|id| nexthop(&mut entries, id, id as u16));
    group(&mut entries, 20, kind, members);
    route(&mut entries, 1, 32, 7, 20);
    entries
}

#[test]
fn a_list_turns_by_one_write() {
    let plan = steps(
        &several(GroupKind::List, &[1, 2]),
        &several(GroupKind::List, &[1, 2, 3]),
    );
    let expected = [
        ("member", Reason::New),
        ("member", Reason::New),
        ("member", Reason::New),
        ("group", Reason::Change),
        ("member", Reason::Free),
        ("member", Reason::Free),
    ];
    assert_eq!(shape(&plan), expected, "{plan}");
    let turn = plan.steps[3].to_string();
    assert_eq!(turn, "change  group[20]  kind=List first=2 count=3");
}

#[test]
fn a_new_list_is_whole_before_its_nexthop_is_there() {
    let plan = steps(&Entries::default(), &several(GroupKind::List, &[1, 2]));
    let shape = shape(&plan);
    let place = |table| shape.iter().rposition(|(name, _)| *name == table);
    assert!(
        place("member") < place("group") && place("group") < place("nexthop"),
        "{plan}"
    );
    let back = steps(&several(GroupKind::List, &[1, 2]), &Entries::default());
    let first: Vec<(&str, u32)> = back
        .steps
        .iter()
        .map(|step| (step.spec().name, step.address))
        .filter(|(table, _)| *table != "route_host" && *table != "vrf")
        .take(4)
        .collect();
    assert_eq!(
        first,
        [("nexthop", 20), ("group", 20), ("member", 0), ("member", 1)],
        "{back}"
    );
}

#[test]
fn who_leaves_a_choice_costs_its_own_rows() {
    let (old, mut want) = (
        several(GroupKind::Ecmp, &[1, 2, 3]),
        several(GroupKind::Ecmp, &[1, 3]),
    );
    want.nexthops.remove(&2);
    let (_, placed) = plan(&Placed::empty(&TINY, SEED), &old).expect("room");
    let own = placed
        .members
        .values()
        .filter(|row| row.nexthop == 2)
        .count();
    assert!((1..=10).contains(&own), "{own} of 16");
    let (down, placed) = plan(&placed, &want).expect("room");
    assert_eq!(down.steps.len(), own + 1, "{down}");
    assert!(down.steps[..own]
        .iter()
        .all(|step| step.table == id::MEMBER));
    assert_eq!(down.steps[own].to_string(), "free    nexthop[2]");
    // And back, to where it was.
    let (up, placed) = plan(&placed, &old).expect("room");
    assert_eq!(up.steps.len(), own + 1, "{up}");
    let again = placed
        .members
        .values()
        .filter(|row| row.nexthop == 2)
        .count();
    assert_eq!(again, own);
}

#[test]
fn who_leaves_a_group_does_not_see_its_members_change() {
    for (kind, rows) in [(GroupKind::List, 2), (GroupKind::Ecmp, 16)] {
        let mut old = several(kind, &[1, 2]);
        route(&mut old, 2, 32, 7, 20);
        let mut want = several(kind, &[1, 2]);
        nexthop(&mut want, 1, 9);
        let (_, placed) = plan(&Placed::empty(&TINY, SEED), &old).expect("room");
        let (plan, _) = plan(&placed, &want).expect("room");
        // A copy of the group with the old member, which the route follows before the member changes.
        let at = |wanted: &str| {
            let mut steps = plan.steps.iter();
            let place = steps.position(|step| step.to_string().starts_with(wanted));
            place.unwrap_or_else(|| panic!("no {wanted} in\n{plan}"))
        };
        let copies = plan.steps.iter().filter(|step| step.table == id::MEMBER);
        let written = copies.filter(|step| step.why == Reason::New).count();
        assert_eq!(written, rows, "{plan}");
        assert!(
            at("write   nexthop[9]") < at("change  route_host"),
            "{plan}"
        );
        assert!(
            at("change  route_host") < at("change  nexthop[1]"),
            "{plan}"
        );
        assert!(
            at("change  nexthop[1]") < at("free    route_host"),
            "{plan}"
        );
        assert!(
            at("free    route_host") < at("free    nexthop[9]"),
            "{plan}"
        );
    }
}

#[test]
fn members_without_room_are_refused_before_anything_is_written() {
    let long: Vec<u32> = (0..60).map(|n| 1 + n % 8).collect();
    let old = several(GroupKind::List, &long);
    let placed = plan(&Placed::empty(&TINY, SEED), &old)
        .expect("room for one")
        .1;
    let want = several(GroupKind::List, &long[1..]);
    let PlanError::Full(full) = plan(&placed, &want).expect_err("no room for both");
    assert_eq!((full.table, full.capacity, full.used), ("member", 96, 60));
}

#[test]
fn a_mirror_is_there_before_its_users_and_its_nexthop_before_it() {
    let mut want = Entries::default();
    nexthop(&mut want, 1, 1);
    nexthop(&mut want, 2, 2);
    interface(&mut want, 0, 3, 1);
    want.mirrors.insert(1, text_of(12, 2));
    for vif in want.vifs.values_mut() {
        vif.mirror = 1;
    }
    if let Some(one) = want.nexthops.get_mut(&1) {
        one.mirror = 1;
    }
    let expected = [
        ("nexthop", Reason::New),
        ("nexthop", Reason::New),
        ("vrf", Reason::New),
        ("mirror_text", Reason::New),
        ("mirror_text", Reason::New),
        ("mirror_text", Reason::New),
        ("mirror", Reason::New),
        ("nexthop", Reason::Change),
        ("vif", Reason::New),
        ("port", Reason::New),
    ];
    let there = steps(&Entries::default(), &want);
    assert_eq!(shape(&there), expected, "{there}");
    let back = shape(&steps(&want, &Entries::default()));
    let place = |table| back.iter().position(|(name, _)| *name == table);
    assert!(place("vif") < place("mirror") && place("mirror") < place("mirror_text"));
    // Another text is another row: whoever is mirrored stays so.
    let mut other = want.clone();
    other.mirrors.insert(1, text_of(13, 2));
    let plan = steps(&want, &other);
    assert!(
        plan.to_string().contains("mirror[2]") && !plan.to_string().contains("mirror=0"),
        "{plan}"
    );
}

const MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);

fn learned() -> (BridgeEntry, LearnedEntry) {
    let mac = 0x0200_0000_0009;
    let bridge = BridgeEntry {
        valid: true,
        key: BridgeKey { vrf: 1, mac },
        nexthop: 2,
        ..BridgeEntry::default()
    };
    let learned = LearnedEntry {
        valid: true,
        key: LearnedKey { vrf: 1, mac },
        vif: 3,
        ..LearnedEntry::default()
    };
    (bridge, learned)
}

fn network() -> Entries {
    let mut entries = Entries::default();
    (1..=2).for_each(|id| nexthop(&mut entries, id, id as u16));
    interface(&mut entries, 0, 3, 1);
    entries
}

#[test]
fn learned_macs_come_and_go_one_by_one_and_survive_a_plan() {
    let mut placed = plan(&Placed::empty(&TINY, SEED), &network())
        .expect("room")
        .1;
    let rows = placed.rows().count();
    let (bridge, learned) = learned();
    let tunnel = NexthopEntry {
        valid: true,
        kind: NexthopKind::Tunnel,
        tunnel_dst: 7,
        vif: 3,
        ..NexthopEntry::default()
    };
    let (row, steps) = placed.add_nexthop(&tunnel).expect("room");
    assert_eq!((row, steps.len()), (23, 2));
    assert_eq!(placed.add_nexthop(&tunnel).expect("it is there").1, []);
    let moved = BridgeEntry {
        nexthop: row,
        ..bridge
    };
    assert_eq!(placed.add_bridge(&bridge).expect("room").len(), 1);
    assert_eq!(placed.add_learned(&learned).expect("room").len(), 1);
    let change = placed.add_bridge(&moved).expect("it is there");
    assert_eq!(change[0].why, Reason::Change);

    // Another route is planned: what was learned stays.
    let mut want = network();
    route(&mut want, 1, 32, 7, 1);
    let (more, kept) = plan(&placed, &want).expect("room");
    let all: Vec<_> = shape(&more);
    assert_eq!(all, [("route_host", Reason::New)], "{more}");
    let (none, _) = plan(&kept, &want).expect("room");
    assert_eq!(none.steps, []);

    // The network says itself where the MAC is, and that counts; what leads to a nexthop that changes is to be learned anew.
    let mut own = network();
    own.bridges.insert((1, MAC), bridge);
    let (_, said) = plan(&kept, &own).expect("room");
    assert_eq!(said.entries().bridges[&(1, MAC)].nexthop, 2);
    let mut said = said;
    assert_eq!(said.remove_bridge(1, MAC), []);
    let refused = said.add_bridge(&moved).expect_err("configured");
    assert_eq!(refused, AtRunTimeError::Configured { vrf: 1, mac: MAC });

    assert_eq!(placed.remove_learned(1, MAC).len(), 1);
    assert_eq!(placed.remove_bridge(1, MAC).len(), 1);
    assert_eq!(placed.remove_nexthop(row).len(), 2);
    assert_eq!(placed.rows().count(), rows);
}

#[test]
fn a_learned_mac_goes_with_what_it_leads_to() {
    let mut placed = plan(&Placed::empty(&TINY, SEED), &network())
        .expect("room")
        .1;
    let (bridge, learned) = learned();
    placed.add_bridge(&bridge).expect("room");
    placed.add_learned(&learned).expect("room");
    let mut want = network();
    nexthop(&mut want, 2, 7);
    let (_, after) = plan(&placed, &want).expect("room");
    assert!(after.entries().bridges.is_empty() && after.entries().learned.len() == 1);
    let (_, after) = plan(&placed, &Entries::default()).expect("room");
    assert_eq!(after.rows().count(), 0);
    let nowhere = BridgeEntry {
        nexthop: 9,
        ..bridge
    };
    let error = placed.add_bridge(&nowhere).expect_err("nowhere");
    assert_eq!(error, AtRunTimeError::NoNexthop { nexthop: 9 });
}

#[test]
fn flows_share_a_mirror_until_the_last_one_goes() {
    let mut placed = plan(&Placed::empty(&TINY, SEED), &network())
        .expect("room")
        .1;
    let rows = placed.rows().count();
    let set = text_of(7, 1);
    let (row, steps) = placed.add_mirror(&set).expect("room");
    assert_eq!((row, steps.len()), (1, 3), "80 bytes are two rows");
    assert_eq!(placed.add_mirror(&set).expect("it is there"), (1, vec![]));
    // A network's mirror of the same kind has a row of its own.
    let mut want = network();
    want.mirrors.insert(1, set);
    want.vifs.values_mut().for_each(|vif| vif.mirror = 1);
    let (_, mut placed) = plan(&placed, &want).expect("room");
    assert_eq!(placed.entries().vifs[&3].mirror, 2);
    assert_eq!(placed.remove_mirror(1), []);
    assert_eq!(placed.remove_mirror(1).len(), 3);
    assert_eq!(placed.remove_mirror(1), []);
    let (_, placed) = plan(&placed, &network()).expect("room");
    assert_eq!(placed.rows().count(), rows);
    let mut full = placed;
    let taken = (0..20).map_while(|n| full.add_mirror(&text_of(n, 1)).ok());
    assert_eq!(taken.count(), 11);
    let error = full.add_mirror(&text_of(20, 1)).expect_err("row 0 is none");
    assert_eq!(
        (error.table, error.capacity, error.used),
        ("mirror", 12, 11)
    );
}
