use super::*;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::meta::Flow;
use underpass_layout::tables::{id, FlowEntry, FlowEntry6, SourceEntry, VifKind};

const KEY_NEXTHOP: u32 = 23;
const NETWORK6: u128 = 0x2001_0db8 << 96;
const FAR: u128 = 0x0800_0003;

/// One flow of each family, of id 7 and 8, with that action and source check.
fn network(action: FlowAction, source: SourceEntry) -> Tables {
    let mut tables = tables();
    let entry = FlowEntry {
        valid: true,
        key: FlowKey {
            v6: false,
            nexthop: KEY_NEXTHOP,
            protocol: 17,
            src_port: 1000,
            dst_port: 2000,
            src: 0x0a01_0103,
            dst: 0x0a01_0109,
        },
        action,
        flow_id: 7,
        source: 5,
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
        spare: 0,
    };
    put(&mut tables, id::FLOW, 100, &entry6);
    put(&mut tables, id::SOURCE, 5, &source);
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
    meta.classify.entry.nexthop = KEY_NEXTHOP;
    meta.bridge.flow_first = true;
    meta.inner.ipv4 = true;
    meta.inner.protocol = 17;
    meta.inner.src_port = 1000;
    meta.inner.dst_port = 2000;
    meta.inner.src = 0x0a01_0103;
    meta.inner.dst = 0x0a01_0109;
    meta
}

/// The same packet to a VM under policy, through a tunnel.
fn to_vm() -> Meta {
    let mut meta = from_vm();
    meta.classify.entry.kind = VifKind::Fabric;
    meta.classify.entry.nexthop = 0;
    meta.bridge.flow_first = false;
    meta.decap.tunnelled = true;
    meta.parse.src = FAR;
    meta.nexthop.kind = NexthopKind::Encap;
    meta.nexthop.policy = true;
    meta.nexthop.flow_nexthop = KEY_NEXTHOP;
    meta
}

/// The same packet with IPv6 addresses that end alike.
fn over_ipv6(mut meta: Meta) -> Meta {
    (meta.inner.ipv4, meta.inner.ipv6) = (false, true);
    meta.inner.src |= NETWORK6;
    meta.inner.dst |= NETWORK6;
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
            |meta| meta.inner.src ^= 1 << 127,
            |meta| meta.inner.dst ^= 1 << 32,
            |meta| meta.inner.dst ^= 1,
            |meta| meta.inner.protocol = 6,
            |meta| meta.inner.dst_port += 1,
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
    meta.inner.src_port += 1;
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
        (
            FlowAction::Nat,
            Verdict::Drop(DropReason::FlowActionInvalid),
        ),
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
fn a_vms_flow_overrules_what_came_of_its_mac_and_route() {
    let mut pending = from_vm();
    pending.drop(DropReason::L2NoRoute);
    let passes = judged(&network(FlowAction::Forward, ANY), pending);
    assert_eq!(verdict(&passes), Verdict::Drop(DropReason::L2NoRoute));
    assert!(passes.flow.hit, "counted all the same");
    let ends = judged(&network(FlowAction::Drop, ANY), pending);
    assert_eq!(verdict(&ends), Verdict::Drop(DropReason::FlowActionDrop));
    pending.inner.dst += 1;
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
            };
            assert_eq!(meta.flow, expected);
        }
    }
}

#[test]
fn other_packets_need_no_flow() {
    let changes: [fn(&mut Meta); 5] = [
        |meta| meta.nexthop.policy = false,
        |meta| meta.nexthop.kind = NexthopKind::Tunnel,
        |meta| meta.inner.tagged = true,
        |meta| meta.inner.ipv4 = false,
        |meta| meta.punt(PuntReason::Resolve),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut meta = to_vm();
        change(&mut meta);
        let before = verdict(&meta);
        let meta = judged(&network(FlowAction::Drop, ANY), meta);
        assert_eq!(
            (meta.flow, verdict(&meta)),
            (Flow::default(), before),
            "change {i}"
        );
    }
}
