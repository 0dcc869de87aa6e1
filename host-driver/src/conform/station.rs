//! The card that a case runs on, with its slow path's external face: frames in on interfaces, frames out on interfaces.
//!
//! ```text
//!   send(vif) ─┬─ has a port ─▶ card ─▶ settle ─┬─▶ departures ─▶ Left.out
//!              │                  ▲             └─▶ punts ─┐
//!              └─ the agent's ────│──▶ AgentFace ◀─────────┘──▶ trapped ─▶ Left.out, on the agent's vif
//!                                 └── rows, injected frames
//! ```
//! Every packet that enters must leave, be punted, or be dropped; what is missing in this sum is looked for in the
//! card's drop counters, as a `Session` does it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use underpass_layout::DropReason;
use underpass_table_compiler::objects::{FlowPair, Objects, Vif, VifType};

use super::case::{FlowKey, FlowState, Inject, Out};
use super::flows::Flows;
use crate::access::Card;
use crate::agent_face::{Act, AgentFace, ProgramError, Word};
use crate::driver::{Driver, DriverError, RingLayout, Rounds, REPLAY_SEED};
use crate::flow_state::{is_followed, tcp_words};
use crate::slow_path::{Direction, Flow, PairId, Reaction, World};

/// What frames are said to have left on that left where no interface is.
const NO_VIF: u32 = u32::MAX;

/// What came of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Every frame that left, in order.
    pub out: Vec<Out>,
    /// Packets that ended, by the peer's name of the reason.
    pub drops: BTreeMap<String, u64>,
    /// Packets of which nothing is known.
    pub lost: usize,
    /// Packets that became copies.
    pub copied: u64,
}

impl Left {
    fn drop(&mut self, reason: DropReason) {
        *self.drops.entry(reason.to_string()).or_default() += 1;
    }
}

/// A card with its face.
#[derive(Debug)]
pub struct Station<C> {
    driver: Driver<C>,
    face: AgentFace,
    /// The interface of each port.
    vifs: HashMap<u16, u32>,
    /// The agent's interface.
    agent: Option<u32>,
    /// Packets that have entered the card and of which nothing was seen yet.
    missing: usize,
    /// What had gone round in the card by then.
    rounds: Rounds,
    /// Interfaces that a missing packet may have been counted at.
    suspects: BTreeSet<u16>,
    /// The card's drop counters as they were last read.
    counted: BTreeMap<(u16, DropReason), u64>,
}

impl<C: Card> Station<C> {
    /// Takes a card into use, which must be as after a reset.
    pub fn open(card: C) -> Result<Station<C>, DriverError> {
        let mut driver = Driver::open(card)?;
        driver.open_rings(RingLayout::default())?;
        driver.seed(REPLAY_SEED)?;
        driver.enable(true)?;
        let face = AgentFace::new(driver.profile(), REPLAY_SEED);
        Ok(Station {
            driver,
            face,
            vifs: HashMap::new(),
            agent: None,
            missing: 0,
            rounds: Rounds::default(),
            suspects: BTreeSet::new(),
            counted: BTreeMap::new(),
        })
    }

