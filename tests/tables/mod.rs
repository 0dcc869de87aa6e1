//! Random tables within small pools of addresses, so that random packets find something in them.
//!
//! A world is of one family outside: its fabric interface has an IPv4 or an IPv6 address. Tenants speak both. Some
//! addresses of the two families are the same number, so that a comparison which forgets the family is found out.

mod arp;
mod copies;
mod fat;
mod flows;
mod rows;
mod talk;

pub use copies::{GROUPS, LISTS};
pub use fat::FAT_SETS;
pub use rows::{Row, Rows};
pub use talk::{pick, Address, Talk};

use fastrand::Rng;
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;

/// MAC of the router, the same in every network.
pub const ROUTER_MAC: u64 = 0x0000_5e00_0100;
/// The IPv4 address at which a fabric interface ends tunnels.
pub const TUNNEL_END: u32 = 0xc0a8_c80b;
/// The IPv6 address at which one does.
pub const TUNNEL_END_V6: u128 = 0xfd00_0000_0000_0000_0000_0000_0000_000b;
/// Interfaces: 0 fabric, 1 host, 2 agent, 3.. tenants.
pub const VMS: std::ops::Range<u16> = 3..11;
/// VRFs of tenants.
pub const VRFS: std::ops::Range<u16> = 1..5;
/// Ids of nexthops that packets can meet.
pub const NEXTHOPS: std::ops::Range<u32> = 1..64;
/// Of these, one that stands for the node itself.
const NODE: u32 = 62;
/// Labels of ours.
pub const LABELS: std::ops::Range<u32> = 16..48;
/// VNIs.
pub const VNIS: std::ops::Range<u32> = 5000..5012;
/// How tunnels wrap.
const WRAPS: [TunnelKind; 4] = [
    TunnelKind::MplsGre,
    TunnelKind::MplsUdp,
    TunnelKind::Vxlan,
    TunnelKind::Nvgre,
];
/// Ids of flows; more than one flow may count in one place.
pub const FLOW_IDS: std::ops::Range<u32> = 1..512;
/// Of these, those of TCP: few, so that connections of many packets come about.
pub const TCP_FLOW_IDS: std::ops::Range<u32> = 1..32;

/// The pools and the rows made from them.
#[derive(Clone, Debug)]
pub struct World {
    /// Where the fabric interface ends tunnels.
    pub fabric: Address,
    /// MACs of tenants.
    pub macs: Vec<u64>,
    /// IPv4 addresses of tenants.
    pub addresses: Vec<Address>,
    /// IPv6 addresses of tenants.
    pub addresses6: Vec<Address>,
    /// Other tunnel ends, of both families.
    pub remotes: Vec<Address>,
    /// Conversations of IPv4.
    pub talks: Vec<Talk>,
    /// Conversations of IPv6.
    pub talks6: Vec<Talk>,
    /// The MAC of each tenant's interface, in the order of [`VMS`].
    pub own_macs: Vec<u64>,
    /// The set of fat-flow rules of each tenant's interface, in the order of [`VMS`].
    pub fat_sets: Vec<u16>,
    /// The rules of each set.
    pub rules: Vec<[FatRuleEntry; FAT_RULES]>,
    /// Its prefixes without.
    pub excludes: Vec<[FatExcludeEntry; FAT_EXCLUDES]>,
    /// The kind of each nexthop, by its id.
    kinds: Vec<NexthopKind>,
    /// Nexthops that carry frames.
    frames: Vec<u32>,
    /// Those that carry frames along a multicast tree.
    trees: Vec<u32>,
    /// What is under each label, in the order of [`LABELS`].
    pub labels: Vec<MplsEntry>,
    /// What is in the card's tables.
    pub rows: Rows,
}

