//! The folder of one case that can be sent: a checklist, its rows as CSV, and the lines of the sources.
//!
//! Excerpts are the very bytes of the files, with each file's hash, so that a reader can compare them with the
//! reports. They come from settlements, refund reports, notifications and the Dispute API; capture reports name
//! the buyer and are only referred to.

use super::csv::{Cell, CsvDialect, CsvText};
use super::table::clean;
use super::writer::WriteError;
use crate::domain::DocumentId;
use crate::report::CaseLine;

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Its name in the folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The lines of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceExcerpt {
    /// The file as the user knows it.
    pub file: String,
    /// Its hash, where it is known.
    pub sha256: Option<DocumentId>,
    /// The lines, as they stand in the file.
    pub bytes: Vec<u8>,
    /// The extension of the excerpt, by what the source is.
    pub extension: &'static str,
}

/// Columns of the rows.
const COLUMNS: [&str; 10] =
    ["file", "line", "sha256", "posted", "settlement_id", "type", "transaction_id", "amount", "fee", "net"];

/// The files of one case.
///
/// # Errors
/// Never with texts in memory; the csv crate's own signature has one.
pub fn evidence_files(case: &CaseLine, excerpts: &[SourceExcerpt]) -> Result<Vec<EvidenceFile>, WriteError> {
    let csv = rows_csv(case).map_err(|why| WriteError::from(std::io::Error::from(why)))?;
    let named = |place: usize, excerpt: &SourceExcerpt| format!("sources/{:02}.{}", place + 1, excerpt.extension);
    let mut files = vec![
        EvidenceFile { name: "checklist.md".to_owned(), bytes: checklist(case, excerpts, &named).into_bytes() },
        EvidenceFile { name: "rows.csv".to_owned(), bytes: csv.into_bytes() },
    ];
    files.extend(
        excerpts
            .iter()
            .enumerate()
            .map(|(place, excerpt)| EvidenceFile { name: named(place, excerpt), bytes: excerpt.bytes.clone() }),
    );
    Ok(files)
}

fn rows_csv(case: &CaseLine) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(CsvDialect::Plain);
    let mut header = COLUMNS.to_vec();
    header.push("currency");
    text.header(&header)?;
    for row in &case.rows {
        text.row(&[
            Cell::Text(&row.file),
            Cell::Count(row.line),
            Cell::Text(row.sha256.as_str()),
            Cell::Text(&row.posted),
            Cell::Text(row.settlement_id.as_str()),
            Cell::Text(&row.word),
            Cell::text(row.transaction_id.as_deref()),
            Cell::Amount(row.amount),
            Cell::Amount(row.fee),
            Cell::Amount(row.net),
            Cell::Text(row.net.currency().code()),
        ])?;
    }
    text.finish()
}

/// What a line says where nothing is known.
const NOT_KNOWN: &str = "not in reports";

fn checklist(case: &CaseLine, excerpts: &[SourceExcerpt], named: &dyn Fn(usize, &SourceExcerpt) -> String) -> String {
    let shown = |text: Option<&str>| text.map_or_else(|| NOT_KNOWN.to_owned(), plain);
    let currency = case.currency.map_or("", |currency| currency.code());
    let amount = |amount: Option<crate::domain::Money>| {
        amount.map_or(NOT_KNOWN.to_owned(), |amount| format!("{amount} {currency}"))
    };
    let deadline = match (&case.respond_by, case.respond_by_basis) {
        (Some(at), Some(basis)) => format!("{at} ({basis})"),
        _ => NOT_KNOWN.to_owned(),
    };
    let captured = case.captured.map_or(NOT_KNOWN.to_owned(), |amount| format!("{amount} {}", amount.currency()));
    let facts = [
        ("Kind", case.kind.replace('_', " ")),
        ("Account", plain(case.account.as_str())),
        ("Order reference", shown(case.order_reference_id.as_deref())),
        ("Your order number", shown(case.seller_order_id.as_deref())),
        ("Store", shown(case.store_name.as_deref())),
        ("Reason", shown(case.reason.as_deref())),
        ("Respond by", deadline),
        ("Status", format!("{} (per {})", case.status.replace('_', " "), case.status_basis)),
        ("Capture", shown(case.capture_id.as_deref())),
        ("Captured", captured),
        ("Captured at", shown(case.captured_at.as_deref())),
        ("Claimed", amount(case.claimed)),
        ("Debited", amount(case.whole.map(|whole| whole.disputed).or(case.disputed))),
        ("Credited", amount(case.whole.map(|whole| whole.recovered).or(case.recovered))),
    ];
    let mut text = format!("# Dispute {}\n\n", plain(&case.case_id));
    for (name, value) in facts {
        text.push_str(&format!("- {name}: {value}\n"));
    }
    text.push_str("\n## To gather\n\n");
    for piece in &case.evidence {
        text.push_str(&format!("- [ ] {}: {}\n", piece.evidence_type, piece.what));
    }
    text.push_str("\n## Here already\n\n");
    for row in &case.rows {
        let (file, word) = (plain(&row.file), plain(&row.word));
        text.push_str(&format!("- [x] {}: {word}, {} {currency}, {file}, line {}\n", row.posted, row.net, row.line));
    }
    text.push_str(&format!("- [{}] the capture\n", if case.capture_id.is_some() { "x" } else { " " }));
    if case.refunds.is_empty() {
        text.push_str("- [x] refund history: no refund by you is known\n");
    }
    for refund in &case.refunds {
        let amount = refund.amount.map_or(NOT_KNOWN.to_owned(), |amount| format!("{amount} {}", amount.currency()));
        let line = refund.line.map_or_else(String::new, |line| format!(", line {line}"));
        let (at, file) = (shown(refund.at.as_deref()), plain(&refund.file));
        text.push_str(&format!("- [x] your refund {}, {amount}, {at}, {file}{line}\n", plain(&refund.refund_id)));
    }
    for sentence in &case.flag_sentences {
        text.push_str(&format!("- note: {sentence}\n"));
    }
    text.push_str("\n## Sources\n\n");
    for (place, excerpt) in excerpts.iter().enumerate() {
        let hash = excerpt.sha256.as_ref().map_or_else(String::new, |hash| format!(", SHA-256 `{hash}`"));
        text.push_str(&format!("- {}: lines of {}{hash}\n", named(place, excerpt), plain(&excerpt.file)));
    }
    text
}

/// Foreign text as one line of Markdown that draws nothing.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in clean(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '#') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_draws_nothing_in_markdown() {
        assert_eq!(plain("[x](http://a) <b>\n`#"), "\\[x\\](http://a) \\<b\\>\u{fffd}\\`\\#");
    }
}
