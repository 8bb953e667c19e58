//! `settle reopen`: a closed month is open again, and that leaves a trace.

use super::args::{Common, Format};
use super::args_close::ReopenArgs;
use super::close::refuse_account;
use super::close_text::reopen_text;
use super::failure::Failure;
use super::world::World;
use crate::archive::{Archive, CloseRecord};
use crate::domain::{ExitCode, Instant};
use crate::export::{Target, WriteError, json_text};
use crate::report::closing::{ReopenDocument, ReopenedMonth};

pub(super) fn run(common: &Common, args: &ReopenArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("opening a month again", common.format)?;
    refuse_account(common)?;
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::new(ExitCode::Usage, "--reason must say why"));
    }
    let settings = super::config::load(common, world)?;
    drop(Archive::open_existing(&settings.data_dir)?);
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let _lock = archive.lock()?;
    let mut document = ReopenDocument { schema: "settle.reopen/1", reopened: Vec::new(), reason: reason.to_owned() };
    // The last one first, so that at no moment a closed month rests on an open one.
    for close in concerned(&archive, args)? {
        let at: Instant = world.clock.now().into();
        let facts = serde_json::json!({
            "month": close.month.to_string(),
            "reason": reason,
            "pack": close.pack.as_str(),
            "closed_by": close.event,
        });
        let event = archive.catalog.reopen_month(close.month, at.utc_millis(), &facts)?;
        archive.mirror_events()?;
        if let Some(event) = event {
            let (month, seal) = (close.month.to_string(), close.pack);
            document.reopened.push(ReopenedMonth { month, seal, event: event.number });
        }
    }
    let text = match common.format {
        Some(Format::Json) => json_text(&document)?,
        _ => reopen_text(&document),
    };
    if !(common.quiet && common.format.is_none()) {
        let target = Target::new(common.output.as_deref());
        target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    }
    Ok(ExitCode::Done)
}

/// The closes that are opened, the last month first.
fn concerned(archive: &Archive, args: &ReopenArgs) -> Result<Vec<CloseRecord>, Failure> {
    let month = args.month;
    let in_force: Vec<CloseRecord> = archive.catalog.closes()?.into_iter().filter(CloseRecord::in_force).collect();
    if in_force.iter().all(|close| close.month != month) {
        let closed: Vec<String> = in_force.iter().map(|close| close.month.to_string()).collect();
        let closed = if closed.is_empty() { "none".to_owned() } else { closed.join(", ") };
        let message = format!("{month} is not closed");
        return Err(Failure::new(ExitCode::Usage, message).with_hint(format!("closed months: {closed}")));
    }
    let mut concerned: Vec<CloseRecord> = in_force.into_iter().filter(|close| close.month >= month).collect();
    concerned.sort_by_key(|close| std::cmp::Reverse(close.month));
    if concerned.len() > 1 && !args.and_later {
        let later: Vec<String> = concerned.iter().rev().skip(1).map(|close| close.month.to_string()).collect();
        let message = format!("later months are closed and open with what {month} closed with: {}", later.join(", "));
        return Err(Failure::new(ExitCode::DoesNotTie, message).with_hint("--and-later opens them too"));
    }
    Ok(concerned)
}
