//! Signed calls of the Pay API, and the service as a source of reports.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::channel::{Channel, Evidence};
use super::super::encode::hex;
use super::super::error::FetchError;
use super::super::instants::compact;
use super::super::pace::Bucket;
use super::super::receive::Packing;
use super::super::source::{Delivery, Granted, Listed, Source, Stage, Window, Wish};
use super::answers::{Created, DisbursementPage, DocumentPlace, Report, Reports, token};
use super::document::Storage;
use super::errors::judge;
use super::sign::{
    ALGORITHM, SigningKey, canonical_query, canonical_request, request_hash, signed_names, string_to_sign,
};
use crate::archive::{RawStore, RemoteRecord};
use crate::config::{Environment, Region};
use crate::domain::{Instant, SellerId};
use crate::net::{Answer, Call, Method};

/// Reports of a page.
const PAGE_ITEMS: &str = "100";
/// Pages of one list.
const PAGES_MAX: usize = 1_000;
/// How often a document that is not ready is asked for, and the pause in between (what a public client does).
const NOT_READY_TRIES: u32 = 7;
const NOT_READY_PAUSE: TimeDelta = TimeDelta::seconds(3);
/// How often a scheduled report is made, and how long from now the first one.
const DAILY: &str = "P1D";
const FIRST_REPORT_AFTER: TimeDelta = TimeDelta::hours(1);
/// Hex digits of an idempotency key: 32 characters are the most that the service takes.
const IDEMPOTENCY_DIGITS: usize = 32;

/// The pace of report operations is not documented; ten at once is a planning value, and so is the configured
/// interval's default of a second.
pub(super) const fn bucket(operation: &'static str) -> Bucket {
    Bucket { operation, burst: 10, interval_ms: 1_000 }
}

const GET_REPORTS: Bucket = bucket("Get Reports");
const GET_REPORT: Bucket = bucket("Get Report By Id");
const GET_DOCUMENT: Bucket = bucket("Get Report Document");
const CREATE_REPORT: Bucket = bucket("Create Report");
const GET_DISBURSEMENTS: Bucket = bucket("Get Disbursements");

/// Who asks.
pub struct PayCredentials {
    /// Amazon's merchant id.
    pub merchant_id: SellerId,
    /// The id of the public key, prefixed with the environment or not.
    pub public_key_id: String,
    /// The private key.
    pub private_key: SigningKey,
    /// The token of a solution provider.
    pub auth_token: Option<SecretString>,
    /// The environment, which decides the path for an id without a prefix.
    pub environment: Environment,
    /// The region.
    pub region: Region,
    /// Milliseconds between requests, after a burst.
    pub interval_ms: i64,
}

/// The Pay API for one account.
pub struct PayApi<'a> {
    channel: Channel<'a>,
    storage: Storage,
    /// `https://host`, without a final slash.
    base: String,
    /// The host as it is signed.
    host: String,
    who: PayCredentials,
}

/// One request before it is signed.
pub(super) struct Request<'r> {
    pub(super) method: Method,
    /// The resource after `v2/`, its segments not yet encoded.
    pub(super) resource: String,
    pub(super) query: Vec<(&'r str, &'r str)>,
    pub(super) body: Vec<u8>,
    /// Of a POST: the same for the same job, so that a repeated job is answered and not done twice.
    pub(super) idempotency_key: Option<String>,
}

impl<'r> Request<'r> {
    pub(super) fn get(resource: impl Into<String>, query: Vec<(&'r str, &'r str)>) -> Self {
        Self { method: Method::Get, resource: resource.into(), query, body: Vec::new(), idempotency_key: None }
    }
}

impl<'a> PayApi<'a> {
    pub(in super::super) fn new(
        channel: Channel<'a>,
        storage: (crate::net::Door, Vec<String>),
        base: String,
        host: String,
        who: PayCredentials,
    ) -> Self {
        let (outside, allowed_bases) = storage;
        Self { channel, storage: Storage { outside, allowed_bases }, base, host, who }
    }

