//! The slow path: what the card hands over is thought about here, once, so that the card knows the next time.
//!
//! ```text
//!   Punt ──take──▶ by reason ─┬─ arp, nd       answer, flood, learn a neighbour        Reaction::Inject
//!                             ├─ miss, hold    wait for ──decide──▶ flow_setup         Reaction::Write, then Inject
//!                             ├─ moved         the flow's source is another of several Reaction::Write, then Inject
//!                             ├─ fragmented    parts are given the ports of the first  Reaction::Inject
//!                             ├─ tell          its sender hears that it went too far   Reaction::Inject
//!                             ├─ too_big       cut, or its sender hears of it          Reaction::Inject
//!                             ├─ software      forwarded in place of the card          Reaction::Inject
//!                             ├─ resolve       wait for a neighbour, ask for it; gateway: on wires of networks
//!                             ├─ path_mtu      tunnels carry less for a while          Reaction::Write
//!                             ├─ learn         where a source MAC was seen             Reaction::Write
//!                             ├─ stt           back as VXLAN                           Reaction::Inject
//!                             ├─ echo          gateways and DNS servers answer
//!                             └─ the rest ends here with a reason                      Reaction::Drop
//! ```
//! Flows go when the card says that they are idle or closed: [`SlowPath::end`]. It holds no card and reads no clock: time comes in with each call, and what is to be done goes out as a list of
//! [`Reaction`]s, in order. So the same punts always give the same reactions.

mod echo;
mod errors;
pub(crate) mod ethernet;
mod flow_ids;
mod flows;
mod key;
mod keys;
mod macs;
mod multicast;
mod parts;
mod reaction;
mod resolution;
mod retries;
mod setup;
mod software;
mod stt;
mod tenant;
mod world;

use errors::{icmp_error, path_mtu, tokens, tunnel_error};
use macs::learning;
use multicast::{copies, flood, groups};
use parts::{cut, deadlines, fragmented, fragments, part, reframe};
use resolution::{address_pair, arp, discovery, freshness, gateway, nd, proxy, resolve, sender};
use setup::{births, denied, fat, floating, flow_setup, hold, masquerade, policy, wanted};

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use underpass_layout::tables::{id, TABLES};
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{Compiled, Network};

pub use address_pair::Moved;
pub use denied::Denied;
pub use flow_ids::{Direction, PairId};
pub use flows::{Flow, NoRoom, IDLE};
pub use fragments::{Fragments, Outcome as FragmentOutcome};
pub use key::Key;
pub use learning::{Flapping, Place};
pub use part::{PacketId, Part, Ports};
pub use reaction::{Found, Reaction, TableWrite};
pub use software::{SoftwareCounters, SoftwareFlow};
pub use wanted::Wanted;
pub use world::World;

pub(crate) use arp::Arp;
pub(crate) use flows::Flows;
pub(crate) use key::address;
pub(crate) use keys::Keys;
pub(crate) use tenant::{is_tunnelled, Tenant};

use crate::driver::{Punt, Traffic};
use address_pair::Moves;
use freshness::Freshness;
use groups::Reports;
use hold::Hold;
use learning::Learning;
use path_mtu::PathMtus;
use resolve::Waiting;
use retries::Retries;
use software::Software;
use tokens::Tokens;

/// The slow path of one card.
#[derive(Debug)]
pub struct SlowPath {
    world: World,
    placed: Placed,
    flows: Flows,
    hold: Hold,
    waiting: Waiting,
    /// Neighbours whose MACs were learned, not configured: they may move.
    learned: BTreeSet<IpAddr>,
    /// Addresses that went from one guest to another.
    moves: Moves,
    /// Where source MACs were seen.
    learning: Learning,
    /// When groups of the underlay are reported.
    reports: Reports,
    /// Packets that come in parts.
    fragments: Fragments,
    /// What the card has no room for.
    software: Software,
    /// How many errors interfaces may still cause.
    tokens: Tokens,
    /// Tunnels whose way carries less than the link here.
    path_mtus: PathMtus,
    /// Packets that came back because the card did not know their flow yet.
    retries: Retries,
    /// The wires of gateways were told which addresses are here.
    announced: bool,
    /// When neighbours there were heard.
    freshness: Freshness,
}

