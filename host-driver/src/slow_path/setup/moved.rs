//! Packets of a flow whose source is one of several, from another one than before.
//!
//! ```text
//!   SourceMoved ─▶ S(nh) of its flow ─┬─ it came from a member ─▶ that is the source now, and where answers go; again
//!                                     └─ from elsewhere: INVALID_SOURCE
//! ```

use underpass_layout::{port, DropReason};

use crate::driver::Punt;
use crate::slow_path::keys::Keys;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::SlowPath;

impl SlowPath {
    pub(in crate::slow_path) fn source_moved(&mut self, punt: Punt) -> Vec<Reaction> {
        let forged = |punt: &Punt| vec![Reaction::drop(punt, DropReason::InvalidSource)];
        let keys = self
            .tenant(&punt)
            .and_then(|tenant| self.keys(&punt, &tenant));
        let Some(Keys { card: key, .. }) = keys else {
            return vec![Reaction::drop(&punt, DropReason::InvalidPacket)];
        };
        let Some(flow) = self.flows.get(&key) else {
            // It has gone meanwhile, and may start anew.
            return vec![Reaction::again(punt)];
        };
        let Some(member) = self.world.came_from(flow.side.rpf_nh, &punt) else {
            return forged(&punt);
        };
        let current = self.flows.source_member(&flow);
        if current == Some(member.index) && punt.shim.port == port::SLOW {
            // It has been round with this source already: the card and we disagree about this flow.
            return forged(&punt);
        }
        let moved = self
            .flows
            .move_source(&mut self.placed, &self.world, &flow, member.index);
        match moved {
            Ok(mut reactions) => {
                reactions.push(Reaction::again(punt));
                reactions
            }
            Err(_) => vec![Reaction::drop(&punt, DropReason::FlowTableFull)],
        }
    }
}
