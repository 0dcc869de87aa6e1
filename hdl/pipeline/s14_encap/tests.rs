//! The outer IP header of random tunnels, and where a patch is put in.

use super::encap;
use crate::pipeline::records::{record, slot};
use crate::stream::frames::Noise;
use underpass_layout::meta::{Arrival, Bridge, Classify, Edit, Inner, Meta, Patch, Rewrite};
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::{NexthopEntry, NexthopKind, TunnelKind, VifEntry, VifKind};
use underpass_wires::{build, input, output, zero, Blocks, Ports, Sim};

/// Sends packets through the stage, one a clock.
fn run(cases: &[Meta]) -> Vec<Edit> {
    let mut sim = Sim::new(&build("encap", Ports::Packed, Blocks::Inline, || {
        let (decided, _) = encap(input("slot"), zero(), zero());
        output("edit", decided.edit);
    }));
    let mut edits = Vec::new();
    for now in 0..cases.len() + super::LATENCY {
        if let Some(meta) = cases.get(now) {
            sim.set("slot", &slot(meta));
        }
        if now >= super::LATENCY {
            edits.push(record(&mut sim, "edit"));
        }
        sim.step();
    }
    edits
}

/// A packet of a VM to the other end of a tunnel.
fn to_tunnel(noise: &mut Noise, tunnel: TunnelKind, v6: bool) -> Meta {
    let mut address = || {
        let bytes = noise.bytes(16).try_into().expect("16 bytes");
        u128::from_be_bytes(bytes) >> if v6 { 0 } else { 96 }
    };
    let nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Tunnel,
        tunnel,
        tunnel_v6: v6,
        tunnel_src: address(),
        tunnel_dst: address(),
        copy_tos: noise.below(2) == 1,
        ..Default::default()
    };
    Meta {
        classify: Classify {
            entry: VifEntry {
                kind: VifKind::Vm,
                ..Default::default()
            },
            ..Default::default()
        },
        inner: Inner {
            ipv4: true,
            id: noise.below(1 << 16) as u16,
            tos: noise.below(256) as u8,
            ..Default::default()
        },
        bridge: Bridge {
            l3: true,
            ..Default::default()
        },
        nexthop,
        rewrite: Rewrite {
            payload: 20 + noise.below(1500) as u16,
            ..Default::default()
        },
        ..Default::default()
    }
}

#[test]
fn the_outer_header_has_the_type_of_service_it_should_and_its_checksum() {
    let mut noise = Noise(3);
    let mut cases = Vec::new();
    for tunnel in [TunnelKind::MplsGre, TunnelKind::MplsUdp, TunnelKind::Vxlan] {
        for v6 in [false, true] {
            cases.extend((0..200).map(|_| to_tunnel(&mut noise, tunnel, v6)));
        }
    }
    for (meta, edit) in cases.iter().zip(run(&cases)) {
        let ip = &edit.header[14..];
        let tos = if meta.nexthop.copy_tos {
            meta.inner.tos
        } else {
            0
        };
        if meta.nexthop.tunnel_v6 {
            assert_eq!((ip[0] >> 4, ip[0] << 4 | ip[1] >> 4), (6, tos), "{meta:?}");
            continue;
        }
        assert_eq!((ip[0], ip[1]), (0x45, tos), "{meta:?}");
        let words = ip[..20].chunks(2);
        let sum: u32 = words
            .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]))
            .sum();
        assert_eq!(sum % 0xffff, 0, "{meta:?}");
    }
}

#[test]
fn places_of_a_patch_are_behind_the_shim_as_the_packet_is() {
    let mut noise = Noise(4);
    let patch = Patch {
        on: true,
        l3_offset: 14,
        l4_offset: 34,
        l4_checksum_offset: 50,
        quoted_l3_offset: 42,
        quoted_l4_offset: 62,
        ..Default::default()
    };
    let behind = Patch {
        l3_offset: 64 + 14,
        l4_offset: 64 + 34,
        l4_checksum_offset: 64 + 50,
        quoted_l3_offset: 64 + 42,
        quoted_l4_offset: 64 + 62,
        ..patch
    };
    let mut meta = to_tunnel(&mut noise, TunnelKind::Vxlan, false);
    meta.rewrite.patch = patch;
    let mut injected = meta;
    injected.arrival = Arrival {
        injected: true,
        command: InjectCommand::Receive,
        ..Default::default()
    };
    let mut transmitted = injected;
    transmitted.arrival.command = InjectCommand::Transmit;
    let patches: Vec<Patch> = run(&[meta, injected, transmitted])
        .iter()
        .map(|edit| edit.patch)
        .collect();
    assert_eq!(patches, [patch, behind, Patch::default()]);
}
