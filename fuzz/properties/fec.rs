//! The check of a FEC.
//!
//! A file that comes byte by byte is judged like one that comes whole. The totals are those of its cells, where every
//! line is one that this file can read by itself.

use std::io::{self, Read};

use rust_decimal::Decimal;
use settle::export::{FecReport, check_fec, fec_text};

use super::{FILE, seed};

/// Longest text of a report: the first hundred findings of a rule, each of which may quote a cell.
const TEXT_BYTES_MAX: usize = 8 << 20;

/// Gives so many bytes at a time, as a slow disk does.
struct Trickle<'a> {
    bytes: &'a [u8],
    step: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let step = self.step.min(buffer.len());
        let count = self.bytes.take(step as u64).read(buffer)?;
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

/// Once.
pub(super) fn read(bytes: &[u8]) {
    let _ = check_fec(FILE, bytes);
}

/// Any file, judged as a FEC.
pub(super) fn check(bytes: &[u8]) {
    let whole = check_fec(FILE, bytes).map_err(|why| why.to_string());
    let step = 1 + seed(bytes) % 7;
    let trickled = check_fec(FILE, Trickle { bytes, step }).map_err(|why| why.to_string());
    assert_eq!(format!("{whole:?}"), format!("{trickled:?}"), "whole and {step} bytes at a time");
    let Ok(report) = whole else { return };
    assert!(fec_text(&report).len() <= TEXT_BYTES_MAX);
    for rule in &report.findings {
        assert!(rule.count >= rule.first.len() as u64 && rule.count > 0);
    }
    if let Some((debit, credit)) = totals(bytes, &report) {
        let read = |text: &str| text.parse::<Decimal>().expect("a total is a number").normalize();
        assert_eq!((read(&report.debit), read(&report.credit)), (debit.normalize(), credit.normalize()));
    }
}

/// Debit and credit of a plain extract: eighteen columns by tabs, amounts of digits with one comma.
fn totals(bytes: &[u8], report: &FecReport) -> Option<(Decimal, Decimal)> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split('\t').collect();
    let place = |wanted: &str| names.iter().position(|name| *name == wanted);
    let (debit, credit) = (place("Debit")?, place("Credit")?);
    let (mut debits, mut credits, mut count) = (Decimal::ZERO, Decimal::ZERO, 0);
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let plain = |at: usize| {
            let cell = cells.get(at)?;
            let (whole, cents) = cell.split_once(',')?;
            let digits = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            (digits(whole) && digits(cents)).then(|| format!("{whole}.{cents}").parse::<Decimal>().ok())?
        };
        if cells.len() != names.len() {
            return None;
        }
        debits += plain(debit)?;
        credits += plain(credit)?;
        count += 1;
    }
    (report.lines == count).then_some((debits, credits))
}
