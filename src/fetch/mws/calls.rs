//! The actions of the Reports API, each with its documented quota.

use std::cell::Cell;
use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::super::channel::{Channel, Evidence};
use super::super::encode::{hex, percent_encode};
use super::super::error::{FetchError, Refusal, Service};
use super::super::instants::{extended, read_instant};
use super::super::pace::Bucket;
use super::super::receive::{Packing, receive};
use super::super::source::{Delivery, Granted, Listed, Source, Window, Wish};
use super::answers::{Page, report_page, request_page, requested};
use super::errors::judge;
use super::sign::{canonical_query, signature, string_to_sign};
use super::xml::{Element, read_xml};
use crate::archive::{RawStore, RemoteRecord};
use crate::domain::{Instant, SellerId};
use crate::net::{Answer, Call, Method, NetError};

/// The path that is sent and signed.
const PATH: &str = "/Reports/2009-01-01";
/// Most items of a page, and of a list in a request.
const PAGE_ITEMS: usize = 100;
/// Pages of one list: ninety days of five reports a day are five.
const PAGES_MAX: usize = 1_000;
/// A request is submitted some time before its report is available; looking back this far finds it.
const REQUESTED_BEFORE: TimeDelta = TimeDelta::days(2);

/// What a page is called that comes instead of an answer.
const PAGE: &str = "an HTML page";

const fn bucket(operation: &'static str, burst: i64, interval_ms: i64) -> Bucket {
    Bucket { operation, burst, interval_ms }
}

// Burst and restore rate as documented by MWS; the hourly quota comes with the answers.
const GET_REPORT_LIST: Bucket = bucket("GetReportList", 10, 60_000);
const GET_REPORT_LIST_NEXT: Bucket = bucket("GetReportListByNextToken", 30, 2_000);
const GET_REQUEST_LIST: Bucket = bucket("GetReportRequestList", 10, 45_000);
const GET_REQUEST_LIST_NEXT: Bucket = bucket("GetReportRequestListByNextToken", 30, 2_000);
const GET_REPORT: Bucket = bucket("GetReport", 15, 60_000);
const REQUEST_REPORT: Bucket = bucket("RequestReport", 15, 60_000);
const ACKNOWLEDGE: Bucket = bucket("UpdateReportAcknowledgements", 10, 45_000);
const GET_REPORT_COUNT: Bucket = bucket("GetReportCount", 10, 45_000);

/// Who asks.
pub struct MwsCredentials {
    /// Amazon's merchant id.
    pub merchant_id: SellerId,
    /// The access key's id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_key: SecretString,
    /// The token with which a merchant lets a third party's developer key in.
    pub auth_token: Option<SecretString>,
}

/// MWS for one account.
pub struct Mws<'a> {
    channel: Channel<'a>,
    /// `https://host`, without a final slash.
    base: String,
    /// The host as it is signed: lower case, with its port where one is named.
    host: String,
    who: MwsCredentials,
}

type Parameters = Vec<(String, String)>;

impl<'a> Mws<'a> {
    pub(in super::super) fn new(channel: Channel<'a>, base: String, host: String, who: MwsCredentials) -> Self {
        Self { channel, base, host, who }
    }

    /// One signed call.
    fn call(&self, action: &str, own: &[(String, String)], now: DateTime<Utc>) -> Call {
        let mut parameters: Parameters = [
            ("AWSAccessKeyId", self.who.access_key_id.as_str()),
            ("Action", action),
            ("SellerId", self.who.merchant_id.as_str()),
            ("SignatureMethod", "HmacSHA256"),
            ("SignatureVersion", "2"),
            ("Timestamp", &extended(now)),
            ("Version", "2009-01-01"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        if let Some(token) = &self.who.auth_token {
            parameters.push(("MWSAuthToken".to_owned(), token.expose_secret().to_owned()));
        }
        parameters.extend_from_slice(own);
        let query = canonical_query(&parameters);
        let text = string_to_sign("POST", &self.host, PATH, &query);
        self.channel.signed(hex(&Sha256::digest(text.as_bytes())));
        let signature = signature(&self.who.secret_key, &text);
        let body = format!("{query}&Signature={}", percent_encode(&signature));
        Call {
            method: Method::Post,
            url: format!("{}{PATH}", self.base),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned())],
            body: body.into_bytes(),
        }
    }

