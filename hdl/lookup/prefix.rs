//! The longest prefix of a VRF that an address lies in, over the tables `vrf`, `route_host` and `route_bank`.
//!
//! ```text
//!   VRF ─▶ [ vrf 2 ] ─▶ [ seven masked keys ] ─┬─▶ [ bank 0..5: 8 ] ─┬─▶ [ the first that hits, or the default ]
//!                                              └─▶ [ host: 8 ] ──────┘
//! ```
//! Banks hold longer prefixes first, so the first that hits is the longest. They hold both families: an IPv4 prefix is
//! kept as the last 32 of 128 bits, so that one mask serves both.
//!
//! Two stages ask, each with memories of its own: the host's writes reach both copies, in step with the packets like
//! all others, and both answer a read, with the same row.

use super::host::Chain;
use super::{direct, exact, Place};
use crate::hardware::{Known, RouteEntry, RouteKey, VrfEntry};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, BANKS, WAYS};
use underpass_wires::{any_of, bundle, cat, first, k, mux, only, wire, Bit, BundleExt, Ram, U};

/// Clocks from address to what is found.
pub const LATENCY: usize = direct::LATENCY + 1 + exact::LATENCY + 1;

bundle! {
    /// What is looked up.
    pub struct Wanted {
        /// The VRF.
        vrf: U<12>,
        /// The address is one of IPv6.
        v6: Bit,
        /// The address; one of IPv4 in the low 32 bits.
        address: U<128>,
    }

    /// What the tables say.
    pub struct Found {
        /// The VRF exists.
        valid: Bit,
        /// Not all of its routes are in the tables.
        punt_all: Bit,
        /// There is a route, be it the default.
        hit: Bit,
        /// Its nexthop.
        nexthop: U<20>,
        /// Label or VNI for it.
        label: U<24>,
        /// With what ARP for the address is answered.
        arp: U<2>,
        /// The slow path is shown gratuitous ARP for it.
        trap: Bit,
    }
}

impl Found {
    /// What holds of a packet of which the slow path has said where it goes: that counts where the tables have not all
    /// routes. Combinational.
    pub fn or_told(self, known: Known) -> Found {
        wire!(told = self.valid & self.punt_all & known.routed);
        let (nexthop, label) = mux(
            told,
            (known.nexthop, known.label),
            (self.nexthop, self.label),
        );
        Found {
            punt_all: self.punt_all & !known.routed,
            hit: self.hit | told,
            nexthop,
            label,
            ..self
        }
    }

    /// The tables lead to this nexthop, and they have all routes. Combinational.
    pub fn leads_to(self, nexthop: U<20>) -> Bit {
        self.valid & !self.punt_all & self.hit & self.nexthop.eq(nexthop)
    }
}

/// The route of the longest prefix that holds the address. `hosts` is what the routes of single addresses lie in: two
/// copies take more UltraRAM than there is beside the flows.
pub fn longest(
    profile: &Profile,
    hosts: Option<Ram>,
    wanted: Wanted,
    bus: impl Into<Chain>,
) -> (Found, Chain) {
    let place = |id| Place::of(profile, id);
    let hosts = Place {
        made_of: hosts,
        ..place(id::ROUTE_HOST)
    };
    let (vrf, mut chain) = direct::direct::<VrfEntry, _>(&place(id::VRF), wanted.vrf, bus);

    // One key for each length that the VRF word names for the family.
    let number = wanted.vrf.delay("vrf_number", direct::LATENCY);
    let address = wanted.address.delay("address", direct::LATENCY);
    let v6 = wanted.v6.delay("v6", direct::LATENCY);
    let mut found: Vec<(Bit, RouteEntry)> = Vec::new();
    let host_key = RouteKey {
        vrf: number,
        v6,
        length: mux(v6, k(128), k(32)),
        prefix: address,
    }
    .reg("host_key");
    let (hit, entry, next) = exact::exact::<RouteEntry, _, 1>(&hosts, 0, host_key.pack(), chain);
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
        let place = place(id::ROUTE_BANK);
        let (hit, entry, next) =
            exact::exact::<RouteEntry, _, 1>(&place, WAYS * bank, key.pack(), chain);
        chain = next;
        found.push((hit & used, entry));
    }

    let word = vrf.delay("vrf_word", 1 + exact::LATENCY);
    let v6 = v6.delay("v6_found", 1 + exact::LATENCY);
    (choose(word, v6, &found).reg("found"), chain)
}

/// The first that hits, or the default of the family. Combinational.
fn choose(vrf: VrfEntry, v6: Bit, found: &[(Bit, RouteEntry)]) -> Found {
    let hits: Vec<Bit> = found.iter().map(|(hit, _)| *hit).collect();
    wire!(hit = any_of(&hits));
    let targets: Vec<_> = found
        .iter()
        .map(|(hit, entry)| (*hit, (entry.nexthop, entry.label, entry.arp, entry.trap)))
        .collect();
    let default6 = (vrf.default6_nexthop, vrf.default6_label, k(0), k(0));
    let default4 = (
        vrf.default_nexthop,
        vrf.default_label,
        vrf.default_arp,
        k(0),
    );
    let (default_valid, default) = mux(
        v6,
        (vrf.default6_valid, default6),
        (vrf.default_valid, default4),
    );
    let (nexthop, label, arp, trap) = first(&targets, only(default_valid, default));
    Found {
        valid: vrf.valid,
        punt_all: vrf.punt_all,
        hit: hit | default_valid,
        nexthop,
        label,
        arp,
        trap,
    }
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
