//! Packets of flows and of VRFs that the card has no room for.
//!
//! ```text
//!   FlowMiss, its flow is here ─▶ counted, judged ─┬─ goes as it is ─────▶ back into the card, as judged
//!                                                  └─ NAT, steered, .. ──▶ Passage ─▶ sent
//!   VrfInSoftware ─▶ source, longest prefix ───────┬─ as it came ────────▶ back into the card, with its route
//!                                                  └─ out of another VRF ▶ Passage ─▶ sent
//! ```

use std::time::Duration;

use underpass_layout::tables::{OnwardEntry, VifKind};
use underpass_layout::{port, DropReason, PuntReason, Verdict};

use super::resolved::{Refused, Resolved};
use super::{resolve, Leaving, Passage};
use crate::driver::Punt;
use crate::slow_path::flood::is_as_it_came;
use crate::slow_path::flow_ids::PairId;
use crate::slow_path::flows::NoRoom;
use crate::slow_path::key::{address, Key};
use crate::slow_path::part::Ports;
use crate::slow_path::reaction::{Found, Reaction};
use crate::slow_path::tenant::{is_tunnelled, Tenant};
use crate::slow_path::wanted::Wanted;
use crate::slow_path::SlowPath;

/// Flows that move into the card in one tick, at most.
const MOVES: usize = 8;

impl SlowPath {
    /// Keeps a flow here that the card has no room for. What the card has under its keys goes, or packets would never
    /// come here. None: there is no room here either.
    pub(in crate::slow_path) fn keep_flow(
        &mut self,
        wanted: &Wanted,
        now: Duration,
    ) -> Option<Vec<Reaction>> {
        self.software.flows.add(wanted, &self.world, now).ok()?;
        let keys = wanted.keys().into_iter().flatten();
        let others = keys.filter_map(|key| Some(self.flows.get(&key)?.pair));
        let others: Vec<PairId> = others.collect();
        Some(others.into_iter().flat_map(|pair| self.end(pair)).collect())
    }

    /// A packet of a flow that is kept here.
    pub(in crate::slow_path) fn forward_flow(
        &mut self,
        punt: Punt,
        key: &Key,
        now: Duration,
    ) -> Vec<Reaction> {
        let drop = |punt: &Punt, reason| vec![Reaction::drop(punt, reason)];
        let ports = self.ports_of(&punt);
        let entries = self.placed.entries();
        let passage = Passage::of(entries, &punt, ports);
        let (Some(mut passage), Some(flow)) = (passage, self.software.flows.get(key)) else {
            return drop(&punt, DropReason::InvalidPacket);
        };
        // As the card counts: whatever becomes of it, from the tenant's packet on.
        let bytes = punt.frame.len().saturating_sub(punt.shim.offset.into());
        self.software.flows.count(key, bytes, now);
        match flow.judge(entries, passage.meta()) {
            Ok(()) => {}
            Err(Refused::Drop(reason)) => return drop(&punt, reason),
            Err(Refused::SourceMoved) => {
                let source = self.software.flows.source(key);
                let from = source.and_then(|source| self.world.came_from(source, &punt));
                let Some(member) = from else {
                    return drop(&punt, DropReason::InvalidSource);
                };
                let flows = &mut self.software.flows;
                flows.move_source(key, &self.world, member.index);
            }
        }
        self.software.counters.flows += 1;
        match flow.onward {
            None if is_as_it_came(&punt) => return vec![self.hand_back(punt, true)],
            None => {}
            Some(onward) => passage.goes_onward(&onward),
        }
        self.pass(punt, passage, now)
    }

