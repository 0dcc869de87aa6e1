use super::*;
use crate::pipeline::bench::Bench;
use crate::pipeline::records::{record, slot};
use underpass_layout::meta::{self, ArpKind, ArpStep};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{ArpAnswer, VifArp};
use underpass_layout::{tables, Verdict};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// A VM's packet without policy, on an interface that has its sources checked.
fn checked() -> meta::Meta {
    let mut packet = meta::Meta::default();
    packet.classify.entry.kind = VifKind::Vm;
    packet.classify.entry.check_source = true;
    packet.classify.entry.nexthop = 25;
    packet.decap.frame = true;
    packet.inner.ipv6 = true;
    packet
}

#[test]
fn only_unicast_ip_of_vms_without_policy_has_its_source_checked() {
    let mut sim = Sim::new(&build("checked", Ports::Packed, Blocks::Inline, || {
        output("checked", source_checked(input::<Slot>("slot").meta));
    }));
    let changes: [fn(&mut meta::Meta); 9] = [
        |_| (),
        |packet| packet.classify.entry.check_source = false,
        |packet| packet.classify.entry.kind = VifKind::Fabric,
        |packet| packet.classify.entry.policy = true,
        |packet| packet.inner.ipv6 = false,
        |packet| packet.inner.tagged = true,
        |packet| packet.inner.neighbor = true,
        |packet| packet.inner.dst_mac = 0x0100_5e00_0001,
        |packet| packet.arrival.round.kind = RoundKind::Tenant,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut packet = checked();
        change(&mut packet);
        sim.set("slot", &slot(&packet));
        let expected = u128::from(number == 0);
        assert_eq!(sim.get_int("checked"), expected, "change {number}");
    }
}

#[test]
fn a_source_leads_home_or_the_packet_ends() {
    let mut sim = Sim::new(&build("said", Ports::Packed, Blocks::Inline, || {
        let found = Found {
            valid: input("valid"),
            punt_all: input("punt_all"),
            hit: input("hit"),
            nexthop: input("nexthop"),
            label: zero(),
            arp: zero(),
            trap: zero(),
        };
        let said = said_of_source(input::<Slot>("slot").meta, found, input("routed"));
        output("said", said);
    }));
    sim.set("slot", &slot(&checked()));
    let (foreign, passes) = (Verdict::Drop(DropReason::InvalidSource), Verdict::Continue);
    let software = Verdict::Punt(PuntReason::VrfInSoftware);
    for (valid, punt_all, hit, nexthop, routed, expected) in [
        (1, 0, 1, 25, 0, passes),
        (1, 0, 1, 26, 0, foreign),
        (1, 0, 0, 25, 0, foreign),
        (0, 0, 1, 25, 0, foreign),
        (1, 1, 1, 26, 0, software),
        (0, 1, 1, 25, 0, foreign),
        // Of what the slow path has routed, it knows the source where the tables do not.
        (1, 1, 1, 26, 1, passes),
        (1, 0, 1, 26, 1, foreign),
        (0, 1, 1, 25, 1, foreign),
    ] {
        sim.set_int("valid", valid);
        sim.set_int("punt_all", punt_all);
        sim.set_int("hit", hit);
        sim.set_int("nexthop", nexthop);
        sim.set_int("routed", routed);
        let said: underpass_layout::VerdictBits = record(&mut sim, "said");
        let case = (valid, punt_all, hit, nexthop, routed);
        assert_eq!(Verdict::from(said), expected, "{case:?}");
    }
}

#[test]
fn a_nexthop_asks_for_flows_of_what_it_hands_over() {
    let mut sim = Sim::new(&build("asks", Ports::Packed, Blocks::Inline, || {
        output("flow", asks(input("nexthop")).flow);
    }));
    let mut asked = |nexthop: tables::NexthopEntry| {
        let words = nexthop.pack();
        let pairs = words.chunks(2).map(|two| {
            let high = two.get(1).copied().unwrap_or(0);
            u64::from(two[0]) | u64::from(high) << 32
        });
        sim.set("nexthop", &pairs.collect::<Vec<_>>());
        sim.get_int("flow") == 1
    };
    for kind in NexthopKind::ALL {
        let nexthop = tables::NexthopEntry {
            valid: true,
            policy: true,
            kind: *kind,
            ..Default::default()
        };
        let expected = matches!(kind, NexthopKind::Encap | NexthopKind::Ecmp);
        assert_eq!(asked(nexthop), expected, "{kind:?}");
        let (valid, policy) = (false, false);
        assert!(!asked(tables::NexthopEntry { policy, ..nexthop }));
        assert!(!asked(tables::NexthopEntry { valid, ..nexthop }));
    }
}

/// Addresses of VRF 2 by the last byte, each with its own route: nexthop, flag, and whether it traps.
const ROUTES: [(u8, u32, ArpAnswer, bool); 4] = [
    (1, 41, ArpAnswer::Router, false),
    (2, 42, ArpAnswer::Stitched, false),
    (3, 43, ArpAnswer::Stitched, true),
    (4, 44, ArpAnswer::Ask, false),
];
const ROUTER: u64 = 0x0200_5e00_0001;
const STITCHED: u64 = 0x0200_0000_0002;

