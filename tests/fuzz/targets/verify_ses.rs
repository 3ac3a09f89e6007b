#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::verify(domain::provider::Provider::Ses, data));
