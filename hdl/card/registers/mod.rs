//! The register file of the core (addresses: `underpass_layout::registers`).
//!
//! ```text
//!   clock 0                 1                   2
//!   request ─▶ which one? ─▶ its value ────────▶ response
//!         '─▶ writes
//!         '─▶ TABLE_COMMAND ─▶ table access ─▶ bus ─▶ seed ─▶ stages ─▶ bus
//! ```
//! What is not a register reads 0 and takes no writes.

mod pairs;
mod punts;
mod rounds;

use crate::buses::{
    HostIn, HostOut, PairOrdersOut, PairReportsIn, RequestIn, ResponseOut, RoundEventsIn,
    SeedStartOut, Sizes,
};
use crate::card::axil::{Request, Response};
use crate::card::host_bus::HostBus;
use crate::card::seed::SeedStart;
use crate::card::table_access::{table_access, TableAccess};
use crate::pairs::{PairOrders, PairReports};
use crate::stream::beat::RoundEvents;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::id::layout_id;
use underpass_layout::profile::Profile;
use underpass_layout::registers::*;
use underpass_wires::{bundle, cat, k, leaf, one_of, state, unpack_low, wire, Bit, BundleExt, U};

bundle! {
    /// What the registers tell the rest of the core.
    pub struct Orders {
        /// Packets are accepted.
        enable: Bit,
        /// Fill the hash tables.
        seed: SeedStart,
        /// What holds for flow pairs.
        pairs: PairOrders,
        /// Fewest clocks from one packet that is learnt from to the next.
        learn_interval: U<32>,
        /// The window that punts are counted in.
        punt_window: U<20>,
    }

    /// What the rest of the core tells the registers.
    pub struct Condition {
        /// The hash tables are being filled.
        seeding: Bit,
        /// Packets between input and output.
        in_flight: U<10>,
        /// What is told of flow pairs.
        pairs: PairReports,
        /// What is counted of packets that go round.
        rounds: RoundEvents,
        /// A packet came back from there.
        copied: Bit,
    }
}

/// One access, as the registers see it.
#[derive(Clone, Copy)]
pub(in crate::card) struct Access(Request);

impl Access {
    /// It is at `offset`.
    #[track_caller]
    pub(in crate::card) fn at(self, offset: u32) -> Bit {
        self.0.address.eq(offset)
    }

    /// It writes the register at `offset`.
    #[track_caller]
    pub(in crate::card) fn writes(self, offset: u32) -> Bit {
        self.0.valid & self.0.write & self.at(offset)
    }

    /// What it writes.
    pub(in crate::card) fn data(self) -> U<32> {
        self.0.data
    }

    /// A register that can be written.
    #[track_caller]
    fn register(self, name: &str, offset: u32) -> U<32> {
        let register = state::<U<32>>(name);
        register.next(self.writes(offset), self.0.data);
        register.q
    }
}

/// A register that can be read: offset and value.
pub(in crate::card) type Readable = (u32, U<32>);

/// The bit of a register that a mask of one bit names.
const fn bit(mask: u32) -> usize {
    assert!(mask.is_power_of_two());
    mask.trailing_zeros() as usize
}

