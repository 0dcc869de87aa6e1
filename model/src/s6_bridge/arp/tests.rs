use super::super::tests::{bridged, frame, verdict_of, ROUTER, UNKNOWN, VM};
use super::*;
use crate::testing::{verdict, Change};
use underpass_layout::meta::{Bridge, RoundKind};
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::VifKind;
use underpass_layout::{PuntReason, Verdict};

/// Where frames for many go, and where those for the VM go.
const FLOOD: (u32, u32) = (90, 5002);
const KNOWN: (u32, u32) = (124, 128);
const NO_ROUTE: Verdict = Verdict::Drop(DropReason::L2NoRoute);
const INVALID: Verdict = Verdict::Drop(DropReason::InvalidArp);
const ASKED: Verdict = Verdict::Punt(PuntReason::Arp);

/// Of a VM: 10.1.1.3 asks all for 10.1.1.4.
fn request() -> Meta {
    let mut meta = frame(ethernet::BROADCAST);
    meta.inner.ipv4 = false;
    meta.inner.protocol = 0;
    meta.inner.ethertype = ethernet::ARP;
    meta.inner.arp = ArpKind::Request;
    (meta.inner.src, meta.inner.dst) = (0x0a01_0103, 0x0a01_0104);
    meta
}

/// It tells all of 10.1.1.3.
fn gratuitous() -> Meta {
    let mut meta = request();
    meta.inner.dst = meta.inner.src;
    meta
}

fn answer() -> Meta {
    let mut meta = request();
    meta.inner.arp = ArpKind::Other;
    meta
}

fn to(mac: u64, mut meta: Meta) -> Meta {
    meta.inner.dst_mac = mac;
    meta
}

fn out_of_tunnel(mut meta: Meta) -> Meta {
    meta.classify.entry.kind = VifKind::Fabric;
    meta.decap.tunnelled = true;
    meta
}

fn with(mut meta: Meta, change: Change) -> Meta {
    change(&mut meta);
    meta
}

fn found(step: ArpStep, (nexthop, label): (u32, u32)) -> Bridge {
    Bridge {
        nexthop,
        label,
        arp: step,
        floods: step != ArpStep::None,
        ..Bridge::default()
    }
}

/// What is found out, of a request that goes on.
fn bridge_of(meta: Meta) -> Bridge {
    let meta = bridged(meta);
    assert_eq!(verdict(&meta), Verdict::Continue);
    meta.bridge
}

#[test]
fn a_request_asks_and_would_go_by_its_mac() {
    for meta in [request(), out_of_tunnel(request())] {
        assert_eq!(bridge_of(meta), found(ArpStep::Query, FLOOD));
        assert_eq!(bridge_of(to(VM, meta)), found(ArpStep::Query, KNOWN));
        let nowhere = Bridge {
            arp: ArpStep::Query,
            ..Bridge::default()
        };
        for mac in [ROUTER, UNKNOWN] {
            assert_eq!(bridge_of(to(mac, meta)), nowhere, "{mac:#x}");
        }
        let unflooded = with(meta, |meta| meta.decap.vrf = 3);
        assert_eq!(bridge_of(unflooded), nowhere);
        let unknown = with(to(UNKNOWN, meta), |meta| meta.decap.flood_unknown = true);
        assert_eq!(bridge_of(unknown), found(ArpStep::Query, FLOOD));
    }
}

#[test]
fn what_tells_is_an_announcement_of_guests_alone() {
    let reply = with(gratuitous(), |meta| meta.inner.arp = ArpKind::Other);
    let unheard = Bridge {
        arp: ArpStep::Announce,
        ..Bridge::default()
    };
    for meta in [gratuitous(), reply] {
        assert_eq!(bridge_of(meta), found(ArpStep::Announce, FLOOD));
        // Whom the slow path is shown need not be heard by anybody else.
        let unflooded = with(meta, |meta| meta.decap.vrf = 3);
        assert_eq!(bridge_of(unflooded), unheard);
        let far = out_of_tunnel(meta);
        assert_eq!(bridge_of(far), found(ArpStep::None, FLOOD));
        let tagged = with(meta, |meta| meta.inner.tagged = true);
        assert_eq!(bridge_of(tagged), found(ArpStep::None, FLOOD));
    }
    assert_eq!(bridge_of(to(VM, reply)), found(ArpStep::None, KNOWN));
    assert_eq!(bridge_of(to(ROUTER, gratuitous())), unheard);
}

