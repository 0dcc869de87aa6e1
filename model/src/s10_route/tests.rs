use super::*;
use crate::routes::tests::network;
use crate::testing::{from_vif, verdict, Change};
use underpass_layout::meta::RoundKind;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::{OnwardEntry, VifKind};
use underpass_layout::{PuntReason, Verdict};

/// The nexthops of 10.1.1.9 and 10.1.1.8, by routes of [`network`].
const NINE: u32 = 32;
const EIGHT: u32 = 24;

fn to(nexthop: u32) -> Route {
    Route {
        routed: true,
        nexthop,
        label: nexthop + 1000,
    }
}

/// A routed packet from a VM in VRF 2 to 10.1.1.9, whose flow came first.
fn from_vm() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.bridge.l3 = true;
    meta.bridge.flow_first = true;
    meta.bridge.nexthop = 124;
    meta.bridge.label = 128;
    meta.decap.vrf = 2;
    meta.inner.ipv4 = true;
    meta.inner.ttl = 64;
    meta.inner.dst = 0x0a01_0109;
    meta
}

/// The same packet from a tunnel, routed before its flow to a VM in VRF 4.
fn to_vm() -> Meta {
    let mut meta = from_vm();
    meta.classify.entry.kind = VifKind::Fabric;
    meta.bridge.flow_first = false;
    meta.receiver.vrf = 4;
    meta.route = to(NINE);
    meta
}

fn with_onward(mut meta: Meta, onward: OnwardEntry) -> Meta {
    meta.flow.goes_onward = true;
    meta.flow.onward = onward;
    meta
}

fn translated(meta: Meta, vrf: u16) -> Meta {
    let onward = OnwardEntry {
        translate: true,
        vrf,
        ..OnwardEntry::default()
    };
    with_onward(meta, onward)
}

fn routed(mut meta: Meta) -> Meta {
    route(&network(), &mut meta);
    meta
}

#[test]
fn a_vms_packet_is_routed_behind_its_flow_or_source() {
    let mut checked = from_vm();
    checked.bridge.flow_first = false;
    checked.classify.entry.check_source = true;
    for meta in [from_vm(), checked] {
        let after = routed(meta);
        assert_eq!(
            (after.route, verdict(&after)),
            (to(NINE), Verdict::Continue)
        );
        let mut bridged = meta;
        bridged.bridge.l3 = false;
        let expected = Route {
            routed: false,
            nexthop: 124,
            label: 128,
        };
        assert_eq!(routed(bridged).route, expected);
        let mut ended = meta;
        ended.inner.ttl = 0;
        let ended = routed(ended);
        assert_eq!(verdict(&ended), Verdict::Drop(DropReason::TtlExceeded));
    }
}

#[test]
fn a_route_that_is_known_stays() {
    let mut meta = to_vm();
    meta.route.label = 9;
    for meta in [meta, translated(meta, 4)] {
        let after = routed(meta);
        assert_eq!(
            (after.route, verdict(&after)),
            (meta.route, Verdict::Continue)
        );
    }
}

#[test]
fn a_flow_that_changes_the_vrf_is_routed_there() {
    for mut meta in [from_vm(), to_vm()] {
        meta.decap.vrf = 5;
        assert_eq!(routed(translated(meta, 2)).route, to(NINE));
        for (vrf, expected) in [
            (3, Verdict::Punt(PuntReason::VrfInSoftware)),
            (5, Verdict::Drop(DropReason::Discard)),
        ] {
            let after = routed(translated(meta, vrf));
            let nowhere = Route {
                routed: true,
                ..Route::default()
            };
            assert_eq!((after.route, verdict(&after)), (nowhere, expected));
        }
    }
}

#[test]
fn a_bridged_frame_has_no_mac_in_another_vrf() {
    let mut meta = from_vm();
    meta.bridge.l3 = false;
    let after = routed(translated(meta, 4));
    assert_eq!(verdict(&after), Verdict::Drop(DropReason::L2NoRoute));
    assert_eq!(after.route, Route::default());
    let after = routed(translated(meta, 2));
    let expected = Route {
        routed: false,
        nexthop: 124,
        label: 128,
    };
    assert_eq!(
        (after.route, verdict(&after)),
        (expected, Verdict::Continue),
        "its own"
    );
}

