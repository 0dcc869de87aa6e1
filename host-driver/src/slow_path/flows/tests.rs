use super::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{FlowAction, FlowEntry, FlowEntry6, OnwardEntry};
use underpass_layout::Record;
use underpass_table_compiler::objects::{self, FlowFlags, Objects};
use underpass_table_compiler::Placed;

/// A flow table of the host and the card's.
struct Card {
    placed: Placed,
    flows: Flows,
}

impl Card {
    fn new() -> Card {
        Card {
            placed: Placed::empty(&SIM, 1),
            flows: Flows::new(&SIM),
        }
    }

    fn set_up(&mut self, wanted: &Wanted, seconds: u64) -> Result<Vec<Reaction>, NoRoom> {
        let now = Duration::from_secs(seconds);
        let placed = &mut self.placed;
        self.flows.set_up(placed, &Objects::default(), wanted, now)
    }

    fn remove(&mut self, id: PairId) -> Vec<Reaction> {
        self.flows.remove(&mut self.placed, id)
    }

    fn get(&self, side: &FlowSide) -> Option<Flow> {
        self.flows.get(&Key::from(side))
    }
}

fn side(number: u32) -> FlowSide {
    between(
        Ipv4Addr::from_bits(number).into(),
        Ipv4Addr::LOCALHOST.into(),
    )
}

fn side6(number: u32) -> FlowSide {
    between(
        Ipv6Addr::from_bits(number.into()).into(),
        Ipv6Addr::LOCALHOST.into(),
    )
}

fn between(sip: IpAddr, dip: IpAddr) -> FlowSide {
    FlowSide {
        flags: FlowFlags::ACTIVE | FlowFlags::RFLOW_VALID,
        ..FlowSide::between((sip, 1), (dip, 2), 17, 6, 1)
    }
}

fn pair(fwd: FlowSide, rev: FlowSide) -> Wanted {
    Wanted::Pair(FlowPair { fwd, rev })
}

/// The source address is replaced, and that of the answers back.
fn nat(fwd: u32, rev: u32) -> Wanted {
    let (mut fwd, mut rev) = (side(fwd), side(rev));
    for (side, flag) in [(&mut fwd, FlowFlags::SNAT), (&mut rev, FlowFlags::DNAT)] {
        side.action = objects::FlowAction::Nat;
        side.flags = side.flags | flag;
    }
    pair(fwd, rev)
}

/// Table and row of each write, in order; `None` where a pair is given back.
fn rows(reactions: &[Reaction]) -> Vec<Option<(&'static str, usize)>> {
    let row = |reaction: &Reaction| match reaction {
        Reaction::Write(write) => Some((write.table.name, write.row)),
        Reaction::Retire(_) => None,
        other => panic!("{other:?}"),
    };
    reactions.iter().map(row).collect()
}

fn tables(reactions: &[Reaction]) -> Vec<&'static str> {
    let rows = rows(reactions).into_iter();
    rows.map(|row| row.map_or("retired", |(table, _)| table))
        .collect()
}

/// How many flows fit, in pairs.
fn fill(side: fn(u32) -> FlowSide) -> u32 {
    let mut card = Card::new();
    let full = (0..)
        .step_by(2)
        .find(|number| {
            card.set_up(&pair(side(*number), side(number + 1)), 0)
                .is_err()
        })
        .unwrap();
    assert_eq!(card.flows.list().len(), full as usize);
    assert_eq!(card.placed.flows().len(), full as usize);
    assert_eq!(card.get(&side(full)), None);
    assert_eq!(card.flows.ids.used(), full as usize / 2);
    assert_eq!(card.flows.of_nexthop(6), full as usize / 2);
    full
}

#[test]
fn a_pair_that_finds_no_room_leaves_nothing_behind() {
    // 4096 entries fit if all can be placed; an IPv6 flow takes the room of two.
    let (four, six) = (fill(side), fill(side6));
    assert!((3500..=4096).contains(&four), "{four}");
    assert!((1750..=2048).contains(&six), "{six}");
}

#[test]
fn the_rows_of_onward_run_out_by_themselves() {
    let mut card = Card::new();
    for number in 0..512 {
        card.set_up(&nat(2 * number + 1, 2 * number + 2), 0)
            .unwrap();
    }
    assert_eq!(
        card.set_up(&nat(2000, 2001), 0).unwrap_err(),
        NoRoom::Onward { rows: 1024 }
    );
    // Nothing was kept of the try: a flow that needs none has room, and so has one when others go.
    card.set_up(&pair(side(2000), side(2001)), 0).unwrap();
    let first = card.get(&side(1)).unwrap().pair;
    card.remove(first);
    card.set_up(&nat(3000, 3001), 0).unwrap();
}

