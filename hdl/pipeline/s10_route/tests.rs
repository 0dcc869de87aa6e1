use super::*;
use crate::pipeline::bench::Bench;
use crate::pipeline::records;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, OnwardEntry, RouteEntry, RouteKey, VifKind, VrfEntry};
use underpass_layout::{meta, Verdict};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

const STEERS: u128 = 1;
const BRIDGED: u128 = 2;
const ASTRAY: u128 = 4;
const ROUTED: u128 = 8;
const SENDER: u128 = 16;
const FORGED: u128 = 32;

/// The router's MAC.
const ROUTER: u64 = 0x0000_5e00_0100;

/// The ways of these packets, as bits.
fn ways(packets: &[meta::Meta]) -> Vec<u128> {
    let mut sim = Sim::new(&build("way", Ports::Packed, Blocks::Inline, || {
        output("way", way(input::<Slot>("slot").meta));
    }));
    let mut way = |packet: &meta::Meta| {
        sim.set("slot", &records::slot(packet));
        sim.get_int("way")
    };
    packets.iter().map(&mut way).collect()
}

/// A VM's routed packet in VRF 2 whose flow came first.
fn from_vm() -> meta::Meta {
    let mut packet = meta::Meta::default();
    packet.classify.entry.kind = VifKind::Vm;
    packet.bridge.flow_first = true;
    packet.bridge.l3 = true;
    packet.decap.vrf = 2;
    packet.inner.ipv4 = true;
    packet
}

/// The same from a tunnel, to a VM in VRF 4.
fn to_vm() -> meta::Meta {
    let mut packet = from_vm();
    packet.classify.entry.kind = VifKind::Fabric;
    packet.bridge.flow_first = false;
    packet.receiver.vrf = 4;
    packet
}

/// The same where its source was looked up in place of its destination.
fn checked() -> meta::Meta {
    let mut packet = from_vm();
    packet.bridge.flow_first = false;
    packet.classify.entry.check_source = true;
    packet
}

fn bridged(mut packet: meta::Meta) -> meta::Meta {
    packet.bridge.l3 = false;
    packet
}

fn into_vrf(mut packet: meta::Meta, vrf: u16) -> meta::Meta {
    packet.flow.onward = OnwardEntry {
        translate: true,
        vrf,
        ..packet.flow.onward
    };
    packet
}

fn steered(mut packet: meta::Meta) -> meta::Meta {
    packet.flow.onward.steer = true;
    packet
}

#[test]
fn what_met_no_route_yet_is_routed_or_bridged() {
    let packets = [from_vm(), checked(), bridged(from_vm()), bridged(checked())];
    assert_eq!(ways(&packets), [ROUTED, ROUTED, BRIDGED, BRIDGED]);
}

#[test]
fn a_route_stands_unless_the_flow_leaves_the_receivers_vrf() {
    let packets = [
        to_vm(),
        bridged(to_vm()),
        into_vrf(to_vm(), 4),
        into_vrf(to_vm(), 2),
    ];
    assert_eq!(ways(&packets), [0, 0, 0, ROUTED]);
}

#[test]
fn a_bridged_frame_is_lost_in_another_vrf_and_in_none_else() {
    let frame = bridged(from_vm());
    let packets = [into_vrf(frame, 4), into_vrf(frame, 2)];
    assert_eq!(ways(&packets), [BRIDGED | ASTRAY, BRIDGED]);
}

/// A request of a VM whose sender is checked, as `s7_receiver` leaves it.
fn asks() -> meta::Meta {
    let mut packet = meta::Meta::default();
    packet.classify.entry.kind = VifKind::Vm;
    packet.classify.entry.check_arp = true;
    packet.classify.entry.router_mac = ROUTER;
    packet.classify.entry.nexthop = 25;
    packet.decap.vrf = 2;
    packet.inner.arp = ArpKind::Request;
    packet.inner.src = 0x0a00_0005;
    packet.inner.dst = 0x0a00_0001;
    packet
}

#[test]
fn senders_of_arp_are_looked_up_where_it_is_an_interfaces_own() {
    let checked: [fn(&mut meta::Meta); 3] = [
        |_| (),
        |packet| packet.inner.arp = ArpKind::Other,
        |packet| packet.arrival.round.kind = RoundKind::Again,
    ];
    let unchecked: [fn(&mut meta::Meta); 9] = [
        |packet| packet.classify.entry.check_arp = false,
        |packet| packet.classify.entry.kind = VifKind::Fabric,
        |packet| packet.decap.tunnelled = true,
        |packet| packet.inner.arp = ArpKind::None,
        |packet| packet.inner.arp = ArpKind::Malformed,
        |packet| packet.inner.tagged = true,
        |packet| packet.inner.src = 0,
        |packet| packet.arrival.round.kind = RoundKind::Tenant,
        |packet| {
            packet.arrival.injected = true;
            packet.arrival.command = InjectCommand::Flood;
        },
    ];
    let of = |change: &fn(&mut meta::Meta)| {
        let mut packet = asks();
        change(&mut packet);
        packet
    };
    assert_eq!(ways(&checked.map(|change| of(&change))), [SENDER; 3]);
    assert_eq!(ways(&unchecked.map(|change| of(&change))), [0; 9]);
    let forged = |change: &fn(&mut meta::Meta)| {
        let mut packet = of(change);
        packet.inner.arp_mac = ROUTER;
        packet
    };
    assert_eq!(
        ways(&checked.map(|change| forged(&change))),
        [SENDER | FORGED; 3]
    );
    let probe: fn(&mut meta::Meta) = |packet| packet.inner.src = 0;
    assert_eq!(ways(&[forged(&probe), forged(&unchecked[0])]), [FORGED, 0]);
}

