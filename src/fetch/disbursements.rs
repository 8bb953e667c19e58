//! The list of payouts with the references that banks print, where the service has it.
//!
//! Asked for by calendar months (UTC): as long as nothing was paid, the same question gives the same bytes, which
//! are known by their hash, so a night without payouts stores nothing.

use std::io::Write;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};

use super::desk::{Desk, FetchOutcome, new_record, store};
use super::error::FetchError;
use super::source::{Delivery, Listed, Source, Stage};
use super::types::DISBURSEMENTS;
use crate::archive::{ArchiveError, Finished, RemoteRecord};
use crate::config::{Environment, Source as Word};
use crate::domain::Instant;

/// A month that is over is asked for until this long after its end: banks and weekends delay payouts.
const ASKED_AGAIN: TimeDelta = TimeDelta::days(10);

/// Brings in what was paid since it was last asked for; pages whose bytes are here already are passed over.
///
/// # Errors
/// [`FetchError`].
pub(super) async fn bring_disbursements<S: Source>(
    source: &S,
    desk: &Desk<'_>,
    outcome: &mut FetchOutcome,
) -> Result<(), FetchError> {
    if desk.who.source != Word::PayApi.word() || desk.who.environment != Environment::Live.word() {
        return Ok(());
    }
    let mut known = desk.catalog.borrow().remote_reports(&desk.who)?;
    let fetches = desk.catalog.borrow().fetches()?;
    let before = fetches.iter().find(|fetch| fetch.account == desk.who).and_then(|fetch| fetch.last_success_ms);
    let first = before.is_none();
    let now = desk.clock.now();
    let since = now - if first { desk.lookback } else { ASKED_AGAIN };
    for (start, end) in months(since, now) {
        let Some(pages) = source.disbursements(start.into(), end.into()).await? else {
            outcome.remarks.push("disbursements are not available for this account".to_owned());
            return Ok(());
        };
        for page in pages {
            let document = stage(desk, &page)?;
            if known.iter().any(|record| record.document.as_ref() == Some(document.id())) {
                continue;
            }
            let mut record = record(&document, (start, end), desk);
            let content_type = Some("application/json".to_owned());
            outcome.brought.push(store(desk, &mut record, Delivery { document, content_type })?);
            known.push(record);
        }
    }
    Ok(())
}

/// The calendar months between two instants, the last one up to the later instant.
fn months(since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let first_of = |at: DateTime<Utc>| at.date_naive().with_day(1).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let mut months = Vec::new();
    let mut start = first_of(since);
    while let Some(from) = start.filter(|from| *from <= now) {
        let next = first_of(from + TimeDelta::days(32));
        months.push((from, next.map_or(now, |next| next.min(now))));
        start = next;
    }
    months
}

fn stage(desk: &Desk<'_>, page: &[u8]) -> Result<Finished, FetchError> {
    let mut staged = desk.store.stage()?;
    let written = staged.write_all(page);
    written.map_err(|reason| ArchiveError::Io {
        attempt: "write the document",
        path: staged.path().to_owned(),
        reason,
    })?;
    Ok(staged.finish()?)
}

/// A page of disbursements, kept in the list of reports like one of them.
fn record(document: &Finished, (start, end): (DateTime<Utc>, DateTime<Utc>), desk: &Desk<'_>) -> RemoteRecord {
    let listed = Listed {
        report_id: format!("{DISBURSEMENTS}-{}", document.id().short()),
        report_type: DISBURSEMENTS.to_owned(),
        status: String::new(),
        stage: Stage::Ready,
        document_ref: None,
        period_start: None,
        period_end: None,
        created: Some(Instant::from(desk.clock.now())),
        acknowledged: false,
    };
    RemoteRecord {
        period_start_ms: Some(start.timestamp_millis()),
        period_end_ms: Some(end.timestamp_millis()),
        ..new_record(&listed, desk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_whole_but_for_the_one_that_runs() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let shown = |since, now| -> Vec<String> {
            months(at(since), at(now))
                .iter()
                .map(|(a, b)| format!("{} {}", a.format("%m-%d"), b.format("%m-%d")))
                .collect()
        };
        assert_eq!(shown("2026-11-13T10:00:00Z", "2026-11-23T10:00:00Z"), ["11-01 11-23"]);
        assert_eq!(shown("2026-12-25T10:00:00Z", "2027-01-04T10:00:00Z"), ["12-01 01-01", "01-01 01-04"]);
        assert_eq!(
            shown("2026-01-31T00:00:00Z", "2026-03-01T00:00:00Z"),
            ["01-01 02-01", "02-01 03-01", "03-01 03-01"]
        );
    }
}
