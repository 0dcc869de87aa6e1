//! A TCP connection in plain Rust, one sentence of its rules after the other.

use super::{Packet, Told, ACK, FIN, RST, SYN};
use std::collections::BTreeMap;
use underpass_layout::tables::{TcpEntry, TcpSide};

/// Connections by pair.
#[derive(Default)]
pub(super) struct Connections {
    rows: BTreeMap<u32, TcpEntry>,
    /// How often something interesting happened.
    pub refused: usize,
    pub reset: usize,
    pub closed: usize,
    pub established: usize,
}

impl Connections {
    /// The row of a pair.
    pub fn row(&self, pair: u32) -> TcpEntry {
        self.rows.get(&pair).copied().unwrap_or_default()
    }

    /// What a TCP packet does to its connection; the event, if it is dead now.
    pub fn segment(&mut self, packet: Packet, any_reset: bool) -> Option<Told> {
        let pair = packet.flow_id >> 1;
        let mut row = self.row(pair);
        if row.generation != packet.generation {
            row = TcpEntry {
                generation: packet.generation,
                ..TcpEntry::default()
            };
        }
        let was_dead = row.dead;
        self.change(&mut row, packet, any_reset);
        self.rows.insert(pair, row);
        (row.dead && !was_dead).then_some(Told {
            dead: true,
            generation: packet.generation,
            pair,
        })
    }

    fn change(&mut self, row: &mut TcpEntry, packet: Packet, any_reset: bool) {
        let has = |flag: u8| packet.flags & flag != 0;
        let (me, other): (&mut TcpSide, &mut TcpSide) = match packet.flow_id & 1 {
            0 => (&mut row.forward, &mut row.reverse),
            _ => (&mut row.reverse, &mut row.forward),
        };
        if has(ACK) {
            me.ack = packet.ack;
        }
        if has(RST) {
            let accepted = if any_reset {
                true
            } else if has(ACK) && other.syn {
                packet.ack == other.seq.wrapping_add(1)
            } else {
                packet.seq == other.ack
            };
            if accepted {
                self.reset += 1;
                row.reset = true;
                row.dead = true;
            } else {
                self.refused += 1;
            }
            return;
        }
        if has(SYN) {
            me.seq = packet.seq;
            me.syn = true;
            if other.syn && has(ACK) && packet.ack == other.seq.wrapping_add(1) {
                other.established = true;
            }
        } else if has(FIN) {
            me.seq = packet.seq;
            me.fin = true;
        }
        let awaited = other.fin || !other.established && other.syn;
        if has(ACK) && awaited {
            if packet.ack == other.seq.wrapping_add(1) && other.fin {
                other.half_close = true;
                if me.half_close {
                    self.closed += 1;
                    row.dead = true;
                }
            } else if packet.ack != other.seq && !other.established {
                self.established += 1;
                other.established = true;
            }
        }
    }
}