impl World {
    /// A world for tables of these sizes.
    pub fn random(profile: &'static Profile, rng: &mut Rng, seed: u128) -> Self {
        let addresses: Vec<Address> = (0..24)
            .map(|_| Address::v4(0x0a00_0000 | rng.u32(..) & 0x0003_03ff))
            .collect();
        // One in four is an IPv4 address seen as a number.
        let addresses6: Vec<Address> = (0..24)
            .map(|i| match i % 4 {
                0 => Address::v6(addresses[i].bits),
                _ => Address::v6(
                    0x2001_0db8 << 96 | rng.u128(..) & 0x3_0000_0003_8000_0000_0000_03ff,
                ),
            })
            .collect();
        let fabric = match rng.u8(..4) {
            0 | 1 => Address::v4(TUNNEL_END),
            2 => Address::v6(TUNNEL_END_V6),
            _ => Address::v6(TUNNEL_END.into()),
        };
        let remotes = (0..4)
            .flat_map(|i| {
                let v4 = Address::v4(0xc0a8_c80c + i);
                let v6 = match i % 2 {
                    0 => Address::v6(v4.bits),
                    _ => Address::v6(TUNNEL_END_V6 + 1 + u128::from(i)),
                };
                [v4, v6]
            })
            .collect();
        let mut world = World {
            fabric,
            own_macs: Vec::new(),
            macs: (0..16)
                .map(|i| 0x0200_0000_0000 | rng.u64(..) & 0xff_ff00 | i)
                .collect(),
            remotes,
            talks: (0..64).map(|_| Talk::random(rng, &addresses)).collect(),
            talks6: (0..64).map(|_| Talk::random(rng, &addresses6)).collect(),
            addresses,
            addresses6,
            fat_sets: VMS.map(|_| rng.u16(FAT_SETS)).collect(),
            rules: FAT_SETS.map(|_| Default::default()).collect(),
            excludes: FAT_SETS.map(|_| Default::default()).collect(),
            kinds: vec![NexthopKind::Discard; NEXTHOPS.end as usize],
            frames: Vec::new(),
            trees: Vec::new(),
            labels: Vec::new(),
            rows: Rows::new(profile, seed),
        };
        world.own_macs = VMS.map(|_| pick(rng, &world.macs)).collect();
        world.fat_flows(rng);
        world.interfaces(rng);
        world.nexthops(rng);
        world.copies(rng);
        world.tunnels(rng);
        world.bridges(rng);
        world.routes(rng);
        world.stitched(rng);
        world.quotas(rng);
        world.sources(rng);
        world.onwards(rng);
        world.flows(rng);
        world
    }

    fn interfaces(&mut self, rng: &mut Rng) {
        let fabric = VifEntry {
            valid: true,
            kind: VifKind::Fabric,
            cross_connect: rng.u8(..4) > 0,
            cross_vif: 1,
            cross_port: 0x100,
            address: self.fabric.bits,
            address_v6: self.fabric.v6,
            mirror: World::mirror(rng, 12),
            qos: World::qos_map(rng),
            arp: pick(rng, VifArp::ALL),
            router_mac: rng.u64(..) >> 16,
            check_arp: rng.bool(),
            ..Default::default()
        };
        let host = VifEntry {
            valid: true,
            kind: VifKind::Host,
            cross_connect: true,
            cross_vif: 0,
            cross_port: 0,
            mirror: World::mirror(rng, 8),
            ..Default::default()
        };
        let agent = VifEntry {
            valid: true,
            kind: VifKind::Agent,
            ..Default::default()
        };
        for (vif, port, entry) in [(0, 0, fabric), (1, 0x100, host), (2, 0x1ff, agent)] {
            self.rows.direct(vif, &entry);
            self.rows.direct(
                port,
                &PortEntry {
                    valid: true,
                    vif: vif as u16,
                },
            );
        }
        for vif in VMS {
            let entry = VifEntry {
                valid: rng.u8(..16) > 0,
                kind: VifKind::Vm,
                policy: rng.u8(..3) > 0,
                dhcp: rng.bool(),
                vrf: rng.u16(VRFS),
                nexthop: u32::from(vif) + 20,
                fat_set: self.fat_sets[usize::from(vif - VMS.start)],
                check_source: rng.u8(..4) == 0,
                check_mac: rng.u8(..6) == 0,
                mac: self.own_macs[usize::from(vif - VMS.start)],
                hop_limit: rng.bool(),
                mirror: World::mirror(rng, 6),
                flood_unknown: rng.bool(),
                learn: rng.u8(..3) == 0,
                etree_root: rng.bool(),
                igmp: rng.bool(),
                qos: World::qos_map(rng),
                arp: match rng.u8(..3) {
                    0 => pick(rng, VifArp::ALL),
                    _ => VifArp::Routes,
                },
                router_mac: pick(rng, &self.macs),
                check_arp: rng.u8(..4) == 0,
                ..Default::default()
            };
            self.rows.direct(usize::from(vif), &entry);
            self.rows.direct(
                0x101 + usize::from(vif - VMS.start),
                &PortEntry { valid: true, vif },
            );
        }
    }

