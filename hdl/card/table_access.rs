//! The registers through which the host reaches the rows of the tables, and start and end of the [`HostBus`].
//!
//! ```text
//!   TABLE_ADDRESS ─▶ row within the table? ─┐
//!   TABLE_COMMAND ──────────────────────────┴ yes ─▶ bus ─▶ stages ─▶ bus ─▶ TABLE_DATA, not busy
//!                                           '  no ─▶ refused
//! ```
//! Whether the row is within the table is known two clocks after the address was written; an AXI4-Lite access takes
//! longer than that.

use super::host_bus::HostBus;
use super::registers::{Access, Readable};
use underpass_layout::profile::Profile;
use underpass_layout::registers::*;
use underpass_layout::tables::{TableSpec, TABLES};
use underpass_wires::{cat, k, mux, one_of, state, wire, zero, Bit, BundleExt, U};

const _: () = assert!(STATUS_BUSY == 1 && STATUS_REFUSED == 2 && TABLES.len() <= 32);

/// See the module.
#[track_caller]
pub(super) fn table_access(
    profile: &Profile,
    access: Access,
    returned: HostBus,
) -> (HostBus, Vec<Readable>) {
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
    let rows = of_table(&|table| profile.addresses(table)).reg("table_rows");
    let within = row.ext().lt(rows).reg("row_within");

    let (busy, refused) = (state::<Bit>("table_busy"), state::<Bit>("table_refused"));
    wire!(reads = access.data().eq(COMMAND_READ));
    wire!(known = reads | access.data().eq(COMMAND_WRITE));
    wire!(command = access.writes(TABLE_COMMAND) & known & !busy.q);
    wire!(launch = command & within);
    wire!(back = busy.q & returned.request);
    busy.next(launch | back, launch);
    refused.next(command | back, mux(back, !returned.done, !within));

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
        request: launch.reg_rst("bus_request"),
        write: (!reads).reg("bus_write"),
        table: table.trunc(),
        row,
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
    (bus, registers)
}
