//! Groups, lists and their members, mirrors, learning, flooding, marks: what makes several packets of one.
//!
//! ```text
//!   nexthop of kind Ecmp, List ─▶ group ─▶ member rows, eight a nexthop ─▶ nexthops
//!   flood of each VRF ──────────▶ a list
//!   mirrors 1 to 12: frames as they are, or behind IPv4 or IPv6 headers to tenants' addresses
//! ```
//! Lists are short and seldom lead into other VRFs, so that what one packet becomes has room in the card.

use super::{pick, Address, World, NEXTHOPS, TUNNEL_END, VMS, VRFS};
use fastrand::Rng;
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::tables::*;

/// Nexthops that are lists, whatever else the others are.
pub const LISTS: std::ops::Range<u32> = 56..62;
/// Mirrors; 0 is none.
pub const MIRRORS: std::ops::Range<u16> = 1..13;
/// Groups of IPv4 multicast that some networks have lists for.
pub const GROUPS: [u64; 2] = [0x0100_5e00_0001, 0x0100_5e00_0042];
/// The group of the underlay that some VNIs are taken from.
pub const UNDERLAY_GROUP: u32 = 0xe801_0203;
/// Maps of forwarding classes; 0 is none.
const QOS_MAPS: std::ops::Range<u8> = 1..4;
/// Rows of `member` that a nexthop has.
const MEMBER_ROWS: u32 = 8;

impl World {
    pub(super) fn copies(&mut self, rng: &mut Rng) {
        self.groups(rng);
        self.floods(rng);
        self.learned(rng);
        self.mirrors(rng);
        for row in 128 * u32::from(QOS_MAPS.start)..128 * u32::from(QOS_MAPS.end) {
            let class = QosEntry {
                valid: rng.u8(..4) > 0,
                dscp: rng.u8(..64),
                exp: rng.u8(..8),
                priority: rng.u8(..8),
                queue: rng.u8(..32),
            };
            self.rows.direct(row as usize, &class);
        }
    }

    /// What a nexthop consists of, and its members.
    fn groups(&mut self, rng: &mut Rng) {
        for nexthop in NEXTHOPS {
            let kind = self.kinds[nexthop as usize];
            let first = (MEMBER_ROWS * nexthop) as u16;
            let group = match kind {
                _ if rng.u8(..24) == 0 => pick(rng, GroupKind::ALL),
                NexthopKind::Ecmp => GroupKind::Ecmp,
                NexthopKind::List => GroupKind::List,
                _ => continue,
            };
            let most = match group {
                GroupKind::Ecmp => 4,
                _ => 6,
            };
            let entry = GroupEntry {
                kind: group,
                first,
                count: match rng.u8(..16) {
                    0 => 0,
                    _ => rng.u16(1..most),
                },
                protocol: rng.bool(),
                src: rng.bool(),
                src_port: rng.bool(),
                dst: rng.bool(),
                dst_port: rng.bool(),
                validate: rng.u8(..3) == 0,
            };
            self.rows.direct(nexthop as usize, &entry);
            for row in 0..MEMBER_ROWS {
                let member = self.member(rng, group);
                self.rows.direct(usize::from(first) + row as usize, &member);
            }
            self.origins(rng, nexthop);
        }
    }

    fn member(&self, rng: &mut Rng, group: GroupKind) -> MemberEntry {
        let along_tree = group == GroupKind::List && rng.u8(..4) == 0 && !self.trees.is_empty();
        let nexthop = match rng.u8(..8) {
            _ if along_tree => pick(rng, &self.trees),
            0 => rng.u32(NEXTHOPS),
            1..=2 => u32::from(rng.u16(VMS)) + 20,
            _ => pick(rng, &self.frames),
        };
        let leg = match (group, self.kinds[nexthop as usize]) {
            _ if rng.u8(..12) == 0 => pick(rng, Leg::ALL),
            _ if along_tree => Leg::Tree,
            (GroupKind::List, NexthopKind::Tunnel) => pick(rng, &[Leg::Tree, Leg::Evpn, Leg::Tor]),
            (GroupKind::List, _) => Leg::Local,
            _ => Leg::None,
        };
        MemberEntry {
            leg,
            nexthop,
            label_valid: rng.bool(),
            label: rng.u32(..1 << 24),
            vif: match nexthop.checked_sub(20) {
                Some(vif) if VMS.contains(&(vif as u16)) => vif as u16,
                _ => rng.u16(VMS),
            },
        }
    }

    /// Some of the tunnel ends, for this list.
    fn origins(&mut self, rng: &mut Rng, nexthop: u32) {
        for end in self.remotes.clone() {
            if rng.bool() {
                self.rows.exact(&OriginEntry {
                    valid: true,
                    key: OriginKey {
                        nexthop,
                        v6: end.v6,
                        address: end.bits,
                    },
                    leg: pick(rng, &[Leg::Tree, Leg::Evpn, Leg::Tor]),
                });
            }
        }
    }

