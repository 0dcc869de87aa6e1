//! Packets that become several or go round: copies of a list, mirrors, another VRF. Each with the tables that it needs beside
//! those of [`rows`].
//!
//! ```text
//!   VM 1 ─ broadcast ─▶ flood ─▶ list ─▶ so many members
//!   VM 1 ─▶ VM 2, mirrored as VM 1 sends it or as VM 2 is sent it ─▶ VM 3, or an analyzer behind a tunnel
//!   VM 1 ─ route ─▶ translate ─▶ the other VRF ─▶ VM 2
//! ```

use super::network::*;
use super::{frames, rows, SEED};
use crate::packets::{Bytes, Packet};
use crate::rtl::Rtl;
use crate::tables::Rows;
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;
use underpass_model::headers::checksum::checksum;

/// Where the members of the list start.
const FIRST: u16 = 100;
const NH_LIST: u32 = 40;
const NH_TRANSLATE: u32 = 41;
const OTHER_VRF: u16 = 2;
/// Behind the nexthop that translates.
const OTHER_NET: u32 = 0x0a05_0001;
/// The name in the header of mirrored packets.
const NAME: &[u8] = b"default-domain:tim:traffic-net";

/// Where copies of a list go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legs {
    /// To a VM here.
    Local,
    /// To other nodes over VXLAN, one copy each.
    HeadEnd,
    /// To other nodes along a tree, in MPLSoUDP.
    Tree,
}

/// What happens to a packet of VM 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// It is a broadcast to so many members.
    List(Legs, u16),
    /// VM 1 is mirrored: VM 3 gets the bare frame.
    MirrorHere,
    /// VM 1 is mirrored: an analyzer behind MPLSoGRE gets it with the Juniper header.
    MirrorAway,
    /// VM 2, which it goes to, is mirrored, likewise.
    MirrorEgress,
    /// Both VMs are mirrored, likewise.
    MirrorBoth,
    /// Its route leads into another VRF.
    Translate,
}

impl Scene {
    /// What it is called in reports.
    pub fn name(self) -> String {
        match self {
            Scene::List(Legs::Local, members) => format!("broadcast to {members} VMs"),
            Scene::List(Legs::HeadEnd, members) => format!("broadcast to {members} nodes, VXLAN"),
            Scene::List(Legs::Tree, members) => {
                format!("broadcast along {members} legs of a tree, MPLSoUDP")
            }
            Scene::MirrorHere => "VM to VM, mirrored bare to a third VM".into(),
            Scene::MirrorAway => "VM to VM, mirrored with the Juniper header into MPLSoGRE".into(),
            Scene::MirrorEgress => "VM to VM, the receiver mirrored likewise".into(),
            Scene::MirrorBoth => "VM to VM, both mirrored likewise".into(),
            Scene::Translate => "VM to VM by way of another VRF".into(),
        }
    }

    /// Frames that leave for each that comes.
    pub fn frames(self) -> usize {
        match self {
            Scene::List(_, members) => members.into(),
            Scene::MirrorHere | Scene::MirrorAway | Scene::MirrorEgress => 2,
            Scene::MirrorBoth => 3,
            Scene::Translate => 1,
        }
    }

    /// A packet of `bytes` bytes that it happens to.
    pub fn packet(self, bytes: usize) -> Packet {
        let bytes = match self {
            Scene::List(..) => frames::bridged(1, u64::MAX >> 16, bytes),
            Scene::Translate => frames::routed(1, OTHER_NET, bytes),
            _ => frames::bridged(1, vm_mac(2), bytes),
        };
        Packet {
            bytes,
            port: vm_port(1),
        }
    }

    /// Tables in which it happens.
    pub fn rows(self, profile: &'static Profile) -> Rows {
        let mut rows = rows(profile, SEED);
        match self {
            Scene::List(legs, members) => list(&mut rows, legs, members),
            Scene::MirrorHere => {
                raw_mirror(&mut rows);
                mirrored_sender(&mut rows);
            }
            Scene::MirrorAway => {
                juniper_mirror(&mut rows);
                mirrored_sender(&mut rows);
            }
            Scene::MirrorEgress => {
                juniper_mirror(&mut rows);
                mirrored_receiver(&mut rows);
            }
            Scene::MirrorBoth => {
                juniper_mirror(&mut rows);
                mirrored_sender(&mut rows);
                mirrored_receiver(&mut rows);
            }
            Scene::Translate => translated(&mut rows),
        }
        rows
    }

    /// Writes these tables into a core.
    pub fn set(self, rtl: &mut Rtl, profile: &'static Profile) {
        for row in self.rows(profile).all() {
            rtl.write_row(row.table, row.address, &row.words);
        }
    }
}

fn list(rows: &mut Rows, legs: Legs, members: u16) {
    let (leg, nexthop, label) = match legs {
        Legs::Local => (Leg::Local, nh_bridged(2), 0),
        Legs::HeadEnd => (Leg::Evpn, NH_VXLAN, VNI),
        Legs::Tree => (Leg::Tree, NH_UDP, 4700),
    };
    let member = MemberEntry {
        leg,
        nexthop,
        label_valid: true,
        label,
        vif: vm_vif(2),
    };
    for row in FIRST..FIRST + members {
        rows.direct(row.into(), &member);
    }
    let group = GroupEntry {
        kind: GroupKind::List,
        first: FIRST,
        count: members,
        ..Default::default()
    };
    rows.direct(NH_LIST as usize, &group);
    let nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::List,
        bridge: true,
        ..Default::default()
    };
    rows.direct(NH_LIST as usize, &nexthop);
    let flood = FloodEntry {
        valid: true,
        nexthop: NH_LIST,
        label: VNI,
    };
    rows.direct(VRF.into(), &flood);
}

