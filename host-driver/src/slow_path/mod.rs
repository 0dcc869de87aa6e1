//! The slow path: what the card hands over is thought about here, once, so that the card knows the next time.
//!
//! ```text
//!   Punt ──take──▶ by reason ─┬─ arp, nd  answer, flood, learn a neighbour        Reaction::Inject
//!                             ├─ hold     wait for ──decide──▶ flow_setup         Reaction::Write, then Inject
//!                             ├─ resolve  wait for a neighbour, ask for it
//!                             ├─ flood    copies to every other guest
//!                             ├─ echo     gateways and DNS servers answer
//!                             └─ the rest ends here with a reason                 Reaction::Drop
//! ```
//! It holds no card and reads no clock: time comes in with each call, and what is to be done goes out as a list of
//! [`Reaction`]s, in order. So the same punts always give the same reactions.

mod arp;
mod discovery;
mod echo;
mod flood;
mod flow_ids;
mod flow_setup;
mod flows;
mod hold;
mod key;
mod nd;
mod neighbors;
mod policy;
mod proxy;
mod reaction;
mod resolve;
mod software;
mod tenant;
mod world;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::objects::VifFlags;
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{Compiled, Network};

pub use flow_setup::Denied;
pub use flows::{Flow, NoRoom};
pub use key::Key;
pub use reaction::{Reaction, TableWrite};
pub use world::World;

use crate::driver::{Punt, Traffic};
use flows::Flows;
use hold::Hold;
use resolve::Waiting;
use tenant::{is_tunnelled, Tenant};

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
    /// When idle flows were last looked for.
    scanned: Duration,
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
            scanned: Duration::ZERO,
        }
    }

    /// The flows that are set up.
    pub fn flows(&self) -> Vec<&Flow> {
        self.flows.list()
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
            PuntReason::Arp => self.arp(&punt),
            PuntReason::FlowMiss => self.miss(punt),
            PuntReason::NeighborDiscovery => self.discovery(&punt),
            PuntReason::Multicast => self.multicast(&punt),
            PuntReason::Receive => self.receive(&punt),
            PuntReason::Resolve => self.resolve(punt, now),
            PuntReason::ZeroTtl => drop(&punt, DropReason::TtlExceeded),
            PuntReason::Fragment => drop(&punt, DropReason::Fragments),
            PuntReason::L3Protocol => drop(&punt, DropReason::TrapNoInterface),
            PuntReason::TooBig => drop(&punt, DropReason::TooBig),
            PuntReason::Extension | PuntReason::Tagged => drop(&punt, DropReason::InvalidProtocol),
            PuntReason::VrfInSoftware => drop(&punt, DropReason::Discard),
            PuntReason::None => drop(&punt, DropReason::Unknown),
        }
    }

    /// Decides about every flow that waits.
    pub fn decide(&mut self, now: Duration) -> Vec<Reaction> {
        let waiting = self.hold.take();
        waiting
            .into_iter()
            .flat_map(|(key, punts)| self.set_up(key, punts, now))
            .collect()
    }

    /// Time has passed: what waited too long is dropped.
    pub fn tick(&mut self, now: Duration) -> Vec<Reaction> {
        unresolved(self.waiting.expired(now))
    }

    /// Whether it is time to look for idle flows, which [`SlowPath::age`] does.
    pub fn wants_counters(&self, now: Duration) -> bool {
        now.saturating_sub(self.scanned) >= flows::SCAN && !self.flows.list().is_empty()
    }

    /// Takes out idle flows. `counted` is what the card counted by flow id, up to `last`, when the latest packet came.
    pub fn age(
        &mut self,
        counted: &HashMap<u32, Traffic>,
        last: Duration,
        now: Duration,
    ) -> Vec<Reaction> {
        self.scanned = now;
        self.flows.age(self.placed.flows_mut(), counted, last, now)
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
        let key = tenant.and_then(|tenant| tenant.flow_key(punt.shim.flow_nexthop));
        let Some(key) = key else {
            return vec![Reaction::drop(&punt, DropReason::InvalidPacket)];
        };
        if self.flows.get(&key).is_some() {
            return match punt.shim.port {
                // It has been round already and missed again: the card and we disagree about this flow.
                underpass_layout::port::SLOW => {
                    vec![Reaction::drop(&punt, DropReason::FlowActionInvalid)]
                }
                // It missed before its flow was set up.
                _ => vec![Reaction::again(punt)],
            };
        }
        match self.hold.push(key, punt) {
            Ok(()) => Vec::new(),
            Err(punt) => vec![Reaction::drop(&punt, DropReason::FlowQueueLimitExceeded)],
        }
    }

    /// A frame for a group: for every guest, except what only the node itself could answer.
    fn multicast(&self, punt: &Punt) -> Vec<Reaction> {
        let start = usize::from(punt.shim.offset);
        let frame = punt.frame.get(start..).unwrap_or_default();
        let tenant = Tenant::of(punt);
        if tenant.is_some_and(|tenant| tenant.is_stray_discovery()) {
            return vec![Reaction::drop(punt, DropReason::InvalidArp)];
        }
        let asks_dhcp = tenant.is_some_and(|tenant| tenant.is_dhcpv6_request());
        if asks_dhcp && self.traps_dhcp(punt) {
            return vec![Reaction::drop(punt, DropReason::TrapNoInterface)];
        }
        flood::flood(&self.world, punt, frame)
    }

    /// The packet came from a guest whose DHCP is ours to answer.
    fn traps_dhcp(&self, punt: &Punt) -> bool {
        let vif = self.world.vif(punt.shim.vif);
        !is_tunnelled(punt) && vif.is_some_and(|vif| vif.flags.contains(VifFlags::DHCP))
    }

    fn set_up(&mut self, key: Key, punts: Vec<Punt>, now: Duration) -> Vec<Reaction> {
        let Some(first) = punts.first() else {
            return Vec::new();
        };
        let Some(tenant) = Tenant::of(first) else {
            return Vec::new();
        };
        let sides = flow_setup::decide(&self.world, first, &tenant, key);
        match self.flows.insert(self.placed.flows_mut(), &sides, now) {
            Ok(mut reactions) => {
                reactions.extend(punts.into_iter().map(Reaction::again));
                reactions
            }
            Err(_) => punts
                .iter()
                .map(|punt| Reaction::drop(punt, DropReason::FlowTableFull))
                .collect(),
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

/// Packets whose next hop did not answer.
fn unresolved(punts: Vec<Punt>) -> Vec<Reaction> {
    punts
        .iter()
        .map(|punt| Reaction::drop(punt, DropReason::NexthopUnresolved))
        .collect()
}
