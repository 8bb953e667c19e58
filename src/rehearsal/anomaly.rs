//! Plants faults into honest books, each in a settlement of its own in the middle of the first account,
//! and remembers where, so that the answer key can name the place.

use serde::Serialize;

use super::books::{Books, Delivery, Row, Settlement};
use super::country::Market;
use super::layout::line_of_row;
use super::plan::{Anomaly, RehearsalError};
use crate::domain::{Instant, RowKind, SettlementId};

/// Settlements between two anomalies, so that one does not hide the other.
const DISTANCE: usize = 3;
/// How long after its settlement's end a misplaced row is posted.
const TOO_LATE_MILLIS: i64 = 2 * 3_600 * 1_000;

/// A fault and its place.
#[derive(Clone, Debug, Serialize)]
pub struct Planted {
    /// Which.
    pub anomaly: Anomaly,
    /// The file, relative to the sample; the missing one for a missing settlement.
    pub file: String,
    /// The line in it, from 1, where the fault is in one row.
    pub line: Option<usize>,
    /// The settlement.
    pub settlement_id: SettlementId,
    /// What was done.
    pub what: String,
}

/// Plants the anomalies into the first account.
///
/// # Errors
/// [`RehearsalError::NoPlace`] where the books are too small.
pub(super) fn plant(books: &mut [Books], anomalies: &[Anomaly]) -> Result<Vec<Planted>, RehearsalError> {
    let mut planted = Vec::new();
    let Some(books) = books.first_mut() else { return Ok(planted) };
    let mut next = books.settlements.len() / 2;
    for anomaly in anomalies {
        let no_place = || RehearsalError::NoPlace(anomaly.word());
        // The last settlement stays honest: a row after its end would belong to no settlement at all.
        let until = books.settlements.len().saturating_sub(1);
        let fits = |settlement: &Settlement| fitting_row(settlement, *anomaly).is_some();
        let candidates = books.settlements.iter().take(until).enumerate().skip(next);
        let (place, row) = candidates
            .filter(|(_, settlement)| fits(settlement))
            .find_map(|(place, settlement)| fitting_row(settlement, *anomaly).map(|row| (place, row)))
            .ok_or_else(no_place)?;
        let stranger = books.settlements.get(place + 1).map(|settlement| settlement.id.clone()).ok_or_else(no_place)?;
        let market = books.account.market;
        let settlement = books.settlements.get_mut(place).ok_or_else(no_place)?;
        let (line, what) = spoil(settlement, row, *anomaly, market, stranger).ok_or_else(no_place)?;
        planted.push(Planted {
            anomaly: *anomaly,
            file: format!("{}/{}", books.account.name, settlement.file_name()),
            line,
            settlement_id: settlement.id.clone(),
            what,
        });
        next = place + DISTANCE;
    }
    Ok(planted)
}

/// The row that can carry the anomaly: a capture, or the opening reserve.
fn fitting_row(settlement: &Settlement, anomaly: Anomaly) -> Option<usize> {
    let fits = |row: &Row| match anomaly {
        Anomaly::BrokenReserve => row.kind == RowKind::Reserve && row.figures.net > 0,
        _ => row.kind == RowKind::Capture,
    };
    settlement.rows.iter().position(fits)
}

/// Does the damage; gives the line of the damaged row, if it is in one, and says what was done.
fn spoil(
    settlement: &mut Settlement,
    position: usize,
    anomaly: Anomaly,
    market: &Market,
    stranger: SettlementId,
) -> Option<(Option<usize>, String)> {
    let end = settlement.window.end;
    let line = Some(line_of_row(&market.habits.layout, position));
    let row = settlement.rows.get_mut(position)?;
    let figures = &mut row.figures;
    Some(match anomaly {
        Anomaly::MissingSettlement => {
            settlement.delivery = Delivery::Missing;
            (None, "the file is not there".to_owned())
        }
        Anomaly::Reissued => {
            settlement.delivery = Delivery::Reissued;
            (None, format!("a second file, {}, has the same settlement in other bytes", reissued_name(settlement)))
        }
        Anomaly::BrokenReserve => {
            figures.amount += 100;
            figures.net += 100;
            (line, "the opening reserve is 1.00 more than the settlement before closed".to_owned())
        }
        Anomaly::WrongNet => {
            figures.net += 1;
            (line, "the net amount is 0.01 more than amount + total fee".to_owned())
        }
        Anomaly::WrongFee => {
            figures.total_fee -= 1;
            figures.net -= 1;
            (line, "the total fee is 0.01 less than the sum of both fees; the net amount follows it".to_owned())
        }
        Anomaly::ForeignSettlementId => {
            let what = format!("the row carries the settlement id {stranger}");
            row.foreign_settlement = Some(stranger);
            (line, what)
        }
        Anomaly::UnknownType => {
            row.kind = RowKind::Unknown;
            row.word = "Balance Harmonization";
            (line, "the type was Capture and is now in no documentation".to_owned())
        }
        Anomaly::RowOutsidePeriod => {
            row.posted = Instant::new(end.utc_millis() + TOO_LATE_MILLIS, 0);
            settlement.rows.sort_by_key(|row| row.posted);
            let last = settlement.rows.len().checked_sub(1)?;
            (Some(line_of_row(&market.habits.layout, last)), "the row is posted two hours after the end".to_owned())
        }
    })
}

/// The name of the second file of a settlement that is issued twice.
#[must_use]
pub(super) fn reissued_name(settlement: &Settlement) -> String {
    settlement.file_name().replace(".csv", "-reissued.csv")
}
