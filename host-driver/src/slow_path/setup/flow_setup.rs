//! The decision about a new flow, from its first packet.
//!
//! ```text
//!   first packet ─▶ where is its source?  ─▶ where does it go?  ─▶ whose networks are these? ─▶ may it?
//!                       S(nh)                  S(nh) and K(nh)         same: yes                 both directions,
//!                       none: NoSrcRt          of the answers          else: policies            or one entry that drops
//!                                              none: NoDstRt           no: Policy
//! ```
//! K(nh) of the answers is the one under which the card will look for them: the answering guest's own, where it is
//! here and its packets need flows, else the one of the first packet, whose guest they are for. What is decided is
//! decided about the packet itself; the keys of the entries are what rules of fat flows leave (see `keys`).
//!
//! On the way an address may stand for another (see `floating`; of guests that leave by a gateway, `masquerade`), and a
//! nexthop for several, of which the flow keeps to one. IPv6 is judged as IPv4 is, but no packet is routed from or to a
//! link-local address: the world has no routes for them.

mod ends;

use std::net::{IpAddr, Ipv4Addr};

use underpass_table_compiler::network::Action;
use underpass_table_compiler::objects::{
    FloatingIp, FlowAction, FlowFlags, FlowPair, FlowSide, NexthopKind, Vif,
};
use underpass_table_compiler::Entries;

use crate::driver::Punt;
use crate::slow_path::copies::{Copies, Way};
use crate::slow_path::denied::Denied;
use crate::slow_path::key::Key;
use crate::slow_path::keys::{self, Keys};
use crate::slow_path::masquerade;
use crate::slow_path::policy::{judge, Packets};
use crate::slow_path::tenant::Tenant;
use crate::slow_path::wanted::Wanted;
use crate::slow_path::world::{is_link_local, Member, World};

/// S(nh) of a flow whose source is not checked.
const ANY_SOURCE: u32 = 0;

/// The entries of a new flow: both directions, or the one that drops its packets. `taken`: some flow has this key.
pub fn decide(
    world: &World,
    entries: &Entries,
    punt: &Punt,
    tenant: &Tenant<'_>,
    keys: Keys,
    taken: impl Fn(&Key) -> bool,
) -> Wanted {
    let first = First::of(world, punt, tenant, keys);
    let decided = first.ends().and_then(|ends| {
        let pair = ends.pair(&first, entries, &taken)?;
        // Whose address it is keeps the flow that has these answers; the card drops the packets of this one. Where addresses
        // are translated the answers would be a way to it that it did not open.
        let is_nat = pair.rev.action == FlowAction::Nat;
        let is_theft = ends.is_forged(&first) && (is_nat || taken(&Key::from(&pair.rev)));
        Ok(match is_theft {
            true => Wanted::Alone(first.forged(ends.source), None),
            false => Wanted::Pair(pair),
        })
    });
    decided.unwrap_or_else(|refused| first.refused(&refused))
}

/// A direction in which nothing is replaced.
fn side(key: &Key, vrf: u16, source: u32, action: FlowAction) -> FlowSide {
    FlowSide {
        rpf_nh: source,
        action,
        ..key.side(vrf)
    }
}

/// The first packet of a flow and where it was seen.
struct First<'a> {
    world: &'a World,
    punt: &'a Punt,
    tenant: &'a Tenant<'a>,
    keys: Keys,
    vrf: u16,
    /// The guest that sent it, if it came from one here, or the gateway that it came by.
    sender: Option<&'a Vif>,
    /// Its flow was looked up as it came, under that guest's own K(nh).
    as_it_came: bool,
    /// The guest or the gateway that it was about to be delivered to, if that is where its flow was looked up.
    receiver: Option<&'a Vif>,
}

/// Why a flow may not start, and who sees that it wanted to.
struct Refused<'a> {
    denied: Denied,
    copies: Option<Copies<'a>>,
}

impl From<Denied> for Refused<'_> {
    fn from(denied: Denied) -> Self {
        Refused {
            denied,
            copies: None,
        }
    }
}

