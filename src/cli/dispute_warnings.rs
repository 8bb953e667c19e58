//! Deadlines of disputes in the nightly job: which warnings are due, and that they were sent.

use super::accounts::{Accounts, Span};
use super::args::Common;
use super::dispute_facts::gather_facts;
use super::failure::Failure;
use super::frozen::View;
use super::load::{Keep, load_archive_keeping};
use super::world::World;
use crate::archive::{Archive, WarningRecord};
use crate::config::Settings;
use crate::disputes::{Case, Clock, DeadlineWarning, Facts, SentWarning, warnings_due};
use crate::domain::{Instant, Zone};
use crate::parse::DocumentKind;
use crate::report::DeadlineLine;

/// The only documents from which a deadline can be known.
const KINDS_WITH_DEADLINES: [DocumentKind; 2] = [DocumentKind::ChargebackNotification, DocumentKind::Dispute];

/// A warning that is due, for the catalog and for people.
pub(super) struct Due {
    pub(super) record: WarningRecord,
    pub(super) line: DeadlineLine,
}

/// The warnings that are due now and were not sent.
///
/// # Errors
/// [`Failure`] where the archive cannot be read.
pub(super) fn find_due(
    archive: &Archive,
    settings: &Settings,
    common: &Common,
    world: &mut World<'_>,
) -> Result<Vec<Due>, Failure> {
    if !has_deadlines(archive)? {
        return Ok(Vec::new());
    }
    let accounts = Accounts::new(Some(settings.clone()), &common.account, None);
    let now = Instant::from(world.clock.now());
    let clock = Clock { now, settings: &settings.disputes };
    let loaded = load_archive_keeping(Keep::Records, archive, &View::now(archive)?, &accounts, &Span::Whole, world)?;
    let known = gather_facts(loaded, None, &accounts, &clock, common, world)?.disputes;
    let sent = archive.catalog.dispute_warnings()?.into_iter();
    let sent: Vec<SentWarning> = sent.map(|sent| (sent.case_id, sent.deadline_ms, sent.mark)).collect();
    let warnings = warnings_due(&known.cases, &known.facts, &clock, &sent);
    Ok(warnings.into_iter().map(|warning| due(warning, &known.cases, &known.facts, now)).collect())
}

/// Spares an archive without disputes the second pass over its settlements.
fn has_deadlines(archive: &Archive) -> Result<bool, Failure> {
    for kind in KINDS_WITH_DEADLINES {
        if !archive.catalog.documents_of_kind(kind.word())?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn due(warning: DeadlineWarning, cases: &[Case], facts: &Facts, now: Instant) -> Due {
    let case = cases.iter().find(|case| case.id == warning.case_id);
    let zone = case.map_or(Zone::UTC, |case| facts.zone(&case.account));
    Due {
        record: WarningRecord {
            case_id: warning.case_id.clone(),
            deadline_ms: warning.deadline.at.utc_millis(),
            mark: warning.mark,
            sent_ms: now.utc_millis(),
        },
        line: DeadlineLine {
            account: case.map(|case| case.account.to_string()).unwrap_or_default(),
            case_id: warning.case_id,
            days_left: warning.days_left,
            respond_by: warning.deadline.at.rfc3339_in(&zone.tz()),
            respond_by_basis: warning.deadline.basis.word(),
            message: warning.message,
        },
    }
}
