//! The log of events against itself, against its copy in `events.jsonl`, and against what it led to: closed months,
//! sealed packs and decisions.

use std::collections::{BTreeMap, BTreeSet};

use super::closes::{CloseRecord, documents_hash};
use super::events::{EventFault, EventRecord, check_chain};
use super::findings::{Finding, Mend};
use super::inventory::Listing;
use super::snapshot::Snapshot;
use super::{Archive, CATALOG, EVENTS};
use crate::domain::DocumentId;

/// What is looked at.
pub(super) struct Told<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) listing: &'a Listing,
    /// The bytes of `events.jsonl`.
    pub(super) mirror: &'a [u8],
    /// Whether the last run ended as it should and none is at work: then the copy is complete.
    pub(super) settled: bool,
}

/// Everything that is wrong with the log and with what it led to.
pub(super) fn examine_log(told: &Told<'_>) -> Vec<Finding> {
    let chain = check_chain(&told.snapshot.events);
    let mut findings: Vec<Finding> = chain.iter().map(|fault| broken(CATALOG, fault)).collect();
    findings.extend(mirror(told));
    let events: BTreeMap<u64, &EventRecord> = told.snapshot.events.iter().map(|event| (event.number, event)).collect();
    for (close, documents) in &told.snapshot.closes {
        findings.extend(close_as_told(close, documents, &events));
        findings.extend(pack(close, told.listing));
    }
    findings.extend(unkept(told.snapshot));
    findings.extend(decisions(told.snapshot, &events));
    findings
}

fn broken(file: &str, fault: &EventFault) -> Finding {
    Finding::damage("chain_broken", file, fault.to_string()).mended_by(Mend::rebuild())
}

/// The copy in the file, line by line.
fn mirror(told: &Told<'_>) -> Vec<Finding> {
    let events = &told.snapshot.events;
    let finding = |code, text: String| Finding::damage(code, EVENTS, text).mended_by(Mend::rebuild());
    let whole = told.mirror.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let torn = whole < told.mirror.len();
    let lines: Vec<&[u8]> = told.mirror.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n').collect();
    // Text that ends with a line feed splits into one more piece than it has lines.
    let lines = lines.get(..lines.len().saturating_sub(1)).unwrap_or_default();
    for (line, (text, event)) in (1..).zip(lines.iter().zip(events)) {
        if *text != event.line().as_bytes() {
            let text = format!("line {line} is not event {} as the catalog has it", event.number);
            return vec![finding("events_differ", text)];
        }
    }
    if lines.len() > events.len() {
        let text = format!(
            "the file has {} events and the catalog {}: the catalog lost some, or was put back to an earlier state",
            lines.len(),
            events.len()
        );
        return vec![finding("events_lost", text).instead(lines.len(), events.len())];
    }
    if lines.len() == events.len() && !torn {
        return Vec::new();
    }
    let text = format!("the file has {} of {} events", lines.len(), events.len());
    if told.settled {
        return vec![finding("events_cut", text).instead(events.len(), lines.len())];
    }
    vec![Finding::notice("events_behind", EVENTS, format!("{text}; the next run that writes adds the others"))]
}

/// A close against its event.
fn close_as_told(
    close: &CloseRecord,
    documents: &[DocumentId],
    events: &BTreeMap<u64, &EventRecord>,
) -> Option<Finding> {
    let month = close.month;
    let changed = |text: String| Some(Finding::damage("close_changed", CATALOG, text).mended_by(Mend::rebuild()));
    let Some(event) = events.get(&close.event).filter(|event| event.kind == "close") else {
        return changed(format!("{month} is closed, and no event tells of it"));
    };
    let facts = event.facts();
    let is =
        |field: &str, value: &str| facts.get(field).and_then(|text| text.as_str()).is_none_or(|text| text == value);
    let as_told = is("month", &month.to_string())
        && is("pack", close.pack.as_str())
        && is("terms", &close.terms)
        && is("documents_sha256", &documents_hash(documents))
        && event.at_ms == close.closed_ms;
    if !as_told {
        return changed(format!("what the catalog says of the close of {month} is not what its event says"));
    }
    let reopened = close.reopened.map(|number| events.get(&number).filter(|event| event.kind == "reopen"));
    let reopened_as_told = reopened.is_none_or(|event| {
        event.is_some_and(|event| {
            event.facts().get("month").and_then(|text| text.as_str()).is_none_or(|text| text == month.to_string())
        })
    });
    if reopened_as_told { None } else { changed(format!("{month} counts as opened again, and no event tells of it")) }
}

fn pack(close: &CloseRecord, listing: &Listing) -> Option<Finding> {
    let place = Archive::pack_place(close.month, &close.pack);
    if listing.contains_key(&place) {
        return None;
    }
    let text = format!("the sealed pack of {} is gone", close.month);
    let mend = Mend::restore(&place);
    Some(Finding::damage("pack_missing", place, text).mended_by(mend))
}

/// Closes and reopenings of the log that the catalog does not know.
fn unkept(snapshot: &Snapshot) -> Vec<Finding> {
    let closes: BTreeSet<u64> = snapshot.closes.iter().map(|(close, _)| close.event).collect();
    let reopened: BTreeSet<u64> = snapshot.closes.iter().filter_map(|(close, _)| close.reopened).collect();
    let lost = snapshot.events.iter().filter(|event| match event.kind.as_str() {
        "close" => !closes.contains(&event.number),
        "reopen" => !reopened.contains(&event.number),
        _ => false,
    });
    lost.map(|event| {
        let text =
            format!("the log tells of event {} ({}), and the catalog does not know it", event.number, event.kind);
        Finding::damage("close_changed", CATALOG, text).mended_by(Mend::rebuild())
    })
    .collect()
}

fn decisions(snapshot: &Snapshot, events: &BTreeMap<u64, &EventRecord>) -> Vec<Finding> {
    let documents: BTreeSet<&DocumentId> = snapshot.documents.iter().map(|document| &document.id).collect();
    let mut findings = Vec::new();
    for decision in &snapshot.resolutions {
        let (settlement, counted) = (&decision.settlement_id, &decision.counted);
        let event = events.get(&decision.event).filter(|event| event.kind == "resolve");
        let facts = event.map(|event| event.facts()).unwrap_or_default();
        let is =
            |field: &str, value: &str| facts.get(field).and_then(|text| text.as_str()).is_none_or(|text| text == value);
        let as_told = event.is_some()
            && is("account", decision.account.as_str())
            && is("settlement_id", settlement.as_str())
            && is("counted", counted.as_str());
        if !as_told {
            let text = format!("the decision about settlement {settlement} is not the one of the log");
            findings.push(Finding::damage("decision_changed", CATALOG, text).mended_by(Mend::rebuild()));
        }
        if !documents.contains(counted) {
            let text = format!("settlement {settlement} is decided for {}, which is not here", counted.short());
            findings.push(Finding::damage("decision_without_document", CATALOG, text).mended_by(Mend::rebuild()));
        }
    }
    findings
}