    /// A packet that wants a route of a VRF that the card has no room for.
    pub(in crate::slow_path) fn route_in_software(
        &mut self,
        punt: Punt,
        now: Duration,
    ) -> Vec<Reaction> {
        let drop = |punt: &Punt, reason| vec![Reaction::drop(punt, reason)];
        self.software.lacks_routes = true;
        let Some(tenant) = self.tenant(&punt) else {
            return drop(&punt, DropReason::InvalidPacket);
        };
        if !self.is_from_there(&punt, &tenant) {
            return drop(&punt, DropReason::InvalidSource);
        }
        let flow = self.flow_said(&punt, &tenant);
        let onward = flow.and_then(|flow| flow.onward);
        let Some(route) = self.route_of(&punt, &tenant, onward.as_ref()) else {
            return drop(&punt, DropReason::Discard);
        };
        self.software.counters.routes += 1;
        if is_as_it_came(&punt) {
            let found = Found {
                ports: self.ports_of(&punt),
                route: Some(route),
                judged: flow.is_some() && onward.is_none(),
            };
            return vec![Reaction::again_with(punt.shim.vif, punt.frame, &found)];
        }
        // It came out of another VRF, where it met its flow.
        match Passage::of(self.placed.entries(), &punt, None) {
            Some(passage) => self.pass(punt, passage, now),
            None => drop(&punt, DropReason::Discard),
        }
    }

    /// Hands a packet back to the card as it came, with all that the card would ask for again.
    pub(crate) fn hand_back(&mut self, punt: Punt, judged: bool) -> Reaction {
        let ports = self.ports_of(&punt);
        let route = match self.software.lacks_routes {
            true => self.route_to_tell(&punt),
            // Nearly all packets: nobody looks at them once more.
            false => None,
        };
        if route.is_some() && punt.shim.port != port::SLOW {
            // What was handed back before was counted then.
            self.software.counters.routes += 1;
        }
        let found = Found {
            ports,
            route,
            judged,
        };
        Reaction::again_with(punt.shim.vif, punt.frame, &found)
    }

    /// Nexthop and label for a packet that is handed back, if the card lacks the routes that it would ask for.
    fn route_to_tell(&self, punt: &Punt) -> Option<(u32, u32)> {
        let is_in_software = |vrf: u16| {
            let word = self.placed.entries().vrfs.get(&vrf.into());
            word.is_some_and(|word| word.punt_all)
        };
        let tenant = self.tenant(punt)?;
        let onward = self.flow_said(punt, &tenant).and_then(|flow| flow.onward);
        let translated = onward.filter(|onward| onward.translate);
        let other = translated.is_some_and(|onward| is_in_software(onward.vrf));
        let asked = other || is_in_software(punt.shim.vrf);
        asked.then(|| self.route_of(punt, &tenant, onward.as_ref()))?
    }

    /// What the flow says that the card found for a packet. None: it found none, or looked for none.
    pub(in crate::slow_path) fn flow_said(
        &self,
        punt: &Punt,
        tenant: &Tenant<'_>,
    ) -> Option<Resolved> {
        if punt.shim.flow_nexthop == 0 {
            return None;
        }
        let key = self.keys(punt, tenant)?.card;
        if let Some(resolved) = self.software.flows.get(&key) {
            return Some(resolved);
        }
        let (wanted, direction) = self.flows.wanted(&key)?;
        let [fwd, rev] = resolve(&wanted, &self.world).ok()?;
        [fwd, rev][direction.index()].or(fwd)
    }

