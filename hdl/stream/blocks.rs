//! The two ends of the data path as RustHDL blocks.

use super::beat::{BodyWrite, Credit, EditSlot, HeaderSlot, Offer};
use super::deliver::deliver;
use super::gather::gather;
use crate::buses::{BodyIn, BodyOut, CreditIn, CreditOut, EditIn, HeaderOut, OfferIn, OfferOut};
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_wires::{leaf, Bit, U};

leaf!(
    /// Beats to headers and bodies.
    pub GatherBlock { s: OfferIn, enable: Signal<In, HdlBit>, credit: CreditIn } -> {
        ready: Signal<Out, HdlBit>,
        header: HeaderOut,
        body: BodyOut,
        in_flight: Signal<Out, Bits<9>>,
    },
    |s: Offer, enable: Bit, credit: Credit| -> (Bit, HeaderSlot, BodyWrite, U<9>) {
        let gathered = gather(s, enable, credit);
        (gathered.ready, gathered.header, gathered.body, gathered.in_flight)
    }
);

leaf!(
    /// Bodies and edits to beats.
    pub DeliverBlock { body: BodyIn, edit: EditIn, m_ready: Signal<In, HdlBit> } -> { m: OfferOut, credit: CreditOut },
    |body: BodyWrite, edit: EditSlot, m_ready: Bit| -> (Offer, Credit) {
        let delivered = deliver(body, edit, m_ready);
        (delivered.m, delivered.credit)
    }
);
