//! One account in one currency, as the journal sees it: what the statement says of it, and its settlements.

use chrono::NaiveDate;

use super::{Delta, VatRule};
use crate::config::AccountsMap;
use crate::domain::{AccountName, Basis, Currency, MoneyError, Period, PeriodError, SettlementId, Sum, parse_date};
use crate::report::{Account, SettlementLine};

/// One account and currency.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The account.
    pub account: AccountName,
    /// Its currency.
    pub currency: Currency,
    /// The period in the account's zone.
    pub period: Period,
    /// First day of the period.
    pub first_day: NaiveDate,
    /// Last day of the period.
    pub last_day: NaiveDate,
    /// The statement's opening balance.
    pub opening: Sum,
    /// The statement's closing balance.
    pub closing: Sum,
    /// Which date decides.
    pub basis: Basis,
    /// Whether settlements cover the whole period.
    pub complete: bool,
    /// The settlements that touch the period, in order.
    pub settlements: Vec<LedgerSettlement>,
    /// The accounts.
    pub map: AccountsMap,
    /// The VAT treatment of fees.
    pub vat: VatRule,
    /// The corrections of closed months; `opening` is then the balance of the close.
    pub delta: Option<Delta>,
}

/// One settlement of a ledger.
#[derive(Clone, Debug)]
pub struct LedgerSettlement {
    /// Its id.
    pub id: Option<SettlementId>,
    /// Its document.
    pub file: String,
    /// The date of all its rows, where not each row's own posting decides.
    pub decided: Option<NaiveDate>,
    /// The local date on which it ends.
    pub end: NaiveDate,
    /// Σ net of its rows in the period, reserve and carry-over included: the statement's figure.
    pub net_in_period: Sum,
}

/// The ledger of an account of the statement.
///
/// # Errors
/// Where a date or sum cannot be expressed, which no real statement reaches.
pub fn ledger_of(
    account: &Account,
    period: Period,
    basis: Basis,
    map: AccountsMap,
    vat: VatRule,
) -> Result<Ledger, LedgerFault> {
    let first_day = period.zone().date_of(period.from());
    let last_day = period.zone().date_of(period.until()).pred_opt().ok_or(PeriodError::OutOfRange)?;
    let settlement = |line: &SettlementLine| {
        let end = local_date(&line.end)?;
        let paid = account.payouts.iter().filter(|payout| payout.source == line.source).map(|payout| &payout.posted);
        let decided = match basis {
            Basis::Posted => None,
            Basis::Settlement => Some(end),
            Basis::Payout => {
                let dates = paid.map(|posted| local_date(posted)).collect::<Result<Vec<_>, _>>()?;
                Some(dates.into_iter().min().unwrap_or(end))
            }
        };
        let net_in_period = Sum::of(line.net_in_period)?;
        Ok(LedgerSettlement { id: line.settlement_id.clone(), file: line.source.clone(), decided, end, net_in_period })
    };
    let mut settlements = account.settlements.iter().map(settlement).collect::<Result<Vec<_>, LedgerFault>>()?;
    // Where a whole settlement has one date, the dates are the order of the journal.
    settlements.sort_by_key(|settlement| settlement.decided);
    Ok(Ledger {
        account: account.account.clone(),
        currency: account.currency,
        period,
        first_day,
        last_day,
        opening: Sum::of(account.opening_balance)?,
        closing: Sum::of(account.closing_balance)?,
        basis,
        complete: account.status == crate::report::Status::Complete,
        settlements,
        map,
        vat,
        delta: None,
    })
}

/// The date of an instant of the statement, which already stands in the reporting zone.
fn local_date(instant: &str) -> Result<NaiveDate, PeriodError> {
    parse_date(instant.get(..10).unwrap_or_default())
}

/// Why a statement gives no ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFault {
    /// A date.
    #[error(transparent)]
    Date(#[from] PeriodError),
    /// A sum.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