/// Host routes of VRF 2, and VRF 3 that the slow path routes; hash words are zero, so a way has them in row 0.
fn with_routes() -> Bench {
    let mut bench = Bench::new(LATENCY, |slot, bus| super::route(&SIM, slot, bus));
    for (vrf, punt_all) in [(2, false), (3, true)] {
        let word = VrfEntry {
            valid: true,
            punt_all,
            ..Default::default()
        };
        bench.write(id::VRF, vrf, &word);
    }
    for (way, (address, nexthop)) in [(0x0a00_0005, 25), (0x0a00_0006, 26)]
        .into_iter()
        .enumerate()
    {
        let key = RouteKey {
            vrf: 2,
            v6: false,
            length: 32,
            prefix: address,
        };
        let entry = RouteEntry {
            valid: true,
            key,
            nexthop,
            ..Default::default()
        };
        bench.write(
            id::ROUTE_HOST,
            way * SIM.rows[id::ROUTE_HOST as usize],
            &entry,
        );
    }
    bench
}

#[test]
fn arp_of_a_sender_who_lives_elsewhere_goes_to_the_slow_path_and_is_as_it_was_else() {
    let mut bench = with_routes();
    let home = asks();
    let change = |change: fn(&mut meta::Meta)| {
        let mut packet = home;
        packet.answer.on = true;
        packet.route.nexthop = 7;
        change(&mut packet);
        packet
    };
    let packets = [
        change(|_| ()),
        change(|packet| packet.inner.src = 0x0a00_0006),
        change(|packet| packet.inner.src = 0x0a00_0007),
        change(|packet| packet.inner.arp_mac = ROUTER),
        change(|packet| packet.decap.vrf = 3),
        change(|packet| packet.decap.vrf = 4),
        change(|packet| {
            packet.decap.vrf = 3;
            packet.arrival.round.known.routed = true;
            packet.arrival.round.known.nexthop = 25;
        }),
        change(|packet| packet.verdict = Verdict::Drop(DropReason::InvalidArp).bits()),
    ];
    let punt = Verdict::Punt(PuntReason::Arp);
    let expected = [
        Verdict::Continue,
        punt,
        punt,
        punt,
        punt,
        punt,
        punt,
        Verdict::Drop(DropReason::InvalidArp),
    ];
    for ((packet, out), expected) in packets.iter().zip(bench.run(&packets)).zip(expected) {
        assert_eq!(Verdict::from(out.verdict), expected, "{packet:?}");
        assert_eq!((out.answer, out.route), (packet.answer, packet.route));
    }
}

#[test]
fn what_the_slow_path_has_routed_goes_there_where_the_tables_have_no_routes() {
    let mut bench = with_routes();
    let routed = |vrf: u16, ttl: u8, routed: bool| {
        let mut packet = from_vm();
        packet.decap.vrf = vrf;
        packet.inner.dst = 0x0a00_0006;
        packet.inner.ttl = ttl;
        packet.arrival.round.known = meta::Known {
            routed,
            nexthop: 9,
            label: 10,
            ..Default::default()
        };
        packet
    };
    let packets = [
        routed(3, 1, true),
        routed(3, 0, true),
        routed(3, 1, false),
        routed(2, 1, true),
        routed(4, 1, true),
    ];
    let expected = [
        (Verdict::Continue, 9, 10),
        (Verdict::Drop(DropReason::TtlExceeded), 0, 0),
        (Verdict::Punt(PuntReason::VrfInSoftware), 0, 0),
        (Verdict::Continue, 26, 0),
        (Verdict::Drop(DropReason::Discard), 0, 0),
    ];
    let found: Vec<_> = bench
        .run(&packets)
        .into_iter()
        .map(|out| (out.verdict.into(), out.route.nexthop, out.route.label))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_flow_that_steers_leaves_nothing_to_find() {
    let packets = [
        steered(from_vm()),
        steered(bridged(from_vm())),
        steered(into_vrf(from_vm(), 4)),
        steered(into_vrf(bridged(from_vm()), 4)),
        steered(into_vrf(to_vm(), 2)),
    ];
    assert_eq!(ways(&packets), [STEERS; 5]);
}
