//! `tcp`: how far the TCP connection of a flow pair is.
//!
//! ```text
//!              SYN ─▶ me.syn, seq         other.syn, seq ◀─ SYN
//!                       │  ack = seq + 1    │
//!   the other's ACK ────┴▶ me.established ..'                 FIN ─▶ me.fin, seq
//!   the other's ACK of the FIN ─▶ me.half_close ── both ─▶ dead
//!   a reset that is accepted ─▶ reset, dead
//! ```
//! "Me" is the side that sent the segment. What it acknowledges is compared with the sequence number of the other side's
//! SYN or FIN plus one: one is taken off the acknowledgement instead, on its way here, so that behind the forwarding of
//! [`crate::lookup::update`] nothing is left but three comparisons for equality, side by side, and a few gates.
//!
//! A reset is accepted if it acknowledges the SYN that it answers, or else starts where the other side's last
//! acknowledgement points (RFC 5961 section 3.2): in all other cases anybody could have made it up.

use crate::hardware::{Meta, TcpEntry, TcpSide};
use crate::lookup::host::Chain;
use crate::lookup::update::{Event, Kept};
use crate::lookup::Place;
use underpass_wires::{bundle, cat, mux, only, wire, Bit, U};

/// IP protocol.
const TCP: u8 = 6;

bundle! {
    /// What a packet says to its connection.
    pub struct Segment {
        /// The generation of its flow entry.
        generation: U<3>,
        /// It is one of the answers.
        reverse: Bit,
        /// It has RST.
        reset: Bit,
        /// It has SYN and no RST.
        syn: Bit,
        /// It has FIN, neither SYN nor RST.
        fin: Bit,
        /// `ack` counts.
        acks: Bit,
        /// Its sequence number; of a FIN that of the FIN itself.
        seq: U<32>,
        /// What it acknowledges.
        ack: U<32>,
        /// One less: the number of the SYN or FIN that `ack` would be the answer to.
        answers: U<32>,
        /// Its sequence number is 0, which is what a side that nothing is known of has acknowledged.
        seq_zero: Bit,
    }

    /// What the update of a row tells.
    pub struct Closed {
        /// The connection is dead, and was not before.
        dead: Bit,
        /// Its generation.
        generation: U<3>,
    }
}

/// Whether the connection of a packet that met a flow is followed: one of TCP, both ends of which the flow knows.
pub fn followed(meta: Meta) -> Bit {
    let both_ports = meta.key.src_port.any() & meta.key.dst_port.any();
    meta.key.protocol.eq(TCP) & both_ports & meta.inner.protocol.eq(TCP) & !meta.quoted.error
}

impl Segment {
    /// What this packet says.
    pub fn of(meta: Meta) -> Self {
        let flags = meta.inner.tcp_flags;
        let (fin, syn, reset, acks) = (flags.bit(0), flags.bit(1), flags.bit(2), flags.bit(4));
        let (seq, ack) = (meta.inner.tcp_seq, meta.inner.tcp_ack);
        Segment {
            generation: meta.flow.generation,
            reverse: meta.flow.flow_id.bit(0),
            reset,
            syn: syn & !reset,
            fin: fin & !syn & !reset,
            acks,
            seq,
            ack,
            answers: one_less(ack),
            seq_zero: !seq.any(),
        }
    }
}

/// `number - 1`, both halves at once.
fn one_less(number: U<32>) -> U<32> {
    let (low, high) = (number.slice::<16>(0), number.slice::<16>(16));
    cat!(mux(low.any(), high, high - 1), low - 1)
}

/// Follows the connections; the host may read the rows.
pub fn tcp(
    place: &Place,
    segment: Event<Segment>,
    any_reset: Bit,
    bus: impl Into<Chain>,
) -> (Event<Closed>, Chain) {
    Kept::new(place, segment, bus).update(|row, segment| after(row, segment, any_reset))
}

/// The row after a segment.
fn after(row: TcpEntry, segment: Segment, any_reset: Bit) -> (TcpEntry, Closed) {
    // Of another generation nothing counts. Its numbers are compared all the same, to lose no time: what comes out
    // matters only together with a flag.
    wire!(known = row.generation.eq(segment.generation));
    let flags = |side: TcpSide| TcpSide {
        syn: side.syn & known,
        established: side.established & known,
        fin: side.fin & known,
        half_close: side.half_close & known,
        ..side
    };
    let sides = (flags(row.forward), flags(row.reverse));
    let (me, other) = mux(segment.reverse, (sides.1, sides.0), sides);
    let was_dead = row.dead & known;

    wire!(answers = segment.acks & segment.answers.eq(other.seq));
    wire!(repeats = segment.ack.eq(other.seq));
    wire!(in_order = mux(known, segment.seq.eq(other.ack), segment.seq_zero));

    wire!(fits = mux(segment.acks & other.syn, answers, in_order));
    wire!(reset = segment.reset & (any_reset | fits));

    // What a segment without RST says of the other side.
    let heard = segment.acks & !segment.reset;
    wire!(closes = heard & answers & other.fin);
    let opens = segment.syn & answers & other.syn;
    let goes_on = heard & !closes & !repeats & (other.fin | other.syn);

    wire!(dead = was_dead | reset | closes & me.half_close);
    let me = TcpSide {
        syn: me.syn | segment.syn,
        fin: me.fin | segment.fin,
        seq: mux(segment.syn | segment.fin, segment.seq, only(known, me.seq)),
        ack: mux(segment.acks, segment.ack, only(known, me.ack)),
        ..me
    };
    let other = TcpSide {
        established: other.established | opens | goes_on,
        half_close: other.half_close | closes,
        seq: only(known, other.seq),
        ack: only(known, other.ack),
        ..other
    };
    let (forward, reverse) = mux(segment.reverse, (other, me), (me, other));
    let row = TcpEntry {
        generation: segment.generation,
        reset: row.reset & known | reset,
        dead,
        forward,
        reverse,
    };
    let closed = Closed {
        dead: dead & !was_dead,
        generation: segment.generation,
    };
    (row, closed)
}
