//! The external face of the slow path: what it does not do itself an agent does, who is handed packets and answers.
//!
//! ```text
//!   Punt ──take──▶ by reason ─┬─ flow miss      hold entry, first packet trapped     Act::Trap
//!                             ├─ ttl, df, ..    trapped                              Act::Trap
//!                             ├─ dhcp, igmp, .. trapped; advertisements to all go on as well
//!                             ├─ receive        trapped, BFD with the state of its session
//!                             ├─ learn          trapped where it is news             Act::Trap, Act::React
//!                             └─ arp, nd, stt   the slow path's own                  Act::React
//!   agent ──from_agent──▶ transmit on an interface, or treat as received             Act::React
//!   agent ──reply──▶ both entries of a flow that waits, then its packets             Act::React
//! ```
//! This is the peer's shape: its data plane answers ARP by the flags of routes, and knows
//! nothing of policies. Frames to and from the agent have the peer's header ([`header`](self::Header)); what of a packet
//! is handed over is in `trapped`, what waits in `hold`.

mod flows;
mod header;
mod hold;
mod learn;
mod node;
mod tcp;
mod trapped;

pub use flows::Word;
pub use header::{Command, Header, LENGTH};
pub use hold::Held;

use std::collections::HashMap;
use std::time::Duration;

use underpass_layout::meta::RoundKind;
use underpass_layout::profile::Profile;
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::entries::{entries, EntryError};
use underpass_table_compiler::objects::{Objects, RouteFlags, Vif, VifType};
use underpass_table_compiler::plan::{plan, PlanError};
use underpass_table_compiler::Placed;

use crate::driver::{Punt, Traffic};
use crate::slow_path::{
    is_tunnelled, Arp, Flow, Flows, NoRoom, PairId, Reaction, SlowPath, TableWrite, Tenant, World,
};
use hold::Holds;
use learn::Told;

/// The flow index of a packet that has no flow.
const NO_FLOW: u32 = u32::MAX;
/// The IP protocol of UDP, and bytes of its header.
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
/// UDP port of BFD over one hop, the only one that the peer looks at.
const BFD_CONTROL: u16 = 3784;
/// The state within the second byte of a BFD control packet.
const BFD_STATE: u8 = 0xc0;
/// ICMPv6 types (RFC 4861 sections 4.1 and 4.4), which stand for the destination port.
const ROUTER_SOLICITATION: u16 = 133;
const NEIGHBOR_ADVERTISEMENT: u16 = 136;

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

/// The external face of the slow path of one card.
#[derive(Debug)]
pub struct AgentFace {
    slow_path: SlowPath,
    placed: Placed,
    flows: Flows,
    holds: Holds,
    /// What flows had counted while they waited, beside the packets that then went back into the card.
    waited: HashMap<PairId, Traffic>,
    /// Where source MACs were seen.
    told: Told,
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
            told: Told::default(),
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

    /// Makes the card carry these objects, flow pairs apart, instead of what it carries.
    ///
    /// # Errors
    /// They cannot be on the card; nothing has changed then.
    pub fn program(&mut self, objects: &Objects) -> Result<Vec<Reaction>, ProgramError> {
        let writes = self.place(objects)?.into_iter();
        self.slow_path = node::slow_path(objects.clone(), &self.placed);
        Ok(writes.map(Reaction::Write).collect())
    }

