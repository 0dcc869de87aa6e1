//! `punt_quota`, `punted`: how many packets an interface may hand to the slow path, for each reason.
//!
//! ```text
//!   vif, reason ─▶ [punted] ─▶ of this window? used : 0 ─▶ below [punt_quota] of the reason? ─┬─▶ punt, used + 1
//!                                                                                            └─▶ drop, refused + 1
//! ```
//! Time goes in windows (registers `PUNT_WINDOW`, `PUNT_BEGIN`). So what one interface sends finds no less room because of
//! what another one sends.
use super::{table, Lookup, TableSpec};
use crate::bits::Record;
use crate::record::record;

/// Rows of `punted` of one interface, by punt reason.
pub const PUNT_REASONS: usize = 32;

record! {
    /// How many packets may each interface hand over in a window for this reason?
    pub struct PuntQuotaEntry (punt_quota_entry) {
        /// So many; 0: any number, and none is counted.
        quota: u16 = 16,
    }
}
table!(PuntQuotaEntry, 29, "punt_quota", Lookup::Direct);

record! {
    /// How many packets of this interface were handed over for this reason? Row: interface, then 5 bits of punt reason.
    pub struct PuntedEntry (punted_entry) {
        /// The window that `used` is about. Of a window 2^20 windows ago it is taken for the present one.
        window: u32 = 20,
        /// Packets in that window.
        used: u16 = 16,
        /// Packets that were refused, of all windows; it wraps.
        refused: u64 = 36,
    }
}

pub(super) const PUNTED: TableSpec = TableSpec {
    id: 30,
    name: "punted",
    doc: PuntedEntry::DOC,
    lookup: Lookup::Counter,
    entry_width: PuntedEntry::WIDTH,
    entry: PuntedEntry::SPEC,
};
