//! The way of a flow, from what the slow path decides to bytes in a ring that nobody empties.
//!
//! ```text
//!   FlowSide ──flow_entry──▶ entry ──Shadow::insert──▶ rows ──▶ | RingCommand | row data |   two beats of 64 bytes each
//! ```

use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr};

use underpass_layout::rings::{CommandKind, RingCommand, COMMAND_BEATS};
use underpass_layout::tables::id;
use underpass_table_compiler::entries::flow_entry;
use underpass_table_compiler::objects::{FlowSide, Objects};
use underpass_table_compiler::placed::{RowWrite, Shadow};

use crate::stopwatch::{Lap, Stopwatch};

/// Bytes of a beat.
const BEAT: usize = 64;
/// Commands that the ring holds before it starts again.
const RING: usize = 4096;

/// Which word of a command names the row.
const ROW_WORD: usize = 1;

/// A command ring in memory, in front of no card.
pub struct NullCard {
    ring: Vec<u8>,
    /// The first beat of a command to write row 0.
    command: [u32; BEAT / 4],
    /// Commands since the start: the producer of a real ring.
    pub commands: usize,
}

impl NullCard {
    pub fn new() -> Self {
        let command = |row| {
            RingCommand {
                kind: CommandKind::WriteRow.code() as u8,
                table: id::FLOW as u8,
                row,
                ..RingCommand::default()
            }
            .pack()
        };
        assert_eq!(command(7)[ROW_WORD], 7, "the row is that word of a command");
        NullCard {
            ring: vec![0; RING * COMMAND_BEATS as usize * BEAT],
            command: command(0),
            commands: 0,
        }
    }

    /// Puts a row write into the ring.
    fn queue(&mut self, write: &RowWrite) {
        let bytes = COMMAND_BEATS as usize * BEAT;
        let at = self.commands % RING * bytes;
        let (head, row) = self.ring[at..at + bytes].split_at_mut(BEAT);
        fill(head, &self.command);
        fill(&mut head[4 * ROW_WORD..], &[write.address]);
        fill(row, &write.row);
        self.commands += 1;
    }
}

fn fill(beat: &mut [u8], words: &[u32]) {
    for (bytes, word) in beat.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// What a run took.
pub struct Run {
    pub time: Lap,
    pub flows: u32,
    /// Moves of other entries.
    pub moves: usize,
    /// Writes of the flow that took most.
    pub longest: usize,
}

impl Run {
    /// One line of figures.
    pub fn print(&self, what: &str, shadow: &Shadow) {
        println!(
            "{what:<32}{:>13} flows {:>8.3} s {:>7.2} M/s   load {:.3}   {:.3} moves each, at most {} writes",
            self.flows,
            self.time.seconds(),
            f64::from(self.flows) / self.time.seconds() / 1e6,
            shadow.used() as f64 / shadow.capacity() as f64,
            self.moves as f64 / f64::from(self.flows),
            self.longest,
        );
    }
}

/// Sets up flows whose ids count up from `first_id`; before each of them the one that `gone` names is taken out.
pub fn set_up(
    shadow: &mut Shadow,
    card: &mut NullCard,
    sides: &[FlowSide],
    first_id: u32,
    gone: impl Fn(u32) -> Option<FlowSide>,
) -> Result<Run, Box<dyn Error>> {
    // Nothing that these flows say is looked up.
    let known = Objects::default();
    let mut writes = Vec::new();
    let (mut moves, mut longest) = (0, 0);
    let start = Stopwatch::start();
    for (side, id) in sides.iter().zip(first_id..) {
        writes.clear();
        if let Some(old) = gone(id) {
            shadow.remove(&flow_entry(&old, &known, 0, 1)?.entry(), &mut writes);
        }
        let freed = writes.len();
        let entry = flow_entry(side, &known, id % (1 << 20), 1)?.entry();
        shadow.insert(&entry, &mut writes)?;
        writes.iter().for_each(|write| card.queue(write));
        moves += writes.len() - freed - 1;
        longest = longest.max(writes.len() - freed);
    }
    Ok(Run {
        time: start.lap(),
        flows: sides.len() as u32,
        moves,
        longest,
    })
}

/// Flow `n`: of eight servers with clients whose ports count up, both directions; `percent` of them IPv6.
pub fn side(n: u32, percent: u32) -> FlowSide {
    let six = n % 100 < percent;
    let (answers, n) = (n / 100 % 2 == 1, n / 200 * 100 + n % 100);
    let (server, client) = (n % 8, n / 8 / 32_768);
    let port = 32_768 + (n / 8 % 32_768) as u16;
    let (client_ip, server_ip) = (0x0a00_0002 + client, 0x0a01_0002 + server);
    let mut side = FlowSide::between(
        (Ipv4Addr::from_bits(client_ip).into(), port),
        (Ipv4Addr::from_bits(server_ip).into(), 443),
        6,
        6 + 2 * server,
        1,
    );
    side.rpf_nh = side.key_nh;
    if six {
        let host = |low: u32| {
            Ipv6Addr::from_bits(0x2001_0db8 << 96 | 0x0200_00ff_fe00_0000 | u128::from(low))
        };
        (side.sip, side.dip) = (host(client).into(), host(0x80_0000 + server).into());
    }
    if answers {
        std::mem::swap(&mut side.sip, &mut side.dip);
        std::mem::swap(&mut side.sport, &mut side.dport);
        side.key_nh += 40;
    }
    side
}
