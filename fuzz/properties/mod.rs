//! What must hold of every reader, whatever bytes it meets. The fuzz targets and `tests/corpora.rs` share this file.
//!
//! Each function takes the bytes of one file or answer and ends, or says by an assertion what does not hold. That a
//! reader panics, hangs or takes too much memory is seen by whoever calls.

mod answers;
mod bank;
mod cells;
mod config;
mod documents;
mod fec;
mod orders;
mod packed;

use std::fmt::Write as _;
use std::sync::Arc;

use settle::parse::Input;
use sha2::{Digest, Sha256};

/// A reader under attack.
pub(crate) struct Target {
    /// The name of the target, of its corpus and of its dictionary.
    pub(crate) name: &'static str,
    /// Longest input that the fuzzer makes.
    #[allow(dead_code, reason = "only fuzzers make inputs of any length")]
    pub(crate) length_max: usize,
    /// Reads once, for its time and its memory.
    #[allow(dead_code, reason = "fuzzers check, and only the test measures")]
    pub(crate) read: fn(&[u8]),
    /// What must hold. Reads several times, and compares.
    pub(crate) check: fn(&[u8]),
}

/// Every reader of bytes that come from outside.
pub(crate) const TARGETS: [Target; 20] = [
    Target { name: "settlement", length_max: 6 << 10, read: documents::read, check: documents::check },
    Target { name: "transactions", length_max: 4 << 10, read: documents::read, check: documents::check },
    Target { name: "disbursements", length_max: 4 << 10, read: documents::read, check: documents::check },
    Target { name: "notification", length_max: 4 << 10, read: documents::read, check: documents::check },
    Target { name: "dispute", length_max: 4 << 10, read: documents::read, check: documents::check },
    Target { name: "camt", length_max: 8 << 10, read: bank::read, check: bank::check },
    Target { name: "mt940", length_max: 4 << 10, read: bank::read, check: bank::check },
    Target { name: "cfonb", length_max: 4 << 10, read: bank::read, check: bank::check },
    Target { name: "aeb43", length_max: 4 << 10, read: bank::read, check: bank::check },
    Target { name: "ofx", length_max: 4 << 10, read: bank::read, check: bank::check },
    Target { name: "bank_csv", length_max: 4 << 10, read: bank::read, check: bank::check },
    Target { name: "orders", length_max: 4 << 10, read: orders::read, check: orders::check },
    Target { name: "packed", length_max: 4 << 10, read: packed::read, check: packed::check },
    Target { name: "mws_answer", length_max: 4 << 10, read: answers::read_mws, check: answers::check_mws },
    Target { name: "pay_answer", length_max: 4 << 10, read: answers::read_pay_api, check: answers::check_pay_api },
    Target {
        name: "certificate",
        length_max: 4 << 10,
        read: answers::read_certificate,
        check: answers::check_certificate,
    },
    Target { name: "fec", length_max: 4 << 10, read: fec::read, check: fec::check },
    Target { name: "config", length_max: 4 << 10, read: config::read, check: config::check },
    Target { name: "timetable", length_max: 64, read: config::read_timetable, check: config::check_timetable },
    Target { name: "cells", length_max: 64, read: cells::read, check: cells::check },
];

/// The name that files have here.
const FILE: &str = "file";
/// Pieces as the product cuts them: larger than any input of a fuzzer.
const WHOLE: usize = 2 << 20;
/// Longest message about a file. It may quote the file, it must not repeat it.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// The bytes as a file that is read in pieces of about this size.
fn input(bytes: &[u8], piece: usize) -> Input {
    Input::held(FILE, Arc::from(bytes), piece)
}

/// A message of which nobody need be afraid.
fn message(text: String) -> String {
    assert!(!text.trim().is_empty(), "a refusal says why");
    assert!(text.len() <= MESSAGE_BYTES_MAX, "a message of {} bytes: {:.200}…", text.len(), text);
    text
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An amount of ten-thousandths as text, with all four decimals.
fn decimal(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let whole = units.unsigned_abs();
    format!("{sign}{}.{:04}", whole / 10_000, whole % 10_000)
}

/// A small number that depends on all the bytes and on nothing else.
fn seed(bytes: &[u8]) -> usize {
    let fold = |seed: u32, byte: &u8| (seed ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    bytes.iter().fold(0x811c_9dc5, fold) as usize
}
