//! Which documents a run sees: all of the archive, or those on which a closed month rests.
//!
//! A close seals everything up to the end of its month. So a month is seen with the documents of the first close
//! at or after it; where there is none, or where it is to be recomputed, with all there are. What the month before
//! was closed with is the other end of the bridge that `report/prior_period.rs` builds.

use std::collections::{BTreeMap, HashSet};

use super::accounts::{Accounts, Span};
use super::args::Reading;
use super::close::sealed_terms;
use super::decisions::{day, decisions};
use super::failure::Failure;
use super::load::{load_archive, read_options};
use super::restated_rows::{RowSource, shifts};
use super::world::World;
use crate::archive::{Archive, CloseRecord, DocumentRecord};
use crate::config::Settings;
use crate::domain::{Basis, DocumentId, ExitCode, Instant, MILLIS_PER_SECOND, Month, Period, PeriodError, Zone};
use crate::parse::DocumentKind;
use crate::reconcile::{Decisions, GAP_TOLERANCE_DEFAULT, Restated, SettlementDocument, settle_conflicts};
use crate::report::{Ask, ClosedMonth, Facts, Prior, PriorError, Problem, Severity, prior_periods, restated_before};

/// The documents that count, and what was decided about them.
pub(super) struct View {
    only: Option<HashSet<DocumentId>>,
    pub(super) decisions: Decisions,
}

impl View {
    /// Everything that the archive holds now.
    pub(super) fn now(archive: &Archive) -> Result<Self, Failure> {
        Ok(Self { only: None, decisions: decisions(archive, None)? })
    }

    /// What it held at a close.
    pub(super) fn at(archive: &Archive, close: &CloseRecord) -> Result<Self, Failure> {
        let documents = archive.catalog.close_documents(close)?.into_iter().collect();
        Ok(Self { only: Some(documents), decisions: sealed_terms(close)?.resolutions })
    }

    /// Whether a document is among them.
    pub(super) fn holds(&self, id: &DocumentId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(id))
    }
}

/// The archive as the statement of a month sees it.
pub(super) struct Stand {
    pub(super) archive: Archive,
    pub(super) view: View,
    month: Option<Month>,
    /// The closes in force, by month.
    closes: Vec<CloseRecord>,
    /// The close that seals the month.
    sealed: Option<CloseRecord>,
    /// Names, zones and settings as of now.
    accounts_now: Accounts,
    /// Which date decides, where the user says so.
    basis: Option<Basis>,
}

/// What lies between a close and the month after it.
pub(super) struct Bridge {
    pub(super) prior: Prior,
    /// The documents whose rows from before the month count otherwise than at the close.
    pub(super) moved: Vec<Restated>,
}

/// Builds the bridge from a close to the facts of the month after it, and adds it to them.
pub(super) fn bridge(
    ask: &Ask,
    facts: &mut Facts,
    mut prior: Prior,
    source: &RowSource<'_>,
) -> Result<Bridge, Failure> {
    // A file has one name in a document, that of now.
    let names: BTreeMap<&DocumentId, &String> = facts.documents.iter().map(|one| (&one.id, &one.file)).collect();
    for document in &mut prior.documents {
        if let Some(name) = names.get(&document.id) {
            document.file.clone_from(name);
        }
    }
    let (documents, _) = settle_conflicts(facts.documents.clone());
    let moved = restated_before(ask, &documents, &prior);
    let shifts = shifts(&moved, &[&documents, &prior.documents], &prior.ask, source)?;
    facts.prior = prior_periods(ask, &documents, &prior, &shifts)?;
    Ok(Bridge { prior, moved })
}

/// Opens the archive at the month that is asked for. With the accounts as that month's close has them; `None` where
/// files are read directly.
pub(super) fn stand(
    accounts: Accounts,
    month: Option<Month>,
    reading: &Reading,
) -> Result<(Accounts, Option<Stand>), Failure> {
    match accounts.settings() {
        Some(settings) if reading.from.is_empty() => {
            let archive = Archive::open_existing(&settings.data_dir)?;
            let month = month.filter(|_| !reading.recomputed);
            let stand = Stand::of_month(archive, accounts, month, reading.basis)?;
            Ok((stand.accounts()?, Some(stand)))
        }
        _ => Ok((accounts, None)),
    }
}

