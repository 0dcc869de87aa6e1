use super::*;
use crate::s7_receiver::receiver;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::meta::Receiver;
use underpass_layout::tables::{
    id, NexthopEntry, RouteEntry, RouteKey, StitchedEntry, StitchedKey, VifKind, VrfEntry,
};
use underpass_layout::Verdict;

const ROUTER: u64 = 0x0000_5e00_0100;
const STITCHED: u64 = 0x0200_0000_0044;
const TARGET: u32 = 0x0a01_0104;
/// The interface that asks.
const VIF: u16 = 3;
const ASKED: Verdict = Verdict::Punt(PuntReason::Arp);
const INVALID: Verdict = Verdict::Drop(DropReason::InvalidArp);
const NO_ROUTE: Verdict = Verdict::Drop(DropReason::L2NoRoute);

/// Where the address is that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// The interface that asks.
    Asker,
    /// The wire behind that interface.
    Wire,
    /// Another one here.
    Neighbor,
    /// Another node.
    Tunnel,
    /// The node itself.
    Node,
    /// A nexthop that is none.
    Nothing,
}

const ALL: [Behind; 6] = [
    Behind::Asker,
    Behind::Wire,
    Behind::Neighbor,
    Behind::Tunnel,
    Behind::Node,
    Behind::Nothing,
];

fn nexthop(behind: Behind) -> NexthopEntry {
    let (kind, vif) = match behind {
        Behind::Asker => (NexthopKind::Encap, VIF),
        Behind::Wire => (NexthopKind::Resolve, VIF),
        Behind::Neighbor => (NexthopKind::Encap, VIF + 1),
        Behind::Tunnel => (NexthopKind::Tunnel, VIF),
        Behind::Node => (NexthopKind::Receive, VIF),
        Behind::Nothing => (NexthopKind::Encap, VIF),
    };
    NexthopEntry {
        valid: behind != Behind::Nothing,
        kind,
        vif,
        ..NexthopEntry::default()
    }
}

/// VRF 2 with a route to the address, as the flags say; VRF 3 is punted; VRF 4 has a default.
fn network(arp: ArpAnswer, behind: Behind, stitched: bool) -> Tables {
    let mut tables = tables();
    let word = VrfEntry {
        valid: true,
        ..VrfEntry::default()
    };
    put(&mut tables, id::VRF, 2, &word);
    let punted = VrfEntry {
        punt_all: true,
        ..word
    };
    put(&mut tables, id::VRF, 3, &punted);
    let default = VrfEntry {
        default_valid: true,
        default_nexthop: 50,
        default_arp: arp,
        ..word
    };
    put(&mut tables, id::VRF, 4, &default);
    let route = RouteEntry {
        valid: true,
        key: RouteKey {
            vrf: 2,
            v6: false,
            length: 32,
            prefix: TARGET.into(),
        },
        nexthop: 50,
        label: 17,
        arp,
        trap: true,
    };
    put(&mut tables, id::ROUTE_HOST, 0, &route);
    put(&mut tables, id::NEXTHOP, 50, &nexthop(behind));
    let entry = StitchedEntry {
        valid: stitched,
        key: StitchedKey {
            vrf: 2,
            address: TARGET,
        },
        mac: STITCHED,
    };
    put(&mut tables, id::STITCHED, 0, &entry);
    tables
}

/// A guest asks for the address.
fn asks() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.classify.vif = VIF;
    meta.classify.entry.router_mac = ROUTER;
    meta.decap.frame = true;
    meta.decap.vrf = 2;
    meta.inner.dst = TARGET.into();
    meta.bridge.arp = ArpStep::Query;
    meta.bridge.floods = true;
    (meta.bridge.nexthop, meta.bridge.label) = (90, 5002);
    meta
}

fn far() -> Meta {
    let mut meta = asks();
    meta.classify.entry.kind = VifKind::Fabric;
    meta.decap.tunnelled = true;
    meta
}

fn with_arp(arp: VifArp) -> Meta {
    let mut meta = asks();
    meta.classify.entry.arp = arp;
    meta
}

/// What came of it, in a word.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Mac(u64),
    Flood,
    Other(Verdict),
}

fn told(tables: &Tables, mut meta: Meta) -> Told {
    receiver(tables, &mut meta);
    assert_eq!(meta.receiver, Receiver::default());
    let answered = Answer {
        on: true,
        mac: meta.answer.mac,
        shown: false,
    };
    let flooded = Route {
        routed: false,
        nexthop: 90,
        label: 5002,
    };
    match verdict(&meta) {
        Verdict::Continue if meta.answer.on => {
            assert_eq!((meta.answer, meta.route), (answered, Route::default()));
            Told::Mac(meta.answer.mac)
        }
        Verdict::Continue => {
            assert_eq!((meta.answer, meta.route), (Answer::default(), flooded));
            Told::Flood
        }
        other => {
            assert_eq!((meta.answer.on, meta.route), (false, Route::default()));
            Told::Other(other)
        }
    }
}

#[test]
fn each_row_of_the_table_of_answers_for_guests() {
    for behind in ALL {
        let own = matches!(behind, Behind::Asker | Behind::Wire);
        let unless_own = |told| if own { Told::Flood } else { told };
        for (arp, stitched, expected) in [
            (ArpAnswer::Flood, true, Told::Flood),
            (ArpAnswer::Router, true, unless_own(Told::Mac(ROUTER))),
            (ArpAnswer::Stitched, true, unless_own(Told::Mac(STITCHED))),
            (ArpAnswer::Stitched, false, unless_own(Told::Other(ASKED))),
            (ArpAnswer::Ask, true, unless_own(Told::Other(ASKED))),
        ] {
            let tables = network(arp, behind, stitched);
            assert_eq!(told(&tables, asks()), expected, "{arp} {behind:?}");
        }
    }
}

