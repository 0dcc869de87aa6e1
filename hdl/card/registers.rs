//! The register file of the core (addresses: `underpass_layout::registers`), and the start and end of the host's bus.
//!
//! ```text
//!   request ─▶ [ decode ] ─▶ [ registers ] ─▶ response          a clock later
//!                   │ TABLE_COMMAND
//!                   └─▶ bus ─▶ seed ─▶ stages ─▶ bus ─▶ data registers, done or refused
//! ```

use super::axil::{Request, Response};
use super::host_bus::HostBus;
use super::seed::SeedStart;
use crate::buses::{HostIn, HostOut, RequestIn, ResponseOut, SeedStartOut, Sizes};
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::id::layout_id;
use underpass_layout::profile::Profile;
use underpass_layout::registers::*;
use underpass_layout::tables::TABLES;
use underpass_wires::{
    bundle, cat, first, k, leaf, mux, one_of, select, state, wire, zero, Bit, BundleExt, U,
};

bundle! {
    /// What the registers tell the rest of the core.
    pub struct Orders {
        /// Packets are accepted.
        enable: Bit,
        /// Fill the hash tables.
        seed: SeedStart,
    }

    /// What the rest of the core tells the registers.
    pub struct Condition {
        /// The hash tables are being filled.
        seeding: Bit,
        /// Packets between input and output.
        in_flight: U<8>,
    }
}

/// The registers of a card of this profile; `build` tells one card's RTL from another's.
pub fn registers(
    profile: &Profile,
    build: u32,
    request: Request,
    returned: HostBus,
    condition: Condition,
) -> (Response, HostBus, Orders) {
    wire!(write = request.valid & request.write);
    let at = |offset: u32| request.address.eq(offset);

    let enable = state::<Bit>("enable");
    enable.next(
        write & at(CONTROL),
        request.data.bit(CONTROL_ENABLE.trailing_zeros() as usize),
    );
    let clocks = state::<U<64>>("clocks");
    clocks.next(k(1), clocks.q + 1);
    let clocks_high = state::<U<32>>("clocks_high");
    clocks_high.next(
        request.valid & !request.write & at(CLOCKS_LOW),
        clocks.q.slice(32),
    );
    let seed: [U<32>; 4] = std::array::from_fn(|i| {
        let word = state::<U<32>>(&format!("seed{i}"));
        word.next(write & at(SEED + 4 * i as u32), request.data);
        word.q
    });
    wire!(start = write & at(CONTROL) & request.data.bit(CONTROL_SEED.trailing_zeros() as usize));

    // A table command: one round of the bus, unless the row is beyond the table.
    let address = state::<U<32>>("table_address");
    address.next(write & at(TABLE_ADDRESS), request.data);
    let row: U<{ ADDRESS_ROW_BITS as usize }> = address.q.slice(0);
    let table: U<8> = address.q.slice(ADDRESS_ROW_BITS as usize);
    let by_table = |value: &dyn Fn(usize) -> usize| -> U<25> {
        one_of(
            &TABLES
                .iter()
                .enumerate()
                .map(|(id, _)| (table.eq(id), k(value(id))))
                .collect::<Vec<_>>(),
        )
    };
    let rows_of_a_way = by_table(&|id| profile.rows(&TABLES[id]));
    let rows = by_table(&|id| profile.addresses(&TABLES[id]));
    wire!(in_range = row.ext::<25>().lt(rows));
    wire!(reads = request.data.eq(COMMAND_READ));
    wire!(command = write & at(TABLE_COMMAND) & (reads | request.data.eq(COMMAND_WRITE)));
    let (busy, refused) = (state::<Bit>("table_busy"), state::<Bit>("table_refused"));
    wire!(launch = command & in_range & !busy.q);
    busy.next(launch | returned.request, launch);
    refused.next(
        command & !busy.q | returned.request,
        mux(returned.request, !returned.done, !in_range),
    );
    let data: [U<32>; TABLE_DATA_WORDS] = std::array::from_fn(|i| {
        let word = state::<U<32>>(&format!("table_data{i}"));
        wire!(written = write & at(TABLE_DATA + 4 * i as u32) & !busy.q);
        wire!(read_back = returned.request & returned.done & !returned.write);
        word.next(
            written | read_back,
            mux(read_back, returned.data.slice(32 * i), request.data),
        );
        word.q
    });

    let bus = HostBus {
        request: launch,
        write: !reads,
        table: table.slice(0),
        row,
        data: data.pack(),
        ..zero()
    };
    let control: U<32> = cat!(k::<30>(0), condition.seeding, enable.q);
    let status: U<32> = cat!(k::<30>(0), refused.q, busy.q);
    let single: [(u32, U<32>); 14] = [
        (MAGIC, k(MAGIC_VALUE)),
        (LAYOUT_ID_LOW, k(layout_id() as u32)),
        (LAYOUT_ID_HIGH, k((layout_id() >> 32) as u32)),
        (PROFILE, k(profile.code())),
        (BUILD, k(build)),
        (CONTROL, control),
        (IN_FLIGHT, condition.in_flight.ext()),
        (CLOCKS_LOW, clocks.q.slice(0)),
        (CLOCKS_HIGH, clocks_high.q),
        (TABLE_ADDRESS, address.q),
        (TABLE_STATUS, status),
        (TABLE_ROWS, rows_of_a_way.ext()),
        (TABLE_COMMAND, zero()),
        (SEED, seed[0]),
    ];
    let mut cases: Vec<(Bit, U<32>)> = single
        .into_iter()
        .map(|(offset, value)| (at(offset), value))
        .collect();
    cases.extend((1..4).map(|i| (at(SEED + 4 * i as u32), seed[i])));
    wire!(in_data = request.address.slice::<10>(6).eq(TABLE_DATA >> 6));
    const {
        assert!(
            TABLE_DATA % 64 == 0 && TABLE_DATA_WORDS == 16,
            "the data registers fill one block of 64 bytes"
        )
    };
    let words: U<32> = select(request.address.slice::<4>(2), &data);
    let value = first(&[(in_data, words)], one_of(&cases));
    let response = Response {
        valid: request.valid.reg_rst("answer"),
        data: value.reg("answer_data"),
    };
    let orders = Orders {
        enable: enable.q,
        seed: SeedStart {
            valid: start,
            seed: seed.pack(),
        },
    };
    (response, bus, orders)
}

leaf!(
    /// The registers as a block.
    pub RegisterFile(build: Build) {
        request: RequestIn,
        host_in: HostIn,
        seeding: Signal<In, HdlBit>,
        in_flight: Signal<In, Bits<8>>,
    } -> {
        response: ResponseOut,
        host: HostOut,
        seed: SeedStartOut,
        enable: Signal<Out, HdlBit>,
    },
    |request: Request, returned: HostBus, seeding: Bit, in_flight: U<8>| -> (Response, HostBus, SeedStart, Bit) {
        let (response, host, orders) =
            registers(build.sizes.0, build.id, request, returned, Condition { seeding, in_flight });
        (response, host, orders.seed, orders.enable)
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
