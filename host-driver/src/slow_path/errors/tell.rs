//! Who sent a packet is told that it went too far, or that it is too long.
//!
//! ```text
//!   ZeroTtl ─▶ icmp_error ─▶ from the gateway's address ─┬─ to the guest that sent it, by its own MAC
//!   TooBig  ─▶                                           └─ to wherever the route to its source leads
//! ```
//! The packet itself ends here, told or not: errors are fewer than what causes them (see `tokens`).

use std::time::Duration;

use underpass_layout::DropReason;
use underpass_table_compiler::objects::{Vif, VifType};

use crate::driver::Punt;
use crate::slow_path::ethernet;
use crate::slow_path::icmp_error::{self, Fault};
use crate::slow_path::reaction::Reaction;
use crate::slow_path::software::to_network;
use crate::slow_path::tenant::{is_tunnelled, Tenant};
use crate::slow_path::SlowPath;

impl SlowPath {
    /// A packet that may not take another hop.
    pub(in crate::slow_path) fn zero_ttl(&mut self, punt: &Punt, now: Duration) -> Vec<Reaction> {
        let mut reactions = vec![Reaction::drop(punt, DropReason::TtlExceeded)];
        if let Some(tenant) = Tenant::of(punt) {
            reactions.extend(self.tell(punt, &tenant, Fault::HopLimit, now));
        }
        reactions
    }

    /// Tells the sender of a packet what is wrong with it, if somebody may be told and is not told too often.
    pub(in crate::slow_path) fn tell(
        &mut self,
        punt: &Punt,
        tenant: &Tenant<'_>,
        fault: Fault,
        now: Duration,
    ) -> Option<Reaction> {
        let (src, dst) = tenant.addresses()?;
        let vrf = self.home(punt);
        let for_many = [src, dst].map(|address| self.world.is_broadcast(vrf, address));
        if for_many.contains(&true) || !icmp_error::may_tell(tenant) {
            return None;
        }
        let from = self.world.gateway(vrf, src)?;
        if !self.tokens.take((punt.shim.vif, vrf), now) {
            return None;
        }
        let error = icmp_error::packet(tenant, from, fault)?;
        if let Some(guest) = self.guest(punt) {
            return self.to_guest(guest, tenant, &error);
        }
        let (world, entries) = (&self.world, self.placed.entries());
        let leaving = to_network(world, entries, &mut self.software.ids, vrf, &error)?;
        Some(leaving.sent())
    }

    /// The VRF in which the sender of a packet is known: a guest's own, whichever it went on in.
    fn home(&self, punt: &Punt) -> u16 {
        self.guest(punt).map_or(punt.shim.vrf, |vif| vif.vrf)
    }

    /// The guest here that a packet came from.
    fn guest(&self, punt: &Punt) -> Option<&Vif> {
        let vif = self.world.vif(punt.shim.vif)?;
        (vif.vif_type == VifType::Vm && !is_tunnelled(punt)).then_some(vif)
    }

    /// The frame that brings an answer of the router to the guest that a packet came from.
    fn to_guest(&self, guest: &Vif, tenant: &Tenant<'_>, packet: &[u8]) -> Option<Reaction> {
        let plain = match tenant.headers.ipv6 {
            true => ethernet::IPV6,
            false => ethernet::IPV4,
        };
        let plain = plain.to_be_bytes();
        let to = match tenant.is_frame {
            true => tenant.src_mac(),
            false => self.world.guest_mac(guest)?,
        };
        let from = self.world.router_mac();
        let types = tenant.types().unwrap_or(&plain);
        let frame = [&to.0[..], &from.0, types, packet].concat();
        Reaction::transmit(guest, frame)
    }
}
