//! [`underpass_tests::fuzz::slow_path`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::slow_path::run(data));
