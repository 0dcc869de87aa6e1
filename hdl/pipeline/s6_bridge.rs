//! s6_bridge: the destination MAC decides whether a frame is bridged or routed. Reads `decap`, `inner`, table
//! `bridge`. Writes `bridge`.
//!
//! ```text
//!   VRF, MAC ─▶ [ bridge 5 ] ─▶ [ decide ] ─▶ bridge
//! ```

use super::s1_parse::{ARP, UDP};
use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Bridge, BridgeEntry, BridgeKey, VerdictBits};
use crate::lookup::{exact, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{first, leaf, only, wire, zero, BundleExt};

/// Clocks from slot to slot.
pub const LATENCY: usize = exact::LATENCY + 1;

/// The port that DHCP clients send from (RFC 2131 section 4.1).
const DHCP_CLIENT: u32 = 68;

leaf!(
    /// The stage as a block.
    pub BridgeStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { bridge(sizes.0, slot, host) }
);

/// The stage.
pub fn bridge(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Quoted);
    let key = BridgeKey {
        vrf: slot.meta.decap.vrf,
        mac: slot.meta.inner.dst_mac,
    };
    let (hit, entry, chain) =
        exact::exact::<BridgeEntry, _, 1>(&Place::of(profile, id::BRIDGE), 0, key.pack(), bus);

    let mut slot = slot.later("slot", exact::LATENCY);
    let (decap, inner, vif) = (slot.meta.decap, slot.meta.inner, slot.meta.classify.entry);
    wire!(vm = vif.kind.eq(VifKind::Vm.code()));
    wire!(foreign = vm & decap.frame & vif.check_mac & inner.src_mac.ne(vif.mac));
    // The group bit is the lowest of the first byte on the wire (IEEE 802).
    wire!(group = decap.frame & inner.dst_mac.bit(40));
    wire!(broadcast = inner.dst_mac.all());
    wire!(
        dhcp = vm
            & vif.dhcp
            & broadcast
            & inner.ipv4
            & !inner.fragment
            & inner.protocol.eq(UDP)
            & inner.src_port.eq(DHCP_CLIENT)
    );
    wire!(arp = decap.frame & inner.ethertype.eq(ARP));
    wire!(neighbor = decap.frame & inner.neighbor);
    wire!(looked_up = decap.frame & !decap.direct);
    wire!(to_router = looked_up & hit & entry.receive);
    wire!(bridged = looked_up & hit & !entry.receive);
    wire!(l3 = !decap.frame | to_router);
    wire!(
        tenant_flow = slot.meta.verdict.open()
            & vm
            & !foreign
            & vif.policy
            & !inner.tagged
            & (inner.ipv4 | inner.ipv6)
            & !group
            & !neighbor
    );

    let verdict = slot.meta.verdict.or_first(&[
        (foreign, VerdictBits::drop(DropReason::InvalidSource)),
        (arp, VerdictBits::punt(PuntReason::Arp)),
        (neighbor, VerdictBits::punt(PuntReason::NeighborDiscovery)),
        (group & dhcp, VerdictBits::punt(PuntReason::L3Protocol)),
        (group, VerdictBits::punt(PuntReason::Multicast)),
        (looked_up & !hit, VerdictBits::drop(DropReason::L2NoRoute)),
        (
            to_router & inner.tagged,
            VerdictBits::punt(PuntReason::Tagged),
        ),
        (
            l3 & !inner.ipv4 & !inner.ipv6,
            VerdictBits::drop(DropReason::InvalidProtocol),
        ),
    ]);
    slot.meta.bridge = Bridge {
        l3,
        flow_first: tenant_flow,
        nexthop: first(
            &[(decap.direct, decap.nexthop)],
            only(bridged, entry.nexthop),
        ),
        label: only(bridged, entry.label),
        ..zero()
    };
    slot.meta.verdict = verdict;
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}
