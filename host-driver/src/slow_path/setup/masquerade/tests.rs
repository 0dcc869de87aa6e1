use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 5);
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const SCTP: u8 = 132;

/// What a guest's flow would be answered by, were it not translated.
fn plain(protocol: u8, guest: u8, port: u16, remote: (u8, u16)) -> Key {
    let (src_port, dst_port) = match protocol {
        ICMP => (port, 0),
        _ => (remote.1, port),
    };
    Key {
        nexthop: 6,
        protocol,
        src_port,
        dst_port,
        src: Ipv4Addr::new(198, 51, 100, remote.0).into(),
        dst: Ipv4Addr::new(10, 0, 0, guest).into(),
    }
}

fn open(live: &mut HashSet<Key>, wanted: &Key) -> Option<Key> {
    let key = answer(wanted, ADDRESS, |key| live.contains(key))?;
    assert!(live.insert(key), "{key:?} is another's");
    Some(key)
}

#[test]
fn a_port_stays_where_it_is_free_and_comes_back() {
    let mut live = HashSet::new();
    for protocol in [TCP, UDP] {
        let first = open(&mut live, &plain(protocol, 4, 500, (9, 53))).unwrap();
        assert_eq!((first.dst, first.dst_port), (ADDRESS.into(), 500));
        let second = open(&mut live, &plain(protocol, 5, 500, (9, 53))).unwrap();
        assert!(second.dst_port >= 1024, "{}", second.dst_port);
        let elsewhere = open(&mut live, &plain(protocol, 5, 500, (7, 53))).unwrap();
        assert_eq!(elsewhere.dst_port, 500, "another address");
        let elsewhere = open(&mut live, &plain(protocol, 5, 500, (9, 54))).unwrap();
        assert_eq!(elsewhere.dst_port, 500, "another port");
        live.remove(&first);
        let third = open(&mut live, &plain(protocol, 6, 500, (9, 53))).unwrap();
        assert_eq!(third.dst_port, 500);
    }
}

#[test]
fn what_cannot_be_replaced_is_refused_where_it_is_taken() {
    let mut live = HashSet::new();
    for protocol in [ICMP, SCTP, 47] {
        let port = if protocol == 47 { 0 } else { 7 };
        let kept = open(&mut live, &plain(protocol, 4, port, (9, port))).unwrap();
        assert_eq!(kept.dst, IpAddr::V4(ADDRESS));
        assert_eq!(open(&mut live, &plain(protocol, 5, port, (9, port))), None);
        live.remove(&kept);
        assert_eq!(
            open(&mut live, &plain(protocol, 5, port, (9, port))),
            Some(kept)
        );
    }
}

#[test]
fn a_search_ends_and_finds_what_is_not_too_rare() {
    let tries = std::cell::Cell::new(0);
    let full = answer(&plain(UDP, 4, 500, (9, 53)), ADDRESS, |_| {
        tries.set(tries.get() + 1);
        true
    });
    assert_eq!((full, tries.get()), (None, TRIES + 1));
    // All but one port in a hundred are taken.
    let rare = answer(&plain(UDP, 4, 500, (9, 53)), ADDRESS, |key| {
        key.dst_port % 100 != 77
    });
    assert_eq!(rare.map(|key| key.dst_port % 100), Some(77));
}

#[test]
fn every_port_would_be_tried() {
    let all: HashSet<u32> = (0..PORTS).map(|at| at * STRIDE % PORTS).collect();
    assert_eq!(all.len(), PORTS as usize);
}

#[derive(Clone, Debug)]
enum Step {
    Open(u8, u8, u16, (u8, u16)),
    Close(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let protocol = prop_oneof![Just(TCP), Just(UDP), Just(ICMP)];
    let open = (protocol, 4..8u8, 1..4u16, (1..3u8, 53..55u16));
    prop_oneof![
        3 => open.prop_map(|(protocol, guest, port, remote)| Step::Open(protocol, guest, port, remote)),
        1 => any::<usize>().prop_map(Step::Close),
    ]
}

proptest! {
    /// No two live flows share an answer key, and all that was closed may be had again.
    #[test]
    fn no_two_flows_have_the_same_answers(steps in prop::collection::vec(step(), 1..200)) {
        let mut live = HashSet::new();
        let mut order = Vec::new();
        for step in steps {
            match step {
                Step::Open(protocol, guest, port, remote) => {
                    let wanted = plain(protocol, guest, port, remote);
                    match open(&mut live, &wanted) {
                        Some(key) => order.push(key),
                        None => prop_assert_eq!(protocol, ICMP, "there are ports enough"),
                    }
                }
                Step::Close(at) if !order.is_empty() => {
                    let key = order.swap_remove(at % order.len());
                    prop_assert!(live.remove(&key));
                    let again = Key { dst: Ipv4Addr::new(10, 0, 0, 9).into(), ..key };
                    prop_assert_eq!(answer(&again, ADDRESS, |key| live.contains(key)), Some(key));
                }
                Step::Close(_) => {}
            }
        }
        prop_assert_eq!(live.len(), order.len());
    }
}