/// Where a flow starts and ends.
struct Ends<'a> {
    /// Where copies of its packets go.
    copies: Option<Copies<'a>>,
    /// S(nh) of its packets.
    source: u32,
    /// The member of S(nh) that they come from, if that is one of several.
    from: Option<Member>,
    /// S(nh) of the answers.
    answer_source: u32,
    /// The member of the nexthop that they go to, if that is one of several.
    to: Option<Member>,
    /// The guest that answers, if it is here, or the gateway by which answers come.
    receiver: Option<&'a Vif>,
    /// The address that stands for the source on the way.
    snat: Option<&'a FloatingIp>,
    /// The destination is an address that stands for another.
    dnat: Option<&'a FloatingIp>,
    /// The address of a gateway that stands for the source, together with a port.
    masquerade: Option<Ipv4Addr>,
    /// The VRF that the source is seen in by who answers.
    vrf: u16,
}

impl<'a> First<'a> {
    fn of(world: &'a World, punt: &'a Punt, tenant: &'a Tenant<'a>, keys: Keys) -> First<'a> {
        let sender = keys::sender(world, punt);
        let as_it_came = sender.is_some_and(World::needs_flows);
        let receiver = ends::of_key(world, keys.plain.nexthop);
        First {
            world,
            punt,
            tenant,
            keys,
            vrf: punt.shim.vrf,
            sender,
            as_it_came,
            receiver: receiver.filter(|_| !as_it_came),
        }
    }

    fn ends(&self) -> Result<Ends<'a>, Refused<'a>> {
        let Key { src, dst, .. } = self.keys.plain;
        if !self.is_bridged() && is_link_local(src) {
            return Err(Denied::NoSourceRoute.into());
        }
        if !self.is_bridged() && is_link_local(dst) {
            return Err(Denied::NoRoute.into());
        }
        let seen = self
            .sender
            .map(|_| self.source(self.vrf, src))
            .transpose()?;
        let snat = self.snat(dst);
        let mut vrf = snat.map_or(self.vrf, |floating| floating.vrf);
        let nexthop = self.nexthop(vrf, dst)?;
        let to = self.world.choose(nexthop, &self.keys.plain);
        let reached = to.map_or(nexthop, |member| member.nexthop);
        let receiver = self.receiver.or_else(|| ends::behind(self.world, reached));
        let dnat = self.dnat(receiver, dst);
        if let (Some(floating), None) = (dnat, self.sender) {
            // A label names the guest, not the network of the address that it was reached at.
            vrf = floating.vrf;
        }
        let source_vrf = if self.sender.is_some() { self.vrf } else { vrf };
        let source = match seen {
            Some(source) => source,
            None => self.source(source_vrf, src)?,
        };
        let copies = match self.is_bridged() {
            true => None,
            false => self.judge(vrf, (src, dst), snat, dnat, receiver)?,
        };
        let masquerade = self.masquerade(receiver, snat)?;
        Ok(Ends {
            copies,
            source,
            from: self.came_from(source),
            answer_source: self.answer_source((vrf, dst), nexthop, to, receiver, dnat),
            to,
            receiver,
            snat,
            dnat,
            masquerade,
            vrf: source_vrf,
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

    /// The address that its sender takes for what its own network has no route to, or only by a gateway that would give it
    /// another. Of several the one whose network has the longest prefix, and among those the first.
    fn snat(&self, dst: IpAddr) -> Option<&'a FloatingIp> {
        let sender = self
            .sender
            .filter(|_| self.as_it_came && !self.is_bridged())?;
        if let Some(route) = self.world.route(self.vrf, dst) {
            return ends::floating_at(self.world, sender, route.nh, dst);
        }
        let mut best: Option<(u8, &FloatingIp)> = None;
        for floating in self.world.floating_of(sender.idx) {
            let route = self.world.route(floating.vrf, dst);
            let route = route.filter(|route| !self.world.discards(route.nh));
            let usable = route.filter(|_| floating.address.is_ipv4() == dst.is_ipv4());
            let length = usable.map(|route| route.prefix.prefix_len());
            if length > best.map(|(length, _)| length) {
                best = length.map(|length| (length, floating));
            }
        }
        best.map(|(_, floating)| floating)
    }

    /// The address of the gateway that it leaves by, where that stands for guests: for IPv4 sources in the subnets of their
    /// own network, but for those that leave under a floating address.
    fn masquerade(
        &self,
        receiver: Option<&Vif>,
        snat: Option<&FloatingIp>,
    ) -> Result<Option<Ipv4Addr>, Denied> {
        let Key { src, dst, .. } = self.keys.plain;
        let came_by = self.sender.map(|vif| vif.idx);
        let gateway = receiver.filter(|vif| snat.is_none() && came_by != Some(vif.idx));
        let Some(address) = gateway.and_then(|gateway| ends::translation(self.world, gateway))
        else {
            return Ok(None);
        };
        // Nobody may use the address as his own: the answers would be looked up as those of another.
        if src == IpAddr::V4(address) {
            return Err(Denied::NoSourceRoute);
        }
        if dst == IpAddr::V4(address) {
            return Err(Denied::NoRoute);
        }
        let home = match self.sender {
            Some(guest) => guest.vrf,
            None => self.world.owner(self.vrf, src).unwrap_or(self.vrf),
        };
        let subnets = self.world.vrf(home).map(|network| &network.subnets);
        let mut subnets = subnets.into_iter().flatten();
        let is_inside = subnets.any(|subnet| subnet.prefix.contains(&src));
        Ok((src.is_ipv4() && is_inside).then_some(address))
    }

    /// Whether its destination stands for the guest that it reaches.
    fn dnat(&self, receiver: Option<&Vif>, dst: IpAddr) -> Option<&'a FloatingIp> {
        let mut all = self.world.floating_of(receiver?.idx).iter();
        all.find(|floating| floating.address == dst)
    }

    /// S(nh): the nexthop that leads to its source.
    fn source(&self, vrf: u16, src: IpAddr) -> Result<u32, Denied> {
        if !self.checks_source(vrf) {
            return Ok(ANY_SOURCE);
        }
        let leads = |nexthop: &u32| !self.world.discards(*nexthop);
        let route = self.world.route(vrf, src).map(|route| route.nh);
        // A bridged frame whose address nobody is known to have must at least come from where its MAC is.
        let bridge = self
            .world
            .bridge(vrf, self.tenant.src_mac())
            .filter(|_| self.is_bridged())
            .map(|bridge| bridge.nh);
        let nexthop = route.filter(leads).or(bridge.filter(leads));
        let nexthop = nexthop.ok_or(Denied::NoSourceRoute)?;
        // Whoever it is on a wire: the gateway's own nexthop stays, those of neighbours come and go.
        let wire = ends::behind(self.world, nexthop).filter(|vif| ends::is_gateway(vif));
        Ok(wire.and_then(|gateway| gateway.nh_id).unwrap_or(nexthop))
    }

    /// The member that it came from, where S(nh) is several; the first, where it came from none of them.
    fn came_from(&self, source: u32) -> Option<Member> {
        let members = self.world.members(source)?;
        let first = members.first().map(|member| Member {
            index: 0,
            nexthop: member.nh,
        });
        self.world.came_from(source, self.punt).or(first)
    }

    /// The nexthop that leads to its destination.
    fn nexthop(&self, vrf: u16, dst: IpAddr) -> Result<u32, Denied> {
        if let Some(nexthop) = self.receiver.and_then(|guest| guest.nh_id) {
            return Ok(nexthop);
        }
        let own = self.keys.plain.nexthop;
        if !self.as_it_came && self.world.members(own).is_some() {
            return Ok(own);
        }
        let nexthop = if self.is_bridged() {
            let bridge = self.world.bridge(vrf, self.tenant.dst_mac());
            bridge.map(|bridge| bridge.nh)
        } else {
            self.world.route(vrf, dst).map(|route| route.nh)
        };
        nexthop
            .filter(|nexthop| !self.world.discards(*nexthop))
            .ok_or(Denied::NoRoute)
    }

    fn judge(
        &self,
        vrf: u16,
        (src, dst): (IpAddr, IpAddr),
        snat: Option<&FloatingIp>,
        dnat: Option<&FloatingIp>,
        receiver: Option<&Vif>,
    ) -> Result<Option<Copies<'a>>, Refused<'a>> {
        let owner = |address| self.world.owner(vrf, address).unwrap_or(vrf);
        // A guest is in its own network whatever source it writes into its packets, or in that of its floating address.
        let from = match (snat, self.sender) {
            (Some(floating), _) => floating.vrf,
            (None, Some(guest)) => guest.vrf,
            (None, None) => owner(src),
        };
        let to = match (dnat, receiver) {
            (Some(floating), _) => floating.vrf,
            (None, Some(guest)) => guest.vrf,
            (None, None) => owner(dst),
        };
        let src = snat.map_or(src, |floating| floating.address);
        let packets = Packets::sharing(&self.keys, src, dst);
        if from == to {
            return Ok(None);
        }
        let judged = judge(self.world.policies(from, to), &packets);
        let copies = Copies::new(judged.mirrors, from, to);
        match judged.action {
            Action::Pass => Ok(copies),
            Action::Deny => Err(Refused {
                denied: Denied::Policy,
                copies,
            }),
        }
    }

    /// The entries of a flow that may not start: one, or two where copies of its packets go somewhere.
    fn refused(&self, refused: &Refused<'_>) -> Wanted {
        let drops = |key: &Key| side(key, self.vrf, ANY_SOURCE, FlowAction::Drop);
        let mut forward = drops(&self.keys.card);
        let reverse = drops(&self.keys.card.answer(self.keys.card.nexthop));
        match &refused.copies {
            Some(copies) if !self.keys.is_fat() && reverse.sip != forward.sip => {
                copies.mark(self.world, &mut forward, Way::There, self.sender.is_some());
                let pair = FlowPair {
                    fwd: forward,
                    rev: reverse,
                };
                Wanted::Denied(pair, refused.denied)
            }
            _ => Wanted::Alone(forward, Some(refused.denied)),
        }
    }

    /// The entry of a flow of which no packet passes the source check.
    fn forged(&self, source: u32) -> FlowSide {
        side(&self.keys.card, self.vrf, source, FlowAction::Forward)
    }

    /// S(nh) of the answers: the nexthop that leads to who answers. A guest here has one that stands for it in flows,
    /// and perhaps another one by which it has this address.
    fn answer_source(
        &self,
        (vrf, dst): (u16, IpAddr),
        nexthop: u32,
        to: Option<Member>,
        receiver: Option<&Vif>,
        dnat: Option<&FloatingIp>,
    ) -> u32 {
        if !self.checks_source(receiver.map_or(vrf, |guest| guest.vrf)) {
            return ANY_SOURCE;
        }
        let Some(guest) = receiver.filter(|_| to.is_none()) else {
            let known = to.is_some() || self.world.tunnel(nexthop).is_some();
            return if known { nexthop } else { ANY_SOURCE };
        };
        let address = dnat.map_or(dst, |floating| floating.fixed);
        let route = self.world.route(guest.vrf, address).map(|route| route.nh);
        let leads_there = |nexthop: &u32| {
            let behind = self.world.guest_behind(*nexthop);
            behind.is_some_and(|behind| behind.idx == guest.idx)
        };
        route.filter(leads_there).or(guest.nh_id).unwrap_or(nexthop)
    }

    fn checks_source(&self, vrf: u16) -> bool {
        self.world.vrf(vrf).is_some_and(|network| network.rpf)
    }
}

