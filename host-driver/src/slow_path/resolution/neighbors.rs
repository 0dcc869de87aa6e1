//! ARP and neighbour discovery, from the punted frame to what is sent, and what is learned on the way.
//!
//! ```text
//!   Arp ───────────────▶ sender ─▶ arp ─┐        ┌─ Answer   back, through the tunnel it came from too
//!                          │            ├─ Then ─┼─ Flood    back to the card: the list of its network
//!   NeighborDiscovery ─▶ sender ─▶ nd ──┘        ├─ Bridge   the one guest, here or elsewhere
//!             │            └ a lie: Drop         └─ ToHost, Consume, Drop
//!             ├─ from the wire: a neighbour's MAC ─▶ learn ─▶ tunnels are programmed, packets that waited go
//!             └─ from a guest: an address of a pair ─▶ heard ─▶ its route and MAC are programmed
//! ```

use std::net::IpAddr;
use std::time::Duration;

use underpass_layout::meta::RoundKind;
use underpass_layout::DropReason;
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::plan::plan;
use underpass_table_compiler::{objects, Mac, Network};

use crate::driver::Punt;
use crate::slow_path::arp::{self, Arp};
use crate::slow_path::discovery::{self, Discovery};
use crate::slow_path::proxy::{Asker, Then};
use crate::slow_path::reaction::{Reaction, TableWrite};
use crate::slow_path::resolve::{Neighbor, Wait};
use crate::slow_path::sender::Claim;
use crate::slow_path::tenant::{is_tunnelled, Tenant};
use crate::slow_path::world::World;
use crate::slow_path::{flood, gateway, nd, software, unresolved, SlowPath};

impl SlowPath {
    pub(in crate::slow_path) fn arp(&mut self, punt: &Punt, now: Duration) -> Vec<Reaction> {
        let frame = tenant_frame(punt);
        let Some(arp) = Arp::read(frame) else {
            return vec![Reaction::drop(punt, DropReason::InvalidArp)];
        };
        match self.asker(punt) {
            Some(asker) if !self.is_true(asker, Some(arp.claims())) => {
                vec![Reaction::drop(punt, DropReason::InvalidArp)]
            }
            Some(asker) => {
                let told = arp.told().filter(|_| !arp.tagged);
                let mut reactions = told.map_or_else(Vec::new, |told| {
                    self.heard(asker, told, arp.is_announcement(), now)
                });
                let then = match punt.shim.round {
                    // The card sends the frame itself on.
                    RoundKind::Punt => Then::Consume,
                    _ => arp::from_tenant(&self.world, asker, punt.shim.vrf, &arp),
                };
                reactions.extend(self.carry_out(punt, frame, then));
                reactions
            }
            None => {
                let (told, then) = arp::from_wire(&self.world, &arp);
                self.learn_and_carry_out(punt, frame, told, then)
            }
        }
    }

    pub(in crate::slow_path) fn discovery(&mut self, punt: &Punt, now: Duration) -> Vec<Reaction> {
        let frame = tenant_frame(punt);
        let Some(discovery) = Discovery::read(frame) else {
            return vec![Reaction::drop(punt, DropReason::InvalidArp)];
        };
        let claims = discovery.claims();
        match self.asker(punt) {
            Some(asker) if !self.is_true(asker, claims) => {
                vec![Reaction::drop(punt, DropReason::InvalidArp)]
            }
            Some(asker) => {
                let told = discovery.told().filter(|_| !discovery.tagged);
                let mut reactions = told.map_or_else(Vec::new, |told| {
                    self.heard(asker, told, discovery.is_announcement(), now)
                });
                let then = nd::from_tenant(&self.world, asker, punt.shim.vrf, &discovery);
                reactions.extend(self.carry_out(punt, frame, then));
                reactions
            }
            None => {
                let (told, then) = nd::from_wire(&self.world, &discovery);
                self.learn_and_carry_out(punt, frame, told, then)
            }
        }
    }

    /// Whether a guest may say all that of itself. What is said beyond a tunnel another node has seen to.
    fn is_true(&self, asker: Asker, claims: Option<Vec<Claim>>) -> bool {
        match asker {
            Asker::Guest(vif) => self.world.believes(vif, claims),
            Asker::Tunnel => true,
        }
    }

    /// A guest, somebody on the wire of a gateway, who is answered as guests are, or a tunnel; none: the underlay.
    fn asker(&self, punt: &Punt) -> Option<Asker> {
        let vif = punt.shim.vif;
        if is_tunnelled(punt) {
            return Some(Asker::Tunnel);
        }
        let kind = self.world.vif(vif)?.vif_type;
        matches!(kind, VifType::Vm | VifType::Gateway).then_some(Asker::Guest(vif))
    }

