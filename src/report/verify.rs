//! `settle.verify/1`: what was looked at in a data folder, and what is wrong with it.

use serde::Serialize;

use crate::archive::{Checked, DocumentRecord, Finding, Mend};
use crate::domain::ExitCode;
use crate::ledger::Difference;

/// How deep was looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifyMode {
    /// Names, lengths, the catalog and the log.
    Structure,
    /// Every byte besides.
    Data,
    /// The bytes of a part that takes turns.
    Share,
    /// What is derived was made anew, and looked at.
    Rebuild,
}

/// An examination.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyDocument {
    /// `settle.verify/1`.
    pub schema: &'static str,
    /// How deep was looked.
    pub mode: VerifyMode,
    /// The part whose bytes were read, for example `7 of 30`.
    pub share: Option<String>,
    /// The data folder.
    pub data_dir: String,
    /// How much was looked at.
    pub checked: Checked,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// After a rebuild: what could not be carried over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Vec<String>>,
    /// The exit code that follows.
    pub exit: u8,
}

impl VerifyDocument {
    /// The document of an examination.
    #[must_use]
    pub fn new(mode: VerifyMode, data_dir: String, checked: Checked, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.severity);
        let mut document =
            Self { schema: "settle.verify/1", mode, share: None, data_dir, checked, findings, lost: None, exit: 0 };
        document.exit = document.exit_code().number();
        document
    }

    /// The same, of a part.
    #[must_use]
    pub fn of_share(mut self, share: Option<String>) -> Self {
        self.share = share;
        self
    }

    /// The same, with what a rebuild could not carry over.
    #[must_use]
    pub fn after_rebuild(mut self, lost: Vec<String>) -> Self {
        self.lost = Some(lost);
        self
    }

    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.findings.iter().any(Finding::is_damage) { ExitCode::Storage } else { ExitCode::Done }
    }
}

/// What the differences of a document come to.
#[must_use]
pub fn document_findings(record: &DocumentRecord, raw: &str, differences: &[Difference]) -> Vec<Finding> {
    differences.iter().map(|difference| finding(record, raw, difference)).collect()
}

fn finding(record: &DocumentRecord, raw: &str, difference: &Difference) -> Finding {
    let name = &record.source_name;
    let derived = record.derived_path.clone().unwrap_or_default();
    let of_source = || Mend::import(name, raw);
    match difference {
        Difference::Bytes { computed } => {
            Finding::damage("raw_damaged", raw, format!("the stored bytes of {name} are not those of its name"))
                .instead(&record.id, computed)
                .mended_by(of_source())
        }
        Difference::Unreadable { why } => {
            Finding::damage("raw_missing", raw, format!("the stored bytes of {name} cannot be read: {why}"))
                .mended_by(of_source())
        }
        Difference::Refused { why } => Finding::warning(
            "raw_refused",
            raw,
            format!("the bytes are sound, and are no longer read as a report: {why}"),
        ),
        Difference::Seal { sealed, found } => {
            let text = |bytes: u64, crc: u32| format!("{bytes} bytes, CRC-32 {crc:08x}");
            let found = found.map_or("nothing".to_owned(), |found| text(found.bytes, found.crc32));
            Finding::damage("derived_damaged", derived, format!("the Parquet file of {name} is not as it was written"))
                .instead(text(sealed.bytes, sealed.crc32), found)
                .mended_by(Mend::rebuild())
        }
        Difference::Value { row, column, document, parquet } => {
            Finding::damage("derived_differs", derived, format!("row {row}, `{column}`: Parquet is not {name}"))
                .instead(document, parquet)
                .mended_by(Mend::rebuild())
        }
        Difference::Rows { why } => {
            Finding::damage("derived_differs", derived, format!("the Parquet file is not {name}: {why}"))
                .mended_by(Mend::rebuild())
        }
        Difference::Catalog { column, document, catalog } => {
            let text = format!("`{column}` of {name} ({}) is not what the document says", record.id.short());
            Finding::damage("catalog_differs", "catalog.sqlite", text)
                .instead(document, catalog)
                .mended_by(Mend::rebuild())
        }
        Difference::Totals => {
            Finding::damage("totals_differ", derived, format!("the totals of Parquet are not those of {name}"))
                .mended_by(Mend::rebuild())
        }
    }
}
