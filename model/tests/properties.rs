//! What holds for every packet and every content of the tables.

mod common;

use common::packets::{any_tenant, ipv6_frames, REMOTE4, REMOTE6, VM4, VM6};
use common::{from_end, from_vif, hex, port, Network, FAR, FAR6, OURS, OURS6, ROUTER_MAC};
use proptest::collection::vec;
use proptest::prelude::*;
use std::ops::Range;
use underpass_layout::meta::{Meta, Patch, STAGES};
use underpass_layout::port::{ROUND, SLOW};
use underpass_layout::profile::SIM;
use underpass_layout::registers::{rings, slow, REGISTERS};
use underpass_layout::tables::{FlowAction, FlowKey, FlowKey6, OnwardEntry, TunnelKind, TABLES};
use underpass_layout::{Verdict, VerdictKind};
use underpass_model::core::MAX_FRAME_BYTES;
use underpass_model::headers::checksum::checksum;
use underpass_model::{Core, ModelCard, Output};

/// The frames of the peer's cases that go in, and likewise of IPv6: each of them reaches a late stage of some network.
fn known_frames() -> Vec<(u16, Vec<u8>)> {
    let scripts = [
        include_str!("peer/l3-intervn-flow.txt"),
        include_str!("peer/enc-mplsogre-l3.txt"),
        include_str!("peer/enc-mplsoudp-l2.txt"),
        include_str!("peer/dec-mplsoudp-l3.txt"),
        include_str!("peer/dec-vxlan.txt"),
    ];
    let lines = scripts.iter().flat_map(|script| script.lines());
    lines
        .filter_map(|line| {
            let (name, frame) = line.strip_prefix("in ")?.split_once(' ')?;
            Some((port(name), hex(frame)))
        })
        .chain(ipv6_frames())
        .collect()
}

/// What differs from network to network.
#[derive(Clone, Copy, Debug)]
struct Setting {
    tunnel: TunnelKind,
    policy: bool,
    /// The VM's flows go on with other addresses and ports.
    translated: bool,
    underlay_v6: bool,
}

/// A network in which those frames meet routers, tunnels, flows and labels.
fn network(setting: Setting) -> Network {
    let (ours, far) = match setting.underlay_v6 {
        true => (OURS6, FAR6),
        false => (OURS, FAR),
    };
    let mut network = Network::between(ours, far);
    network.vm(3, 2, setting.policy);
    network.vm(4, 2, false);
    network.tunnel(setting.tunnel);
    network.route(2, REMOTE4, 30, 48);
    network.route(2, REMOTE6, 30, 48);
    network.route(2, 0x0a02_0204, 24, 0);
    network.bridge(2, 0x0200_0000_0099, 30, 128);
    network.mpls(42, 2, 23);
    network.vxlan(50, 2);
    let key = FlowKey {
        v6: false,
        nexthop: 23,
        protocol: 17,
        src_port: 1000,
        dst_port: 2000,
        src: VM4 as u32,
        dst: REMOTE4 as u32,
    };
    let sources = [from_vif(3), from_end(far)];
    if setting.translated {
        let onward = OnwardEntry {
            snat: true,
            spat: true,
            dpat: true,
            src: VM4 + 7,
            src_port: 5000,
            dst_port: 6000,
            ..OnwardEntry::default()
        };
        network.onward_flow(2, key, onward, from_vif(3));
        let key6 = FlowKey6 {
            nexthop: 23,
            protocol: 17,
            src_port: 1000,
            dst_port: 2000,
            ..FlowKey6::default()
        };
        let onward = OnwardEntry {
            src: VM6 + 7,
            ..onward
        };
        network.onward_flow6(4, key6.between(VM6, REMOTE6), onward, from_vif(3));
        return network;
    }
    network.flow_pair(key, 23, FlowAction::Forward, sources);
    let key = FlowKey6 {
        nexthop: 23,
        protocol: 17,
        src_port: 1000,
        dst_port: 2000,
        ..FlowKey6::default()
    };
    network.flow_pair6(key, [VM6, REMOTE6], sources);
    network
}

