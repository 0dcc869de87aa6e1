//! Writes the captures of the examples: what guests, other nodes and gateways send, always the same bytes.
//!
//! ```text
//!   cargo run -p underpass-host-driver --example make_captures -- examples
//!
//!   frames ──▶ two_computes ───▶ examples/two-computes/*.pcap
//!          ├─▶ ipv6_underlay ──▶ examples/ipv6-underlay/*.pcap
//!          ├─▶ fat_flows ──────▶ examples/fat-flows/*.pcap
//!          ├─▶ bum ────────────▶ examples/bum/*.pcap
//!          ├─▶ mirror ─────────▶ examples/mirror/*.pcap
//!          ├─▶ limits ─────────▶ examples/limits/*.pcap
//!          └─▶ routed_setup ───▶ examples/routed-setup/*.pcap
//! ```

mod bum;
mod fat_flows;
mod frames;
mod ipv6_underlay;
mod limits;
mod mirror;
mod routed_setup;
mod two_computes;

use std::error::Error;
use std::path::PathBuf;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let to = std::env::args_os().nth(1).map(PathBuf::from);
    let to = to.ok_or("expected the folder of the examples")?;
    two_computes::write(&to.join("two-computes"))?;
    ipv6_underlay::write(&to.join("ipv6-underlay"))?;
    fat_flows::write(&to.join("fat-flows"))?;
    bum::write(&to.join("bum"))?;
    mirror::write(&to.join("mirror"))?;
    limits::write(&to.join("limits"))?;
    routed_setup::write(&to.join("routed-setup"))
}
