//! `settle purge` and `settle forget`: buyers' names, addresses and e-mails out of the archive.
//!
//! Only transaction reports name buyers. Settlements, which every accounting figure rests on, name none and are
//! never touched. Reports from which dispute figures are taken (captures, refunds) lose the cells that name a buyer
//! and keep the rest; the other kinds are removed whole by `purge`.

use std::collections::BTreeSet;
use std::io::Write;

use chrono::{NaiveDate, NaiveTime};

use super::args::Common;
use super::args_verify::{ForgetArgs, PurgeArgs};
use super::backup::{is_json, write};
use super::failure::Failure;
use super::load::read_options;
use super::world::World;
use crate::archive::{Archive, DocumentRecord, EventKind, Removal};
use crate::config::Settings;
use crate::domain::{ExitCode, tells_of_buyers};
use crate::export::{json_text, removal_text};
use crate::ledger::{Derived, Given, IngestError, newest_instant};
use crate::parse::{
    Content, DocumentKind, Input, ReadOptions, Redacted, ReportRow, Skim, each_row, read_document, redact, report_text,
};
use crate::report::{RemovalDocument, RemovedDocument};

/// Kinds from which figures about disputes are taken.
const KEPT_KINDS: [DocumentKind; 2] = [DocumentKind::Capture, DocumentKind::Refund];
/// Columns that say which order a row belongs to, in lower case.
const ORDER_COLUMNS: [&str; 3] = ["amazonorderreferenceid", "orderreferenceid", "sellerorderid"];
/// A shorter text would be found by chance.
const BUYER_CHARS_MIN: usize = 6;

/// What the law asks to keep, in general terms.
const RETENTION: &str = "settlements and payouts are accounting records, which most countries ask to keep for years \
     (France 10, Germany 8 to 10, United Kingdom 6); they name no buyer and were not touched";
const ELSEWHERE: &str = "backups, sealed packs, exports and evidence folders that were made before still hold what they \
     held; so do the files that were imported";

/// A document that changes.
struct Change {
    record: DocumentRecord,
    /// Its text without the buyers; `None` where it goes whole.
    redacted: Option<Redacted>,
}

pub(super) fn run(common: &Common, args: &PurgeArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a removal", common.format)?;
    let facts = serde_json::json!({ "before": args.before.to_string() });
    let ground = Ground { kind: EventKind::Purge, schema: "settle.purge/1", dry_run: args.dry_run, facts };
    let choose = |archive: &Archive, options: &ReadOptions| old_reports(archive, options, args.before);
    ground.run(&choose, common, world)
}

pub(super) fn run_forget(common: &Common, args: &ForgetArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a removal", common.format)?;
    let buyer = args.buyer.trim();
    if buyer.chars().count() < BUYER_CHARS_MIN {
        let message = format!("`{}` is too short to name one buyer", buyer.escape_debug());
        return Err(Failure::new(ExitCode::Usage, message)
            .with_hint("name an e-mail address, an order reference id or an order number"));
    }
    // Whom it was about is not told to the log, which never forgets.
    let ground = Ground {
        kind: EventKind::Forget,
        schema: "settle.forget/1",
        dry_run: args.dry_run,
        facts: serde_json::json!({}),
    };
    ground.run(&|archive: &Archive, _: &ReadOptions| reports_about(archive, buyer), common, world)
}

/// What is chosen: the documents that change, and notes.
type Chosen = (Vec<Change>, Vec<String>);

/// How documents are chosen.
type Choose<'a> = dyn Fn(&Archive, &ReadOptions) -> Result<Chosen, Failure> + 'a;

/// What both commands share.
struct Ground {
    kind: EventKind,
    schema: &'static str,
    dry_run: bool,
    facts: serde_json::Value,
}