    fn nexthops(&mut self, rng: &mut Rng) {
        for id in NEXTHOPS {
            let mut entry = self.nexthop(rng);
            // Tenants' own nexthops lead to them, as a compiler would have it.
            if let Some(vif) = (id as u16).checked_sub(20).filter(|vif| VMS.contains(vif)) {
                entry = NexthopEntry {
                    valid: true,
                    kind: NexthopKind::Encap,
                    vif,
                    port: 0x101 + vif - VMS.start,
                    flow_nexthop: id,
                    fat_set: self.fat_sets[usize::from(vif - VMS.start)],
                    ..entry
                };
            }
            if LISTS.contains(&id) {
                entry.kind = NexthopKind::List;
            }
            if id == NODE {
                entry.kind = NexthopKind::Receive;
            }
            self.kinds[id as usize] = entry.kind;
            let carries = matches!(entry.kind, NexthopKind::Encap | NexthopKind::Tunnel);
            if carries && (entry.bridge || entry.kind == NexthopKind::Tunnel) {
                self.frames.push(id);
            }
            let mpls = matches!(entry.tunnel, TunnelKind::MplsGre | TunnelKind::MplsUdp);
            if entry.kind == NexthopKind::Tunnel && mpls && !entry.tunnel_v6 {
                self.trees.push(id);
            }
            self.rows.direct(id as usize, &entry);
        }
    }

    fn nexthop(&self, rng: &mut Rng) -> NexthopEntry {
        let kind = match rng.u8(..32) {
            0 => NexthopKind::Discard,
            1 => NexthopKind::Receive,
            2 => NexthopKind::Resolve,
            3 => NexthopKind::L2Receive,
            4..=6 => NexthopKind::Ecmp,
            7..=10 => NexthopKind::Translate,
            11..=19 => NexthopKind::Encap,
            _ => NexthopKind::Tunnel,
        };
        let vif = rng.u16(VMS);
        let tunnel = kind == NexthopKind::Tunnel;
        // None and STT seldom: nothing is wrapped so.
        let wraps = match rng.u8(..16) {
            0 => TunnelKind::ALL,
            _ => &WRAPS[..],
        };
        let remote = pick(rng, &self.remotes);
        NexthopEntry {
            valid: rng.u8(..32) > 0,
            kind,
            policy: rng.bool(),
            relaxed: rng.u8(..4) == 0,
            bridge: rng.bool(),
            vif: if tunnel { 0 } else { vif },
            port: if tunnel { 0 } else { 0x101 + vif - VMS.start },
            flow_nexthop: u32::from(vif) + 20,
            vrf: rng.u16(VRFS),
            fat_set: self.fat_sets[usize::from(vif - VMS.start)],
            dst_mac: rng.u64(..) >> 16,
            src_mac: rng.u64(..) >> 16,
            tunnel: if tunnel {
                pick(rng, wraps)
            } else {
                TunnelKind::None
            },
            tunnel_v6: remote.v6,
            tunnel_src: World::our_end(remote.v6),
            tunnel_dst: remote.bits,
            l3_vxlan: rng.bool(),
            router_mac: rng.u64(..) >> 16,
            mtu: pick(rng, &[0, 1500, 1500, 9000, 16383, 128]),
            copy_tos: rng.bool(),
            mirror: World::mirror(rng, 10),
            etree_root: rng.bool(),
        }
    }

    fn tunnels(&mut self, rng: &mut Rng) {
        for label in LABELS {
            let action = pick(rng, LabelAction::ALL);
            let frame = action == LabelAction::Frame;
            let entry = MplsEntry {
                action,
                vrf: rng.u16(VRFS),
                nexthop: match rng.u8(..4) {
                    0..=1 if frame => rng.u32(LISTS),
                    _ => rng.u32(NEXTHOPS),
                },
                control: frame && rng.u8(..3) == 0,
                tree: frame && rng.u8(..4) == 0,
                flood_unknown: rng.bool(),
                learn: rng.bool(),
            };
            self.labels.push(entry);
            self.rows.direct(label as usize, &entry);
        }
        for vni in VNIS {
            if rng.bool() {
                self.rows.exact(&VxlanEntry {
                    valid: true,
                    key: VxlanKey { vni },
                    vrf: rng.u16(VRFS),
                    flood_unknown: rng.bool(),
                    learn: rng.u8(..3) == 0,
                    group: rng.bool(),
                    group_address: self.underlay_group().bits,
                });
            }
        }
    }

