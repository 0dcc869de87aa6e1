//! What is to be set up for a new flow: on the card, or where that has no room, in software.

use underpass_table_compiler::objects::{FlowPair, FlowSide};

use crate::slow_path::denied::Denied;
use crate::slow_path::flow_ids::Direction;
use crate::slow_path::key::Key;

/// What is to be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A flow and its answers.
    Pair(FlowPair),
    /// A flow that is denied, with what would be its answers: copies of its packets go somewhere, or they would not be
    /// two.
    Denied(FlowPair, Denied),
    /// One direction alone: its packets are dropped, for a source that is not theirs too, or wait.
    Alone(FlowSide, Option<Denied>),
}

impl Wanted {
    /// One of its directions; there may be no answers.
    pub fn side(&self, direction: Direction) -> Option<&FlowSide> {
        match (self, direction) {
            (Wanted::Pair(pair) | Wanted::Denied(pair, _), Direction::Forward) => Some(&pair.fwd),
            (Wanted::Pair(pair) | Wanted::Denied(pair, _), Direction::Reverse) => Some(&pair.rev),
            (Wanted::Alone(side, _), Direction::Forward) => Some(side),
            (Wanted::Alone(..), Direction::Reverse) => None,
        }
    }

    /// The same, to change it.
    pub fn side_mut(&mut self, direction: Direction) -> Option<&mut FlowSide> {
        match (self, direction) {
            (Wanted::Pair(pair) | Wanted::Denied(pair, _), Direction::Forward) => {
                Some(&mut pair.fwd)
            }
            (Wanted::Pair(pair) | Wanted::Denied(pair, _), Direction::Reverse) => {
                Some(&mut pair.rev)
            }
            (Wanted::Alone(side, _), Direction::Forward) => Some(side),
            (Wanted::Alone(..), Direction::Reverse) => None,
        }
    }

    /// Why its packets are dropped, if they are.
    pub const fn denied(&self) -> Option<Denied> {
        match self {
            Wanted::Pair(_) => None,
            Wanted::Denied(_, denied) => Some(*denied),
            Wanted::Alone(_, denied) => *denied,
        }
    }

    /// What its directions are looked up by.
    pub fn keys(&self) -> [Option<Key>; 2] {
        Direction::BOTH.map(|direction| self.side(direction).map(Key::from))
    }

    /// The nexthops in its keys, each once.
    pub fn nexthops(&self) -> impl Iterator<Item = u32> {
        let [first, second] = self.keys().map(|key| key.map(|key| key.nexthop));
        [first, second.filter(|_| second != first)]
            .into_iter()
            .flatten()
    }
}
