use super::*;
use crate::routes::tests::network;
use crate::testing::{from_vif, put, verdict, Change};
use underpass_layout::meta::RoundKind;
use underpass_layout::tables::{id, NexthopEntry, VifKind};

/// The nexthop of 10.1.1.9, by a route of [`network`].
const NEXTHOP: u32 = 32;
const ROUTED: Route = Route {
    routed: true,
    nexthop: NEXTHOP,
    label: NEXTHOP + 1000,
};

/// A nexthop that asks for a flow.
fn asking() -> NexthopEntry {
    NexthopEntry {
        valid: true,
        kind: NexthopKind::Encap,
        policy: true,
        flow_nexthop: 23,
        vrf: 7,
        fat_set: 5,
        ..NexthopEntry::default()
    }
}

const ASKED: Receiver = Receiver {
    wanted: true,
    nexthop: 23,
    relaxed: false,
    vrf: 7,
    fat_set: 5,
};

/// A packet from a tunnel to 10.1.1.9 in VRF 2.
fn packet() -> Meta {
    let mut meta = from_vif(VifKind::Fabric);
    meta.bridge.l3 = true;
    meta.decap.tunnelled = true;
    meta.decap.vrf = 2;
    meta.inner.ipv4 = true;
    meta.inner.ttl = 64;
    meta.inner.dst = 0x0a01_0109;
    meta
}

fn received(entry: NexthopEntry, mut meta: Meta) -> Meta {
    let mut tables = network();
    put(&mut tables, id::NEXTHOP, NEXTHOP as usize, &entry);
    receiver(&tables, &mut meta);
    meta
}

#[test]
fn a_route_leads_to_a_nexthop_that_asks_for_a_flow() {
    let meta = received(asking(), packet());
    assert_eq!((meta.route, meta.receiver), (ROUTED, ASKED));
    assert_eq!(verdict(&meta), Verdict::Continue);
    let relaxed = NexthopEntry {
        kind: NexthopKind::Ecmp,
        relaxed: true,
        ..asking()
    };
    let meta = received(relaxed, packet());
    let expected = Receiver {
        relaxed: true,
        ..ASKED
    };
    assert_eq!(meta.receiver, expected);
}

#[test]
fn what_is_bridged_or_labelled_is_asked_by_its_nexthop() {
    let mut bridged = packet();
    bridged.bridge.l3 = false;
    let mut labelled = packet();
    labelled.decap.direct = true;
    for mut meta in [bridged, labelled] {
        meta.bridge.nexthop = NEXTHOP;
        meta.bridge.label = 128;
        meta.inner.ttl = 0;
        let meta = received(asking(), meta);
        let expected = Route {
            routed: false,
            nexthop: NEXTHOP,
            label: 128,
        };
        assert_eq!((meta.route, meta.receiver), (expected, ASKED));
        assert_eq!(verdict(&meta), Verdict::Continue);
    }
}

#[test]
fn other_packets_need_no_flow() {
    let entries: [fn(&mut NexthopEntry); 3] = [
        |entry| entry.valid = false,
        |entry| entry.policy = false,
        |entry| entry.kind = NexthopKind::Tunnel,
    ];
    for (i, change) in entries.into_iter().enumerate() {
        let mut entry = asking();
        change(&mut entry);
        let meta = received(entry, packet());
        let expected = (ROUTED, Receiver::default());
        assert_eq!((meta.route, meta.receiver), expected, "entry {i}");
    }
    let packets: [fn(&mut Meta); 2] = [
        |meta| meta.inner.tagged = true,
        |meta| meta.inner.ipv4 = false,
    ];
    for (i, change) in packets.into_iter().enumerate() {
        let mut meta = packet();
        change(&mut meta);
        let meta = received(asking(), meta);
        let expected = (ROUTED, Receiver::default());
        assert_eq!((meta.route, meta.receiver), expected, "packet {i}");
    }
    let mut decided = packet();
    decided.punt(PuntReason::Tagged);
    let meta = received(asking(), decided);
    assert_eq!(
        (meta.route, meta.receiver),
        (Route::default(), Receiver::default())
    );
}

#[test]
fn what_has_no_route_has_no_receiver() {
    for (vrf, expected) in [
        (3, Verdict::Punt(PuntReason::VrfInSoftware)),
        (4, Verdict::Drop(DropReason::Discard)),
    ] {
        let mut meta = packet();
        meta.decap.vrf = vrf;
        let meta = received(asking(), meta);
        assert_eq!(verdict(&meta), expected);
        let routed = Route {
            routed: true,
            ..Route::default()
        };
        assert_eq!((meta.route, meta.receiver), (routed, Receiver::default()));
    }
}

