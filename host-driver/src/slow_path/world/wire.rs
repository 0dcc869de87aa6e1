//! Networks' ways out on wires: what a nexthop asks of one, and with which address it is asked.

use std::collections::HashMap;
use std::net::IpAddr;

use underpass_table_compiler::objects::{Gateway, NexthopKind, Objects, Vif, VifType};

use super::World;

/// What nexthops want to know of a wire.
#[derive(Clone, Debug, Default)]
pub(super) struct Wires {
    /// Place of the gateway, by its nexthops; with the address that the nexthop is for, if it is for one.
    by_nexthop: HashMap<u32, (usize, Option<IpAddr>)>,
    /// Place of the gateway, by its interface.
    by_vif: HashMap<u32, usize>,
}

impl Wires {
    pub fn new(objects: &Objects) -> Wires {
        let mut wires = Wires::default();
        for (place, gateway) in objects.gateways.iter().enumerate() {
            wires.by_vif.insert(gateway.vif, place);
            wires.by_nexthop.insert(gateway.glean, (place, None));
            for neighbor in &gateway.neighbors {
                let wanted = (place, Some(neighbor.address));
                wires.by_nexthop.insert(neighbor.nh, wanted);
            }
        }
        wires
    }
}

impl World {
    /// The ways out on wires.
    pub fn gateways(&self) -> &[Gateway] {
        &self.objects.gateways
    }

    /// The way out whose interface this is.
    pub fn gateway_at(&self, vif: u32) -> Option<&Gateway> {
        self.objects.gateways.get(*self.wires.by_vif.get(&vif)?)
    }

    /// The way out that a nexthop leads to, and whom it asks for; none: for who the packet is for.
    pub fn wire_of(&self, nexthop: u32) -> Option<(&Gateway, Option<IpAddr>)> {
        let (place, address) = self.wires.by_nexthop.get(&nexthop)?;
        Some((self.objects.gateways.get(*place)?, *address))
    }

    /// The address with which the node asks for another on a wire: one in the same subnet, else the first of its family.
    pub fn asks_with(&self, gateway: &Gateway, target: IpAddr) -> Option<IpAddr> {
        let subnets = self.vrf(gateway.vrf).map(|network| &network.subnets);
        let together = |own: &IpAddr| {
            let mut subnets = subnets.into_iter().flatten();
            subnets.any(|subnet| subnet.prefix.contains(own) && subnet.prefix.contains(&target))
        };
        let family = |own: &&IpAddr| own.is_ipv4() == target.is_ipv4();
        let mut near = gateway.addresses.iter().filter(|own| together(own));
        let mut all = gateway.addresses.iter().filter(family);
        near.next().or_else(|| all.next()).copied()
    }

    /// Whether packets by a nexthop leave by an interface, whether they know to whom or not.
    pub fn leaves_by(&self, nexthop: u32, vif: &Vif) -> bool {
        match self.nexthop(nexthop).map(|nexthop| &nexthop.kind) {
            Some(NexthopKind::Encap { out_vif, .. }) => *out_vif == vif.idx,
            Some(NexthopKind::Resolve { out_vif }) => *out_vif == Some(vif.idx),
            _ => false,
        }
    }

    /// The interface of a way out.
    pub fn gateway_vif(&self, vif: u16) -> Option<&Vif> {
        self.vif(vif).filter(|vif| vif.vif_type == VifType::Gateway)
    }
}
