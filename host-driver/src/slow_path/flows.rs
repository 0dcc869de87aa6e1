//! The flows that are set up: which entries the card has, and which counter is whose.
//!
//! An entry may move between rows of the card's table as others come; its flow id stays, and with it its counter. A
//! flow goes when neither it nor its answers have been used for a while; its id, and the counter, go to another.

use std::collections::HashMap;
use std::time::Duration;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, FlowAction, FlowEntry, FlowEntry6, TABLES};
use underpass_table_compiler::placed::{Entry, RowWrite, Shadow, TableFull};

use super::flow_ids::Ids;
use super::flow_setup::Denied;
use super::key::{CardKey, Key};
use super::reaction::{Reaction, TableWrite};
use crate::driver::Traffic;

/// How long a flow may be idle, as the peer's agent has it.
pub const IDLE: Duration = Duration::from_secs(180);
/// How often idle flows are looked for, likewise.
pub const SCAN: Duration = Duration::from_secs(25);

/// A flow that is set up, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// What is looked up.
    pub key: Key,
    /// What is done with its packets.
    pub action: FlowAction,
    /// Its counter.
    pub flow_id: u32,
    /// S(nh): where they must come from.
    pub source: u32,
    /// The VRF of its packets.
    pub vrf: u16,
    /// Why its packets are dropped, if they are.
    pub denied: Option<Denied>,
    /// What its counter had counted for the flow before.
    pub base: Traffic,
}

/// A flow with what is needed to tell when it goes.
#[derive(Clone, Copy, Debug)]
struct Kept {
    flow: Flow,
    /// The key of its other direction.
    partner: Option<Key>,
    /// Packets on its counter when it was last looked at.
    packets: u64,
    /// When it was last used, or a little later.
    active: Duration,
}

/// One direction of a flow that is to be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// What is looked up.
    pub key: Key,
    /// The VRF of its packets.
    pub vrf: u16,
    /// S(nh): where they must come from.
    pub source: u32,
    /// Why they are dropped, if they are.
    pub denied: Option<Denied>,
}

/// Why a flow finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// No place for its entry.
    #[error(transparent)]
    Table(#[from] TableFull),
    /// No counter for its packets.
    #[error("all {counters} flow counters are in use")]
    Counters {
        /// How many there are.
        counters: usize,
    },
}

/// All flows.
#[derive(Debug)]
pub struct Flows {
    flows: HashMap<Key, Kept>,
    ids: Ids,
}

impl Flows {
    /// No flows, on a card with tables of these sizes.
    pub fn new(profile: &Profile) -> Flows {
        Flows {
            flows: HashMap::new(),
            ids: Ids::new(profile.rows(&TABLES[id::COUNTER_FLOW as usize])),
        }
    }

    /// The flow of a key.
    pub fn get(&self, key: &Key) -> Option<&Flow> {
        self.flows.get(key).map(|kept| &kept.flow)
    }

    /// Every flow, the oldest counter first.
    pub fn list(&self) -> Vec<&Flow> {
        let mut flows: Vec<&Flow> = self.flows.values().map(|kept| &kept.flow).collect();
        flows.sort_by_key(|flow| flow.flow_id);
        flows
    }

    /// Sets up all sides in the card's table, which `shadow` stands for, or none. A side whose key has a flow already
    /// takes that flow's place and counter.
    pub fn insert(
        &mut self,
        shadow: &mut Shadow,
        sides: &[Side],
        now: Duration,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let mut taken = Vec::new();
        let outcome = self.try_insert(shadow, sides, now, &mut taken);
        if outcome.is_err() {
            for (id, base) in taken {
                self.ids.give_back(id, base);
            }
        }
        outcome
    }

    fn try_insert(
        &mut self,
        shadow: &mut Shadow,
        sides: &[Side],
        now: Duration,
        taken: &mut Vec<(u32, Traffic)>,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let mut flows = Vec::with_capacity(sides.len());
        for side in sides {
            let (flow_id, base) = match self.get(&side.key) {
                Some(flow) => (flow.flow_id, flow.base),
                None => {
                    let id = self.ids.take()?;
                    taken.push(id);
                    id
                }
            };
            let other = sides.iter().find(|other| other.key != side.key);
            let flow = Flow {
                key: side.key,
                action: match side.denied {
                    Some(_) => FlowAction::Drop,
                    None => FlowAction::Forward,
                },
                flow_id,
                source: side.source,
                vrf: side.vrf,
                denied: side.denied,
                base,
            };
            flows.push(Kept {
                flow,
                partner: other.map(|other| other.key),
                packets: base.packets,
                active: now,
            });
        }
        let batch: Vec<_> = flows.iter().map(|kept| entry(&kept.flow)).collect();
        let mut writes = Vec::new();
        shadow.insert_all(&batch, &mut writes)?;
        let flows = flows.into_iter().map(|kept| (kept.flow.key, kept));
        self.flows.extend(flows);
        Ok(row_writes(writes))
    }

