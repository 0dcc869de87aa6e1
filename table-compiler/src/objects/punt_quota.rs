//! How many packets each interface may hand to the slow path, for one reason.
//!
//! ```text
//!   {"object": "punt_quota", "reason": "arp", "quota": 64}
//! ```
//! It is counted in windows of [`PUNT_WINDOW`]; what is above is dropped.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use underpass_layout::profile::NOMINAL_HZ;
use underpass_layout::PuntReason;

/// How long a window is.
pub const PUNT_WINDOW: Duration = Duration::from_millis(1);

/// Clocks of a window on a card that runs at [`NOMINAL_HZ`]: what register `PUNT_WINDOW` is set to.
pub const PUNT_WINDOW_CLOCKS: u32 = (NOMINAL_HZ / 1000 * PUNT_WINDOW.as_millis() as u64) as u32;

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PuntQuota {
    /// Why packets are handed over, by the peer's name for it.
    #[serde(serialize_with = "name", deserialize_with = "reason")]
    pub reason: PuntReason,
    /// Packets of an interface in a window; 0: any number.
    pub quota: u16,
}

/// The word that says no reason on its own is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{found}` is no reason to hand a packet to the slow path, expected one of {}",
    known()
)]
struct InvalidReason {
    found: String,
}

fn known() -> String {
    let names = reasons().map(|reason| format!("`{reason}`"));
    names.collect::<Vec<_>>().join(", ")
}

/// Every reason that a packet can have.
pub fn reasons() -> impl Iterator<Item = PuntReason> {
    let all = PuntReason::ALL.iter().copied();
    all.filter(|reason| *reason != PuntReason::None)
}

fn name<S: Serializer>(reason: &PuntReason, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(reason.name())
}

fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<PuntReason, D::Error> {
    let found = String::deserialize(from)?;
    let reason = reasons().find(|reason| reason.name() == found);
    reason.ok_or_else(|| serde::de::Error::custom(InvalidReason { found }))
}
