//! A packet on its way through the model's last stages, for those that the card cannot finish by itself.
//!
//! ```text
//!   Punt ─▶ Passage: what the card knew ─▶ flow's onward ─▶ route ─▶ s12 judge ─▶ s13_rewrite ─▶ s14_encap ─▶ deliver
//!                                                                                                    frame, interface
//! ```
//! The bytes that leave are those that the card would send. What is sent so is not mirrored.

use underpass_layout::meta::{Known, Meta, RoundKind};
use underpass_layout::tables::{NexthopKind, OnwardEntry, QosEntry};
use underpass_layout::tables::{QOS_PRIORITY, QOS_ROWS};
use underpass_layout::{DropReason, Verdict};
use underpass_model::s14_encap::{self, Identification};
use underpass_model::{deliver, s12_nexthop, s13_rewrite, s8_key};
use underpass_table_compiler::{Entries, Mac};

use crate::driver::Punt;
use crate::slow_path::key::address;
use crate::slow_path::part::Ports;
use crate::slow_path::tenant::{is_frame, is_tunnelled, known_ports, read_headers};
use crate::slow_path::world::World;

/// A frame that leaves, by which interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The interface.
    pub vif: u16,
    /// Its port.
    pub port: u16,
    /// The frame.
    pub frame: Vec<u8>,
}

/// A packet whose nexthop is still to be found.
#[derive(Clone, Debug)]
pub struct Passage {
    meta: Meta,
}

impl Passage {
    /// A punted packet, as far as the card got with it. None: its headers contradict themselves.
    pub fn of(entries: &Entries, punt: &Punt, ports: Option<Ports>) -> Option<Passage> {
        let shim = &punt.shim;
        let frame = is_frame(punt);
        let mut meta = read_headers(&punt.frame, shim.offset, frame, known_ports(ports))?;
        if shim.round == RoundKind::Member {
            return None;
        }
        meta.arrival.port = shim.port;
        meta.classify.vif = shim.vif;
        if let Some(vif) = entries.vifs.get(&shim.vif.into()) {
            meta.classify.entry = *vif;
            meta.classify.entry.mirror = 0;
        }
        meta.parse.tunnel = shim.tunnel;
        meta.parse.v6 = shim.outer_v6;
        meta.parse.src = shim.outer_src;
        meta.parse.label = shim.label;
        meta.decap.tunnelled = is_tunnelled(punt);
        meta.decap.vrf = shim.vrf;
        meta.key = s8_key::plain(&meta.inner, &meta.quoted);
        meta.bridge.l3 = true;
        if frame {
            let mac = Mac(meta.inner.dst_mac.to_be_bytes()[2..].try_into().ok()?);
            let entry = entries.bridges.get(&(shim.vrf, mac));
            meta.bridge.l3 = entry.is_some_and(|entry| entry.receive);
            if let Some(entry) = entry.filter(|entry| !entry.receive) {
                meta.bridge.nexthop = entry.nexthop;
                meta.bridge.label = entry.label;
                meta.bridge.control = entry.control;
            }
        }
        Some(Passage { meta })
    }

    /// An IP packet of the node itself, in a network.
    pub fn of_own(packet: &[u8], vrf: u16) -> Option<Passage> {
        let mut meta = read_headers(packet, 0, false, Known::default())?;
        meta.decap.vrf = vrf;
        meta.bridge.l3 = true;
        meta.key = s8_key::plain(&meta.inner, &meta.quoted);
        Some(Passage { meta })
    }

    /// What is known of it.
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Its flow says so, and that is done from here on.
    pub fn goes_onward(&mut self, onward: &OnwardEntry) {
        self.meta.flow.goes_onward = true;
        self.meta.flow.onward = OnwardEntry {
            mirror: 0,
            second_mirror: 0,
            ..*onward
        };
    }

