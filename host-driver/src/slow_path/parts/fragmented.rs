//! Parts of packets that have to meet a flow.
//!
//! ```text
//!   Fragment ─▶ Part: which packet, which part ─▶ Fragments ─┬─ back into the card, with the ports
//!                                                            └─ waits, or ends
//! ```
//! With its ports a part is as any other packet: it finds its flow, or misses it, and is then held until its flow is
//! decided about.

use std::time::Duration;

use underpass_layout::DropReason;

use crate::driver::Punt;
use crate::slow_path::flood::is_as_it_came;
use crate::slow_path::fragments::Ended;
use crate::slow_path::part::{PacketId, Part};
use crate::slow_path::reaction::Reaction;
use crate::slow_path::tenant::Tenant;
use crate::slow_path::SlowPath;

impl SlowPath {
    /// A part of a packet whose ports the card does not know.
    pub(in crate::slow_path) fn fragment(&mut self, punt: Punt, now: Duration) -> Vec<Reaction> {
        let ends = |punt: &Punt| vec![Reaction::drop(punt, DropReason::Fragments)];
        let part = Tenant::of(&punt).and_then(|tenant| {
            let part = Part::of(&tenant)?;
            let shim = &punt.shim;
            let packet = part.packet(&tenant, shim.vrf, shim.flow_nexthop);
            // A first part that is too short to say its ports is no better than one that lies.
            let ports = part.ports(&tenant);
            let lies = part.hides_flags() || part.is_first() && ports.is_none();
            (!lies).then_some((packet, ports))
        });
        let Some((packet, ports)) = part else {
            return ends(&punt);
        };
        if !is_as_it_came(&punt) {
            // It cannot start again.
            return ends(&punt);
        }
        let outcome = self.fragments.take(punt, packet, ports, now);
        self.software.counters.fragments += outcome.go.len() as u64;
        let mut reactions = ended(outcome.end);
        let go = outcome.go.into_iter();
        reactions.extend(go.map(|(punt, _)| self.hand_back(punt, false)));
        reactions
    }

    /// The tenant's packet; of a part of one with the ports of the whole, where they are known.
    pub(crate) fn tenant<'a>(&self, punt: &'a Punt) -> Option<Tenant<'a>> {
        let tenant = Tenant::of(punt)?;
        if !tenant.headers.fragment {
            return Some(tenant);
        }
        let packet = self.packet_of(punt, &tenant);
        let ports = packet.and_then(|packet| self.fragments.ports(&packet));
        Some(match ports {
            Some(ports) => tenant.with_ports(ports),
            None => tenant,
        })
    }

    /// The packet that a punted one is a part of.
    pub(in crate::slow_path) fn packet_of(
        &self,
        punt: &Punt,
        tenant: &Tenant<'_>,
    ) -> Option<PacketId> {
        let part = Part::of(tenant)?;
        Some(part.packet(tenant, punt.shim.vrf, punt.shim.flow_nexthop))
    }
}

/// Parts that end.
pub(in crate::slow_path) fn ended(parts: Vec<Ended>) -> Vec<Reaction> {
    let parts = parts.iter();
    parts
        .map(|(punt, reason)| Reaction::drop(punt, *reason))
        .collect()
}