#[test]
fn each_row_of_the_table_of_answers_for_others() {
    for behind in ALL {
        let gateway = behind == Behind::Node;
        let here = matches!(behind, Behind::Asker | Behind::Neighbor);
        let ends = Told::Other(INVALID);
        let unless_gateway = |told| if gateway { Told::Other(INVALID) } else { told };
        let if_here = |told| match (gateway, here) {
            (true, _) => Told::Other(INVALID),
            (false, true) => told,
            (false, false) => Told::Flood,
        };
        for (arp, stitched, expected) in [
            (ArpAnswer::Flood, true, Told::Flood),
            (ArpAnswer::Router, true, unless_gateway(Told::Flood)),
            (ArpAnswer::Stitched, true, if_here(Told::Mac(STITCHED))),
            (ArpAnswer::Stitched, false, if_here(Told::Other(ASKED))),
            (ArpAnswer::Ask, true, unless_gateway(Told::Other(ASKED))),
        ] {
            let tables = network(arp, behind, stitched);
            let found = told(&tables, far());
            assert_eq!(found, expected, "{arp} {behind:?}");
            assert!(!gateway || arp == ArpAnswer::Flood || found == ends);
        }
    }
}

#[test]
fn an_interface_whose_arp_is_proxied_is_answered_whatever_the_route_says() {
    for arp in ArpAnswer::ALL {
        for behind in ALL {
            let tables = network(*arp, behind, true);
            assert_eq!(told(&tables, with_arp(VifArp::Proxy)), Told::Mac(ROUTER));
        }
    }
    let mut no_route = with_arp(VifArp::Proxy);
    no_route.decap.vrf = 5;
    let tables = network(ArpAnswer::Flood, Behind::Nothing, false);
    assert_eq!(told(&tables, no_route), Told::Mac(ROUTER));
    let mut far = far();
    far.classify.entry.arp = VifArp::Proxy;
    assert_eq!(told(&tables, far), Told::Flood, "that is for guests");
}

#[test]
fn an_interface_with_a_gateway_is_answered_for_the_nodes_own_addresses() {
    for behind in ALL {
        let tables = |arp| network(arp, behind, true);
        let asked = |arp| told(&tables(arp), with_arp(VifArp::Gateway));
        assert_eq!(asked(ArpAnswer::Flood), Told::Flood);
        let if_own = |told| match behind {
            Behind::Node => told,
            _ => Told::Other(INVALID),
        };
        assert_eq!(asked(ArpAnswer::Router), if_own(Told::Mac(ROUTER)));
        assert_eq!(asked(ArpAnswer::Stitched), if_own(Told::Mac(STITCHED)));
        assert_eq!(asked(ArpAnswer::Ask), if_own(Told::Other(ASKED)));
    }
}

#[test]
fn without_a_route_it_is_flooded_and_in_software_the_slow_path_knows() {
    let tables = network(ArpAnswer::Router, Behind::Neighbor, false);
    let in_vrf = |vrf| {
        let mut meta = asks();
        meta.decap.vrf = vrf;
        meta
    };
    assert_eq!(told(&tables, in_vrf(5)), Told::Flood, "no VRF");
    let mut other = asks();
    other.inner.dst += 1;
    assert_eq!(told(&tables, other), Told::Flood, "no route");
    assert_eq!(told(&tables, in_vrf(4)), Told::Mac(ROUTER), "the default");
    for mut meta in [in_vrf(3), with_arp(VifArp::Proxy)] {
        meta.decap.vrf = 3;
        meta.arrival.round.known.routed = true;
        assert_eq!(told(&tables, meta), Told::Other(ASKED));
        meta.bridge.arp = ArpStep::Announce;
        assert_eq!(told(&tables, meta), Told::Other(ASKED));
    }
}

#[test]
fn what_cannot_be_flooded_ends_unless_it_is_answered() {
    for (arp, expected) in [
        (ArpAnswer::Flood, Told::Other(NO_ROUTE)),
        (ArpAnswer::Router, Told::Mac(ROUTER)),
    ] {
        let mut meta = asks();
        meta.bridge.floods = false;
        let tables = network(arp, Behind::Neighbor, false);
        assert_eq!(told(&tables, meta), expected);
    }
}

#[test]
fn who_tells_nobody_is_shown_all_the_same() {
    let tables = network(ArpAnswer::Router, Behind::Asker, true);
    let mut meta = asks();
    meta.bridge.arp = ArpStep::Announce;
    meta.bridge.floods = false;
    receiver(&tables, &mut meta);
    assert_eq!(verdict(&meta), NO_ROUTE);
    assert!(meta.answer.shown);
}

#[test]
fn what_tells_is_flooded_and_shown_once_where_the_route_says_so() {
    let tables = network(ArpAnswer::Router, Behind::Asker, true);
    let shown = |change: fn(&mut Meta)| {
        let mut meta = asks();
        meta.bridge.arp = ArpStep::Announce;
        change(&mut meta);
        receiver(&tables, &mut meta);
        assert_eq!(verdict(&meta), Verdict::Continue);
        assert_eq!((meta.answer.on, meta.route.nexthop), (false, 90));
        meta.answer.shown
    };
    assert!(shown(|_| ()));
    assert!(!shown(|meta| meta.inner.dst += 1), "no route");
    assert!(!shown(|meta| meta.decap.vrf = 4), "the default shows none");
    assert!(!shown(|meta| meta.arrival.injected = true));
    assert!(!shown(|meta| meta.arrival.round.kind = RoundKind::Again));
}