    /// The path of a resource: the environment stands in it unless the key's id says it.
    fn path(&self, resource: &str) -> String {
        let id = self.who.public_key_id.to_ascii_uppercase();
        if id.starts_with("LIVE") || id.starts_with("SANDBOX") {
            format!("/v2/{resource}")
        } else {
            format!("/{}/v2/{resource}", self.who.environment.word())
        }
    }

    /// A signed call and the hash that was signed.
    fn sign(&self, request: &Request<'_>, now: DateTime<Utc>) -> Result<(Call, String), FetchError> {
        let mut headers: Vec<(String, String)> = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-amz-pay-date", &compact(now)),
            ("x-amz-pay-host", &self.host),
            ("x-amz-pay-region", self.who.region.word()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        if let Some(key) = &request.idempotency_key {
            headers.push(("x-amz-pay-idempotency-key".to_owned(), key.clone()));
        }
        if let Some(token) = &self.who.auth_token {
            headers.push(("x-amz-pay-authtoken".to_owned(), token.expose_secret().to_owned()));
        }
        let path = self.path(&request.resource);
        let query = canonical_query(&request.query);
        let canonical = canonical_request(request.method.word(), &path, &query, &headers, &request.body);
        let failed = |why| FetchError::Key { place: "the private key".to_owned(), why };
        let signature = self.who.private_key.sign(&string_to_sign(&canonical)).map_err(failed)?;
        let names = signed_names(&headers);
        let id = &self.who.public_key_id;
        headers.push((
            "authorization".to_owned(),
            format!("{ALGORITHM} PublicKeyId={id}, SignedHeaders={names}, Signature={signature}"),
        ));
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{}{mark}{query}", self.base, super::super::encode::encode_path(&path));
        let call = Call { method: request.method, url, headers, body: request.body.clone() };
        let hash = request_hash(&canonical);
        self.channel.signed(hash.clone());
        Ok((call, hash))
    }

    /// The bucket at the configured pace.
    fn paced(&self, bucket: &Bucket) -> Bucket {
        Bucket { interval_ms: self.who.interval_ms, ..*bucket }
    }

    /// Sends a request and reads the body of a success.
    pub(super) async fn send<T>(
        &self,
        bucket: &Bucket,
        request: &Request<'_>,
        read: impl Fn(u16, Vec<u8>) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let operation = bucket.operation;
        let signed = std::cell::RefCell::new(String::new());
        let call = |now| {
            let (call, hash) = self.sign(request, now)?;
            signed.replace(hash);
            Ok(call)
        };
        let judged = async |answer: Answer| {
            tracing::info!(
                operation,
                status = answer.status(),
                request_id = answer.header("x-amz-pay-request-id").unwrap_or_default(),
                "answered"
            );
            let status = answer.status();
            if !answer.is_success() {
                let hash = signed.borrow().clone();
                return Err(judge(answer, operation, &hash, &self.channel).await);
            }
            read(status, answer.body().await?)
        };
        self.channel.ask(&self.paced(bucket), call, judged).await
    }

    /// Sends a request whose answer is JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        bucket: &Bucket,
        request: &Request<'_>,
    ) -> Result<T, FetchError> {
        let operation = bucket.operation;
        self.send(bucket, request, |status, body| read_json(operation, status, &body)).await
    }

    /// The key of a job: the same merchant, environment and words give the same key.
    pub(super) fn idempotency_key(&self, words: &[&str]) -> String {
        let whose = [self.who.merchant_id.as_str(), self.who.environment.word()];
        let text = whose.into_iter().chain(words.iter().copied()).collect::<Vec<_>>().join("\n");
        hex(&Sha256::digest(text.as_bytes())).chars().take(IDEMPOTENCY_DIGITS).collect()
    }

