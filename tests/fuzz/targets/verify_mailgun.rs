#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::verify(shared::provider::Provider::Mailgun, data));
