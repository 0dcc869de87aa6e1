//! The external face of the slow path: what it does not do itself an agent does, who is handed packets and answers.
//!
//! ```text
//!   Punt ──take──▶ by reason ─┬─ flow miss      hold entry, first packet trapped     Act::Trap
//!                             ├─ ttl, df, ..    trapped                              Act::Trap
//!                             ├─ dhcp, igmp     trapped
//!                             └─ arp, nd, flood the slow path's own                  Act::React
//!   agent ──from_agent──▶ transmit on an interface, or treat as received             Act::React
//!   agent ──reply──▶ both entries of a flow that waits, then its packets             Act::React
//! ```
//! This is the peer's shape: its data plane answers ARP by the flags of routes and replicates by itself, and knows
//! nothing of policies. Frames to and from the agent have the peer's header ([`header`](self::Header)); what of a packet
//! is handed over is in `trapped`, what waits in `hold`.

mod header;
mod hold;
mod node;
mod tcp;
mod trapped;

pub use header::{Command, Header, LENGTH};
pub use hold::Held;

use std::collections::HashMap;
use std::time::Duration;

use underpass_layout::profile::Profile;
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::entries::{entries, EntryError};
use underpass_table_compiler::objects::{
    FlowAction, FlowFlags, FlowPair, FlowSide, Objects, RouteFlags, Vif, VifFlags, VifType,
};
use underpass_table_compiler::plan::{plan, PlanError};
use underpass_table_compiler::Placed;

use crate::driver::{Punt, Traffic};
use crate::slow_path::{
    is_tunnelled, Arp, Flow, Flows, Key, Keys, NoRoom, PairId, Reaction, SlowPath, TableWrite,
    Tenant, Wanted, World,
};
use hold::{Holds, Seen, Then};

/// The flow index of a packet that has no flow.
const NO_FLOW: u32 = u32::MAX;
/// IP protocols.
const IGMP: u8 = 2;
const TCP: u8 = 6;
/// ICMPv6 type (RFC 4861 section 4.1), which stands for the destination port.
const ROUTER_SOLICITATION: u16 = 133;

/// One thing to be done.
#[derive(Clone, Debug)]
pub enum Act {
    /// As the slow path has it.
    React(Reaction),
    /// This frame leaves on the agent's interface.
    Trap(Vec<u8>),
}

/// Objects that cannot be on the card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// They do not fit the card's tables, whatever else is there.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Their entries find no room.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A flow finds none.
    #[error(transparent)]
    Flow(#[from] NoRoom),
    /// The agent answers, and nothing waits.
    #[error("found no flow that waits, expected one that the agent can answer for")]
    NothingWaits,
}

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

/// The external face of the slow path of one card.
#[derive(Debug)]
pub struct AgentFace {
    slow_path: SlowPath,
    placed: Placed,
    flows: Flows,
    holds: Holds,
    /// What flows had counted while they waited, beside the packets that then went back into the card.
    waited: HashMap<PairId, Traffic>,
}

impl AgentFace {
    /// That of an empty card, with tables of these sizes, whose hash has this seed.
    pub fn new(profile: &Profile, seed: u128) -> AgentFace {
        let placed = Placed::empty(profile, seed);
        AgentFace {
            slow_path: node::slow_path(Objects::default(), &placed),
            flows: Flows::new(profile),
            placed,
            holds: Holds::default(),
            waited: HashMap::new(),
        }
    }

    /// What is programmed, as the slow path sees it.
    pub fn world(&self) -> &World {
        self.slow_path.world()
    }

    /// The flows on the card.
    pub fn flows(&self) -> Vec<Flow> {
        self.flows.list()
    }

    /// The flows that wait for the agent.
    pub fn held(&self) -> &[Held] {
        self.holds.list()
    }

    /// What a flow carried, `counted` by the card.
    pub fn traffic(&self, flow: &Flow, counted: Traffic) -> Traffic {
        let waited = match flow.direction.index() {
            0 => self.waited.get(&flow.pair).copied().unwrap_or_default(),
            _ => Traffic::default(),
        };
        Traffic {
            packets: counted.packets - flow.base.packets + waited.packets,
            bytes: counted.bytes - flow.base.bytes + waited.bytes,
        }
    }

    /// Makes the card carry these objects, flow pairs apart, instead of what it carries.
    ///
    /// # Errors
    /// They cannot be on the card; nothing has changed then.
    pub fn program(&mut self, objects: &Objects) -> Result<Vec<Reaction>, ProgramError> {
        let entries = entries(objects, self.placed.profile())?;
        let (plan, placed) = plan(&self.placed, &entries)?;
        let writes = plan.steps.iter().map(TableWrite::from);
        let reactions = writes.map(Reaction::Write).collect();
        self.placed = placed;
        self.slow_path = node::slow_path(objects.clone(), &self.placed);
        Ok(reactions)
    }

    /// Sets a flow and its answers up.
    ///
    /// # Errors
    /// There is no room, or the pair contradicts itself; nothing has changed then.
    pub fn install(&mut self, pair: &FlowPair) -> Result<Vec<Reaction>, ProgramError> {
        let wanted = Wanted::Pair(pair.clone());
        let shadow = self.placed.flows_mut();
        let world = self.slow_path.world();
        Ok(self.flows.set_up(shadow, world, &wanted, Duration::ZERO)?)
    }

