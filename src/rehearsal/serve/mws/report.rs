//! One report: its bytes, and that the merchant has seen it.

use super::super::call::Call;
use super::super::encoding::{base64_encode, md5};
use super::super::fixture::{ContentType, Region, Report};
use super::super::message::Answer;
use super::super::world::World;
use super::{Admitted, Refusal, xml};

/// The bytes of a report, verbatim, with their MD5.
pub(super) fn get_report(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let id = admitted.parameters.get("ReportId").unwrap_or_default();
    let stored = world.store.downloadable(&admitted.account, id, call.now).ok_or_else(Refusal::unknown_report)?;
    let report = &stored.report;
    let region = world.accounts.iter().find(|account| account.name == admitted.account).map(|account| account.region);
    let mut answer = Answer { body: report.bytes.clone(), ..Answer::empty(200) };
    if let Some(name) = content_type(report, region.unwrap_or_default()) {
        answer.set("content-type", name);
    }
    answer.set("content-md5", base64_encode(&md5(&report.bytes)));
    answer.set("x-amz-request-id", call.request_id.clone());
    Ok(answer)
}

/// What was recorded: a charset by region, but none for settlements.
fn content_type(report: &Report, region: Region) -> Option<String> {
    let usual = match region {
        _ if report.report_type.contains("SETTLEMENT") => "text/plain",
        Region::Eu | Region::Na => "text/plain;charset=windows-1252",
        Region::Jp => "text/plain;charset=windows-31j",
    };
    match &report.content_type {
        ContentType::Usual => Some(usual.to_owned()),
        ContentType::Absent => None,
        ContentType::Is(name) => Some(name.clone()),
    }
}

/// Sets or takes away the flag that a report has been seen.
pub(super) fn acknowledge(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let flag = admitted.parameters.flag("Acknowledged")?.unwrap_or(true);
    let ids = admitted.parameters.list("ReportIdList.Id");
    let mut changed = Vec::new();
    for id in &ids {
        world.store.downloadable(&admitted.account, id, call.now).ok_or_else(Refusal::unknown_report)?;
    }
    for id in &ids {
        let Some(stored) = world.store.get_mut(&admitted.account, id) else { continue };
        stored.report.acknowledged = flag;
        stored.acknowledged_at = flag.then_some(call.now);
        changed.push(stored.clone());
    }
    let date_first = world.forms.chance(500);
    Ok(xml::response(call, admitted.action.name(), |result| {
        result.leaf("Count", &changed.len().to_string());
        for stored in &changed {
            result.group("ReportInfo", |info| super::list::report_info(info, stored, date_first));
        }
    }))
}
