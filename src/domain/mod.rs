//! Floor 0: the words of the trade.
//!
//! Money and currencies, countries, months and periods, instants, ids and row kinds. Nothing here
//! reads a file, knows a column or asks for the time; every other floor builds on these types.
//! Depends on rust_decimal, chrono, chrono-tz and iso_currency only.

mod basis;
mod business_day;
mod clock;
mod country;
mod exit;
mod ids;
mod instant;
mod kind;
mod money;
mod period;
mod privacy;

pub use basis::{Basis, UnknownBasis};
pub use business_day::{BankCalendar, BusinessWindow};
pub use clock::{Clock, FixedClock, Pause, Timer};
pub use country::{AMAZON_PAY_EUROPE, Country, UnknownCountry};
pub use exit::ExitCode;
pub use ids::{AccountName, DocumentId, OrderReferenceId, SellerId, SellerOrderId, SettlementId, TransactionId};
pub use instant::{Instant, MILLIS_PER_SECOND};
pub use kind::{KindCache, RowKind};
pub use money::{Amount, Currency, Money, MoneyError, Sum, UnknownCurrency};
pub use period::{Month, Period, PeriodError, Zone, parse_date};
pub use privacy::{BUYER_KINDS, PiiPolicy, UnknownPiiPolicy, tells_of_buyers};
