//! Who is at the ends of a flow: a guest here, or what is on the wire of a gateway.

use std::net::{IpAddr, Ipv4Addr};

use underpass_table_compiler::objects::{FloatingIp, Vif, VifType};

use crate::slow_path::world::World;

/// The interface whose nexthop this is in flow keys.
pub(super) fn of_key(world: &World, nexthop: u32) -> Option<&Vif> {
    world.guest_of(nexthop).or_else(|| {
        let mut gateways = world.gateways().iter();
        gateways.find_map(|gateway| {
            interface(world, gateway.vif).filter(|vif| vif.nh_id == Some(nexthop))
        })
    })
}

/// The interface by which packets of a nexthop leave, if it is no tunnel's.
pub(super) fn behind(world: &World, nexthop: u32) -> Option<&Vif> {
    world.guest_behind(nexthop).or_else(|| {
        let (gateway, _) = world.wire_of(nexthop)?;
        interface(world, gateway.vif)
    })
}

/// It is a gateway's.
pub(super) fn is_gateway(vif: &Vif) -> bool {
    vif.vif_type == VifType::Gateway
}

/// The source that flows of guests get which leave by an interface.
pub(super) fn translation(world: &World, vif: &Vif) -> Option<Ipv4Addr> {
    world.gateway_at(vif.idx)?.snat
}

/// The floating address that a guest takes where its flow would get the source of a gateway: one of the gateway's network.
pub(super) fn floating_at<'a>(
    world: &'a World,
    guest: &Vif,
    nexthop: u32,
    dst: IpAddr,
) -> Option<&'a FloatingIp> {
    let gateway = behind(world, nexthop).filter(|_| dst.is_ipv4())?;
    translation(world, gateway)?;
    let mut all = world.floating_of(guest.idx).iter();
    all.find(|floating| floating.vrf == gateway.vrf && floating.address.is_ipv4())
}

fn interface(world: &World, number: u32) -> Option<&Vif> {
    world.gateway_vif(u16::try_from(number).ok()?)
}
