//! The readers of answers, laid open to those who attack them (the `fuzz` folder); nothing else uses this.
//!
//! A body goes in, and what each reader makes of it comes out as text, which is enough to see that it ends, does
//! not grow beyond its input and says the same every time.

use super::{mws, pay_api};

/// What the readers of MWS's answers make of a body, errors among them.
#[must_use]
pub fn of_mws(body: &[u8]) -> Vec<Result<String, String>> {
    mws::readings(body)
}

/// What the readers of the Pay API's answers make of a body, errors among them.
#[must_use]
pub fn of_pay_api(body: &[u8]) -> Vec<Result<String, String>> {
    pay_api::readings(body)
}
