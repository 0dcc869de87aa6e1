//! The slow path: what the card hands over is thought about here, once, so that the card knows the next time.
//!
//! ```text
//!   Punt ──take──▶ by reason ─┬─ arp      answer, flood, learn a neighbour        Reaction::Inject
//!                             ├─ hold     wait for ──decide──▶ flow_setup         Reaction::Write, then Inject
//!                             ├─ resolve  wait for a neighbour, ask for it
//!                             ├─ flood    copies to every other guest
//!                             ├─ echo     gateways and DNS servers answer
//!                             └─ the rest ends here with a reason                 Reaction::Drop
//! ```
//! It holds no card and reads no clock: time comes in with each call, and what is to be done goes out as a list of
//! [`Reaction`]s, in order. So the same punts always give the same reactions.

mod arp;
mod echo;
mod flood;
mod flow_setup;
mod flows;
mod hold;
mod policy;
mod reaction;
mod resolve;
mod software;
mod tenant;
mod world;

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use underpass_layout::tables::FlowKey;
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{compile, Compiled, Mac, Network};

pub use flow_setup::Denied;
pub use flows::{Flow, NoRoom};
pub use reaction::{Reaction, TableWrite};
pub use world::World;

use crate::driver::{Punt, Traffic};
use arp::{Arp, Then};
use flows::Flows;
use hold::Hold;
use resolve::{Wait, Waiting};
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
    learned: BTreeSet<Ipv4Addr>,
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
            PuntReason::Multicast => {
                let start = usize::from(punt.shim.offset);
                let frame = punt.frame.get(start..).unwrap_or_default();
                flood::flood(&self.world, &punt, frame)
            }
            PuntReason::Receive => self.receive(&punt),
            PuntReason::Resolve => self.resolve(punt, now),
            PuntReason::ZeroTtl => drop(&punt, DropReason::TtlExceeded),
            PuntReason::Fragment => drop(&punt, DropReason::Fragments),
            PuntReason::L3Protocol => drop(&punt, DropReason::TrapNoInterface),
            PuntReason::TooBig => drop(&punt, DropReason::TooBig),
            PuntReason::Ipv6 | PuntReason::Tagged => drop(&punt, DropReason::InvalidProtocol),
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
        let Some(tenant) = Tenant::of(&punt).filter(|tenant| tenant.headers.ipv4) else {
            return vec![Reaction::drop(&punt, DropReason::InvalidPacket)];
        };
        let key = tenant.flow_key(punt.shim.flow_nexthop);
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

    fn set_up(&mut self, key: FlowKey, punts: Vec<Punt>, now: Duration) -> Vec<Reaction> {
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

    fn resolve(&mut self, punt: Punt, now: Duration) -> Vec<Reaction> {
        let via = self
            .world
            .tunnel(punt.shim.nexthop)
            .and_then(|tunnel| tunnel.via);
        let Some(IpAddr::V4(neighbor)) = via else {
            return vec![Reaction::drop(&punt, DropReason::NexthopUnresolved)];
        };
        match self.waiting.push(neighbor, punt, now) {
            Wait::Ask => self.ask(neighbor).into_iter().collect(),
            Wait::Silent => Vec::new(),
            Wait::Full(punt) => vec![Reaction::drop(&punt, DropReason::NexthopUnresolved)],
        }
    }

    fn ask(&self, neighbor: Ipv4Addr) -> Option<Reaction> {
        let from = self.world.tunnel_address()?;
        let frame = arp::request(self.world.underlay().mac, from, neighbor);
        Reaction::transmit(self.world.vif_of(VifType::Fabric)?, frame)
    }

    fn arp(&mut self, punt: &Punt) -> Vec<Reaction> {
        let start = if is_tunnelled(punt) {
            usize::from(punt.shim.offset)
        } else {
            0
        };
        let frame = punt.frame.get(start..).unwrap_or_default();
        let Some(arp) = Arp::read(frame) else {
            return vec![Reaction::drop(punt, DropReason::InvalidArp)];
        };
        let (vif, vrf) = (punt.shim.vif, punt.shim.vrf);
        let from_guest = self
            .world
            .vif(vif)
            .is_some_and(|vif| vif.vif_type == VifType::Vm);
        let (told, then) = match (is_tunnelled(punt), from_guest) {
            (true, _) => (None, arp::from_tunnel(&self.world, vrf, &arp)),
            (false, true) => (None, arp::from_guest(&self.world, vif, vrf, &arp)),
            (false, false) => arp::from_wire(&self.world, &arp),
        };
        let mut reactions = match told {
            Some((neighbor, mac)) => self.learn(neighbor, mac),
            None => Vec::new(),
        };
        reactions.extend(self.carry_out(punt, frame, then));
        reactions
    }

    /// What ARP decided, for the frame that was punted or the tenant's in it.
    fn carry_out(&self, punt: &Punt, frame: &[u8], then: Then) -> Vec<Reaction> {
        let vif = punt.shim.vif;
        let sent = match then {
            Then::Flood => return flood::flood(&self.world, punt, frame),
            Then::Drop(reason) => return vec![Reaction::drop(punt, reason)],
            Then::Consume => return vec![Reaction::Consume(vif)],
            Then::Answer(answer) if is_tunnelled(punt) => self.deliver(punt, &answer),
            Then::Answer(answer) => {
                let to = self.world.vif(vif);
                to.and_then(|vif| Reaction::transmit(vif, answer))
            }
            Then::Bridge(_) => self.deliver(punt, frame),
            Then::ToHost => {
                let host = self.world.vif_of(VifType::Host);
                host.and_then(|host| Reaction::transmit(host, frame.to_vec()))
            }
        };
        match sent {
            Some(sent) => vec![sent, Reaction::Consume(vif)],
            None => vec![Reaction::drop(punt, DropReason::InvalidArp)],
        }
    }
}