    /// The names of the card's ports.
    pub fn ports(&mut self) -> &'static [(&'static str, u16)] {
        self.driver.card().ports()
    }

    /// Empties the card, flows and all.
    pub fn clear(&mut self) -> Result<(), DriverError> {
        let reactions = self.face.forget();
        self.react(reactions, &mut Left::default())?;
        match self.program(&Objects::default())? {
            Ok(()) => Ok(()),
            // Nothing refers to nothing and needs no room.
            Err(_) => Ok(()),
        }
    }

    /// Makes the card carry these objects, flow pairs apart.
    pub fn program(&mut self, objects: &Objects) -> Result<Result<(), ProgramError>, DriverError> {
        let reactions = match self.face.program(objects) {
            Ok(reactions) => reactions,
            Err(error) => return Ok(Err(error)),
        };
        self.react(reactions, &mut Left::default())?;
        let vifs = objects.vifs.iter();
        let with_port = |vif: &Vif| Some((World::port(vif)?, vif.idx));
        self.vifs = vifs.clone().filter_map(with_port).collect();
        let agent = vifs.clone().find(|vif| vif.vif_type == VifType::Agent);
        self.agent = agent.map(|vif| vif.idx);
        Ok(Ok(()))
    }

    /// Sets a flow and its answers up.
    pub fn install(&mut self, pair: &FlowPair) -> Result<Result<(), ProgramError>, DriverError> {
        match self.face.install(pair) {
            Ok(reactions) => self.react(reactions, &mut Left::default()).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Carries out what the agent says about the flow that waits.
    pub fn reply(
        &mut self,
        word: Word,
        left: &mut Left,
    ) -> Result<Result<(), ProgramError>, DriverError> {
        match self.face.reply(word) {
            Ok(reactions) => {
                self.react(reactions, left)?;
                self.serve(left).map(Ok)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Hands a frame to an interface and waits until all is quiet.
    pub fn send(&mut self, inject: &Inject, left: &mut Left) -> Result<(), DriverError> {
        let acts = match self.vifs.iter().find(|(_, vif)| **vif == inject.vif) {
            Some((port, vif)) => {
                let (port, vif) = (*port, *vif);
                self.driver.card().send(port, &inject.frame)?;
                self.entered(vif as u16);
                Vec::new()
            }
            None if self.agent == Some(inject.vif) => self.face.from_agent(&inject.frame),
            None => vec![Act::React(Reaction::Drop(0, DropReason::InvalidInterface))],
        };
        self.act(acts, left)?;
        self.serve(left)
    }

    /// All flows as they stand.
    pub fn flows(&mut self) -> Result<Flows, DriverError> {
        let mut flows = Flows::new();
        let mut add = |state: FlowState| flows.insert(state.key, state);
        for held in self.face.held() {
            let side = &held.side;
            add(FlowState {
                key: key(side),
                vrf: side.vrf,
                action: side.action,
                tcp_state: owned(held.tcp.words()),
                packets: held.packets,
                bytes: held.bytes,
                ecmp_index: side.ecmp_index,
            });
        }
        for flow in self.face.flows() {
            let counted = self.driver.flow(flow.flow_id() as usize)?;
            let traffic = self.face.traffic(&flow, counted);
            add(FlowState {
                key: key(&flow.side),
                vrf: flow.side.vrf,
                action: flow.side.action,
                tcp_state: self.tcp_state(&flow)?,
                packets: traffic.packets,
                bytes: traffic.bytes,
                ecmp_index: flow.side.ecmp_index,
            });
        }
        Ok(flows)
    }

    /// How far a flow's connection is. Many flows that share an entry have no state.
    fn tcp_state(&mut self, flow: &Flow) -> Result<Vec<String>, DriverError> {
        if !is_followed(flow) {
            return Ok(Vec::new());
        }
        let entry = self.driver.tcp(flow.pair.number)?;
        Ok(owned(tcp_words(flow, &entry)))
    }

    /// Waits until the card has nothing more to say.
    fn serve(&mut self, left: &mut Left) -> Result<(), DriverError> {
        loop {
            self.driver.card().settle()?;
            self.count_copies(left)?;
            while let Some((port, frame)) = self.driver.card().receive()? {
                self.missing = self.missing.saturating_sub(1);
                let vif = self.vifs.get(&port).copied().unwrap_or(NO_VIF);
                left.out.push(Out { vif, frame });
            }
            let mut acts = Vec::new();
            while let Some(punt) = self.driver.punt()? {
                self.missing = self.missing.saturating_sub(1);
                self.suspects.insert(punt.shim.vif);
                acts.extend(self.face.take(punt));
            }
            for event in self.driver.pair_events()? {
                let pair = PairId {
                    number: event.pair,
                    generation: event.generation,
                };
                if event.dead {
                    acts.extend(self.face.end(pair).into_iter().map(Act::React));
                }
            }
            if acts.is_empty() {
                return self.find_missing(left);
            }
            self.act(acts, left)?;
        }
    }

    fn act(&mut self, acts: Vec<Act>, left: &mut Left) -> Result<(), DriverError> {
        for act in acts {
            match act {
                Act::React(reaction) => self.perform(reaction, left)?,
                Act::Trap(frame) => left.out.push(Out {
                    vif: self.agent.unwrap_or(NO_VIF),
                    frame,
                }),
            }
        }
        self.driver.flush()
    }

    fn react(&mut self, reactions: Vec<Reaction>, left: &mut Left) -> Result<(), DriverError> {
        self.act(reactions.into_iter().map(Act::React).collect(), left)
    }

    fn perform(&mut self, reaction: Reaction, left: &mut Left) -> Result<(), DriverError> {
        match reaction {
            Reaction::Write(row) => self.driver.write_row(row.table, row.row, &row.words)?,
            Reaction::Inject(shim, frame) => {
                self.driver.inject(&shim, &frame)?;
                self.entered(shim.vif);
            }
            Reaction::Drop(_, reason) => left.drop(reason),
            Reaction::Consume(_) => {}
            Reaction::Retire(pair) => {
                let [fwd, rev] = Direction::BOTH.map(|one| pair.flow_id(one) as usize);
                let counted = [self.driver.flow(fwd)?, self.driver.flow(rev)?];
                self.face.retire(pair, counted);
            }
        }
        Ok(())
    }

    /// Copies have entered of which nothing was seen yet; they count at any interface.
    fn count_copies(&mut self, left: &mut Left) -> Result<(), DriverError> {
        if self.driver.has_gone_round(&self.rounds)? {
            let rounds = self.driver.rounds()?;
            let more = rounds.more_than(&self.rounds);
            self.missing = self.missing.saturating_add_signed(more as isize);
            self.suspects
                .extend(self.vifs.values().map(|vif| *vif as u16));
            left.copied += rounds.packets - self.rounds.packets;
            self.rounds = rounds;
        }
        Ok(())
    }

    fn entered(&mut self, vif: u16) {
        self.missing += 1;
        self.suspects.insert(vif);
    }

    /// Looks for packets of which nothing was seen among the drops of the interfaces they may be counted at.
    fn find_missing(&mut self, left: &mut Left) -> Result<(), DriverError> {
        let suspects = std::mem::take(&mut self.suspects);
        if self.missing == 0 {
            return Ok(());
        }
        for vif in suspects {
            for (reason, packets) in self.driver.drops(usize::from(vif))? {
                let before = self.counted.insert((vif, reason), packets).unwrap_or(0);
                for _ in before..packets {
                    left.drop(reason);
                    self.missing = self.missing.saturating_sub(1);
                }
            }
        }
        left.lost += std::mem::take(&mut self.missing);
        Ok(())
    }
}

fn key(side: &underpass_table_compiler::objects::FlowSide) -> FlowKey {
    FlowKey {
        nh: side.key_nh,
        sip: side.sip,
        sport: side.sport,
        dip: side.dip,
        dport: side.dport,
        proto: side.proto,
    }
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}
