//! How a segment changes what is known of its connection.
//!
//! ```text
//!   SYN ──▶ syn             answered by SYN, ACK seq + 1, or by any other ACK ──▶ established
//!   FIN ──▶ fin             answered by ACK seq + 1 ─────────────────────────────▶ half_close; both: dead
//!   RST that fits ──▶ reset, dead
//! ```
//! This follows what was sent, as the peer does, not what RFC 9293 would have both ends believe: a flow may begin in the
//! middle of a connection, and segments may come again.

use crate::headers::tcp::{ACK, FIN, RST, SYN};
use underpass_layout::tables::{TcpEntry, TcpSide};

/// What counts of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// It is of the direction that answers.
    pub(super) reverse: bool,
    /// Its flags.
    pub(super) flags: u8,
    /// Its sequence number, or that of the FIN that it ends with.
    pub(super) seq: u32,
    /// Its acknowledgement number.
    pub(super) ack: u32,
}

impl Segment {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Changes the record of its connection, which is of its generation.
    pub(super) fn seen_by(&self, entry: &mut TcpEntry, any_reset: bool) {
        let (me, other) = match self.reverse {
            false => (&mut entry.forward, &mut entry.reverse),
            true => (&mut entry.reverse, &mut entry.forward),
        };
        if self.has(ACK) {
            me.ack = self.ack;
        }
        if self.has(RST) {
            if any_reset || self.resets(other) {
                (entry.reset, entry.dead) = (true, true);
            }
            return;
        }
        if self.has(SYN) {
            me.seq = self.seq;
            me.syn = true;
            if other.syn && self.acknowledges(other) {
                other.established = true;
            }
        } else if self.has(FIN) {
            me.seq = self.seq;
            me.fin = true;
        }
        if !self.has(ACK) || !other.fin && (other.established || !other.syn) {
            return;
        }
        if other.fin && self.acknowledges(other) {
            other.half_close = true;
            entry.dead |= me.half_close;
        } else if self.ack != other.seq {
            other.established = true;
        }
    }

    /// A reset counts if it is where the other side expects the next segment, or answers its SYN (RFC 5961 section 3.2).
    fn resets(&self, other: &TcpSide) -> bool {
        match self.has(ACK) && other.syn {
            true => self.acknowledges(other),
            false => self.seq == other.ack,
        }
    }

    /// Its acknowledgement is just behind the other side's SYN or FIN.
    fn acknowledges(&self, other: &TcpSide) -> bool {
        self.has(ACK) && self.ack == other.seq.wrapping_add(1)
    }
}

#[cfg(test)]
mod tests;