impl SlowPath {
    /// The underlay has told where a neighbour is. If packets wait for it, or if it has moved, its tunnels are
    /// programmed anew and the packets go.
    fn learn(&mut self, neighbor: Ipv4Addr, mac: Mac) -> Vec<Reaction> {
        let address = IpAddr::V4(neighbor);
        let known = self.world.underlay().neighbors.get(&address);
        let moved = self.learned.contains(&neighbor) && known != Some(&mac);
        if !self.waiting.needs(neighbor) && !moved {
            return Vec::new();
        }
        let mut network = self.world.network().clone();
        network.underlay.neighbors.insert(address, mac);
        let Ok(compiled) = compile(&network, &self.placed) else {
            return unresolved(self.waiting.answered(neighbor));
        };
        self.placed = compiled.placed;
        self.world = World::new(network, compiled.objects);
        self.learned.insert(neighbor);
        let writes = compiled
            .plan
            .steps
            .iter()
            .map(|step| Reaction::Write(TableWrite::from(step)));
        let packets = self
            .waiting
            .answered(neighbor)
            .into_iter()
            .map(Reaction::again);
        writes.chain(packets).collect()
    }

    /// Carries a frame of a tunnelled or local sender to the one guest that it is for, wherever that is: what the card
    /// would do if it did not hand over all ARP.
    fn deliver(&self, punt: &Punt, frame: &[u8]) -> Option<Reaction> {
        let vrf = punt.shim.vrf;
        let tenant = Tenant::read(frame, 0, true)?;
        let bridge = self.world.bridge(vrf, tenant.dst_mac())?;
        if let Some(guest) = self.world.guest_behind(bridge.nh) {
            return Reaction::transmit(guest, frame.to_vec());
        }
        // What came through a tunnel goes back into one only as an answer of ours.
        let nexthop = self.placed.entries().nexthops.get(&bridge.nh)?;
        let wrapped = software::into_tunnel(&tenant, vrf, nexthop, bridge.label?)?;
        Reaction::transmit(self.world.vif_of(VifType::Fabric)?, wrapped)
    }
}

/// Packets whose next hop did not answer.
fn unresolved(punts: Vec<Punt>) -> Vec<Reaction> {
    punts
        .iter()
        .map(|punt| Reaction::drop(punt, DropReason::NexthopUnresolved))
        .collect()
}
