//! What was examined, copied, restored, removed and logged, for people.

use super::csv::{Cell, CsvDialect, CsvText};
use super::table::{Paint, clean, counted};
use super::writer::WriteError;
use crate::archive::{Finding, Severity};
use crate::report::{BackupDocument, EventsDocument, RemovalDocument, RestoreDocument, VerifyDocument, VerifyMode};

/// Findings shown before the rest is counted; JSON has all.
const SHOWN: usize = 200;

/// An examination as text: a line for each finding with what to do about it, then how much was looked at.
#[must_use]
pub fn verify_text(document: &VerifyDocument, paint: Paint, notices: Notices) -> String {
    let shown = |finding: &&Finding| notices == Notices::Show || finding.severity != Severity::Notice;
    let findings: Vec<&Finding> = document.findings.iter().filter(shown).collect();
    let mut out: String = findings.iter().take(SHOWN).map(|finding| finding_lines(finding, paint)).collect();
    if findings.len() > SHOWN {
        out.push_str(&format!("and {} more (--format json has all)\n", findings.len() - SHOWN));
    }
    for lost in document.lost.iter().flatten() {
        out.push_str(&format!("lost: {}\n", clean(lost)));
    }
    out.push_str(&looked_at(document));
    out.push_str(&verdict(document, paint));
    out
}

/// Whether what is only worth knowing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notices {
    /// Shown.
    Show,
    /// Counted.
    Count,
}

fn finding_lines(finding: &Finding, paint: Paint) -> String {
    let word = match finding.severity {
        Severity::Damage => paint.bad(finding.severity.word()),
        Severity::Warning => paint.heading(finding.severity.word()),
        Severity::Notice => finding.severity.word().to_owned(),
    };
    let mut text = format!("{word}: {}: {}\n", clean(&finding.file), clean(&finding.message));
    if let (Some(expected), Some(found)) = (&finding.expected, &finding.found) {
        text.push_str(&format!("    expected {}\n    found    {}\n", clean(expected), clean(found)));
    }
    if let Some(mend) = &finding.mend {
        text.push_str(&format!("    mend: {}\n", clean(&mend.command)));
    }
    text
}

fn looked_at(document: &VerifyDocument) -> String {
    let checked = &document.checked;
    let mut text = format!(
        "{}: {}, {}, {}, {}\n",
        clean(&document.data_dir),
        counted(checked.documents, "document"),
        counted(checked.raw_files, "stored file"),
        counted(checked.derived_files, "Parquet file"),
        counted(checked.events, "event"),
    );
    if checked.closes > 0 {
        text.push_str(&format!("{}, {}\n", counted(checked.closes, "close"), counted(checked.packs, "sealed pack")));
    }
    match document.mode {
        VerifyMode::Structure => {
            text.push_str("names, lengths, the catalog and the log; --read-data reads every byte\n")
        }
        VerifyMode::Rebuild => text.push_str("the catalog and the Parquet files were made anew\n"),
        VerifyMode::Data | VerifyMode::Share => {
            let share = document.share.as_ref().map(|share| format!(" (share {share})")).unwrap_or_default();
            text.push_str(&format!(
                "every byte of {}{share}, {} compared\n",
                counted(checked.documents_read, "document"),
                counted(checked.rows_compared, "row")
            ));
            if checked.documents_left > 0 {
                text.push_str(&format!("no time was left for {}\n", counted(checked.documents_left, "document")));
            }
        }
    }
    text
}

fn verdict(document: &VerifyDocument, paint: Paint) -> String {
    let count = |severity| document.findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    let (damages, warnings, notices) = (count(Severity::Damage), count(Severity::Warning), count(Severity::Notice));
    let mut text = if damages == 0 {
        paint.good("nothing is damaged")
    } else {
        paint.bad(&format!("{} found", counted(damages, "damage")))
    };
    for (number, word) in [(warnings, "warning"), (notices, "notice")] {
        if number > 0 {
            text.push_str(&format!(", {}", counted(number, word)));
        }
    }
    text.push('\n');
    text
}

/// A backup as text.
#[must_use]
pub fn backup_text(document: &BackupDocument, paint: Paint) -> String {
    let mut out: String = document.findings.iter().map(|finding| finding_lines(finding, paint)).collect();
    out.push_str(&format!(
        "{}: {}, {} ({} bytes); copied {} ({} bytes)\n",
        clean(&document.target),
        counted(document.documents, "document"),
        counted(document.files, "file"),
        document.bytes,
        counted(document.copied, "file"),
        document.copied_bytes,
    ));
    if document.findings.is_empty() {
        out.push_str("every copy was hashed while it was written\n");
    } else {
        out.push_str(&format!("{} not in the backup\n", counted(document.findings.len() as u64, "file")));
    }
    out
}

/// A restoration as text.
#[must_use]
pub fn restore_text(document: &RestoreDocument) -> String {
    let mut out = format!(
        "{}: restored {} ({} bytes) as they were on {}\n",
        clean(&document.data_dir),
        counted(document.files, "file"),
        document.bytes,
        document.backup_created
    );
    if let Some(moved) = &document.moved_to {
        out.push_str(&format!("the data folder that was there is now {}\n", clean(moved)));
    }
    for path in &document.lacking {
        out.push_str(&format!("lacking: {}; `settle verify` says what to do\n", clean(path)));
    }
    out
}

/// A removal as text.
#[must_use]
pub fn removal_text(document: &RemovalDocument) -> String {
    let mut out = String::new();
    for removed in &document.documents {
        let what = match removed.state {
            "removed" => "removed whole".to_owned(),
            _ => format!("the buyer taken out of {}", counted(removed.rows, "row")),
        };
        out.push_str(&format!("{} ({}): {what}\n", clean(&removed.file), removed.kind));
    }
    let would = if document.dry_run { " would be changed (--dry-run)" } else { " changed" };
    out.push_str(&format!("{}{would}\n", counted(document.documents.len() as u64, "document")));
    for note in &document.notes {
        out.push_str(&format!("note: {}\n", clean(note)));
    }
    out
}

/// The log as text: a line for each event.
#[must_use]
pub fn events_text(document: &EventsDocument) -> String {
    let width = document.events.iter().map(|event| event.number.to_string().len()).max().unwrap_or(1);
    let line = |event: &crate::report::EventLine| {
        let summary = clean(&event.summary);
        format!("{:>width$}  {}  {:<8} {summary}\n", event.number, event.at, clean(&event.kind))
    };
    let mut out: String = document.events.iter().map(line).collect();
    out.push_str(&format!("{}; the chain is {}\n", counted(document.events.len() as u64, "event"), document.chain));
    out
}

/// The log as CSV.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn events_csv(document: &EventsDocument, dialect: CsvDialect) -> Result<String, WriteError> {
    let mut csv = CsvText::new(dialect);
    let failed = |why: ::csv::Error| WriteError::from(std::io::Error::other(why));
    csv.header(&["number", "at", "kind", "summary", "hash", "facts"]).map_err(failed)?;
    for event in &document.events {
        let facts = event.facts.to_string();
        let cells = [
            Cell::Count(event.number),
            Cell::Text(&event.at),
            Cell::Text(&event.kind),
            Cell::Text(&event.summary),
            Cell::Text(&event.hash),
            Cell::Text(&facts),
        ];
        csv.row(&cells).map_err(failed)?;
    }
    csv.finish().map_err(failed)
}
