//! Plans where there is little room: what is left out, when it comes, and where MACs for ARP have their place.

use underpass_layout::tables::{id, ArpAnswer};

use super::examples::{from, nexthop, route, shape, steps};
use super::states::set_stitched;
use super::{SEED, TINY};
use crate::entries::{Entries, Prefix};
use crate::placed::{Placed, Reason};
use crate::plan::plan;

/// Gives the route to an address of VRF 1 a MAC for ARP.
fn stitch(entries: &mut Entries, address: u32, mac: u8) {
    let prefix = Prefix::host(1, address);
    let route = entries
        .routes
        .get_mut(&prefix)
        .expect("a route of the test");
    route.arp = ArpAnswer::Stitched;
    set_stitched(entries, &prefix, ArpAnswer::Stitched, mac);
}

#[test]
fn a_mac_for_arp_is_there_before_its_route_and_goes_after_it() {
    let mut old = Entries::default();
    nexthop(&mut old, 5, 1);
    route(&mut old, 1, 24, 0x0a00_0000, 5);
    let mut want = old.clone();
    route(&mut want, 1, 32, 0x0a00_0009, 5);
    stitch(&mut want, 0x0a00_0009, 9);
    let expected = [("stitched", Reason::New), ("route_host", Reason::New)];
    assert_eq!(shape(&steps(&old, &want)), expected);
    let expected = [("route_host", Reason::Free), ("stitched", Reason::Free)];
    assert_eq!(shape(&steps(&want, &old)), expected);
    let mut moved = want.clone();
    stitch(&mut moved, 0x0a00_0009, 10);
    let expected = [("stitched", Reason::Change)];
    assert_eq!(shape(&steps(&want, &moved)), expected);
}

#[test]
fn the_slow_path_answers_where_macs_find_no_room() {
    let mut want = Entries::default();
    nexthop(&mut want, 5, 1);
    for (vrf, count) in [(1, 30), (2, 3)] {
        for n in 0..count {
            route(&mut want, vrf, 32, 0x0a00_0000 + n, 5);
            let prefix = Prefix::host(vrf, 0x0a00_0000 + n);
            set_stitched(&mut want, &prefix, ArpAnswer::Stitched, 1);
            let route = want.routes.get_mut(&prefix).expect("it was added");
            route.arp = ArpAnswer::Stitched;
        }
    }
    let mut profile = TINY;
    profile.rows[id::ROUTE_HOST as usize] = 64;
    let (_, placed) = plan(&Placed::empty(&profile, SEED), &want).expect("routes fit");
    let arp = |vrf| {
        let routes = placed.entries().routes.iter();
        let own = routes.filter(move |(prefix, _)| prefix.vrf == vrf);
        own.map(|(_, route)| route.arp).collect::<Vec<_>>()
    };
    assert_eq!(arp(1), [ArpAnswer::Ask; 30]);
    assert_eq!(arp(2), [ArpAnswer::Stitched; 3]);
    assert_eq!(placed.entries().stitched.len(), 3);
    let (again, _) = plan(&placed, &want).expect("what fits once fits again");
    assert_eq!(again.steps, []);
}

/// Routes of a VRF that all lead to nexthop 5, where the table of hosts has room for 16.
fn hosts(entries: &mut Entries, vrf: u16, first: u32, count: u32) {
    (first..first + count).for_each(|n| route(entries, vrf, 32, 0x0a00_0000 + n, 5));
}

#[test]
fn what_fits_once_the_old_routes_are_gone_comes_then() {
    let mut old = Entries::default();
    nexthop(&mut old, 5, 1);
    hosts(&mut old, 1, 0, 9);
    let mut want = Entries::default();
    nexthop(&mut want, 5, 1);
    hosts(&mut want, 1, 100, 9);
    let (plan_of_both, placed) = plan(&from(&old), &want).expect("it fits in the end");
    assert_eq!(placed.entries(), &want);
    let words = plan_of_both
        .steps
        .iter()
        .filter(|step| step.table == id::VRF);
    let words: Vec<String> = words.map(ToString::to_string).collect();
    assert_eq!(
        words,
        ["change  vrf[1]  valid punt_all", "change  vrf[1]  valid"]
    );
    let (again, _) = plan(&placed, &want).expect("what fits once fits again");
    assert_eq!(again.steps, []);
}

#[test]
fn who_is_in_stays_in() {
    let mut old = Entries::default();
    nexthop(&mut old, 5, 1);
    hosts(&mut old, 1, 0, 8);
    hosts(&mut old, 2, 0, 12);
    let first = from(&old);
    let punted = |placed: &Placed| [1, 2].map(|vrf| placed.entries().vrfs[&vrf].punt_all);
    assert_eq!(punted(&first), [false, true]);
    // Now VRF 1 would be the one with most.
    hosts(&mut old, 1, 8, 5);
    let (_, second) = plan(&first, &old).expect("one of them fits");
    assert_eq!(punted(&second), [false, true]);
    let (again, _) = plan(&second, &old).expect("what fits once fits again");
    assert_eq!(again.steps, []);
}
