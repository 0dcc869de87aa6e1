//! An AXI4 slave with memory behind it: 64-bit addresses, 512-bit data, one ID, all in order.
//!
//! ```text
//!   AR ─▶ [ bursts ] ── read_latency ──▶ memory ─▶ R        a beat is read when it is due on R
//!   AW ─▶ [ bursts ] ─┐
//!   W  ─▶ [ beats  ] ─┴─ write_latency ─▶ memory ─▶ B       a burst is written when its answer is due on B
//! ```
//! So what is not acknowledged is not there yet, which is the most that a slave may do to its master. The master is
//! held to: an offer stays until it is taken; bursts count up in whole, aligned beats, at most 64 of them, and stay
//! within 4 KiB; `wlast` comes with the last beat.

use std::collections::VecDeque;

use crate::axi_memory::{AxiMemory, AXI_BEAT};
use crate::axi_taker::{moved, Offer, Taker};
use crate::channel::{Activity, Channel};
use crate::dut::Dut;
use crate::stalls::{StallStream, Stalls};
use crate::violation::Violation;

/// Most beats of a burst.
const MOST_BEATS: u32 = 64;
/// What no burst may cross.
const PAGE: u64 = 4096;
/// `SLVERR`.
const SLAVE_ERROR: u64 = 2;
/// log2 of [`AXI_BEAT`]: what `size` must say.
const SIZE: u32 = 6;
/// Addresses count up.
const INCREMENT: u32 = 1;
/// What is on `rdata` where memory did not answer.
const GARBAGE: [u8; AXI_BEAT] = [0xbd; AXI_BEAT];

/// How fast a slave is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxiTiming {
    /// Clocks from the address of a read to its first beat, at least 1.
    pub read_latency: u64,
    /// Clocks from the last beat of a write to its answer, at least 1.
    pub write_latency: u64,
    /// Stalls of each of the five channels.
    pub stalls: Stalls,
}

impl Default for AxiTiming {
    /// As fast as can be.
    fn default() -> AxiTiming {
        AxiTiming {
            read_latency: 1,
            write_latency: 1,
            stalls: Stalls::None,
        }
    }
}

/// What has been moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AxiTotals {
    /// Bursts that were read.
    pub read_bursts: u64,
    /// Beats that were read.
    pub read_beats: u64,
    /// Bursts that were written.
    pub write_bursts: u64,
    /// Beats that were written.
    pub write_beats: u64,
}

/// A burst that was asked for.
#[derive(Clone, Copy, Debug)]
struct Burst {
    addr: u64,
    beats: u32,
    /// The clock from which on it may be answered.
    due: u64,
}

/// A beat on its way into memory.
#[derive(Clone, Copy)]
struct WriteBeat {
    data: [u8; AXI_BEAT],
    strobe: u64,
    last: bool,
}

/// An answer channel, R or B.
struct Answer<P> {
    valid: P,
    ready: P,
    resp: P,
    stalls: StallStream,
    offered: bool,
}

impl<P: Copy> Answer<P> {
    /// Whether the answer on the wires is taken at this edge.
    fn taken<D: Dut<Port = P>>(&mut self, dut: &D) -> bool {
        let taken = self.offered && dut.is_high(self.ready);
        self.offered &= !taken;
        taken
    }

    /// Puts an answer on the wires, or none.
    fn set<D: Dut<Port = P>>(&mut self, dut: &mut D, answer: Option<bool>) {
        if let Some(good) = answer {
            dut.set_u64(self.resp, if good { 0 } else { SLAVE_ERROR });
        }
        dut.set_u64(self.valid, answer.is_some().into());
        self.offered = answer.is_some();
    }
}

/// The slave.
pub struct AxiSlave<P, M> {
    memory: M,
    timing: AxiTiming,
    totals: AxiTotals,
    prefix: String,
    ar: Taker<P>,
    aw: Taker<P>,
    w: Taker<P>,
    r: Answer<P>,
    rdata: P,
    rlast: P,
    b: Answer<P>,
    reads: VecDeque<Burst>,
    writes: VecDeque<Burst>,
    /// Beats whose burst is not whole.
    coming: VecDeque<WriteBeat>,
    /// Beats of the whole bursts at the front of `writes`.
    come: VecDeque<WriteBeat>,
    whole: usize,
}

