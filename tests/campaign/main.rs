//! The crash and fault campaign: whatever happens to the process, the disk or the clock, nothing is lost, nothing
//! is doubled, and the statement stays the same byte for byte.
//!
//! `cargo test` runs the short form: a seeded choice of the places where something can happen. The long form visits
//! them all and is started by `tests/campaign/run.sh`. What an undisturbed run leaves is the measure of both
//! (`picture.rs`). Every step that a command takes on the disk is found by watching its calls to the system
//! (`tracer.c`), so no step needs a name in the product and none is forgotten.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test's helpers fail by panicking too, and the campaign says what it did"
)]

mod chance;
mod clocks;
mod crowd;
mod damage;
mod disk;
mod faults;
#[path = "../fetch/house.rs"]
#[allow(dead_code, reason = "of the house only its server and keys are used")]
mod house;
mod kills;
mod long;
mod picture;
mod power;
mod scenes;
#[path = "../support/mod.rs"]
mod support;
mod tools;
mod upgrade;
mod yard;
