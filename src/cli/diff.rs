//! `settle diff`: two versions of a settlement, or a closed month and the same month now.
//!
//! Rows are compared as a multiset of fingerprints, so neither side is ever held in memory; what differs is read
//! again. Ends with 5 where anything differs.

use std::path::{Path, PathBuf};

use super::accounts::Accounts;
use super::args::{Common, Format};
use super::args_after::DiffArgs;
use super::compare::{Comparison, Part};
use super::edition::Editions;
use super::failure::Failure;
use super::load::{gather_named, named_settings, read_options};
use super::world::World;
use crate::archive::{Archive, DocumentRecord};
use crate::domain::{ExitCode, Month, SettlementId};
use crate::export::{Paint, Target, WriteError, clean, diff_csv, diff_text, json_text};
use crate::parse::{DocumentKind, Input};
use crate::reconcile::{Restated, RowRange};
use crate::report::{DiffDocument, DiffEnd, DiffTallies};

/// The fewest digits of a hash that name a document.
const HASH_DIGITS_MIN: usize = 4;

pub(super) fn run(common: &Common, args: &DiffArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if let Some(form @ (Format::Xlsx | Format::Html | Format::Ics)) = common.format {
        return Err(Failure::no_form("a comparison", form, "text, json or csv"));
    }
    let document = match (&args.month, &args.settlement, &args.before, &args.after) {
        (Some(month), ..) => of_month(*month, common, world)?,
        (None, Some(settlement), ..) => of_settlement(settlement, common, world)?,
        (None, None, Some(before), Some(after)) => of_two(before, after, common, world)?,
        _ => return Err(Failure::new(ExitCode::Usage, "name two documents, or --settlement, or --month")),
    };
    let target = Target::new(common.output.as_deref());
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let text = match common.format {
        Some(Format::Json) => json_text(&document)?,
        Some(Format::Csv) => diff_csv(&document, args.csv_dialect)?,
        _ => diff_text(&document, paint, common.verbose > 0),
    };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(document.exit_code())
}

/// Two documents, each a file or a hash.
fn of_two(before: &Path, after: &Path, common: &Common, world: &mut World<'_>) -> Result<DiffDocument, Failure> {
    let files = [before, after].map(Path::exists);
    let (settings, archive) = if files == [true, true] {
        (named_settings(common, world)?, None)
    } else {
        let settings = super::config::load(common, world)?;
        let archive = Archive::open_existing(&settings.data_dir)?;
        (Some(settings), Some(archive))
    };
    let sides = [before, after].map(|path| side_of(path, archive.as_ref(), world));
    let [before, after] = sides;
    let accounts = Accounts::new(settings, &[], None);
    let comparison = Comparison {
        archive: archive.as_ref(),
        options: read_options(world),
        zone: accounts.common_zone(),
        before: vec![before?],
        after: vec![after?],
    };
    comparison.of_documents()
}

/// What the user's word names: a file that is there, else a document of the archive.
fn side_of(path: &Path, archive: Option<&Archive>, world: &mut World<'_>) -> Result<Part, Failure> {
    if path.exists() {
        return Ok(Part::file(one_input(path, world)?));
    }
    let text = path.display().to_string();
    let named = |record: &DocumentRecord| {
        let hash = text.len() >= HASH_DIGITS_MIN && record.id.as_str().starts_with(&text.to_lowercase());
        hash || record.source_name == text
    };
    let settlements = match archive {
        Some(archive) => archive.catalog.documents_of_kind(DocumentKind::Settlement.word())?,
        None => Vec::new(),
    };
    let found: Vec<&DocumentRecord> = settlements.iter().filter(|record| named(record)).collect();
    match found.as_slice() {
        [one] => Ok(Part::stored(one.id.clone(), &one.source_name)),
        [] => {
            let message = format!("`{}` is neither a file nor a settlement of the archive", clean(&text));
            Err(Failure::new(ExitCode::Usage, message)
                .with_hint("name a file, or a hash by at least four digits; settle report -v lists hashes"))
        }
        several => {
            let names: Vec<String> =
                several.iter().map(|record| format!("{} ({})", record.id.short(), record.source_name)).collect();
            let message = format!("`{}` names several documents: {}", clean(&text), names.join(", "));
            Err(Failure::new(ExitCode::Usage, message))
        }
    }
}

