//! The bundles of the rings that cross from one block to another, each with two ends.

use super::axi::{ReadIn, ReadOut, WriteIn, WriteOut};
use super::fetch::Fetched;
use super::orders::{Condition, Filling, Progress, Reading, Telling};
use super::punt::WriteBeat;
use super::write::{BurstOffer, StatusOffer, StatusWritten, Written};
use underpass_layout::rings::ring;
use underpass_wires::{bus, Bundle};

bus! { pub ReadOutOut, pub ReadOutIn, ReadOut::W }
bus! { pub ReadInOut, pub ReadInIn, ReadIn::W }
bus! { pub WriteOutOut, pub WriteOutIn, WriteOut::W }
bus! { pub WriteInOut, pub WriteInIn, WriteIn::W }
bus! { pub ReadingOut, pub ReadingIn, Reading::W }
bus! { pub FillingOut, pub FillingIn, Filling::W }
bus! { pub TellingOut, pub TellingIn, Telling::W }
bus! { pub ProgressOut, pub ProgressIn, Progress::W }
bus! { pub ConditionOut, pub ConditionIn, Condition::W }
bus! { pub FetchedOut, pub FetchedIn, Fetched::W }
bus! { pub BurstOfferOut, pub BurstOfferIn, BurstOffer::W }
bus! { pub WriteBeatOut, pub WriteBeatIn, WriteBeat::W }
bus! { pub WrittenOut, pub WrittenIn, Written::W }
bus! { pub StatusOfferOut, pub StatusOfferIn, StatusOffer::W }
bus! { pub StatusWrittenOut, pub StatusWrittenIn, ring::COUNT * StatusWritten::W }