/// How the card wraps.
const TUNNELS: [TunnelKind; 4] = [
    TunnelKind::MplsGre,
    TunnelKind::MplsUdp,
    TunnelKind::Vxlan,
    TunnelKind::Nvgre,
];

fn any_network() -> impl Strategy<Value = Setting> {
    let kinds = prop::sample::select(&TUNNELS[..]);
    let flags = any::<(bool, bool, bool)>();
    (kinds, flags).prop_map(|(tunnel, (policy, translated, underlay_v6))| Setting {
        tunnel,
        policy,
        translated: policy && translated,
        underlay_v6,
    })
}

/// A known frame with some bytes changed, cut or extended, on some port, or injected; or no frame at all.
fn any_frame() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let ports = prop_oneof![
        Just(port("wire0")),
        Just(port("vf0")),
        Just(port("vf1")),
        Just(SLOW),
        any::<u16>()
    ];
    let changes = vec((0..110_usize, any::<u8>()), 0..4);
    let length = prop_oneof![3 => Just(None), 1 => (0..200_usize).prop_map(Some)];
    let shim = (0..4_u8, 0..6_u8, 0..4_u8);
    let known = (
        prop::sample::select(known_frames()),
        prop::option::weighted(0.3, ports.clone()),
        changes,
        length,
        shim,
    )
        .prop_map(|((own, mut frame), other, changes, length, shim)| {
            for (at, byte) in changes {
                if let Some(old) = frame.get_mut(at) {
                    *old = byte;
                }
            }
            frame.resize(length.unwrap_or(frame.len()), 0x61);
            let port = other.unwrap_or(own);
            if port == SLOW {
                let (command, vif, out) = shim;
                let mut injected = vec![0; 64];
                injected[..5].copy_from_slice(&[command, 0, vif, 0, out]);
                injected.extend(frame);
                frame = injected;
            }
            (port, frame)
        });
    let noise = (ports, vec(any::<u8>(), 0..300));
    let tenant = any_tenant().prop_map(|tenant| {
        let frame = tenant.frame(ROUTER_MAC, 0x0200_0000_0011);
        (port("vf0"), frame)
    });
    prop_oneof![4 => known, 1 => tenant, 1 => noise]
}

/// A row of any table, its words dense or sparse.
fn any_row() -> impl Strategy<Value = (u32, usize, Vec<u32>)> {
    let word = prop_oneof![Just(0), Just(1), any::<u32>(), (0..64_u32)];
    (0..TABLES.len() as u32 + 1, 0..2048_usize, vec(word, 0..17))
}

/// What holds for one pass of any packet.
fn check_end(output: &Output) -> Result<(), TestCaseError> {
    let (meta, edit) = (&output.meta, &output.edit);
    prop_assert_eq!(output.verdict, meta.verdict.into());
    prop_assert_ne!(meta.verdict.kind, VerdictKind::Continue);
    let ends = meta.verdict.kind == VerdictKind::Drop;
    prop_assert_eq!(edit.drop, ends && !edit.errand.on);
    prop_assert_eq!(edit.errand.on, output.port == Some(ROUND));
    prop_assert_eq!(output.port.is_none(), edit.drop);
    prop_assert_eq!(output.frame.len(), usize::from(edit.length));
    Ok(())
}

/// What holds for one packet from outside.
fn check(frame: &[u8], output: &Output) -> Result<(), TestCaseError> {
    check_end(output)?;
    let (meta, edit) = (&output.meta, &output.edit);
    let came = if meta.arrival.injected {
        &frame[frame.len().min(64)..]
    } else {
        frame
    };
    match output.verdict {
        Verdict::Punt(_) if !edit.errand.on => {
            prop_assert_eq!(output.port, Some(SLOW));
            prop_assert_eq!(&output.frame[64..], came);
        }
        Verdict::Deliver => check_sent(came, output)?,
        _ => (),
    }
    Ok(())
}

