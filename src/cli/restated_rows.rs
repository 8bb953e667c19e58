//! Reads again the rows of documents that count otherwise than before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failure::Failure;
use crate::archive::Archive;
use crate::domain::{DocumentId, ExitCode, Month};
use crate::ledger::{Delivery, Remembered, RowBatch, RowVisitor, RowWalk, scan_rows};
use crate::parse::{Fault, Input, ReadOptions, SettlementRow, read_document};
use crate::reconcile::{Restated, RowRange, SettlementDocument};
use crate::report::{Ask, Shifts};

/// Where the rows of documents are read.
pub(super) enum RowSource<'a> {
    /// The archive.
    Archive { archive: &'a Archive, options: ReadOptions },
    /// Files by their hashes, without an archive.
    Files { files: &'a BTreeMap<DocumentId, Input>, options: ReadOptions },
}

impl RowSource<'_> {
    /// Shows every row of a document to a visitor: from its bytes, or from its Parquet file where they are gone.
    pub(super) fn each(&self, id: &DocumentId, file: &str, visitor: &mut dyn RowVisitor) -> Result<(), Failure> {
        match self {
            RowSource::Archive { archive, options } if archive.raw.contains(id) => {
                let declared = archive.catalog.content_type_of(id)?;
                let input = Input::stored(archive.raw.path(id)?, file).declared(declared.as_deref());
                each_of(&input, options, Some(id), visitor)
            }
            RowSource::Archive { archive, options } => each_kept(archive, options, id, file, visitor),
            RowSource::Files { files, options } => {
                let missing = || Failure::new(ExitCode::Storage, format!("{file}: the document {id} is not there"));
                each_of(files.get(id).ok_or_else(missing)?, options, Some(id), visitor)
            }
        }
    }
}

/// The rows of a document whose bytes are gone.
fn each_kept(
    archive: &Archive,
    options: &ReadOptions,
    id: &DocumentId,
    file: &str,
    visitor: &mut dyn RowVisitor,
) -> Result<(), Failure> {
    let gone = || {
        let message = format!("{file}: neither the stored document {} nor its rows are there", id.short());
        Failure::new(ExitCode::Storage, message).with_hint("bring the file in again with `settle import`")
    };
    let record = archive.catalog.find(id)?.ok_or_else(gone)?;
    let remembered: Option<Remembered> = record.digest.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let (digest, path) = remembered.and_then(|known| known.digest).zip(record.derived_path).ok_or_else(gone)?;
    let path = archive.root().join(path);
    let make = || RowBatch::of(Arc::new(|_: &SettlementRow<'_>| true));
    let batches = scan_rows(&path, &digest.known(), options.workers, &make).map_err(|_| gone())?;
    visitor.begin();
    for batch in batches {
        batch.each(visitor).map_err(|fault| Failure::new(ExitCode::Storage, format!("{file}: {fault}")))?;
    }
    Ok(())
}

/// Shows every row of a file to a visitor, as it is read.
pub(super) fn each_of(
    input: &Input,
    options: &ReadOptions,
    expected: Option<&DocumentId>,
    visitor: &mut dyn RowVisitor,
) -> Result<(), Failure> {
    let mut walk = RowWalk::new(Arc::new(|_: &SettlementRow<'_>| true), Delivery::AsRead, visitor);
    let read = read_document(input, options, &mut walk, None).map_err(|refused| Failure::from(refused.error))?;
    walk.finish().map_err(|fault| Failure::new(ExitCode::Defect, fault.to_string()))?;
    match expected {
        Some(expected) if *expected != read.id => {
            let message =
                format!("{}: the stored document {} is not what its name says", input.name(), expected.short());
            Err(Failure::new(ExitCode::Storage, message).with_hint("bring the file in again with `settle import`"))
        }
        _ => Ok(()),
    }
}

/// The rows of these documents as shifts, by month of the account's zone at the close.
pub(super) fn shifts(
    moved: &[Restated],
    sides: &[&Vec<SettlementDocument>],
    ask: &Ask,
    source: &RowSource<'_>,
) -> Result<Shifts, Failure> {
    let mut shifts = Shifts::new();
    let mut by_document: BTreeMap<&DocumentId, Vec<&Restated>> = BTreeMap::new();
    for moved in moved {
        let known = sides.iter().flat_map(|side| side.iter()).find(|document| document.id == moved.document);
        if !known.is_some_and(|document| from_totals(moved, document, ask, &mut shifts)) {
            by_document.entry(&moved.document).or_default().push(moved);
        }
    }
    for (id, moved) in by_document {
        let Some(file) = moved.first().map(|moved| moved.file.clone()) else { continue };
        let mut fold = Fold { moved, ask, own: Shifts::new() };
        source.each(id, &file, &mut fold)?;
        for (key, shift) in fold.own {
            shifts.entry(key).or_default().merge(&shift);
        }
    }
    Ok(shifts)
}

/// The totals of a document tell enough where all its rows came or went and belong to one month.
fn from_totals(moved: &Restated, document: &SettlementDocument, ask: &Ask, shifts: &mut Shifts) -> bool {
    let zone = ask.zone_of(&moved.account);
    let month = |posted| Month::containing(posted, zone);
    let digest = &document.digest;
    let (Some(first), Some(last)) = (digest.first_posted, digest.last_posted) else { return true };
    let whole = |range: Option<RowRange>| range.is_none_or(|range| range == RowRange::ALL);
    let one_month = moved.month.or_else(|| (month(first) == month(last)).then(|| month(first)));
    let Some(month) = one_month.filter(|_| whole(moved.now) && whole(moved.then)) else { return false };
    let sign = moved.sign(first);
    for bucket in digest.buckets.iter().filter(|bucket| bucket.currency == moved.currency) {
        let key = (moved.account.clone(), moved.currency, month, bucket.kind);
        shifts.entry(key).or_default().add_tally(&bucket.tally, sign);
    }
    true
}

/// Folds the rows of one document.
struct Fold<'a> {
    moved: Vec<&'a Restated>,
    ask: &'a Ask,
    own: Shifts,
}

impl RowVisitor for Fold<'_> {
    fn begin(&mut self) {
        self.own.clear();
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        let Some(moved) = self.moved.iter().find(|moved| moved.currency == row.currency) else { return Ok(()) };
        let sign = moved.sign(row.posted);
        if sign != 0 {
            let month = month_of(moved, row, self.ask);
            let key = (moved.account.clone(), moved.currency, month, row.kind);
            self.own.entry(key).or_default().add_row(row, sign);
        }
        Ok(())
    }
}

/// The month to which a row belongs.
pub(super) fn month_of(moved: &Restated, row: &SettlementRow<'_>, ask: &Ask) -> Month {
    moved.month.unwrap_or_else(|| Month::containing(row.posted, ask.zone_of(&moved.account)))
}
