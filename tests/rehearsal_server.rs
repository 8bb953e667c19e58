//! The local double of Amazon's services, from outside: real HTTP on loopback, signers of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

#[path = "rehearsal_server/control.rs"]
mod control;
#[path = "rehearsal_server/faults.rs"]
mod faults;
#[path = "rehearsal_server/good_path.rs"]
mod good_path;
#[path = "rehearsal_server/http.rs"]
mod http;
#[path = "rehearsal_server/mws_actions.rs"]
mod mws_actions;
#[path = "rehearsal_server/mws_checks.rs"]
mod mws_checks;
#[path = "rehearsal_server/pay_actions.rs"]
mod pay_actions;
#[path = "rehearsal_server/pay_checks.rs"]
mod pay_checks;
#[path = "rehearsal_server/program.rs"]
mod program;
#[path = "rehearsal_server/shop.rs"]
mod shop;
#[path = "rehearsal_server/sign.rs"]
mod sign;
#[path = "rehearsal_server/storage.rs"]
mod storage;
#[path = "rehearsal_server/vectors.rs"]
mod vectors;