impl Ends<'_> {
    /// It came from a guest here, and its source is known to be elsewhere.
    fn is_forged(&self, first: &First<'_>) -> bool {
        let checked = self.source != ANY_SOURCE && self.from.is_none();
        let sender = first.sender.filter(|_| checked);
        sender.is_some_and(|sender| {
            let at_key = || ends::of_key(first.world, self.source);
            let owner = ends::behind(first.world, self.source).or_else(at_key);
            owner.is_none_or(|owner| owner.idx != sender.idx)
        })
    }

    fn pair(
        &self,
        first: &First<'_>,
        entries: &Entries,
        taken: impl Fn(&Key) -> bool,
    ) -> Result<FlowPair, Denied> {
        let answering = self.receiver.filter(|guest| World::needs_flows(guest));
        let plain = &first.keys.plain;
        let mut answer = plain.answer(
            answering
                .and_then(|guest| guest.nh_id)
                .unwrap_or(plain.nexthop),
        );
        if let Some(floating) = self.dnat {
            answer.src = floating.fixed;
        }
        if let Some(floating) = self.snat {
            answer.dst = floating.address;
        }
        let own_port = answer.dst_port;
        if let Some(address) = self.masquerade {
            answer = masquerade::answer(&answer, address, taken).ok_or(Denied::NoPort)?;
        }
        let set = answering.map(|guest| guest.idx);
        let card = keys::of_answer(entries, first.punt, first.as_it_came, set, &answer);
        let is_nat = self.snat.is_some() || self.dnat.is_some() || self.masquerade.is_some();
        if is_nat && (first.keys.is_fat() || card != answer) {
            return Err(Denied::FatFlowNat);
        }
        if card == first.keys.card {
            return Err(Denied::SameKey);
        }
        let action = if is_nat {
            FlowAction::Nat
        } else {
            FlowAction::Forward
        };
        let answer_vrf = match (self.receiver, self.snat) {
            (Some(guest), _) => guest.vrf,
            (None, Some(floating)) => floating.vrf,
            (None, None) => first.vrf,
        };
        let mut forward = side(&first.keys.card, self.vrf, self.source, action);
        let mut reverse = side(&card, answer_vrf, self.answer_source, action);
        for one in [&mut forward, &mut reverse] {
            one.flags = one.flags | FlowFlags::RFLOW_VALID;
        }
        forward.ecmp_index = self.to.map(|member| member.index);
        reverse.ecmp_index = self.from.map(|member| member.index);
        if let Some(copies) = &self.copies {
            copies.mark(
                first.world,
                &mut forward,
                Way::There,
                first.sender.is_some(),
            );
            copies.mark(
                first.world,
                &mut reverse,
                Way::Back,
                self.receiver.is_some(),
            );
        }
        if let Some(floating) = self.snat {
            forward.flags = forward.flags | FlowFlags::SNAT;
            reverse.flags = reverse.flags | FlowFlags::DNAT;
            translate(&mut forward, floating.vrf);
            translate(&mut reverse, first.vrf);
        }
        if self.masquerade.is_some() {
            forward.flags = forward.flags | FlowFlags::SNAT;
            reverse.flags = reverse.flags | FlowFlags::DNAT;
            if answer.dst_port != own_port {
                forward.flags = forward.flags | FlowFlags::SPAT;
                reverse.flags = reverse.flags | FlowFlags::DPAT;
            }
            translate(&mut reverse, first.vrf);
        }
        if let Some(floating) = self.dnat {
            forward.flags = forward.flags | FlowFlags::DNAT;
            reverse.flags = reverse.flags | FlowFlags::SNAT;
            translate(&mut forward, answer_vrf);
            if self.snat.is_none() {
                translate(
                    &mut reverse,
                    first.sender.map_or(floating.vrf, |guest| guest.vrf),
                );
            }
        }
        Ok(FlowPair {
            fwd: forward,
            rev: reverse,
        })
    }
}

/// Lets packets go on in another VRF.
fn translate(side: &mut FlowSide, vrf: u16) {
    side.flags = side.flags | FlowFlags::VRF_TRANSLATE;
    side.dvrf = Some(vrf);
}