impl Ground {
    fn run(self, choose: &Choose<'_>, common: &Common, world: &mut World<'_>) -> Result<ExitCode, Failure> {
        let settings = super::config::load(common, world)?;
        let options = read_options(world);
        if self.dry_run {
            let archive = Archive::open_existing(&settings.data_dir)?;
            let chosen = choose(&archive, &options)?;
            return self.tell(chosen, Vec::new(), common, world);
        }
        // Opened for reading first: what is not there is not created by removing from it.
        drop(Archive::open_existing(&settings.data_dir)?);
        let mut archive = Archive::create_or_open(&settings.data_dir)?;
        let _lock = archive.lock()?;
        let chosen = choose(&archive, &options)?;
        let removals = self.remove(&mut archive, &settings, &chosen.0, &options, world)?;
        self.tell(chosen, removals, common, world)
    }

    fn remove(
        &self,
        archive: &mut Archive,
        settings: &Settings,
        changes: &[Change],
        options: &ReadOptions,
        world: &World<'_>,
    ) -> Result<Vec<Removal>, Failure> {
        let privacy = super::intake::privacy(settings, archive)?;
        let options = ReadOptions { privacy, ..options.clone() };
        let mut removals = Vec::with_capacity(changes.len());
        for change in changes {
            let successor = change.redacted.as_ref().map(|redacted| successor(archive, change, redacted, &options));
            removals.push(Removal { document: change.record.clone(), successor: successor.transpose()? });
        }
        if !removals.is_empty() {
            let now = world.clock.now().timestamp_millis();
            archive.remove_documents(self.kind, now, &removals, self.facts.clone())?;
        }
        Ok(removals)
    }

