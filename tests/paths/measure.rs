//! Packets through the RTL with every clock counted.

use super::{rows, Path};
use crate::packets::Packet;
use crate::rtl::{Decided, Rtl};
use underpass_bench::{Received, Sent, Stalls};
use underpass_layout::profile::Profile;
use underpass_verilator::Library;

/// Clocks without anything after which a run is taken to be stuck.
const PATIENCE: u64 = 2_000;

/// Seed of the hashes of [`core()`]; nothing depends on it.
pub const SEED: u128 = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;

/// A core with the tables of the paths in it, whose neighbours never stall.
pub fn core(library: &Library, profile: &'static Profile) -> Rtl {
    let mut rtl = Rtl::new(library, Stalls::None, Stalls::None, SEED);
    for row in rows(profile, SEED).all() {
        rtl.write_row(row.table, row.address, &row.words);
    }
    rtl
}

/// What became of some packets, and when.
#[derive(Clone, Debug)]
pub struct Ran {
    /// When each was taken.
    pub sent: Vec<Sent>,
    /// What was decided over each.
    pub decided: Vec<Decided>,
    /// Those that left.
    pub left: Vec<Received>,
}

impl Ran {
    /// Clocks from the last beat of each packet that left to that of the next.
    pub fn steps(&self) -> Vec<u64> {
        self.left
            .windows(2)
            .map(|two| two[1].last_beat_at - two[0].last_beat_at)
            .collect()
    }

    /// Clocks from the first beat in to the last beat out, both counted.
    pub fn clocks(&self) -> u64 {
        match (self.sent.first(), self.left.last()) {
            (Some(first), Some(last)) => last.last_beat_at + 1 - first.first_beat_at,
            _ => 0,
        }
    }
}

/// Sends packets back to back and waits until all of them are decided and have left; `each_clock` is asked before
/// every clock.
///
/// # Panics
/// If something stays behind, or more packets are sent than the driver remembers.
pub fn run(rtl: &mut Rtl, packets: &[Packet], mut each_clock: impl FnMut(&mut Rtl)) -> Ran {
    let first = packets
        .iter()
        .map(|packet| rtl.send(packet.bytes.clone(), packet.port))
        .min()
        .unwrap_or(0);
    let mut ran = Ran {
        sent: Vec::new(),
        decided: Vec::new(),
        left: Vec::new(),
    };
    let leaving = |decided: &[Decided]| decided.iter().filter(|one| !one.edit.drop).count();
    let mut moved_at = rtl.now();
    while rtl.s.queued() > 0
        || ran.decided.len() < packets.len()
        || ran.left.len() < leaving(&ran.decided)
    {
        each_clock(rtl);
        rtl.clock();
        let before = (ran.decided.len(), ran.left.len());
        ran.decided.extend(std::iter::from_fn(|| rtl.decided()));
        ran.left.extend(std::iter::from_fn(|| rtl.m.collect()));
        if (ran.decided.len(), ran.left.len()) != before {
            moved_at = rtl.now();
        }
        assert!(
            rtl.now() < moved_at + PATIENCE,
            "{} of {} packets decided, {} left",
            before.0,
            packets.len(),
            before.1
        );
    }
    let sent = (first..)
        .take(packets.len())
        .map(|number| rtl.s.sent_at(number));
    ran.sent = sent
        .map(|sent| sent.expect("every packet is remembered"))
        .collect();
    ran
}

/// So many packets of one path back to back.
pub fn back_to_back(rtl: &mut Rtl, path: &Path, bytes: usize, count: usize) -> Ran {
    run(rtl, &vec![path.packet(bytes); count], |_| ())
}

/// Clocks that a packet of this path costs when many go back to back: from the last beat of one to that of the next, out
/// of the core, or where they are dropped into it.
///
/// # Panics
/// If two packets cost differently.
pub fn clocks(rtl: &mut Rtl, path: &Path, bytes: usize) -> u64 {
    let count = (2_000 / path.cost(bytes)).clamp(10, 500) as usize;
    let ran = back_to_back(rtl, path, bytes, count);
    let steps = match ran.left.len() {
        0 => ran
            .sent
            .windows(2)
            .map(|two| two[1].last_beat_at - two[0].last_beat_at)
            .collect(),
        _ => ran.steps(),
    };
    let settled = &steps[steps.len() / 2..];
    assert!(
        settled.iter().all(|step| *step == settled[0]),
        "{} {bytes} bytes: {settled:?}",
        path.name
    );
    settled[0]
}

/// Clocks from the first beat in to the first beat out of a single packet; none if it is dropped.
pub fn latency(rtl: &mut Rtl, path: &Path, bytes: usize) -> Option<u64> {
    let ran = back_to_back(rtl, path, bytes, 1);
    Some(ran.left.first()?.first_beat_at - ran.sent[0].first_beat_at)
}
