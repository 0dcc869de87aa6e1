//! [`underpass_tests::fuzz::network_yaml`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::network_yaml::run(data));