    fn tell(
        &self,
        (changes, mut notes): Chosen,
        removals: Vec<Removal>,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<ExitCode, Failure> {
        notes.push(RETENTION.to_owned());
        notes.push(ELSEWHERE.to_owned());
        let successors = removals.into_iter().map(|removal| removal.successor).chain(std::iter::repeat_with(|| None));
        let documents = changes.into_iter().zip(successors).map(|(change, successor)| RemovedDocument {
            file: change.record.source_name,
            sha256: change.record.id.as_str().to_owned(),
            kind: change.record.kind,
            rows: change.redacted.as_ref().map_or(change.record.rows, |redacted| redacted.rows),
            state: if change.redacted.is_some() { "anonymous" } else { "removed" },
            successor: successor.map(|successor| successor.id.as_str().to_owned()),
        });
        let document =
            RemovalDocument { schema: self.schema, dry_run: self.dry_run, documents: documents.collect(), notes };
        let text = if is_json(common) { json_text(&document)? } else { removal_text(&document) };
        write(&text, ExitCode::Done, common, world)?;
        Ok(ExitCode::Done)
    }
}

/// Puts the document without buyers into the archive's folders; the catalog learns of it with the removal.
fn successor(
    archive: &Archive,
    change: &Change,
    redacted: &Redacted,
    options: &ReadOptions,
) -> Result<DocumentRecord, Failure> {
    let mut staged = archive.raw.stage()?;
    let failed = |why: std::io::Error| Failure::new(ExitCode::Storage, format!("cannot store the document: {why}"));
    staged.write_all(redacted.text.as_bytes()).map_err(failed)?;
    let id = archive.raw.commit(staged.finish()?)?;
    let input = Input::stored(archive.raw.path(&id)?, &change.record.source_name);
    let derived = Derived::of(archive, options, &input, &Given::of(&change.record)).map_err(|why| match why {
        IngestError::Refused(refused) => Failure::from(refused.error),
        IngestError::Storage { message, exit, .. } => Failure::new(exit, message),
    })?;
    Ok(derived.place(archive)?)
}

fn text_of(input: &Input) -> Result<Option<String>, Failure> {
    report_text(input).map_err(|why| Failure::from(why.at(input.name(), None, None)))
}

/// Transaction reports, whose stored bytes are sound, with their text.
fn reports(archive: &Archive) -> Result<Vec<(DocumentRecord, Input, Option<String>)>, Failure> {
    let mut reports = Vec::new();
    for record in archive.catalog.documents()?.into_iter().filter(|record| tells_of_buyers(&record.kind)) {
        archive.raw.verify(&record.id)?;
        let declared = archive.catalog.content_type_of(&record.id)?;
        let path = archive.raw.path(&record.id)?;
        let input = Input::stored(path, &record.source_name).declared(declared.as_deref());
        let text = text_of(&input)?;
        reports.push((record, input, text));
    }
    Ok(reports)
}

/// Reports whose newest row is older than a day. Those that figures are taken from lose their buyers, the others go.
fn old_reports(archive: &Archive, options: &ReadOptions, before: NaiveDate) -> Result<Chosen, Failure> {
    let limit = before.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    for (record, input, text) in reports(archive)? {
        let newest = newest_of(&input, options).unwrap_or(record.imported_at_ms);
        if newest >= limit {
            continue;
        }
        if !KEPT_KINDS.contains(&DocumentKind::from_word(&record.kind)) {
            changes.push(Change { record, redacted: None });
            continue;
        }
        match text {
            Some(text) => {
                let redacted = redact(&text, &|_| true);
                if redacted.rows > 0 {
                    changes.push(Change { record, redacted: Some(redacted) });
                }
            }
            None => notes.push(format!("{} is too large to be rewritten and was left as it is", record.source_name)),
        }
    }
    Ok((changes, notes))
}

fn newest_of(input: &Input, options: &ReadOptions) -> Option<i64> {
    let document = read_document(input, options, &mut Skim, None).ok()?;
    match &document.content {
        Content::Records(records) => newest_instant(records).map(crate::domain::Instant::utc_millis),
        Content::Settlement(_) => None,
    }
}

/// Reports with rows about a buyer: those that say the text in any cell and, where it is an e-mail address, those
/// of the same orders.
fn reports_about(archive: &Archive, buyer: &str) -> Result<Chosen, Failure> {
    let reports = reports(archive)?;
    let mut orders: BTreeSet<String> = BTreeSet::new();
    if buyer.contains('@') {
        for text in reports.iter().filter_map(|(_, _, text)| text.as_deref()) {
            each_row(text, &mut |row| {
                if row.has(buyer) {
                    orders.extend(row.cells_of(&ORDER_COLUMNS).map(str::to_owned));
                }
            });
        }
    }
    let about =
        |row: &ReportRow<'_>| row.has(buyer) || row.cells_of(&ORDER_COLUMNS).any(|order| orders.contains(order));
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    for (record, _, text) in reports {
        let Some(text) = text else {
            notes.push(format!("{} is too large to be rewritten and was left as it is", record.source_name));
            continue;
        };
        let redacted = redact(&text, &about);
        if redacted.rows > 0 {
            changes.push(Change { record, redacted: Some(redacted) });
        }
    }
    notes.extend(mentions(archive, buyer)?);
    if changes.is_empty() {
        notes.push("no row names this buyer".to_owned());
    }
    Ok((changes, notes))
}

/// Documents that are kept as they are and hold the text, and names of files that do.
fn mentions(archive: &Archive, buyer: &str) -> Result<Vec<String>, Failure> {
    let mut notes = Vec::new();
    for record in archive.catalog.documents()? {
        if record.source_name.to_lowercase().contains(&buyer.to_lowercase()) {
            notes.push(format!("the file was brought in as {}: the log of events keeps that name", record.source_name));
        }
    }
    for record in archive.catalog.documents()?.into_iter().filter(|record| !tells_of_buyers(&record.kind)) {
        let path = archive.raw.path(&record.id)?;
        let text = text_of(&Input::stored(path, &record.source_name))?;
        if text.is_some_and(|text| text.to_lowercase().contains(&buyer.to_lowercase())) {
            notes.push(format!("{} mentions it: an accounting record, kept as it is", record.source_name));
        }
    }
    Ok(notes)
}