    /// The writes that make the card hold these objects, and what was learned.
    fn place(&mut self, objects: &Objects) -> Result<Vec<TableWrite>, ProgramError> {
        let mut objects = objects.clone();
        let known = |vif: u32| objects.vifs.iter().any(|one| one.idx == vif);
        let told = self.told.objects().filter(|one| known(one.vif));
        objects.learned = told.collect();
        let entries = entries(&objects, self.placed.profile())?;
        let (plan, placed) = plan(&self.placed, &entries)?;
        self.placed = placed;
        Ok(plan.steps.iter().map(TableWrite::from).collect())
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
            PuntReason::NeighborDiscovery if self.asks_for_routers(&punt) => {
                vec![self.trap(Command::L3Protocols, &punt)]
            }
            PuntReason::NeighborDiscovery if self.tells_everybody(&punt) => {
                let mut acts = vec![self.trap(Command::L3Protocols, &punt)];
                acts.extend(self.by_itself(punt));
                acts
            }
            PuntReason::L3Protocol => vec![self.trap(Command::L3Protocols, &punt)],
            PuntReason::Receive => self.for_the_node(&punt),
            PuntReason::TunnelError => vec![self.trap(Command::IcmpError, &punt)],
            PuntReason::RouterAlert => vec![self.trap(Command::RouterAlert, &punt)],
            PuntReason::Resolve => vec![self.trap(Command::Resolve, &punt)],
            PuntReason::ZeroTtl => vec![self.trap(Command::ZeroTtl, &punt)],
            PuntReason::SourceMoved => vec![self.trap(Command::EcmpResolve, &punt)],
            PuntReason::TooBig => self.too_big(punt),
            PuntReason::Learn => self.shown(&punt),
            PuntReason::Stt
            | PuntReason::Multicast
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

    /// What a route hands to the agent.
    fn for_the_node(&self, punt: &Punt) -> Vec<Act> {
        let Some(state) = Tenant::of(punt).and_then(|tenant| bfd_state(&tenant)) else {
            return vec![self.trap(Command::Nexthop, punt)];
        };
        let header = Header {
            params: [state.into(), 0, 0, 0, 0],
            ..AgentFace::header(Command::Bfd, punt)
        };
        vec![self.told(header, punt)]
    }

    /// Guests' gratuitous ARP for an address that waits for traffic is the agent's to see as well, and so are answers to
    /// its own questions and whatever tells of the underlay; the host has that too.
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
            // The card shows it, and sends it on by itself.
            Some(VifType::Vm) if punt.shim.round == RoundKind::Punt => {
                vec![self.trap(Command::Arp, &punt)]
            }
            Some(VifType::Vm) if !is_tunnelled(&punt) && !arp.is_request() => {
                vec![self.trap(Command::Arp, &punt)]
            }
            // The card has no routes of this VRF.
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

    /// A guest's router solicitation: which prefixes there are only the agent knows.
    fn asks_for_routers(&self, punt: &Punt) -> bool {
        let tenant = Tenant::of(punt).filter(|_| self.is_guests(punt));
        tenant.is_some_and(|tenant| tenant.headers.dst_port == ROUTER_SOLICITATION)
    }

    /// A guest's advertisement to all neighbours. With a tag it is for other networks.
    fn tells_everybody(&self, punt: &Punt) -> bool {
        let tenant = Tenant::of(punt).filter(|_| self.is_guests(punt));
        tenant.is_some_and(|tenant| {
            tenant.headers.dst_port == NEIGHBOR_ADVERTISEMENT
                && !tenant.headers.tagged
                && !tenant.dst_mac().is_unicast()
        })
    }

    fn is_guests(&self, punt: &Punt) -> bool {
        let vif = self.world().vif(punt.shim.vif);
        vif.is_some_and(|vif| vif.vif_type == VifType::Vm) && !is_tunnelled(punt)
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

/// The state of its session, of a BFD control packet over IPv4 (RFC 5881 section 4, RFC 5880 section 4.1), where it stands in
/// its byte.
fn bfd_state(tenant: &Tenant<'_>) -> Option<u8> {
    let headers = &tenant.headers;
    let is_bfd = headers.ipv4 && headers.protocol == UDP && headers.dst_port == BFD_CONTROL;
    let ip = Some(tenant.ip()).filter(|_| is_bfd && !headers.fragment)?;
    let header = usize::from(ip.first()? & 0x0f) * 4;
    let flags = ip.get(header + UDP_HEADER + 1)?;
    Some(flags & BFD_STATE)
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
