//! Flows of guests that leave by a gateway under its address: which port of it is theirs, and what is for the address itself.
//!
//! ```text
//!   guest                                    wire
//!   10.0.0.4:4000 ─▶ 198.51.100.9:53         203.0.113.5:4000  ─▶ 198.51.100.9:53    the port stays where it is free
//!   10.0.0.5:4000 ─▶ 198.51.100.9:53         203.0.113.5:31337 ─▶ 198.51.100.9:53    elsewhere another takes its place
//!   10.0.0.5:4000 ─▶ 198.51.100.7:53         203.0.113.5:4000  ─▶ 198.51.100.7:53    another remote, its own ports
//! ```
//! A port is taken while a flow is there, on the card or in software, that is looked up by the answers' key. So there is
//! nothing to give back that could be forgotten, and no more of them than there are flows. Only TCP and UDP get another
//! port: the card replaces no echo identifier, and no checksum of SCTP.

use std::net::{IpAddr, Ipv4Addr};

use underpass_layout::DropReason;

use crate::driver::Punt;
use crate::slow_path::echo;
use crate::slow_path::key::Key;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::tenant::{is_tunnelled, Tenant};
use crate::slow_path::SlowPath;

/// The first port that takes the place of another.
const FIRST: u32 = 1024;
/// How many there are.
const PORTS: u32 = 65_536 - FIRST;
/// What lies between two that are tried. A prime that does not divide their number, so that all would be tried in the end.
const STRIDE: u32 = 28_657;
/// How many are tried, so that nobody can make the slow path search for long: where even one in a hundred is free, the
/// chance to find none of them is 10^-18.
const TRIES: u32 = 4096;

/// Protocols whose ports may be replaced.
const REPLACED: [u8; 2] = [6, 17];

/// The key of the answers to a flow that leaves under `address`. `answer`: as it would be under the guest's own address.
/// None: no port is free for this remote.
pub fn answer(answer: &Key, address: Ipv4Addr, taken: impl Fn(&Key) -> bool) -> Option<Key> {
    let under = |dst_port: u16| Key {
        dst: IpAddr::V4(address),
        dst_port,
        ..*answer
    };
    let kept = under(answer.dst_port);
    if !taken(&kept) {
        return Some(kept);
    }
    if !REPLACED.contains(&answer.protocol) {
        return None;
    }
    let start = (answer.spread() % u64::from(PORTS)) as u32;
    let ports = (0..TRIES).map(|at| FIRST + (start + at * STRIDE) % PORTS);
    let mut keys = ports.filter_map(|port| u16::try_from(port).ok().map(under));
    keys.find(|key| !taken(key))
}

impl SlowPath {
    /// Whether some flow is looked up by a key.
    pub(in crate::slow_path) fn is_taken(&self, key: &Key) -> bool {
        self.flows.has(key) || self.software.flows.get(key).is_some()
    }

    /// What came by a gateway for the address that stands for guests, and is no answer to any of them: the node answers
    /// an echo request, and nothing else starts here. None: it is something else.
    pub(in crate::slow_path) fn is_no_answer(
        &self,
        punt: &Punt,
        tenant: &Tenant<'_>,
        key: &Key,
    ) -> Option<Vec<Reaction>> {
        let vif = self.world.gateway_vif(punt.shim.vif)?;
        let address = self.world.gateway_at(vif.idx)?.snat.map(IpAddr::V4);
        if is_tunnelled(punt) || address != Some(key.dst) {
            return None;
        }
        let is_own = || {
            let route = self.world.route(vif.vrf, key.dst);
            route.is_some_and(|route| self.world.is_service(route))
        };
        let answer = echo::answer(tenant).filter(|_| is_own());
        let answer = answer.and_then(|frame| Reaction::transmit(vif, frame));
        Some(match answer {
            Some(answer) => vec![answer, Reaction::Consume(punt.shim.vif)],
            None => vec![Reaction::drop(punt, DropReason::TrapNoInterface)],
        })
    }
}

#[cfg(test)]
mod tests;
