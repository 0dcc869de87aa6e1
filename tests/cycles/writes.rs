//! The host writes tables while packets pass.

use crate::core;
use underpass_bench::AxilOp;
use underpass_layout::profile::SIM;
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_WRITE, STATUS_BUSY, STATUS_REFUSED, TABLE_ADDRESS, TABLE_COMMAND,
    TABLE_DATA, TABLE_STATUS,
};
use underpass_tests::packets::Packet;
use underpass_tests::paths::{self, Ran, PATHS};
use underpass_tests::rtl::Rtl;
use underpass_tests::tables::Row;

/// Writes rows as fast as AXI4-Lite and the card take them, the same ones over and over.
struct Writer {
    rows: Vec<Row>,
    /// Rows written.
    written: usize,
    /// Accesses that were answered.
    accesses: usize,
}

impl Writer {
    /// Keeps an access under way; called every clock.
    fn clock(&mut self, rtl: &mut Rtl) {
        while let Some(done) = rtl.axil.collect() {
            self.accesses += 1;
            if done.op == (AxilOp::Read { addr: TABLE_STATUS }) {
                assert_eq!(done.data & STATUS_REFUSED, 0, "row {}", self.written);
                self.written += usize::from(done.data & STATUS_BUSY == 0);
                self.next(rtl, done.data & STATUS_BUSY == 0);
            }
        }
        if self.accesses == 0 && rtl.axil.queued() == 0 {
            self.next(rtl, true);
        }
    }

    /// Asks again how the last row does, or writes the next one.
    fn next(&self, rtl: &mut Rtl, ready: bool) {
        let mut write = |addr, data| {
            rtl.axil.push(AxilOp::Write {
                addr,
                data,
                strobe: 15,
            })
        };
        if ready {
            let row = &self.rows[self.written % self.rows.len()];
            write(
                TABLE_ADDRESS,
                row.table << ADDRESS_ROW_BITS | row.address as u32,
            );
            for (i, word) in row.words.iter().enumerate() {
                write(TABLE_DATA + 4 * i as u32, *word);
            }
            write(TABLE_COMMAND, COMMAND_WRITE);
        }
        rtl.axil.push(AxilOp::Read { addr: TABLE_STATUS });
    }
}

/// When each packet was taken and left, counted from the first; and what left.
fn clocks(ran: &Ran) -> Vec<(u64, u64, Vec<u8>)> {
    let start = ran.sent[0].first_beat_at;
    ran.left
        .iter()
        .map(|left| {
            (
                left.first_beat_at - start,
                left.last_beat_at - start,
                left.bytes.clone(),
            )
        })
        .collect()
}

/// The rows are those that the packets use, with what they hold already: nothing may happen to any packet.
#[test]
fn writing_tables_costs_packets_nothing() {
    let packets: Vec<Packet> = (0..1_020)
        .map(|number| {
            let path = &PATHS[number % PATHS.len()];
            path.packet(path.shortest)
        })
        .collect();
    // Identification numbers go up from packet to packet, so both runs start from a reset.
    let mut rtl = core();
    let alone = paths::run(&mut rtl, &packets, |_| ());
    let mut rtl = core();
    let mut writer = Writer {
        rows: paths::rows(&SIM, paths::SEED).all().collect(),
        written: 0,
        accesses: 0,
    };
    let beside = paths::run(&mut rtl, &packets, |rtl| writer.clock(rtl));

    assert_eq!(clocks(&beside), clocks(&alone));
    let clocks = alone.clocks() as usize;
    println!(
        "{} rows and {} accesses in {clocks} clocks",
        writer.written, writer.accesses
    );
    assert!(
        writer.accesses * 8 > clocks,
        "only {} accesses in {clocks} clocks",
        writer.accesses
    );
    assert!(
        writer.written > 8,
        "only {} rows in {clocks} clocks",
        writer.written
    );
}
