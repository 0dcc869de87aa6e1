//! `tcp` and `age`: what the card knows of a flow and its answers together. The card writes these, the host reads them.
//!
//! ```text
//!   flow_id 20 bits:  | pair 19 bits: the row | direction |     0: the flow that began, 1: its answers
//! ```
//! A row belongs to the pair only if its generation is that of the pair's flow entries; else it is as good as all zero.
use super::{Lookup, TableSpec};
use crate::bits::Record;
use crate::record::record;

record! {
    /// How far is one direction of this connection?
    pub struct TcpSide (tcp_side) {
        /// It sent a SYN.
        syn: bool = 1,
        /// It is established: the other side acknowledged its SYN.
        established: bool = 1,
        /// It sent a FIN.
        fin: bool = 1,
        /// Its FIN was acknowledged.
        half_close: bool = 1,
        /// Sequence number of its SYN, later of its FIN.
        seq: u32 = 32,
        /// Its last acknowledgement.
        ack: u32 = 32,
    }
}

record! {
    /// How far is this TCP connection?
    pub struct TcpEntry (tcp_entry) {
        /// The generation of the flow entries that this is about; 0: none.
        generation: u8 = 3,
        /// A reset was accepted.
        reset: bool = 1,
        /// Closed or reset: the flow can go.
        dead: bool = 1,
        /// The direction that began.
        forward: TcpSide = record,
        /// The answers.
        reverse: TcpSide = record,
    }
}

record! {
    /// When did this flow, or its answers, last have a packet?
    pub struct AgeEntry (age_entry) {
        /// The generation of the flow entries that this is about; 0: no packet yet.
        generation: u8 = 3,
        /// It was found idle and reported.
        reported: bool = 1,
        /// What register `AGE_NOW` held at its last packet.
        seen: u16 = 14,
    }
}

const fn kept(
    id: u32,
    name: &'static str,
    doc: &'static str,
    entry_width: usize,
    entry: &'static [crate::bits::FieldSpec],
) -> TableSpec {
    TableSpec {
        id,
        name,
        doc,
        lookup: Lookup::Counter,
        entry_width,
        entry,
    }
}

pub(super) const TCP: TableSpec = kept(18, "tcp", TcpEntry::DOC, TcpEntry::WIDTH, TcpEntry::SPEC);
pub(super) const AGE: TableSpec = kept(19, "age", AgeEntry::DOC, AgeEntry::WIDTH, AgeEntry::SPEC);
