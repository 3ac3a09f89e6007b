#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::parse(shared::provider::Provider::SparkPost, data));
