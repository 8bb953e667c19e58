//! Reads what stands behind a statement: its rows again, from their sources, and the months up to it.

use std::collections::BTreeMap;

use super::failure::Failure;
use crate::domain::{AccountName, Basis, ExitCode, Instant, Month, Period, Zone};
use crate::export::WriteError;
use crate::parse::{Fault, Input, ReadOptions, Receiver, read_document};
use crate::reconcile::{SettlementDocument, settle_conflicts};
use crate::report::{
    Ask, Details, DetailsError, Known, MONTHS_SHOWN, MonthCollector, MonthFigures, MonthTally, RowCollector, RowLimit,
    RowsOf, Statement,
};

impl From<DetailsError> for Failure {
    fn from(why: DetailsError) -> Self {
        match why {
            DetailsError::TooMany { .. } => Failure::new(ExitCode::Usage, why.to_string())
                .with_hint("name a shorter period or one --account; --format csv and json have no limit"),
            DetailsError::Disagreement { .. } => Failure::new(ExitCode::Storage, why.to_string())
                .with_hint("a source changed while it was read; run again"),
        }
    }
}

/// Where the rows of a statement are read again.
pub(super) struct Behind<'a> {
    /// The settlement files of this run.
    pub(super) inputs: &'a [Input],
    /// Their totals.
    pub(super) documents: Vec<SettlementDocument>,
    /// What was asked for.
    pub(super) ask: &'a Ask,
    /// How files are read.
    pub(super) options: &'a ReadOptions,
}

impl Behind<'_> {
    /// Reads rows and months.
    pub(super) fn read(self, statement: &Statement, limit: RowLimit) -> Result<Details, Failure> {
        let mut details = Details::default();
        for input in self.inputs {
            if let Some(wanted) = self.rows_of(statement, input.name()) {
                let mut collector = RowCollector::new(&mut details, limit, wanted);
                self.read_into(input, &mut collector)?;
                collector.finish()?;
            }
        }
        details.sort();
        details.disagreement(statement)?;
        details.months = self.months(statement)?;
        Ok(details)
    }

    fn read_into<R: Receiver>(&self, input: &Input, receiver: &mut R) -> Result<(), Failure> {
        read_document(input, self.options, receiver, None).map_err(|refused| match refused.error.fault {
            Fault::Io { why } => Failure::from(WriteError::from(why)),
            _ => Failure::from(refused.error),
        })?;
        Ok(())
    }

    /// Which rows of a file the statement counts; `None` where it counts none.
    fn rows_of(&self, statement: &Statement, file: &str) -> Option<RowsOf> {
        let mut places = Vec::new();
        let mut within = None;
        for (place, account) in statement.accounts.iter().enumerate() {
            if let Some(settlement) = account.settlements.iter().position(|line| line.source == file) {
                places.push((account.currency, place, settlement));
                within = Some(self.period_of(&account.account));
            }
        }
        let by_row = self.ask.settlement.is_none() && self.ask.basis == Basis::Posted;
        (!places.is_empty()).then(|| RowsOf { places, within: within.filter(|_| by_row) })
    }

    fn period_of(&self, account: &AccountName) -> Period {
        self.ask.periods.get(account).copied().unwrap_or(self.ask.period)
    }

    /// The months up to the end of the period, of every account of the statement.
    fn months(&self, statement: &Statement) -> Result<Vec<MonthFigures>, Failure> {
        let (documents, _) = settle_conflicts(self.documents.clone());
        let inputs: BTreeMap<&str, &Input> = self.inputs.iter().map(|input| (input.name(), input)).collect();
        let mut figures = Vec::new();
        let mut names: Vec<&AccountName> = statement.accounts.iter().map(|account| &account.account).collect();
        names.dedup();
        for name in names {
            let own: Vec<&SettlementDocument> = documents.iter().filter(|document| document.account == *name).collect();
            let window = Window::before(self.period_of(name));
            let mut months: BTreeMap<_, MonthTally> = BTreeMap::new();
            for document in own.iter().filter(|document| window.touches(document)) {
                self.add_months(document, &window, &inputs, &mut months)?;
            }
            months.retain(|(_, month), _| window.holds(*month));
            let known = |month: Month| window.known(month, &own);
            figures.extend(months.into_iter().map(|((currency, month), tally)| MonthFigures {
                account: name.clone(),
                currency,
                month,
                known: known(month),
                tally,
            }));
        }
        Ok(figures)
    }

    fn add_months(
        &self,
        document: &SettlementDocument,
        window: &Window,
        inputs: &BTreeMap<&str, &Input>,
        months: &mut BTreeMap<(crate::domain::Currency, Month), MonthTally>,
    ) -> Result<(), Failure> {
        let digest = &document.digest;
        let (Some(first), Some(last)) = (digest.first_posted, digest.last_posted) else { return Ok(()) };
        let month = window.month_of(first);
        if month == window.month_of(last) {
            let mut currencies: Vec<_> = digest.buckets.iter().map(|bucket| bucket.currency).collect();
            currencies.sort();
            currencies.dedup();
            for currency in currencies {
                months.entry((currency, month)).or_default().add_digest(digest, currency, &document.file);
            }
        } else if let Some(input) = inputs.get(document.file.as_str()) {
            let mut collector = MonthCollector::new(window.zone, &document.file);
            self.read_into(input, &mut collector)?;
            for (key, tally) in collector.finish() {
                months.entry(key).or_default().merge(tally);
            }
        }
        Ok(())
    }
}

/// The year of months that ends with the month in which a period ends.
struct Window {
    zone: Zone,
    months: Vec<Month>,
}

impl Window {
    fn before(period: Period) -> Self {
        let zone = period.zone();
        let last_instant =
            Instant::new(period.until().utc_millis().saturating_sub(1).max(period.from().utc_millis()), 0);
        let mut month = Month::of(zone.date_of(last_instant));
        let mut months = vec![month];
        while months.len() < MONTHS_SHOWN
            && let Some(before) = month.previous()
        {
            months.push(before);
            month = before;
        }
        months.reverse();
        Self { zone, months }
    }

    fn month_of(&self, at: Instant) -> Month {
        Month::of(self.zone.date_of(at))
    }

    fn holds(&self, month: Month) -> bool {
        self.months.contains(&month)
    }

    fn touches(&self, document: &SettlementDocument) -> bool {
        let digest = &document.digest;
        let (Some(first), Some(last)) = (digest.first_posted, digest.last_posted) else { return false };
        let (first, last) = (self.month_of(first), self.month_of(last));
        self.months.iter().any(|month| first <= *month && *month <= last)
    }

    /// Whether settlements are known from the first to the last instant of a month; holes within are gaps,
    /// which the statement names.
    fn known(&self, month: Month, own: &[&SettlementDocument]) -> Known {
        let Ok(period) = Period::of_month(month, self.zone) else { return Known::Part };
        let starts = own.iter().map(|document| document.start.utc_millis()).min();
        let ends = own.iter().map(|document| document.end.utc_millis()).max();
        let tolerance = crate::reconcile::GAP_TOLERANCE_DEFAULT.num_milliseconds();
        let begins = starts.is_some_and(|start| start <= period.from().utc_millis().saturating_add(tolerance));
        let reaches = ends.is_some_and(|end| end >= period.until().utc_millis().saturating_sub(tolerance));
        if begins && reaches { Known::Whole } else { Known::Part }
    }
}