/// The closes in force, by month.
pub(super) fn closes_in_force(archive: &Archive) -> Result<Vec<CloseRecord>, Failure> {
    let mut closes = archive.catalog.closes()?;
    closes.retain(CloseRecord::in_force);
    closes.sort_by_key(|close| close.month);
    Ok(closes)
}

impl Stand {
    /// At a month; `None` sees everything there is now.
    pub(super) fn of_month(
        archive: Archive,
        accounts: Accounts,
        month: Option<Month>,
        basis: Option<Basis>,
    ) -> Result<Self, Failure> {
        let closes = if month.is_some() { closes_in_force(&archive)? } else { Vec::new() };
        let sealed = closes.iter().find(|close| month.is_some_and(|month| close.month >= month)).cloned();
        let view = match &sealed {
            Some(close) => View::at(&archive, close)?,
            None => View::now(&archive)?,
        };
        Ok(Self { archive, view, month, closes, sealed, accounts_now: accounts, basis })
    }

    /// The accounts as the month's close has them.
    pub(super) fn accounts(&self) -> Result<Accounts, Failure> {
        accounts_of(&self.accounts_now, self.sealed.as_ref())
    }

    /// The close of the month before, where the month rests on others.
    fn before(&self) -> Option<&CloseRecord> {
        let month = self.month?.previous()?;
        self.closes.iter().find(|close| close.month == month)
    }

    /// Whether the month rests on a close.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// The first month that no close seals.
    pub(super) fn first_open(&self) -> Option<Month> {
        Some(self.closes.last()?.month.next())
    }

    /// Adds to the facts of the month what its close and the one before it have to say.
    pub(super) fn complete(&self, ask: &Ask, facts: &mut Facts, world: &World<'_>) -> Result<Option<Bridge>, Failure> {
        if let Some(close) = &self.sealed {
            facts.closed = Some(ClosedMonth {
                month: close.month.to_string(),
                closed_at: Instant::new(close.closed_ms - close.closed_ms.rem_euclid(MILLIS_PER_SECOND), 0)
                    .rfc3339_in(&ask.period.zone().tz()),
                pack_sha256: close.pack.clone(),
            });
            facts.problems.extend(self.note()?);
        }
        let Some(close) = self.before() else { return Ok(None) };
        let prior = self.prior(close, world)?;
        let source = RowSource::Archive { archive: &self.archive, options: read_options(world) };
        bridge(ask, facts, prior, &source).map(Some)
    }

    /// The other end of the bridge: the documents of a close, cut at the end of its month.
    pub(super) fn prior(&self, close: &CloseRecord, world: &World<'_>) -> Result<Prior, Failure> {
        let accounts = accounts_of(&self.accounts_now, Some(close))?;
        let month = close.month.next();
        let span = Span::Local(Box::new(move |zone| Period::of_month(month, zone)));
        let view = View::at(&self.archive, close)?;
        let loaded = load_archive(&self.archive, &view, &accounts, &span, world)?;
        let reading = Reading { basis: self.basis, ..Reading::default() };
        let ask = month_ask(month, &accounts, &reading, &loaded.facts.documents)?;
        let (documents, _) = settle_conflicts(loaded.facts.documents);
        Ok(Prior { month: close.month, ask, documents })
    }