    /// Every page of the list of reports. A token is sent alone.
    async fn reports(&self, query: Vec<(&str, &str)>) -> Result<Vec<Listed>, FetchError> {
        let mut page: Reports = self.json(&GET_REPORTS, &Request::get("reports", query)).await?;
        let (mut reports, mut tokens, mut seen) = (Vec::new(), HashSet::new(), HashSet::new());
        loop {
            reports.extend(page.reports.into_iter().map(Report::listed));
            let Some(next) = token(page.next_token) else { break };
            if !tokens.insert(next.clone()) || tokens.len() > PAGES_MAX {
                return Err(FetchError::Endless { operation: GET_REPORTS.operation, why: "a page is named twice" });
            }
            page = self.json(&GET_REPORTS, &Request::get("reports", vec![("nextToken", &next)])).await?;
        }
        reports.retain(|report| seen.insert(report.report_id.clone()));
        Ok(reports)
    }

    /// Asks for a document's address and fetches it at once; a new address for each try.
    async fn document(&self, id: &str, store: &RawStore) -> Result<Delivery, FetchError> {
        let resource = format!("report-documents/{id}");
        let request = Request::get(resource, Vec::new());
        let operation = GET_DOCUMENT.operation;
        let signed = std::cell::RefCell::new(String::new());
        let call = |now| {
            let (call, hash) = self.sign(&request, now)?;
            signed.replace(hash);
            Ok(call)
        };
        let judged = async |answer: Answer| {
            let status = answer.status();
            tracing::info!(operation, status, "answered");
            if !answer.is_success() {
                let hash = signed.borrow().clone();
                return Err(gone(judge(answer, operation, &hash, &self.channel).await));
            }
            let place: DocumentPlace = match (status, answer.body().await?) {
                (202, _) => return Err(FetchError::NotReady { what: "the document" }),
                (_, body) => read_json(operation, status, &body)?,
            };
            let url = place.url.filter(|url| !url.is_empty()).ok_or(FetchError::NotReady { what: "the document" })?;
            let packing = match place.compression_algorithm.as_deref() {
                Some(word) if word.eq_ignore_ascii_case("gzip") => Packing::Gzip,
                _ => Packing::Plain,
            };
            let (document, content_type) = self.storage.fetch(&url, packing, &self.channel, store).await?;
            Ok(Delivery { document, content_type })
        };
        self.channel.ask(&self.paced(&GET_DOCUMENT), call, judged).await
    }
}

