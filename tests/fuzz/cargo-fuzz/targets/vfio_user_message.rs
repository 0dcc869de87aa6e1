//! [`underpass_tests::fuzz::vfio_user_message`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| underpass_tests::fuzz::vfio_user_message::run(data));