    /// Takes every flow out, and forgets those that wait.
    pub fn forget(&mut self) -> Vec<Reaction> {
        while self.holds.pop().is_some() {}
        let pairs = self.flows.find(|_| true);
        pairs.into_iter().flat_map(|pair| self.end(pair)).collect()
    }

    /// Takes a pair out whose connection has ended.
    pub fn end(&mut self, pair: PairId) -> Vec<Reaction> {
        self.waited.remove(&pair);
        self.flows.remove(self.placed.flows_mut(), pair)
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
        reactions.extend(held.queue.into_iter().map(Reaction::again));
        Ok(reactions)
    }

    /// Takes a frame that the agent sent.
    pub fn from_agent(&mut self, frame: &[u8]) -> Vec<Act> {
        let agent = self.vif_of(VifType::Agent);
        let agent = agent.map_or(0, |vif| vif.idx as u16);
        let drop = |reason| vec![Act::React(Reaction::Drop(agent, reason))];
        let Some((header, packet)) = Header::read(frame) else {
            return drop(DropReason::InvalidPacket);
        };
        let vif = self.world().vif(header.ifindex);
        match (Command::from_code(header.command), vif) {
            (Some(Command::Transmit), Some(vif)) => {
                let sent = Reaction::transmit(vif, packet.to_vec());
                match sent {
                    Some(reaction) => vec![Act::React(reaction)],
                    None => drop(DropReason::InterfaceTxDiscard),
                }
            }
            // The card knows the VRF of an interface, not of a frame.
            (Some(Command::Receive), Some(vif))
                if vif.vif_type == VifType::Vm && vif.vrf == header.vrf =>
            {
                let shim = InjectShim {
                    command: InjectCommand::Receive,
                    vif: header.ifindex,
                    ..InjectShim::default()
                };
                vec![Act::React(Reaction::Inject(shim, packet.to_vec()))]
            }
            (Some(Command::Transmit | Command::Receive), _) => drop(DropReason::InvalidInterface),
            _ => drop(DropReason::InvalidPacket),
        }
    }

    /// Takes a punted packet.
    pub fn take(&mut self, punt: Punt) -> Vec<Act> {
        match punt.shim.reason {
            PuntReason::FlowMiss => self.miss(punt),
            PuntReason::Arp => self.arp(punt),
            PuntReason::Multicast if self.is_for_the_agent(&punt) => {
                vec![self.trap(Command::L3Protocols, &punt)]
            }
            PuntReason::NeighborDiscovery if self.asks_for_routers(&punt) => {
                vec![self.trap(Command::L3Protocols, &punt)]
            }
            PuntReason::L3Protocol => vec![self.trap(Command::L3Protocols, &punt)],
            PuntReason::Receive => vec![self.trap(Command::Nexthop, &punt)],
            PuntReason::Resolve => vec![self.trap(Command::Resolve, &punt)],
            PuntReason::ZeroTtl => vec![self.trap(Command::ZeroTtl, &punt)],
            PuntReason::SourceMoved => vec![self.trap(Command::EcmpResolve, &punt)],
            PuntReason::TooBig => self.too_big(punt),
            PuntReason::Multicast
            | PuntReason::NeighborDiscovery
            | PuntReason::Fragment
            | PuntReason::Extension
            | PuntReason::VrfInSoftware
            | PuntReason::Tagged
            | PuntReason::None => self.by_itself(punt),
        }
    }

    /// The first interface of that type.
    fn vif_of(&self, vif_type: VifType) -> Option<&Vif> {
        let mut vifs = self.world().objects().vifs.iter();
        vifs.find(|vif| vif.vif_type == vif_type)
    }

    /// What the slow path does by itself, agent or not.
    fn by_itself(&mut self, punt: Punt) -> Vec<Act> {
        let reactions = self.slow_path.take(punt, Duration::ZERO);
        reactions.into_iter().map(Act::React).collect()
    }

    fn header(command: Command, punt: &Punt) -> Header {
        Header::new(command, punt.shim.vif, punt.shim.vrf)
    }

    fn trap(&self, command: Command, punt: &Punt) -> Act {
        self.told(AgentFace::header(command, punt), punt)
    }

    fn told(&self, header: Header, punt: &Punt) -> Act {
        Act::Trap(header.frame(&trapped::frame(self.world(), punt)))
    }

