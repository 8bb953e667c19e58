//! Faults in lists: what appears between two pages, what stands twice, what is not finished.

use super::super::fixture::{Report, ReportStatus, SETTLEMENT_TYPE, document_id_of, request_id_of};
use super::super::store::Stored;
use super::super::world::{Call, World};
use super::{Fault, FaultKind, texts};

/// A page of a list before it is printed.
#[derive(Clone, Debug)]
pub(in crate::rehearsal::serve) struct Page<T> {
    pub(in crate::rehearsal::serve) items: Vec<T>,
    pub(in crate::rehearsal::serve) next: Option<String>,
}

/// What a fault changes in the store before a list is made.
pub(in crate::rehearsal::serve) fn prepare(world: &mut World, call: &mut Call<'_>, account: &str) {
    let Some(fault) = call.any_fault().cloned() else { return };
    let done = match fault.fault {
        FaultKind::Shift => shift(world, call, account),
        FaultKind::DupSettlementSame => duplicate(world, call, account, &fault, <[u8]>::to_vec),
        FaultKind::DupSettlementChanged => duplicate(world, call, account, &fault, texts::with_line_changed),
        _ => return,
    };
    if done.is_some() {
        call.fire();
    }
}

/// Lets the next settlement report appear now or, where there is none, a second copy of the newest.
fn shift(world: &mut World, call: &Call<'_>, account: &str) -> Option<()> {
    if let Some(next) = world.store.next_settlement(account, call.now) {
        next.report.created = call.now;
        next.completed = next.completed.map(|_| call.now);
        next.started = next.started.map(|_| call.now);
        return Some(());
    }
    let newest = newest_settlement(world, call, account, None)?;
    add_copy(world, call, newest, <[u8]>::to_vec);
    Some(())
}

fn duplicate(
    world: &mut World,
    call: &Call<'_>,
    account: &str,
    fault: &Fault,
    change: fn(&[u8]) -> Vec<u8>,
) -> Option<()> {
    let original = newest_settlement(world, call, account, fault.text("report"))?;
    add_copy(world, call, original, change);
    Some(())
}

/// The newest settlement report that is there, or the report with this id.
fn newest_settlement(world: &World, call: &Call<'_>, account: &str, id: Option<&str>) -> Option<Report> {
    let shown = world.store.shown(account, call.now);
    let done = shown.into_iter().filter(|stored| stored.available().is_some()).map(|stored| &stored.report);
    let mut wanted = done.filter(|report| match id {
        Some(id) => report.id == id,
        None => report.report_type == SETTLEMENT_TYPE,
    });
    wanted.next().cloned()
}

fn add_copy(world: &mut World, call: &Call<'_>, original: Report, change: fn(&[u8]) -> Vec<u8>) {
    let id = world.new_id();
    world.store.insert(Stored::of_fixture(Report {
        request_id: Some(request_id_of(&id)),
        document_id: document_id_of(&original.account, &id),
        bytes: change(&original.bytes).into(),
        created: call.now,
        id,
        ..original
    }));
}

/// What a fault changes in a page of reports.
pub(in crate::rehearsal::serve) fn shape(call: &mut Call<'_>, page: &mut Page<Stored>) {
    let Some(fault) = call.any_fault().cloned() else { return };
    let wanted = fault.text("report");
    let Some(at) = page.items.iter().position(|stored| wanted.is_none_or(|id| id == stored.report.id)) else { return };
    let Some(item) = page.items.get_mut(at) else { return };
    if fault.fault == FaultKind::DupIds {
        let again = item.clone();
        page.items.insert(at, again);
        call.fire();
        return;
    }
    if change_state(&fault, item) {
        call.fire();
    }
}

/// What a fault changes in one report.
pub(in crate::rehearsal::serve) fn change_state(fault: &Fault, item: &mut Stored) -> bool {
    match fault.fault {
        FaultKind::NoData => item.report.status = ReportStatus::NoData,
        FaultKind::Failed => item.report.status = ReportStatus::Failed,
        FaultKind::NoDocumentId => item.names_document = false,
        _ => return false,
    }
    true
}

impl<T> Page<T> {
    /// What a fault changes in the tokens: `previous` is the one of the request, `same` one for the same
    /// page again.
    pub(in crate::rehearsal::serve) fn shape_token(
        &mut self,
        call: &mut Call<'_>,
        previous: Option<&str>,
        same: impl FnOnce() -> String,
    ) {
        if call.fires(FaultKind::EmptyPage) {
            self.items.clear();
            self.next = Some(same());
        } else if call.fires(FaultKind::TokenLoop) {
            self.next = Some(previous.map_or_else(same, str::to_owned));
        }
    }
}
