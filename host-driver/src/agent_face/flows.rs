//! Flows as an agent has them: each packet that finds none waits until the agent has said what becomes of its flow.
//!
//! ```text
//!   miss ─▶ key ─▶ hold entry ─┬─ first: trapped, cmd 6 (15 for a flow that was made to wait again)
//!                              └─ reply ─▶ both entries on the card ─▶ the packets that wait, in order
//! ```
//! What a flow had counted while it waited stays its own: the packets that go back into the card are counted there, the
//! others are added.

use std::time::Duration;

use underpass_layout::DropReason;
use underpass_table_compiler::objects::{
    FlowAction, FlowFlags, FlowPair, FlowSide, VifFlags, VifType,
};

use super::hold::{Seen, Then};
use super::{Act, AgentFace, Command, Header, ProgramError};
use crate::driver::{Punt, Traffic};
use crate::slow_path::{Direction, Flow, Key, Keys, PairId, Reaction, Wanted};

/// IP protocol of TCP.
const TCP: u8 = 6;

/// The agent's word about a flow that waits: it may pass, and so may its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// S(nh) of the flow.
    pub source: u32,
    /// K(nh) of the answers.
    pub answer_nexthop: u32,
    /// S(nh) of the answers.
    pub answer_source: u32,
}

impl AgentFace {
    /// What a flow carried, `counted` by the card.
    pub fn traffic(&self, flow: &Flow, counted: Traffic) -> Traffic {
        let waited = match flow.direction {
            Direction::Forward => self.waited.get(&flow.pair).copied().unwrap_or_default(),
            Direction::Reverse => Traffic::default(),
        };
        Traffic {
            packets: counted.packets - flow.base.packets + waited.packets,
            bytes: counted.bytes - flow.base.bytes + waited.bytes,
        }
    }

    /// Sets a flow and its answers up.
    ///
    /// # Errors
    /// There is no room, or the pair contradicts itself; nothing has changed then.
    pub fn install(&mut self, pair: &FlowPair) -> Result<Vec<Reaction>, ProgramError> {
        let wanted = Wanted::Pair(pair.clone());
        let placed = &mut self.placed;
        let world = self.slow_path.world();
        Ok(self.flows.set_up(placed, world, &wanted, Duration::ZERO)?)
    }

    /// Takes every flow out, and forgets those that wait.
    pub fn forget(&mut self) -> Vec<Reaction> {
        while self.holds.pop().is_some() {}
        self.told.clear();
        let pairs = self.flows.find(|_| true);
        pairs.into_iter().flat_map(|pair| self.end(pair)).collect()
    }

    /// Takes a pair out whose connection has ended.
    pub fn end(&mut self, pair: PairId) -> Vec<Reaction> {
        self.waited.remove(&pair);
        self.flows.remove(&mut self.placed, pair)
    }

    /// The counters of a pair that was taken out have been read.
    pub fn retire(&mut self, pair: PairId, counted: [Traffic; 2]) {
        self.flows.retire(pair, counted);
    }

    /// The agent has decided about the flow that has waited longest: entries first, then its packets.
    ///
    /// # Errors
    /// Nothing waits, or there is no room for the entries.
    pub fn reply(&mut self, word: Word) -> Result<Vec<Reaction>, ProgramError> {
        let held = self.holds.pop().ok_or(ProgramError::NothingWaits)?;
        let flags = FlowFlags::ACTIVE | FlowFlags::RFLOW_VALID;
        let forward = FlowSide {
            rpf_nh: word.source,
            action: FlowAction::Forward,
            flags,
            ..held.side
        };
        let key = Key::from(&forward).answer(word.answer_nexthop);
        let answers = FlowSide {
            sip: key.src,
            dip: key.dst,
            sport: key.src_port,
            dport: key.dst_port,
            key_nh: key.nexthop,
            rpf_nh: word.answer_source,
            ..forward.clone()
        };
        let key = Key::from(&forward);
        let mut reactions = self.install(&FlowPair {
            fwd: forward,
            rev: answers,
        })?;
        if let Some(flow) = self.flows.get(&key) {
            // The packets that go back into the card are counted there.
            let bytes: usize = held.queue.iter().map(bytes).sum();
            let waited = Traffic {
                packets: held.packets.saturating_sub(held.queue.len() as u64),
                bytes: held.bytes.saturating_sub(bytes as u64),
            };
            self.waited.insert(flow.pair, waited);
        }
        let queue = held.queue.into_iter();
        reactions.extend(queue.map(|punt| self.slow_path.hand_back(punt, false)));
        Ok(reactions)
    }

    /// Takes a packet that found no flow, or one that waits.
    pub(super) fn miss(&mut self, punt: Punt) -> Vec<Act> {
        let drop = |punt: &Punt, reason| vec![Act::React(Reaction::drop(punt, reason))];
        let Some(tenant) = self.slow_path.tenant(&punt) else {
            return drop(&punt, DropReason::InvalidPacket);
        };
        let keys = Keys::of(self.world(), self.placed.entries(), &punt, &tenant);
        let Some(keys) = keys else {
            return drop(&punt, DropReason::InvalidPacket);
        };
        let known = self.flows.get(&keys.card);
        let again = known.is_some();
        if known.is_some_and(|flow| flow.side.action != FlowAction::Hold) {
            // It missed before its flow was set up; one that has been round already would go round for ever.
            return match punt.shim.port {
                underpass_layout::port::SLOW => drop(&punt, DropReason::FlowActionInvalid),
                _ => vec![Act::React(self.slow_path.hand_back(punt, false))],
            };
        }
        if self.takes_no_new_flows(&punt) {
            return drop(&punt, DropReason::NewFlows);
        }
        let side = waiting(&keys.card, punt.shim.vrf);
        let with_state = side.proto == TCP
            && tenant.headers.protocol == TCP
            && side.sport != 0
            && side.dport != 0;
        let seen = Seen {
            bytes: bytes(&punt) as u64,
            tcp_flags: if with_state {
                tenant.headers.tcp_flags
            } else {
                0
            },
        };
        match self.holds.push(side, punt.clone(), seen) {
            Then::Wait => vec![Act::React(Reaction::Consume(punt.shim.vif))],
            Then::Drop(reason) => drop(&punt, reason),
            Then::Tell => {
                let index = self.holds.list().last().map_or(0, |held| held.index);
                let command = match again {
                    true => Command::FlowHold,
                    false => Command::FlowMiss,
                };
                let header = Header {
                    params: [index, keys.card.nexthop, 0, 0, 0],
                    param5: 1,
                    ..AgentFace::header(command, &punt)
                };
                vec![self.told(header, &punt)]
            }
        }
    }

    /// Whether the guest that sends it, or else the one that it is for, may have no new flows.
    fn takes_no_new_flows(&self, punt: &Punt) -> bool {
        let world = self.world();
        let receiver = || world.guest_of(punt.shim.flow_nexthop);
        let vif = world.vif(punt.shim.vif);
        let vif = vif
            .filter(|vif| vif.vif_type == VifType::Vm)
            .or_else(receiver);
        vif.is_some_and(|vif| vif.flags.contains(VifFlags::DROP_NEW_FLOWS))
    }
}

/// A flow that waits for a decision.
fn waiting(key: &Key, vrf: u16) -> FlowSide {
    FlowSide {
        action: FlowAction::Hold,
        ..key.side(vrf)
    }
}

/// Bytes of the tenant's packet in a punted frame: what its flow counts.
fn bytes(punt: &Punt) -> usize {
    punt.frame.len().saturating_sub(punt.shim.offset.into())
}
