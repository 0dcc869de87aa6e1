//! The host's side of a table: its accesses take the second port of the memories.
//!
//! ```text
//!   bus ──┬─▶ is it mine, which way? ─▶ port of that way ─┐
//!         └───────────────── reg ─────────────────────────┴─▶ data, done ─▶ bus
//! ```

use super::Place;
use crate::card::host_bus::HostBus;
use underpass_wires::{low, mux, one_of, unpack_low, wire, Bit, Bundle, BundleExt, Mem, U};

/// Clocks that the bus spends here.
pub const LATENCY: usize = 1;

/// Whether the bus has an access for this table in this clock.
fn is_mine(place: &Place, bus: HostBus) -> Bit {
    bus.request & bus.table.eq(place.table.id)
}

/// Lets the host read and write the rows of these ways, the first of which is way `first_way` of the table.
pub fn ways<Row: Bundle>(
    place: &Place,
    first_way: usize,
    memories: &[Mem<Row>],
    bus: HostBus,
) -> HostBus {
    wire!(mine = is_mine(place, bus));
    let row_bits = place.depth().trailing_zeros() as usize;
    let way_of_row = bus.row.shr(row_bits);
    let mut answers: Vec<(Bit, U<512>)> = Vec::new();
    for (i, memory) in memories.iter().enumerate() {
        let here = mine & way_of_row.eq(first_way + i);
        let name = format!("{}_host", place.memory_name(first_way + i));
        let row = memory.port(
            &name,
            here & bus.write,
            low(bus.row),
            unpack_low::<Row, 512>(bus.data),
        );
        answers.push((here.reg_rst(&format!("{name}_here")), row.pack_ext()));
    }
    answer(bus, &answers)
}

/// Lets the host read the rows of a memory that the card alone writes.
pub fn read_only<Row: Bundle>(place: &Place, memory: Mem<Row>, bus: HostBus) -> HostBus {
    wire!(mine = is_mine(place, bus) & !bus.write);
    let name = format!("{}_host", place.table.name);
    let row = memory.read(&name, low(bus.row));
    answer(
        bus,
        &[(mine.reg_rst(&format!("{name}_here")), row.pack_ext())],
    )
}

/// The bus a clock later, with the row where one of these was read.
fn answer(bus: HostBus, answers: &[(Bit, U<512>)]) -> HostBus {
    let mut next = after(bus);
    let here = underpass_wires::any_of(&answers.iter().map(|(here, _)| *here).collect::<Vec<_>>());
    next.data = mux(here & !next.write, one_of(answers), next.data);
    next.done = next.done | here;
    next
}

/// The bus a clock later. What it carries moves only when there is something: 600 bits at every table, which cost
/// neither power nor time of a simulation while the host rests.
pub fn after(bus: HostBus) -> HostBus {
    let mut next = bus.reg_en("host", bus.request);
    next.seed = bus.seed.reg_en("host_seed", bus.seed.valid);
    next.request = bus.request.reg_rst("host_request");
    next.seed.valid = bus.seed.valid.reg_rst("host_seed_valid");
    next
}
