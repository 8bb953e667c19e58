//! `settle import`: files saved by hand into the archive. Idempotent and in any order.

use super::args::{Common, Format, ImportArgs};
use super::failure::Failure;
use super::intake::{Found, Intake, take_in};
use super::load::{gather_named, read_options};
use super::progress::Progress;
use super::world::World;
use crate::archive::{Archive, ArchiveError};
use crate::config::Settings;
use crate::domain::{AccountName, ExitCode, SellerId, SettlementId};
use crate::export::{Paint, Target, WriteError, import_text, json_text};
use crate::ledger::{Cut, DigestReceiver};
use crate::parse::{Content, Gathered, ReadOptions, read_document};
use crate::report::{ImportDocument, ImportState, Problem};

pub(super) fn run(common: &Common, args: &ImportArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("an import", common.format)?;
    let settings = super::config::load(common, world)?;
    let gathered = gather_named(&args.paths, world);
    let document = if args.dry_run {
        look(&settings, gathered, common, world)?
    } else {
        take(&settings, &gathered, common, world)?
    };
    write(&document, common, world)?;
    let refused = document.files.iter().any(|file| matches!(file.state, ImportState::Rejected | ImportState::Conflict));
    Ok(if refused { ExitCode::DoesNotTie } else { ExitCode::Done })
}

/// Takes every input into the archive.
fn take(
    settings: &Settings,
    gathered: &Gathered,
    common: &Common,
    world: &World<'_>,
) -> Result<ImportDocument, Failure> {
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let _lock = archive.lock()?;
    let account = common.account.first().map(AccountName::new);
    let taken = take_in(&mut archive, gathered, account, settings, common, world, &|| false)?;
    Ok(taken.document(false))
}

/// Tells what each input is and what would become of it; writes nothing.
fn look(
    settings: &Settings,
    gathered: Gathered,
    common: &Common,
    world: &World<'_>,
) -> Result<ImportDocument, Failure> {
    let archive = match Archive::open_existing(&settings.data_dir) {
        Ok(archive) => Some(archive),
        Err(ArchiveError::Missing { .. }) => None,
        Err(why) => return Err(why.into()),
    };
    let mut bar = Progress::over(&gathered.inputs, common, world);
    let options = ReadOptions { watch: bar.watch(), ..read_options(world) };
    let mut looked = Intake::begin(&gathered, settings, world);
    for input in &gathered.inputs {
        if looked.known(input, archive.as_ref())? {
            bar.finish_one(input);
            continue;
        }
        let whole = |_: Option<&SellerId>| Cut::WHOLE;
        let mut receiver = DigestReceiver::new(&whole);
        match read_document(input, &options, &mut receiver, None) {
            Err(refused) => looked.refused(&refused),
            Ok(document) => {
                let digest = receiver.finish();
                let seller = match document.content {
                    Content::Settlement(head) => head.seller_id,
                    Content::Records(_) => None,
                };
                let settlement = digest.ids.first().map(|id| SettlementId::new(&id.id));
                let found =
                    Found { id: document.id, kind: document.kind.word(), rows: document.rows, seller, settlement };
                looked.problems.extend(document.warnings.iter().map(|w| Problem::of_warning(input.name(), w)));
                looked.found(input, found, archive.as_ref())?;
            }
        }
        bar.finish_one(input);
    }
    bar.finish();
    Ok(looked.document(true))
}

fn write(document: &ImportDocument, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let json = common.format == Some(Format::Json);
    if common.quiet && !json {
        tell(document, world);
        if target == Target::Stdout {
            return Ok(());
        }
    }
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let all = common.verbose > 0 || document.dry_run;
    let text = if json { json_text(document)? } else { import_text(document, paint, all) };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}

/// With `-q`, only what was not taken, on standard error.
fn tell(document: &ImportDocument, world: &mut World<'_>) {
    for file in &document.files {
        if let (ImportState::Rejected | ImportState::Conflict, Some(message)) = (file.state, &file.message) {
            world.say(&format!(
                "settle: error: {}: {}",
                crate::export::clean(&file.file),
                crate::export::clean(message)
            ));
        }
    }
}
