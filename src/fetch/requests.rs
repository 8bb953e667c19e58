//! Reports that must be asked for: the sandbox's settlement always, transaction reports where the config says so.
//!
//! A wish is entered into the catalog before it is sent. The same wish is never sent twice once it was answered.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::desk::Desk;
use super::error::FetchError;
use super::source::{Granted, Source, Stage, Wish};
use super::types::{Origin, REPORT_TYPES};
use crate::archive::{RequestRecord, RequestState};
use crate::config::{Environment, Source as Word, TransactionReports};
use crate::domain::Instant;

/// How far back the first sandbox settlement reaches.
const SANDBOX_FIRST: TimeDelta = TimeDelta::days(30);
/// A new sandbox settlement is asked for when the last one is at least this old.
const SANDBOX_EVERY: TimeDelta = TimeDelta::hours(12);
/// The pauses between looks at a request: reports took from seconds to minutes to make.
const LOOKS: [TimeDelta; 6] = [
    TimeDelta::seconds(15),
    TimeDelta::seconds(30),
    TimeDelta::seconds(45),
    TimeDelta::seconds(60),
    TimeDelta::seconds(60),
    TimeDelta::seconds(90),
];
/// A request that Amazon has not finished after this long is given up, and made again.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(2);

/// What is to be asked for now, by the types of the account and what was asked before.
fn wishes(desk: &Desk<'_>, asked: &[RequestRecord], now: DateTime<Utc>) -> Vec<Wish> {
    let wanted = |word: &str| desk.types.iter().any(|known| known == word);
    let mut wishes = Vec::new();
    for row in REPORT_TYPES.iter().filter(|row| wanted(row.word)) {
        match row.origin {
            Origin::Settlement => {}
            Origin::Request => wishes.extend(sandbox_wish(row.word, asked, now)),
            Origin::RequestOrSchedule if asks_for_months(desk) => {
                let months = months_over(now, desk.lookback);
                wishes.extend(months.map(|(start, end)| Wish { report_type: row.word.to_owned(), start, end }));
            }
            Origin::RequestOrSchedule => {}
        }
    }
    let known: HashSet<(&str, i64, i64)> =
        asked.iter().map(|request| (request.report_type.as_str(), request.start_ms, request.end_ms)).collect();
    wishes.retain(|wish| !known.contains(&(&wish.report_type, wish.start.utc_millis(), wish.end.utc_millis())));
    wishes
}

/// MWS schedules no report of Amazon Pay's, so there a schedule means asking.
fn asks_for_months(desk: &Desk<'_>) -> bool {
    match desk.transactions {
        TransactionReports::Request => true,
        TransactionReports::Schedule => desk.who.source == Word::Mws.word(),
        TransactionReports::Listed | TransactionReports::Off => false,
    }
}

/// Has Amazon make a report of each type every day, where it does not yet.
///
/// # Errors
/// [`FetchError`].
pub(super) async fn keep_schedules<S: Source>(source: &S, desk: &Desk<'_>) -> Result<(), FetchError> {
    if desk.transactions != TransactionReports::Schedule || desk.who.environment != Environment::Live.word() {
        return Ok(());
    }
    let scheduled = REPORT_TYPES.iter().filter(|row| row.origin == Origin::RequestOrSchedule);
    let wanted = scheduled.map(|row| row.word.to_owned()).filter(|word| desk.types.contains(word));
    source.keep_schedules(&wanted.collect::<Vec<_>>()).await
}

/// From the end of the last one to now, to the second.
fn sandbox_wish(word: &str, asked: &[RequestRecord], now: DateTime<Utc>) -> Option<Wish> {
    let mine = asked.iter().filter(|request| request.report_type == word && request.state != RequestState::Failed);
    let last = mine.map(|request| request.end_ms).max().map(|ms| Instant::new(ms, 0).utc());
    let start = last.unwrap_or(now - SANDBOX_FIRST);
    let end = DateTime::from_timestamp(now.timestamp(), 0)?;
    (end - start >= SANDBOX_EVERY).then(|| Wish { report_type: word.to_owned(), start: start.into(), end: end.into() })
}

