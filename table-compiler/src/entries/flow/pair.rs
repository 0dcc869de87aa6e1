//! A flow and its answers, together.

use std::collections::HashMap;

use underpass_layout::tables::OnwardEntry;

use super::fault::FlowFault;
use super::known::Known;
use super::sides::{key, refused, Key, Side};
use super::{at, Flow};
use crate::entries::error::EntryError;
use crate::entries::MirrorSet;
use crate::objects::{FlowPair, FlowSide};

/// Where a flow and its answers lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowPlace {
    /// The pair's row of `tcp` and `age`; its flow ids are twice that, and one more for the answers.
    pub pair: u32,
    /// How often that row was used, 1 to 7.
    pub generation: u8,
    /// Rows of `onward`, for the directions that need one.
    pub onward: [u32; 2],
    /// Rows of `mirror` for each direction, where it is mirrored: see [`ResolvedPair::mirrors`].
    pub mirrors: [[u16; 2]; 2],
}

/// A flow and its answers with every reference followed, not yet at a place.
#[derive(Clone, Debug)]
pub struct ResolvedPair([Side; 2]);

impl ResolvedPair {
    /// Follows the references of a pair.
    ///
    /// # Errors
    /// The pair contradicts itself (see [`FlowFault`]), or a number of it is too large.
    pub fn new(pair: &FlowPair, known: &impl Known) -> Result<Self, EntryError> {
        let FlowPair { fwd, rev } = pair;
        let sides = [Side::of(fwd, rev, known)?, Side::of(rev, fwd, known)?];
        if fwd.sip.is_ipv4() != rev.sip.is_ipv4() {
            return Err(refused(fwd, FlowFault::AnswerFamily));
        }
        if sides[0].key == sides[1].key {
            return Err(refused(fwd, FlowFault::SameKey));
        }
        Ok(ResolvedPair(sides))
    }

    /// Whether the directions need a row of `onward`.
    pub fn needs_onward(&self) -> [bool; 2] {
        [0, 1].map(|side: usize| self.0[side].onward.is_some())
    }

    /// The rows of `mirror` that each direction asks for.
    pub fn mirrors(&self) -> [[Option<&MirrorSet>; 2]; 2] {
        [0, 1].map(|side: usize| match &self.0[side].mirrors {
            Some(mirrors) => [mirrors[0].as_ref(), mirrors[1].as_ref()],
            None => [None, None],
        })
    }

    /// The rows of `onward` that the directions need, at a place.
    pub fn onward(&self, place: &FlowPlace) -> [Option<OnwardEntry>; 2] {
        [0, 1].map(|side: usize| {
            let [mirror, second_mirror] = place.mirrors[side];
            self.0[side].onward.map(|onward| OnwardEntry {
                mirror,
                second_mirror,
                ..onward
            })
        })
    }

    /// The rows of `flow`, at a place.
    ///
    /// # Errors
    /// A number of the place is too large for the card's entries.
    pub fn place(&self, place: &FlowPlace) -> Result<[Flow; 2], EntryError> {
        let first = place.pair.saturating_mul(2);
        let [forward, answers] = &self.0;
        Ok([
            at(forward, first, place.generation, place.onward[0])?,
            at(answers, first | 1, place.generation, place.onward[1])?,
        ])
    }
}

/// Checks that no key is that of two flows. Of two with the same forward key the later replaces the earlier one.
///
/// # Errors
/// A direction has the key of another flow or of another flow's answers, or no key at all.
pub fn check_apart<'a>(pairs: impl IntoIterator<Item = &'a FlowPair>) -> Result<(), EntryError> {
    let pairs: Vec<&FlowPair> = pairs.into_iter().collect();
    let mut latest: HashMap<Key, usize> = HashMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        latest.insert(key(&pair.fwd)?, place);
    }
    let mut holders: HashMap<Key, &FlowSide> = HashMap::new();
    for (place, pair) in pairs.into_iter().enumerate() {
        let forward = key(&pair.fwd)?;
        if latest.get(&forward) != Some(&place) {
            continue;
        }
        for (key, side) in [(forward, &pair.fwd), (key(&pair.rev)?, &pair.rev)] {
            if let Some(holder) = holders.insert(key, &pair.fwd) {
                let (taken, holder) = (side.to_string(), holder.to_string());
                return Err(refused(&pair.fwd, FlowFault::KeyTaken { taken, holder }));
            }
        }
    }
    Ok(())
}
