//! The transaction reports: refunds, captures, authorizations, order references, billing agreements.
//!
//! The header is line 1, without a preamble. A report has one row for each state of an object, so the
//! same refund stands there as Pending and as Completed: [`latest_states`] folds by the last update,
//! never by the order in the file (seen in a real refund report). The columns of the last three are
//! not public; they are read by analogy, and every column that is not understood is kept.

use std::collections::HashMap;

use csv::StringRecord;

use super::chunks::{Chunk, ends_in_quotes};
use super::fault::{Fault, ReadError, Warning};
use super::identify::DocumentKind;
use super::privacy::{Privacy, is_personal};
use super::settlement::record_fault;
use super::table::{self, CellFault, Header};
use crate::domain::{Amount, Currency, Instant};

/// One state of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// Line in the file, from 1.
    pub line: u64,
    /// The object's id: refund, capture, authorization, order reference or billing agreement.
    pub object_id: String,
    /// The merchant's reference of the object.
    pub reference_id: String,
    /// The capture it belongs to.
    pub capture_id: String,
    /// The authorization it belongs to.
    pub authorization_id: String,
    /// The order reference it belongs to.
    pub order_reference_id: String,
    /// Its amount, positive; not every report has one.
    pub amount: Option<Amount>,
    /// The amount's currency.
    pub currency: Option<Currency>,
    /// Its state, as printed.
    pub status: String,
    /// The reason code of the state; `None` as printed by notifications is empty.
    pub reason: String,
    /// `RefundType`, where there is one.
    pub object_type: String,
    /// When the state was reached.
    pub updated: Option<Instant>,
    /// When the object was created.
    pub created: Option<Instant>,
    /// Cells of other columns as a JSON object of strings; empty where there are none.
    pub extra: String,
}

/// Column names of one report, by what they mean. An empty name is a column that the report lacks.
struct Names {
    kind: DocumentKind,
    object_id: &'static str,
    reference_id: &'static str,
    amount: &'static str,
    status: &'static [&'static str],
}

const NAMES: [Names; 5] = [
    Names {
        kind: DocumentKind::Refund,
        object_id: "AmazonRefundId",
        reference_id: "RefundReferenceId",
        amount: "RefundAmount",
        status: &["RefundStatus"],
    },
    Names {
        kind: DocumentKind::Capture,
        object_id: "AmazonCaptureId",
        reference_id: "CaptureReferenceId",
        amount: "CaptureAmount",
        status: &["CaptureStatus"],
    },
    Names {
        kind: DocumentKind::Authorization,
        object_id: "AmazonAuthorizationId",
        reference_id: "AuthorizationReferenceId",
        amount: "AuthorizationAmount",
        status: &["AuthorizationStatus", "Status"],
    },
    Names {
        kind: DocumentKind::OrderReference,
        object_id: "AmazonOrderReferenceId",
        reference_id: "SellerOrderId",
        amount: "OrderTotal",
        status: &["OrderReferenceStatus", "Status"],
    },
    Names {
        kind: DocumentKind::BillingAgreement,
        object_id: "AmazonBillingAgreementId",
        reference_id: "SellerBillingAgreementId",
        amount: "",
        status: &["BillingAgreementStatus", "Status"],
    },
];

