//! Frames for more than one that came here first: ARP and neighbour discovery that nobody here answers.
//!
//! ```text
//!   punted ─▶ handed back, to be flooded ─▶ card: the list of its network, as of any other frame for many
//! ```

use underpass_layout::meta::RoundKind;
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::DropReason;

use crate::driver::Punt;
use crate::slow_path::reaction::Reaction;

/// Hands a punted frame back, tunnel and all. One that came from another VRF has no interface that would lead there
/// again (`L2_NO_ROUTE`).
pub fn flood(punt: &Punt) -> Vec<Reaction> {
    if !is_as_it_came(punt) {
        return vec![Reaction::drop(punt, DropReason::L2NoRoute)];
    }
    let shim = InjectShim {
        command: InjectCommand::Flood,
        vif: punt.shim.vif,
        ..InjectShim::default()
    };
    vec![Reaction::Inject(shim, punt.frame.clone())]
}

/// The frame is whole, as an interface received it.
pub fn is_as_it_came(punt: &Punt) -> bool {
    matches!(punt.shim.round, RoundKind::First | RoundKind::Again)
}
