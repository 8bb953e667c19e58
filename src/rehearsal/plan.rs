//! What is to be invented: seed, accounts, months, how many orders, which anomalies.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use serde::Serialize;

use super::country::{Market, market};
use crate::domain::{Country, Currency, Instant, Month, PeriodError, SellerId, Zone};

/// The local time at which a settlement begins: seen in a real file of 2015, where it ends at
/// 14:59:44 the next day.
const START_OF_SETTLEMENT: (u32, u32, u32) = (15, 0, 44);
/// The hole between one settlement's end and the next one's start, as in the same file.
const HOLE: TimeDelta = TimeDelta::seconds(60);
/// The most months that one plan may span, so that a mistyped number does not fill the disk.
pub(super) const MONTHS_MAX: u32 = 120;

/// Why nothing could be invented.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// Not one of the countries with a market.
    #[error("no invented shop for country {0}; there is one for GB DE FR IT ES LU NL SE PT HU DK")]
    NoMarket(Country),
    /// More merchant ids than countries.
    #[error("{accounts} merchant ids for {countries} countries; give each --account after its --country")]
    AccountWithoutCountry {
        /// Merchant ids given.
        accounts: usize,
        /// Countries given.
        countries: usize,
    },
    /// The same merchant id twice.
    #[error("merchant id {0} is given twice")]
    SellerTwice(SellerId),
    /// No month, or too many.
    #[error("{0} months asked for; 1 to {MONTHS_MAX} are possible")]
    Months(u32),
    /// Beyond the calendar.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// Not one of the anomalies.
    #[error("`{0}` is not an anomaly")]
    UnknownAnomaly(String),
    /// An anomaly that finds no place.
    #[error("no place for the anomaly `{0}`; ask for more months or more orders")]
    NoPlace(&'static str),
    /// A document could not be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// A deliberate fault, planted on request and listed in the answer key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anomaly {
    /// One settlement file is not written.
    MissingSettlement,
    /// A settlement opens with another reserve than the one before it closed.
    BrokenReserve,
    /// The net amount of a row is one cent off.
    WrongNet,
    /// The total fee of a row is not the sum of its two fees.
    WrongFee,
    /// A row is posted after its settlement's end.
    RowOutsidePeriod,
    /// A row carries the id of another settlement.
    ForeignSettlementId,
    /// One settlement comes in two files with different bytes.
    Reissued,
    /// A row of a type that is in no documentation.
    UnknownType,
}

impl Anomaly {
    /// Every anomaly with its word on the command line.
    pub const TABLE: [(Anomaly, &'static str); 8] = [
        (Anomaly::MissingSettlement, "missing-settlement"),
        (Anomaly::BrokenReserve, "broken-reserve"),
        (Anomaly::WrongNet, "wrong-net"),
        (Anomaly::WrongFee, "wrong-fee"),
        (Anomaly::RowOutsidePeriod, "row-outside-period"),
        (Anomaly::ForeignSettlementId, "foreign-settlement-id"),
        (Anomaly::Reissued, "reissued"),
        (Anomaly::UnknownType, "unknown-type"),
    ];

    /// The word on the command line and in the answer key.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

impl FromStr for Anomaly {
    type Err = RehearsalError;

    fn from_str(text: &str) -> Result<Self, RehearsalError> {
        let known = Self::TABLE.iter().find(|(_, word)| *word == text);
        known.map(|(anomaly, _)| *anomaly).ok_or_else(|| RehearsalError::UnknownAnomaly(text.to_owned()))
    }
}

/// One merchant account to invent.
#[derive(Clone, Debug)]
pub struct AccountPlan {
    /// The folder of its files and its name in the answer key, e.g. `shop-fr`.
    pub name: String,
    /// The merchant id in the files.
    pub seller: SellerId,
    /// The country's prices, tariff and habits.
    pub market: &'static Market,
    /// The currency in which the account is settled.
    pub currency: Currency,
    /// The shop's own zone.
    pub zone: Zone,
    /// Its place in the plan, from 0.
    pub position: usize,
}

/// Everything that decides the bytes of a sample.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of all randomness.
    pub seed: u64,
    /// The accounts.
    pub accounts: Vec<AccountPlan>,
    /// The months that the settlements fully cover, in order.
    pub months: Vec<Month>,
    /// Orders on an average day; none makes a merchant without sales.
    pub orders_per_day: u32,
    /// The faults to plant.
    pub anomalies: Vec<Anomaly>,
    /// How much is made of disputes.
    pub dispute_work: DisputeWork,
}

/// How much is made of disputes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DisputeWork {
    /// Rows, notifications and refund reports.
    #[default]
    Usual,
    /// Also refunds and compensations on top, answers of the Dispute API, and a key of every case.
    Hard,
}