/// The tables: a default in VRF 2 that answers for the router, none in VRF 4, and VRF 3 in software. 43 is interface 5.
fn with_routes() -> Bench {
    let mut bench = Bench::new(LATENCY, |slot, bus| receiver(&SIM, slot, bus));
    let word = tables::VrfEntry {
        valid: true,
        default_valid: true,
        default_nexthop: 40,
        default_arp: ArpAnswer::Router,
        ..Default::default()
    };
    bench.write(id::VRF, 2, &word);
    let (punt_all, default_valid) = (true, false);
    bench.write(id::VRF, 3, &tables::VrfEntry { punt_all, ..word });
    bench.write(
        id::VRF,
        4,
        &tables::VrfEntry {
            default_valid,
            ..word
        },
    );
    for (way, (last, nexthop, arp, trap)) in ROUTES.into_iter().enumerate() {
        let key = tables::RouteKey {
            vrf: 2,
            v6: false,
            length: 32,
            prefix: 0x0a00_0000 | u128::from(last),
        };
        let entry = tables::RouteEntry {
            valid: true,
            key,
            nexthop,
            label: 0,
            arp,
            trap,
        };
        bench.write(
            id::ROUTE_HOST,
            way * SIM.rows[id::ROUTE_HOST as usize],
            &entry,
        );
        let interface = tables::NexthopEntry {
            valid: true,
            kind: NexthopKind::Encap,
            vif: nexthop as u16 - 38,
            ..Default::default()
        };
        bench.write_copy(id::NEXTHOP, nexthop as usize, &interface);
    }
    let key = tables::StitchedKey {
        vrf: 2,
        address: 0x0a00_0002,
    };
    let entry = tables::StitchedEntry {
        valid: true,
        key,
        mac: STITCHED,
    };
    bench.write(id::STITCHED, 3 * SIM.rows[id::STITCHED as usize], &entry);
    bench
}

/// A request of interface 5 for an address of VRF 2, which can be flooded to nexthop 30.
fn request(last: u8) -> meta::Meta {
    let mut packet = meta::Meta::default();
    packet.classify.vif = 5;
    packet.classify.entry.kind = VifKind::Vm;
    packet.classify.entry.router_mac = ROUTER;
    packet.decap.frame = true;
    packet.decap.vrf = 2;
    packet.inner.arp = ArpKind::Request;
    packet.inner.dst = 0x0a00_0000 | u128::from(last);
    packet.bridge.arp = ArpStep::Query;
    packet.bridge.floods = true;
    packet.bridge.nexthop = 30;
    packet.bridge.label = 31;
    packet
}

#[test]
fn arp_is_answered_by_the_route_of_the_address_that_it_asks_for() {
    let mut bench = with_routes();
    let change = |last: u8, change: fn(&mut meta::Meta)| {
        let mut packet = request(last);
        change(&mut packet);
        packet
    };
    let tunnelled = |packet: &mut meta::Meta| {
        packet.classify.entry.kind = VifKind::Fabric;
        packet.decap.tunnelled = true;
    };
    let announces = |packet: &mut meta::Meta| packet.bridge.arp = ArpStep::Announce;
    let flood = (Verdict::Continue, 0, 30);
    let router = (Verdict::Continue, ROUTER, 0);
    let stitched = (Verdict::Continue, STITCHED, 0);
    let punt = (Verdict::Punt(PuntReason::Arp), 0, 0);
    let cases = [
        (request(1), router),
        (request(2), stitched),
        // Its own address, wherever a MAC is stitched.
        (request(3), flood),
        (change(3, |packet| packet.classify.vif = 6), punt),
        (request(4), punt),
        // The default.
        (request(9), router),
        (change(1, |packet| packet.decap.vrf = 3), punt),
        (change(1, |packet| packet.decap.vrf = 4), flood),
        (change(1, |packet| packet.decap.vrf = 5), flood),
        (change(2, tunnelled), stitched),
        (change(1, tunnelled), flood),
        (
            change(4, |packet| packet.classify.entry.arp = VifArp::Proxy),
            router,
        ),
        (
            change(1, |packet| {
                packet.decap.vrf = 3;
                packet.arrival.round.known.routed = true;
            }),
            punt,
        ),
        (change(3, announces), flood),
        (change(2, announces), flood),
    ];
    let packets = cases.map(|(packet, _)| packet);
    for (out, (packet, expected)) in bench.run(&packets).iter().zip(cases) {
        let found = (
            Verdict::from(out.verdict),
            out.answer.mac,
            out.route.nexthop,
        );
        assert_eq!(found, expected, "{packet:?}");
        assert_eq!(out.answer.on, out.answer.mac != 0);
        let shown = packet.bridge.arp == ArpStep::Announce && packet.inner.dst == 0x0a00_0003;
        assert_eq!(out.answer.shown, shown, "{packet:?}");
        let label = if expected.2 == 30 { 31 } else { 0 };
        assert_eq!(out.route.label, label, "{packet:?}");
        assert!(!out.receiver.wanted && !out.route.routed);
    }
}

#[test]
fn what_is_routed_finds_its_route_as_if_there_were_no_arp() {
    let mut bench = with_routes();
    let mut packet = request(2);
    packet.inner.arp = ArpKind::None;
    packet.inner.ipv4 = true;
    packet.inner.ttl = 64;
    packet.bridge = meta::Bridge {
        l3: true,
        ..Default::default()
    };
    let mut told = packet;
    told.decap.vrf = 3;
    told.arrival.round.known = meta::Known {
        routed: true,
        nexthop: 51,
        label: 52,
        ..Default::default()
    };
    let mut untold = told;
    untold.arrival.round.known.routed = false;
    let route = |nexthop: u32, label: u32| meta::Route {
        routed: true,
        nexthop,
        label,
    };
    let expected = [
        (Verdict::Continue, route(42, 0)),
        (Verdict::Continue, route(51, 52)),
        (Verdict::Punt(PuntReason::VrfInSoftware), route(0, 0)),
    ];
    for (out, expected) in bench.run(&[packet, told, untold]).iter().zip(expected) {
        assert_eq!((Verdict::from(out.verdict), out.route), expected);
        assert_eq!(out.answer, meta::Answer::default());
    }
}