fn mirrored_sender(rows: &mut Rows) {
    let interface = VifEntry {
        mirror: 1,
        ..vm_interface(1)
    };
    rows.direct(vm_vif(1).into(), &interface);
}

fn mirrored_receiver(rows: &mut Rows) {
    let nexthop = NexthopEntry {
        bridge: true,
        mirror: 1,
        ..vm_nexthop(2)
    };
    rows.direct(nh_bridged(2) as usize, &nexthop);
}

fn raw_mirror(rows: &mut Rows) {
    let mirror = MirrorEntry {
        kind: MirrorKind::Raw,
        vrf: VRF,
        nexthop: nh_bridged(3),
        ..Default::default()
    };
    rows.direct(1, &mirror);
}

/// Copies go to an address in the network behind MPLSoGRE: IPv4, UDP, and the header that names the network.
fn juniper_mirror(rows: &mut Rows) {
    let (src, dst) = (vm_address(1), GRE_NET);
    let mut text = Bytes::default();
    text.u16(0x4500)
        .u16(0)
        .u16(0)
        .u16(0)
        .u16(64 << 8 | 17)
        .u16(0);
    text.u16((src >> 16) as u16).u16(src as u16);
    text.u16((dst >> 16) as u16).u16(dst as u16);
    text.u16(0).u16(8888).u16(0).u16(0);
    text.put(&[3, NAME.len() as u8]).put(NAME).put(&[0xff, 0]);
    let text = text.done();
    let (header, udp) = text.split_at(20);
    let pseudo = [&header[12..20], &[0, 17]].concat();
    let mirror = MirrorEntry {
        kind: MirrorKind::Routed,
        vrf: VRF,
        length: text.len() as u16,
        sum: sum(&[&pseudo[..], udp].concat()),
        header_sum: sum(header),
        ..Default::default()
    };
    rows.direct(1, &mirror);
    for (way, bytes) in text.chunks(64).enumerate() {
        let mut entry = MirrorTextEntry { bytes: [0; 64] };
        entry.bytes[..bytes.len()].copy_from_slice(bytes);
        rows.set(1, way, &entry);
    }
}

/// The one's complement sum of 16-bit words (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    !checksum(bytes)
}

fn translated(rows: &mut Rows) {
    let nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Translate,
        vrf: OTHER_VRF,
        ..Default::default()
    };
    rows.direct(NH_TRANSLATE as usize, &nexthop);
    let route = RouteEntry {
        valid: true,
        key: RouteKey {
            vrf: VRF,
            length: 16,
            prefix: (OTHER_NET & 0xffff_0000).into(),
            ..Default::default()
        },
        nexthop: NH_TRANSLATE,
        ..Default::default()
    };
    rows.route(Some(0), &route);
    let word = VrfEntry {
        valid: true,
        default_valid: true,
        default_nexthop: nh_routed(2),
        ..Default::default()
    };
    rows.direct(OTHER_VRF.into(), &word);
}

/// What left, and when.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Clock in which the first beat of the first packet was taken.
    pub first_beat_in: u64,
    /// First and last clock on the output, port and length of each frame.
    pub frames: Vec<(u64, u64, u16, usize)>,
}

impl Left {
    /// Clocks from the first beat in to the first beat out.
    pub fn latency(&self) -> u64 {
        self.frames
            .first()
            .map_or(0, |first| first.0 - self.first_beat_in)
    }

    /// Clocks from the last beat of each frame to that of the next.
    pub fn steps(&self) -> Vec<u64> {
        self.frames
            .windows(2)
            .map(|two| two[1].1 - two[0].1)
            .collect()
    }

    /// Clocks from the first beat in to the last beat out, both counted.
    pub fn clocks(&self) -> u64 {
        self.frames
            .last()
            .map_or(0, |last| last.1 + 1 - self.first_beat_in)
    }
}

/// Clocks without a frame after which nothing more is awaited: several times what a round takes.
const QUIET: u64 = 1_500;

/// Sends packets back to back and takes what leaves until nothing does.
pub fn until_quiet(rtl: &mut Rtl, packets: &[Packet]) -> Left {
    let numbers: Vec<u64> = packets
        .iter()
        .map(|packet| rtl.send(packet.bytes.clone(), packet.port))
        .collect();
    let mut left = Left::default();
    let mut moved_at = rtl.now();
    while rtl.s.queued() > 0 || rtl.now() < moved_at + QUIET {
        rtl.clock();
        while rtl.decided().is_some() {
            moved_at = rtl.now();
        }
        while let Some(frame) = rtl.m.collect() {
            moved_at = rtl.now();
            left.frames.push((
                frame.first_beat_at,
                frame.last_beat_at,
                frame.port,
                frame.bytes.len(),
            ));
        }
    }
    let first = numbers.first().and_then(|number| rtl.s.sent_at(*number));
    left.first_beat_in = first.map_or(0, |sent| sent.first_beat_at);
    left
}
