//! Which warnings about deadlines are due: at five, at two and at no days left.
//!
//! Pure: what was sent is handed in and what is due is handed out; who sends it and remembers it is above. A
//! case that was missed for a while is warned of once, at the narrowest mark that it has reached.

use super::case::{Case, CaseStatus};
use super::clock::{Clock, Deadline};
use super::facts::Facts;

/// Days left at which `settle run` warns.
pub const WARNING_DAYS: [i64; 3] = [5, 2, 0];

/// A warning that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineWarning {
    /// The case.
    pub case_id: String,
    /// The mark: 5, 2 or 0.
    pub mark: i64,
    /// Days left in the account's zone.
    pub days_left: i64,
    /// The deadline; where Amazon moves it, the case is warned of again.
    pub deadline: Deadline,
    /// The sentence for people.
    pub message: String,
}

/// What was sent: case, deadline in milliseconds since 1970 UTC, mark.
pub type SentWarning = (String, i64, i64);

/// The warnings that are due now and were not sent. A decided case and a passed deadline need none.
#[must_use]
pub fn warnings_due(cases: &[Case], facts: &Facts, clock: &Clock<'_>, sent: &[SentWarning]) -> Vec<DeadlineWarning> {
    let due = |case: &Case| {
        let deadline = case.deadline?;
        let decided = matches!(case.status, CaseStatus::Won | CaseStatus::PartlyWon | CaseStatus::Lost);
        if decided || !clock.is_ahead(deadline) {
            return None;
        }
        let days_left = clock.days_left(facts.zone(&case.account), deadline.at);
        let mark = WARNING_DAYS.into_iter().rev().find(|mark| days_left <= *mark)?;
        let told = |(id, at, sent): &SentWarning| *id == case.id && *at == deadline.at.utc_millis() && *sent <= mark;
        (!sent.iter().any(told)).then(|| DeadlineWarning {
            case_id: case.id.clone(),
            mark,
            days_left,
            deadline,
            message: sentence(case, facts, days_left, deadline),
        })
    };
    cases.iter().filter_map(due).collect()
}

fn sentence(case: &Case, facts: &Facts, days_left: i64, deadline: Deadline) -> String {
    let zone = facts.zone(&case.account);
    let left = match days_left {
        0 => "today is the last day".to_owned(),
        1 => "1 day is left".to_owned(),
        days => format!("{days} days are left"),
    };
    let order = if case.order_reference_id.is_empty() { case.id.as_str() } else { &case.order_reference_id };
    let kind = case.kind.word().replace('_', " ");
    let at = deadline.at.rfc3339_in(&zone.tz());
    format!("{}: {kind} on {order}: {left} to respond, until {at} ({})", case.account, deadline.basis.word())
}
