//! `settle verify`: whether the data folder is as it was written. Reads, takes no lock, changes nothing.
//!
//! Structure is always looked at; bytes on demand, all or a part that takes turns. What a run at work changes while
//! it is looked at is looked at again before it is called damage.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::args::{Common, Format};
use super::args_verify::VerifyArgs;
use super::failure::Failure;
use super::progress::Progress;
use super::world::World;
use crate::archive::{Archive, ArchiveError, DocumentRecord, Finding, Inventory, InventoryAsk, Mend, Snapshot, hash};
use crate::config::{Settings, Share};
use crate::domain::{DocumentId, ExitCode, PiiPolicy};
use crate::export::{Notices, Paint, Target, WriteError, json_text, verify_text};
use crate::ledger::{Remembered, compare_document};
use crate::parse::{Input, Privacy, ReadOptions};
use crate::report::{VerifyDocument, VerifyMode, document_findings};

/// The file of the key of pseudonyms.
pub(super) const PII_KEY: &str = "pii.key";
/// Digits of a hash that decide whose turn it is.
const TURN_DIGITS: usize = 8;

pub(super) fn run(common: &Common, args: &VerifyArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if let Some(pack) = &args.pack {
        return super::verify_pack::run(pack, common, args, world);
    }
    Failure::unless_text_or_json("an examination", common.format)?;
    if !common.account.is_empty() {
        let message = "the data folder is examined whole: --account says nothing here";
        return Err(Failure::new(ExitCode::Usage, message));
    }
    let settings = super::config::load(common, world)?;
    let document = if args.rebuild {
        super::rebuild::rebuild(&settings, common, world)?
    } else {
        let depth = Depth { share: args.read_data.or(args.share), until: None };
        examine(&settings, &depth, common, world)?
    };
    write(&document, common, world)?;
    Ok(document.exit_code())
}

/// How deep is looked.
pub(super) struct Depth {
    /// The part whose bytes are read; `None` for structure alone.
    pub(super) share: Option<Share>,
    /// When reading ends, done or not.
    pub(super) until: Option<DateTime<Utc>>,
}

/// Looks at the data folder.
pub(super) fn examine(
    settings: &Settings,
    depth: &Depth,
    common: &Common,
    world: &World<'_>,
) -> Result<VerifyDocument, Failure> {
    let root = &settings.data_dir;
    let mut inventory = Inventory::take(root, &InventoryAsk { derived_bytes: &derived_bytes })?;
    let mut findings = std::mem::take(&mut inventory.findings);
    let mut mode = VerifyMode::Structure;
    let mut turn = None;
    if let Some(share) = depth.share {
        let turns = Turns::today(share, world.clock.now());
        let reading = Reading { root, settings, turns: &turns, depth, common, world };
        reading.read(&mut inventory, &mut findings)?;
        mode = if share.is_all() { VerifyMode::Data } else { VerifyMode::Share };
        turn = (!share.is_all()).then(|| turns.shown());
    }
    findings.dedup();
    Ok(VerifyDocument::new(mode, root.display().to_string(), inventory.checked, findings).of_share(turn))
}

/// The length of a document's Parquet file as it was written.
pub(super) fn derived_bytes(record: &DocumentRecord) -> Option<u64> {
    let remembered: Remembered = serde_json::from_str(record.digest.as_deref()?).ok()?;
    remembered.seal.map(|seal| seal.bytes)
}

/// The ways in which personal data may have been kept, the configured one first.
pub(super) fn privacies(settings: &Settings) -> Vec<Privacy> {
    let key = std::fs::read(settings.data_dir.join(PII_KEY)).ok();
    let hashed = key.map(|key| Privacy::Hash { key });
    let mut ways = vec![Privacy::Drop, Privacy::Keep];
    match settings.pii {
        PiiPolicy::Keep => ways.swap(0, 1),
        PiiPolicy::Hash => ways.splice(0..0, hashed.clone()).for_each(drop),
        PiiPolicy::Drop => {}
    }
    ways.extend(hashed.filter(|_| settings.pii != PiiPolicy::Hash));
    ways
}

/// Whose turn it is: the day decides, so that as many days as there are parts read all.
struct Turns {
    share: Share,
    /// Days since 1970.
    day: u32,
}

impl Turns {
    fn today(share: Share, now: DateTime<Utc>) -> Self {
        let day = now.timestamp().div_euclid(TimeDelta::days(1).num_seconds());
        Self { share, day: u32::try_from(day).unwrap_or_default() }
    }

    fn has(&self, id: &DocumentId) -> bool {
        let digits = id.as_str().get(..TURN_DIGITS).unwrap_or_default();
        let number = u32::from_str_radix(digits, 16).unwrap_or_default();
        number % self.share.parts() == self.day % self.share.parts()
    }

    /// Where reading begins among so many, so that what no time was left for comes first in another round.
    fn first(&self, count: usize) -> usize {
        let round = (self.day / self.share.parts()) as usize;
        round.checked_rem(count).unwrap_or(0)
    }

    fn shown(&self) -> String {
        format!("{} of {}", self.day % self.share.parts() + 1, self.share.parts())
    }
}

/// Bytes being read.
struct Reading<'a, 'w> {
    root: &'a Path,
    settings: &'a Settings,
    turns: &'a Turns,
    depth: &'a Depth,
    common: &'a Common,
    world: &'a World<'w>,
}

impl Reading<'_, '_> {
    fn read(&self, inventory: &mut Inventory, findings: &mut Vec<Finding>) -> Result<(), Failure> {
        let snapshot = inventory.snapshot.take().unwrap_or_default();
        self.documents(&snapshot, inventory, findings)?;
        self.strays(&snapshot, inventory, findings);
        self.packs(&snapshot, findings);
        inventory.snapshot = Some(snapshot);
        Ok(())
    }