impl<P: Copy, M: AxiMemory> AxiSlave<P, M> {
    /// A slave on the master port `prefix` of the design.
    pub fn new<D: Dut<Port = P>>(
        dut: &D,
        prefix: &str,
        memory: M,
        timing: AxiTiming,
    ) -> Result<Self, D::Error> {
        const ADDRESS: &[(&str, usize)] = &[("addr", 2), ("len", 1), ("size", 1), ("burst", 1)];
        const DATA: &[(&str, usize)] = &[("data", 16), ("strb", 2), ("last", 1)];
        let port = |signal: &str| dut.port(&format!("{prefix}_{signal}"));
        let stalls = |n| timing.stalls.apart(n);
        let answer = |channel: &str, n| -> Result<Answer<P>, D::Error> {
            Ok(Answer {
                valid: port(&format!("{channel}valid"))?,
                ready: port(&format!("{channel}ready"))?,
                resp: port(&format!("{channel}resp"))?,
                stalls: stalls(n).stream(),
                offered: false,
            })
        };
        Ok(AxiSlave {
            ar: Taker::new(dut, prefix, "ar", ADDRESS, stalls(0))?,
            aw: Taker::new(dut, prefix, "aw", ADDRESS, stalls(1))?,
            w: Taker::new(dut, prefix, "w", DATA, stalls(2))?,
            r: answer("r", 3)?,
            rdata: port("rdata")?,
            rlast: port("rlast")?,
            b: answer("b", 4)?,
            prefix: prefix.to_string(),
            memory,
            timing,
            totals: AxiTotals::default(),
            reads: VecDeque::new(),
            writes: VecDeque::new(),
            coming: VecDeque::new(),
            come: VecDeque::new(),
            whole: 0,
        })
    }

    /// The memory.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The memory, to be changed.
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// What has been moved since the slave was made.
    pub fn totals(&self) -> AxiTotals {
        self.totals
    }

    /// The next beat of the first read, where it is due.
    fn offer_read<D: Dut<Port = P>>(&mut self, dut: &mut D) {
        let stalled = self.r.stalls.next_clock();
        if self.r.offered {
            return;
        }
        let Some(burst) = self.reads.front_mut() else {
            return self.r.set(dut, None);
        };
        if stalled || burst.due > dut.cycle() {
            return self.r.set(dut, None);
        }
        let mut beat = GARBAGE;
        let good = self.memory.read(burst.addr, &mut beat).is_ok();
        if !good {
            beat = GARBAGE;
        }
        dut.set(self.rdata, &words(&beat));
        dut.set_u64(self.rlast, (burst.beats == 1).into());
        self.r.set(dut, Some(good));
        self.totals.read_beats += 1;
        burst.addr += AXI_BEAT as u64;
        burst.beats -= 1;
        if burst.beats == 0 {
            self.reads.pop_front();
            self.totals.read_bursts += 1;
        }
    }

    /// Carries the first whole write out, where it is due, and answers it.
    fn offer_written<D: Dut<Port = P>>(&mut self, dut: &mut D) {
        let stalled = self.b.stalls.next_clock();
        if self.b.offered {
            return;
        }
        let due = self.whole > 0 && self.writes[0].due <= dut.cycle();
        let Some(burst) = self.writes.front().filter(|_| due && !stalled).copied() else {
            return self.b.set(dut, None);
        };
        let mut good = true;
        for (beat, addr) in self
            .come
            .drain(..burst.beats as usize)
            .zip((burst.addr..).step_by(AXI_BEAT))
        {
            good &= self.memory.write(addr, &beat.data, beat.strobe).is_ok();
        }
        self.writes.pop_front();
        self.whole -= 1;
        self.totals.write_bursts += 1;
        self.totals.write_beats += u64::from(burst.beats);
        self.b.set(dut, Some(good));
    }

    /// Gives beats to the bursts that they belong to.
    fn assemble(&mut self, clock: u64) -> Result<(), Violation> {
        while let Some(burst) = self.writes.get_mut(self.whole) {
            let beats = burst.beats as usize;
            let last = self.coming.iter().position(|beat| beat.last);
            match last {
                Some(last) if last + 1 == beats => {
                    burst.due = clock + self.timing.write_latency;
                    self.come.extend(self.coming.drain(..beats));
                    self.whole += 1;
                }
                None if self.coming.len() < beats => break,
                _ => {
                    let found =
                        last.map_or("not at all".into(), |last| format!("in beat {}", last + 1));
                    let rule = format!("high {found} of a burst of {beats} beats");
                    return Err(self.w.broken(clock, "last", rule));
                }
            }
        }
        Ok(())
    }
}