    fn learn_and_carry_out(
        &mut self,
        punt: &Punt,
        frame: &[u8],
        told: Option<(IpAddr, Mac)>,
        then: Then,
    ) -> Vec<Reaction> {
        let mut reactions = match told {
            Some((neighbor, mac)) => self.learn(neighbor, mac),
            None => Vec::new(),
        };
        reactions.extend(self.carry_out(punt, frame, then));
        reactions
    }

    /// What was decided about `frame`, the one that was punted or the tenant's in it.
    fn carry_out(&self, punt: &Punt, frame: &[u8], then: Then) -> Vec<Reaction> {
        let vif = punt.shim.vif;
        let sent = match then {
            Then::Flood => return flood::flood(punt),
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

    /// Carries a frame of a tunnelled or local sender to the one guest that it is for, wherever that is: what the card
    /// would do if it did not hand over all ARP and all neighbour discovery.
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

    /// A packet for a tunnel whose next hop has no MAC yet.
    pub(in crate::slow_path) fn resolve(&mut self, punt: Punt, now: Duration) -> Vec<Reaction> {
        let is_whole = flood::is_as_it_came(&punt);
        let Some(neighbor) = self.next_hop(&punt) else {
            return vec![Reaction::drop(&punt, DropReason::NexthopUnresolved)];
        };
        if !is_whole {
            // A copy, or a packet without the tunnel that it came through, cannot go back: the next one finds its way.
            let asks = self.waiting.asks(neighbor, punt.shim.vif, now);
            let ask = asks.then(|| self.ask(neighbor)).flatten();
            let dropped = Reaction::drop(&punt, DropReason::NexthopUnresolved);
            return std::iter::once(dropped).chain(ask).collect();
        }
        match self.waiting.push(neighbor, punt, now) {
            Wait::Ask => self.ask(neighbor).into_iter().collect(),
            Wait::Silent => Vec::new(),
            Wait::Full(punt) => vec![Reaction::drop(&punt, DropReason::NexthopUnresolved)],
        }
    }

    /// Whose MAC a packet's nexthop wants.
    fn next_hop(&self, punt: &Punt) -> Option<Neighbor> {
        match self.world.tunnel(punt.shim.nexthop) {
            Some(tunnel) => Some(self.in_the_underlay(tunnel.via?)),
            None => gateway::wanted(&self.world, punt),
        }
    }

    fn in_the_underlay(&self, address: IpAddr) -> Neighbor {
        let fabric = self.world.vif_of(VifType::Fabric);
        Neighbor {
            vif: fabric.map_or(0, |vif| vif.idx),
            address,
        }
    }

    fn ask(&self, neighbor: Neighbor) -> Option<Reaction> {
        if self.world.gateway_at(neighbor.vif).is_some() {
            return gateway::question(&self.world, neighbor);
        }
        let mac = self.world.underlay().mac;
        let frame = match (self.world.tunnel_address(), neighbor.address) {
            (IpAddr::V4(from), IpAddr::V4(neighbor)) => arp::request(mac, from, neighbor),
            (IpAddr::V6(from), IpAddr::V6(neighbor)) => discovery::solicit(mac, from, neighbor)?,
            _ => return None,
        };
        Reaction::transmit(self.world.vif_of(VifType::Fabric)?, frame)
    }

    /// The underlay has told where a neighbour is. If packets wait for it, or if it has moved, its tunnels are
    /// programmed anew and the packets go.
    fn learn(&mut self, address: IpAddr, mac: Mac) -> Vec<Reaction> {
        let neighbor = self.in_the_underlay(address);
        let known = self.world.underlay().neighbors.get(&address);
        let moved = self.learned.contains(&address) && known != Some(&mac);
        if !self.waiting.needs(neighbor) && !moved {
            return Vec::new();
        }
        let mut network = self.world.network().clone();
        network.underlay.neighbors.insert(address, mac);
        let Some(mut reactions) = self.carry(network) else {
            return unresolved(self.waiting.answered(neighbor));
        };
        self.learned.insert(address);
        let packets = self.waiting.answered(neighbor).into_iter();
        reactions.extend(packets.map(Reaction::again));
        reactions
    }

    /// Carries a network that has changed. None: it does not fit the card any more, and the one before stays.
    pub(in crate::slow_path) fn carry(&mut self, network: Network) -> Option<Vec<Reaction>> {
        let mut objects = objects(&network);
        objects.learned = self.on_card();
        let mut entries = entries(&objects, self.placed.profile()).ok()?;
        self.path_mtus.limit(&mut entries);
        let (plan, placed) = plan(&self.placed, &entries).ok()?;
        self.placed = placed;
        self.world = World::new(network, objects);
        let steps = plan.steps.iter();
        Some(
            steps
                .map(|step| Reaction::Write(TableWrite::from(step)))
                .collect(),
        )
    }
}

/// The frame that was punted, or the tenant's in it.
fn tenant_frame(punt: &Punt) -> &[u8] {
    let start = match is_tunnelled(punt) {
        true => usize::from(punt.shim.offset),
        false => 0,
    };
    punt.frame.get(start..).unwrap_or_default()
}
