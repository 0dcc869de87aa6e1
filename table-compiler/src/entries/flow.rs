//! `flow`, `onward`: the entries of a flow and of its answers, for the slow path that sets flows up.
//!
//! ```text
//!   FlowPair ──ResolvedPair::new──▶ what each direction does ──place──▶ two rows of flow
//!               references followed,  │                                 (ids, generation)
//!               contradictions refused└─ onward ──▶ the rows of onward that it needs: other addresses, ports,
//!                                                   VRF, the member of an ECMP nexthop, mirrors, marks
//! ```
//! Values to translate to come from the key of the other direction, as the peer takes them. Where routes or nexthops
//! change, what leads through an ECMP nexthop is to be resolved again: the rows hold the member itself.

mod fault;
mod known;
mod mirror;
mod pair;
mod sides;
#[cfg(test)]
mod tests;

pub use fault::FlowFault;
pub use known::Known;
pub(super) use known::{is_ecmp, members};
pub use pair::{check_apart, FlowPlace, ResolvedPair};

use underpass_layout::tables::{self, FlowEntry, FlowEntry6, OnwardEntry};

use super::error::EntryError;
use crate::objects::{FlowPair, FlowSide};
use crate::placed::Entry;
use sides::{Key, Side};

/// Largest nexthop and flow id: 20 bits.
const MOST: u32 = (1 << 20) - 1;
/// Largest row of `source` and of `onward`: 16 bits.
const MOST_ROW: u32 = (1 << 16) - 1;
/// Largest generation: 3 bits. 0 is no flow's.
const MOST_GENERATION: u32 = (1 << 3) - 1;

/// The entry of one direction of a flow, of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// IPv4: half a row.
    V4(FlowEntry),
    /// IPv6: a whole row.
    V6(FlowEntry6),
}

impl Flow {
    /// The entry as table `flow` takes it.
    pub fn entry(&self) -> Entry {
        match self {
            Flow::V4(entry) => Entry::of(entry),
            Flow::V6(entry) => Entry::of(entry),
        }
    }

    /// What is done with the flow's packets.
    pub fn action(&self) -> tables::FlowAction {
        match self {
            Flow::V4(entry) => entry.action,
            Flow::V6(entry) => entry.action,
        }
    }
}

/// All entries of a flow and of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowEntries {
    /// Of table `flow`: the direction that began, then the answers.
    pub flows: [Flow; 2],
    /// Of table `onward`, at the rows that were given; they are to be written before the flows.
    pub onward: [Option<OnwardEntry>; 2],
}

/// The entries of a flow and of its answers, at a place.
///
/// # Errors
/// As [`ResolvedPair::new`] and [`ResolvedPair::place`].
pub fn flow_entries(
    pair: &FlowPair,
    known: &impl Known,
    place: &FlowPlace,
) -> Result<FlowEntries, EntryError> {
    let resolved = ResolvedPair::new(pair, known)?;
    Ok(FlowEntries {
        flows: resolved.place(place)?,
        onward: resolved.onward(place),
    })
}

/// The entry of a direction without the other one: of a flow whose packets are dropped or held, or that has no answers.
///
/// # Errors
/// It has addresses of two families, a number that is too large, or asks for what only the other direction's key can
/// tell: other addresses, ports, VRF, or a member of an ECMP nexthop. Or for what takes a row of `onward`: mirrors, marks.
pub fn flow_entry(
    side: &FlowSide,
    known: &impl Known,
    flow_id: u32,
    generation: u8,
) -> Result<Flow, EntryError> {
    let resolved = Side::alone(side, known)?;
    at(&resolved, flow_id, generation, 0)
}

/// The entry of a direction at its place; `onward` is a row of that table, where the direction needs one.
fn at(side: &Side, flow_id: u32, generation: u8, onward: u32) -> Result<Flow, EntryError> {
    let flow_id = EntryError::limit(|| "a flow id".to_owned(), flow_id, MOST)?;
    let generation = u32::from(generation);
    let generation = EntryError::limit(|| "a generation".to_owned(), generation, MOST_GENERATION)?;
    let onward = EntryError::limit(|| "a row of onward".to_owned(), onward, MOST_ROW)?;
    let (source, source_moves) = match side.onward {
        Some(_) => (onward, side.source_moves),
        None => (side.source, side.source_moves),
    };
    let generation = generation as u8;
    let action = side.action();
    Ok(match side.key {
        Key::V4(key) => Flow::V4(FlowEntry {
            valid: true,
            key,
            action,
            flow_id,
            source,
            source_moves,
            generation,
            spare: 0,
        }),
        Key::V6(key) => Flow::V6(FlowEntry6 {
            valid: true,
            key,
            action,
            flow_id,
            source,
            source_moves,
            generation,
        }),
    })
}