#[test]
fn whose_arp_is_proxied_tells_nobody() {
    let proxied = |meta| with(meta, |meta| meta.classify.entry.arp = VifArp::Proxy);
    assert_eq!(verdict_of(proxied(gratuitous())), INVALID);
    assert_eq!(bridge_of(proxied(request())), found(ArpStep::Query, FLOOD));
    let far = proxied(out_of_tunnel(gratuitous()));
    assert_eq!(bridge_of(far), found(ArpStep::None, FLOOD));
    let tagged = with(proxied(gratuitous()), |meta| meta.inner.tagged = true);
    assert_eq!(bridge_of(tagged), found(ArpStep::None, FLOOD));
    let reply = with(gratuitous(), |meta| meta.inner.arp = ArpKind::Other);
    assert_eq!(bridge_of(proxied(reply)), found(ArpStep::Announce, FLOOD));
}

#[test]
fn what_is_tagged_is_a_frame_like_any() {
    let tagged = with(request(), |meta| meta.inner.tagged = true);
    assert_eq!(bridge_of(tagged), found(ArpStep::None, FLOOD));
    assert_eq!(bridge_of(to(VM, tagged)), found(ArpStep::None, KNOWN));
    assert_eq!(verdict_of(to(ROUTER, tagged)), NO_ROUTE);
    let unflooded = with(tagged, |meta| meta.decap.vrf = 3);
    assert_eq!(verdict_of(unflooded), NO_ROUTE);
}

#[test]
fn what_lies_ends() {
    for meta in [request(), out_of_tunnel(request())] {
        let lying = with(meta, |meta| meta.inner.arp = ArpKind::Malformed);
        assert_eq!(verdict_of(lying), INVALID);
        let tagged = with(lying, |meta| meta.inner.tagged = true);
        assert_eq!(verdict_of(tagged), INVALID);
    }
}

#[test]
fn answers_go_to_whom_they_are_for() {
    for meta in [answer(), out_of_tunnel(answer())] {
        assert_eq!(bridge_of(meta), found(ArpStep::None, FLOOD));
        assert_eq!(bridge_of(to(VM, meta)), found(ArpStep::None, KNOWN));
        assert_eq!(verdict_of(to(UNKNOWN, meta)), NO_ROUTE);
        let tagged = with(meta, |meta| meta.inner.tagged = true);
        for to_router in [meta, tagged] {
            assert_eq!(verdict_of(to(ROUTER, to_router)), ASKED);
        }
    }
}

#[test]
fn who_may_not_ask_has_frames_like_any() {
    let asks: [(Change, bool); 7] = [
        (|meta| meta.arrival.round.kind = RoundKind::Again, true),
        (|meta| meta.arrival.round.kind = RoundKind::Tenant, true),
        (
            |meta| {
                meta.arrival.round.kind = RoundKind::Tenant;
                meta.arrival.round.quiet = true;
            },
            false,
        ),
        (
            |meta| {
                meta.arrival.round.kind = RoundKind::Tenant;
                meta.arrival.round.direct = true;
            },
            false,
        ),
        (|meta| meta.arrival.round.kind = RoundKind::Member, false),
        (
            |meta| {
                meta.arrival.injected = true;
                meta.arrival.command = InjectCommand::Flood;
            },
            false,
        ),
        (
            |meta| {
                meta.arrival.injected = true;
                meta.arrival.command = InjectCommand::Receive;
            },
            true,
        ),
    ];
    for (i, (change, asks)) in asks.into_iter().enumerate() {
        let step = if asks { ArpStep::Query } else { ArpStep::None };
        let asked = with(request(), change);
        assert_eq!(bridge_of(asked), found(step, FLOOD), "change {i}");
        let lying = with(asked, |meta| meta.inner.arp = ArpKind::Malformed);
        let expected = if asks { INVALID } else { Verdict::Continue };
        assert_eq!(verdict_of(lying), expected, "change {i}");
        let to_router = to(ROUTER, with(answer(), change));
        let expected = match asks {
            true => ASKED,
            false => Verdict::Drop(DropReason::InvalidProtocol),
        };
        assert_eq!(verdict_of(to_router), expected, "change {i}");
    }
}

#[test]
fn a_label_that_names_a_nexthop_does_not_answer() {
    let labelled = |mut meta: Meta| {
        meta.decap.direct = true;
        (meta.decap.nexthop, meta.decap.label) = (23, 17);
        out_of_tunnel(meta)
    };
    assert_eq!(bridge_of(labelled(request())), found(ArpStep::Query, FLOOD));
    let lying = with(request(), |meta| meta.inner.arp = ArpKind::Malformed);
    assert_eq!(verdict_of(labelled(lying)), INVALID);
    let expected = found(ArpStep::None, (23, 17));
    assert_eq!(bridge_of(labelled(answer())), expected);
    assert_eq!(bridge_of(labelled(to(ROUTER, answer()))), expected);
}
