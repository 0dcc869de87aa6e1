//! Packets that are too long for the tunnel that they are to go through.
//!
//! ```text
//!   TooBig ─▶ what the tunnel leaves ─┬─ IPv4 that may be cut ─▶ cut ─▶ each part back into the card, in order
//!                                     ├─ other IP ─────────────▶ its sender is told, it ends
//!                                     └─ no IP ────────────────▶ it ends
//! ```
//! The card has met the packet's flow before it handed the packet over, and has counted it there, whole and once. So its
//! parts go as judged and meet no flow, unless the flow says more than to go on: then each has to meet it, and is counted
//! once more.

use std::time::Duration;

use underpass_layout::tables::{NexthopEntry, NexthopKind};
use underpass_layout::DropReason;
use underpass_model::s13_rewrite;

use crate::driver::Punt;
use crate::slow_path::cut::cut;
use crate::slow_path::flood::is_as_it_came;
use crate::slow_path::fragmented;
use crate::slow_path::icmp_error::Fault;
use crate::slow_path::part::Part;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::reframe::reframe;
use crate::slow_path::software::Passage;
use crate::slow_path::tenant::{is_tunnelled, Tenant};
use crate::slow_path::SlowPath;

/// "Don't fragment" in the byte of an IPv4 header that has it, and where that is.
const DONT_CUT: u8 = 0x40;
const FLAGS: usize = 6;

impl SlowPath {
    /// A packet that is longer than its tunnel carries.
    pub(in crate::slow_path) fn too_big(&mut self, punt: Punt, now: Duration) -> Vec<Reaction> {
        let mut reactions = vec![Reaction::drop(&punt, DropReason::TooBig)];
        let Some(tenant) = self.tenant(&punt) else {
            return reactions;
        };
        let Some(room) = self.room(&punt, &tenant) else {
            return reactions;
        };
        let flags = tenant.packet().get(FLAGS).copied();
        if tenant.headers.ipv4 && flags.is_some_and(|flags| flags & DONT_CUT == 0) {
            if let Some(parts) = self.cut(&punt, &tenant, room, now) {
                self.software.counters.fragmented += 1;
                return parts;
            }
        } else {
            reactions.extend(self.tell(&punt, &tenant, Fault::TooBig(room), now));
        }
        reactions
    }

    /// How many bytes a packet may have from its IP header on. None: it goes through no tunnel that has a limit.
    fn room(&self, punt: &Punt, tenant: &Tenant<'_>) -> Option<u16> {
        let entries = self.placed.entries();
        let nexthop: &NexthopEntry = entries.nexthops.get(&punt.shim.nexthop)?;
        if nexthop.kind != NexthopKind::Tunnel || nexthop.mtu == 0 {
            return None;
        }
        let passage = Passage::of(entries, punt, None)?;
        let mut meta = *passage.meta();
        meta.nexthop = *nexthop;
        let in_front = match meta.bridge.l3 {
            true => 0,
            false => tenant.bytes.len() - tenant.ip().len(),
        };
        let taken = u16::try_from(s13_rewrite::overhead(&meta) + in_front).ok()?;
        Some(nexthop.mtu.saturating_sub(taken))
    }

    /// The parts of a packet on their way. None: it cannot be cut, or cannot start again.
    fn cut(
        &mut self,
        punt: &Punt,
        tenant: &Tenant<'_>,
        room: u16,
        now: Duration,
    ) -> Option<Vec<Reaction>> {
        if !is_as_it_came(punt) {
            return None;
        }
        let parts = cut(tenant.packet(), room.into()).ok()?;
        let front = punt.frame.get(..punt.shim.l3_offset.into())?;
        let frames: Option<Vec<Vec<u8>>> = parts
            .iter()
            .map(|part| reframe(front, is_tunnelled(punt), part))
            .collect();
        let ports = (tenant.headers.src_port, tenant.headers.dst_port);
        let flow = self.flow_said(punt, tenant);
        // A part of an error does not show what the error is about.
        let says_more = flow.is_some_and(|flow| flow.onward.is_some());
        let judged = flow.is_some() && (!says_more || tenant.is_about_another());
        let parts: Vec<Punt> = frames?
            .into_iter()
            .map(|frame| Punt {
                shim: punt.shim,
                frame,
            })
            .collect();
        let mut reactions = Vec::new();
        if !tenant.headers.fragment {
            // What is not judged may miss its flow, and what is cut again has no ports in it.
            let of = parts.first().and_then(|first| {
                let first = Tenant::of(first)?;
                let part = Part::of(&first)?;
                Some(part.packet(&first, punt.shim.vrf, punt.shim.flow_nexthop))
            });
            if let Some(packet) = of {
                let forgotten = self.fragments.know(packet, punt.shim.vif, ports, now);
                reactions = fragmented::ended(forgotten);
            }
        }
        let parts = parts.into_iter();
        reactions.extend(parts.map(|part| self.hand_back(part, judged)));
        Some(reactions)
    }
}