    fn floods(&mut self, rng: &mut Rng) {
        for vrf in VRFS {
            let entry = FloodEntry {
                valid: rng.u8(..8) > 0,
                nexthop: match rng.u8(..8) {
                    0 => rng.u32(NEXTHOPS),
                    _ => rng.u32(LISTS),
                },
                label: rng.u32(..1 << 24),
            };
            self.rows.direct(usize::from(vrf), &entry);
            for mac in GROUPS {
                if rng.bool() {
                    self.rows.exact(&BridgeEntry {
                        valid: true,
                        key: BridgeKey { vrf, mac },
                        receive: rng.u8(..8) == 0,
                        nexthop: rng.u32(LISTS),
                        label: rng.u32(..1 << 24),
                        control: rng.bool(),
                    });
                }
            }
        }
    }

    fn learned(&mut self, rng: &mut Rng) {
        for vrf in VRFS {
            for mac in self.macs.clone() {
                if rng.u8(..8) == 0 {
                    continue;
                }
                let end = pick(rng, &self.remotes);
                let own = self.own_macs.iter().position(|own| *own == mac);
                // Most often where it is.
                let here = own.filter(|_| rng.u8(..4) > 0);
                self.rows.exact(&LearnedEntry {
                    valid: true,
                    key: LearnedKey { vrf, mac },
                    tunnelled: here.is_none() && rng.bool(),
                    vif: here.map_or_else(|| rng.u16(VMS), |place| VMS.start + place as u16),
                    v6: end.v6,
                    address: end.bits,
                });
            }
        }
    }

    fn mirrors(&mut self, rng: &mut Rng) {
        for row in MIRRORS {
            let v6 = rng.bool();
            let kind = match rng.u8(..8) {
                0 => MirrorKind::None,
                1..=4 => MirrorKind::Routed,
                _ => MirrorKind::Raw,
            };
            let text = match kind {
                MirrorKind::Routed => self.headers(rng, v6),
                _ if rng.bool() => Vec::new(),
                _ => (0..rng.u8(1..40)).collect(),
            };
            let entry = MirrorEntry {
                kind,
                v6,
                vrf: rng.u16(VRFS),
                nexthop: pick(rng, &self.frames),
                label: rng.u32(..1 << 24),
                length: text.len() as u16,
                sum: rng.u16(..),
                header_sum: rng.u16(..),
                snap: pick(rng, &[0, 0, 0, 60, 64, 100, 128, 700]),
                interval: 0,
            };
            self.rows.direct(usize::from(row), &entry);
            let mut bytes = text;
            bytes.resize(MIRROR_TEXT_BYTES, 0);
            for (way, beat) in bytes.chunks(BEAT_BYTES).enumerate() {
                let mut entry = MirrorTextEntry { bytes: [0; 64] };
                entry.bytes.copy_from_slice(beat);
                self.rows.set(usize::from(row), way, &entry);
            }
        }
    }

    /// IP, UDP and metadata of any length, to a tenant.
    fn headers(&self, rng: &mut Rng, v6: bool) -> Vec<u8> {
        let mut bytes = match v6 {
            true => {
                let (src, dst) = (pick(rng, &self.addresses6), pick(rng, &self.addresses6));
                let start = [0x60, 0, 0, 0, 0, 0, 17, 64];
                [&start[..], &wire(src), &wire(dst)].concat()
            }
            false => {
                let (src, dst) = (pick(rng, &self.addresses), pick(rng, &self.addresses));
                let start = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0];
                [&start[..], &wire(src), &wire(dst)].concat()
            }
        };
        bytes.extend([0, 0, 0x22, 0xb8, 0, 0, 0, 0]);
        bytes.extend((0..rng.usize(..MIRROR_TEXT_BYTES - bytes.len() + 1)).map(|i| i as u8));
        bytes
    }

    /// A mirror, or most often none.
    pub(super) fn mirror(rng: &mut Rng, often: u8) -> u16 {
        match rng.u8(..often) {
            0 => rng.u16(MIRRORS),
            _ => 0,
        }
    }

    /// A map of forwarding classes, or none.
    pub(super) fn qos_map(rng: &mut Rng) -> u8 {
        match rng.bool() {
            true => rng.u8(QOS_MAPS),
            false => 0,
        }
    }

    /// The group of the underlay, in the family of the fabric.
    pub fn underlay_group(&self) -> Address {
        match self.fabric.v6 {
            true => Address::v6(0xff05 << 112 | u128::from(UNDERLAY_GROUP)),
            false => Address::v4(UNDERLAY_GROUP),
        }
    }

    /// Where a tunnel of ours begins, in a family.
    pub(super) fn our_end(v6: bool) -> u128 {
        match v6 {
            true => super::TUNNEL_END_V6,
            false => TUNNEL_END.into(),
        }
    }
}

/// An address as it stands in a header.
fn wire(address: Address) -> Vec<u8> {
    let bytes = address.bits.to_be_bytes();
    bytes[if address.v6 { 0 } else { 12 }..].to_vec()
}
