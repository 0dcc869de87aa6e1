//! [`underpass_tests::fuzz::image_header`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::image_header::run(data));