/// What holds for a packet that left: the tenant's bytes are the same but for TTL and checksum, and headers are good.
fn check_sent(came: &[u8], output: &Output) -> Result<(), TestCaseError> {
    let (meta, edit) = (&output.meta, &output.edit);
    let shim = if meta.arrival.injected { 64 } else { 0 };
    let before = &came[usize::from(edit.strip) - shim..];
    let (added, after) = output.frame.split_at(edit.add.into());
    prop_assert_eq!(before.len(), after.len());
    if added.len() > 14 {
        check_outer(added, output.frame.len())?;
    }
    if !edit.patch.on {
        prop_assert_eq!(before, after);
        return Ok(());
    }
    let stripped = usize::from(edit.strip);
    let may_change = replaced(&edit.patch);
    for (at, (old, new)) in (stripped..).zip(before.iter().zip(after)) {
        let free = may_change.iter().any(|place| place.contains(&at));
        prop_assert!(
            free || old == new,
            "byte {at}: {old:#04x} became {new:#04x}"
        );
    }
    if edit.patch.v6 {
        return Ok(());
    }
    let l3 = usize::from(edit.patch.l3_offset) - stripped;
    let header = l3..l3 + usize::from(before[l3] & 0xf) * 4;
    if checksum(&before[header.clone()]) == 0 {
        prop_assert_eq!(checksum(&after[header]), 0);
    }
    Ok(())
}

/// The places of a packet that a patch may change.
fn replaced(patch: &Patch) -> Vec<Range<usize>> {
    let (ttl, src, dst, size) = match patch.v6 {
        false => (8, 12, 16, 4),
        true => (7, 8, 24, 16),
    };
    let l3 = usize::from(patch.l3_offset);
    let l4 = usize::from(patch.l4_offset);
    let quoted = usize::from(patch.quoted_l3_offset);
    let quoted_l4 = usize::from(patch.quoted_l4_offset);
    let quoted_address = patch.quoted_src || patch.quoted_dst;
    let places = [
        (patch.ttl, l3 + ttl, 1),
        (!patch.v6, l3 + 10, 2),
        (patch.src, l3 + src, size),
        (patch.dst, l3 + dst, size),
        (patch.src_port, l4, 2),
        (patch.dst_port, l4 + 2, 2),
        (patch.l4_checksum, patch.l4_checksum_offset.into(), 2),
        (patch.quoted_src, quoted + src, size),
        (patch.quoted_dst, quoted + dst, size),
        (quoted_address && !patch.v6, quoted + 10, 2),
        (patch.quoted_src_port, quoted_l4, 2),
        (patch.quoted_dst_port, quoted_l4 + 2, 2),
    ];
    let set = places.into_iter().filter(|(set, ..)| *set);
    set.map(|(_, at, length)| at..at + length).collect()
}