#[test]
fn the_entry_of_a_flow_says_what_the_flow_does() {
    let mut card = Card::new();
    let denied = FlowSide {
        rpf_nh: 9,
        action: objects::FlowAction::Drop,
        ..side6(7)
    };
    card.set_up(&Wanted::Alone(denied.clone(), Some(Denied::Policy)), 0)
        .unwrap();
    let flow = card.get(&denied).unwrap();
    assert_eq!((flow.denied, flow.answered), (Some(Denied::Policy), false));
    let entry = card.placed.flows().get(&flow.key().bare_entry()).unwrap();
    let entry: FlowEntry6 = entry.unpack().unwrap();
    assert!(entry.valid && entry.key.v6);
    assert_eq!((entry.key.src(), entry.key.dst()), (7, 1));
    assert_eq!((entry.action, entry.source), (FlowAction::Drop, 9));
    assert_eq!((entry.flow_id, entry.generation), (0, 1));
}

#[test]
fn what_entries_lead_to_is_written_before_and_cleared_after_them() {
    let mut card = Card::new();
    let written = card.set_up(&nat(1, 2), 0).unwrap();
    assert_eq!(tables(&written), ["onward", "onward", "flow", "flow"]);
    let entry = |number| -> FlowEntry {
        let key = Key::from(&side(number)).bare_entry();
        card.placed.flows().get(&key).unwrap().unpack().unwrap()
    };
    let (there, back) = (entry(1), entry(2));
    assert_eq!(there.action, FlowAction::Onward);
    assert_eq!((there.flow_id, back.flow_id), (0, 1));
    let Reaction::Write(onward) = &written[0] else {
        panic!("{written:?}");
    };
    assert_eq!(onward.row, there.source as usize);
    let onward = OnwardEntry::unpack(&onward.words).unwrap();
    // The answers come from 2 to 127.0.0.1: that is where they are sent to.
    assert!(onward.snat && !onward.dnat);
    assert_eq!(onward.src, u128::from(Ipv4Addr::LOCALHOST.to_bits()));

    let id = card.get(&side(1)).unwrap().pair;
    let removed = card.remove(id);
    assert_eq!(
        tables(&removed),
        ["flow", "flow", "onward", "onward", "retired"]
    );
    assert!(card.flows.is_empty() && card.placed.flows().is_empty());
    assert!(card.remove(id).is_empty());
}

#[test]
fn a_pair_that_is_given_out_again_is_another_and_counts_from_where_it_was() {
    let mut card = Card::new();
    let counted = |packets| {
        [packets, packets + 1].map(|packets| Traffic {
            packets,
            bytes: 60 * packets,
        })
    };
    let mut last = None;
    // All pairs of the card, then the first one again.
    for number in 0..2048 {
        card.set_up(&Wanted::Alone(side(number), None), 0).unwrap();
        let id = card.get(&side(number)).unwrap().pair;
        assert_eq!((id.number, id.generation), (number, 1));
        card.remove(id);
        card.flows.retire(id, counted(number.into()));
        last = Some(id);
    }
    card.set_up(&pair(side(1), side(2)), 0).unwrap();
    let [there, back] = [1, 2].map(|number| card.get(&side(number)).unwrap());
    assert_eq!((there.pair.number, there.pair.generation), (0, 2));
    assert_eq!([there.base.packets, back.base.packets], [0, 1]);
    // What was said of the earlier use is not about this one.
    assert!(card
        .remove(PairId {
            number: 0,
            generation: 1
        })
        .is_empty());
    assert!(!card.flows.is_current(last.unwrap()));
    assert_eq!(card.remove(there.pair).len(), 3);
}

#[test]
fn a_key_that_has_a_flow_already_goes_over_to_the_new_one() {
    let mut card = Card::new();
    let mut denied = side(2);
    denied.action = objects::FlowAction::Drop;
    card.set_up(&Wanted::Alone(denied, Some(Denied::Policy)), 0)
        .unwrap();
    card.set_up(&pair(side(5), side(6)), 0).unwrap();
    let before = card.get(&side(5)).unwrap().pair;
    let reactions = card.set_up(&pair(side(1), side(2)), 0).unwrap();
    assert_eq!(tables(&reactions), ["flow", "flow", "retired"]);
    assert_eq!(card.get(&side(2)).unwrap().denied, None);
    // One that was answered loses its answers with it.
    let reactions = card.set_up(&pair(side(3), side(6)), 0).unwrap();
    assert_eq!(tables(&reactions), ["flow", "flow", "flow", "retired"]);
    assert_eq!(card.get(&side(5)), None);
    assert!(!card.flows.is_current(before));
    assert_eq!(card.placed.flows().len(), 4);
    assert_eq!(card.flows.list().len(), 4);
    assert_eq!(card.flows.of_nexthop(6), 2);
}