    /// Takes out the flows of which neither direction was used for [`IDLE`]. `counted` is what the card counted by flow
    /// id; what is new in it was used at `last` at the latest.
    pub fn age(
        &mut self,
        shadow: &mut Shadow,
        counted: &HashMap<u32, Traffic>,
        last: Duration,
        now: Duration,
    ) -> Vec<Reaction> {
        for kept in self.flows.values_mut() {
            let traffic = counted.get(&kept.flow.flow_id);
            let packets = traffic.map_or(kept.packets, |traffic| traffic.packets);
            if packets != kept.packets {
                kept.packets = packets;
                kept.active = last;
            }
        }
        let idle = |kept: &Kept| now.saturating_sub(kept.active) >= IDLE;
        let all_idle = |kept: &&Kept| {
            let partner = kept.partner.and_then(|key| self.flows.get(&key));
            idle(kept) && partner.is_none_or(idle)
        };
        let mut gone: Vec<Flow> = self
            .flows
            .values()
            .filter(all_idle)
            .map(|kept| kept.flow)
            .collect();
        gone.sort_by_key(|flow| flow.flow_id);
        let mut writes = Vec::new();
        for flow in gone {
            let id = flow.flow_id;
            self.flows.remove(&flow.key);
            shadow.remove(&entry(&flow), &mut writes);
            let base = counted.get(&id).copied().unwrap_or(flow.base);
            self.ids.give_back(id, base);
        }
        row_writes(writes)
    }
}

fn row_writes(writes: Vec<RowWrite>) -> Vec<Reaction> {
    let writes = writes.into_iter().map(|write| TableWrite {
        table: &TABLES[id::FLOW as usize],
        row: write.address as usize,
        words: write.row,
    });
    writes.map(Reaction::Write).collect()
}

/// The entry that the card has of a flow: half a row, or for IPv6 a whole one.
fn entry(flow: &Flow) -> Entry {
    let Flow {
        action,
        flow_id,
        source,
        ..
    } = *flow;
    match flow.key.on_card() {
        CardKey::V4(key) => Entry::of(&FlowEntry {
            valid: true,
            key,
            action,
            flow_id,
            source,
            spare: 0,
        }),
        CardKey::V6(key) => Entry::of(&FlowEntry6 {
            valid: true,
            key,
            action,
            flow_id,
            source,
            spare: 0,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use underpass_layout::profile::SIM;
    use underpass_table_compiler::Placed;

    fn side(number: u32) -> Side {
        between(
            Ipv4Addr::from_bits(number).into(),
            Ipv4Addr::LOCALHOST.into(),
        )
    }

    fn side6(number: u32) -> Side {
        between(
            Ipv6Addr::from_bits(number.into()).into(),
            Ipv6Addr::LOCALHOST.into(),
        )
    }

    fn between(src: IpAddr, dst: IpAddr) -> Side {
        Side {
            key: Key {
                nexthop: 6,
                protocol: 17,
                src_port: 1,
                dst_port: 2,
                src,
                dst,
            },
            vrf: 1,
            source: 0,
            denied: None,
        }
    }

    /// How many flows fit, in pairs.
    fn fill(side: fn(u32) -> Side) -> u32 {
        let mut placed = Placed::empty(&SIM, 1);
        let mut flows = Flows::new(&SIM);
        let mut pair = |number| {
            let sides = [side(number), side(number + 1)];
            flows.insert(placed.flows_mut(), &sides, Duration::ZERO)
        };
        let full = (0..)
            .step_by(2)
            .find(|number| pair(*number).is_err())
            .unwrap();
        assert_eq!(flows.list().len(), full as usize);
        assert_eq!(placed.flows().len(), full as usize);
        assert_eq!(flows.get(&side(full).key), None);
        assert_eq!(flows.ids.used(), full as usize);
        full
    }

    #[test]
    fn a_pair_that_finds_no_room_leaves_nothing_behind() {
        // 4096 entries fit if all can be placed; an IPv6 flow takes the room of two.
        let (four, six) = (fill(side), fill(side6));
        assert!((3500..=4096).contains(&four), "{four}");
        assert!((1750..=2048).contains(&six), "{six}");
    }

    #[test]
    fn the_entry_of_a_flow_says_what_the_flow_does() {
        let mut flows = Flows::new(&SIM);
        let mut placed = Placed::empty(&SIM, 1);
        let denied = Side {
            source: 9,
            denied: Some(Denied::Policy),
            ..side6(7)
        };
        flows
            .insert(placed.flows_mut(), &[denied], Duration::ZERO)
            .unwrap();
        let entry: FlowEntry6 = entry(flows.get(&denied.key).unwrap()).unpack().unwrap();
        assert!(entry.valid && entry.key.v6);
        assert_eq!((entry.key.src(), entry.key.dst()), (7, 1));
        assert_eq!((entry.action, entry.source), (FlowAction::Drop, 9));
    }

    #[test]
    fn an_idle_flow_gives_its_counter_to_the_next() {
        let mut placed = Placed::empty(&SIM, 1);
        let mut flows = Flows::new(&SIM);
        let later = |seconds| Duration::from_secs(seconds);
        flows
            .insert(placed.flows_mut(), &[side(1)], later(0))
            .unwrap();
        flows
            .insert(placed.flows_mut(), &[side(2)], later(100))
            .unwrap();
        let used = Traffic {
            packets: 5,
            bytes: 300,
        };
        let counted = HashMap::from([(0, Traffic::default()), (1, used)]);
        assert!(flows
            .age(placed.flows_mut(), &counted, later(150), later(179))
            .is_empty());
        assert_eq!(
            flows
                .age(placed.flows_mut(), &counted, later(179), later(180))
                .len(),
            1
        );
        assert_eq!(flows.get(&side(1).key), None);
        assert_eq!(
            flows
                .age(placed.flows_mut(), &counted, later(180), later(330))
                .len(),
            1
        );
        flows
            .insert(placed.flows_mut(), &[side(3), side(4)], later(331))
            .unwrap();
        let bases: Vec<_> = flows.list().iter().map(|flow| flow.base.packets).collect();
        assert_eq!(bases, [0, 5]);
    }
}