    fn is_late(&self) -> bool {
        self.depth.until.is_some_and(|until| self.world.clock.now() >= until)
    }

    fn documents(
        &self,
        snapshot: &Snapshot,
        inventory: &mut Inventory,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let mut due: Vec<&DocumentRecord> =
            snapshot.documents.iter().filter(|record| self.turns.has(&record.id)).collect();
        due.sort_by(|a, b| a.id.cmp(&b.id));
        let first = self.turns.first(due.len());
        due.rotate_left(first);
        let archive = Archive::open_existing(self.root).ok();
        let named = |record: &&DocumentRecord| -> Result<Input, ArchiveError> {
            let raw = crate::archive::RawStore::at(self.root.join("raw"));
            let declared = archive.as_ref().and_then(|archive| archive.catalog.content_type_of(&record.id).ok()?);
            Ok(Input::stored(raw.path(&record.id)?, &record.source_name).declared(declared.as_deref()))
        };
        let inputs = due.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let mut bar = Progress::over(&inputs, self.common, self.world);
        let options = ReadOptions { workers: self.world.workers, privacy: Privacy::Drop, watch: bar.watch() };
        let privacies = privacies(self.settings);
        for (record, input) in due.iter().zip(&inputs) {
            if self.is_late() {
                inventory.checked.documents_left += 1;
                continue;
            }
            let looked = compare_document(self.root, record, input, &options, &privacies);
            inventory.checked.documents_read += 1;
            inventory.checked.rows_compared += looked.rows;
            if !looked.differences.is_empty() && self.is_still_so(archive.as_ref(), record)? {
                let again = compare_document(self.root, record, input, &options, &privacies);
                let raw = raw_path(&record.id);
                // Structure has said already what is missing or of another length.
                let new = document_findings(record, &raw, &again.differences);
                findings
                    .retain(|known| !new.iter().any(|new| new.file == known.file && known.code.ends_with("_length")));
                let told = |new: &Finding| {
                    findings.iter().any(|known| known.file == new.file && known.code.ends_with("_missing"))
                };
                let new: Vec<Finding> = new.into_iter().filter(|new| !told(new)).collect();
                findings.extend(new);
            }
            if looked.older_reader {
                let text =
                    format!("{} was read by an earlier version, so only its bytes were checked", record.source_name);
                findings.push(Finding::notice("older_reader", "catalog.sqlite", text).mended_by(Mend::rebuild()));
            }
            bar.finish_one(input);
        }
        bar.finish();
        Ok(())
    }

    /// Whether the catalog still says of a document what it said: it may have been removed or read anew meanwhile.
    fn is_still_so(&self, archive: Option<&Archive>, record: &DocumentRecord) -> Result<bool, Failure> {
        Ok(match archive {
            Some(archive) => archive.catalog.find(&record.id)?.as_ref() == Some(record),
            None => true,
        })
    }

    /// Stored bytes that are no document of the catalog: fetched and not read, refused, or left over.
    fn strays(&self, snapshot: &Snapshot, inventory: &mut Inventory, findings: &mut Vec<Finding>) {
        let known: BTreeMap<&DocumentId, ()> = snapshot.documents.iter().map(|record| (&record.id, ())).collect();
        for (id, path) in &inventory.stored {
            if known.contains_key(id) || !self.turns.has(id) || self.is_late() {
                continue;
            }
            // What is gone by now was removed on purpose.
            let Ok((now, _)) = File::open(self.root.join(path)).and_then(hash) else { continue };
            if now != *id {
                let text = "stored bytes that are no document are not those of their name";
                findings.push(Finding::damage("raw_damaged", path, text).instead(id, now).mended_by(Mend::person(
                    format!("rm '{}'  (no document needs it)", self.root.join(path).display()),
                )));
            }
        }
    }

    fn packs(&self, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
        for (close, _) in snapshot.closes.iter().filter(|(close, _)| self.turns.has(&close.pack)) {
            let place = Archive::pack_place(close.month, &close.pack);
            let Ok((now, _)) = File::open(self.root.join(&place)).and_then(hash) else { continue };
            if now != close.pack {
                let text = format!("the sealed pack of {} is not as it was sealed", close.month);
                let mend = Mend::restore(&place);
                findings.push(Finding::damage("pack_damaged", place, text).instead(&close.pack, now).mended_by(mend));
            }
        }
    }
}

/// Where a document lies, relative to the data folder.
pub(super) fn raw_path(id: &DocumentId) -> String {
    format!("raw/{}/{id}", id.as_str().get(..2).unwrap_or_default())
}

pub(super) fn write(document: &VerifyDocument, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let json = common.format == Some(Format::Json);
    if common.quiet && !json && target == Target::Stdout && document.exit_code() == ExitCode::Done {
        return Ok(());
    }
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let notices = if common.verbose > 0 { Notices::Show } else { Notices::Count };
    let text = if json { json_text(document)? } else { verify_text(document, paint, notices) };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_its_turn_once_in_a_round_of_days() {
        let share: Share = "1/30".parse().unwrap();
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for number in 0..500_u64 {
            let id = DocumentId::new(format!("{:064x}", u128::from(number) << 64 | u128::from(number)));
            let id = DocumentId::new(hash(id.as_str().as_bytes()).unwrap().0.as_str());
            let days = (0..30).filter(|day| Turns::today(share, start + TimeDelta::days(*day)).has(&id)).count();
            assert_eq!(days, 1);
        }
        assert!(Turns::today(Share::ALL, start).has(&DocumentId::new("f".repeat(64))));
    }
}
