//! Makes of each step the order for its copy: where its bytes are, what stands in front, with what it comes back.
//!
//! ```text
//!   clock 0           2                                                            8
//!   step ─▶ [ mirror ] ─▶ as what it comes back ──────────────────────────────────▶ order
//!                      '─▶ [ rest ] ─▶ sent?  ─▶ no: no order                 5 ─▶
//!                      '─▶ [ fields ] ───────────────────────────────────────▶
//! ```
//! Every step passes in the same time, so a look-up for an analyzer costs nothing but a clock for a copy that is not sent.

use super::errands::Step;
use super::fields::{fields, Fields, FIELDS_CLOCKS};
use super::rest::{rest, REST_CLOCKS};
use super::store::ADDRESS;
use crate::card::host_bus::HostBus;
use crate::hardware::{MirrorEntry, Round};
use crate::lookup::direct::{self, direct};
use crate::lookup::Place;
use underpass_layout::meta::RoundKind;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, MirrorKind};
use underpass_wires::{bundle, first, k, only, wire, zero, Bit, BundleExt, U};

/// Clocks from a step to its order.
pub const ORDER_CLOCKS: usize = direct::LATENCY + FIELDS_CLOCKS;

bundle! {
    /// A copy, all of which is known.
    pub struct Order {
        /// With this it comes back.
        round: Round,
        /// Where the packet starts.
        start: U<ADDRESS>,
        /// The row of the text in front of it.
        row: U<10>,
        /// Bytes of that text.
        text: U<9>,
        /// The text starts with IP and UDP, whose fields are filled in.
        routed: Bit,
        /// That is IPv6.
        v6: Bit,
        /// These fields, and the length.
        fields: Fields,
        /// The packet's last copy.
        end: Bit,
        /// Beats of the packet.
        stored: U<11>,
    }
}

/// See the module.
#[track_caller]
pub fn orders(profile: &Profile, step: Step, bus: HostBus) -> ((Bit, Order), HostBus) {
    let step = step.aged(0);
    let place = Place::of(profile, id::MIRROR);
    let (entry, chain) = direct::<MirrorEntry, 10>(&place, step.row, bus);
    let here = step.delay("step_here", direct::LATENCY);

    let on = entry.kind.ne(MirrorKind::None.code());
    wire!(
        sent = rest(
            place.rows,
            (step.valid & step.mirror, step.row),
            (on, entry.interval)
        )
    );
    wire!(routed = here.mirror & entry.kind.eq(MirrorKind::Routed.code()));
    let later = REST_CLOCKS - direct::LATENCY;
    let numbered = sent & routed.delay("routed_sent", later);
    let fields = fields(here, entry, numbered);

    let valid = (0..REST_CLOCKS).fold(step.valid & !step.mirror, |valid, _| {
        valid.reg_rst("step_valid")
    });
    let valid =
        (REST_CLOCKS..ORDER_CLOCKS).fold(valid | sent, |valid, _| valid.reg_rst("order_valid"));
    let round = round(here, entry).reg("order_round_early");
    let order = Order {
        round: round.delay("order_round", FIELDS_CLOCKS - 1),
        start: here.stored.start.delay("order_start", FIELDS_CLOCKS),
        row: here.row.delay("order_row", FIELDS_CLOCKS),
        text: only(here.mirror, entry.length).delay("order_text", FIELDS_CLOCKS),
        routed: routed.delay("order_routed", FIELDS_CLOCKS),
        v6: entry.v6.delay("order_v6", FIELDS_CLOCKS),
        fields,
        end: here.end.delay("order_end", FIELDS_CLOCKS),
        stored: here.stored.beats.delay("order_stored", FIELDS_CLOCKS),
    };
    ((valid, order), chain.end())
}

/// As what a copy comes back.
fn round(step: Step, entry: MirrorEntry) -> Round {
    let raw = entry.kind.eq(MirrorKind::Raw.code());
    let copy = Round {
        vif: step.round.vif,
        port: step.round.port,
        received: k(1),
        ..zero()
    };
    let mirrored = Round {
        kind: k(RoundKind::Tenant.code()),
        flowed: k(1),
        judged: k(1),
        quiet: k(1),
        frame: raw,
        vrf: entry.vrf,
        direct: raw,
        nexthop: only(raw, entry.nexthop),
        label: only(raw, entry.label),
        ..copy
    };
    let shown = Round {
        kind: k(RoundKind::Punt.code()),
        ..copy
    };
    first(&[(step.mirror, mirrored), (step.learn, shown)], step.round)
}
