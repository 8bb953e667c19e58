//! See `TARGETS` in `properties/mod.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| settle_fuzz::check("dispute", bytes));
