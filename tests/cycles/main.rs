//! What packets cost, counted in clocks: the promise of the design on every path.
//!
//! ```text
//!   cost       = the larger of beats in and beats out, whatever the tables are doing
//!   latency    = gather + stages + deliver, the same on every path
//! ```
//! No neighbour stalls here; the differential test is where they do.

mod costs;
mod latencies;
mod mixes;
mod writes;

use std::sync::OnceLock;
use underpass_layout::profile::SIM;
use underpass_tests::paths;
use underpass_tests::rtl::{self, Rtl};
use underpass_verilator::Library;

/// A fresh core with the tables of the paths.
fn core() -> Rtl {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    paths::core(LIBRARY.get_or_init(|| rtl::library(&SIM)), &SIM)
}
