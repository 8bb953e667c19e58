//! `settle close`: the sealed month.
//!
//! The order survives a crash at any point: the pack is written beside its place, flushed and moved there; then
//! one transaction makes the month closed and writes its event; then the log is mirrored. A pack without its close
//! is what a crash left between the two; the next close clears it away.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::args::{Common, Format};
use super::args_close::CloseArgs;
use super::close_text::{against, close_text};
use super::closing::{Contents, Given, Ground, contents, gather_inputs, open_pack, write_pack};
use super::decisions::sealed_decisions;
use super::failure::Failure;
use super::remember::remembered;
use super::world::World;
use crate::archive::{Archive, CloseRecord, NewClose, RunLock, hash};
use crate::config::Settings;
use crate::domain::{DocumentId, ExitCode, Instant, Month, Zone};
use crate::export::{Target, WriteError, clean, json_text};
use crate::parse::DocumentKind;
use crate::report::closing::{CloseDocument, CloseState, ClosedBefore, Finding, TERMS_SCHEMA, Terms, split_findings};
use crate::report::{PayoutLine, assemble};

/// The folder of sealed packs in the data folder.
const CLOSED: &str = "closed";

pub(super) fn run(common: &Common, args: &CloseArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("closing", common.format)?;
    refuse_account(common)?;
    let reason = args.reason.as_deref().map(str::trim).unwrap_or_default();
    if !args.accept.is_empty() && reason.is_empty() {
        return Err(Failure::new(ExitCode::Usage, "--reason must say why"));
    }
    let settings = super::config::load(common, world)?;
    drop(Archive::open_existing(&settings.data_dir)?);
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let lock = archive.lock()?;
    let document = match archive.catalog.close_of(args.month)? {
        Some(close) => again(&archive, &close, args, common, world)?,
        None => close(&mut archive, &lock, &settings, args, reason, common, world)?,
    };
    tell(&document, args, common, world)?;
    Ok(if document.state == CloseState::Refused || document.same_again == Some(false) {
        ExitCode::DoesNotTie
    } else {
        ExitCode::Done
    })
}

/// A close is of all accounts: their months make one pack.
pub(super) fn refuse_account(common: &Common) -> Result<(), Failure> {
    if common.account.is_empty() {
        return Ok(());
    }
    let message = "a month is closed for all accounts of the archive at once; --account cannot be given";
    Err(Failure::new(ExitCode::Usage, message))
}

/// Closes an open month.
fn close(
    archive: &mut Archive,
    _lock: &RunLock,
    settings: &Settings,
    args: &CloseArgs,
    reason: &str,
    common: &Common,
    world: &mut World<'_>,
) -> Result<CloseDocument, Failure> {
    let month = args.month;
    let given = Given { bank: &args.bank, orders: &args.orders, disbursements: &args.disbursements };
    let inputs = gather_inputs(&given, settings, world)?;
    let ids: Vec<DocumentId> = archive.catalog.documents()?.into_iter().map(|record| record.id).collect();
    let terms = Terms {
        schema: TERMS_SCHEMA.to_owned(),
        settle: env!("CARGO_PKG_VERSION").to_owned(),
        month: month.to_string(),
        settings: settings.sealed().to_owned(),
        raw: args.raw.into(),
        resolutions: sealed_decisions(archive, settings, world)?,
        before: closed_before(archive, month)?,
        inputs: inputs.files.iter().map(|input| input.facts.clone()).collect(),
        accepted: Vec::new(),
    };
    let mut ground = Ground::of_archive(archive, month, terms, &ids, inputs.files.clone())?;
    let mut findings = before_reading(archive, &ground, settings, month, world)?;
    let contents = contents(&ground, common, world)?;
    findings.extend(contents.findings.iter().cloned());
    if args.bank.is_empty() {
        findings.extend(remembered_findings(archive, &contents)?);
    }
    let (open, accepted) = split_findings(findings, &args.accept, reason);
    ground.terms.accepted = accepted;
    let mut document = CloseDocument {
        findings: open,
        accepted: ground.terms.accepted.clone(),
        left_out: contents.left_out.clone(),
        documents: Some(ground.documents.iter().filter(|document| document.facts.counts).count() as u64),
        ..blank(month, CloseState::Refused)
    };
    if !document.findings.is_empty() {
        return Ok(document);
    }
    clear_leftovers(archive)?;
    let pack = place_pack(archive, &ground, &contents)?;
    let replaces = replaced(archive, month)?;
    let now: Instant = world.clock.now().into();
    let accepted: Vec<_> = ground.terms.accepted.iter().map(accepted_facts).collect();
    let facts = serde_json::json!({
        "month": month.to_string(),
        "pack": pack.as_str(),
        "replaces": replaces.as_ref().map(DocumentId::as_str),
        "accepted": accepted,
        "settle": ground.terms.settle,
    });
    let close = NewClose {
        month,
        closed_ms: now.utc_millis(),
        pack: &pack,
        documents: &ids,
        terms: &ground.terms.to_text()?,
        facts: &facts,
    };
    let event = archive.catalog.close_month(&close)?;
    archive.mirror_events()?;
    document.state = CloseState::Closed;
    document.closed = Some(shown(now, &contents));
    document.event = Some(event.number);
    document.replaces = replaces;
    document.pack = Some(archive.pack_path(month, &pack).display().to_string());
    copy_out(archive, month, &pack, common, world, &mut document)?;
    document.seal = Some(pack);
    Ok(document)
}

