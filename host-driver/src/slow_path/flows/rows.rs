//! The rows of a pair: its entries, and before them what they lead to: mirrors, and what its packets go on with.

use underpass_layout::tables::{id, OnwardEntry, TABLES};
use underpass_table_compiler::entries::{flow_entry, FlowPlace, Known, ResolvedPair};
use underpass_table_compiler::objects::FlowPair;
use underpass_table_compiler::placed::{Entry, RowWrite};
use underpass_table_compiler::plan::Step;
use underpass_table_compiler::row::Row;
use underpass_table_compiler::Placed;

use super::{Direction, Flow, Flows, NoRoom, Pair, PairId, Reaction};
use crate::slow_path::reaction::TableWrite;

/// The entries of a pair, and of table `onward` those that they need.
type Entries = ([Option<Entry>; 2], [Option<OnwardEntry>; 2]);

impl Flows {
    /// Writes the rows of a pair, or of one that has changed: first those of `mirror` and of `onward`, which entries then
    /// lead to.
    pub(super) fn write(
        &mut self,
        placed: &mut Placed,
        known: &impl Known,
        id: PairId,
        pair: &mut Pair,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let before = (pair.onward, pair.mirrors);
        let outcome = self.try_write(placed, known, id, pair);
        let unused = match &outcome {
            Ok(_) => before.1,
            Err(_) => {
                let after = std::mem::replace(&mut pair.onward, before.0);
                let taken = after.into_iter().zip(before.0);
                for (row, _) in taken.filter(|(_, before)| before.is_none()) {
                    row.into_iter().for_each(|row| self.onward.give_back(row));
                }
                std::mem::replace(&mut pair.mirrors, before.1)
            }
        };
        let freed = give_mirrors_back(placed, unused);
        outcome.map(|mut reactions| {
            reactions.extend(freed);
            reactions
        })
    }

    fn try_write(
        &mut self,
        placed: &mut Placed,
        known: &impl Known,
        id: PairId,
        pair: &mut Pair,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let mut reactions = Vec::new();
        pair.mirrors = [[0; 2]; 2];
        let (entries, onward) = self.entries(placed, known, id, pair, &mut reactions)?;
        let batch: Vec<Entry> = entries.into_iter().flatten().collect();
        let mut writes = Vec::new();
        placed.flows_mut().insert_all(&batch, &mut writes)?;
        let onward = onward.iter().zip(pair.onward);
        let onward = onward.filter_map(|(entry, row)| Some((row?, entry.as_ref()?)));
        reactions.extend(onward.map(|(row, entry)| onward_write(row, Row::of(entry))));
        reactions.extend(row_writes(writes));
        Ok(reactions)
    }

    fn entries(
        &mut self,
        placed: &mut Placed,
        known: &impl Known,
        id: PairId,
        pair: &mut Pair,
        reactions: &mut Vec<Reaction>,
    ) -> Result<Entries, NoRoom> {
        let [Some(fwd), Some(rev)] = &pair.sides else {
            let mut entries = [None; 2];
            for direction in Direction::BOTH {
                if let Some(side) = &pair.sides[direction.index()] {
                    let row = flow_entry(side, known, id.flow_id(direction), id.generation)?;
                    entries[direction.index()] = Some(row.entry());
                }
            }
            return Ok((entries, [None; 2]));
        };
        let both = FlowPair {
            fwd: fwd.clone(),
            rev: rev.clone(),
        };
        let resolved = ResolvedPair::new(&both, known)?;
        for (row, needed) in pair.onward.iter_mut().zip(resolved.needs_onward()) {
            if needed && row.is_none() {
                let rows = self.onward.count();
                *row = Some(self.onward.take().ok_or(NoRoom::Onward { rows })?);
            }
        }
        let wanted = resolved.mirrors();
        for (row, set) in pair
            .mirrors
            .as_flattened_mut()
            .iter_mut()
            .zip(wanted.as_flattened())
        {
            if let Some(set) = set {
                let (taken, steps) = placed.add_mirror(set)?;
                *row = taken;
                reactions.extend(steps.iter().map(row_write));
            }
        }
        let place = FlowPlace {
            pair: id.number,
            generation: id.generation,
            onward: pair.onward.map(Option::unwrap_or_default),
            mirrors: pair.mirrors,
        };
        let flows = resolved.place(&place)?;
        let onward = resolved.onward(&place);
        Ok((flows.map(|flow| Some(flow.entry())), onward))
    }

    /// The member of an ECMP nexthop that a flow's packets come from: that which its answers go to.
    pub fn source_member(&self, flow: &Flow) -> Option<u32> {
        let pair = self.pairs.get(flow.pair.number as usize)?.as_ref()?;
        pair.sides[flow.direction.other().index()]
            .as_ref()?
            .ecmp_index
    }

    /// The other member of an ECMP nexthop is the source of the flow with this key from now on, and where answers go.
    ///
    /// # Errors
    /// There is no room for what the answers go on with; nothing has changed then.
    pub fn move_source(
        &mut self,
        placed: &mut Placed,
        known: &impl Known,
        flow: &Flow,
        member: u32,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let place = self.pairs.get_mut(flow.pair.number as usize);
        let taken =
            place.and_then(|pair| pair.take_if(|pair| pair.generation == flow.pair.generation));
        let Some(mut pair) = taken else {
            return Ok(Vec::new());
        };
        let answers = flow.direction.other().index();
        let before = pair.sides[answers]
            .as_ref()
            .and_then(|side| side.ecmp_index);
        if let Some(side) = &mut pair.sides[answers] {
            side.ecmp_index = Some(member);
        }
        let outcome = self.write(placed, known, flow.pair, &mut pair);
        if outcome.is_err() {
            if let Some(side) = &mut pair.sides[answers] {
                side.ecmp_index = before;
            }
        }
        self.pairs[flow.pair.number as usize] = Some(pair);
        outcome
    }
}

/// Gives rows of `mirror` back that a pair has no more use for.
pub(super) fn give_mirrors_back(placed: &mut Placed, rows: [[u16; 2]; 2]) -> Vec<Reaction> {
    let rows = rows.as_flattened().iter().filter(|row| **row != 0);
    let steps = rows.flat_map(|row| placed.remove_mirror(*row));
    steps.map(|step| row_write(&step)).collect()
}

fn row_write(step: &Step) -> Reaction {
    Reaction::Write(TableWrite::from(step))
}

/// The write of a row of `onward`.
pub(super) fn onward_write(row: u32, words: Row) -> Reaction {
    Reaction::Write(TableWrite {
        table: &TABLES[id::ONWARD as usize],
        row: row as usize,
        words,
    })
}

/// Writes of rows of `flow`.
pub(super) fn row_writes(writes: Vec<RowWrite>) -> impl Iterator<Item = Reaction> {
    let writes = writes.into_iter().map(|write| TableWrite {
        table: &TABLES[id::FLOW as usize],
        row: write.address as usize,
        words: write.row,
    });
    writes.map(Reaction::Write)
}