    /// Flows of the card have ended: those that are kept here move there, a few at a time.
    pub(in crate::slow_path) fn move_into_card(&mut self, now: Duration) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        if !self.software.has_room || self.software.flows.is_empty() {
            return reactions;
        }
        let moved = self.move_busiest(|_| true, now, &mut reactions);
        let moved = match moved {
            // There may be room for those that go on as they are: one that does not is not in their way.
            Err(NoRoom::Onward { .. } | NoRoom::Table(_)) => {
                let plain = |flow: &Resolved| flow.onward.is_none();
                self.move_busiest(plain, now, &mut reactions)
            }
            moved => moved,
        };
        self.software.has_room = moved.is_ok_and(|moved| moved > 0);
        reactions
    }

    /// Moves the busiest flows into the card of which both directions are `such`, and counts them.
    fn move_busiest(
        &mut self,
        such: impl Fn(&Resolved) -> bool,
        now: Duration,
        reactions: &mut Vec<Reaction>,
    ) -> Result<usize, NoRoom> {
        let busiest = self.software.flows.busiest(MOVES, such);
        let count = busiest.len();
        for (number, wanted) in busiest {
            match self.install(&wanted, now) {
                Ok(done) => {
                    let carried = self.software.flows.hand_over(number);
                    if let Some(key) = wanted.keys().into_iter().flatten().next() {
                        self.flows.was_carried(&key, carried);
                    }
                    reactions.extend(done);
                }
                // It was resolved once; since then what it refers to has gone.
                Err(NoRoom::Entry(_)) => drop(self.software.flows.hand_over(number)),
                Err(full) => return Err(full),
            }
        }
        Ok(count)
    }

    /// Sends a packet as the card would.
    fn pass(&mut self, mut punt: Punt, mut passage: Passage, now: Duration) -> Vec<Reaction> {
        let vif = punt.shim.vif;
        let entries = self.placed.entries();
        let found = passage.find_route(&self.world, entries, punt.shim.nexthop);
        if let Err(reason) = found {
            return vec![Reaction::drop(&punt, reason)];
        }
        let sent = passage.leave(&mut self.software.ids, entries, &punt.frame);
        let reason = match sent {
            Ok(leaving) => return vec![leaving.sent(), Reaction::Consume(vif)],
            Err(Verdict::Drop(reason)) => return vec![Reaction::drop(&punt, reason)],
            Err(Verdict::Punt(reason)) => reason,
            Err(Verdict::Continue | Verdict::Deliver) => PuntReason::None,
        };
        punt.shim.nexthop = passage.meta().route.nexthop;
        match reason {
            PuntReason::ZeroTtl => self.zero_ttl(&punt, now),
            PuntReason::TooBig => self.too_big(punt, now),
            PuntReason::Receive => self.receive(&punt),
            PuntReason::Resolve => self.resolve(punt, now),
            _ => vec![Reaction::drop(&punt, DropReason::Discard)],
        }
    }

    /// Where a source is checked by its route, the route leads to the interface that the packet came from.
    fn is_from_there(&self, punt: &Punt, tenant: &Tenant<'_>) -> bool {
        let vif = self.placed.entries().vifs.get(&punt.shim.vif.into());
        let checked = vif.filter(|vif| vif.kind == VifKind::Vm && vif.check_source && !vif.policy);
        let (Some(vif), Some((src, _))) = (checked, tenant.addresses()) else {
            return true;
        };
        let asked = is_as_it_came(punt) && !is_tunnelled(punt) && !tenant.headers.tagged;
        let route = || self.world.route(punt.shim.vrf, src);
        !asked || route().is_some_and(|route| route.nh == vif.nexthop)
    }

    /// Nexthop and label for a packet, in the VRF and for the destination that its flow gives it.
    fn route_of(
        &self,
        punt: &Punt,
        tenant: &Tenant<'_>,
        onward: Option<&OnwardEntry>,
    ) -> Option<(u32, u32)> {
        let (_, dst) = tenant.addresses()?;
        let vrf = onward.filter(|onward| onward.translate);
        let vrf = vrf.map_or(punt.shim.vrf, |onward| onward.vrf);
        let dst = match onward.filter(|onward| onward.dnat) {
            Some(onward) => address(onward.dst, dst.is_ipv6()),
            None => dst,
        };
        let route = self.world.route(vrf, dst)?;
        Some((route.nh, route.label.unwrap_or(0)))
    }

    /// The ports of the whole packet, of one that is a part of it.
    pub(in crate::slow_path) fn ports_of(&self, punt: &Punt) -> Option<Ports> {
        if self.fragments.is_empty() {
            return None;
        }
        let tenant = Tenant::of(punt).filter(|tenant| tenant.headers.fragment)?;
        self.fragments.ports(&self.packet_of(punt, &tenant)?)
    }
}

impl Leaving {
    /// What is to be done.
    pub fn sent(self) -> Reaction {
        Reaction::send(self.vif, self.port, self.frame)
    }
}