fn blank(month: Month, state: CloseState) -> CloseDocument {
    CloseDocument {
        schema: "settle.close/1",
        month: month.to_string(),
        state,
        closed: None,
        seal: None,
        pack: None,
        copied_to: None,
        same_again: None,
        event: None,
        replaces: None,
        documents: None,
        findings: Vec::new(),
        accepted: Vec::new(),
        left_out: Vec::new(),
    }
}

fn accepted_facts(accepted: &crate::report::closing::Accepted) -> serde_json::Value {
    serde_json::json!({"code": accepted.code, "reason": accepted.reason, "findings": accepted.findings.len()})
}

fn shown(at: Instant, contents: &Contents) -> String {
    at.rfc3339_in(&contents.ask.period.zone().tz())
}

/// The last closed month before, with what was known then.
pub(super) fn closed_before(archive: &Archive, month: Month) -> Result<Option<ClosedBefore>, Failure> {
    let closes = archive.catalog.closes()?;
    let last =
        closes.into_iter().filter(|close| close.in_force() && close.month < month).max_by_key(|close| close.month);
    let Some(close) = last else { return Ok(None) };
    let terms = sealed_terms(&close)?;
    Ok(Some(ClosedBefore {
        month: close.month.to_string(),
        settings: terms.settings,
        resolutions: terms.resolutions,
        documents: archive.catalog.close_documents(&close)?,
    }))
}

/// The terms of a close as the catalog keeps them.
pub(super) fn sealed_terms(close: &CloseRecord) -> Result<Terms, Failure> {
    Terms::from_text(&close.terms).map_err(|why| {
        let message = format!("the terms of the closed month {} cannot be read: {why}", close.month);
        Failure::new(ExitCode::Storage, message).with_hint("a newer settle may have closed it; the pack has them too")
    })
}

/// The seal of the last close of the month that was opened again.
fn replaced(archive: &Archive, month: Month) -> Result<Option<DocumentId>, Failure> {
    let closes = archive.catalog.closes()?.into_iter();
    Ok(closes.filter(|close| close.month == month).max_by_key(|close| close.event).map(|close| close.pack))
}

/// What stands against closing whatever the documents say.
fn before_reading(
    archive: &Archive,
    ground: &Ground,
    settings: &Settings,
    month: Month,
    world: &World<'_>,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    let now: Instant = world.clock.now().into();
    let accounts = ground.accounts()?;
    let mut zones: Vec<Zone> = vec![accounts.common_zone()];
    zones.extend(settings.accounts.iter().map(|account| accounts.zone(Some(&account.merchant_id))));
    let settlements = archive.catalog.documents_of_kind(DocumentKind::Settlement.word())?;
    zones.extend(settlements.iter().map(|record| accounts.zone(record.seller_id.as_ref())));
    let ends = zones.into_iter().map(|zone| crate::domain::Period::of_month(month, zone));
    let ends = ends.map(|period| period.map(|period| (period.until(), period.zone())));
    let ends = ends.collect::<Result<Vec<_>, _>>()?;
    if let Some((end, zone)) = ends.into_iter().max_by_key(|(end, _)| *end).filter(|(end, _)| *end > now) {
        let message = format!("{month} has not ended: it does at {}", end.rfc3339_in(&zone.tz()));
        findings.push(Finding::new("month_not_ended", message).of_archive().never());
    }
    findings.extend(other_months(&archive.catalog.closes()?, month));
    Ok(findings)
}