/// Calendar months (UTC) that are over and begin within the lookback, the oldest first.
fn months_over(now: DateTime<Utc>, lookback: TimeDelta) -> impl Iterator<Item = (Instant, Instant)> {
    let first_of = |at: DateTime<Utc>| at.date_naive().with_day(1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let mut ends = Vec::new();
    let mut end = first_of(now);
    while let Some(until) = end {
        let start = first_of(until.and_utc() - TimeDelta::days(1));
        let Some(from) = start.filter(|from| from.and_utc() >= now - lookback) else { break };
        ends.push((Instant::from(from.and_utc()), Instant::from(until.and_utc())));
        end = Some(from);
    }
    ends.into_iter().rev()
}

/// Asks for what is wanted and waits a while for it. Answers how many requests Amazon is still at work on.
///
/// # Errors
/// [`FetchError`].
pub(super) async fn ask_for_reports<S: Source>(source: &S, desk: &Desk<'_>) -> Result<usize, FetchError> {
    let now = desk.clock.now();
    let mut requests = desk.catalog.borrow().requests(&desk.who)?;
    for wish in wishes(desk, &requests, now) {
        let request = RequestRecord {
            report_type: wish.report_type,
            start_ms: wish.start.utc_millis(),
            end_ms: wish.end.utc_millis(),
            asked_ms: now.timestamp_millis(),
            request_id: None,
            state: RequestState::Wanted,
        };
        desk.catalog.borrow_mut().record_request(&desk.who, &request)?;
        requests.push(request);
    }
    for request in requests.iter_mut().filter(|request| request.state == RequestState::Wanted) {
        let wish = Wish {
            report_type: request.report_type.clone(),
            start: Instant::new(request.start_ms, 0),
            end: Instant::new(request.end_ms, 0),
        };
        request.request_id = Some(source.request(&wish).await?);
        request.state = RequestState::Asked;
        request.asked_ms = desk.clock.now().timestamp_millis();
        desk.catalog.borrow_mut().record_request(&desk.who, request)?;
    }
    requests.retain(|request| request.state == RequestState::Asked);
    look_until_done(source, desk, requests).await
}

async fn look_until_done<S: Source>(
    source: &S,
    desk: &Desk<'_>,
    mut open: Vec<RequestRecord>,
) -> Result<usize, FetchError> {
    for pause in LOOKS {
        look(source, desk, &mut open).await?;
        if open.is_empty() {
            return Ok(0);
        }
        desk.clock.pause(pause).await;
    }
    look(source, desk, &mut open).await?;
    Ok(open.len())
}

/// Looks once at every open request and keeps those that Amazon is still at work on.
async fn look<S: Source>(source: &S, desk: &Desk<'_>, open: &mut Vec<RequestRecord>) -> Result<(), FetchError> {
    if open.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = open.iter().filter_map(|request| request.request_id.clone()).collect();
    let found = source.look_up(&ids).await?;
    let now_ms = desk.clock.now().timestamp_millis();
    for request in open.iter_mut() {
        request.state = state_of(request, &found, now_ms);
        if request.state != RequestState::Asked {
            desk.catalog.borrow_mut().record_request(&desk.who, request)?;
        }
    }
    open.retain(|request| request.state == RequestState::Asked);
    Ok(())
}

fn state_of(request: &RequestRecord, found: &[Granted], now_ms: i64) -> RequestState {
    let granted = found.iter().find(|granted| Some(&granted.request_id) == request.request_id.as_ref());
    match granted.map(|granted| granted.stage) {
        Some(Stage::Ready) => RequestState::Done,
        Some(Stage::Nothing) => RequestState::Nothing,
        Some(Stage::Failed) => RequestState::Failed,
        _ if now_ms - request.asked_ms > GIVEN_UP_AFTER.num_milliseconds() => RequestState::Wanted,
        _ => RequestState::Asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn months_that_are_over_and_not_older_than_the_lookback_are_asked_for() {
        let months: Vec<String> = months_over(at("2026-11-23T22:15:30Z"), TimeDelta::days(90))
            .map(|(start, end)| format!("{start} {end}"))
            .collect();
        assert_eq!(
            months,
            [
                "2026-09-01T00:00:00+00:00 2026-10-01T00:00:00+00:00",
                "2026-10-01T00:00:00+00:00 2026-11-01T00:00:00+00:00"
            ]
        );
        let first_of_march: Vec<_> = months_over(at("2026-03-01T00:00:00Z"), TimeDelta::days(40)).collect();
        assert_eq!(first_of_march.len(), 1);
        assert_eq!(first_of_march[0].0.to_string(), "2026-02-01T00:00:00+00:00");
    }

    #[test]
    fn the_sandbox_is_asked_from_where_it_was_last_asked() {
        let now = at("2026-11-23T22:15:30.250Z");
        let first = sandbox_wish("_S_", &[], now).unwrap();
        assert_eq!(first.end.to_string(), "2026-11-23T22:15:30+00:00");
        let asked = RequestRecord {
            report_type: "_S_".to_owned(),
            start_ms: 0,
            end_ms: at("2026-11-23T08:00:00Z").timestamp_millis(),
            asked_ms: 0,
            request_id: None,
            state: RequestState::Nothing,
        };
        let second = sandbox_wish("_S_", std::slice::from_ref(&asked), now).unwrap();
        assert_eq!(second.start.to_string(), "2026-11-23T08:00:00+00:00");
        let fresh = RequestRecord { end_ms: at("2026-11-23T20:00:00Z").timestamp_millis(), ..asked };
        assert_eq!(sandbox_wish("_S_", &[fresh], now), None);
    }
}