    /// Finds its nexthop, as `s10_route` does. `found`: the nexthop that the card found before it looked for the flow; 0:
    /// none.
    pub fn find_route(
        &mut self,
        world: &World,
        entries: &Entries,
        found: u32,
    ) -> Result<(), DropReason> {
        let meta = &self.meta;
        let onward = &meta.flow.onward;
        let other_vrf = |vrf: u16| onward.translate && onward.vrf != vrf;
        let home = entries.nexthops.get(&found).map_or(0, |entry| entry.vrf);
        let (routed, nexthop, label) = if onward.steer {
            (meta.bridge.l3, onward.nexthop, onward.label)
        } else if found != 0 && !other_vrf(home) {
            (meta.bridge.l3, found, meta.bridge.label)
        } else if found != 0 || meta.bridge.l3 {
            let (nexthop, label) = self.look_up(world).ok_or(DropReason::Discard)?;
            (true, nexthop, label)
        } else if other_vrf(meta.decap.vrf) || meta.bridge.nexthop == 0 {
            return Err(DropReason::L2NoRoute);
        } else {
            (false, meta.bridge.nexthop, meta.bridge.label)
        };
        self.meta.route.routed = routed;
        self.meta.route.nexthop = nexthop;
        self.meta.route.label = label;
        Ok(())
    }

    /// Nexthop and label for the destination that it will have, in the VRF that it will be in. Of several nexthops the one
    /// that its addresses and ports choose.
    fn look_up(&self, world: &World) -> Option<(u32, u32)> {
        let (inner, onward) = (&self.meta.inner, &self.meta.flow.onward);
        let vrf = match onward.translate {
            true => onward.vrf,
            false => self.meta.decap.vrf,
        };
        let dst = match onward.dnat {
            true => onward.dst,
            false => inner.dst,
        };
        let route = world.route(vrf, address(dst, inner.ipv6))?;
        let key = crate::slow_path::Key::of(&self.meta.key, inner.ipv6, 0);
        let Some(member) = world.choose(route.nh, &key) else {
            return Some((route.nh, route.label.unwrap_or(0)));
        };
        let members = world.members(route.nh)?;
        let label = members.get(member.index as usize)?.label.or(route.label);
        Some((member.nexthop, label.unwrap_or(0)))
    }

    /// The frame that leaves, or what the card would have decided about the packet.
    pub fn leave(
        &mut self,
        ids: &mut Identification,
        entries: &Entries,
        frame: &[u8],
    ) -> Result<Leaving, Verdict> {
        let meta = &mut self.meta;
        let nexthop = entries.nexthops.get(&meta.route.nexthop);
        meta.nexthop = *nexthop.ok_or(Verdict::Drop(DropReason::InvalidNexthop))?;
        meta.nexthop.mirror = 0;
        meta.qos = class(entries, meta);
        let verdict = s12_nexthop::judge(meta);
        if verdict != Verdict::Continue {
            return Err(verdict);
        }
        if !matches!(meta.nexthop.kind, NexthopKind::Encap | NexthopKind::Tunnel) {
            return Err(Verdict::Drop(DropReason::InvalidNexthop));
        }
        s13_rewrite::rewrite(meta);
        let edit = s14_encap::encap(ids, meta);
        match Verdict::from(meta.verdict) {
            Verdict::Deliver if !edit.drop && !edit.errand.on => {
                let mut out = Vec::new();
                deliver::deliver(frame, false, &edit, &mut out);
                Ok(Leaving {
                    vif: edit.vif,
                    port: edit.port,
                    frame: out,
                })
            }
            Verdict::Deliver => Err(Verdict::Drop(DropReason::InvalidNexthop)),
            verdict => Err(verdict),
        }
    }
}

/// How the packet is marked in a tunnel, as `s12_nexthop` has it.
fn class(entries: &Entries, meta: &Meta) -> QosEntry {
    let map = match meta.flow.onward.qos {
        0 => meta.classify.entry.qos,
        map => map,
    };
    let inner = &meta.inner;
    let class = match (inner.ipv4 || inner.ipv6, inner.tagged) {
        (true, _) => u32::from(inner.tos >> 2),
        (false, true) => QOS_PRIORITY + u32::from(inner.priority),
        (false, false) => return QosEntry::default(),
    };
    let row = u32::from(map) * QOS_ROWS + class;
    let entry = entries.qos.get(&row).filter(|_| map != 0);
    entry.copied().unwrap_or_default()
}