/// What holds for the outer IP header of a frame of `length` bytes.
fn check_outer(added: &[u8], length: usize) -> Result<(), TestCaseError> {
    let word = |at: usize| usize::from(u16::from_be_bytes([added[at], added[at + 1]]));
    if word(12) == 0x86dd {
        prop_assert_eq!(added[14] >> 4, 6);
        prop_assert_eq!(word(18), length - 54);
    } else {
        prop_assert_eq!(checksum(&added[14..34]), 0);
        prop_assert_eq!(word(16), length - 14);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_packet_ends_well_and_is_counted(
        setting in any_network(),
        rows in vec(any_row(), 0..40),
        frames in vec(any_frame(), 1..40),
    ) {
        let mut core = network(setting).core;
        for (table, row, words) in rows {
            let _refused = core.write_row(table, row, &words);
        }
        let (mut packets, mut injected, mut passes) = (0, 0, 0);
        for (port, frame) in &frames {
            let output = core.process(frame, *port);
            check(frame, &output)?;
            packets += 1;
            injected += u64::from(output.meta.arrival.injected);
            // Random lists are long.
            while passes < 300 {
                let Some(output) = core.again() else { break };
                check_end(&output)?;
                passes += 1;
            }
            let (rx, tx, ended) = core.counters.totals();
            prop_assert_eq!(rx + injected, packets);
            let [round, copies, skipped] = rounds(&core);
            prop_assert_eq!(copies, passes);
            prop_assert_eq!(rx + injected + copies, tx + ended + skipped + round);
        }
    }

    #[test]
    fn a_burst_is_its_packets_one_after_the_other(
        setting in any_network(),
        frames in vec(any_frame(), 0..20),
    ) {
        let mut core = network(setting).core;
        let mut other = core.clone();
        let burst: Vec<(u16, &[u8])> =
            frames.iter().map(|(port, frame)| (*port, &frame[..])).collect();
        // What earlier packets left in the outputs must not show.
        let mut outputs = vec![core.clone().process(&frames.first().map_or(vec![], |one| one.1.clone()), 0); burst.len()];
        core.process_burst(&burst, &mut outputs);
        for ((port, frame), output) in frames.iter().zip(&outputs) {
            let alone = other.process(frame, *port);
            prop_assert_eq!((alone.port, &alone.frame), (output.port, &output.frame));
            prop_assert_eq!((alone.meta, alone.edit), (output.meta, output.edit));
        }
        prop_assert_eq!(core.counters.totals(), other.counters.totals());
        for flow in 0..8 {
            prop_assert_eq!(core.counters.flow(flow), other.counters.flow(flow));
            prop_assert_eq!(core.pairs.age(flow), other.pairs.age(flow));
        }
    }

    #[test]
    fn a_trace_tells_what_will_happen_and_changes_nothing(
        setting in any_network(),
        frames in vec(any_frame(), 1..20),
    ) {
        let mut core = network(setting).core;
        for (port, frame) in &frames {
            let before = core.counters.totals();
            let told = core.trace(frame, *port);
            prop_assert_eq!(core.counters.totals(), before);
            let (output, trace) = core.process_traced(frame, *port);
            prop_assert_eq!(told.edit, output.edit);
            prop_assert_eq!(&told.steps, &trace.steps);
            prop_assert_eq!(told.steps.last().map(|(_, meta)| *meta), Some(output.meta));
            prop_assert!(!told.to_string().is_empty());
        }
    }

    #[test]
    fn a_stage_writes_its_own_record_alone(
        setting in any_network(),
        (port, frame) in any_frame(),
    ) {
        let steps = network(setting).core.trace(&frame, port).steps;
        prop_assert_eq!(steps.len(), STAGES.len());
        let mut before = Meta::default();
        for ((name, after), (stage, record)) in steps.iter().zip(STAGES) {
            prop_assert_eq!(name, stage);
            let mut expected = Meta { verdict: after.verdict, ..before };
            match *record {
                "arrival" => expected.arrival = after.arrival,
                "parse" => expected.parse = after.parse,
                "classify" => expected.classify = after.classify,
                "decap" => expected.decap = after.decap,
                "inner" => expected.inner = after.inner,
                "quoted" => expected.quoted = after.quoted,
                "bridge" => expected.bridge = after.bridge,
                "receiver" => {
                    expected.receiver = after.receiver;
                    expected.route = after.route;
                }
                "key" => expected.key = after.key,
                "route" => expected.route = after.route,
                "member" => {
                    expected.member = after.member;
                    expected.route = after.route;
                }
                "nexthop" => {
                    expected.nexthop = after.nexthop;
                    expected.qos = after.qos;
                    expected.member.skip = after.member.skip;
                }
                "flow" => expected.flow = after.flow,
                "rewrite" => expected.rewrite = after.rewrite,
                _ => (),
            }
            prop_assert_eq!(&expected, after, "{}", stage);
            let open = before.verdict.kind == VerdictKind::Continue;
            prop_assert!(open || before.verdict == after.verdict || before.bridge.flow_first);
            before = *after;
        }
    }

    #[test]
    fn the_registers_take_anything(
        accesses in vec((any::<bool>(), 0..registers().len(), any::<u32>()), 0..200),
    ) {
        let mut card = ModelCard::new(&SIM);
        let offsets = registers();
        for (write, register, value) in accesses {
            let offset = offsets[register];
            if write {
                card.write(offset, value >> (value % 32));
            } else {
                card.read(offset);
            }
        }
    }
}

/// Packets that went round, what came of them, and copies that were none.
fn rounds(core: &Core) -> [u64; 3] {
    let rounds = &core.rounds;
    [rounds.packets(), rounds.copies(), rounds.skipped()].map(u64::from)
}

/// The offset of every register.
fn registers() -> Vec<u32> {
    let all = [REGISTERS, slow::REGISTERS, rings::REGISTERS];
    all.concat()
        .iter()
        .map(|register| register.offset)
        .collect()
}

/// The tree shows the order of the stages.
#[test]
fn each_stage_has_its_file() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (stage, _) in STAGES {
        let file = source.join(format!("{stage}.rs"));
        assert!(file.is_file(), "{} is missing", file.display());
    }
}

