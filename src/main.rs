//! The `settle` program.

fn main() {}
