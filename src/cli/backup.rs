//! `settle backup` and `settle restore`: a whole copy of a data folder in use, and back.

use std::path::Path;

use super::args::{Common, Format};
use super::args_verify::{BackupArgs, RestoreArgs};
use super::failure::Failure;
use super::world::World;
use crate::archive::{ArchiveError, BackupStamp, DocumentRecord, Existing, back_up, restore};
use crate::domain::{ExitCode, Instant};
use crate::export::{Paint, Target, WriteError, backup_text, json_text, restore_text};
use crate::ledger::{Remembered, Seal};
use crate::report::{BackupDocument, RestoreDocument};

/// The version that a backup names.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(common: &Common, args: &BackupArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a backup", common.format)?;
    let settings = super::config::load(common, world)?;
    let stamp = BackupStamp { created_ms: world.clock.now().timestamp_millis(), settle: VERSION };
    let done = back_up(&settings.data_dir, &args.target, stamp, &is_whole).map_err(refused)?;
    let document = BackupDocument {
        schema: "settle.backup/1",
        target: args.target.display().to_string(),
        documents: done.documents,
        files: done.files,
        bytes: done.bytes,
        copied: done.copied,
        copied_bytes: done.copied_bytes,
        findings: done.findings,
    };
    let text = if is_json(common) { json_text(&document)? } else { backup_text(&document, paint(common, world)) };
    write(&text, document.exit_code(), common, world)?;
    Ok(document.exit_code())
}

pub(super) fn run_restore(common: &Common, args: &RestoreArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a restoration", common.format)?;
    let settings = super::config::load(common, world)?;
    let existing = if args.force { Existing::MoveAside } else { Existing::Refuse };
    let now = world.clock.now().timestamp_millis();
    let done = restore(&args.backup, &settings.data_dir, now, existing).map_err(|why| match why {
        ArchiveError::Exists { .. } => Failure::from(why)
            .with_hint("name another folder with --data-dir, or give this one another name first with --force"),
        other => refused(other),
    })?;
    let document = RestoreDocument {
        schema: "settle.restore/1",
        data_dir: settings.data_dir.display().to_string(),
        backup_created: Instant::new(done.created_ms, 0).to_string(),
        files: done.files,
        bytes: done.bytes,
        moved_to: done.moved.map(|moved| moved.display().to_string()),
        lacking: done.lacking,
    };
    let text = if is_json(common) { json_text(&document)? } else { restore_text(&document) };
    write(&text, ExitCode::Done, common, world)?;
    Ok(ExitCode::Done)
}

/// Whether a Parquet file is as the catalog remembers it.
fn is_whole(record: &DocumentRecord, path: &Path) -> bool {
    let remembered = record.digest.as_deref().and_then(|text| serde_json::from_str::<Remembered>(text).ok());
    let sealed = remembered.and_then(|remembered| remembered.seal);
    sealed.is_none() || Seal::of(path).ok() == sealed
}

fn refused(why: ArchiveError) -> Failure {
    let hint = match &why {
        ArchiveError::Exists { .. } => Some("name a new folder, or one that an earlier `settle backup` made"),
        ArchiveError::NotABackup { .. } => Some("name the folder that `settle backup` wrote"),
        ArchiveError::Damaged { .. } => Some("this file of the backup is damaged; use an earlier backup"),
        _ => None,
    };
    let failure = Failure::from(why);
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

pub(super) fn is_json(common: &Common) -> bool {
    common.format == Some(Format::Json)
}

fn paint(common: &Common, world: &World<'_>) -> Paint {
    match Target::new(common.output.as_deref()) {
        Target::Stdout => world.paint(common.color),
        Target::File(_) => Paint::Plain,
    }
}

/// Writes a result; with `-q` a good one to nowhere.
pub(super) fn write(text: &str, exit: ExitCode, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    if common.quiet && !is_json(common) && target == Target::Stdout && exit == ExitCode::Done {
        return Ok(());
    }
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
