//! `vif`: what is behind an interface, and whose network it is in.
//!
//! The underlay and the host are cross-connected: what is for no tunnel of ours goes from one to the other. The
//! underlay's address, at which tunnels end, is its own or else the host's.

use std::collections::BTreeMap;

use underpass_layout::tables::{VifArp, VifEntry, VifKind};

use super::error::EntryError;
use super::index::Index;
use super::{address, bridge, port, qos, vrf};
use crate::objects::{Vif, VifFlags, VifType};

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, VifEntry>, EntryError> {
    let vifs = index.vifs.values();
    vifs.map(|vif| Ok((vif.idx, entry(vif, index)?))).collect()
}

fn entry(vif: &Vif, index: &Index<'_>) -> Result<VifEntry, EntryError> {
    let user = || format!("vif {}", vif.idx);
    let kind = match vif.vif_type {
        VifType::Fabric => VifKind::Fabric,
        VifType::Host => VifKind::Host,
        VifType::Agent => VifKind::Agent,
        // Packets come from it and go to it as from and to a guest.
        VifType::Vm | VifType::Gateway => VifKind::Vm,
    };
    let host = index.host_of(vif).filter(|_| kind == VifKind::Fabric);
    let across = match (vif.cross_connect_vif, host) {
        (Some(number), _) => Some(index.vif(number, user)?),
        (None, host) => host,
    };
    let across = match across {
        Some(other) => port::of(other)?.map(|port| (other.idx, port)),
        None => None,
    };
    let (cross_vif, cross_port) = across.unwrap_or_default();
    let own = vif.ip.or_else(|| host?.ip);
    let own = own.filter(|_| kind == VifKind::Fabric);
    let (address, address_v6) = own.map(address::bits).unwrap_or_default();
    let nexthop = vif.nh_id.unwrap_or(0);
    Ok(VifEntry {
        valid: true,
        kind,
        policy: vif.flags.contains(VifFlags::POLICY),
        dhcp: vif.flags.contains(VifFlags::DHCP),
        cross_connect: across.is_some(),
        cross_vif: cross_vif as u16,
        cross_port,
        vrf: vrf::number(vif.vrf)?.unwrap_or(0),
        nexthop: EntryError::limit(
            || format!("the nexthop of vif {}", vif.idx),
            nexthop,
            (1 << 20) - 1,
        )?,
        address,
        address_v6,
        fat_set: index.fat.of(vif.idx),
        check_source: vif.check_source,
        check_mac: vif.check_mac.is_some(),
        mac: vif.check_mac.map_or(0, |mac| bridge::mac(&mac.0)),
        hop_limit: vif.decrement_hop_limit,
        mirror: index.mirrors.of_received(vif.idx),
        flood_unknown: vif.flags.contains(VifFlags::UNKNOWN_UC_FLOOD),
        learn: vif.flags.contains(VifFlags::MAC_LEARN),
        etree_root: vif.flags.contains(VifFlags::ETREE_ROOT),
        igmp: vif.flags.contains(VifFlags::IGMP),
        qos: qos::map(vif.qos_map, &index.objects.qos_maps, user)?,
        arp: arp(vif),
        router_mac: bridge::mac(&vif.mac.0),
        check_arp: vif.check_arp,
    })
}

/// The peer lets an interface that proxies all do so, also where it is to answer for the gateway alone.
fn arp(vif: &Vif) -> VifArp {
    if vif.flags.contains(VifFlags::MAC_PROXY) {
        VifArp::Proxy
    } else if vif.flags.contains(VifFlags::NO_ARP_PROXY) {
        VifArp::Gateway
    } else {
        VifArp::Routes
    }
}
