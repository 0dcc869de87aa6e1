//! A direction of a flow with every reference followed: what its rows on the card would say.
//!
//! ```text
//!   FlowSide ──the compiler──▶ row of `flow`, row of `onward` ──▶ Resolved ──judge──▶ ends, or goes, perhaps onward
//! ```
//! Mirrors are left out: a packet that the slow path forwards is not copied.

use underpass_layout::meta::Meta;
use underpass_layout::tables::{FlowAction, OnwardEntry, SourceEntry, SourceKind};
use underpass_layout::DropReason;
use underpass_table_compiler::entries::{
    flow_entry, EntryError, Flow, FlowPlace, Known, ResolvedPair,
};
use underpass_table_compiler::Entries;

use crate::slow_path::wanted::Wanted;

/// The generation that rows have that nobody writes.
const GENERATION: u8 = 1;

/// What is done with packets of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    action: FlowAction,
    /// A row of `source`.
    source: u32,
    source_moves: bool,
    /// What they go on with, if that is more than to go on.
    pub onward: Option<OnwardEntry>,
}

/// Why a packet of a flow does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It ends.
    Drop(DropReason),
    /// Its source is one of several, and another than before.
    SourceMoved,
}

/// Both directions of what is to be set up, that of the first packet first.
///
/// # Errors
/// The card has no entry that means it.
pub fn resolve(wanted: &Wanted, known: &impl Known) -> Result<[Option<Resolved>; 2], EntryError> {
    let place = FlowPlace {
        generation: GENERATION,
        ..FlowPlace::default()
    };
    match wanted {
        Wanted::Pair(pair) | Wanted::Denied(pair, _) => {
            let both = ResolvedPair::new(pair, known)?;
            let ([fwd, rev], onward) = (both.place(&place)?, both.onward(&place));
            Ok([
                Some(Resolved::new(&fwd, onward[0])),
                Some(Resolved::new(&rev, onward[1])),
            ])
        }
        Wanted::Alone(side, _) => {
            let flow = flow_entry(side, known, 0, GENERATION)?;
            Ok([Some(Resolved::new(&flow, None)), None])
        }
    }
}

impl Resolved {
    fn new(flow: &Flow, onward: Option<OnwardEntry>) -> Resolved {
        let (action, source, source_moves) = match flow {
            Flow::V4(entry) => (entry.action, entry.source, entry.source_moves),
            Flow::V6(entry) => (entry.action, entry.source, entry.source_moves),
        };
        let onward = onward.filter(|_| action == FlowAction::Onward);
        Resolved {
            action,
            source: onward.map_or(source, |onward| onward.source),
            source_moves,
            onward,
        }
    }

    /// Whether a packet of this direction goes on, judged in the order of the model's `s9_flow`.
    pub fn judge(&self, entries: &Entries, meta: &Meta) -> Result<(), Refused> {
        let missing = SourceEntry::default();
        let source = entries.sources.get(&self.source).unwrap_or(&missing);
        if source.kind == SourceKind::Missing {
            return Err(Refused::Drop(DropReason::InvalidNexthop));
        }
        if !came_from(meta, source) {
            return Err(match self.source_moves {
                true => Refused::SourceMoved,
                false => Refused::Drop(DropReason::InvalidSource),
            });
        }
        let drops = self.onward.is_some_and(|onward| onward.drop);
        match self.action {
            FlowAction::Forward | FlowAction::Onward if !drops => Ok(()),
            _ => Err(Refused::Drop(DropReason::FlowActionDrop)),
        }
    }
}

fn came_from(meta: &Meta, source: &SourceEntry) -> bool {
    let tunnelled = meta.decap.tunnelled;
    match source.kind {
        SourceKind::Missing => false,
        SourceKind::Any => true,
        SourceKind::Vif => !tunnelled && meta.classify.vif == source.vif,
        SourceKind::Tunnel => {
            tunnelled && (meta.parse.v6, meta.parse.src) == (source.v6, source.address)
        }
    }
}
