//! Get Report Document: a URL that lives half a minute. And getDispute, the other thing asked for by id.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::faults::Fault;
use super::super::message::Answer;
use super::super::world::World;
use super::{Admitted, Refusal, json, stamp};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    report_document_id: &'a str,
    url: String,
    compression_algorithm: &'static str,
}

/// A new URL for a document.
pub(super) fn url(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[])?;
    let found = world.store.by_document(&admitted.account, &admitted.route.id, call.now);
    let found = found.filter(|stored| stored.report.environment == admitted.environment);
    let report = found.map(|stored| stored.report.clone()).ok_or_else(Refusal::not_found)?;
    let url = world.urls.sign(&report, call.request, call.now);
    Ok(json(200, &Document { report_document_id: &report.document_id, url, compression_algorithm: "N/A" }))
}

/// The answer of a document that is not ready: 202, or 200 without a URL.
pub(in crate::rehearsal::serve) fn not_ready(call: &Call<'_>, fault: &Fault, good: &Answer) -> Answer {
    let mut body: Map<String, Value> = serde_json::from_slice(&good.body).unwrap_or_default();
    body.remove("url");
    let status = if fault.text("form") == Some("no-url") { 200 } else { 202 };
    stamp(call, json(status, &body))
}

/// A dispute of the fixture.
pub(super) fn dispute(world: &World, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[])?;
    let own =
        world.disputes.iter().find(|dispute| dispute.account == admitted.account && dispute.id == admitted.route.id);
    own.map(|dispute| json(200, &dispute.object)).ok_or_else(Refusal::not_found)
}
