//! `nexthop`: what is done with a packet on its way out, with everything that it needs from the interface behind.
//!
//! | object                                        | entry                                              |
//! |-----------------------------------------------|----------------------------------------------------|
//! | encap to a plugged interface                  | encap                                              |
//! | encap to the agent, receive                   | receive: the packet is for this node               |
//! | encap to an interface without a port          | discard: nobody is there                           |
//! | tunnel, its neighbor's MAC known              | tunnel                                             |
//! | tunnel, not known; resolve                    | resolve: the slow path asks and sends              |
//! | composite of which one is chosen              | ecmp: flows name the member, or see `group`        |
//! | tunnel with several uplinks                   | ecmp, and a tunnel for each uplink                 |
//! | composite with a copy for each                | list: see `group`                                  |
//! | part of such a composite                      | discard: only the list leads there                 |
//! | translate                                     | translate                                          |
//! | tunnel by plain UDP                           | resolve: only mirrors have a use for it            |

use std::collections::BTreeMap;

use underpass_layout::tables::{self, NexthopEntry, TunnelKind};

use super::error::EntryError;
use super::group::{purpose, Purpose};
use super::index::Index;
use super::{address, bridge, port};
use crate::objects::{
    Component, Family, HexBytes, Nexthop, NexthopFlags, NexthopKind, TunnelNexthop, Vif, VifType,
};

/// Largest MTU that the entry can say; beyond it there is no limit.
const MOST_MTU: u16 = (1 << 14) - 1;

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, NexthopEntry>, EntryError> {
    let mut entries = BTreeMap::new();
    for nexthop in index.nexthops.values() {
        entries.insert(nexthop.id, entry(nexthop, index)?);
        if let NexthopKind::Tunnel(tunnel) = &nexthop.kind {
            for (number, tunnel) in index.uplinks.tunnels(nexthop.id, tunnel) {
                entries.insert(number, one_tunnel(nexthop, &tunnel, index)?);
            }
        }
    }
    Ok(entries)
}

/// What every kind of nexthop says.
fn plain(nexthop: &Nexthop, index: &Index<'_>) -> Result<NexthopEntry, EntryError> {
    let has = |flag| nexthop.flags.contains(flag);
    let relaxed = has(NexthopFlags::RELAXED_POLICY) || has(NexthopFlags::FLOW_LOOKUP);
    Ok(NexthopEntry {
        valid: true,
        policy: has(NexthopFlags::POLICY) || relaxed,
        relaxed,
        vrf: index.home(nexthop)?,
        bridge: nexthop.family == Family::Bridge,
        etree_root: has(NexthopFlags::ETREE_ROOT),
        ..NexthopEntry::default()
    })
}

fn one_tunnel(
    nexthop: &Nexthop,
    tunnel: &TunnelNexthop,
    index: &Index<'_>,
) -> Result<NexthopEntry, EntryError> {
    let vif = index.vif(tunnel.out_vif, || format!("nexthop {}", nexthop.id))?;
    let plain = NexthopEntry {
        mirror: index.mirrors.of_sent(vif.idx),
        ..plain(nexthop, index)?
    };
    encapsulation(nexthop, tunnel, vif, plain)
}

fn entry(nexthop: &Nexthop, index: &Index<'_>) -> Result<NexthopEntry, EntryError> {
    let plain = plain(nexthop, index)?;
    let of = |kind| NexthopEntry { kind, ..plain };
    let user = || format!("nexthop {}", nexthop.id);
    match &nexthop.kind {
        NexthopKind::Discard => Ok(of(tables::NexthopKind::Discard)),
        NexthopKind::L2Receive => Ok(of(tables::NexthopKind::L2Receive)),
        NexthopKind::Receive { out_vif } => {
            let vif = index.vif(*out_vif, user)?.idx as u16;
            Ok(NexthopEntry {
                vif,
                ..of(tables::NexthopKind::Receive)
            })
        }
        NexthopKind::Composite { components, .. } => Ok(match purpose(nexthop) {
            Some(Purpose::Choice) => NexthopEntry {
                flow_nexthop: if plain.policy { nexthop.id } else { 0 },
                fat_set: fat_set_behind(components, index),
                ..of(tables::NexthopKind::Ecmp)
            },
            Some(Purpose::List) => of(tables::NexthopKind::List),
            Some(Purpose::Part) | None => of(tables::NexthopKind::Discard),
        }),
        NexthopKind::VrfTranslate => Ok(of(tables::NexthopKind::Translate)),
        NexthopKind::Resolve { out_vif } => {
            let vif = match out_vif {
                Some(number) => index.vif(*number, user)?.idx as u16,
                None => 0,
            };
            Ok(NexthopEntry {
                vif,
                ..of(tables::NexthopKind::Resolve)
            })
        }
        NexthopKind::Encap { out_vif, rewrite } => {
            let plain = NexthopEntry {
                fat_set: index.fat.of(*out_vif),
                mirror: index.mirrors.of_sent(*out_vif),
                ..plain
            };
            encap(nexthop, index.vif(*out_vif, user)?, rewrite, plain)
        }
        NexthopKind::Tunnel(tunnel) if index.uplinks.of(nexthop.id).is_empty() => {
            one_tunnel(nexthop, tunnel, index)
        }
        NexthopKind::Tunnel(_) => Ok(of(tables::NexthopKind::Ecmp)),
    }
}