impl Source for PayApi<'_> {
    async fn list(&self, window: &Window<'_>, _is_known: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, FetchError> {
        let types = window.types.join(",");
        let since = compact(window.since.utc());
        let until = window.until.map(|until| compact(until.utc()));
        let mut query = vec![("createdSince", since.as_str()), ("pageSize", PAGE_ITEMS), ("reportTypes", &types)];
        if let Some(until) = &until {
            query.push(("createdUntil", until));
        }
        self.reports(query).await
    }

    async fn download(&self, report: &RemoteRecord, store: &RawStore) -> Result<Delivery, FetchError> {
        let mut tries = 0;
        let Some(id) = report.document_ref.as_deref() else {
            return Err(FetchError::NotReady { what: "the document's id" });
        };
        loop {
            tries += 1;
            match self.document(id, store).await {
                Err(FetchError::NotReady { .. }) if tries < NOT_READY_TRIES => {
                    self.channel.timer.pause(NOT_READY_PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn request(&self, wish: &Wish) -> Result<String, FetchError> {
        let (start, end) = (compact(wish.start.utc()), compact(wish.end.utc()));
        let body = json!({"reportType": wish.report_type, "startTime": start, "endTime": end}).to_string();
        let request = Request {
            method: Method::Post,
            resource: "reports".to_owned(),
            query: Vec::new(),
            idempotency_key: Some(self.idempotency_key(&["report", &wish.report_type, &start, &end])),
            body: body.into_bytes(),
        };
        let created: Created = self.json(&CREATE_REPORT, &request).await?;
        Ok(created.report_id)
    }

    async fn look_up(&self, request_ids: &[String]) -> Result<Vec<Granted>, FetchError> {
        let mut found = Vec::new();
        for id in request_ids {
            let request = Request::get(format!("reports/{id}"), Vec::new());
            match self.json::<Report>(&GET_REPORT, &request).await.map(Report::listed) {
                Ok(report) => {
                    let stage = report.stage;
                    let report = (stage == Stage::Ready).then_some(report);
                    found.push(Granted { request_id: id.clone(), stage, report });
                }
                Err(FetchError::Answered { status: 404, .. }) => {
                    found.push(Granted { request_id: id.clone(), stage: Stage::Failed, report: None });
                }
                Err(why) => return Err(why),
            }
        }
        Ok(found)
    }

    async fn keep_schedules(&self, types: &[String]) -> Result<(), FetchError> {
        let there = self.schedules(types).await?;
        let first = compact(self.channel.now() + FIRST_REPORT_AFTER);
        for word in types.iter().filter(|word| !there.iter().any(|schedule| schedule.report_type == **word)) {
            self.create_schedule(word, DAILY, &first).await?;
        }
        Ok(())
    }

    /// The Pay API keeps no such mark.
    async fn acknowledge(&self, _report_ids: &[String]) -> Result<(), FetchError> {
        Ok(())
    }

    async fn disbursements(&self, since: Instant, until: Instant) -> Result<Option<Vec<Vec<u8>>>, FetchError> {
        let (start, end) = (compact(since.utc()), compact(until.utc()));
        let operation = GET_DISBURSEMENTS.operation;
        let mut query = vec![("startTime", start.as_str()), ("endTime", end.as_str()), ("pageSize", PAGE_ITEMS)];
        let (mut pages, mut tokens) = (Vec::new(), HashSet::new());
        let mut next;
        loop {
            let request = Request::get("disbursements", query);
            let sent = self.send(&GET_DISBURSEMENTS, &request, |status, body| {
                let page: DisbursementPage = read_json(operation, status, &body)?;
                Ok((page, body))
            });
            let (page, body) = match sent.await {
                Ok(page) => page,
                Err(FetchError::Answered { status: 403 | 404, .. }) => return Ok(None),
                Err(why) => return Err(why),
            };
            if !page.disbursements.is_empty() {
                pages.push(body);
            }
            next = match token(page.next_token) {
                Some(next) => next,
                None => return Ok(Some(pages)),
            };
            if !tokens.insert(next.clone()) || tokens.len() > PAGES_MAX {
                return Err(FetchError::Endless { operation, why: "a page is named twice" });
            }
            query = vec![("nextToken", next.as_str())];
        }
    }

    async fn probe(&self) -> Result<(), FetchError> {
        self.json::<Reports>(&GET_REPORTS, &Request::get("reports", vec![("pageSize", "1")])).await.map(drop)
    }

    fn estimate(&self, downloads: usize) -> Result<Instant, FetchError> {
        self.channel.pacer.estimate(&self.paced(&GET_DOCUMENT), downloads)
    }

    fn take_notes(&self) -> Vec<String> {
        self.channel.take_notes()
    }

    fn evidence(&self) -> Evidence {
        self.channel.evidence()
    }
}

/// A document that is listed and not there.
fn gone(why: FetchError) -> FetchError {
    match why {
        FetchError::Answered { status: status @ (400 | 404), code, .. } => FetchError::Gone { status, code },
        other => other,
    }
}

pub(in super::super) fn read_json<T: DeserializeOwned>(
    operation: &'static str,
    status: u16,
    body: &[u8],
) -> Result<T, FetchError> {
    serde_json::from_slice(body).map_err(|why| match body.trim_ascii_start().first() {
        Some(b'<') => FetchError::Foreign { operation, what: "a page", status },
        _ => FetchError::Unreadable { operation, why: format!("line {}, column {}", why.line(), why.column()) },
    })
}
