//! The first sheet: from opening to closing balance of every account, calculated from the transactions.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::Book;
use super::ledger::{TRANSACTION_ACCOUNT, TRANSACTION_AMOUNTS, TRANSACTION_KIND};
use super::table::{AllNumbers, Cell, Layout, SCALE, Total};
use crate::domain::{ExitCode, Money};
use crate::export::language::{Label, capital};
use crate::report::{Account, Adjustment, Movement, Status};

/// The column of net amounts, by which balances are summed.
const NET: u16 = 8;

impl Book<'_> {
    pub(super) fn summary(
        &self,
        sheet: &mut Worksheet,
        transactions: &Layout,
        numbers: AllNumbers,
    ) -> Result<(), XlsxError> {
        let columns = [
            (Label::Account, 22, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::Summary, 30, Total::No),
            (Label::Rows, 9, Total::No),
            (Label::Gross, 17, Total::No),
            (Label::PercentFees, 15, Total::No),
            (Label::FixedFees, 15, Total::No),
            (Label::Fees, 15, Total::No),
            (Label::Net, 17, Total::No),
            (Label::Message, 44, Total::No),
        ];
        let table = self.table(&columns, None);
        let layout = table.layout(&self.words.heading(Label::Summary), 0);
        let mut rows = Vec::new();
        for (place, account) in self.statement.accounts.iter().enumerate() {
            let first = layout.first + u32::try_from(rows.len()).unwrap_or(0);
            self.account(place, account, first, (transactions, numbers), &mut rows);
        }
        let ties = self.statement.exit_code() == ExitCode::Done;
        let verdict = self.words.of_label(if ties { Label::Ties } else { Label::DoesNotTie });
        let closed = self.statement.closed.as_ref();
        let month = self.statement.period.month.as_deref();
        let closed = closed.map_or_else(String::new, |closed| format!(" · {}", self.words.closed(closed, month)));
        let title = format!("{} · {}{closed} · {verdict}", self.title(Label::Statement), self.coverage());
        let layout = table.layout(&layout.name, rows.len());
        table.write(sheet, &layout, &title, rows.into_iter())?;
        Ok(())
    }

    fn coverage(&self) -> String {
        let words = self.words;
        match (self.statement.status, &self.statement.coverage) {
            (Status::Complete, _) => words.of_label(Label::FullyCovered).to_owned(),
            (Status::Incomplete, Some(known)) => {
                words.fill(Label::IncompleteKnown, &[&words.instant(&known.from), &words.instant(&known.until)])
            }
            (Status::Incomplete, None) => words.of_label(Label::NothingKnown).to_owned(),
        }
    }

    fn account(
        &self,
        place: usize,
        account: &Account,
        first: u32,
        transactions: (&Layout, AllNumbers),
        rows: &mut Vec<Vec<Cell>>,
    ) {
        let words = self.words;
        let line = |label: String, net: Cell, remark: &str| {
            let mut cells =
                vec![Cell::text(account.account.as_str()), Cell::text(account.currency.code()), Cell::Text(label)];
            cells.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, net, Cell::text(remark)]);
            cells
        };
        let before = rows.len();
        if let Some(prior) = account.prior_period.as_ref().filter(|prior| !prior.adjustments.is_empty()) {
            let label = words.fill(Label::ClosedBalance, &[&words.month(&prior.closed_month)]);
            let remark = words.of_label(Label::PriorPeriod);
            rows.push(line(capital(&label), Cell::Money(prior.closed_balance), remark));
            rows.extend(prior.adjustments.iter().map(|line| self.adjustment(account, line)));
        }
        let first = first + u32::try_from(rows.len() - before).unwrap_or(0);
        let basis = words.of_label(words.opening_basis(account.opening_basis));
        rows.push(line(words.heading(Label::Opening), Cell::Money(account.opening_balance), basis));
        for movement in &account.movements {
            rows.push(self.movement(place, account, movement, transactions));
        }
        let last = first + u32::try_from(account.movements.len()).unwrap_or(0);
        let net = super::table::letters(NET);
        let formula = format!("=ROUND(SUM({net}{}:{net}{}),{SCALE})", first + 1, last + 1);
        let numbers = self.all_numbers(account);
        let closing = match numbers {
            AllNumbers::Yes => Cell::Formula(formula, account.closing_balance),
            AllNumbers::No => Cell::Money(account.closing_balance),
        };
        rows.push(line(words.heading(Label::Closing), closing, ""));
        let was = words.fill(Label::WasAtBeginning, &[&words.money(account.reserve.opening)]);
        let reserve = format!("  {}", words.of_label(Label::OfWhichReserve));
        rows.push(line(reserve, Cell::Money(account.reserve.closing), &was));
        if !account.unexplained.is_zero() {
            let below = words.of_label(Label::ChainBreaks);
            rows.push(line(words.heading(Label::Unexplained), Cell::Money(account.unexplained), below));
        }
    }

    /// What changed about a closed month: a figure of its own, behind which rows of other months stand.
    fn adjustment(&self, account: &Account, line: &Adjustment) -> Vec<Cell> {
        let label = format!("  {}: {}", self.words.month(&line.month), self.words.adjusted(line.kind));
        let mut cells = vec![Cell::text(account.account.as_str()), Cell::text(account.currency.code())];
        cells.extend([Cell::Text(label), Cell::Shift(line.count)]);
        cells.extend([line.amount, line.percentage_fee, line.fixed_fee, line.fee, line.net].map(Cell::Money));
        cells
    }

    /// Whether opening balance and movements are all numbers, so that a formula sees each of them.
    fn all_numbers(&self, account: &Account) -> AllNumbers {
        let nets = account.movements.iter().map(|movement| movement.net).chain([account.opening_balance]);
        let whole = |money: Money| super::number::number(money.amount()).is_some();
        if nets.into_iter().all(whole) { AllNumbers::Yes } else { AllNumbers::No }
    }

    fn movement(
        &self,
        place: usize,
        account: &Account,
        movement: &Movement,
        (transactions, numbers): (&Layout, AllNumbers),
    ) -> Vec<Cell> {
        let kind = self.words.kind(movement.kind);
        let mut cells = vec![Cell::text(account.account.as_str()), Cell::text(account.currency.code())];
        cells.extend([Cell::Text(format!("  {kind}")), Cell::Count(movement.count)]);
        let amounts = [movement.amount, movement.percentage_fee, movement.fixed_fee, movement.fee, movement.net];
        for (column, amount) in TRANSACTION_AMOUNTS.into_iter().zip(amounts) {
            let [sum, accounts, kinds] =
                [column, TRANSACTION_ACCOUNT, TRANSACTION_KIND].map(|column| transactions.column(column));
            let formula = format!("=ROUND(SUMIFS({sum},{accounts},{},{kinds},\"{kind}\"),{SCALE})", place + 1);
            cells.push(match numbers {
                AllNumbers::Yes => Cell::Formula(formula, amount),
                AllNumbers::No => Cell::Money(amount),
            });
        }
        cells
    }
}
