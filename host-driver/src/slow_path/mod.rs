//! The slow path: what the card hands over is thought about here, once, so that the card knows the next time.
//!
//! ```text
//!   Punt ──take──▶ by reason ─┬─ arp, nd  answer, flood, learn a neighbour        Reaction::Inject
//!                             ├─ hold     wait for ──decide──▶ flow_setup         Reaction::Write, then Inject
//!                             ├─ moved    the flow's source is another of several Reaction::Write, then Inject
//!                             ├─ resolve  wait for a neighbour, ask for it
//!                             ├─ learn    where a source MAC was seen           Reaction::Write
//!                             ├─ stt      back as VXLAN                         Reaction::Inject
//!                             ├─ echo     gateways and DNS servers answer
//!                             └─ the rest ends here with a reason                 Reaction::Drop
//! ```
//! Flows go when the card says that they are idle or closed: [`SlowPath::end`]. It holds no card and reads no clock: time comes in with each call, and what is to be done goes out as a list of
//! [`Reaction`]s, in order. So the same punts always give the same reactions.

mod address_pair;
mod arp;
mod births;
mod copies;
mod denied;
mod discovery;
mod echo;
mod fat;
mod floating;
mod flood;
mod flow_ids;
mod flow_setup;
mod flows;
mod groups;
mod hold;
mod key;
mod keys;
mod learn;
mod learning;
mod moved;
mod nd;
mod neighbors;
mod policy;
mod proxy;
mod reaction;
mod resolve;
mod sender;
mod software;
mod stt;
mod tenant;
mod world;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::objects::{Vif, VifFlags};
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{Compiled, Network};

pub use address_pair::Moved;
pub use denied::Denied;
pub use flow_ids::{Direction, PairId};
pub use flows::{Flow, NoRoom, Wanted, IDLE};
pub use key::Key;
pub use learning::{Flapping, Place};
pub use reaction::{Reaction, TableWrite};
pub use world::World;

pub(crate) use arp::Arp;
pub(crate) use flows::Flows;
pub(crate) use key::address;
pub(crate) use keys::Keys;
pub(crate) use tenant::{is_tunnelled, Tenant};

use crate::driver::{Punt, Traffic};
use address_pair::Moves;
use groups::Reports;
use hold::Hold;
use learning::Learning;
use resolve::Waiting;

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
}

