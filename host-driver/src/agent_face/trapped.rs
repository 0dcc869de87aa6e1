//! A punted packet as the peer's agent gets to see it: the whole frame, with what the peer had changed by then.
//!
//! | packet                                 | changed                                              |
//! |----------------------------------------|------------------------------------------------------|
//! | from the underlay, whatever the reason | the outer TTL of IPv4 is one less                     |
//! | routed before it was given up          | so is the tenant's; the peer leaves IPv6 as it is     |
//!
//! Which packets the card punts before their route is known follows from the reason.

use underpass_layout::shim::PuntShim;
use underpass_layout::tables::{NexthopEntry, TunnelKind};
use underpass_layout::PuntReason;
use underpass_table_compiler::objects::{NexthopKind, VifFlags, VifType};

use crate::driver::Punt;
use crate::slow_path::{ethernet, is_tunnelled, Tenant, World};

/// Where the TTL and the checksum stand in an IPv4 header.
const TTL: usize = 8;
const CHECKSUM: usize = 10;
/// Bytes of tunnel headers behind the IP header: GRE with MPLS, UDP with MPLS, UDP with VXLAN, GRE with a key.
const GRE_MPLS: u16 = 4 + 4;
const UDP_MPLS: u16 = 8 + 4;
const UDP_VXLAN: u16 = 8 + 8;
const GRE_KEY: u16 = 4 + 4;

/// The frame.
pub fn frame(world: &World, punt: &Punt) -> Vec<u8> {
    let mut frame = punt.frame.clone();
    if is_tunnelled(punt) || from_fabric(world, &punt.shim) {
        if let Some((_, start)) = ethernet::payload(&frame) {
            decrement(&mut frame, start);
        }
    }
    if was_hopped(world, punt) {
        decrement(&mut frame, usize::from(punt.shim.l3_offset));
    }
    frame
}

/// The longest IP packet that would have fitted, where `nexthop` was to carry this one.
pub fn usable_mtu(punt: &Punt, nexthop: &NexthopEntry, routed: bool) -> u16 {
    let ip = if nexthop.tunnel_v6 { 40 } else { 20 };
    let around = match nexthop.tunnel {
        // Nothing goes into STT.
        TunnelKind::None | TunnelKind::Stt => 0,
        TunnelKind::MplsGre => ip + GRE_MPLS,
        TunnelKind::MplsUdp => ip + UDP_MPLS,
        TunnelKind::Vxlan if nexthop.l3_vxlan => ip + UDP_VXLAN + ethernet::LENGTH as u16,
        TunnelKind::Vxlan => ip + UDP_VXLAN,
        TunnelKind::Nvgre => ip + GRE_KEY,
    };
    // A bridged frame takes its own header along.
    let carried = match routed || nexthop.tunnel == TunnelKind::None {
        true => 0,
        false => punt.shim.l3_offset.saturating_sub(punt.shim.offset).into(),
    };
    nexthop.mtu.saturating_sub(around + carried)
}

/// Whether the packet was routed, not bridged or delivered by its label alone.
pub fn is_routed(world: &World, punt: &Punt) -> bool {
    let Some(tenant) = Tenant::of(punt) else {
        return false;
    };
    let bridge = world.bridge(punt.shim.vrf, tenant.dst_mac());
    let nexthop = bridge.and_then(|bridge| world.nexthop(bridge.nh));
    let to_router = nexthop.is_some_and(|nexthop| nexthop.kind == NexthopKind::L2Receive);
    tenant.is_frame && to_router
}

/// Whether the tenant's TTL had gone down by then.
fn was_hopped(world: &World, punt: &Punt) -> bool {
    let decided = match punt.shim.reason {
        PuntReason::ZeroTtl | PuntReason::TooBig | PuntReason::Resolve => true,
        // A guest whose packets need flows has them looked up before they are routed.
        PuntReason::FlowMiss => {
            let vif = world.vif(punt.shim.vif);
            let first = vif.is_some_and(|vif| vif.flags.contains(VifFlags::POLICY));
            is_tunnelled(punt) || !first
        }
        _ => false,
    };
    decided && is_routed(world, punt)
}

fn from_fabric(world: &World, shim: &PuntShim) -> bool {
    world
        .vif(shim.vif)
        .is_some_and(|vif| vif.vif_type == VifType::Fabric)
}

/// Takes one from the TTL of the IPv4 header at `start`, and keeps its checksum right (RFC 1624, equation 3). Anything
/// else that stands there is left alone.
fn decrement(frame: &mut [u8], start: usize) -> Option<()> {
    let header = frame.get_mut(start..)?;
    if header.first()? >> 4 != 4 {
        return None;
    }
    let ttl = header.get(TTL)?.checked_sub(1)?;
    let [high, low] = *header.get(CHECKSUM..)?.first_chunk()?;
    let old = u16::from_be_bytes([high, low]);
    let sum = u32::from(!old) + u32::from(!(u16::from(ttl + 1) << 8)) + (u32::from(ttl) << 8);
    let sum = (sum & 0xffff) + (sum >> 16);
    let new = !((sum & 0xffff) + (sum >> 16)) as u16;
    *header.get_mut(TTL)? = ttl;
    header
        .get_mut(CHECKSUM..CHECKSUM + 2)?
        .copy_from_slice(&new.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_goes_down_with_its_checksum() {
        // Ethernet, then a header with TTL 64 and checksum 0x6a54, as in a capture; with TTL 63 it is 0x6b54.
        let mut frame = vec![0; 14];
        frame.extend([0x45, 0, 0, 0x48, 0, 0x4d, 0, 0, 0x40, 0x11, 0x6a, 0x54]);
        frame.extend([8, 0, 0, 3, 8, 0, 0, 2]);
        let before = frame.clone();
        assert_eq!(decrement(&mut frame, 14), Some(()));
        assert_eq!(frame[22..26], [0x3f, 0x11, 0x6b, 0x54]);
        frame[22..26].copy_from_slice(&before[22..26]);
        assert_eq!(frame, before);
    }

    #[test]
    fn what_is_no_ipv4_with_a_ttl_left_stays() {
        let mut six = vec![0x60; 40];
        assert_eq!(decrement(&mut six, 0), None);
        let mut ended = vec![0x45, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(decrement(&mut ended, 0), None);
        assert_eq!(decrement(&mut [0x45; 9], 0), None);
        assert_eq!(six, vec![0x60; 40]);
    }

    #[test]
    fn the_usable_mtu_is_what_the_wrapping_leaves() {
        let punt = |l3_offset| Punt {
            shim: PuntShim {
                l3_offset,
                ..PuntShim::default()
            },
            frame: Vec::new(),
        };
        let over = |tunnel| NexthopEntry {
            tunnel,
            mtu: 1500,
            ..NexthopEntry::default()
        };
        for (tunnel, routed, mtu) in [
            (TunnelKind::MplsUdp, true, 1468),
            (TunnelKind::MplsUdp, false, 1454),
            (TunnelKind::MplsGre, true, 1472),
            (TunnelKind::Vxlan, false, 1450),
            (TunnelKind::None, true, 1500),
        ] {
            assert_eq!(
                usable_mtu(&punt(14), &over(tunnel), routed),
                mtu,
                "{tunnel:?}"
            );
        }
    }
}
