//! What the catalog knows of one document, and how that is a row of the table.

use rusqlite::types::Type;
use rusqlite::{Row, named_params};
use sha2::{Digest, Sha256};

use super::events::hex;
use crate::domain::{AccountName, Currency, DocumentId, SellerId, SettlementId};

/// Longest name kept of a file that a user brought: as long as file systems allow.
const NAME_CHARS_MAX: usize = 255;

/// One document of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRecord {
    /// The hash of its bytes, its name in the raw store.
    pub id: DocumentId,
    /// The word for its format (contract §6, `sources[].kind`).
    pub kind: String,
    /// The merchant that it names.
    pub seller_id: Option<SellerId>,
    /// The account that it was brought in for.
    pub account: Option<AccountName>,
    /// The file name that the user gave; only its last part is kept, without control characters.
    pub source_name: String,
    /// Its length.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The settlement that it describes.
    pub settlement_id: Option<SettlementId>,
    /// The currencies that occur in it.
    pub currencies: Vec<Currency>,
    /// First instant of the period that it covers, milliseconds since 1970 UTC.
    pub period_start_ms: Option<i64>,
    /// Last instant of the period that it covers, milliseconds since 1970 UTC.
    pub period_end_ms: Option<i64>,
    /// Earliest row, milliseconds since 1970 UTC.
    pub first_posted_ms: Option<i64>,
    /// Latest row, milliseconds since 1970 UTC.
    pub last_posted_ms: Option<i64>,
    /// When it was brought in, milliseconds since 1970 UTC.
    pub imported_at_ms: i64,
    /// Its Parquet file, relative to the data folder.
    pub derived_path: Option<String>,
    /// What a higher floor wants to remember of it, JSON text that this floor does not read.
    pub digest: Option<String>,
    /// The version of the reader that understood it.
    pub reader_version: u32,
}

/// The columns, in the order in which [`DocumentRecord::from_row`] reads them.
pub(super) const COLUMNS: &str = "sha256, kind, seller_id, account, source_name, bytes, rows, settlement_id, \
     currencies, period_start_ms, period_end_ms, first_posted_ms, last_posted_ms, imported_at_ms, derived_path, \
     digest, reader_version";

/// The values of [`COLUMNS`], as [`DocumentRecord::write`] binds them.
pub(super) const VALUES: &str = ":sha256, :kind, :seller_id, :account, :source_name, :bytes, :rows, :settlement_id, \
     :currencies, :period_start_ms, :period_end_ms, :first_posted_ms, :last_posted_ms, :imported_at_ms, \
     :derived_path, :digest, :reader_version";

impl DocumentRecord {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: DocumentId::new(row.get::<_, String>(0)?),
            kind: row.get(1)?,
            seller_id: row.get::<_, Option<String>>(2)?.map(SellerId::new),
            account: row.get::<_, Option<String>>(3)?.map(AccountName::new),
            source_name: row.get(4)?,
            bytes: count(row, 5)?,
            rows: count(row, 6)?,
            settlement_id: row.get::<_, Option<String>>(7)?.map(SettlementId::new),
            currencies: currencies(row, 8)?,
            period_start_ms: row.get(9)?,
            period_end_ms: row.get(10)?,
            first_posted_ms: row.get(11)?,
            last_posted_ms: row.get(12)?,
            imported_at_ms: row.get(13)?,
            derived_path: row.get(14)?,
            digest: row.get(15)?,
            reader_version: row.get(16)?,
        })
    }

    /// The SHA-256 of everything that the catalog says of it, in hex: its event carries it, so that a value that
    /// changes in the catalog afterwards is found.
    #[must_use]
    pub fn seal(&self) -> String {
        let codes: Vec<&str> = self.currencies.iter().map(|currency| currency.code()).collect();
        let values = serde_json::json!([
            self.id.as_str(),
            self.kind,
            self.seller_id.as_ref().map(SellerId::as_str),
            self.account.as_ref().map(AccountName::as_str),
            sanitise_name(&self.source_name),
            self.bytes,
            self.rows,
            self.settlement_id.as_ref().map(SettlementId::as_str),
            codes,
            self.period_start_ms,
            self.period_end_ms,
            self.first_posted_ms,
            self.last_posted_ms,
            self.imported_at_ms,
            self.derived_path,
            self.digest,
            self.reader_version,
        ]);
        hex(&Sha256::digest(values.to_string().as_bytes()))
    }

    /// Runs a statement that takes all [`VALUES`]; tells how many rows it changed.
    pub(super) fn write(&self, statement: &mut rusqlite::CachedStatement<'_>) -> rusqlite::Result<usize> {
        let codes: Vec<&str> = self.currencies.iter().map(|currency| currency.code()).collect();
        statement.execute(named_params! {
            ":sha256": self.id.as_str(),
            ":kind": self.kind,
            ":seller_id": self.seller_id.as_ref().map(SellerId::as_str),
            ":account": self.account.as_ref().map(AccountName::as_str),
            ":source_name": sanitise_name(&self.source_name),
            ":bytes": integer(self.bytes),
            ":rows": integer(self.rows),
            ":settlement_id": self.settlement_id.as_ref().map(SettlementId::as_str),
            ":currencies": codes.join(","),
            ":period_start_ms": self.period_start_ms,
            ":period_end_ms": self.period_end_ms,
            ":first_posted_ms": self.first_posted_ms,
            ":last_posted_ms": self.last_posted_ms,
            ":imported_at_ms": self.imported_at_ms,
            ":derived_path": self.derived_path,
            ":digest": self.digest,
            ":reader_version": self.reader_version,
        })
    }
}

/// SQLite counts to 9.2e18, beyond the bytes of any disk.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

fn currencies(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Currency>> {
    let text: String = row.get(column)?;
    let codes = text.split(',').filter(|code| !code.is_empty());
    codes
        .map(|code| code.parse())
        .collect::<Result<_, _>>()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// The last part of a path as a user or an archive file gave it, fit to be printed: control characters
/// and those that turn the direction of writing become `_`.
#[must_use]
pub fn sanitise_name(name: &str) -> String {
    let base = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    base.chars().take(NAME_CHARS_MAX).map(|c| if c.is_control() || turns(c) { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_without_its_folder_and_without_tricks() {
        for (name, kept) in [
            ("report.csv", "report.csv"),
            ("/home/me/Amazon Pay/règlement.csv", "règlement.csv"),
            ("../../x.csv", "x.csv"),
            ("folder/", "folder"),
            ("a\u{1b}[31m\nb\u{202e}vsc.csv", "a_[31m_b_vsc.csv"),
            ("", ""),
        ] {
            assert_eq!(sanitise_name(name), kept);
        }
        assert_eq!(sanitise_name(&"é".repeat(400)).chars().count(), 255);
    }
}