    /// Asks for something that is answered in XML.
    async fn ask<T>(
        &self,
        bucket: &Bucket,
        own: &[(String, String)],
        read: impl Fn(&Element) -> Result<T, String>,
    ) -> Result<T, FetchError> {
        let operation = bucket.operation;
        let call = |now| Ok(self.call(operation, own, now));
        let judged = async |answer: Answer| {
            log(operation, &answer);
            if !answer.is_success() {
                return Err(judge(answer, operation, &self.channel).await);
            }
            let status = answer.status();
            self.learn_quota(bucket, &answer)?;
            let body = answer.body().await?;
            let unreadable = |why| FetchError::Unreadable { operation, why };
            match read_xml(&body) {
                Ok(root) if root.name.eq_ignore_ascii_case("html") => {
                    Err(FetchError::Foreign { operation, what: PAGE, status })
                }
                Ok(root) => read(&root).map_err(unreadable),
                Err(_) if is_page(&body) => Err(FetchError::Foreign { operation, what: PAGE, status }),
                Err(why) => Err(unreadable(why)),
            }
        };
        self.channel.ask(bucket, call, judged).await.map_err(withdrawn)
    }

    /// The hourly quota stands in the headers of every answer.
    fn learn_quota(&self, bucket: &Bucket, answer: &Answer) -> Result<(), FetchError> {
        let remaining = answer.header("x-mws-quota-remaining").and_then(whole_part);
        let resets = answer.header("x-mws-quota-resetson").and_then(read_instant);
        match (remaining, resets) {
            (Some(0), Some(_)) => self.channel.pacer.spent(bucket, resets),
            _ => Ok(()),
        }
    }

    /// Every page of a list.
    async fn pages<T>(
        &self,
        first: &Bucket,
        next: &Bucket,
        own: &[(String, String)],
        read: impl Fn(&Element) -> Result<Page<T>, String>,
    ) -> Result<Vec<T>, FetchError> {
        let mut page = self.ask(first, own, &read).await?;
        let mut items = Vec::new();
        let mut tokens = HashSet::new();
        loop {
            items.append(&mut page.items);
            let Some(token) = page.next.take() else { return Ok(items) };
            if !tokens.insert(token.clone()) || tokens.len() > PAGES_MAX {
                return Err(FetchError::Endless { operation: next.operation, why: "a page is named twice" });
            }
            page = self.ask(next, &[("NextToken".to_owned(), token)], &read).await?;
        }
    }

    /// The requests behind reports: the only place where MWS tells a report's period before it is downloaded.
    async fn requests_since(&self, since: Instant, types: &[String]) -> Result<Vec<Granted>, FetchError> {
        let mut own = numbered("ReportTypeList.Type", types);
        own.push(("MaxCount".to_owned(), PAGE_ITEMS.to_string()));
        own.push(("RequestedFromDate".to_owned(), extended(since.utc() - REQUESTED_BEFORE)));
        self.pages(&GET_REQUEST_LIST, &GET_REQUEST_LIST_NEXT, &own, request_page).await
    }
}

