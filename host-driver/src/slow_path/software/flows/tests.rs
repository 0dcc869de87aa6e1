use super::*;
use std::net::Ipv4Addr;
use underpass_table_compiler::objects::{FlowFlags, FlowPair, Objects};

fn side(from: u32, to: u32) -> FlowSide {
    let [from, to] = [from, to].map(|bits| Ipv4Addr::from_bits(bits).into());
    FlowSide {
        flags: FlowFlags::ACTIVE | FlowFlags::RFLOW_VALID,
        ..FlowSide::between((from, 1), (to, 2), 17, 6, 1)
    }
}

fn flow(number: u32) -> Wanted {
    Wanted::Pair(FlowPair {
        fwd: side(number, 1 << 31),
        rev: side(1 << 31, number),
    })
}

fn key(number: u32) -> Key {
    Key::from(&side(number, 1 << 31))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn add(flows: &mut SoftwareFlows, number: u32, seconds: u64) -> Result<(), Refusal> {
    flows.add(&flow(number), &Objects::default(), at(seconds))
}

#[test]
fn both_directions_are_found_and_counted_apart() {
    let mut flows = SoftwareFlows::default();
    add(&mut flows, 1, 0).unwrap();
    flows.count(&key(1), 60, at(1));
    flows.count(&key(1), 60, at(2));
    flows.count(&Key::from(&side(1 << 31, 1)), 100, at(3));
    assert!(flows.get(&key(1)).is_some());
    assert_eq!(flows.get(&key(2)), None);
    let counted: Vec<_> = flows.list().iter().map(|flow| flow.traffic).collect();
    let traffic = |packets, bytes| Traffic { packets, bytes };
    assert_eq!(counted, [traffic(2, 120), traffic(1, 100)]);
    assert_eq!(flows.of_nexthop(6), 1);
}

#[test]
fn flows_that_go_early_leave_nothing_behind() {
    let mut flows = SoftwareFlows::default();
    for number in 0..100 {
        add(&mut flows, number, 0).unwrap();
        assert!(flows.remove(&key(number)));
    }
    assert!(flows.idle.is_empty());
}

#[test]
fn what_is_idle_goes_and_what_is_not_stays() {
    let mut flows = SoftwareFlows::default();
    add(&mut flows, 1, 0).unwrap();
    add(&mut flows, 2, 0).unwrap();
    flows.count(&key(2), 60, at(100));
    flows.expire(at(179));
    assert_eq!(flows.list().len(), 4);
    flows.expire(at(180));
    assert_eq!((flows.get(&key(1)), flows.list().len()), (None, 2));
    flows.expire(at(279));
    assert!(flows.get(&key(2)).is_some());
    flows.expire(at(280));
    assert!(flows.is_empty());
    assert_eq!(flows.of_nexthop(6), 0);
}

#[test]
fn the_busiest_go_first_and_of_equals_the_oldest() {
    let mut flows = SoftwareFlows::default();
    (0..20).for_each(|number| add(&mut flows, number, 0).unwrap());
    for (number, packets) in [(7, 3), (3, 5)] {
        (0..packets).for_each(|_| flows.count(&key(number), 60, at(0)));
    }
    let order = |flows: &SoftwareFlows| -> Vec<u32> {
        let first = flows.busiest(4, |_| true).into_iter();
        let sides = first.map(|(_, wanted)| wanted.side(Direction::Forward).unwrap().sip);
        sides
            .map(|address| match address {
                std::net::IpAddr::V4(address) => address.to_bits(),
                std::net::IpAddr::V6(_) => panic!("IPv6"),
            })
            .collect()
    };
    assert_eq!(order(&flows), [3, 7, 0, 1]);
    let (number, _) = flows.busiest(1, |_| true)[0];
    assert_eq!(flows.hand_over(number)[0].packets, 5);
    assert_eq!(order(&flows), [7, 0, 1, 2]);
}

#[test]
fn a_key_is_one_flows_at_most() {
    let mut flows = SoftwareFlows::default();
    add(&mut flows, 1, 0).unwrap();
    flows.count(&key(1), 60, at(0));
    add(&mut flows, 1, 1).unwrap();
    assert_eq!(flows.list().len(), 2);
    assert_eq!(flows.list()[0].traffic, Traffic::default());
    flows.remove_all(|side| side.sip == Ipv4Addr::from_bits(1));
    assert!(flows.is_empty());
    assert_eq!(flows.get(&key(1)), None);
}

#[test]
fn there_are_so_many_places_and_no_more() {
    let mut flows = SoftwareFlows::default();
    (0..FLOWS as u32).for_each(|number| add(&mut flows, number, 0).unwrap());
    assert_eq!(add(&mut flows, FLOWS as u32, 0), Err(Refusal::Full));
    flows.remove(&key(5));
    add(&mut flows, FLOWS as u32, 0).unwrap();
}
