//! `settle status`: what is in the archive, when it was last fetched, and when it will be next.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::accounts::{Accounts, Known, Span};
use super::args::{Common, Format, StatusArgs};
use super::failure::Failure;
use super::frozen::View;
use super::load::load_archive;
use super::world::World;
use crate::archive::{Archive, ArchiveError, Catalog, FetchRecord, RunRecord};
use crate::config::{Account, Settings, Source};
use crate::domain::{ExitCode, Instant, SellerId};
use crate::export::{Detail, Paint, Target, WriteError, clean, json_text, span_in_words, status_text};
use crate::report::{RETENTION_ALARM, StatusAccount, StatusAsk, StatusDocument, StatusFacts, age, assemble_status};
use crate::schedule::{Timetable, plan, recorded_attempts};

/// Runs in the document.
const RUNS_SHOWN: u32 = 20;
/// A run that is due for so long and has not begun is overdue: the daemon looks every minute, timers are given
/// some minutes of leeway.
const OVERDUE: TimeDelta = TimeDelta::minutes(15);
/// A run without an end that began within this time may still be at work.
const AT_WORK_MAX: TimeDelta = TimeDelta::hours(24);

pub(super) fn run(common: &Common, args: &StatusArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a status", common.format)?;
    let settings = super::config::load(common, world)?;
    let archive = Archive::open_existing(&settings.data_dir).map_err(missing)?;
    let now = world.clock.now();
    let accounts = Accounts::new(Some(settings.clone()), &common.account, None);
    let facts = facts(&archive, &settings, &accounts, common, world)?;
    let (next_run, overdue_since) = match timetable_or_warning(&settings, world) {
        Some(timetable) => next_run(&timetable, &archive.catalog, now)?,
        None => (None, None),
    };
    let ask = StatusAsk {
        now: now.into(),
        zone: accounts.common_zone(),
        gap_tolerance: settings.reporting.gap_tolerance,
        max_age: args.max_age,
        next_run,
        overdue_since,
    };
    let document = assemble_status(&ask, &facts);
    tell(&ask, &facts, common, world);
    write(&document, common, world)?;
    Ok(document.exit_code())
}

/// No archive: the hint is about bringing reports in, since nothing can be read with `--from` here.
fn missing(why: ArchiveError) -> Failure {
    let failure = Failure::new(why.exit_code(), why.to_string());
    match (&why, why.hint()) {
        (ArchiveError::Missing { .. }, _) => {
            failure.with_hint("`settle fetch` gets reports from Amazon, `settle import FILES…` brings in saved ones")
        }
        (_, Some(hint)) => failure.with_hint(hint),
        (_, None) => failure,
    }
}

/// The timetable, where there is one. A wrong one is no reason to say nothing else.
fn timetable_or_warning(settings: &Settings, world: &mut World<'_>) -> Option<Timetable> {
    settings.schedule.cron.as_ref()?;
    match super::schedule::timetable(settings) {
        Ok(timetable) => Some(timetable),
        Err(why) => {
            world.say(&format!("settle: warning: {}", clean(&why.to_string())));
            None
        }
    }
}

/// The next run, and since when one is overdue.
fn next_run(
    timetable: &Timetable,
    catalog: &Catalog,
    now: DateTime<Utc>,
) -> Result<(Option<Instant>, Option<Instant>), Failure> {
    let attempts = recorded_attempts(catalog)?;
    let by_timetable = timetable.next(now - timetable.jitter()).map(|at| at + timetable.jitter());
    let at_work = attempts.first().is_some_and(|last| last.ended.is_none() && now - last.started < AT_WORK_MAX);
    let planned = plan(timetable, &attempts, now);
    Ok(match planned {
        Some(planned) if !planned.is_due(now) && !at_work => (Some(planned.at.into()), None),
        Some(planned) if !attempts.is_empty() && !at_work && now - planned.at > OVERDUE => {
            (by_timetable.map(Instant::from), Some(planned.at.into()))
        }
        _ => (by_timetable.map(Instant::from), None),
    })
}

/// Accounts, settlements and runs.
fn facts(
    archive: &Archive,
    settings: &Settings,
    accounts: &Accounts,
    common: &Common,
    world: &mut World<'_>,
) -> Result<StatusFacts, Failure> {
    let loaded = load_archive(archive, &View::now(archive)?, accounts, &Span::Whole, world)?;
    for stranger in accounts.strangers(&loaded.known) {
        world.say(&format!("settle: warning: there is no account `{}`", stranger.escape_debug()));
    }
    let runs: Vec<RunRecord> = archive.catalog.latest_runs(RUNS_SHOWN)?;
    let known = KnownAccounts {
        settings,
        accounts,
        only: &common.account,
        archived: &loaded.known,
        fetches: archive.catalog.fetches()?,
        imports: last_imports(&archive.catalog)?,
    };
    Ok(StatusFacts { accounts: known.list(), documents: loaded.facts.documents, runs })
}

