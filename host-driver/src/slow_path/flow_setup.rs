//! The decision about a new flow, from its first packet.
//!
//! ```text
//!   first packet ─▶ where is its source?  ─▶ where does it go? ─▶ whose networks are these? ─▶ may it?
//!                       S(nh)                  S(nh) and K(nh)        same: yes                 both directions forward,
//!                       none: NoSrcRt          of the answers         else: policies            or one entry that drops
//!                                              none: NoDstRt          no: Policy
//! ```
//! K(nh) of the answers is the one under which the card will look for them: the answering guest's own, where it is
//! here and its packets need flows, else the one of the first packet, whose guest they are for.
//!
//! IPv6 is judged as IPv4 is, but no packet is routed from or to a link-local address: the world has no routes for them.

use std::fmt;
use std::net::IpAddr;

use underpass_table_compiler::network::Action;
use underpass_table_compiler::objects::{NexthopKind, Vif, VifType};

use super::flows::Side;
use super::key::Key;
use super::policy::{judge, FirstPacket};
use super::tenant::{is_tunnelled, Tenant};
use super::world::{is_link_local, World};
use crate::driver::Punt;

/// S(nh) of a flow whose source is not checked.
const ANY_SOURCE: u32 = 0;

/// Why a flow may not start. The shown names are the peer's drop reasons of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No route leads to the source.
    NoSourceRoute,
    /// No route leads to the destination.
    NoRoute,
    /// No rule lets it pass.
    Policy,
}

impl Denied {
    /// The peer's name.
    pub const fn name(self) -> &'static str {
        match self {
            Denied::NoSourceRoute => "NoSrcRt",
            Denied::NoRoute => "NoDstRt",
            Denied::Policy => "Policy",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The entries of a new flow: both directions, or the one that drops its packets.
pub fn decide(world: &World, punt: &Punt, tenant: &Tenant<'_>, key: Key) -> Vec<Side> {
    let first = First::of(world, punt, tenant, key);
    match first.ends() {
        Ok(ends) => ends.sides(&first),
        Err(denied) => vec![Side {
            key,
            vrf: punt.shim.vrf,
            source: ANY_SOURCE,
            denied: Some(denied),
        }],
    }
}

/// The first packet of a flow and where it was seen.
struct First<'a> {
    world: &'a World,
    tenant: &'a Tenant<'a>,
    key: Key,
    vrf: u16,
    /// The guest that sent it, if it came from one here.
    sender: Option<&'a Vif>,
    /// The guest that it was about to be delivered to, if that is where its flow was looked up.
    receiver: Option<&'a Vif>,
}

/// Where a flow starts and ends.
struct Ends<'a> {
    /// S(nh) of its packets.
    source: u32,
    /// S(nh) of the answers.
    answer_source: u32,
    /// The guest that answers, if it is here.
    receiver: Option<&'a Vif>,
}

impl<'a> First<'a> {
    fn of(world: &'a World, punt: &Punt, tenant: &'a Tenant<'a>, key: Key) -> First<'a> {
        let sender = world
            .vif(punt.shim.vif)
            .filter(|vif| vif.vif_type == VifType::Vm && !is_tunnelled(punt));
        // A guest whose packets need flows has them looked up as they come, under its own K(nh).
        let as_it_came = sender.is_some_and(World::needs_flows);
        let mut guests = world.objects().vifs.iter();
        let receiver = guests.find(|vif| !as_it_came && vif.nh_id == Some(key.nexthop));
        First {
            world,
            tenant,
            key,
            vrf: punt.shim.vrf,
            sender,
            receiver,
        }
    }

    fn ends(&self) -> Result<Ends<'a>, Denied> {
        let (src, dst) = (self.key.src, self.key.dst);
        if !self.is_bridged() && is_link_local(src) {
            return Err(Denied::NoSourceRoute);
        }
        if !self.is_bridged() && is_link_local(dst) {
            return Err(Denied::NoRoute);
        }
        let source = self.source(src)?;
        let nexthop = self.nexthop(dst)?;
        let receiver = self.receiver.or_else(|| self.world.guest_behind(nexthop));
        if !self.is_bridged() {
            self.judge(src, dst, receiver)?;
        }
        Ok(Ends {
            source,
            answer_source: self.answer_source(nexthop, receiver),
            receiver,
        })
    }

