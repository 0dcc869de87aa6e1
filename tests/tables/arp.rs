//! MACs that ARP is answered with, and how much interfaces may hand to the slow path.
//!
//! ```text
//!   VRF, address of a tenant ─▶ stitched, for most       reason ─▶ quota: none, or so few that it bites in a window
//! ```

use super::{World, VRFS};
use fastrand::Rng;
use underpass_layout::tables::*;
use underpass_layout::PuntReason;

/// Most packets of one reason and interface in a window, where there is a limit.
const MOST: u16 = 40;

impl World {
    pub(super) fn stitched(&mut self, rng: &mut Rng) {
        for vrf in VRFS {
            for address in self.addresses.clone() {
                if rng.u8(..4) > 0 {
                    let address = address.bits as u32;
                    self.rows.exact(&StitchedEntry {
                        valid: true,
                        key: StitchedKey { vrf, address },
                        mac: rng.u64(..) >> 16,
                    });
                }
            }
        }
    }

    pub(super) fn quotas(&mut self, rng: &mut Rng) {
        for why in PuntReason::ALL {
            let quota = match rng.bool() {
                true => rng.u16(1..MOST),
                false => 0,
            };
            let row = why.code() as usize;
            self.rows.direct(row, &PuntQuotaEntry { quota });
        }
    }
}
