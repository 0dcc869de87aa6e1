//! From the first beat in to the first beat out, one packet at a time.

use crate::core;
use underpass_hdl::pipeline::*;
use underpass_hdl::stream::{deliver::DELIVER_CLOCKS, gather::HEADER_CLOCKS};
use underpass_tests::paths::{back_to_back, latency, PATHS, SIZES};

/// Every packet takes the way through all stages, so there is one latency for all paths. To it comes a clock for each
/// beat behind the first until the header is whole, and for each whole beat that is taken off the front.
pub(crate) const LATENCY: u64 = 135;
/// The promise.
const PROMISED: u64 = 140;

/// Clocks from header to edit, as the stages say.
const STAGES: usize = s1_parse::LATENCY
    + s2_classify::LATENCY
    + s3_decap::LATENCY
    + s4_inner::LATENCY
    + s5_quoted::LATENCY
    + s6_bridge::LATENCY
    + s7_receiver::LATENCY
    + s8_key::LATENCY
    + s9_flow::LATENCY
    + s10_route::LATENCY
    + s11_member::LATENCY
    + s12_nexthop::LATENCY
    + s13_rewrite::LATENCY
    + s14_encap::LATENCY;

#[test]
fn the_latency_is_the_same_on_every_path() {
    let mut rtl = core();
    for path in PATHS.iter().filter(|path| path.out.is_some()) {
        for bytes in SIZES.map(|bytes| bytes.max(path.shortest)) {
            let expected = LATENCY + path.header_beats(bytes) - 1 + path.beats_off();
            let at = format!("{} {bytes} bytes", path.name);
            assert_eq!(latency(&mut rtl, path, bytes), Some(expected), "{at}");
            assert!(expected <= PROMISED, "{at}: {expected} clocks");
        }
    }
}

#[test]
fn the_latency_is_the_sum_of_those_of_the_parts() {
    let parts =
        u64::from(HEADER_CLOCKS) + (STAGES + count::LATENCY) as u64 + u64::from(DELIVER_CLOCKS);
    assert_eq!(LATENCY, parts);
}

/// The tap shows a packet where `s14_encap` ends: all before it is gather and stages, all behind it count and deliver.
#[test]
fn the_stages_take_as_long_as_they_say() {
    let mut rtl = core();
    for path in PATHS {
        let ran = back_to_back(&mut rtl, path, path.shortest, 1);
        let decided_at = ran.decided[0].at;
        let header_at = ran.sent[0].first_beat_at + path.header_beats(path.shortest) - 1
            + u64::from(HEADER_CLOCKS);
        assert_eq!(decided_at - header_at, STAGES as u64, "{}", path.name);
        if let Some(left) = ran.left.first() {
            let behind = count::LATENCY as u64 + u64::from(DELIVER_CLOCKS) + path.beats_off();
            assert_eq!(left.first_beat_at - decided_at, behind, "{}", path.name);
        }
    }
}
