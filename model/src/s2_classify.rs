//! s2_classify: whose packet it is.  Reads: `arrival`, `parse.runt`.  Writes: `classify`.
//!
//! ```text
//!   wire, host:        port ─▶ [port] ─▶ vif ─▶ [vif] ─▶ entry
//!   slow, Receive:     the shim's vif ─────────▶ [vif] ─▶ entry
//!   slow, Transmit:    likewise, and it leaves on the shim's port at once
//!   rounds:            as it was known ────────▶ [vif] ─▶ entry; Transmit as above
//! ```

use crate::decide::Decide;
use crate::tables::{counted, Tables};
use underpass_layout::meta::{Meta, RoundKind};
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::id;
use underpass_layout::{DropReason, Verdict};

/// Finds the interface.
pub fn classify(tables: &Tables, meta: &mut Meta) {
    let arrival = &meta.arrival;
    let first = arrival.round.kind == RoundKind::First;
    let port = tables.port(arrival.port);
    let (number, named) = match (arrival.injected, arrival.command) {
        (true, command) => (arrival.inject_vif, command != InjectCommand::None),
        (false, _) if !first => (arrival.round.vif, true),
        (false, _) if port.valid => (port.vif, true),
        (false, _) => (tables.profile().no_vif() as u16, false),
    };
    let transmit = arrival.injected && arrival.command == InjectCommand::Transmit
        || arrival.round.kind == RoundKind::Transmit;
    // A number beyond the table stands for the row that its low bits name, from here on, or for nobody's.
    meta.classify.vif = counted(tables.profile().rows[id::VIF as usize], number) as u16;
    meta.classify.entry = *tables.vif(number);
    if !named || !meta.classify.entry.valid {
        meta.drop(DropReason::InvalidInterface);
    } else if meta.parse.runt {
        meta.drop(DropReason::InvalidPacket);
    } else if transmit {
        meta.decide(Verdict::Deliver);
    }
}

#[cfg(test)]
mod tests;
