//! Packets that found no flow: they wait until theirs is decided about, or are forwarded here.
//!
//! ```text
//!   FlowMiss ─┬─ its flow is in software ──▶ forwarded here
//!             ├─ its flow is there by now ─▶ once more
//!             └─ new ─▶ hold ─▶ decide ─▶ on the card, or no room: in software, or none there either: FLOW_TABLE_FULL
//! ```

use std::time::Duration;

use underpass_layout::{port, DropReason};
use underpass_table_compiler::objects::{Vif, VifFlags};

use crate::driver::Punt;
use crate::slow_path::flows::NoRoom;
use crate::slow_path::key::Key;
use crate::slow_path::keys::{self, Keys};
use crate::slow_path::reaction::Reaction;
use crate::slow_path::tenant::Tenant;
use crate::slow_path::{flood, flow_setup, SlowPath};

impl SlowPath {
    pub(in crate::slow_path) fn miss(&mut self, punt: Punt, now: Duration) -> Vec<Reaction> {
        let tenant = self.tenant(&punt);
        if tenant.is_some_and(|tenant| tenant.is_stray_discovery()) {
            return vec![Reaction::drop(&punt, DropReason::InvalidArp)];
        }
        let is_part = tenant.is_some_and(|tenant| tenant.headers.fragment);
        if is_part && self.ports_of(&punt).is_none() {
            // It was too long on its way to still know its ports.
            return self.fragment(punt, now);
        }
        let keys = tenant.and_then(|tenant| Some((tenant, self.keys(&punt, &tenant)?)));
        let Some((tenant, Keys { card: key, plain })) = keys else {
            return vec![Reaction::drop(&punt, DropReason::InvalidPacket)];
        };
        if self.software.flows.get(&key).is_some() {
            return self.forward_flow(punt, &key, now);
        }
        if !flood::is_as_it_came(&punt) {
            // Its flow went while it was on its way, and it cannot start again.
            return vec![Reaction::drop(&punt, DropReason::FlowUnusable)];
        }
        if self.flows.has(&key) {
            // It missed before its flow was set up, or the card and we disagree about this flow. What was handed back
            // for another reason may have come a long way since.
            let handed_back = punt.shim.port == port::SLOW;
            return match handed_back && !self.retries.may(&key) {
                true => vec![Reaction::drop(&punt, DropReason::FlowActionInvalid)],
                false => vec![self.hand_back(punt, false)],
            };
        }
        if let Some(reactions) = self.is_no_answer(&punt, &tenant, &plain) {
            return reactions;
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
    pub(in crate::slow_path) fn keys(&self, punt: &Punt, tenant: &Tenant<'_>) -> Option<Keys> {
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
        let kept_here = self.software.flows.of_nexthop(key.nexthop);
        self.flows.of_nexthop(key.nexthop) + kept_here + waiting < limit as usize
    }

    pub(in crate::slow_path) fn set_up(
        &mut self,
        punts: Vec<Punt>,
        now: Duration,
    ) -> Vec<Reaction> {
        let Some(first) = punts.first() else {
            return Vec::new();
        };
        let keys = self.tenant(first).and_then(|tenant| {
            let keys = self.keys(first, &tenant)?;
            Some((tenant, keys))
        });
        let Some((tenant, keys)) = keys else {
            // Its ports were forgotten while it waited.
            let punts = punts.iter();
            let late = punts.map(|punt| Reaction::drop(punt, DropReason::Fragments));
            return late.collect();
        };
        let (world, entries) = (&self.world, self.placed.entries());
        let taken = |key: &Key| self.is_taken(key);
        let wanted = flow_setup::decide(world, entries, first, &tenant, keys, taken);
        match self.install(&wanted, now) {
            Ok(mut reactions) => {
                let punts = punts.into_iter();
                reactions.extend(punts.map(|punt| self.hand_back(punt, false)));
                reactions
            }
            Err(NoRoom::Entry(_)) => refused(&punts, DropReason::FlowActionInvalid),
            Err(_) => {
                let Some(mut reactions) = self.keep_flow(&wanted, now) else {
                    return refused(&punts, DropReason::FlowTableFull);
                };
                for punt in punts {
                    reactions.extend(self.miss(punt, now));
                }
                reactions
            }
        }
    }
}

fn refused(punts: &[Punt], reason: DropReason) -> Vec<Reaction> {
    let punts = punts.iter();
    punts.map(|punt| Reaction::drop(punt, reason)).collect()
}