#[test]
fn a_vms_own_policy_comes_before_its_route_and_its_verdict() {
    let mut meta = from_vm();
    meta.classify.entry.policy = true;
    meta.bridge.flow_first = true;
    meta.drop(DropReason::L2NoRoute);
    let meta = received(asking(), meta);
    let expected = Receiver {
        wanted: true,
        nexthop: 24,
        relaxed: false,
        vrf: 0,
        fat_set: 6,
    };
    assert_eq!((meta.route, meta.receiver), (Route::default(), expected));
    assert_eq!(verdict(&meta), Verdict::Drop(DropReason::L2NoRoute));
}

/// A packet from a VM behind nexthop 24, from 10.1.1.8, to the router.
fn from_vm() -> Meta {
    let mut meta = packet();
    meta.decap.tunnelled = false;
    meta.classify.entry.kind = VifKind::Vm;
    meta.classify.entry.check_source = true;
    meta.classify.entry.nexthop = 24;
    meta.classify.entry.fat_set = 6;
    meta.inner.src = 0x0a01_0108;
    meta
}

#[test]
fn the_source_leads_back_to_the_interface() {
    for (change, expected) in [
        ((|_| ()) as fn(&mut Meta), Verdict::Continue),
        (|meta| meta.bridge.l3 = false, Verdict::Continue),
        (
            |meta| meta.inner.src = 0x0a01_0109,
            Verdict::Drop(DropReason::InvalidSource),
        ),
        (
            |meta| meta.decap.vrf = 4,
            Verdict::Drop(DropReason::InvalidSource),
        ),
        (
            |meta| meta.decap.vrf = 5,
            Verdict::Drop(DropReason::InvalidSource),
        ),
        (
            |meta| meta.decap.vrf = 3,
            Verdict::Punt(PuntReason::VrfInSoftware),
        ),
        (
            |meta| (meta.decap.vrf, meta.arrival.round.known.routed) = (3, true),
            Verdict::Continue,
        ),
        (
            |meta| (meta.decap.vrf, meta.arrival.round.known.routed) = (4, true),
            Verdict::Drop(DropReason::InvalidSource),
        ),
        (
            |meta| (meta.inner.ipv4, meta.inner.ipv6) = (false, true),
            Verdict::Drop(DropReason::InvalidSource),
        ),
    ] {
        let mut meta = from_vm();
        change(&mut meta);
        let meta = received(asking(), meta);
        assert_eq!(verdict(&meta), expected);
        assert_eq!(
            (meta.route, meta.receiver),
            (Route::default(), Receiver::default())
        );
    }
}

#[test]
fn the_source_is_checked_of_a_vms_unicast_ip_alone() {
    let changes: [fn(&mut Meta); 6] = [
        |meta| meta.classify.entry.policy = true,
        |meta| meta.classify.entry.check_source = false,
        |meta| meta.classify.entry.kind = VifKind::Fabric,
        |meta| meta.inner.tagged = true,
        |meta| meta.inner.neighbor = true,
        |meta| meta.inner.dst_mac = 0x0100_5e00_0001,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut meta = from_vm();
        meta.inner.src = 1;
        change(&mut meta);
        let meta = received(asking(), meta);
        assert_eq!(verdict(&meta), Verdict::Continue, "change {i}");
        assert_eq!(meta.route, ROUTED, "change {i}");
    }
}

#[test]
fn a_nexthop_asks_no_copy_and_no_packet_twice() {
    let rounds: [(Change, bool); 5] = [
        (|meta| meta.arrival.round.kind = RoundKind::Again, true),
        (|meta| meta.arrival.round.kind = RoundKind::Tenant, true),
        (|meta| meta.arrival.round.kind = RoundKind::Member, false),
        (|meta| meta.arrival.round.judged = true, false),
        (|meta| meta.arrival.round.quiet = true, false),
    ];
    for (i, (change, wanted)) in rounds.into_iter().enumerate() {
        let mut meta = packet();
        change(&mut meta);
        let meta = received(asking(), meta);
        assert_eq!((meta.receiver.wanted, meta.route), (wanted, ROUTED), "{i}");
    }
}