/// The properties above are about something: their packets reach every end that matters.
#[test]
fn the_generated_packets_go_everywhere() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut sent, mut patched, mut tunnelled, mut punted, mut dropped) = (0, 0, 0, 0, 0);
    let (mut ipv6, mut tunnelled_v6, mut ipv6_flows, mut onward) = (0, 0, 0, 0);
    for _ in 0..3000 {
        let strategy = (any_network(), any_frame());
        let tree = strategy.new_tree(&mut runner).unwrap();
        let (setting, (port, frame)) = proptest::strategy::ValueTree::current(&tree);
        let output = network(setting).core.process(&frame, port);
        match output.verdict {
            Verdict::Deliver => sent += 1,
            Verdict::Punt(_) => punted += 1,
            _ => dropped += 1,
        }
        patched += u32::from(output.edit.patch.on);
        tunnelled += u32::from(output.edit.add > 14 && output.edit.add != 64);
        let delivered = output.verdict == Verdict::Deliver;
        ipv6 += u32::from(delivered && output.meta.inner.ipv6);
        tunnelled_v6 += u32::from(output.meta.decap.tunnelled && output.meta.parse.v6);
        onward += u32::from(delivered && output.meta.flow.goes_onward);
        ipv6_flows += u32::from(output.meta.inner.ipv6 && output.meta.flow.hit);
    }
    for (what, times) in [
        ("sent", sent),
        ("patched", patched),
        ("tunnelled", tunnelled),
        ("punted", punted),
        ("dropped", dropped),
        ("IPv6 sent", ipv6),
        ("IPv6 out of a tunnel", tunnelled_v6),
        ("IPv6 in a flow", ipv6_flows),
        ("translated", onward),
    ] {
        assert!(times > 50, "{what} {times} of 3000 times");
    }
}

#[test]
fn a_frame_longer_than_the_bus_can_tell_is_cut() {
    let setting = Setting {
        tunnel: TunnelKind::MplsUdp,
        policy: false,
        translated: false,
        underlay_v6: false,
    };
    let mut core = network(setting).core;
    let mut frame = ROUTER_MAC.to_be_bytes()[2..].to_vec();
    frame.resize(70_000, 0);
    frame[5] = 0x12;
    frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 0x12]);
    let output = core.process(&frame, port("vf0"));
    assert_eq!(
        (output.verdict, output.frame.len()),
        (Verdict::Deliver, MAX_FRAME_BYTES)
    );
}

#[test]
fn an_empty_card_drops_all() {
    let mut core = Core::new(&SIM);
    for port in [0, 0x100, 0x101, SLOW, u16::MAX] {
        let output = core.process(&[0; 100], port);
        assert_eq!(output.verdict.to_string(), "drop (INVALID_IF)");
    }
}