/// Reads every row of a transaction report.
///
/// # Errors
/// The first fault with its line and column.
pub(super) fn read_transactions(
    file: &str,
    kind: DocumentKind,
    chunks: &mut dyn Iterator<Item = Result<Chunk, Fault>>,
    privacy: &Privacy,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<TransactionRecord>, ReadError> {
    let mut columns: Option<Columns> = None;
    let mut rows = Vec::new();
    for chunk in chunks {
        let chunk = chunk.map_err(|fault| fault.at(file, None, None))?;
        let mut reader = table::records(&chunk.text);
        let mut record = StringRecord::new();
        let mut last = (0, chunk.first_line);
        loop {
            let (start, line) = table::record_start(&chunk.text, reader.position());
            let line = chunk.first_line + line - 1;
            match reader.read_record(&mut record) {
                Ok(true) => last = (start, line),
                Ok(false) => break,
                Err(why) => return Err(record_fault(&why).at(file, line, None)),
            }
            let Some(columns) = &columns else {
                columns = Some(Columns::new(kind, &record, warnings).map_err(|fault| fault.at(file, line, None))?);
                continue;
            };
            if !table::is_blank(&record) {
                let row = columns.read_row(&record, line, privacy);
                rows.push(row.map_err(|CellFault { column, fault }| fault.at(file, line, column.as_deref()))?);
            }
        }
        let (start, line) = last;
        if chunk.last && ends_in_quotes(chunk.text.get(start..).unwrap_or_default()) {
            return Err(Fault::EndsInQuotes.at(file, line, None));
        }
    }
    Ok(rows)
}

/// The latest state of every object: the greatest last update wins, and among equal ones the state
/// that does not say Pending, then the earlier line (reports print the newest first).
#[must_use]
pub fn latest_states(rows: &[TransactionRecord]) -> Vec<&TransactionRecord> {
    let mut latest: HashMap<&str, &TransactionRecord> = HashMap::new();
    for row in rows {
        let newer = |known: &TransactionRecord| {
            let rank = |row: &TransactionRecord| (row.updated, !row.status.eq_ignore_ascii_case("pending"));
            rank(row) > rank(known)
        };
        latest
            .entry(&row.object_id)
            .and_modify(|known| {
                if newer(known) {
                    *known = row
                }
            })
            .or_insert(row);
    }
    let mut states: Vec<&TransactionRecord> = latest.into_values().collect();
    states.sort_by_key(|row| row.line);
    states
}

struct Columns {
    header: Header,
    object_id: usize,
    texts: [Option<usize>; 7],
    amount: Option<usize>,
    currency: Option<usize>,
    updated: Option<usize>,
    created: Option<usize>,
    others: Vec<(usize, String)>,
}

impl Columns {
    fn new(kind: DocumentKind, record: &StringRecord, warnings: &mut Vec<Warning>) -> Result<Self, Fault> {
        let header = Header::new(record)?;
        let names = NAMES.iter().find(|names| names.kind == kind);
        let names = names.ok_or(Fault::MissingColumn { name: "Amazon…Id", have: Vec::new() })?;
        let object_id = header.require(names.object_id)?;
        let status = names.status.iter().find_map(|name| header.find(name));
        if status.is_none() {
            let name = names.status.first().copied().unwrap_or_default();
            let message = format!("the header has no column `{name}`; states cannot be told apart");
            warnings.push(Warning { code: "missing_column", line: Some(1), message });
        }
        let unless_object = |name: &str| header.find(name).filter(|index| *index != object_id);
        let texts = [
            header.find(names.reference_id),
            unless_object("AmazonCaptureId"),
            unless_object("AmazonAuthorizationId"),
            unless_object("AmazonOrderReferenceId"),
            status,
            header.find("ReasonCode"),
            header.find("RefundType"),
        ];
        let amount = header.find(names.amount).filter(|_| !names.amount.is_empty());
        let currency = amount.map(|_| header.require("CurrencyCode")).transpose()?;
        let updated = header.find("LastUpdateTimestamp");
        let created = header.find("CreationTimestamp");
        let mut known = vec![object_id];
        known.extend(texts.iter().chain([&amount, &currency, &updated, &created]).flatten());
        let others = header.others(&known);
        Ok(Self { object_id, texts, amount, currency, updated, created, others, header })
    }

    fn read_row(&self, record: &StringRecord, line: u64, privacy: &Privacy) -> Result<TransactionRecord, CellFault> {
        self.header.check_width(record)?;
        let text = |index: usize| record.get(index).unwrap_or_default();
        if text(self.object_id).trim().is_empty() {
            let column = Some(self.header.name(self.object_id).to_owned());
            return Err(CellFault { column, fault: Fault::EmptyCell });
        }
        let present = |index: Option<usize>| index.filter(|index| !text(*index).trim().is_empty());
        let (amount, currency) = match (present(self.amount), self.currency) {
            (Some(amount), Some(currency)) => {
                let currency = self.header.currency(record, currency)?;
                (Some(self.header.amount(record, amount, currency)?), Some(currency))
            }
            _ => (None, None),
        };
        let instant = |index| present(index).map(|index| self.header.timestamp(record, index)).transpose();
        let [reference_id, capture_id, authorization_id, order_reference_id, status, reason, object_type] =
            self.texts.map(|index| index.map_or_else(String::new, |index| text(index).to_owned()));
        Ok(TransactionRecord {
            line,
            object_id: text(self.object_id).trim().to_owned(),
            reference_id,
            capture_id,
            authorization_id,
            order_reference_id,
            amount,
            currency,
            status,
            reason: if reason == "None" { String::new() } else { reason },
            object_type,
            updated: instant(self.updated)?,
            created: instant(self.created)?,
            extra: self.extra(record, privacy),
        })
    }

    fn extra(&self, record: &StringRecord, privacy: &Privacy) -> String {
        let cells: Vec<(&str, String)> = self
            .others
            .iter()
            .filter_map(|(index, name)| {
                let cell = record.get(*index).unwrap_or_default();
                let kept = if is_personal(name) { privacy.apply(cell) } else { Some(cell.to_owned()) };
                kept.map(|cell| (name.as_str(), cell))
            })
            .collect();
        let mut extra = String::new();
        table::write_extra(&mut extra, cells.iter().map(|(name, cell)| (*name, cell.as_str())));
        extra
    }
}