    /// A word about documents that came after the close of a month and concern it.
    pub(super) fn note(&self) -> Result<Option<Problem>, Failure> {
        let (Some(close), Some(month)) = (&self.sealed, self.month) else { return Ok(None) };
        let mut counted_in: BTreeMap<Month, u64> = BTreeMap::new();
        let held: Vec<(Month, View)> = self
            .closes
            .iter()
            .filter(|later| later.month > close.month)
            .map(|later| Ok((later.month, View::at(&self.archive, later)?)))
            .collect::<Result<_, Failure>>()?;
        let open = self.first_open().unwrap_or(month);
        for record in self.archive.catalog.documents_of_kind(DocumentKind::Settlement.word())? {
            if !self.view.holds(&record.id) && self.concerns(&record, month) {
                let first = held.iter().find(|(_, view)| view.holds(&record.id)).map(|(month, _)| *month);
                *counted_in.entry(first.unwrap_or(open)).or_default() += 1;
            }
        }
        let later: u64 = counted_in.values().sum();
        if later == 0 {
            return Ok(None);
        }
        let months: Vec<String> = counted_in.keys().map(ToString::to_string).collect();
        let (months, first) = (months.join(" and "), months.first().cloned().unwrap_or_default());
        let sealed = if close.month == month { String::new() } else { format!("with {} ", close.month) };
        let (documents, concern, count) =
            if later == 1 { ("document", "concerns", "counts") } else { ("documents", "concern", "count") };
        let they = if later == 1 { "it" } else { "they" };
        let message = format!(
            "{month} was closed {sealed}on {}; {later} later {documents} {concern} it or an earlier month: {they} {count} in {months}",
            day(close.closed_ms)
        );
        let hint =
            format!("settle report --month {first} shows what changed; --recomputed shows {month} as it would be now");
        Ok(Some(Problem::new(Severity::Warning, CLOSED_MONTH, message).with_hint(hint)))
    }

    /// Whether a document has rows from before the end of a month.
    fn concerns(&self, record: &DocumentRecord, month: Month) -> bool {
        let zone = self.accounts_now.zone(record.seller_id.as_ref());
        let first = record.first_posted_ms.or(record.period_start_ms);
        let until = Period::of_month(month, zone).map(|period| period.until().utc_millis());
        let wanted = self.accounts_now.wants(record.seller_id.as_ref());
        wanted && until.is_ok_and(|until| first.is_some_and(|first| first < until))
    }
}

/// The code of the word about later documents.
pub(super) const CLOSED_MONTH: &str = "closed_month";

impl From<PriorError> for Failure {
    fn from(why: PriorError) -> Self {
        Failure::new(ExitCode::Defect, why.to_string())
    }
}

/// Accounts on the terms of a close; as they are where there is none.
fn accounts_of(accounts: &Accounts, close: Option<&CloseRecord>) -> Result<Accounts, Failure> {
    let (Some(close), Some(now)) = (close, accounts.settings()) else { return Ok(accounts.clone()) };
    let sealed = Settings::from_sealed(&sealed_terms(close)?.settings);
    let mut settings = sealed.map_err(|why| Failure::from(why).about("the sealed settings"))?;
    // Folders are those of this machine, and the language is the reader's.
    settings.data_dir.clone_from(&now.data_dir);
    settings.disputes.signing_certificate.clone_from(&now.disputes.signing_certificate);
    settings.reporting.language = now.reporting.language;
    Ok(accounts.under(settings))
}

/// Gives documents what was decided about their settlements.
pub(super) fn apply_decisions(documents: &mut [SettlementDocument], decisions: &Decisions) {
    for document in documents {
        let decision = document.settlement_id().and_then(|id| decisions.about(&document.account, &id).cloned());
        document.decision = decision.map(Box::new);
    }
}

/// What is asked of a month, with the periods of all accounts bound to their zones.
pub(super) fn month_ask(
    month: Month,
    accounts: &Accounts,
    reading: &Reading,
    documents: &[SettlementDocument],
) -> Result<Ask, Failure> {
    period_ask(&|zone| Period::of_month(month, zone), accounts, reading, documents)
}

/// The same of any period that a zone makes one of.
pub(super) fn period_ask(
    bind: &dyn Fn(Zone) -> Result<Period, PeriodError>,
    accounts: &Accounts,
    reading: &Reading,
    documents: &[SettlementDocument],
) -> Result<Ask, Failure> {
    let period = bind(accounts.common_zone())?;
    let mut periods = BTreeMap::new();
    for document in documents {
        let own = bind(accounts.zone(document.seller_id.as_ref()))?;
        if own != period {
            periods.insert(document.account.clone(), own);
        }
    }
    let reporting = accounts.settings().map(|settings| &settings.reporting);
    Ok(Ask {
        period,
        periods,
        basis: reading.basis.or(reporting.map(|reporting| reporting.basis)).unwrap_or_default(),
        settlement: None,
        gap_tolerance: reporting.map_or(GAP_TOLERANCE_DEFAULT, |reporting| reporting.gap_tolerance),
        configured: accounts.configured_openings(),
        strict: false,
    })
}
