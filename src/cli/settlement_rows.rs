//! The rows of a settlement through either door: its Parquet file in the archive, else the file itself.

use std::sync::Arc;

use super::failure::Failure;
use crate::archive::Archive;
use crate::domain::ExitCode;
use crate::ledger::{PieceReceiver, READER_VERSION, Remembered, Seal, scan_rows};
use crate::parse::{Input, ReadOptions, RowSink, read_document};
use crate::reconcile::SettlementDocument;

/// Hands every row of a settlement to sinks, one for each piece, in the order of the file.
pub(super) fn settlement_rows<S: RowSink + 'static>(
    document: &SettlementDocument,
    input: &Input,
    archive: Option<&Archive>,
    options: &ReadOptions,
    make: Arc<dyn Fn() -> S + Send + Sync>,
) -> Result<Vec<S>, Failure> {
    if let Some(archive) = archive
        && let Some(sinks) = from_parquet(document, archive, options, &*make)?
    {
        return Ok(sinks);
    }
    let mut receiver = PieceReceiver::new(make);
    let read = read_document(input, options, &mut receiver, None);
    let read = read.map_err(|refused| Failure::from(refused.error))?;
    if read.id != document.id {
        let message = format!("{} changed while it was read", document.file);
        return Err(Failure::new(ExitCode::Storage, message));
    }
    Ok(receiver.finish())
}

/// From the Parquet file, where it is as it was written.
fn from_parquet<S: RowSink>(
    document: &SettlementDocument,
    archive: &Archive,
    options: &ReadOptions,
    make: &(dyn Fn() -> S + Send + Sync),
) -> Result<Option<Vec<S>>, Failure> {
    let Some(record) = archive.catalog.find(&document.id)? else { return Ok(None) };
    let remembered = record.digest.as_deref().filter(|_| record.reader_version == READER_VERSION);
    let remembered: Option<Remembered> = remembered.and_then(|text| serde_json::from_str(text).ok());
    let (Some(remembered), Some(derived)) = (remembered, record.derived_path) else { return Ok(None) };
    let path = archive.root().join(derived);
    let whole = Seal::of(&path).ok().is_some_and(|seal| remembered.seal == Some(seal));
    let Some(digest) = remembered.digest.filter(|_| whole) else { return Ok(None) };
    // A file that is whole and cannot be read is one of an older form: the document itself is still there.
    Ok(scan_rows(&path, &digest.known(), options.workers, &make).ok())
}