impl SlowPath {
    /// The slow path of a card that carries `network`, as it was compiled.
    pub fn new(network: Network, compiled: Compiled) -> SlowPath {
        let Compiled {
            objects, placed, ..
        } = compiled;
        let learned_rows = placed.profile().entries(&TABLES[id::LEARNED as usize]);
        SlowPath {
            flows: Flows::new(placed.profile()),
            world: World::new(network, objects),
            placed,
            hold: Hold::default(),
            waiting: Waiting::default(),
            learned: BTreeSet::new(),
            moves: Moves::default(),
            learning: Learning::new(learned_rows),
            reports: Reports::default(),
            fragments: Fragments::default(),
            software: Software::default(),
            tokens: Tokens::default(),
            path_mtus: PathMtus::default(),
            retries: Retries::default(),
            announced: false,
            freshness: Freshness::default(),
        }
    }

    /// The flows that are set up, the oldest first, each before its answers. What they carried the card knows: see
    /// [`Session::flows`](crate::session::Session::flows).
    pub fn flows(&self) -> Vec<Flow> {
        self.flows.list()
    }

    /// Whether any flow is set up.
    pub fn has_flows(&self) -> bool {
        !self.flows.is_empty()
    }

    /// The flow of a key.
    pub fn flow(&self, key: &Key) -> Option<Flow> {
        self.flows.get(key)
    }

    /// Sets up a flow that somebody else decided about.
    ///
    /// # Errors
    /// There is no room, or the card has no such entry; nothing has changed then.
    pub fn install(&mut self, wanted: &Wanted, now: Duration) -> Result<Vec<Reaction>, NoRoom> {
        self.flows
            .set_up(&mut self.placed, &self.world, wanted, now)
    }

    /// Takes a pair of flows out, if it is still in use as it was given out then: the card said so, or somebody else.
    pub fn end(&mut self, pair: PairId) -> Vec<Reaction> {
        let reactions = self.flows.remove(&mut self.placed, pair);
        self.software.has_room |= !reactions.is_empty();
        reactions
    }

    /// Flows that the card has no room for, the oldest first, each before its answers.
    pub fn software_flows(&self) -> Vec<SoftwareFlow> {
        self.software.flows.list()
    }

    /// What was forwarded in place of the card.
    pub const fn software_counters(&self) -> &SoftwareCounters {
        &self.software.counters
    }

    /// The counters of a pair that was taken out stand so: others may have it.
    pub fn retire(&mut self, pair: PairId, counted: [Traffic; 2]) {
        self.flows.retire(pair, counted);
        self.software.has_room = true;
    }

    /// Whether a flow may be idle by now.
    pub fn may_be_idle(&self, now: Duration) -> bool {
        self.flows.may_be_idle(now)
    }

    /// A pair that is old enough to be idle and that the card may never have seen, each once.
    pub fn unseen(&mut self, now: Duration) -> Option<PairId> {
        self.flows.unseen(now)
    }

    /// The pair of that number that is in use now, if it is as it was given out then.
    pub fn is_current(&self, pair: PairId) -> bool {
        self.flows.is_current(pair)
    }

    /// The network as it stands, learned neighbours included.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What the card holds, flows included.
    pub fn placed(&self) -> &Placed {
        &self.placed
    }

