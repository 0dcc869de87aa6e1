//! What the slow path wants done. It touches no card itself: whoever runs it carries these out in order.

use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::TableSpec;
use underpass_layout::DropReason;
use underpass_table_compiler::objects::Vif;
use underpass_table_compiler::plan::Step;
use underpass_table_compiler::row::Row;

use super::flow_ids::PairId;
use super::part::Ports;
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

/// What the slow path found out of a packet that it hands back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Of a part of a packet: the ports of the whole packet.
    pub ports: Option<Ports>,
    /// Nexthop and label of its route, where the card has no routes of its VRF.
    pub route: Option<(u32, u32)>,
    /// Its flow lets it pass, and says nothing else.
    pub judged: bool,
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
        Reaction::again_with(punt.shim.vif, punt.frame, &Found::default())
    }

    /// Sends a frame through the pipeline as if an interface had just received it, with what was found out of it.
    pub fn again_with(vif: u16, frame: Vec<u8>, found: &Found) -> Reaction {
        let (src_port, dst_port) = found.ports.unwrap_or_default();
        let (nexthop, label) = found.route.unwrap_or_default();
        let shim = InjectShim {
            command: InjectCommand::Receive,
            vif,
            ports_known: found.ports.is_some(),
            routed: found.route.is_some(),
            judged: found.judged,
            src_port,
            dst_port,
            nexthop,
            label,
            ..InjectShim::default()
        };
        Reaction::Inject(shim, frame)
    }

    /// Sends a frame out of an interface, as it is. None: nothing is plugged in there.
    pub fn transmit(vif: &Vif, frame: Vec<u8>) -> Option<Reaction> {
        let (number, port) = (u16::try_from(vif.idx).ok()?, World::port(vif)?);
        Some(Reaction::send(number, port, frame))
    }

    /// Sends a frame out of the port of an interface, as it is.
    pub fn send(vif: u16, port: u16, frame: Vec<u8>) -> Reaction {
        let shim = InjectShim {
            command: InjectCommand::Transmit,
            vif,
            port,
            ..InjectShim::default()
        };
        Reaction::Inject(shim, frame)
    }
}
