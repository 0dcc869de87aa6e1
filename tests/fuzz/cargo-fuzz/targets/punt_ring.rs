//! [`underpass_tests::fuzz::punt_ring`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::punt_ring::run(data));
