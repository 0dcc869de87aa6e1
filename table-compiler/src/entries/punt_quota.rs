//! `punt_quota`: how many packets an interface may hand to the slow path in a window, by reason.

use std::collections::BTreeMap;

use underpass_layout::tables::PuntQuotaEntry;

use crate::objects::PuntQuota;

/// A reason without a limit has no row: nothing is counted.
pub(super) fn entries(quotas: &[PuntQuota]) -> BTreeMap<u32, PuntQuotaEntry> {
    let limited = quotas.iter().map(|limit| {
        let quota = PuntQuotaEntry { quota: limit.quota };
        (limit.reason.code(), quota)
    });
    // Of two for one reason the later one counts, also if it says that there is no limit.
    let mut entries: BTreeMap<u32, PuntQuotaEntry> = limited.collect();
    entries.retain(|_, entry| entry.quota != 0);
    entries
}