impl Source for Mws<'_> {
    async fn list(&self, window: &Window<'_>, is_known: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, FetchError> {
        let mut own = numbered("ReportTypeList.Type", window.types);
        own.push(("MaxCount".to_owned(), PAGE_ITEMS.to_string()));
        own.push(("AvailableFromDate".to_owned(), extended(window.since.utc())));
        if let Some(until) = window.until {
            own.push(("AvailableToDate".to_owned(), extended(until.utc())));
        }
        let mut reports = self.pages(&GET_REPORT_LIST, &GET_REPORT_LIST_NEXT, &own, report_page).await?;
        let mut seen = HashSet::new();
        reports.retain(|report| seen.insert(report.report_id.clone()));
        let oldest_new =
            reports.iter().filter(|report| !is_known(&report.report_id)).filter_map(|report| report.created);
        if let Some(oldest) = oldest_new.min() {
            let requests = self.requests_since(oldest, window.types).await?;
            for report in &mut reports {
                let behind = requests.iter().filter_map(|request| request.report.as_ref());
                if let Some(found) = behind.into_iter().find(|found| found.report_id == report.report_id) {
                    report.period_start = found.period_start;
                    report.period_end = found.period_end;
                }
            }
        }
        Ok(reports)
    }

    async fn download(&self, report: &RemoteRecord, store: &RawStore) -> Result<Delivery, FetchError> {
        let operation = GET_REPORT.operation;
        let own = [("ReportId".to_owned(), report.report_id.clone())];
        let spoilt = Cell::new(None);
        let call = |now| Ok(self.call(operation, &own, now));
        let judged = async |answer: Answer| {
            log(operation, &answer);
            if !answer.is_success() {
                return Err(gone(judge(answer, operation, &self.channel).await));
            }
            self.learn_quota(&GET_REPORT, &answer)?;
            let content_type = answer.header("content-type").map(str::to_owned);
            let document = receive(answer, operation, Packing::Plain, store, &spoilt).await?;
            Ok(Delivery { document, content_type })
        };
        let outcome = self.channel.ask(&GET_REPORT, call, judged).await;
        if let (Err(FetchError::Checksum { .. }), Some(bytes)) = (&outcome, spoilt.take()) {
            let place = store.keep_aside(bytes)?;
            self.channel.note(format!("the bytes whose checksum is wrong are kept in {}", place.display()));
        }
        outcome
    }

    async fn request(&self, wish: &Wish) -> Result<String, FetchError> {
        let own = [
            ("ReportType".to_owned(), wish.report_type.clone()),
            ("StartDate".to_owned(), extended(wish.start.utc())),
            ("EndDate".to_owned(), extended(wish.end.utc())),
        ];
        self.ask(&REQUEST_REPORT, &own, requested).await.map(|granted| granted.request_id)
    }

    async fn look_up(&self, request_ids: &[String]) -> Result<Vec<Granted>, FetchError> {
        let mut found = Vec::new();
        for ids in request_ids.chunks(PAGE_ITEMS) {
            let own = numbered("ReportRequestIdList.Id", ids);
            found.extend(self.pages(&GET_REQUEST_LIST, &GET_REQUEST_LIST_NEXT, &own, request_page).await?);
        }
        Ok(found)
    }

    /// MWS schedules order reports only.
    async fn keep_schedules(&self, _types: &[String]) -> Result<(), FetchError> {
        Ok(())
    }

    async fn acknowledge(&self, report_ids: &[String]) -> Result<(), FetchError> {
        for ids in report_ids.chunks(PAGE_ITEMS) {
            let mut own = numbered("ReportIdList.Id", ids);
            own.push(("Acknowledged".to_owned(), "true".to_owned()));
            self.ask(&ACKNOWLEDGE, &own, |_| Ok(())).await?;
        }
        Ok(())
    }

    /// MWS has no such list.
    async fn disbursements(&self, _since: Instant, _until: Instant) -> Result<Option<Vec<Vec<u8>>>, FetchError> {
        Ok(None)
    }

    async fn probe(&self) -> Result<(), FetchError> {
        self.ask(&GET_REPORT_COUNT, &[], |_| Ok(())).await
    }

    fn estimate(&self, downloads: usize) -> Result<Instant, FetchError> {
        self.channel.pacer.estimate(&GET_REPORT, downloads)
    }

    fn take_notes(&self) -> Vec<String> {
        self.channel.take_notes()
    }

    fn evidence(&self) -> Evidence {
        self.channel.evidence()
    }
}

/// What stays after every try and fits a service that is gone, said as such.
fn withdrawn(why: FetchError) -> FetchError {
    match why {
        FetchError::Foreign { what: PAGE, status: 200..=499, .. } => {
            FetchError::Refused { service: Service::Mws, refusal: Refusal::Withdrawn("a web page answers") }
        }
        FetchError::Net(NetError::NoSuchHost { host }) => FetchError::MwsHostUnknown { host },
        other => other,
    }
}

/// A report that is listed and refused is no longer there; the reason is not the request.
fn gone(why: FetchError) -> FetchError {
    match why {
        FetchError::Answered { status: status @ (400 | 404), code, .. } => FetchError::Gone { status, code },
        other => other,
    }
}

/// `Name.1`, `Name.2`, …
fn numbered(name: &str, values: &[String]) -> Parameters {
    values.iter().enumerate().map(|(at, value)| (format!("{name}.{}", at + 1), value.clone())).collect()
}

/// The whole part of a number that MWS writes as `60.0` or `60`.
fn whole_part(text: &str) -> Option<u64> {
    text.trim().split('.').next().and_then(|whole| whole.parse().ok())
}

fn is_page(body: &[u8]) -> bool {
    let head = body.trim_ascii_start().to_ascii_lowercase();
    head.starts_with(b"<!doctype html") || head.starts_with(b"<html")
}

fn log(operation: &'static str, answer: &Answer) {
    tracing::info!(
        operation,
        status = answer.status(),
        request_id = answer.header("x-mws-request-id").unwrap_or_default(),
        quota_remaining = answer.header("x-mws-quota-remaining").unwrap_or_default(),
        quota_resets = answer.header("x-mws-quota-resetson").unwrap_or_default(),
        "answered"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read_as_integers_and_floats() {
        assert_eq!(["60.0", "60", "0.0", " 0 "].map(|text| whole_part(text).unwrap()), [60, 60, 0, 0]);
        assert_eq!(whole_part("many"), None);
    }

    #[test]
    fn lists_are_numbered_from_one() {
        let pairs = numbered("ReportTypeList.Type", &["a".to_owned(), "b".to_owned()]);
        assert_eq!(pairs[1], ("ReportTypeList.Type.2".to_owned(), "b".to_owned()));
    }
}