/// The rules of the first member that is here.
fn fat_set_behind(components: &[Component], index: &Index<'_>) -> u16 {
    let members = components
        .iter()
        .filter_map(|component| index.nexthops.get(&component.nh));
    let mut local = members.filter_map(|member| match member.kind {
        NexthopKind::Encap { out_vif, .. } => Some(out_vif),
        _ => None,
    });
    local.next().map_or(0, |vif| index.fat.of(vif))
}

fn encap(
    nexthop: &Nexthop,
    vif: &Vif,
    rewrite: &HexBytes,
    plain: NexthopEntry,
) -> Result<NexthopEntry, EntryError> {
    let (dst_mac, src_mac) = macs(nexthop.id, rewrite)?;
    let port = port::of(vif)?;
    let kind = match (vif.vif_type, port) {
        (VifType::Agent, _) => tables::NexthopKind::Receive,
        (_, None) => tables::NexthopKind::Discard,
        (_, Some(_)) => tables::NexthopKind::Encap,
    };
    Ok(NexthopEntry {
        kind,
        vif: vif.idx as u16,
        port: port.unwrap_or(0),
        flow_nexthop: if plain.policy {
            vif.nh_id.unwrap_or(nexthop.id)
        } else {
            0
        },
        dst_mac,
        src_mac,
        ..plain
    })
}

fn encapsulation(
    nexthop: &Nexthop,
    tunnel: &TunnelNexthop,
    vif: &Vif,
    plain: NexthopEntry,
) -> Result<NexthopEntry, EntryError> {
    let wraps = [
        (NexthopFlags::GRE, TunnelKind::MplsGre),
        (NexthopFlags::MPLS_UDP, TunnelKind::MplsUdp),
        (NexthopFlags::VXLAN, TunnelKind::Vxlan),
        (NexthopFlags::NVGRE, TunnelKind::Nvgre),
    ];
    let wrap = wraps.iter().find(|(flag, _)| nexthop.flags.contains(*flag));
    let (dst_mac, src_mac) = macs(nexthop.id, &tunnel.rewrite)?;
    let port = port::of(vif)?;
    let ((sip, from_v6), (dip, to_v6)) = (address::bits(tunnel.sip), address::bits(tunnel.dip));
    let (Some((_, wrap)), Some(port), true) = (wrap, port, from_v6 == to_v6) else {
        return Ok(NexthopEntry {
            kind: tables::NexthopKind::Resolve,
            ..plain
        });
    };
    let kind = match tunnel.resolved && !tunnel.rewrite.0.is_empty() {
        true => tables::NexthopKind::Tunnel,
        false => tables::NexthopKind::Resolve,
    };
    Ok(NexthopEntry {
        kind,
        vif: vif.idx as u16,
        port,
        dst_mac,
        src_mac,
        tunnel: *wrap,
        tunnel_v6: to_v6,
        tunnel_src: sip,
        tunnel_dst: dip,
        l3_vxlan: nexthop.flags.contains(NexthopFlags::L3_VXLAN),
        router_mac: tunnel.rw_dst_mac.map_or(0, |mac| bridge::mac(&mac.0)),
        mtu: if vif.mtu > MOST_MTU { 0 } else { vif.mtu },
        copy_tos: tunnel.copy_tos,
        ..plain
    })
}

/// Destination and source MAC of an Ethernet header; zeros where there is none.
fn macs(nexthop: u32, rewrite: &HexBytes) -> Result<(u64, u64), EntryError> {
    let bytes = &rewrite.0;
    if bytes.is_empty() {
        return Ok((0, 0));
    }
    if bytes.len() != 14 {
        return Err(EntryError::Rewrite {
            nexthop,
            found: bytes.len(),
        });
    }
    Ok((bridge::mac(bytes), bridge::mac(&bytes[6..])))
}
