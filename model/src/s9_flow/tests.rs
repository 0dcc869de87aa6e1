use super::*;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::meta::{Flow, Key};
use underpass_layout::tables::{id, VifKind};

const KEY_NEXTHOP: u32 = 23;
const NETWORK6: u128 = 0x2001_0db8 << 96;
const FAR: u128 = 0x0800_0003;

fn short_key() -> FlowKey {
    FlowKey {
        v6: false,
        nexthop: KEY_NEXTHOP,
        protocol: 17,
        src_port: 1000,
        dst_port: 2000,
        src: 0x0a01_0103,
        dst: 0x0a01_0109,
    }
}

/// One flow of each family, of id 7 and 8, with that action and source check.
fn network(action: FlowAction, source: SourceEntry) -> Tables {
    let mut tables = tables();
    let entry = FlowEntry {
        valid: true,
        key: short_key(),
        action,
        flow_id: 7,
        source: 5,
        source_moves: false,
        generation: 3,
        spare: 0,
    };
    put(&mut tables, id::FLOW, 99, &entry);
    let entry6 = FlowEntry6 {
        valid: true,
        key: FlowKey6 {
            nexthop: KEY_NEXTHOP,
            protocol: 17,
            src_port: 1000,
            dst_port: 2000,
            ..FlowKey6::default()
        }
        .between(NETWORK6 | 0x0a01_0103, NETWORK6 | 0x0a01_0109),
        action,
        flow_id: 8,
        source: 5,
        source_moves: false,
        generation: 4,
    };
    put(&mut tables, id::FLOW, 100, &entry6);
    put(&mut tables, id::SOURCE, 5, &source);
    // Row 0 passes all, as in every network.
    put(&mut tables, id::SOURCE, 0, &ANY);
    tables
}

const ANY: SourceEntry = SourceEntry {
    kind: SourceKind::Any,
    vif: 0,
    address: 0,
    v6: false,
};

/// A packet of that flow, from a VM under policy behind interface 3.
fn from_vm() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.classify.vif = 3;
    meta.bridge.flow_first = true;
    meta.receiver.wanted = true;
    meta.receiver.nexthop = KEY_NEXTHOP;
    meta.inner.ipv4 = true;
    meta.key = Key {
        protocol: 17,
        src: 0x0a01_0103,
        dst: 0x0a01_0109,
        src_port: 1000,
        dst_port: 2000,
    };
    meta
}

/// The same packet to a VM under policy, through a tunnel.
fn to_vm() -> Meta {
    let mut meta = from_vm();
    meta.classify.entry.kind = VifKind::Fabric;
    meta.bridge.flow_first = false;
    meta.decap.tunnelled = true;
    meta.parse.src = FAR;
    meta
}

/// The same packet with IPv6 addresses that end alike.
fn over_ipv6(mut meta: Meta) -> Meta {
    (meta.inner.ipv4, meta.inner.ipv6) = (false, true);
    meta.key.src |= NETWORK6;
    meta.key.dst |= NETWORK6;
    meta
}

fn judged(tables: &Tables, mut meta: Meta) -> Meta {
    flow(tables, &mut meta);
    meta
}

#[test]
fn a_flow_is_found_by_the_vms_own_nexthop_in_both_directions() {
    for meta in [from_vm(), to_vm()] {
        let meta = judged(&network(FlowAction::Forward, ANY), meta);
        let expected = Flow {
            looked_up: true,
            hit: true,
            flow_id: 7,
            nexthop: KEY_NEXTHOP,
            generation: 3,
            ..Flow::default()
        };
        assert_eq!((meta.flow, verdict(&meta)), (expected, Verdict::Continue));
    }
}

#[test]
fn an_ipv6_flow_is_another() {
    let tables = network(FlowAction::Forward, ANY);
    for meta in [over_ipv6(from_vm()), over_ipv6(to_vm())] {
        let found = judged(&tables, meta);
        assert_eq!((found.flow.hit, found.flow.flow_id), (true, 8));
        assert_eq!(verdict(&found), Verdict::Continue);
        let changes: [fn(&mut Meta); 5] = [
            |meta| meta.key.src ^= 1 << 127,
            |meta| meta.key.dst ^= 1 << 32,
            |meta| meta.key.dst ^= 1,
            |meta| meta.key.protocol = 6,
            |meta| meta.key.dst_port += 1,
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut other = meta;
            change(&mut other);
            let other = judged(&tables, other);
            let miss = Verdict::Punt(PuntReason::FlowMiss);
            assert_eq!(
                (other.flow.hit, verdict(&other)),
                (false, miss),
                "change {i}"
            );
        }
    }
}

#[test]
fn the_tunnels_family_is_part_of_the_source() {
    for (v6, expected) in [
        (true, Verdict::Continue),
        (false, Verdict::Drop(DropReason::InvalidSource)),
    ] {
        let source = SourceEntry {
            kind: SourceKind::Tunnel,
            vif: 0,
            address: FAR,
            v6,
        };
        let mut meta = to_vm();
        meta.parse.v6 = true;
        assert_eq!(
            verdict(&judged(&network(FlowAction::Forward, source), meta)),
            expected
        );
    }
}

