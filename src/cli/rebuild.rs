//! `settle verify --rebuild`: everything derived made anew from the stored documents and the log of events.

use super::args::Common;
use super::failure::Failure;
use super::intake::privacy;
use super::progress::Progress;
use super::verify::{Depth, examine, raw_path};
use super::world::World;
use crate::archive::{Finding, Mend, Rebuild, Wanted};
use crate::config::Settings;
use crate::domain::Instant;
use crate::ledger::{Derived, Given, IngestError};
use crate::parse::{Input, ReadOptions};
use crate::report::{VerifyDocument, VerifyMode};

/// Makes the catalog and every Parquet file anew, then looks at the data folder.
pub(super) fn rebuild(settings: &Settings, common: &Common, world: &World<'_>) -> Result<VerifyDocument, Failure> {
    let mut rebuild = Rebuild::begin(&settings.data_dir)?;
    let wanted = rebuild.wanted()?;
    let mut inputs = Vec::with_capacity(wanted.len());
    for wish in &wanted {
        let path = rebuild.archive.raw.path(&wish.id)?;
        // Not as a document of the archive: what is damaged is told here, and does not end the rebuild.
        inputs.push(Input::renamed(path, &wish.name).declared(wish.content_type.as_deref()));
    }
    let mut bar = Progress::over(&inputs, common, world);
    let privacy = privacy(settings, &rebuild.archive)?;
    let options = ReadOptions { workers: world.workers, privacy, watch: bar.watch() };
    let mut findings = Vec::new();
    for (wish, input) in wanted.into_iter().zip(&inputs) {
        findings.extend(enter(&mut rebuild, wish, input, &options)?);
        bar.finish_one(input);
    }
    bar.finish();
    let rebuilt = rebuild.finish(world.clock.now().timestamp_millis())?;
    let mut looked = examine(settings, &Depth { share: None, until: None }, common, world)?;
    // What the new catalog still knows of a damaged document is said once.
    looked.findings.retain(|known| !findings.iter().any(|new: &Finding| new.file == known.file));
    findings.extend(looked.findings);
    let data_dir = settings.data_dir.display().to_string();
    Ok(VerifyDocument::new(VerifyMode::Rebuild, data_dir, looked.checked, findings).after_rebuild(rebuilt.lost))
}

/// Reads one document and enters it. One that is damaged keeps what the old catalog knew of it, so that no figure
/// changes in silence.
fn enter(
    rebuild: &mut Rebuild,
    wish: Wanted,
    input: &Input,
    options: &ReadOptions,
) -> Result<Option<Finding>, Failure> {
    let given = Given {
        name: wish.name.clone(),
        account: wish.account.clone(),
        imported: Instant::new(wish.imported_at_ms, 0),
    };
    let why = match Derived::of(&rebuild.archive, options, input, &given) {
        Ok(derived) if derived.record.id == wish.id => {
            let record = derived.place(&rebuild.archive)?;
            rebuild.enter(record)?;
            return Ok(None);
        }
        Ok(derived) => format!("its bytes are those of {}", derived.record.id.short()),
        Err(IngestError::Refused(refused)) => {
            let other = refused.id.as_ref().filter(|(id, _)| *id != wish.id);
            other.map_or_else(|| refused.error.to_string(), |(id, _)| format!("its bytes are those of {}", id.short()))
        }
        Err(IngestError::Storage { message, hint, exit }) => {
            let failure = Failure::new(exit, format!("cannot store {}: {message}", wish.name));
            return Err(match hint {
                Some(hint) => failure.with_hint(hint),
                None => failure,
            });
        }
    };
    let Some(before) = wish.before else {
        if !wish.logged {
            // Bytes that were never a document: fetched and refused, or left by a run that ended early.
            return Ok(None);
        }
        rebuild.lose(format!("the document {} ({}): {why}", wish.name, wish.id.short()));
        let text = format!("{} cannot be read: {why}; what it held is in no figure any more", wish.name);
        return Ok(Some(
            Finding::damage("raw_damaged", raw_path(&wish.id), text)
                .mended_by(Mend::import(&wish.name, &raw_path(&wish.id))),
        ));
    };
    rebuild.enter(before)?;
    let text = format!("{} cannot be read: {why}; what the catalog knew of it was kept", wish.name);
    Ok(Some(
        Finding::damage("raw_damaged", raw_path(&wish.id), text)
            .mended_by(Mend::import(&wish.name, &raw_path(&wish.id))),
    ))
}