    /// Its frame goes to a MAC, not to the router.
    fn is_bridged(&self) -> bool {
        self.tenant.is_frame && !self.is_for_router()
    }

    fn is_for_router(&self) -> bool {
        let bridge = self.world.bridge(self.vrf, self.tenant.dst_mac());
        let nexthop = bridge.and_then(|bridge| self.world.nexthop(bridge.nh));
        nexthop.is_some_and(|nexthop| nexthop.kind == NexthopKind::L2Receive)
    }

    /// S(nh): the nexthop that leads to its source.
    fn source(&self, src: IpAddr) -> Result<u32, Denied> {
        if !self.checks_source(self.vrf) {
            return Ok(ANY_SOURCE);
        }
        let leads = |nexthop: &u32| !self.world.discards(*nexthop);
        let route = self.world.route(self.vrf, src).map(|route| route.nh);
        // A bridged frame whose address nobody is known to have must at least come from where its MAC is.
        let bridge = self
            .world
            .bridge(self.vrf, self.tenant.src_mac())
            .filter(|_| self.is_bridged())
            .map(|bridge| bridge.nh);
        let nexthop = route.filter(leads).or(bridge.filter(leads));
        nexthop.ok_or(Denied::NoSourceRoute)
    }

    /// The nexthop that leads to its destination.
    fn nexthop(&self, dst: IpAddr) -> Result<u32, Denied> {
        if let Some(nexthop) = self.receiver.and_then(|guest| guest.nh_id) {
            return Ok(nexthop);
        }
        let nexthop = if self.is_bridged() {
            let bridge = self.world.bridge(self.vrf, self.tenant.dst_mac());
            bridge.map(|bridge| bridge.nh)
        } else {
            self.world.route(self.vrf, dst).map(|route| route.nh)
        };
        nexthop
            .filter(|nexthop| !self.world.discards(*nexthop))
            .ok_or(Denied::NoRoute)
    }

    fn judge(&self, src: IpAddr, dst: IpAddr, receiver: Option<&Vif>) -> Result<(), Denied> {
        // A guest is in its own network whatever source it writes into its packets.
        let owner = |address| self.world.owner(self.vrf, address).unwrap_or(self.vrf);
        let from = self.sender.map_or_else(|| owner(src), |guest| guest.vrf);
        let to = receiver.map_or_else(|| owner(dst), |guest| guest.vrf);
        let packet = FirstPacket {
            protocol: self.key.protocol,
            src,
            dst,
            src_port: self.key.src_port,
            dst_port: self.key.dst_port,
        };
        if from == to || judge(self.world.policies(from, to), &packet) == Action::Pass {
            Ok(())
        } else {
            Err(Denied::Policy)
        }
    }

    /// S(nh) of the answers: the nexthop that leads to who answers. A guest here has one that stands for it in flows.
    fn answer_source(&self, nexthop: u32, receiver: Option<&Vif>) -> u32 {
        if !self.checks_source(receiver.map_or(self.vrf, |guest| guest.vrf)) {
            return ANY_SOURCE;
        }
        match receiver {
            Some(guest) => guest.nh_id.unwrap_or(nexthop),
            None if self.world.tunnel(nexthop).is_some() => nexthop,
            None => ANY_SOURCE,
        }
    }

    fn checks_source(&self, vrf: u16) -> bool {
        self.world.vrf(vrf).is_some_and(|network| network.rpf)
    }
}

impl Ends<'_> {
    fn sides(&self, first: &First<'_>) -> Vec<Side> {
        let answering = self.receiver.filter(|guest| World::needs_flows(guest));
        let answer_nexthop = answering.and_then(|guest| guest.nh_id);
        let forward = Side {
            key: first.key,
            vrf: first.vrf,
            source: self.source,
            denied: None,
        };
        let answer = Side {
            key: first
                .key
                .answer(answer_nexthop.unwrap_or(first.key.nexthop)),
            vrf: self.receiver.map_or(first.vrf, |guest| guest.vrf),
            source: self.answer_source,
            denied: None,
        };
        match answer.key == forward.key {
            true => vec![forward],
            false => vec![forward, answer],
        }
    }
}
