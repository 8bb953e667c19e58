//! Transactions, settlements, payouts, fees by month.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::Book;
use super::charts;
use super::table::{AllNumbers, Cell, Layout, Total};
use crate::domain::{Amount, SettlementId, Sum, Zone};
use crate::export::language::Label;
use crate::report::{Account, DetailRow, MonthFigures};

/// Columns of the transactions that formulas name.
pub(super) const TRANSACTION_ACCOUNT: u16 = 0;
pub(super) const TRANSACTION_KIND: u16 = 5;
pub(super) const TRANSACTION_AMOUNTS: [u16; 5] = [12, 13, 14, 15, 16];

impl Book<'_> {
    fn id(&self, id: Option<&SettlementId>) -> Cell {
        Cell::text(id.map_or(self.words.of_label(Label::NoRows), SettlementId::as_str))
    }

    /// Every row of the period, with its place.
    pub(super) fn transactions(&self, sheet: &mut Worksheet) -> Result<(Layout, AllNumbers), XlsxError> {
        let columns = [
            (Label::Account, 6, Total::No),
            (Label::Account, 20, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::Settlement, 15, Total::No),
            (Label::Posted, 20, Total::No),
            (Label::Kind, 20, Total::No),
            (Label::Type, 14, Total::No),
            (Label::Order, 22, Total::No),
            (Label::OrderReference, 24, Total::No),
            (Label::Transaction, 30, Total::No),
            (Label::Store, 14, Total::No),
            (Label::Description, 22, Total::No),
            (Label::Gross, 16, Total::ByCurrency),
            (Label::PercentFees, 14, Total::ByCurrency),
            (Label::FixedFees, 14, Total::ByCurrency),
            (Label::Fees, 14, Total::ByCurrency),
            (Label::Net, 16, Total::ByCurrency),
            (Label::File, 44, Total::No),
            (Label::Line, 8, Total::No),
        ];
        let mut table = self.table(&columns, Some(2));
        if let Some(first) = table.columns.first_mut() {
            "#".clone_into(&mut first.heading);
        }
        let layout = table.layout(&self.words.heading(Label::Transactions), self.details.rows.len());
        let zones: Vec<Zone> = self.statement.accounts.iter().map(|account| self.zone(account)).collect();
        let rows = self.details.rows.iter().filter_map(|row| {
            let account = self.statement.accounts.get(row.account)?;
            Some(self.transaction(row, account, zones.get(row.account).copied().unwrap_or(Zone::UTC)))
        });
        let numbers = table.write(sheet, &layout, &self.title(Label::Transactions), rows)?;
        Ok((layout, numbers))
    }

    fn zone(&self, account: &Account) -> Zone {
        let period = account.period.as_ref().unwrap_or(&self.statement.period);
        period.timezone.parse().unwrap_or(Zone::UTC)
    }

    fn transaction(&self, row: &DetailRow, account: &Account, zone: Zone) -> Vec<Cell> {
        let money = |amount: Amount| Cell::Money(amount.in_currency(account.currency));
        let settlement = account.settlements.get(row.settlement);
        let mut cells = vec![
            Cell::Count(row.account as u64 + 1),
            Cell::text(account.account.as_str()),
            Cell::text(account.currency.code()),
            self.id(settlement.and_then(|line| line.settlement_id.as_ref())),
            Cell::Moment(row.posted.rfc3339_in(&zone.tz())),
            Cell::Text(self.words.kind(row.kind.word())),
        ];
        let texts = [
            &row.word,
            &row.seller_order_id,
            &row.order_reference_id,
            &row.transaction_id,
            &row.store_name,
            &row.description,
        ];
        cells.extend(texts.map(Cell::text));
        cells.extend([row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net].map(money));
        cells.push(Cell::text(settlement.map_or("", |line| &line.source)));
        cells.push(Cell::Count(row.line));
        cells
    }

    pub(super) fn settlements(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::Account, 20, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::Settlement, 16, Total::No),
            (Label::From, 20, Total::No),
            (Label::Until, 20, Total::No),
            (Label::Rows, 9, Total::No),
            (Label::Net, 17, Total::ByCurrency),
            (Label::Payouts, 17, Total::ByCurrency),
            (Label::InPeriodRows, 12, Total::No),
            (Label::InPeriodNet, 17, Total::ByCurrency),
            (Label::Source, 50, Total::No),
        ];
        let mut rows = Vec::new();
        for account in &self.statement.accounts {
            rows.extend(account.settlements.iter().map(|line| {
                vec![
                    Cell::text(account.account.as_str()),
                    Cell::text(account.currency.code()),
                    self.id(line.settlement_id.as_ref()),
                    Cell::Moment(line.start.clone()),
                    Cell::Moment(line.end.clone()),
                    Cell::Count(line.rows),
                    Cell::Money(line.net),
                    Cell::Money(line.transfers),
                    Cell::Count(line.rows_in_period),
                    Cell::Money(line.net_in_period),
                    Cell::text(&line.source),
                ]
            }));
        }
        self.sheet(sheet, Label::Settlements, &self.table(&columns, Some(1)), rows)?;
        Ok(())
    }

    pub(super) fn payouts(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::Account, 20, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::PayoutPosted, 20, Total::No),
            (Label::Settlement, 16, Total::No),
            (Label::Amount, 17, Total::ByCurrency),
            (Label::BankReference, 26, Total::No),
            (Label::File, 44, Total::No),
            (Label::Line, 8, Total::No),
        ];
        let mut rows = Vec::new();
        for account in &self.statement.accounts {
            rows.extend(account.payouts.iter().map(|payout| {
                vec![
                    Cell::text(account.account.as_str()),
                    Cell::text(account.currency.code()),
                    Cell::Moment(payout.posted.clone()),
                    self.id(payout.settlement_id.as_ref()),
                    Cell::Money(payout.amount),
                    Cell::text(payout.reference.as_deref().unwrap_or_default()),
                    Cell::text(&payout.source),
                    Cell::Count(payout.line),
                ]
            }));
        }
        let (layout, _) = self.sheet(sheet, Label::Payouts, &self.table(&columns, Some(1)), rows)?;
        charts::payouts(sheet, self, &layout)
    }

    pub(super) fn fees(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::Account, 20, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::Month, 10, Total::No),
            (Label::Coverage, 16, Total::No),
            (Label::Captures, 12, Total::No),
            (Label::Gross, 17, Total::ByCurrency),
            (Label::PercentFees, 15, Total::ByCurrency),
            (Label::FixedFees, 15, Total::ByCurrency),
            (Label::Fees, 15, Total::ByCurrency),
            (Label::FeeRate, 11, Total::No),
            (Label::Cases, 9, Total::No),
            (Label::Disputed, 15, Total::ByCurrency),
            (Label::ByCount, 12, Total::No),
            (Label::ByAmount, 12, Total::No),
        ];
        let rows = self.details.months.iter().map(|month| self.month(month)).collect();
        let (layout, _) = self.sheet(sheet, Label::Fees, &self.table(&columns, Some(1)), rows)?;
        charts::fees(sheet, self, &layout)
    }

    fn month(&self, month: &MonthFigures) -> Vec<Cell> {
        let tally = &month.tally;
        let money = |sum: Sum| sum.in_currency(month.currency).map_or(Cell::Empty, Cell::Money);
        let known = match month.known {
            crate::report::Known::Whole => Label::FullyCovered,
            crate::report::Known::Part => Label::KnownInPart,
        };
        vec![
            Cell::text(month.account.as_str()),
            Cell::text(month.currency.code()),
            Cell::Text(month.month.to_string()),
            Cell::text(self.words.of_label(known)),
            Cell::Count(tally.captures),
            money(tally.captured),
            money(tally.percentage_fee),
            money(tally.fixed_fee),
            money(tally.fee),
            Cell::Percent(tally.fee_rate()),
            Cell::Count(tally.cases()),
            money(tally.disputed),
            Cell::Percent(tally.dispute_rate_by_count()),
            Cell::Percent(tally.dispute_rate_by_amount()),
        ]
    }
}
