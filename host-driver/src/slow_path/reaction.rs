//! What the slow path wants done. It touches no card itself: whoever runs it carries these out in order.

use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::TableSpec;
use underpass_layout::DropReason;
use underpass_table_compiler::objects::Vif;
use underpass_table_compiler::plan::Step;
use underpass_table_compiler::row::Row;

use super::flow_ids::PairId;
use super::world::World;
use crate::driver::Punt;

/// One write of one row.
#[derive(Clone, Copy, Debug)]
pub struct TableWrite {
    /// The table.
    pub table: &'static TableSpec,
    /// The row, as the table-access registers count.
    pub row: usize,
    /// All its words.
    pub words: Row,
}

impl From<&Step> for TableWrite {
    fn from(step: &Step) -> TableWrite {
        TableWrite {
            table: step.spec(),
            row: step.address as usize,
            words: step.words,
        }
    }
}

/// One thing to be done.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Write a row.
    Write(TableWrite),
    /// Read the counters of a pair of flows whose entries are gone, and give it back with them.
    Retire(PairId),
    /// Hand a frame to the pipeline.
    Inject(InjectShim, Vec<u8>),
    /// Count a packet of an interface that ended here.
    Drop(u16, DropReason),
    /// Count a packet of an interface that served its purpose: answered, learned from, replicated.
    Consume(u16),
}

impl Reaction {
    /// Ends a punted packet.
    pub fn drop(punt: &Punt, reason: DropReason) -> Reaction {
        Reaction::Drop(punt.shim.vif, reason)
    }

    /// Sends a punted packet through the pipeline once more, as if it had just been received.
    pub fn again(punt: Punt) -> Reaction {
        let shim = InjectShim {
            command: InjectCommand::Receive,
            vif: punt.shim.vif,
            ..InjectShim::default()
        };
        Reaction::Inject(shim, punt.frame)
    }

    /// Sends a frame out of an interface, as it is. None: nothing is plugged in there.
    pub fn transmit(vif: &Vif, frame: Vec<u8>) -> Option<Reaction> {
        let shim = InjectShim {
            command: InjectCommand::Transmit,
            vif: u16::try_from(vif.idx).ok()?,
            port: World::port(vif)?,
            ..InjectShim::default()
        };
        Some(Reaction::Inject(shim, frame))
    }
}