/// A burst as the address channel says it, if the rules allow it.
fn burst<P: Copy>(
    channel: &Taker<P>,
    offer: Offer,
    clock: u64,
    latency: u64,
) -> Result<Burst, Violation> {
    let [low, high, len, size, kind, ..] = offer;
    let addr = u64::from(low) | u64::from(high) << 32;
    let beats = len + 1;
    let broken = |signal, rule| Err(channel.broken(clock, signal, rule));
    if size != SIZE || kind != INCREMENT {
        let signal = if size != SIZE { "size" } else { "burst" };
        return broken(
            signal,
            format!("size {size}, burst {kind}; expected 6 and 1"),
        );
    }
    if beats > MOST_BEATS {
        return broken(
            "len",
            format!("{beats} beats; expected at most {MOST_BEATS}"),
        );
    }
    if !addr.is_multiple_of(AXI_BEAT as u64) {
        return broken("addr", format!("{addr:#x} is not a multiple of {AXI_BEAT}"));
    }
    if addr % PAGE + u64::from(beats) * AXI_BEAT as u64 > PAGE {
        return broken("addr", format!("{beats} beats at {addr:#x} cross 4 KiB"));
    }
    Ok(Burst {
        addr,
        beats,
        due: clock + latency.max(1),
    })
}

/// A beat as words.
fn words(beat: &[u8; AXI_BEAT]) -> [u32; AXI_BEAT / 4] {
    std::array::from_fn(|i| {
        u32::from_le_bytes([
            beat[4 * i],
            beat[4 * i + 1],
            beat[4 * i + 2],
            beat[4 * i + 3],
        ])
    })
}

/// What the W channel says.
fn write_beat(offer: Offer) -> WriteBeat {
    let mut data = [0; AXI_BEAT];
    for (bytes, word) in data.chunks_mut(4).zip(offer) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    WriteBeat {
        data,
        strobe: u64::from(offer[16]) | u64::from(offer[17]) << 32,
        last: offer[18] != 0,
    }
}

impl<D: Dut, M: AxiMemory> Channel<D> for AxiSlave<D::Port, M> {
    fn drive(&mut self, dut: &mut D) {
        self.ar.drive(dut);
        self.aw.drive(dut);
        self.w.drive(dut);
        self.offer_read(dut);
        self.offer_written(dut);
    }

    fn sample(&mut self, dut: &D) -> Result<Activity, Violation> {
        let clock = dut.cycle();
        let mut activity = Activity::Idle;
        if self.r.taken(dut) | self.b.taken(dut) {
            activity = Activity::Moved;
        }
        let taken = self.ar.sample(dut)?;
        activity = activity.max(moved(&taken));
        if let Some(offer) = taken {
            self.reads
                .push_back(burst(&self.ar, offer, clock, self.timing.read_latency)?);
        }
        let taken = self.aw.sample(dut)?;
        activity = activity.max(moved(&taken));
        if let Some(offer) = taken {
            self.writes.push_back(burst(&self.aw, offer, clock, 1)?);
        }
        let taken = self.w.sample(dut)?;
        activity = activity.max(moved(&taken));
        self.coming.extend(taken.map(write_beat));
        self.assemble(clock)?;
        Ok(activity)
    }

    /// Bursts that were under way are forgotten; those not answered were not written.
    fn reset(&mut self, dut: &mut D) {
        self.ar.reset(dut);
        self.aw.reset(dut);
        self.w.reset(dut);
        self.r.set(dut, None);
        self.b.set(dut, None);
        self.reads.clear();
        self.writes.clear();
        self.coming.clear();
        self.come.clear();
        self.whole = 0;
    }

    fn pending(&self) -> Option<String> {
        if let Some(held) = [&self.ar, &self.aw, &self.w]
            .iter()
            .find_map(|channel| channel.pending())
        {
            return Some(held);
        }
        let counts = [
            (self.reads.len(), "bursts to be read"),
            (self.writes.len(), "bursts to be written"),
            (self.coming.len(), "beats without an address"),
            (usize::from(self.r.offered), "beats that rready holds off"),
            (usize::from(self.b.offered), "answers that bready holds off"),
        ];
        counts
            .iter()
            .find(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{}: {count} {what}", self.prefix))
    }
}
