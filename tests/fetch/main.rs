//! Fetching, from outside: the whole program in this process against the rehearsal server on loopback.
//!
//! The clock is the server's and waits by moving on, so hours pass in milliseconds and no test sleeps, except where a
//! silent connection has to be waited for. Every test ends with the server's verdict: a fault that never came up is a
//! test that tested nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod disputes;
mod doctor;
mod documents;
mod good_path;
mod house;
mod init;
mod keys;
mod night;
mod pace;
mod process;
#[path = "../support/mod.rs"]
mod support;
mod weather;
