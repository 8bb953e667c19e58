//! What was fetched, for people: a few lines an account.

use super::table::{Paint, clean};
use crate::report::{FetchDocument, FetchedAccount, ImportState};

/// The document as text. What went wrong is said on standard error; here it is only counted.
#[must_use]
pub fn fetch_text(document: &FetchDocument, paint: Paint) -> String {
    let mut out = String::new();
    for account in &document.accounts {
        let heading = format!("{} ({}, {})", clean(&account.account), account.source, account.environment);
        out.push_str(&format!("{}\n", paint.heading(&heading)));
        out.push_str(&format!("  {}\n", line(account, document.dry_run)));
        for file in &account.lacking {
            out.push_str(&format!("  would be fetched: {}\n", clean(file)));
        }
        for report in &account.reports {
            let id = report.settlement_id.as_ref().map_or_else(String::new, |id| format!("  {}", clean(id.as_str())));
            let word = report.state.word();
            out.push_str(&format!("  {word:<13} {}  {} rows{id}\n", clean(&report.file), report.rows));
        }
    }
    out
}

fn line(account: &FetchedAccount, dry_run: bool) -> String {
    let lacking = if dry_run { account.lacking.len() } else { 0 };
    let count = |wanted: ImportState| account.reports.iter().filter(|report| report.state == wanted).count();
    let mut parts = vec![format!("{} listed at Amazon", account.listed)];
    if dry_run {
        parts.push(format!("{lacking} not here yet"));
    } else {
        parts.push(format!("{} new", count(ImportState::Imported) + count(ImportState::Replaces)));
    }
    for (state, words) in [
        (ImportState::Replaces, "in place of others, as decided"),
        (ImportState::AlreadyKnown, "with bytes that were here already"),
        (ImportState::Conflict, "in conflict"),
        (ImportState::Rejected, "not readable"),
    ] {
        if count(state) > 0 {
            parts.push(format!("{} {words}", count(state)));
        }
    }
    if !account.left.is_empty() {
        parts.push(format!("{} not to be had", account.left.len()));
    }
    if account.waiting > 0 {
        parts.push(format!("{} still in the making", account.waiting));
    }
    if account.error.is_some() {
        parts.push("ended early".to_owned());
    }
    parts.join(", ")
}
