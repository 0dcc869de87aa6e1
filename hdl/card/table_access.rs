//! The registers through which the host reaches the rows of the tables, one access at a time.
//!
//! ```text
//!   TABLE_ADDRESS ─▶ within the table? ─┐          ┌──────── again ────────┐
//!   TABLE_COMMAND ──────────────────────┴ yes ─────┴─▶ bus ─▶ stages ─▶ bus ─▶ TABLE_DATA, not busy
//!                                       '  no ─▶ refused
//! ```
//! Whether the row is within the table is known two clocks after the address was written; an AXI4-Lite access takes
//! longer than that. A split names a lookup and no row: the lookup says whether it is there.
//!
//! A counter, or another row that the card alone writes, is read when no packet needs its table. Where one does, the access
//! comes back with `retry` and is made again, until it succeeds. After [`TRIES`] the card takes in no packets until it has
//! (`hold`): what is under way then ends within the length of the stages, and so do the tries, however dense the traffic
//! was.

use super::host_bus::HostBus;
use super::registers::{Access, Readable};
use super::within::within;
use underpass_layout::profile::Profile;
use underpass_layout::registers::*;
use underpass_layout::tables::{TableSpec, TABLES};
use underpass_wires::{bundle, cat, k, mux, one_of, state, wire, zero, Bit, BundleExt, U};

const _: () = assert!(STATUS_BUSY == 1 && STATUS_REFUSED == 2 && TABLES.len() <= 32);

/// Times that an access is made again before packets have to wait for it.
const TRIES: usize = 1 << TRIES_BITS;
const TRIES_BITS: usize = 6;

bundle! {
    /// What a command asks for, held while the access is under way.
    struct Command {
        write: Bit,
        split: Bit,
        table: U<5>,
        row: U<24>,
    }
}

/// What the registers have to do with the tables.
pub(super) struct TableAccess {
    /// To the stages.
    pub bus: HostBus,
    /// No packet may come in until the access has been made.
    pub hold: Bit,
    /// What can be read.
    pub registers: Vec<Readable>,
}

/// See the module.
#[track_caller]
pub(super) fn table_access(profile: &Profile, access: Access, returned: HostBus) -> TableAccess {
    let address = state::<U<32>>("table_address");
    address.next(access.writes(TABLE_ADDRESS), access.data());
    let row: U<24> = address.q.trunc();
    let table: U<8> = address.q.slice(ADDRESS_ROW_BITS as usize);
    let of_table = |value: &dyn Fn(&TableSpec) -> usize| -> U<25> {
        let cases: Vec<_> = TABLES
            .iter()
            .map(|one| (table.eq(one.id), k(value(one))))
            .collect();
        one_of(&cases)
    };
    let way_rows = of_table(&|table| profile.rows(table)).reg("way_rows");
    let within = within(profile, table, row.ext());

    let (busy, refused) = (state::<Bit>("table_busy"), state::<Bit>("table_refused"));
    let asks = |command: u32| access.data().eq(command);
    let wanted = Command {
        write: !asks(COMMAND_READ),
        split: asks(COMMAND_SPLIT),
        table: table.trunc(),
        row,
    };
    wire!(known = asks(COMMAND_READ) | asks(COMMAND_WRITE) | wanted.split);
    wire!(command = access.writes(TABLE_COMMAND) & known & !busy.q);
    // The table's number has more bits than the bus takes.
    let there = mux(wanted.split, table.lt(TABLES.len()), within);
    wire!(launch = command & there);
    wire!(returns = busy.q & returned.request);
    wire!(again = returns & returned.retry);
    wire!(back = returns & !returned.retry);
    busy.next(launch | back, launch);
    refused.next(command | back, mux(back, !returned.done, !there));
    let under_way = state::<Command>("command");
    under_way.next(command, wanted);

    let (tries, hold) = (state::<U<TRIES_BITS>>("tries"), state::<Bit>("hold"));
    tries.next(command | again, mux(again, tries.q + 1, zero()));
    hold.next(again & tries.q.all() | back, !back);

    wire!(fetched = back & returned.done & !returned.write);
    let data: [U<32>; TABLE_DATA_WORDS] = std::array::from_fn(|i| {
        let word = state::<U<32>>(&format!("table_data{i}"));
        let written = access.writes(TABLE_DATA + 4 * i as u32) & !busy.q;
        word.next(
            written | fetched,
            mux(fetched, returned.data.slice(32 * i), access.data()),
        );
        word.q
    });

    let bus = HostBus {
        request: (launch | again).reg_rst("bus_request"),
        write: under_way.q.write,
        split: under_way.q.split,
        table: under_way.q.table,
        row: under_way.q.row,
        data: data.pack(),
        ..zero()
    };
    let status: U<32> = cat!(k::<30>(0), refused.q, busy.q);
    let mut registers = vec![
        (TABLE_ADDRESS, address.q),
        (TABLE_STATUS, status),
        (TABLE_ROWS, way_rows.ext()),
    ];
    registers.extend(
        data.into_iter()
            .enumerate()
            .map(|(i, word)| (TABLE_DATA + 4 * i as u32, word)),
    );
    TableAccess {
        bus,
        hold: hold.q,
        registers,
    }
}

const _: () = assert!(TRIES == 64);