/// Months are closed in their order: each opens with what the one before closed with.
fn other_months(closes: &[CloseRecord], month: Month) -> Vec<Finding> {
    let in_force = || closes.iter().filter(|close| close.in_force());
    let mut findings = Vec::new();
    if let Some(later) = in_force().map(|close| close.month).filter(|closed| *closed > month).max() {
        let message = format!("{later} is closed already; it opens with what {month} closes with");
        let hint = format!("settle reopen {later} --reason TEXT");
        findings.push(Finding::new("later_month_closed", message).with_hint(hint).of_archive().never());
    }
    let last = in_force().map(|close| close.month).filter(|closed| *closed < month).max();
    let follows = last.map(Month::next).filter(|next| *next != month);
    let closed: Vec<Month> = in_force().map(|close| close.month).collect();
    let reopened = closes.iter().map(|close| close.month).filter(|known| *known < month && !closed.contains(known));
    if let Some(open) = follows.into_iter().chain(reopened).min() {
        let known = last.map_or_else(String::new, |last| format!("; {last} is the last closed month"));
        let message = format!("{open} is open{known}");
        let hint = format!("settle close {open}");
        findings.push(Finding::new("earlier_month_open", message).with_hint(hint).of_archive());
    }
    findings
}

/// Payouts of the month of which an earlier reconciliation found that they did not arrive as they should.
fn remembered_findings(archive: &Archive, contents: &Contents) -> Result<Vec<Finding>, Failure> {
    let facts = crate::report::Facts {
        documents: contents.documents.clone(),
        arrivals: remembered(archive)?,
        ..crate::report::Facts::default()
    };
    let statement = assemble(&contents.ask, facts)?;
    let payouts =
        statement.accounts.iter().flat_map(|account| account.payouts.iter().map(move |payout| (account, payout)));
    let finding = |(account, payout): (&crate::report::Account, &PayoutLine)| {
        let arrival = payout.reconciled.as_ref().filter(|arrival| arrival.state.is_open())?;
        let word = arrival.state.word();
        let message = format!(
            "{} {}: payout {} of {} is {}, as an earlier `settle reconcile` found",
            account.account,
            account.currency,
            payout.amount,
            payout.posted,
            word.replace('_', " ")
        );
        let finding = Finding::new(format!("payout_{word}"), message).at(&payout.source, Some(payout.line));
        Some(finding.with_hint("give the bank statement with --bank").of_archive())
    };
    Ok(payouts.filter_map(finding).collect())
}