#[test]
fn a_flow_that_is_not_there_is_a_miss() {
    let mut meta = from_vm();
    meta.key.src_port += 1;
    let meta = judged(&network(FlowAction::Forward, ANY), meta);
    assert!(meta.flow.looked_up && !meta.flow.hit);
    assert_eq!(verdict(&meta), Verdict::Punt(PuntReason::FlowMiss));
}

#[test]
fn each_action_has_its_end_and_all_are_counted() {
    for (action, expected) in [
        (FlowAction::Drop, Verdict::Drop(DropReason::FlowActionDrop)),
        (FlowAction::Hold, Verdict::Punt(PuntReason::FlowMiss)),
        (FlowAction::Forward, Verdict::Continue),
        (FlowAction::Onward, Verdict::Continue),
    ] {
        let meta = judged(&network(action, ANY), from_vm());
        assert_eq!((meta.flow.hit, verdict(&meta)), (true, expected));
    }
}

#[test]
fn the_source_is_checked() {
    let expected_from = |kind, vif, address| SourceEntry {
        kind,
        vif,
        address,
        v6: false,
    };
    let invalid_source = Verdict::Drop(DropReason::InvalidSource);
    for (source, vm, tunnel) in [
        (
            expected_from(SourceKind::Any, 0, 0),
            Verdict::Continue,
            Verdict::Continue,
        ),
        (
            expected_from(SourceKind::Vif, 3, 0),
            Verdict::Continue,
            invalid_source,
        ),
        (
            expected_from(SourceKind::Vif, 4, 0),
            invalid_source,
            invalid_source,
        ),
        (
            expected_from(SourceKind::Tunnel, 3, FAR),
            invalid_source,
            Verdict::Continue,
        ),
        (
            expected_from(SourceKind::Tunnel, 3, FAR + 6),
            invalid_source,
            invalid_source,
        ),
    ] {
        let tables = network(FlowAction::Forward, source);
        assert_eq!(verdict(&judged(&tables, from_vm())), vm, "{source:?}");
        assert_eq!(verdict(&judged(&tables, to_vm())), tunnel, "{source:?}");
    }
}

#[test]
fn the_source_comes_after_hold_and_before_drop() {
    let missing = SourceEntry::default();
    let with = |action| verdict(&judged(&network(action, missing), from_vm()));
    assert_eq!(with(FlowAction::Hold), Verdict::Punt(PuntReason::FlowMiss));
    let invalid_nexthop = Verdict::Drop(DropReason::InvalidNexthop);
    assert_eq!(with(FlowAction::Drop), invalid_nexthop);
    assert_eq!(with(FlowAction::Forward), invalid_nexthop);
}

#[test]
fn a_vms_flow_overrules_what_came_of_its_mac() {
    let mut pending = from_vm();
    pending.drop(DropReason::L2NoRoute);
    let passes = judged(&network(FlowAction::Forward, ANY), pending);
    assert_eq!(verdict(&passes), Verdict::Drop(DropReason::L2NoRoute));
    assert!(passes.flow.hit, "counted all the same");
    let ends = judged(&network(FlowAction::Drop, ANY), pending);
    assert_eq!(verdict(&ends), Verdict::Drop(DropReason::FlowActionDrop));
    pending.key.dst += 1;
    let misses = judged(&network(FlowAction::Forward, ANY), pending);
    assert_eq!(verdict(&misses), Verdict::Punt(PuntReason::FlowMiss));
}

#[test]
fn fragments_and_unknown_extensions_are_punted_without_a_search() {
    for meta in [from_vm(), to_vm(), over_ipv6(from_vm()), over_ipv6(to_vm())] {
        let mut fragment = meta;
        fragment.inner.fragment = true;
        let fragment = judged(&network(FlowAction::Drop, ANY), fragment);
        assert_eq!(verdict(&fragment), Verdict::Punt(PuntReason::Fragment));
        let mut extension = meta;
        extension.inner.extension = true;
        let extension = judged(&network(FlowAction::Drop, ANY), extension);
        assert_eq!(verdict(&extension), Verdict::Punt(PuntReason::Extension));
        for meta in [fragment, extension] {
            let expected = Flow {
                looked_up: true,
                hit: false,
                flow_id: 0,
                nexthop: KEY_NEXTHOP,
                ..Flow::default()
            };
            assert_eq!(meta.flow, expected);
        }
    }
}

#[test]
fn other_packets_need_no_flow() {
    let mut meta = to_vm();
    meta.receiver.wanted = false;
    let meta = judged(&network(FlowAction::Drop, ANY), meta);
    assert_eq!(
        (meta.flow, verdict(&meta)),
        (Flow::default(), Verdict::Continue)
    );
}