#[test]
fn a_pair_may_be_set_up_again_over_itself() {
    let mut card = Card::new();
    card.set_up(&pair(side(1), side(2)), 0).unwrap();
    let reactions = card.set_up(&nat(1, 2), 0).unwrap();
    let expected = ["onward", "onward", "flow", "flow", "retired"];
    assert_eq!(tables(&reactions), expected);
    assert_eq!(card.placed.flows().len(), 2);
    assert_eq!(card.flows.list().len(), 2);
    assert!(card
        .placed
        .flows()
        .get(&Key::from(&side(2)).bare_entry())
        .is_some());
}

/// Nexthop 70 is one of the tunnels 30, label 101, and 31, label 102; a route leads there.
fn two_ways() -> Objects {
    let tunnel = |id: u32| {
        serde_json::json!({"object": "nexthop", "id": id, "type": "tunnel", "family": "inet", "vrf": 0,
            "flags": {"value": "0x41", "names": ["valid", "mpls_udp"]}, "out_vif": 0,
            "sip": "192.0.2.1", "dip": format!("192.0.2.{id}"), "rewrite_hex": "0200000000010200000000020800"})
    };
    serde_json::from_value(serde_json::json!([
        tunnel(30),
        tunnel(31),
        {"object": "nexthop", "id": 70, "type": "composite", "family": "inet", "vrf": 1,
            "flags": {"value": "0x400", "names": ["comp_ecmp"]},
            "components": [{"nh": 30, "label": 101}, {"nh": 31, "label": 102}]},
        {"object": "route", "vrf": 1, "prefix": "127.0.0.0/8", "nh": 70, "flags": []},
    ]))
    .unwrap()
}

#[test]
fn where_the_source_moves_answers_go() {
    let objects = two_ways();
    let mut card = Card::new();
    let (mut fwd, mut rev) = (side(1), side(2));
    fwd.ecmp_index = Some(1);
    rev.rpf_nh = 70;
    let wanted = pair(fwd.clone(), rev.clone());
    let now = Duration::ZERO;
    let Card { placed, flows } = &mut card;
    let written = flows.set_up(placed, &objects, &wanted, now).unwrap();
    let onward = |reactions: &[Reaction]| match reactions {
        [Reaction::Write(write), ..] => OnwardEntry::unpack(&write.words).unwrap(),
        other => panic!("{other:?}"),
    };
    let entry = |card: &Card| -> FlowEntry {
        let key = Key::from(&rev).bare_entry();
        card.placed.flows().get(&key).unwrap().unpack().unwrap()
    };
    let to = onward(&written);
    assert_eq!((to.steer, to.nexthop, to.label), (true, 31, 102));
    let from = entry(&card);
    assert_eq!((from.source, from.source_moves), (31, true));

    let flow = card.get(&rev).unwrap();
    assert_eq!(card.flows.source_member(&flow), Some(1));
    let Card { placed, flows } = &mut card;
    let moved = flows.move_source(placed, &objects, &flow, 0).unwrap();
    // The row that is there already changes, and the one entry that says something else now.
    assert_eq!(tables(&moved), ["onward", "flow"]);
    let to = onward(&moved);
    assert_eq!((to.nexthop, to.label), (30, 101));
    assert_eq!(entry(&card).source, 30);
    assert_eq!(card.flows.source_member(&flow), Some(0));
    assert_eq!(card.get(&fwd).unwrap().side.ecmp_index, Some(0));
}

#[test]
fn each_flow_is_looked_at_once_when_it_is_old() {
    let mut card = Card::new();
    let at = Duration::from_secs;
    card.set_up(&Wanted::Alone(side(1), None), 0).unwrap();
    card.set_up(&Wanted::Alone(side(2), None), 100).unwrap();
    card.set_up(&Wanted::Alone(side(3), None), 150).unwrap();
    let [first, second] = [1, 2].map(|number| card.get(&side(number)).unwrap().pair);
    assert_eq!(card.flows.unseen(at(179)), None);
    assert!(!card.flows.may_be_idle(at(179)) && card.flows.may_be_idle(at(180)));
    assert_eq!(card.flows.unseen(at(180)), Some(first));
    assert_eq!(card.flows.unseen(at(180)), None);
    assert!(card.flows.may_be_idle(at(181)));
    card.remove(first);
    assert!(!card.flows.may_be_idle(at(181)));
    card.remove(second);
    assert!(!card.flows.may_be_idle(at(329)));
    assert!(card.flows.may_be_idle(at(330)));
}

#[test]
fn flows_are_listed_by_age_and_found_by_what_they_are() {
    let mut card = Card::new();
    card.set_up(&pair(side(1), side(2)), 0).unwrap();
    card.set_up(&pair(side(9), side(8)), 0).unwrap();
    let sources: Vec<IpAddr> = card.flows.list().iter().map(|flow| flow.side.sip).collect();
    assert_eq!(sources, [1, 2, 9, 8].map(|number| side(number).sip));
    let found = card.flows.find(|side| side.sip == self::side(8).sip);
    assert_eq!(found, [card.get(&side(9)).unwrap().pair]);
    assert_eq!(card.flows.find(|_| true).len(), 2);
}
