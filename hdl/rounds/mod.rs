//! Packets that go round: their bytes wait here, and come back once for each copy.
//!
//! ```text
//!   errand ─▶ ┐                                ┌─▶ offer ─▶ gather
//!             ├─▶ [ one packet behind the other ]
//!   beat ───▶ ┘                                └─▶ credit ─▶ s14_encap
//! ```

use crate::buses::{ErrandIn, HostIn, HostOut, RoundBeatIn, RoundCreditOut, RoundOfferOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::lookup::host::Chain;
use crate::stream::beat::{ErrandSlot, RoundBeat, RoundCredit, RoundOffer};
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::profile::Profile;
use underpass_wires::{bundle, leaf, zero, Bit, U};

bundle! {
    /// What becomes of errands and bytes.
    pub struct Rounds {
        /// To gather: a beat of a copy.
        offer: RoundOffer,
        /// To `s14_encap`: room that became free.
        credit: RoundCredit,
        /// Packets that are here: from the errand to the clock in which the last beat of the last copy is taken.
        held: U<8>,
    }
}

leaf!(
    /// The buffer as a block.
    pub RoundsBlock(sizes: Sizes) {
        errand: ErrandIn,
        beat: RoundBeatIn,
        ready: Signal<In, HdlBit>,
        host_in: HostIn,
    } -> {
        offer: RoundOfferOut,
        credit: RoundCreditOut,
        held: Signal<Out, Bits<8>>,
        host: HostOut,
    },
    |errand: ErrandSlot, beat: RoundBeat, ready: Bit, host: HostBus| -> (RoundOffer, RoundCredit, U<8>, HostBus) {
        let (rounds, host) = rounds(sizes.0, errand, beat, ready, host);
        (rounds.offer, rounds.credit, rounds.held, host)
    }
);

/// See the module. `ready`: the beat on offer is taken at the end of this clock.
pub fn rounds(
    _profile: &Profile,
    _errand: ErrandSlot,
    _beat: RoundBeat,
    _ready: Bit,
    bus: HostBus,
) -> (Rounds, HostBus) {
    (zero(), Chain::from(bus).end())
}