#[test]
fn a_relaxed_nexthop_lets_pass_what_has_no_flow() {
    let mut meta = to_vm();
    meta.receiver.relaxed = true;
    let found = judged(&network(FlowAction::Drop, ANY), meta);
    let dropped = Verdict::Drop(DropReason::FlowActionDrop);
    assert_eq!(verdict(&found), dropped, "a flow that is there counts");
    meta.key.dst_port += 1;
    let missed = judged(&network(FlowAction::Drop, ANY), meta);
    let expected = Flow {
        looked_up: true,
        nexthop: KEY_NEXTHOP,
        ..Flow::default()
    };
    assert_eq!(
        (missed.flow, verdict(&missed)),
        (expected, Verdict::Continue)
    );
    meta.inner.fragment = true;
    let fragment = judged(&network(FlowAction::Drop, ANY), meta);
    assert_eq!(verdict(&fragment), Verdict::Punt(PuntReason::Fragment));
}

#[test]
fn a_fragment_whose_ports_are_known_has_a_flow() {
    for mut meta in [from_vm(), to_vm(), over_ipv6(from_vm()), over_ipv6(to_vm())] {
        meta.inner.fragment = true;
        meta.arrival.round.known.ports = true;
        let found = judged(&network(FlowAction::Forward, ANY), meta);
        assert_eq!((found.flow.hit, verdict(&found)), (true, Verdict::Continue));
        meta.key.src_port += 1;
        let missed = judged(&network(FlowAction::Forward, ANY), meta);
        assert_eq!(verdict(&missed), Verdict::Punt(PuntReason::FlowMiss));
    }
}

#[test]
fn an_error_about_nothing_has_no_flow() {
    for (change, expected) in [
        (
            (|meta| (meta.quoted.error, meta.quoted.nested) = (true, true)) as fn(&mut Meta),
            DropReason::IcmpError,
        ),
        (
            |meta| (meta.quoted.error, meta.quoted.unreadable) = (true, true),
            DropReason::InvalidPacket,
        ),
    ] {
        for mut meta in [from_vm(), to_vm()] {
            change(&mut meta);
            meta.receiver.relaxed = true;
            let meta = judged(&network(FlowAction::Forward, ANY), meta);
            assert_eq!(verdict(&meta), Verdict::Drop(expected));
            assert!(!meta.flow.hit);
        }
    }
}

/// The same flows with what else they go on with, whose source check is of row 6.
fn onward_network(source: SourceEntry) -> (Tables, OnwardEntry) {
    let mut tables = network(FlowAction::Onward, ANY);
    let onward = OnwardEntry {
        source: 6,
        snat: true,
        src: 0x0a54_0105,
        translate: true,
        vrf: 9,
        ..OnwardEntry::default()
    };
    put(&mut tables, id::ONWARD, 5, &onward);
    put(&mut tables, id::SOURCE, 6, &source);
    (tables, onward)
}

#[test]
fn a_flow_goes_onward_from_where_it_must_come() {
    let (tables, onward) = onward_network(ANY);
    for meta in [from_vm(), over_ipv6(to_vm())] {
        let meta = judged(&tables, meta);
        assert_eq!(verdict(&meta), Verdict::Continue);
        assert!(meta.flow.goes_onward);
        assert_eq!(meta.flow.onward, onward);
    }
    let elsewhere = SourceEntry {
        kind: SourceKind::Vif,
        vif: 4,
        ..ANY
    };
    for (source, why) in [
        (elsewhere, DropReason::InvalidSource),
        (SourceEntry::default(), DropReason::InvalidNexthop),
    ] {
        let (tables, _) = onward_network(source);
        let meta = judged(&tables, from_vm());
        assert_eq!(verdict(&meta), Verdict::Drop(why));
        assert!(meta.flow.hit && !meta.flow.goes_onward);
        assert_eq!(meta.flow.onward, OnwardEntry::default());
    }
}

#[test]
fn a_source_that_moves_is_told() {
    let source = SourceEntry {
        kind: SourceKind::Vif,
        vif: 4,
        ..ANY
    };
    for action in [FlowAction::Forward, FlowAction::Drop] {
        let mut tables = network(action, source);
        let mut entry = *tables.flow(&short_key()).unwrap();
        entry.source_moves = true;
        put(&mut tables, id::FLOW, 99, &entry);
        let meta = judged(&tables, from_vm());
        assert_eq!(verdict(&meta), Verdict::Punt(PuntReason::SourceMoved));
        put(&mut tables, id::SOURCE, 5, &SourceEntry::default());
        let missing = Verdict::Drop(DropReason::InvalidNexthop);
        assert_eq!(verdict(&judged(&tables, from_vm())), missing);
    }
}

#[test]
fn a_flow_that_drops_is_mirrored_all_the_same() {
    let (mut tables, mut onward) = onward_network(ANY);
    onward.drop = true;
    onward.mirror = 5;
    put(&mut tables, id::ONWARD, 5, &onward);
    let meta = judged(&tables, from_vm());
    let dropped = Verdict::Drop(DropReason::FlowActionDrop);
    assert_eq!(verdict(&meta), dropped);
    assert!(meta.flow.goes_onward);
    assert_eq!(meta.flow.onward, onward);
}
