//! The two ends of the data path as RustHDL blocks.

use super::beat::{BodyWrite, Credit, EditSlot, HeaderSlot, Offer, RoundBeat, RoundOffer};
use super::deliver::deliver;
use super::gather::gather;
use crate::buses::{
    BodyIn, BodyOut, CreditIn, CreditOut, EditIn, HeaderOut, OfferIn, OfferOut, RoundBeatOut,
    RoundOfferIn,
};
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_wires::{leaf, Bit, U};

leaf!(
    /// Beats to headers and bodies.
    pub GatherBlock {
        s: OfferIn,
        enable: Signal<In, HdlBit>,
        rounds: RoundOfferIn,
        held: Signal<In, Bits<8>>,
        credit: CreditIn,
    } -> {
        ready: Signal<Out, HdlBit>,
        rounds_ready: Signal<Out, HdlBit>,
        copied: Signal<Out, HdlBit>,
        header: HeaderOut,
        body: BodyOut,
        in_flight: Signal<Out, Bits<10>>,
    },
    |s: Offer, enable: Bit, rounds: RoundOffer, held: U<8>, credit: Credit|
        -> (Bit, Bit, Bit, HeaderSlot, BodyWrite, U<10>) {
        let gathered = gather(s, enable, rounds, held, credit);
        (
            gathered.ready,
            gathered.rounds_ready,
            gathered.copied,
            gathered.header,
            gathered.body,
            gathered.in_flight,
        )
    }
);

leaf!(
    /// Bodies and edits to beats.
    pub DeliverBlock { body: BodyIn, edit: EditIn, m_ready: Signal<In, HdlBit> } -> {
        m: OfferOut,
        round: RoundBeatOut,
        credit: CreditOut,
    },
    |body: BodyWrite, edit: EditSlot, m_ready: Bit| -> (Offer, RoundBeat, Credit) {
        let delivered = deliver(body, edit, m_ready);
        (delivered.m, delivered.round, delivered.credit)
    }
);
