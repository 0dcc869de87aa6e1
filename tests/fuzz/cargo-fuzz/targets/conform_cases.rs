//! [`underpass_tests::fuzz::conform_cases`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::conform_cases::run(data));
