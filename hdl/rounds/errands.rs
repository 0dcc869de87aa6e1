//! Takes errands apart: a step for each copy, in the order in which they leave.
//!
//! ```text
//!   errand ─▶ [ queue ] ─┐
//!                        ├─▶ mirror ─▶ second ─▶ third ─▶ learn ─▶ itself, or each member      a step a clock
//!   stored ─▶ [ queue ] ─┘
//! ```
//! What an errand does not ask for takes no clock, and the first step of the next packet follows the last one of this
//! without a gap.

use super::store::Stored;
use crate::hardware::{Errand, Round};
use crate::stream::beat::ErrandSlot;
use crate::stream::fifo::fifo;
use underpass_layout::registers::ROUND_PACKETS_MAX;
use underpass_wires::{any_of, bundle, k, mux, one_of, only, state, wire, Bit, BundleExt, U};

/// Packets that can wait, as a power of two.
const DEPTH: usize = ROUND_PACKETS_MAX.ilog2() as usize;

bundle! {
    /// A copy to be made.
    pub struct Step {
        /// There is one.
        valid: Bit,
        /// For an analyzer.
        mirror: Bit,
        /// Its row of `mirror`.
        row: U<10>,
        /// For the slow path.
        learn: Bit,
        /// The packet's last one.
        end: Bit,
        /// With this it comes back, if it is for neither.
        round: Round,
        /// UDP source port in front of a copy for an analyzer.
        entropy: U<16>,
        /// Bytes of the packet.
        length: U<16>,
        /// Where they are.
        stored: Stored,
    }

    /// An errand that waits for its packet, with what it asks for besides the packet itself.
    struct Waiting {
        length: U<16>,
        errand: Errand,
        /// Three mirrors, the slow path.
        asks: [Bit; 4],
    }
}

/// See the module. `room`: one step more can be taken.
#[track_caller]
pub fn errands(slot: ErrandSlot, stored: (Bit, Stored), room: Bit) -> Step {
    let asked = slot.errand;
    let waiting = Waiting {
        length: slot.length,
        errand: asked,
        asks: [
            asked.mirror.any(),
            asked.second.any(),
            asked.third.any(),
            asked.learn,
        ],
    };
    let waiting = fifo::<Waiting, DEPTH>("errands", slot.valid, waiting);
    let packets = fifo::<Stored, DEPTH>("packets", stored.0, stored.1);
    let (asks, errand) = (waiting.head.asks, waiting.head.errand);

    let done = state::<[Bit; 4]>("done");
    let open: [Bit; 4] = std::array::from_fn(|i| asks[i] & !done.q[i]);
    let pick: [Bit; 4] = std::array::from_fn(|i| open[i] & !any_of(&open[..i]));
    wire!(itself = !any_of(&open));

    // Of a list the members that are left, the one at hand among them.
    let within = state::<Bit>("within_list");
    let (left, position) = (state::<U<12>>("left"), state::<U<16>>("position"));
    let members = mux(within.q, left.q, errand.members);
    let member = mux(within.q, position.q, errand.round.position);
    wire!(end = itself & !members.slice::<11>(1).any());
    wire!(go = waiting.valid & packets.valid & room);
    done.next(go, only(!end, std::array::from_fn(|i| done.q[i] | pick[i])));
    within.next(go, itself & !end);
    left.next(go, members - 1);
    position.next(go, member + 1);
    waiting.pop(go & end);
    packets.pop(go & end);

    let rows = [errand.mirror, errand.second, errand.third];
    let step = Step {
        valid: k(0),
        mirror: any_of(&pick[..3]),
        row: one_of(&std::array::from_fn::<_, 3, _>(|i| (pick[i], rows[i]))),
        learn: pick[3],
        end,
        round: Round {
            position: member,
            ..errand.round
        },
        entropy: errand.entropy,
        length: waiting.head.length,
        stored: packets.head,
    };
    Step {
        valid: go.reg_rst("step_valid"),
        ..step.reg("step")
    }
}

const _: () = assert!(ROUND_PACKETS_MAX.is_power_of_two());