    fn miss(&mut self, punt: Punt) -> Vec<Act> {
        let drop = |punt: &Punt, reason| vec![Act::React(Reaction::drop(punt, reason))];
        let Some(tenant) = Tenant::of(&punt) else {
            return drop(&punt, DropReason::InvalidPacket);
        };
        let keys = Keys::of(self.world(), self.placed.entries(), &punt, &tenant);
        let Some(keys) = keys else {
            return drop(&punt, DropReason::InvalidPacket);
        };
        let known = self.flows.get(&keys.card);
        if known.is_some_and(|flow| flow.side.action != FlowAction::Hold) {
            // It missed before its flow was set up; one that has been round already would go round for ever.
            return match punt.shim.port {
                underpass_layout::port::SLOW => drop(&punt, DropReason::FlowActionInvalid),
                _ => vec![Act::React(Reaction::again(punt))],
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
                let header = Header {
                    params: [index, keys.card.nexthop, 0, 0, 0],
                    param5: 1,
                    ..AgentFace::header(Command::FlowMiss, &punt)
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

    /// Guests' gratuitous ARP for an address that waits for traffic is the agent's to see as well, and so is whatever
    /// tells of the underlay; the host has that too.
    fn arp(&mut self, punt: Punt) -> Vec<Act> {
        let Some(arp) = Arp::read(&punt.frame) else {
            return self.by_itself(punt);
        };
        let world = self.world();
        let vif = world.vif(punt.shim.vif);
        let kind = vif.map(|vif| vif.vif_type);
        let tells = arp.is_announcement() || !arp.is_request();
        match kind {
            Some(VifType::Fabric) if !is_tunnelled(&punt) => {
                let host = self.vif_of(VifType::Host);
                let copy = host.and_then(|host| Reaction::transmit(host, punt.frame.clone()));
                let to_host = copy.map(Act::React);
                let trap = tells.then(|| self.trap(Command::Arp, &punt));
                to_host.into_iter().chain(trap).collect()
            }
            Some(VifType::Vm) if arp.is_request() && arp.is_announcement() => {
                let route = world.route(punt.shim.vrf, arp.target().into());
                let waits = route.is_some_and(|route| route.flags.contains(RouteFlags::TRAP));
                let trap = waits.then(|| self.trap(Command::Arp, &punt));
                let mut acts: Vec<Act> = trap.into_iter().collect();
                acts.extend(self.by_itself(punt));
                acts
            }
            _ => self.by_itself(punt),
        }
    }

    /// A frame for a group that only the agent can make something of: DHCPv6, or IGMP of a guest that traps it.
    fn is_for_the_agent(&self, punt: &Punt) -> bool {
        let vif = self.world().vif(punt.shim.vif);
        let vif = vif.filter(|vif| vif.vif_type == VifType::Vm && !is_tunnelled(punt));
        let (Some(vif), Some(tenant)) = (vif, Tenant::of(punt)) else {
            return false;
        };
        let igmp = tenant.headers.ipv4 && tenant.headers.protocol == IGMP;
        igmp && vif.flags.contains(VifFlags::IGMP)
            || tenant.is_dhcpv6_request() && vif.flags.contains(VifFlags::DHCP)
    }

    /// A guest's router solicitation: which prefixes there are only the agent knows.
    fn asks_for_routers(&self, punt: &Punt) -> bool {
        let vif = self.world().vif(punt.shim.vif);
        let sent_here = vif.is_some_and(|vif| vif.vif_type == VifType::Vm) && !is_tunnelled(punt);
        let tenant = Tenant::of(punt).filter(|_| sent_here);
        tenant.is_some_and(|tenant| tenant.headers.dst_port == ROUTER_SOLICITATION)
    }

    /// The packet does not fit the underlay. Where it must not be fragmented, who sent it has to be told.
    fn too_big(&mut self, punt: Punt) -> Vec<Act> {
        let nexthop = self.placed.entries().nexthops.get(&punt.shim.nexthop);
        let Some(nexthop) = nexthop.filter(|_| must_not_be_fragmented(&punt)) else {
            return self.by_itself(punt);
        };
        let routed = trapped::is_routed(self.world(), &punt);
        let mtu = trapped::usable_mtu(&punt, nexthop, routed);
        let flow = match punt.shim.flow_nexthop {
            0 => NO_FLOW,
            // Which flow it is the agent can tell from the packet; the card's number for it means nothing to it.
            _ => 0,
        };
        let header = Header {
            params: [mtu.into(), flow, 0, 0, 0],
            ..AgentFace::header(Command::DontFragment, &punt)
        };
        vec![self.told(header, &punt)]
    }
}

/// A flow that waits for a decision.
fn waiting(key: &Key, vrf: u16) -> FlowSide {
    FlowSide {
        sip: key.src,
        dip: key.dst,
        sport: key.src_port,
        dport: key.dst_port,
        proto: key.protocol,
        key_nh: key.nexthop,
        rpf_nh: 0,
        vrf,
        dvrf: None,
        action: FlowAction::Hold,
        flags: FlowFlags::ACTIVE,
        ecmp_index: None,
    }
}

/// Bytes of the tenant's packet in a punted frame: what its flow counts.
fn bytes(punt: &Punt) -> usize {
    punt.frame.len().saturating_sub(punt.shim.offset.into())
}

/// IPv4 with its DF bit, and IPv6, which no router fragments (RFC 8200 section 5).
fn must_not_be_fragmented(punt: &Punt) -> bool {
    let header = punt.frame.get(usize::from(punt.shim.l3_offset)..);
    match header {
        Some([first, ..]) if first >> 4 == 6 => true,
        Some([first, _, _, _, _, _, flags, ..]) => first >> 4 == 4 && flags & 0x40 != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
