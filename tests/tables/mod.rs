//! Random tables within small pools of addresses, so that random packets find something in them.

mod rows;

pub use rows::{Row, Rows};

use fastrand::Rng;
use underpass_layout::profile::Profile;
use underpass_layout::tables::*;

/// MAC of the router, the same in every network.
pub const ROUTER_MAC: u64 = 0x0000_5e00_0100;
/// The address at which the fabric interface ends tunnels.
pub const TUNNEL_END: u32 = 0xc0a8_c80b;
/// Interfaces: 0 fabric, 1 host, 2 agent, 3.. tenants.
pub const VMS: std::ops::Range<u16> = 3..11;
/// VRFs of tenants.
pub const VRFS: std::ops::Range<u16> = 1..5;
/// Ids of nexthops that packets can meet.
pub const NEXTHOPS: std::ops::Range<u32> = 1..64;
/// Labels of ours.
pub const LABELS: std::ops::Range<u32> = 16..48;
/// VNIs.
pub const VNIS: std::ops::Range<u32> = 5000..5012;

/// A tenant's conversation: what flow keys and packets are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Talk {
    /// IP protocol.
    pub protocol: u8,
    /// Source address.
    pub src: u32,
    /// Destination address.
    pub dst: u32,
    /// Source port, or ICMP identifier.
    pub src_port: u16,
    /// Destination port; of ICMP the type.
    pub dst_port: u16,
}

/// The pools and the rows made from them.
#[derive(Clone, Debug)]
pub struct World {
    /// MACs of tenants.
    pub macs: Vec<u64>,
    /// Addresses of tenants.
    pub addresses: Vec<u32>,
    /// Other tunnel ends.
    pub remotes: Vec<u32>,
    /// Conversations.
    pub talks: Vec<Talk>,
    /// What is in the card's tables.
    pub rows: Rows,
}