#[test]
fn the_destination_of_the_flow_is_routed() {
    let onward = OnwardEntry {
        dnat: true,
        dst: 0x0a01_0108,
        ..OnwardEntry::default()
    };
    assert_eq!(routed(with_onward(from_vm(), onward)).route, to(EIGHT));
    let known = routed(with_onward(to_vm(), onward)).route;
    assert_eq!(known, to(NINE), "the nexthop's own VRF");
    let elsewhere = OnwardEntry {
        translate: true,
        vrf: 2,
        ..onward
    };
    assert_eq!(routed(with_onward(to_vm(), elsewhere)).route, to(EIGHT));
}

#[test]
fn a_flow_keeps_to_its_nexthop() {
    let onward = OnwardEntry {
        steer: true,
        nexthop: 77,
        label: 78,
        translate: true,
        vrf: 5,
        ..OnwardEntry::default()
    };
    for (mut meta, l3, direct) in [
        (from_vm(), true, false),
        (from_vm(), false, false),
        (to_vm(), true, false),
        (to_vm(), true, true),
        (to_vm(), false, false),
    ] {
        meta.bridge.l3 = l3;
        meta.decap.direct = direct;
        let after = routed(with_onward(meta, onward));
        let expected = Route {
            routed: l3 && !direct,
            nexthop: 77,
            label: 78,
        };
        assert_eq!(
            (after.route, verdict(&after)),
            (expected, Verdict::Continue)
        );
    }
}

#[test]
fn what_is_decided_is_left_alone() {
    for mut meta in [from_vm(), to_vm()] {
        meta.punt(PuntReason::FlowMiss);
        let before = meta.route;
        assert_eq!(routed(translated(meta, 2)).route, before);
    }
}

/// ARP of the guest of 10.1.1.9 in VRF 2, whose word is not taken.
const ROUTER: u64 = 0x0000_5e00_0100;

fn arp() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.classify.entry.check_arp = true;
    meta.classify.entry.router_mac = ROUTER;
    meta.classify.entry.nexthop = NINE;
    meta.decap.frame = true;
    meta.decap.vrf = 2;
    meta.inner.arp = ArpKind::Request;
    meta.inner.src = 0x0a01_0109;
    meta.inner.dst = 0x0a01_0108;
    meta.route.nexthop = 90;
    meta.answer.shown = true;
    meta
}

#[test]
fn a_sender_has_to_be_where_its_address_is() {
    let lies: [Change; 7] = [
        |meta| meta.inner.arp_mac = ROUTER,
        |meta| (meta.inner.src, meta.inner.arp_mac) = (0, ROUTER),
        |meta| meta.inner.src = 0x0a01_0108,
        |meta| meta.classify.entry.nexthop = EIGHT,
        |meta| meta.decap.vrf = 3,
        |meta| meta.decap.vrf = 4,
        |meta| {
            meta.decap.vrf = 3;
            meta.arrival.round.known.routed = true;
            meta.arrival.round.known.nexthop = NINE;
        },
    ];
    for kind in [ArpKind::Request, ArpKind::Other] {
        let mut truth = arp();
        truth.inner.arp = kind;
        let after = routed(truth);
        assert_eq!(verdict(&after), Verdict::Continue);
        assert_eq!((after.route, after.answer), (truth.route, truth.answer));
        for (i, change) in lies.into_iter().enumerate() {
            let mut meta = truth;
            change(&mut meta);
            let after = routed(meta);
            assert_eq!(verdict(&after), Verdict::Punt(PuntReason::Arp), "lie {i}");
        }
    }
}

#[test]
fn whose_word_is_taken_may_say_what_it_likes() {
    let taken: [Change; 10] = [
        |meta| meta.classify.entry.check_arp = false,
        |meta| meta.inner.arp = ArpKind::None,
        |meta| meta.inner.tagged = true,
        |meta| meta.inner.src = 0,
        |meta| meta.decap.tunnelled = true,
        |meta| meta.classify.entry.kind = VifKind::Fabric,
        |meta| meta.arrival.round.kind = RoundKind::Tenant,
        |meta| meta.arrival.round.kind = RoundKind::Member,
        |meta| {
            meta.arrival.injected = true;
            meta.arrival.command = InjectCommand::Flood;
        },
        |meta| meta.drop(DropReason::InvalidArp),
    ];
    for (i, change) in taken.into_iter().enumerate() {
        let mut meta = arp();
        meta.inner.src = 0x0a01_0108;
        change(&mut meta);
        let before = verdict(&meta);
        assert_eq!(verdict(&routed(meta)), before, "change {i}");
    }
}