impl Plan {
    /// The countries of the sample in `sample_reports`.
    pub const SAMPLE_COUNTRIES: [&'static str; 5] = ["FR", "DE", "GB", "SE", "HU"];

    /// A plan for some countries, whose merchant ids are invented where `sellers` names none.
    ///
    /// # Errors
    /// [`RehearsalError`] for a country without a market, a merchant id without a country or given
    /// twice, and an impossible number of months.
    pub fn new(countries: &[Country], sellers: &[SellerId], first: Month, months: u32) -> Result<Self, RehearsalError> {
        if sellers.len() > countries.len() {
            return Err(RehearsalError::AccountWithoutCountry { accounts: sellers.len(), countries: countries.len() });
        }
        if months == 0 || months > MONTHS_MAX {
            return Err(RehearsalError::Months(months));
        }
        let mut accounts: Vec<AccountPlan> = Vec::new();
        for (position, country) in countries.iter().enumerate() {
            let account = account_plan(*country, sellers.get(position), &accounts)?;
            accounts.push(account);
        }
        let months = std::iter::successors(Some(first), |month| Some(month.next())).take(months as usize).collect();
        Ok(Self {
            seed: 1,
            accounts,
            months,
            orders_per_day: 3,
            anomalies: Vec::new(),
            dispute_work: DisputeWork::Usual,
        })
    }

    /// The plan of the sample: five shops, August to October 2026, seed 1.
    ///
    /// # Errors
    /// None in practice; the table of markets is tested.
    pub fn sample() -> Result<Self, RehearsalError> {
        let countries: Vec<Country> = Self::SAMPLE_COUNTRIES.iter().filter_map(|code| code.parse().ok()).collect();
        Self::new(&countries, &[], "2026-08".parse()?, 3)
    }

    /// The settlement periods of an account: daily, from the day before the first month until the day
    /// after the last, so that the months are covered in UTC and in the account's zone.
    ///
    /// # Errors
    /// [`RehearsalError::Period`] beyond the calendar.
    pub fn windows(&self, account: &AccountPlan) -> Result<Vec<Window>, RehearsalError> {
        let (Some(first), Some(last)) = (self.months.first(), self.months.last()) else { return Ok(Vec::new()) };
        let mut day = first.first_day()?.pred_opt().ok_or(PeriodError::OutOfRange)?;
        let until = last.next().first_day()?;
        let mut windows = Vec::new();
        while day < until {
            let next = day.succ_opt().ok_or(PeriodError::OutOfRange)?;
            let start = local_start(account.zone, day)?;
            let end = Instant::new(local_start(account.zone, next)?.utc_millis() - HOLE.num_milliseconds(), 0);
            windows.push(Window { start, end, last_day: next });
            day = next;
        }
        Ok(windows)
    }
}

/// The period of one settlement.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Its first instant.
    pub start: Instant,
    /// Its last instant.
    pub end: Instant,
    /// The local day on which it ends: the date in its file's name.
    pub last_day: NaiveDate,
}

impl Window {
    /// Whether it ends on a Sunday.
    #[must_use]
    pub fn ends_on_sunday(&self) -> bool {
        self.last_day.weekday() == chrono::Weekday::Sun
    }
}

fn local_start(zone: Zone, day: NaiveDate) -> Result<Instant, RehearsalError> {
    let (hour, minute, second) = START_OF_SETTLEMENT;
    let time = NaiveTime::from_hms_opt(hour, minute, second).ok_or(PeriodError::OutOfRange)?;
    // No European zone changes its clock in the afternoon.
    let local = zone.tz().from_local_datetime(&day.and_time(time)).earliest().ok_or(PeriodError::OutOfRange)?;
    Ok(local.to_utc().into())
}

fn account_plan(
    country: Country,
    seller: Option<&SellerId>,
    before: &[AccountPlan],
) -> Result<AccountPlan, RehearsalError> {
    let code = country.code();
    let (Some(market), Some(zone), Some(currency)) = (market(&code), country.zone(), country.currency()) else {
        return Err(RehearsalError::NoMarket(country));
    };
    let same = before.iter().filter(|account| account.market.country == code).count();
    let seller = seller.cloned().unwrap_or_else(|| SellerId::new(format!("A{}SETTLE{code}001", same + 1)));
    if before.iter().any(|account| account.seller == seller) {
        return Err(RehearsalError::SellerTwice(seller));
    }
    let mut name = format!("shop-{}", code.to_lowercase());
    if same > 0 {
        name = format!("{name}-{}", same + 1);
    }
    Ok(AccountPlan { name, seller, market, currency, zone: zone.into(), position: before.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Period;

    #[test]
    fn the_windows_cover_every_month_in_utc_and_in_the_own_zone() {
        let plan = Plan::sample().unwrap();
        for account in &plan.accounts {
            let windows = plan.windows(account).unwrap();
            assert_eq!(windows.len(), 93);
            for month in &plan.months {
                for zone in [Zone::UTC, account.zone] {
                    let period = Period::of_month(*month, zone).unwrap();
                    assert!(windows.first().unwrap().start < period.from());
                    assert!(windows.last().unwrap().end > period.until());
                }
            }
            for pair in windows.windows(2) {
                assert_eq!(pair[1].start.utc_millis() - pair[0].end.utc_millis(), 60_000);
            }
        }
    }

    #[test]
    fn two_shops_of_one_country_have_two_names() {
        let france: Country = "FR".parse().unwrap();
        let plan = Plan::new(&[france, france], &[], "2026-08".parse().unwrap(), 1).unwrap();
        let names: Vec<&str> = plan.accounts.iter().map(|account| account.name.as_str()).collect();
        assert_eq!(names, ["shop-fr", "shop-fr-2"]);
        assert_ne!(plan.accounts[0].seller, plan.accounts[1].seller);
    }

    #[test]
    fn what_cannot_be_planned_is_refused() {
        let france: Country = "FR".parse().unwrap();
        let august: Month = "2026-08".parse().unwrap();
        let seller = SellerId::new("A1");
        assert!(Plan::new(&["JP".parse().unwrap()], &[], august, 1).is_err());
        assert!(Plan::new(&[france], &[seller.clone(), seller.clone()], august, 1).is_err());
        assert!(Plan::new(&[france, france], &[seller.clone(), seller], august, 1).is_err());
        assert!(Plan::new(&[france], &[], august, 0).is_err());
    }
}
