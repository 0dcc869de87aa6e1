//! [`underpass_tests::fuzz::rtl_and_model`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::rtl_and_model::run(data));