/// When a file of each merchant was last brought in.
fn last_imports(catalog: &Catalog) -> Result<BTreeMap<Option<SellerId>, Instant>, Failure> {
    let mut last: BTreeMap<Option<SellerId>, Instant> = BTreeMap::new();
    for record in catalog.documents()? {
        let at = Instant::new(record.imported_at_ms, 0);
        last.entry(record.seller_id).and_modify(|known| *known = at.max(*known)).or_insert(at);
    }
    Ok(last)
}

/// Where accounts are known from.
struct KnownAccounts<'a> {
    settings: &'a Settings,
    accounts: &'a Accounts,
    only: &'a [String],
    archived: &'a Known,
    fetches: Vec<FetchRecord>,
    imports: BTreeMap<Option<SellerId>, Instant>,
}

impl KnownAccounts<'_> {
    /// The configured accounts, then those that only the archive knows. Where accounts are configured, only
    /// they are watched: what was given up is not late.
    fn list(&self) -> Vec<StatusAccount> {
        let configured = self.settings.accounts.iter();
        let mut list: Vec<StatusAccount> = configured.map(|account| self.configured(account)).collect();
        let watched = list.is_empty();
        for fetch in &self.fetches {
            if !list.iter().any(|known| known.fetch.as_ref() == Some(fetch)) {
                let account = &fetch.account;
                let known = self.other(Some(&account.merchant_id), &account.source, watched);
                list.push(StatusAccount {
                    environment: Some(account.environment.clone()),
                    fetch: Some(fetch.clone()),
                    ..known
                });
            }
        }
        for (_, seller) in self.archived {
            if !list.iter().any(|known| known.merchant_id == *seller) {
                list.push(self.other(seller.as_ref(), Source::Import.word(), watched));
            }
        }
        list.retain(|account| self.wants(account));
        list
    }

    fn wants(&self, account: &StatusAccount) -> bool {
        let is = |wanted: &String| {
            let merchant = account.merchant_id.as_ref();
            wanted == account.account.as_str() || merchant.is_some_and(|merchant| wanted == merchant.as_str())
        };
        self.only.is_empty() || self.only.iter().any(is)
    }

    fn configured(&self, account: &Account) -> StatusAccount {
        let is_own = |fetch: &&FetchRecord| {
            fetch.account.merchant_id == account.merchant_id
                && fetch.account.source == account.source.word()
                && fetch.account.environment == account.environment.word()
        };
        StatusAccount {
            account: account.name.clone(),
            environment: Some(account.environment.word().to_owned()),
            fetch: self.fetches.iter().find(is_own).cloned(),
            ..self.other(Some(&account.merchant_id), account.source.word(), true)
        }
    }

    fn other(&self, seller: Option<&SellerId>, source: &str, watched: bool) -> StatusAccount {
        StatusAccount {
            account: self.accounts.name(seller),
            merchant_id: seller.cloned(),
            source: source.to_owned(),
            environment: None,
            zone: self.accounts.zone(seller),
            watched,
            fetch: None,
            last_import: self.imports.get(&seller.cloned()).copied(),
        }
    }
}

/// What a person must know now, on standard error: what is stale, and what Amazon will soon delete.
fn tell(ask: &StatusAsk, facts: &StatusFacts, common: &Common, world: &mut World<'_>) {
    for account in facts.accounts.iter().filter(|account| account.watched) {
        let name = clean(account.account.as_str());
        let success = account.last_success(ask.now);
        let since = success.map(|success| age(success, ask.now));
        if let Some(most) = ask.max_age.filter(|most| !account.is_fresh(ask.now, *most)) {
            let verb = if account.is_fetched() { "fetched" } else { "brought in" };
            let most = span_in_words(most);
            world.say(&match since {
                None => format!("settle: error: {name}: nothing was ever {verb}"),
                Some(since) => {
                    let since = span_in_words(since);
                    format!("settle: error: {name}: last {verb} {since} ago, longer than the {most} asked for")
                }
            });
        }
        match since {
            Some(since) if account.is_fetched() && since > RETENTION_ALARM => {
                let days = since.num_days();
                world.say(&format!(
                    "settle: warning: {name}: not fetched for {days} days; Amazon deletes reports after 90 days"
                ));
                world.say("hint: run `settle fetch` now; reports that are gone there can be saved nowhere else");
            }
            _ => {}
        }
    }
    if facts.accounts.is_empty() && !common.quiet {
        world.say("hint: `settle import FILES…` brings reports in");
    }
}

fn write(document: &StatusDocument, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let json = common.format == Some(Format::Json);
    if common.quiet && !json && target == Target::Stdout {
        return Ok(());
    }
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let detail = if common.verbose > 0 { Detail::Full } else { Detail::Brief };
    let text = if json { json_text(document)? } else { status_text(document, paint, detail) };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
