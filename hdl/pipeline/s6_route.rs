//! s6_route: the longest prefix of the VRF. Reads `bridge`, `decap.vrf`, `inner.dst`, tables `vrf`, `route_host`,
//! `route_bank`. Writes `route`.
//!
//! ```text
//!   VRF ─▶ [ vrf 2 ] ─▶ [ six masked keys ] ─┬─▶ [ bank 0..5: 5 ] ─┬─▶ [ longest ] ─▶ route
//!                                            └─▶ [ host: 5 ] ──────┘
//! ```
//! Banks hold longer prefixes first, so the first that hits is the longest.

use super::slot::Slot;
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Route, RouteEntry, RouteKey, VerdictBits, VrfEntry};
use crate::lookup::{direct, exact, host, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, BANKS, WAYS};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{any_of, first, k, leaf, mux, only, select, wire, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = direct::LATENCY + 1 + exact::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub RouteStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { route(sizes.0, slot, host) }
);

/// The stage.
pub fn route(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let (vrf, mut bus) =
        direct::direct::<VrfEntry, _>(&Place::of(profile, id::VRF), slot.meta.decap.vrf, bus);

    // One key for each length that the VRF word names.
    let number = slot.meta.decap.vrf.delay("vrf_number", direct::LATENCY);
    let address = slot.meta.inner.dst.delay("address", direct::LATENCY);
    let lengths: [U<5>; BANKS] = [
        vrf.length0,
        vrf.length1,
        vrf.length2,
        vrf.length3,
        vrf.length4,
        vrf.length5,
    ];
    let masks: Vec<U<32>> = (0..32)
        .map(|length: u32| k(!(u32::MAX >> length)))
        .collect();
    let mut found: Vec<(Bit, RouteEntry)> = Vec::new();
    let host_key = RouteKey {
        vrf: number,
        length: k(32),
        prefix: address,
    }
    .reg("host_key");
    let (hit, entry, next) = exact::exact::<RouteEntry, _, 1>(
        &Place::of(profile, id::ROUTE_HOST),
        0,
        host_key.pack(),
        bus,
    );
    bus = next;
    found.push((hit, entry));
    for (bank, length) in lengths.into_iter().enumerate() {
        let prefix = address & select(length, &masks);
        let key = RouteKey {
            vrf: number,
            length: length.ext(),
            prefix,
        }
        .reg(&format!("key{bank}"));
        let used = length
            .any()
            .delay(&format!("used{bank}"), 1 + exact::LATENCY);
        let place = Place::of(profile, id::ROUTE_BANK);
        let (hit, entry, next) =
            exact::exact::<RouteEntry, _, 1>(&place, WAYS * bank, key.pack(), bus);
        bus = next;
        found.push((hit & used, entry));
    }

    let vrf = vrf.delay("vrf_word", 1 + exact::LATENCY);
    let mut slot = slot.later("slot", LATENCY - 1);
    let (bridge, decap) = (slot.meta.bridge, slot.meta.decap);
    let hits: Vec<Bit> = found.iter().map(|(hit, _)| *hit).collect();
    wire!(hit = any_of(&hits));
    wire!(routed = bridge.l3 & !decap.direct);
    let of = |pick: fn(RouteEntry) -> (U<20>, U<24>)| -> Vec<(Bit, (U<20>, U<24>))> {
        found
            .iter()
            .map(|(hit, entry)| (*hit, pick(*entry)))
            .collect()
    };
    let default = (
        only(vrf.default_valid, vrf.default_nexthop),
        only(vrf.default_valid, vrf.default_label),
    );
    let (nexthop, label) = first(&of(|entry| (entry.nexthop, entry.label)), default);
    let (nexthop, label) = mux(routed, (nexthop, label), (bridge.nexthop, bridge.label));

    let verdict = slot.meta.verdict.or_first(&[
        (routed & !vrf.valid, VerdictBits::drop(DropReason::Discard)),
        (
            routed & vrf.punt_all,
            VerdictBits::punt(PuntReason::VrfInSoftware),
        ),
        (
            routed & slot.meta.inner.ttl.eq(0),
            VerdictBits::drop(DropReason::TtlExceeded),
        ),
        (
            routed & !hit & !vrf.default_valid,
            VerdictBits::drop(DropReason::Discard),
        ),
    ]);
    slot.meta.route = Route {
        routed,
        nexthop: only(verdict.open(), nexthop),
        label,
    };
    slot.meta.verdict = verdict;
    (slot.later("out", 1), host::after(bus))
}