impl World {
    /// A world for tables of these sizes.
    pub fn random(profile: &'static Profile, rng: &mut Rng, seed: u128) -> Self {
        let addresses: Vec<u32> = (0..24)
            .map(|_| 0x0a00_0000 | rng.u32(..) & 0x0003_03ff)
            .collect();
        let talks = (0..64).map(|_| talk(rng, &addresses)).collect();
        let mut world = World {
            macs: (0..16)
                .map(|i| 0x0200_0000_0000 | rng.u64(..) & 0xff_ff00 | i)
                .collect(),
            remotes: (0..6).map(|i| 0xc0a8_c80c + i).collect(),
            addresses,
            talks,
            rows: Rows::new(profile, seed),
        };
        world.interfaces(rng);
        world.nexthops(rng);
        world.tunnels(rng);
        world.bridges(rng);
        world.routes(rng);
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
            address: TUNNEL_END,
            ..Default::default()
        };
        let host = VifEntry {
            valid: true,
            kind: VifKind::Host,
            cross_connect: true,
            cross_vif: 0,
            cross_port: 0,
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
                policy: rng.bool(),
                dhcp: rng.bool(),
                vrf: rng.u16(VRFS),
                nexthop: u32::from(vif) + 20,
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
                    ..entry
                };
            }
            self.rows.direct(id as usize, &entry);
            let source = SourceEntry {
                kind: *rng.choice(SourceKind::ALL).expect("some"),
                vif: rng.u16(VMS),
                address: *rng.choice(&self.remotes).expect("some"),
            };
            self.rows.direct(id as usize, &source);
        }
        self.rows.direct(
            0,
            &SourceEntry {
                kind: SourceKind::Any,
                ..Default::default()
            },
        );
    }

    fn nexthop(&self, rng: &mut Rng) -> NexthopEntry {
        let kind = match rng.u8(..16) {
            0 => NexthopKind::Discard,
            1 => NexthopKind::Receive,
            2 => NexthopKind::Resolve,
            3 => NexthopKind::L2Receive,
            4..=9 => NexthopKind::Encap,
            _ => NexthopKind::Tunnel,
        };
        let vif = rng.u16(VMS);
        let tunnel = kind == NexthopKind::Tunnel;
        let wraps = &TunnelKind::ALL[usize::from(rng.u8(..16) > 0)..];
        NexthopEntry {
            valid: rng.u8(..32) > 0,
            kind,
            policy: rng.bool(),
            bridge: rng.bool(),
            vif: if tunnel { 0 } else { vif },
            port: if tunnel { 0 } else { 0x101 + vif - VMS.start },
            flow_nexthop: u32::from(vif) + 20,
            dst_mac: rng.u64(..) >> 16,
            src_mac: rng.u64(..) >> 16,
            tunnel: if tunnel {
                *rng.choice(wraps).expect("some")
            } else {
                TunnelKind::None
            },
            tunnel_src: TUNNEL_END,
            tunnel_dst: *rng.choice(&self.remotes).expect("some"),
            l3_vxlan: rng.bool(),
            router_mac: rng.u64(..) >> 16,
            mtu: *rng.choice(&[0, 1500, 1500, 128]).expect("some"),
        }
    }

    fn tunnels(&mut self, rng: &mut Rng) {
        for label in LABELS {
            let action = *rng.choice(LabelAction::ALL).expect("some");
            self.rows.direct(
                label as usize,
                &MplsEntry {
                    action,
                    vrf: rng.u16(VRFS),
                    nexthop: rng.u32(NEXTHOPS),
                },
            );
        }
        for vni in VNIS {
            if rng.bool() {
                self.rows.exact(&VxlanEntry {
                    valid: true,
                    key: VxlanKey { vni },
                    vrf: rng.u16(VRFS),
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
                label: 0,
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
                    });
                }
            }
        }
    }

    fn routes(&mut self, rng: &mut Rng) {
        for vrf in VRFS {
            let mut lengths: Vec<u8> = (0..BANKS).map(|_| rng.u8(8..32)).collect();
            lengths.sort_unstable_by(|a, b| b.cmp(a));
            lengths.dedup();
            lengths.truncate(rng.usize(..BANKS + 1));
            let mut banks = [0; BANKS];
            banks[..lengths.len()].copy_from_slice(&lengths);
            let word = VrfEntry {
                valid: rng.u8(..16) > 0,
                punt_all: rng.u8(..16) == 0,
                default_valid: rng.bool(),
                default_nexthop: rng.u32(NEXTHOPS),
                default_label: rng.u32(..1 << 24),
                ..Default::default()
            };
            self.rows
                .direct(usize::from(vrf), &word.with_lengths(banks));
            for address in self.addresses.clone() {
                for (bank, length) in std::iter::once((None, 32))
                    .chain(lengths.iter().enumerate().map(|(i, l)| (Some(i), *l)))
                {
                    if rng.u8(..3) == 0 {
                        let prefix = address & u32::MAX << (32 - length);
                        let key = RouteKey {
                            vrf,
                            length,
                            prefix,
                        };
                        let entry = RouteEntry {
                            valid: true,
                            key,
                            nexthop: rng.u32(NEXTHOPS),
                            label: rng.u32(..1 << 24),
                        };
                        self.rows.route(bank, &entry);
                    }
                }
            }
        }
    }

    fn flows(&mut self, rng: &mut Rng) {
        let mut flow_id = 1;
        for talk in self.talks.clone() {
            for vif in VMS {
                if rng.u8(..3) > 0 {
                    let key = FlowKey {
                        nexthop: u32::from(vif) + 20,
                        protocol: talk.protocol,
                        src_port: talk.src_port,
                        dst_port: talk.dst_port,
                        src: talk.src,
                        dst: talk.dst,
                    };
                    let action = if rng.u8(..3) > 0 {
                        FlowAction::Forward
                    } else {
                        *rng.choice(FlowAction::ALL).expect("some")
                    };
                    let source = if rng.bool() { 0 } else { rng.u32(NEXTHOPS) };
                    self.rows.exact(&FlowEntry {
                        valid: true,
                        key,
                        action,
                        flow_id,
                        source,
                        spare: 0,
                    });
                    flow_id += 1;
                }
            }
        }
    }
}

fn talk(rng: &mut Rng, addresses: &[u32]) -> Talk {
    let (src, dst) = (
        *rng.choice(addresses).expect("some"),
        *rng.choice(addresses).expect("some"),
    );
    let (src_port, dst_port) = (
        rng.u16(..),
        *rng.choice(&[53, 80, 443, 6635, 4789, 68]).expect("some"),
    );
    match rng.u8(..10) {
        0..=3 => Talk {
            protocol: 6,
            src,
            dst,
            src_port,
            dst_port,
        },
        4..=6 => Talk {
            protocol: 17,
            src,
            dst,
            src_port: if rng.u8(..8) == 0 { 68 } else { src_port },
            dst_port,
        },
        7 => Talk {
            protocol: 1,
            src,
            dst,
            src_port,
            dst_port: 0,
        },
        8 => Talk {
            protocol: 1,
            src,
            dst,
            src_port: 0,
            dst_port: *rng.choice(&[3, 5, 11]).expect("some"),
        },
        _ => Talk {
            protocol: *rng.choice(&[132, 47, 2]).expect("some"),
            src,
            dst,
            src_port: 0,
            dst_port: 0,
        },
    }
}
