//! The networks of the examples, compiled: what the cards and the slow paths that are fuzzed carry.

use underpass_host_driver::driver::REPLAY_SEED;
use underpass_layout::profile::SIM;
use underpass_table_compiler::{compile, parse, Compiled, Network, Placed};

/// First node of two, tunnels over IPv4.
pub const TWO_COMPUTES: &str = include_str!("../../examples/two-computes/compute-1.yaml");
/// First node of two, tunnels over IPv6.
pub const IPV6_UNDERLAY: &str = include_str!("../../examples/ipv6-underlay/compute-1.yaml");

/// A network, and the writes that make a card of the profile `sim` carry it.
///
/// # Panics
/// It is not one of the above.
pub fn compiled(text: &str) -> (Network, Compiled) {
    let network = parse("example.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    let compiled = compile(&network, &Placed::empty(&SIM, REPLAY_SEED))
        .unwrap_or_else(|error| panic!("{error}"));
    (network, compiled)
}