/// The one report in a file; an archive of several is not one document.
fn one_input(path: &Path, world: &mut World<'_>) -> Result<Input, Failure> {
    let mut gathered = gather_named(&[PathBuf::from(path)], world);
    if let Some(error) = gathered.errors.pop() {
        return Err(error.into());
    }
    match (gathered.inputs.pop(), gathered.inputs.len()) {
        (Some(input), 0) => Ok(input),
        _ => Err(Failure::new(
            ExitCode::Usage,
            format!("{}: a comparison needs one report on each side", path.display()),
        )),
    }
}

/// The two documents of a settlement, the one that came first before the other.
fn of_settlement(settlement: &str, common: &Common, world: &mut World<'_>) -> Result<DiffDocument, Failure> {
    let settings = super::config::load(common, world)?;
    let archive = Archive::open_existing(&settings.data_dir)?;
    let accounts = Accounts::new(Some(settings), &common.account, None);
    let wanted = SettlementId::new(settlement);
    let mut found: Vec<DocumentRecord> = archive.catalog.documents_of_kind(DocumentKind::Settlement.word())?;
    found.retain(|record| record.settlement_id.as_ref() == Some(&wanted) && accounts.wants(record.seller_id.as_ref()));
    let [before, after] = found.as_slice() else {
        let hashes: Vec<String> = found.iter().map(|record| record.id.short().to_owned()).collect();
        let message = match found.len() {
            0 => format!("the archive has no settlement `{}`", clean(settlement)),
            1 => format!("the archive has settlement {} once only: {}", clean(settlement), hashes.join(", ")),
            many => {
                format!("the archive has {many} documents of settlement {}: {}", clean(settlement), hashes.join(", "))
            }
        };
        let hint = "settle resolve lists settlements that are there more than once; name two documents by their hashes";
        return Err(Failure::new(ExitCode::Usage, message).with_hint(hint));
    };
    let comparison = Comparison {
        archive: Some(&archive),
        options: read_options(world),
        zone: accounts.zone(before.seller_id.as_ref()),
        before: vec![Part::stored(before.id.clone(), &before.source_name)],
        after: vec![Part::stored(after.id.clone(), &after.source_name)],
    };
    comparison.of_documents()
}

/// A closed month as it was closed, and as it would be now.
fn of_month(month: Month, common: &Common, world: &mut World<'_>) -> Result<DiffDocument, Failure> {
    let settings = super::config::load(common, world)?;
    let editions = Editions::of(month, &settings, &common.account, None, world)?;
    let parts = |range: fn(&Restated) -> Option<RowRange>| -> Vec<Part> {
        let part = |one: &Restated| Some(Part::stored(one.document.clone(), &one.file).only(one.currency, range(one)?));
        editions.moved.iter().filter_map(part).collect()
    };
    let ask = &editions.present.ask;
    let comparison = Comparison {
        archive: Some(&editions.stand.archive),
        options: read_options(world),
        zone: ask.period.zone(),
        before: parts(|one| one.then),
        after: parts(|one| one.now),
    };
    let titles = [format!("{month} as it was closed"), format!("{month} as it would be now")];
    let mut document = comparison.of_parts(titles)?;
    let mut tallies = DiffTallies::default();
    editions.closed.add_to(&mut tallies, DiffEnd::Before);
    editions.present.add_to(&mut tallies, DiffEnd::After);
    let read: u64 = document.before.documents.iter().map(|source| source.rows).sum();
    document.counts.same += editions.closed.rows().saturating_sub(read);
    document.totals = tallies.totals()?;
    document.period = Some(ask.range(&ask.period));
    Ok(document)
}
