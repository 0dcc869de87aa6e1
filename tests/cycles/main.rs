//! What packets cost, counted in clocks: the promise of the design on every path.
//!
//! ```text
//!   cost       = the larger of beats in and beats out, whatever the tables are doing
//!   latency    = gather + stages + deliver, the same on every path
//! ```
//! No neighbour stalls here; the differential test is where they do.

mod arp;
mod copies;
mod costs;
mod flows;
mod latencies;
mod mixes;
mod punts;
mod writes;

use std::sync::OnceLock;
use underpass_layout::profile::SIM;
use underpass_tests::paths;
use underpass_tests::rtl::{self, Rtl};
use underpass_verilator::Library;

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| rtl::library(&SIM))
}

/// A fresh core with the tables of the paths.
fn core() -> Rtl {
    paths::core(library(), &SIM)
}
