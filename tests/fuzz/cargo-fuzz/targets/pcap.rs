//! [`underpass_tests::fuzz::pcap`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::pcap::run(data));
