//! The local double of Amazon's services, from outside: real HTTP on loopback, signers of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

#[path = "rehearsal_server/good_path.rs"]
mod good_path;
#[path = "rehearsal_server/http.rs"]
mod http;
#[path = "rehearsal_server/shop.rs"]
mod shop;
#[path = "rehearsal_server/sign.rs"]
mod sign;
