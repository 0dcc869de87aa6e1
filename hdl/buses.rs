//! The bundles that cross from one RustHDL block to another, each a bus with two ends: `SlotOut` is joined to `SlotIn`.

use crate::card::axil::{AxilIn, AxilOut, Request, Response};
use crate::card::host_bus::HostBus;
use crate::card::seed::SeedStart;
use crate::pairs::{PairOrders, PairReports};
use crate::pipeline::s14_encap::Decided;
use crate::pipeline::slot::{HeadSlot, Slot};
use crate::stream::beat::{
    BodyWrite, Credit, EditSlot, ErrandSlot, HeaderSlot, Offer, RoundBeat, RoundCredit,
    RoundEvents, RoundOffer,
};
use underpass_layout::profile::{Profile, SIM};
use underpass_wires::{bus, Bundle};

bus! { pub HeaderOut, pub HeaderIn, HeaderSlot::W }
bus! { pub HeadOut, pub HeadIn, HeadSlot::W }
bus! { pub SlotOut, pub SlotIn, Slot::W }
bus! { pub DecidedOut, pub DecidedIn, Decided::W }
bus! { pub EditOut, pub EditIn, EditSlot::W }
bus! { pub BodyOut, pub BodyIn, BodyWrite::W }
bus! { pub CreditOut, pub CreditIn, Credit::W }
bus! { pub ErrandOut, pub ErrandIn, ErrandSlot::W }
bus! { pub RoundBeatOut, pub RoundBeatIn, RoundBeat::W }
bus! { pub RoundOfferOut, pub RoundOfferIn, RoundOffer::W }
bus! { pub RoundCreditOut, pub RoundCreditIn, RoundCredit::W }
bus! { pub RoundEventsOut, pub RoundEventsIn, RoundEvents::W }
bus! { pub OfferOut, pub OfferIn, Offer::W }
bus! { pub HostOut, pub HostIn, HostBus::W }
bus! { pub SeedStartOut, pub SeedStartIn, SeedStart::W }
bus! { pub PairOrdersOut, pub PairOrdersIn, PairOrders::W }
bus! { pub PairReportsOut, pub PairReportsIn, PairReports::W }
bus! { pub RequestOut, pub RequestIn, Request::W }
bus! { pub ResponseOut, pub ResponseIn, Response::W }
bus! { pub AxilInOut, pub AxilInIn, AxilIn::W }
bus! { pub AxilOutOut, pub AxilOutIn, AxilOut::W }

/// Which sizes a block is built for.
#[derive(Clone, Copy, Debug)]
pub struct Sizes(pub &'static Profile);

impl Default for Sizes {
    fn default() -> Self {
        Sizes(&SIM)
    }
}
