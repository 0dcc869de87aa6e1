//! s10_route: the longest prefix of the VRF. Reads `bridge`, `decap.vrf`, `inner.dst`, tables `vrf`, `route_host`,
//! `route_bank`. Writes `route`.
//!
//! ```text
//!   VRF ─▶ [ vrf 2 ] ─▶ [ six masked keys ] ─┬─▶ [ bank 0..5: 5 ] ─┬─▶ [ longest ] ─▶ route
//!                                            └─▶ [ host: 5 ] ──────┘
//! ```
//! Banks hold longer prefixes first, so the first that hits is the longest. They hold both families: an IPv4 prefix is
//! kept as the last 32 of 128 bits, so that one mask serves both.

use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Route, RouteEntry, RouteKey, VerdictBits, VrfEntry};
use crate::lookup::{direct, exact, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, BANKS, WAYS};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{any_of, cat, first, k, leaf, mux, only, wire, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = direct::LATENCY + 1 + exact::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub RouteStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { route(sizes.0, slot, host) }
);

/// The stage.
pub fn route(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Bridge);
    let (vrf, mut chain) =
        direct::direct::<VrfEntry, _>(&Place::of(profile, id::VRF), slot.meta.decap.vrf, bus);

    // One key for each length that the VRF word names for the family.
    let number = slot.meta.decap.vrf.delay("vrf_number", direct::LATENCY);
    let address = slot.meta.inner.dst.delay("address", direct::LATENCY);
    let v6 = slot.meta.inner.ipv6.delay("v6", direct::LATENCY);
    let mut found: Vec<(Bit, RouteEntry)> = Vec::new();
    let host_key = RouteKey {
        vrf: number,
        v6,
        length: mux(v6, k(128), k(32)),
        prefix: address,
    }
    .reg("host_key");
    let (hit, entry, next) = exact::exact::<RouteEntry, _, 1>(
        &Place::of(profile, id::ROUTE_HOST),
        0,
        host_key.pack(),
        chain,
    );
    chain = next;
    found.push((hit, entry));
    for (bank, (length, v6_length)) in lengths(vrf).into_iter().enumerate() {
        let key = RouteKey {
            vrf: number,
            v6,
            length: mux(v6, v6_length.ext(), length.ext()),
            prefix: address & mask(v6, length, v6_length),
        }
        .reg(&format!("key{bank}"));
        let used = mux(v6, v6_length.any(), length.any())
            .delay(&format!("used{bank}"), 1 + exact::LATENCY);
        let place = Place::of(profile, id::ROUTE_BANK);
        let (hit, entry, next) =
            exact::exact::<RouteEntry, _, 1>(&place, WAYS * bank, key.pack(), chain);
        chain = next;
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
    let (default_valid, default) = mux(
        slot.meta.inner.ipv6,
        (
            vrf.default6_valid,
            (vrf.default6_nexthop, vrf.default6_label),
        ),
        (vrf.default_valid, (vrf.default_nexthop, vrf.default_label)),
    );
    let default = only(default_valid, default);
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
            routed & !hit & !default_valid,
            VerdictBits::drop(DropReason::Discard),
        ),
    ]);
    slot.meta.route = Route {
        routed,
        nexthop: only(verdict.open(), nexthop),
        label,
    };
    slot.meta.verdict = verdict;
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// The lengths of the banks, those of IPv4 first. Combinational.
fn lengths(vrf: VrfEntry) -> [(U<5>, U<7>); BANKS] {
    [
        (vrf.length0, vrf.v6_length0),
        (vrf.length1, vrf.v6_length1),
        (vrf.length2, vrf.v6_length2),
        (vrf.length3, vrf.v6_length3),
        (vrf.length4, vrf.v6_length4),
        (vrf.length5, vrf.v6_length5),
    ]
}

/// The bits of a prefix of this length: of an IPv4 prefix the 96 bits above it count too, which are zero. Combinational.
fn mask(v6: Bit, length: U<5>, v6_length: U<7>) -> U<128> {
    let length: U<7> = mux(v6, v6_length, cat!(k::<2>(3), length));
    !(!k::<128>(0)).shr_by(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    #[test]
    fn a_mask_has_as_many_bits_as_its_length_says() {
        let mut sim = Sim::new(&build("mask", Ports::Packed, Blocks::Inline, || {
            let (v6, length, v6_length) = input("lengths");
            output("mask", mask(v6, length, v6_length));
        }));
        let mut masked = |v6: u128, length: u128, v6_length: u128| {
            sim.set_int("lengths", v6 | length << 1 | v6_length << 6);
            sim.get_int("mask")
        };
        for length in 0..32 {
            let bits = !(u32::MAX.checked_shr(length).unwrap_or(0));
            assert_eq!(masked(0, length.into(), 77) as u32, bits, "/{length}");
        }
        for length in 1..128 {
            assert_eq!(
                masked(1, 9, length),
                u128::MAX << (128 - length),
                "/{length}"
            );
        }
    }
}
