//! The flows that are set up: which entries the card has, and which counter is whose.
//!
//! An entry may move between rows of the card's table as others come; its flow id stays, and with it its counter.

use std::collections::{BTreeSet, HashMap};

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, FlowAction, FlowEntry, FlowKey, Table, TABLES};
use underpass_layout::Record;
use underpass_table_compiler::placed::{Shadow, TableFull};
use underpass_table_compiler::row::Row;

use super::flow_setup::Denied;
use super::reaction::{Reaction, TableWrite};

/// A flow that is set up, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// What the card holds.
    pub entry: FlowEntry,
    /// The VRF of its packets.
    pub vrf: u16,
    /// Why its packets are dropped, if they are.
    pub denied: Option<Denied>,
}

/// One direction of a flow that is to be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// What is looked up.
    pub key: FlowKey,
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
    flows: HashMap<FlowKey, Flow>,
    ids: Ids,
}

impl Flows {
    /// No flows, on a card with tables of these sizes.
    pub fn new(profile: &Profile) -> Flows {
        Flows {
            flows: HashMap::new(),
            ids: Ids {
                next: 0,
                free: BTreeSet::new(),
                count: profile.rows(&TABLES[id::COUNTER_FLOW as usize]),
            },
        }
    }

    /// The flow of a key.
    pub fn get(&self, key: &FlowKey) -> Option<&Flow> {
        self.flows.get(key)
    }

    /// Every flow, the oldest counter first.
    pub fn list(&self) -> Vec<&Flow> {
        let mut flows: Vec<&Flow> = self.flows.values().collect();
        flows.sort_by_key(|flow| flow.entry.flow_id);
        flows
    }

    /// Sets up all sides in the card's table, which `shadow` stands for, or none. A side whose key has a flow already
    /// takes that flow's place and counter.
    pub fn insert(&mut self, shadow: &mut Shadow, sides: &[Side]) -> Result<Vec<Reaction>, NoRoom> {
        let mut taken = Vec::new();
        let outcome = self.try_insert(shadow, sides, &mut taken);
        if outcome.is_err() {
            taken.into_iter().for_each(|id| self.ids.give_back(id));
        }
        outcome
    }

    fn try_insert(
        &mut self,
        shadow: &mut Shadow,
        sides: &[Side],
        taken: &mut Vec<u32>,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let mut flows = Vec::with_capacity(sides.len());
        for side in sides {
            let flow_id = match self.flows.get(&side.key) {
                Some(flow) => flow.entry.flow_id,
                None => {
                    let id = self.ids.take()?;
                    taken.push(id);
                    id
                }
            };
            flows.push(Flow {
                entry: FlowEntry {
                    valid: true,
                    key: side.key,
                    action: match side.denied {
                        Some(_) => FlowAction::Drop,
                        None => FlowAction::Forward,
                    },
                    flow_id,
                    source: side.source,
                    ..FlowEntry::default()
                },
                vrf: side.vrf,
                denied: side.denied,
            });
        }
        let batch: Vec<_> = flows
            .iter()
            .map(|flow| key_and_value(&flow.entry))
            .collect();
        let mut writes = Vec::new();
        shadow.insert_all(&batch, &mut writes)?;
        self.flows
            .extend(flows.into_iter().map(|flow| (flow.entry.key, flow)));
        Ok(writes
            .into_iter()
            .map(|write| {
                Reaction::Write(TableWrite {
                    table: &TABLES[id::FLOW as usize],
                    row: write.address as usize,
                    words: write.row,
                })
            })
            .collect())
    }
}

/// An entry as the shadow holds it: the key, and all that is behind it.
fn key_and_value(entry: &FlowEntry) -> (u128, u128) {
    let row = Row::of(entry);
    let behind = 1 + FlowKey::WIDTH;
    (
        row.bits(1, FlowKey::WIDTH),
        row.bits(behind, FlowEntry::TABLE.entry_width - behind),
    )
}

/// Places in `counter_flow`.
#[derive(Debug)]
struct Ids {
    next: u32,
    free: BTreeSet<u32>,
    count: usize,
}

impl Ids {
    fn take(&mut self) -> Result<u32, NoRoom> {
        if let Some(id) = self.free.pop_first() {
            return Ok(id);
        }
        if self.next as usize == self.count {
            return Err(NoRoom::Counters {
                counters: self.count,
            });
        }
        self.next += 1;
        Ok(self.next - 1)
    }

    fn give_back(&mut self, id: u32) {
        self.free.insert(id);
    }
}
