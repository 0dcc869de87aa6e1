//! Flows of the conversations, with what they go on with and where their packets must come from.

use super::{pick, Talk, World, FLOW_IDS, NEXTHOPS, TCP_FLOW_IDS, VMS, VRFS};
use fastrand::Rng;
use underpass_layout::meta::Key;
use underpass_layout::tables::*;
use underpass_model::s8_key::{key, Guest};

/// Rows of `onward`: those with an odd number are of IPv6.
const ONWARDS: std::ops::Range<u32> = 0..96;

impl World {
    pub(super) fn sources(&mut self, rng: &mut Rng) {
        for id in NEXTHOPS {
            let remote = pick(rng, &self.remotes);
            let source = SourceEntry {
                kind: pick(rng, SourceKind::ALL),
                vif: rng.u16(VMS),
                address: remote.bits,
                v6: remote.v6,
            };
            self.rows.direct(id as usize, &source);
        }
        let any = SourceEntry {
            kind: SourceKind::Any,
            ..Default::default()
        };
        self.rows.direct(0, &any);
    }

    pub(super) fn onwards(&mut self, rng: &mut Rng) {
        for row in ONWARDS {
            let pool = match row % 2 {
                0 => &self.addresses,
                _ => &self.addresses6,
            };
            let onward = OnwardEntry {
                source: source(rng),
                snat: rng.bool(),
                spat: rng.bool(),
                dnat: rng.bool(),
                dpat: rng.bool(),
                src_port: rng.u16(..),
                dst_port: rng.u16(..),
                src: pick(rng, pool).bits,
                dst: pick(rng, pool).bits,
                translate: rng.u8(..3) == 0,
                vrf: rng.u16(VRFS),
                steer: rng.u8(..4) == 0,
                nexthop: rng.u32(NEXTHOPS),
                label: rng.u32(..1 << 24),
                drop: rng.u8(..12) == 0,
                mirror: World::mirror(rng, 4),
                second_mirror: World::mirror(rng, 5),
                qos: World::qos_map(rng),
            };
            self.rows.direct(row as usize, &onward);
        }
    }

    pub(super) fn flows(&mut self, rng: &mut Rng) {
        let talks: Vec<Talk> = self.talks.iter().chain(&self.talks6).copied().collect();
        for (talk, vif) in talks
            .into_iter()
            .flat_map(|talk| VMS.map(move |vif| (talk, vif)))
        {
            if rng.u8(..3) > 0 {
                let plain = talk.key();
                let guest = pick(rng, &[Guest::Source, Guest::Destination]);
                let set = usize::from(self.fat_sets[usize::from(vif - VMS.start)]);
                let (rules, excludes) = (&self.rules[set], &self.excludes[set]);
                let fat = key(rules, excludes, talk.src.v6, guest, plain);
                self.flow(rng, talk.src.v6, fat, u32::from(vif) + 20);
                if fat != plain && rng.u8(..4) == 0 {
                    self.flow(rng, talk.src.v6, plain, u32::from(vif) + 20);
                }
            }
        }
    }

    /// A flow of this key under this K(nh).
    fn flow(&mut self, rng: &mut Rng, v6: bool, key: Key, nexthop: u32) {
        let action = match rng.u8(..3) {
            0 => pick(rng, FlowAction::ALL),
            1 => FlowAction::Onward,
            _ => FlowAction::Forward,
        };
        let source = match action {
            FlowAction::Onward => rng.u32(ONWARDS) & !1 | u32::from(v6),
            _ => source(rng),
        };
        let flow_id = match key.protocol {
            6 => rng.u32(TCP_FLOW_IDS),
            _ => rng.u32(FLOW_IDS),
        };
        let generation = match rng.u8(..16) {
            0 => rng.u8(1..8),
            _ => 1 + (flow_id / 2 % 7) as u8,
        };
        let source_moves = rng.u8(..4) == 0;
        let Key {
            protocol,
            src,
            dst,
            src_port,
            dst_port,
        } = key;
        if v6 {
            let key = FlowKey6 {
                nexthop,
                protocol,
                src_port,
                dst_port,
                ..Default::default()
            };
            self.rows.flow6(&FlowEntry6 {
                valid: true,
                key: key.between(src, dst),
                action,
                flow_id,
                source,
                source_moves,
                generation,
            });
        } else {
            let key = FlowKey {
                v6,
                nexthop,
                protocol,
                src_port,
                dst_port,
                src: src as u32,
                dst: dst as u32,
            };
            self.rows.exact(&FlowEntry {
                valid: true,
                key,
                action,
                flow_id,
                source,
                source_moves,
                generation,
                ..Default::default()
            });
        }
    }
}

/// Where packets must come from: anywhere, or as a row says.
fn source(rng: &mut Rng) -> u32 {
    match rng.u8(..8) {
        0..=5 => 0,
        _ => rng.u32(NEXTHOPS),
    }
}