    fn bridges(&mut self, rng: &mut Rng) {
        for vrf in VRFS {
            let router = BridgeKey {
                vrf,
                mac: ROUTER_MAC,
            };
            self.rows.exact(&BridgeEntry {
                valid: true,
                key: router,
                receive: true,
                nexthop: rng.u32(NEXTHOPS),
                ..Default::default()
            });
            for mac in self.macs.clone() {
                if rng.u8(..4) > 0 {
                    let key = BridgeKey { vrf, mac };
                    let label = rng.u32(..1 << 24);
                    self.rows.exact(&BridgeEntry {
                        valid: true,
                        key,
                        receive: false,
                        nexthop: rng.u32(NEXTHOPS),
                        label,
                        control: rng.u8(..4) == 0,
                    });
                }
            }
        }
    }

    fn routes(&mut self, rng: &mut Rng) {
        for vrf in VRFS {
            let (lengths, lengths6) = (banks(rng, 1..32), banks(rng, 1..128));
            let word = VrfEntry {
                valid: rng.u8(..16) > 0,
                punt_all: rng.u8(..8) == 0,
                default_valid: rng.bool(),
                default_nexthop: rng.u32(NEXTHOPS),
                default_label: rng.u32(..1 << 24),
                default6_valid: rng.bool(),
                default6_nexthop: rng.u32(NEXTHOPS),
                default6_label: rng.u32(..1 << 24),
                default_arp: pick(rng, ArpAnswer::ALL),
                ..Default::default()
            };
            let word = word.with_lengths(lengths).with_v6_lengths(lengths6);
            self.rows.direct(usize::from(vrf), &word);
            for address in self.addresses.clone() {
                self.routes_to(rng, vrf, address, &lengths);
            }
            for address in self.addresses6.clone() {
                self.routes_to(rng, vrf, address, &lengths6);
            }
        }
    }

    /// Some of the prefixes of an address, each in the bank of its length.
    fn routes_to(&mut self, rng: &mut Rng, vrf: u16, address: Address, lengths: &[u8; BANKS]) {
        let bits: u8 = if address.v6 { 128 } else { 32 };
        let banks = lengths
            .iter()
            .enumerate()
            .filter(|(_, length)| **length > 0);
        let banks: Vec<(Option<usize>, u8)> = std::iter::once((None, bits))
            .chain(banks.map(|(bank, length)| (Some(bank), *length)))
            .collect();
        for (bank, length) in banks {
            if rng.u8(..3) > 0 {
                continue;
            }
            let key = RouteKey {
                vrf,
                v6: address.v6,
                length,
                prefix: address.bits & u128::MAX << (bits - length),
            };
            let entry = RouteEntry {
                valid: true,
                key,
                // Often a tenant is there, as the check of a source wants it.
                nexthop: match rng.u8(..12) {
                    0..=4 => u32::from(rng.u16(VMS)) + 20,
                    5 => NODE,
                    _ => rng.u32(NEXTHOPS),
                },
                label: rng.u32(..1 << 24),
                // A stitched MAC is asked for twice: by guests and by other nodes.
                arp: match rng.u8(..3) {
                    0 => ArpAnswer::Stitched,
                    _ => pick(rng, ArpAnswer::ALL),
                },
                trap: rng.bool(),
            };
            self.rows.route(bank, &entry);
        }
    }
}

/// Lengths of prefixes for the banks, the longest first, 0 for a bank that is not used.
fn banks(rng: &mut Rng, of: std::ops::Range<u8>) -> [u8; BANKS] {
    let mut lengths: Vec<u8> = (0..rng.usize(..BANKS + 1))
        .map(|_| rng.u8(of.clone()))
        .collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    lengths.dedup();
    let mut banks = [0; BANKS];
    banks[..lengths.len()].copy_from_slice(&lengths);
    banks
}