/// Removes packs that no close names: a crash came between the pack and its close.
fn clear_leftovers(archive: &Archive) -> Result<(), Failure> {
    let named: BTreeSet<PathBuf> =
        archive.catalog.closes()?.iter().map(|close| archive.pack_path(close.month, &close.pack)).collect();
    let folder = archive.root().join(CLOSED);
    let failed = |why: io::Error| {
        Failure::new(ExitCode::Storage, format!("{}: cannot clear the folder of packs: {why}", folder.display()))
    };
    let entries = match fs::read_dir(&folder) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if is_pack_name(&path) && !named.contains(&path) {
            fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// Names that a close gives: `2026-09-0123456789ab.zip`. Anything else in the folder is somebody's own.
fn is_pack_name(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let parts = stem.rsplit_once('-');
    path.extension().is_some_and(|extension| extension == "zip")
        && parts.is_some_and(|(month, digits)| {
            month.parse::<Month>().is_ok() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// Makes the pack beside its place and moves it there; the pack itself where it is there already.
fn place_pack(archive: &Archive, ground: &Ground, contents: &Contents) -> Result<DocumentId, Failure> {
    let staged = archive.stage_derived()?;
    write_pack(ground, contents, staged.handle()?)?;
    let id = hash_of(staged.path())?;
    let place = archive.pack_path(ground.month, &id);
    if !(place.is_file() && hash_of(&place)? == id) {
        archive.place_derived(staged, &Archive::pack_place(ground.month, &id))?;
    }
    Ok(id)
}

fn hash_of(path: &Path) -> Result<DocumentId, Failure> {
    let hashed = File::open(path).and_then(hash);
    let failed = |why| Failure::new(ExitCode::Storage, format!("{}: cannot be read: {why}", path.display()));
    hashed.map(|(id, _)| id).map_err(failed)
}

/// The month is closed already: says so, and makes its pack again where one is asked for or is gone.
fn again(
    archive: &Archive,
    close: &CloseRecord,
    args: &CloseArgs,
    common: &Common,
    world: &mut World<'_>,
) -> Result<CloseDocument, Failure> {
    let terms = sealed_terms(close)?;
    let mut document = CloseDocument {
        seal: Some(close.pack.clone()),
        event: Some(close.event),
        accepted: terms.accepted.clone(),
        ..blank(args.month, CloseState::AlreadyClosed)
    };
    let place = archive.pack_path(close.month, &close.pack);
    let whole = place.is_file() && hash_of(&place)? == close.pack;
    let zone = zone_of(&terms)?;
    document.closed = Some(Instant::new(close.closed_ms, 0).rfc3339_in(&zone.tz()));
    if !whole || common.output.is_some() {
        let same = made_again(archive, close, &terms, whole, common, world)?;
        document.same_again = Some(same);
        if !whole && !same {
            let message = format!("the pack of {} is gone or damaged, and made again it is another one", close.month);
            return Err(Failure::new(ExitCode::Storage, message).with_hint("bring it back from a backup"));
        }
    }
    document.pack = Some(place.display().to_string());
    copy_out(archive, close.month, &close.pack, common, world, &mut document)?;
    Ok(document)
}

fn zone_of(terms: &Terms) -> Result<Zone, Failure> {
    let settings = Settings::from_sealed(&terms.settings)?;
    Ok(super::accounts::Accounts::new(Some(settings), &[], None).common_zone())
}

/// Makes a sealed pack again and tells whether it is the same; one that is gone is put back where it is.
fn made_again(
    archive: &Archive,
    close: &CloseRecord,
    terms: &Terms,
    whole: bool,
    common: &Common,
    world: &mut World<'_>,
) -> Result<bool, Failure> {
    let place = archive.pack_path(close.month, &close.pack);
    // Files that were given lie in the pack alone; it lives until the ground was read.
    let mut opened = (whole && !terms.inputs.is_empty()).then(|| open_pack(&place)).transpose()?;
    let inputs = match &mut opened {
        Some(opened) => opened.ground()?.map(|ground| ground.inputs).unwrap_or_default(),
        None => Vec::new(),
    };
    if inputs.len() < terms.inputs.len() {
        return Ok(false);
    }
    let ids = archive.catalog.close_documents(close)?;
    let ground = Ground::of_archive(archive, close.month, terms.clone(), &ids, inputs)?;
    let contents = contents(&ground, common, world)?;
    let staged = archive.stage_derived()?;
    write_pack(&ground, &contents, staged.handle()?)?;
    let same = hash_of(staged.path())? == close.pack;
    if same && !whole {
        archive.place_derived(staged, &Archive::pack_place(close.month, &close.pack))?;
    }
    Ok(same)
}

/// Copies the sealed pack to where `-o` says.
fn copy_out(
    archive: &Archive,
    month: Month,
    pack: &DocumentId,
    common: &Common,
    world: &mut World<'_>,
    document: &mut CloseDocument,
) -> Result<(), Failure> {
    let Some(path) = &common.output else { return Ok(()) };
    let place = archive.pack_path(month, pack);
    let unreadable =
        |why: io::Error| Failure::new(ExitCode::Storage, format!("{}: cannot be read: {why}", place.display()));
    let mut file = File::open(&place).map_err(unreadable)?;
    Target::new(Some(path)).write(world.stdout, |out| {
        io::copy(&mut file, out).map(drop).map_err(|why| Failure::from(WriteError::from(why)))
    })?;
    document.copied_to = Some(path.display().to_string());
    Ok(())
}

/// The result goes to standard output, unless the pack itself does.
fn tell(document: &CloseDocument, args: &CloseArgs, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let text = match common.format {
        Some(Format::Json) => json_text(document)?,
        _ => close_text(document),
    };
    let refused = document.state == CloseState::Refused;
    let pack_on_stdout = common.output.as_deref() == Some(Path::new("-")) && !refused;
    if pack_on_stdout {
        world.say(text.trim_end());
    } else if !(common.quiet && !refused && common.format.is_none()) {
        Target::Stdout.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    }
    for code in &args.accept {
        if document.state == CloseState::Closed && document.accepted.iter().all(|accepted| accepted.code != *code) {
            let code = code.escape_debug();
            world.say(&clean(&format!("settle: warning: --accept {code}: there is no finding of this code")));
        }
    }
    if refused {
        world.say(&format!("settle: error: {} is not closed: {}", document.month, against(document)));
    }
    if document.same_again == Some(false) {
        let message = "the pack made again is not the sealed one; another version of settle or a lost file makes it so";
        world.say(&format!("settle: error: {message}"));
    }
    Ok(())
}