impl SlowPath {
    /// The slow path of a card that carries `network`, as it was compiled.
    pub fn new(network: Network, compiled: Compiled) -> SlowPath {
        let Compiled {
            objects, placed, ..
        } = compiled;
        SlowPath {
            flows: Flows::new(placed.profile()),
            world: World::new(network, objects),
            placed,
            hold: Hold::default(),
            waiting: Waiting::default(),
            learned: BTreeSet::new(),
            moves: Moves::default(),
            learning: Learning::default(),
            reports: Reports::default(),
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
        self.flows.remove(&mut self.placed, pair)
    }

    /// The counters of a pair that was taken out stand so: others may have it.
    pub fn retire(&mut self, pair: PairId, counted: [Traffic; 2]) {
        self.flows.retire(pair, counted);
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
            PuntReason::FlowMiss => self.miss(punt),
            PuntReason::NeighborDiscovery => self.discovery(&punt, now),
            PuntReason::Learn => self.shown(&punt, now),
            PuntReason::Stt => decapsulate(&punt),
            PuntReason::Receive => self.receive(&punt),
            PuntReason::Resolve => self.resolve(punt, now),
            PuntReason::SourceMoved => self.source_moved(punt),
            PuntReason::ZeroTtl => drop(&punt, DropReason::TtlExceeded),
            PuntReason::Fragment => drop(&punt, DropReason::Fragments),
            // No agent is there who would make something of them.
            PuntReason::L3Protocol | PuntReason::TunnelError | PuntReason::RouterAlert => {
                drop(&punt, DropReason::TrapNoInterface)
            }
            PuntReason::TooBig => drop(&punt, DropReason::TooBig),
            PuntReason::Extension | PuntReason::Tagged => drop(&punt, DropReason::InvalidProtocol),
            PuntReason::VrfInSoftware => drop(&punt, DropReason::Discard),
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

    /// Time has passed: what waited too long is dropped, and guests are asked whether they have shared addresses.
    pub fn tick(&mut self, now: Duration) -> Vec<Reaction> {
        let mut reactions = unresolved(self.waiting.expired(now));
        reactions.extend(self.ask_members(now));
        self.learning.tick(now);
        reactions.extend(self.carry_learned());
        reactions.extend(self.report_groups(now));
        reactions
    }

    /// The latest addresses that went from one guest to another, the oldest first.
    pub fn moves(&self) -> impl Iterator<Item = &Moved> {
        self.moves.iter()
    }

    /// No more time will pass.
    pub fn finish(&mut self) -> Vec<Reaction> {
        unresolved(self.waiting.all())
    }

    fn miss(&mut self, punt: Punt) -> Vec<Reaction> {
        let tenant = Tenant::of(&punt);
        if tenant.is_some_and(|tenant| tenant.is_stray_discovery()) {
            return vec![Reaction::drop(&punt, DropReason::InvalidArp)];
        }
        let keys = tenant.and_then(|tenant| self.keys(&punt, &tenant));
        let Some(Keys { card: key, .. }) = keys else {
            return vec![Reaction::drop(&punt, DropReason::InvalidPacket)];
        };
        if !flood::is_as_it_came(&punt) {
            // Its flow went while it was on its way, and it cannot start again.
            return vec![Reaction::drop(&punt, DropReason::FlowUnusable)];
        }
        if self.flows.has(&key) {
            return match punt.shim.port {
                // It has been round already and missed again: the card and we disagree about this flow.
                underpass_layout::port::SLOW => {
                    vec![Reaction::drop(&punt, DropReason::FlowActionInvalid)]
                }
                // It missed before its flow was set up.
                _ => vec![Reaction::again(punt)],
            };
        }
        if !self.hold.holds(&key) && !self.takes_new_flows(&punt, &key) {
            return vec![Reaction::drop(&punt, DropReason::NewFlows)];
        }
        match self.hold.push(key, punt) {
            Ok(()) => Vec::new(),
            Err(refused) => vec![Reaction::drop(&refused.0, refused.1)],
        }
    }

    /// What a packet's flow is looked up by.
    fn keys(&self, punt: &Punt, tenant: &Tenant<'_>) -> Option<Keys> {
        Keys::of(&self.world, self.placed.entries(), punt, tenant)
    }

    /// Whether the interface that a packet came from, and the one whose flow it would be, let a flow start.
    fn takes_new_flows(&self, punt: &Punt, key: &Key) -> bool {
        let sender = keys::sender(&self.world, punt);
        if sender.is_some_and(|vif| vif.flags.contains(VifFlags::DROP_NEW_FLOWS)) {
            return false;
        }
        let limit = |vif: &Vif| vif.flow_limit;
        let Some(limit) = self.world.guest_of(key.nexthop).and_then(limit) else {
            return true;
        };
        let waiting = self.hold.of_nexthop(key.nexthop);
        self.flows.of_nexthop(key.nexthop) + waiting < limit as usize
    }

    fn set_up(&mut self, punts: Vec<Punt>, now: Duration) -> Vec<Reaction> {
        let Some(first) = punts.first() else {
            return Vec::new();
        };
        let Some(tenant) = Tenant::of(first) else {
            return Vec::new();
        };
        let Some(keys) = self.keys(first, &tenant) else {
            return Vec::new();
        };
        let wanted = flow_setup::decide(&self.world, self.placed.entries(), first, &tenant, keys);
        match self.install(&wanted, now) {
            Ok(mut reactions) => {
                reactions.extend(punts.into_iter().map(Reaction::again));
                reactions
            }
            Err(error) => {
                let reason = match error {
                    NoRoom::Entry(_) => DropReason::FlowActionInvalid,
                    NoRoom::Table(_) | NoRoom::Pairs { .. } | NoRoom::Onward { .. } => {
                        DropReason::FlowTableFull
                    }
                };
                let punts = punts.iter();
                punts.map(|punt| Reaction::drop(punt, reason)).collect()
            }
        }
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