/// The registers of a card of this profile; `build` tells one card's RTL from another's.
#[track_caller]
pub fn registers(
    profile: &Profile,
    build: u32,
    request: Request,
    returned: HostBus,
    condition: Condition,
) -> (Response, HostBus, Orders) {
    let (request, returned, condition) = (
        request.timeless(),
        returned.timeless(),
        condition.timeless(),
    );
    let access = Access(request);
    let enable = state::<Bit>("enable");
    enable.next(
        access.writes(CONTROL),
        access.data().bit(bit(CONTROL_ENABLE)),
    );
    wire!(start = access.writes(CONTROL) & access.data().bit(bit(CONTROL_SEED)));
    let seed: [U<32>; 4] =
        std::array::from_fn(|i| access.register(&format!("seed{i}"), SEED + 4 * i as u32));
    let target = access.register("seed_target", SEED_TARGET);
    let control: U<32> = cat!(k::<30>(0), condition.seeding, enable.q);

    let mut all = vec![
        (MAGIC, k(MAGIC_VALUE)),
        (LAYOUT_ID_LOW, k(layout_id() as u32)),
        (LAYOUT_ID_HIGH, k((layout_id() >> 32) as u32)),
        (PROFILE, k(profile.code())),
        (BUILD, k(build)),
        (CONTROL, control),
        (IN_FLIGHT, condition.in_flight.ext()),
        (SEED_TARGET, target),
    ];
    all.extend(
        seed.into_iter()
            .enumerate()
            .map(|(i, word)| (SEED + 4 * i as u32, word)),
    );
    all.extend(clocks(
        request.valid & !request.write & access.at(CLOCKS_LOW),
    ));
    let TableAccess {
        bus,
        hold,
        registers,
    } = table_access(profile, access, returned);
    all.extend(registers);
    let (pairs, registers) = pairs::pair_registers(access, condition.pairs);
    all.extend(registers);
    let (learn_interval, registers) =
        rounds::round_registers(access, condition.rounds, condition.copied);
    all.extend(registers);
    let (punt_window, register) = punts::punt_registers(access);
    all.push(register);

    let hits: Vec<(Bit, U<32>)> = all
        .into_iter()
        .map(|(offset, value)| (access.at(offset).reg("hit"), value))
        .collect();
    let response = Response {
        valid: request.valid.reg_rst("asked").reg_rst("answer"),
        data: one_of(&hits).reg("answer_data"),
    };
    let seed = SeedStart {
        valid: start,
        seed: seed.pack(),
        target: unpack_low(target),
    };
    (
        response,
        bus,
        Orders {
            enable: enable.q & !hold,
            seed,
            pairs,
            learn_interval,
            punt_window,
        },
    )
}

/// Clocks since reset: the high half is held when the low half is read, in the clock whose value is answered.
///
/// Four counters of 16 bits, each a clock behind the one below, so that no carry runs far; delayed to agree, which makes
/// the count three clocks late.
fn clocks(low_read: Bit) -> [Readable; 2] {
    let mut carry = k(1);
    let [a, b, c, d] = std::array::from_fn(|place| {
        let part = state::<U<16>>("clocks_part");
        part.next(carry, part.q + 1);
        carry = (carry & part.q.all()).reg_rst("clocks_carry");
        part.q.delay("clocks", 3 - place)
    });
    let high = state::<U<32>>("clocks_high");
    high.next(low_read.reg_rst("clocks_asked"), cat!(d, c));
    [(CLOCKS_LOW, cat!(b, a)), (CLOCKS_HIGH, high.q)]
}

leaf!(
    /// The registers as a block.
    pub RegisterFile(build: Build) {
        request: RequestIn,
        host_in: HostIn,
        seeding: Signal<In, HdlBit>,
        in_flight: Signal<In, Bits<10>>,
        pair_reports: PairReportsIn,
        round_events: RoundEventsIn,
        copied: Signal<In, HdlBit>,
    } -> {
        response: ResponseOut,
        host: HostOut,
        seed: SeedStartOut,
        enable: Signal<Out, HdlBit>,
        pair_orders: PairOrdersOut,
        learn_interval: Signal<Out, Bits<32>>,
        punt_window: Signal<Out, Bits<20>>,
    },
    |request: Request, returned: HostBus, seeding: Bit, in_flight: U<10>, pairs: PairReports,
     rounds: RoundEvents, copied: Bit|
        -> (Response, HostBus, SeedStart, Bit, PairOrders, U<32>, U<20>) {
        let (response, host, orders) =
            registers(build.sizes.0, build.id, request, returned, Condition { seeding, in_flight, pairs, rounds, copied });
        (response, host, orders.seed, orders.enable, orders.pairs, orders.learn_interval, orders.punt_window)
    }
);

/// What a register file is made for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Build {
    /// Table sizes.
    pub sizes: Sizes,
    /// What the `BUILD` register reads.
    pub id: u32,
}

#[cfg(test)]
mod tests;