    /// Takes a punted packet. What needs more thought waits for [`SlowPath::decide`].
    pub fn take(&mut self, punt: Punt, now: Duration) -> Vec<Reaction> {
        let drop = |punt: &Punt, reason| vec![Reaction::drop(punt, reason)];
        match punt.shim.reason {
            PuntReason::Arp => self.arp(&punt, now),
            PuntReason::FlowMiss => self.miss(punt, now),
            PuntReason::NeighborDiscovery => self.discovery(&punt, now),
            PuntReason::Learn => self.shown(&punt, now),
            PuntReason::Stt => decapsulate(&punt),
            PuntReason::Receive => self.receive(&punt),
            PuntReason::Resolve => self.resolve(punt, now),
            PuntReason::SourceMoved => self.source_moved(punt),
            PuntReason::ZeroTtl => self.zero_ttl(&punt, now),
            PuntReason::Fragment => self.fragment(punt, now),
            PuntReason::TunnelError => self.tunnel_error(&punt, now),
            // No agent is there who would make something of them.
            PuntReason::L3Protocol | PuntReason::RouterAlert => {
                drop(&punt, DropReason::TrapNoInterface)
            }
            PuntReason::TooBig => self.too_big(punt, now),
            PuntReason::Extension | PuntReason::Tagged => drop(&punt, DropReason::InvalidProtocol),
            PuntReason::VrfInSoftware => self.route_in_software(punt, now),
            // The card replicates by itself.
            PuntReason::Multicast => drop(&punt, DropReason::L2NoRoute),
            PuntReason::None => drop(&punt, DropReason::Unknown),
        }
    }

    /// Decides about every flow that waits, and about what was shown.
    pub fn decide(&mut self, now: Duration) -> Vec<Reaction> {
        let mut reactions = self.carry_learned();
        for (_, punts) in self.hold.take() {
            reactions.extend(self.set_up(punts, now));
        }
        reactions
    }

    /// Time has passed: what waited too long is dropped, guests are asked whether they have shared addresses, and flows
    /// move into the card.
    pub fn tick(&mut self, now: Duration) -> Vec<Reaction> {
        let mut reactions = unresolved(self.waiting.expired(now));
        reactions.extend(self.announce());
        reactions.extend(self.refresh(now));
        reactions.extend(self.ask_members(now));
        self.learning.tick(now);
        reactions.extend(self.carry_learned());
        reactions.extend(self.report_groups(now));
        reactions.extend(fragmented::ended(self.fragments.expired(now)));
        reactions.extend(self.expire_path_mtus(now));
        self.software.flows.expire(now);
        reactions.extend(self.move_into_card(now));
        self.retries.forget();
        reactions
    }

    /// The latest addresses that went from one guest to another, the oldest first.
    pub fn moves(&self) -> impl Iterator<Item = &Moved> {
        self.moves.iter()
    }

    /// No more time will pass.
    pub fn finish(&mut self) -> Vec<Reaction> {
        let mut reactions = unresolved(self.waiting.all());
        reactions.extend(fragmented::ended(self.fragments.all()));
        reactions
    }

    fn receive(&self, punt: &Punt) -> Vec<Reaction> {
        let answer = || {
            let tenant = Tenant::of(punt).filter(|_| !is_tunnelled(punt))?;
            let (_, dst) = tenant.addresses()?;
            let route = self.world.route(punt.shim.vrf, dst)?;
            let frame = echo::answer(&tenant).filter(|_| self.world.is_service(route))?;
            Reaction::transmit(self.world.vif(punt.shim.vif)?, frame)
        };
        match answer() {
            Some(answer) => vec![answer, Reaction::Consume(punt.shim.vif)],
            None => vec![Reaction::drop(punt, DropReason::TrapNoInterface)],
        }
    }
}

/// An STT packet comes back in another tunnel.
fn decapsulate(punt: &Punt) -> Vec<Reaction> {
    match stt::as_vxlan(&punt.frame) {
        Ok(frame) => vec![Reaction::again(Punt {
            shim: punt.shim,
            frame,
        })],
        Err(reason) => vec![Reaction::drop(punt, reason)],
    }
}

/// Packets whose next hop did not answer.
fn unresolved(punts: Vec<Punt>) -> Vec<Reaction> {
    punts
        .iter()
        .map(|punt| Reaction::drop(punt, DropReason::NexthopUnresolved))
        .collect()
}
