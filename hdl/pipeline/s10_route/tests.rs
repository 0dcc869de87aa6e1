use super::*;
use crate::pipeline::records;
use underpass_layout::meta;
use underpass_layout::tables::{OnwardEntry, VifKind};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

const STEERS: u128 = 1;
const BRIDGED: u128 = 2;
const ASTRAY: u128 = 4;
const ROUTED: u128 = 8;

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
