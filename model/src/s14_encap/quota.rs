//! How many packets each interface may hand to the slow path, by reason.
//!
//! ```text
//!   vif, reason ─▶ [punted] ─▶ of this window? used : 0 ─▶ below [punt_quota] of the reason? ─┬─▶ punt, used + 1
//!                                                                                            └─▶ drop, refused + 1
//! ```
//! The card begins windows by its clock or when the host says so; the model has no clock.

use super::ends;
use crate::decide::Decide;
use crate::tables::{checked, RowError, Tables};
use underpass_layout::meta::{Edit, HeaderKind, Meta};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, PuntedEntry, PUNT_REASONS, TABLES};
use underpass_layout::{DropReason, Record, Verdict};

/// The bits of the number of a window that exist.
const WINDOW_MASK: u32 = (1 << PuntedEntry::SPEC[0].width) - 1;
/// Likewise of packets that were refused.
const REFUSED_MASK: u64 = (1 << PuntedEntry::SPEC[2].width) - 1;

/// The rows of `punted`, and the window that goes on.
#[derive(Clone)]
pub(crate) struct Punted {
    profile: &'static Profile,
    rows: Vec<PuntedEntry>,
    now: u32,
}

impl Punted {
    /// As after a reset.
    pub(crate) fn new(profile: &'static Profile) -> Self {
        let rows = profile.rows(&TABLES[id::PUNTED as usize]);
        Punted {
            profile,
            rows: vec![PuntedEntry::default(); rows],
            now: 0,
        }
    }

    /// Begins a window.
    pub(crate) fn begin(&mut self) {
        self.now = (self.now + 1) & WINDOW_MASK;
    }

    /// Drops a packet that would be handed over, where its interface has handed over enough of its kind.
    pub(crate) fn limit(&mut self, tables: &Tables, meta: &mut Meta, edit: &mut Edit) {
        let Verdict::Punt(why) = Verdict::from(meta.verdict) else {
            return;
        };
        if edit.kind != HeaderKind::Shim || edit.drop {
            return;
        }
        let quota = tables.punt_quota(why.code()).quota;
        let row = usize::from(meta.classify.vif) * PUNT_REASONS + why.code() as usize;
        let passes = self
            .rows
            .get_mut(row)
            .is_none_or(|row| pass(row, self.now, quota));
        if !passes {
            meta.drop(DropReason::PuntLimit);
            ends(meta, edit);
        }
    }

    /// A row of `punted`, as the host reads it. None: that table is another.
    pub(crate) fn read_row(
        &self,
        table: u32,
        address: usize,
    ) -> Option<Result<Vec<u32>, RowError>> {
        let row = || checked(self.profile, table, address).map(|(_, row)| row);
        (table == id::PUNTED).then(|| row().map(|row| self.rows[row].pack().to_vec()))
    }
}

/// Counts one more packet; false: it is one too many. Without a quota there is nothing to count.
fn pass(row: &mut PuntedEntry, now: u32, quota: u16) -> bool {
    if quota == 0 {
        return true;
    }
    let used = if row.window == now { row.used } else { 0 };
    let passes = used < quota;
    *row = PuntedEntry {
        window: now,
        used: used + u16::from(passes),
        refused: (row.refused + u64::from(!passes)) & REFUSED_MASK,
    };
    passes
}

#[cfg(test)]
mod tests;
