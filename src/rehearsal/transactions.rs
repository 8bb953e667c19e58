//! The monthly transaction reports of a shop: refunds, captures, authorizations, order references and
//! billing agreements.
//!
//! A report has one line for each state of an object, newest first, no preamble and no byte order mark.
//! The columns of refunds and captures are Amazon's; those of the other three are not known and were
//! chosen by analogy. Buyers are invented; their addresses use names reserved for examples.

use chrono::TimeDelta;

use super::books::{Books, Events, Order, RefundedBy};
use super::country::{Cents, Paperwork};
use super::layout::{Page, decimal, stamped};
use super::plan::RehearsalError;
use super::random::Random;
use crate::domain::{Instant, Month, Period};

const REFUND_COLUMNS: [&str; 12] = [
    "AmazonRefundId",
    "RefundReferenceId",
    "AmazonCaptureId",
    "AmazonOrderReferenceId",
    "RefundAmount",
    "CurrencyCode",
    "SellerRefundNote",
    "RefundType",
    "RefundStatus",
    "LastUpdateTimestamp",
    "ReasonCode",
    "CreationTimestamp",
];
const CAPTURE_COLUMNS: [&str; 21] = [
    "AmazonCaptureId",
    "CaptureReferenceId",
    "AmazonAuthorizationId",
    "AmazonOrderReferenceId",
    "CaptureAmount",
    "CurrencyCode",
    "SellerCaptureNote",
    "CaptureStatus",
    "LastUpdateTimestamp",
    "ReasonCode",
    "CreationTimestamp",
    "BuyerName",
    "BuyerEmailAddress",
    "BillingAddressLine1",
    "BillingAddressLine2",
    "BillingAddressLine3",
    "BillingAddressCity",
    "BillingAddressDistrictOrCounty",
    "BillingAddressStateOrRegion",
    "BillingAddressPostalCode",
    "BillingAddressCountryCode",
];
const AUTHORIZATION_COLUMNS: [&str; 11] = [
    "AmazonAuthorizationId",
    "AuthorizationReferenceId",
    "AmazonOrderReferenceId",
    "AuthorizationAmount",
    "CapturedAmount",
    "CurrencyCode",
    "AuthorizationStatus",
    "LastUpdateTimestamp",
    "ReasonCode",
    "ExpirationTimestamp",
    "CreationTimestamp",
];
const ORDER_REFERENCE_COLUMNS: [&str; 10] = [
    "AmazonOrderReferenceId",
    "SellerOrderId",
    "StoreName",
    "OrderAmount",
    "CurrencyCode",
    "SellerNote",
    "OrderReferenceStatus",
    "LastUpdateTimestamp",
    "ReasonCode",
    "CreationTimestamp",
];
const BILLING_AGREEMENT_COLUMNS: [&str; 8] = [
    "AmazonBillingAgreementId",
    "SellerBillingAgreementId",
    "StoreName",
    "CurrencyCode",
    "BillingAgreementStatus",
    "LastUpdateTimestamp",
    "ReasonCode",
    "CreationTimestamp",
];

/// Every tenth buyer pays by a billing agreement.
const BILLING_AGREEMENT_EVERY: u64 = 10;
/// An authorization that is not captured lives 30 days.
const AUTHORIZATION_LIFE: TimeDelta = TimeDelta::days(30);

/// One line of a report, with the instant by which it is sorted and put into a month.
struct State {
    at: Instant,
    cells: Vec<String>,
}

/// The reports of a shop: file name and bytes.
///
/// # Errors
/// [`RehearsalError::Period`] beyond the calendar.
pub(super) fn transaction_reports(books: &Books, months: &[Month]) -> Result<Vec<(String, Vec<u8>)>, RehearsalError> {
    let printer = Printer { books };
    let paperwork = books.account.market.habits.paperwork;
    let middle = months.get(months.len() / 2);
    let mut files = Vec::new();
    for month in months {
        let period = Period::of_month(*month, books.account.zone)?;
        let mut report = |name: &str, columns: &[&str], states: Vec<State>| {
            files.push((format!("{name}-{month}.csv"), print(columns, states, &period)));
        };
        if paperwork != Paperwork::Disbursements {
            report("refunds", &REFUND_COLUMNS, printer.refunds());
        }
        if paperwork == Paperwork::Everything && Some(month) == middle {
            report("captures", &CAPTURE_COLUMNS, printer.captures());
            report("authorizations", &AUTHORIZATION_COLUMNS, printer.authorizations());
            report("order-references", &ORDER_REFERENCE_COLUMNS, printer.order_references());
            report("billing-agreements", &BILLING_AGREEMENT_COLUMNS, printer.billing_agreements());
        }
    }
    Ok(files)
}

/// The states of the period, newest first.
fn print(columns: &[&str], mut states: Vec<State>, period: &Period) -> Vec<u8> {
    states.retain(|state| period.contains(state.at));
    states.sort_by_key(|state| std::cmp::Reverse(state.at));
    let mut page = Page::with_header(columns, "\n");
    for state in states {
        let cells: Vec<&str> = state.cells.iter().map(String::as_str).collect();
        page.line(&cells, "");
    }
    page.text.into_bytes()
}

struct Printer<'a> {
    books: &'a Books,
}

impl Printer<'_> {
    fn events(&self) -> &Events {
        &self.books.events
    }

    fn stamp(&self, at: Instant) -> String {
        stamped(&self.books.account.market.habits.layout, self.books.account.zone, at)
    }

    fn currency(&self) -> String {
        self.books.account.currency.code().to_owned()
    }

    fn refunds(&self) -> Vec<State> {
        let mut states = Vec::new();
        for refund in &self.events().refunds {
            let Some(order) = self.events().orders.get(refund.order) else { continue };
            let (kind, reason) = match refund.by {
                RefundedBy::Seller => ("SellerInitiated", ""),
                RefundedBy::Amazon => ("AmazonInitiated", "AmazonA-ZRefund"),
            };
            let created = earlier(refund.completed, waiting(refund.amount));
            for (status, at, reason) in [("Pending", created, ""), ("Completed", refund.completed, reason)] {
                let cells = vec![
                    refund.id.to_string(),
                    refund.reference.clone(),
                    order.capture.to_string(),
                    order.reference.to_string(),
                    decimal(refund.amount),
                    self.currency(),
                    String::new(),
                    kind.to_owned(),
                    status.to_owned(),
                    self.stamp(at),
                    reason.to_owned(),
                    self.stamp(created),
                ];
                states.push(State { at, cells });
            }
        }
        states
    }

    fn captures(&self) -> Vec<State> {
        let mut states = Vec::new();
        for order in &self.events().orders {
            let created = earlier(order.captured, TimeDelta::seconds(40 + order.price % 50));
            for (status, at) in [("Pending", created), ("Completed", order.captured)] {
                let mut cells = vec![
                    order.capture.to_string(),
                    order.seller_reference.clone(),
                    order.authorization.to_string(),
                    order.reference.to_string(),
                    decimal(order.price),
                    self.currency(),
                    String::new(),
                    status.to_owned(),
                    self.stamp(at),
                    String::new(),
                    self.stamp(created),
                ];
                cells.extend(self.buyer(order));
                states.push(State { at, cells });
            }
        }
        states
    }

    /// Name, e-mail address and billing address of an invented buyer, always the same for one order.
    fn buyer(&self, order: &Order) -> [String; 10] {
        const FIRST: [&str; 6] = ["Amélie", "Jürgen", "Zoë", "Åsa", "Péter", "Inès"];
        const LAST: [&str; 6] = ["Exemple", "Muster", "Sample, Jr.", "Påhitt", "Minta", "Modèle"];
        const CITIES: [(&str, &str); 4] =
            [("Villeneuve", "99001"), ("Musterstadt", "99002"), ("Sampleton", "99003"), ("Mintafalva", "99004")];
        let mut random = Random::for_purpose(order.number, "buyer");
        let first = random.choose(&FIRST).copied().unwrap_or_default();
        let last = random.choose(&LAST).copied().unwrap_or_default();
        let (city, post_code) = random.choose(&CITIES).copied().unwrap_or_default();
        [
            format!("{first} {last}"),
            format!("buyer-{}@example.com", order.number),
            format!("{} rue \"Imaginaire\"", random.between(1, 120)),
            String::new(),
            String::new(),
            city.to_owned(),
            String::new(),
            String::new(),
            post_code.to_owned(),
            self.books.account.market.country.to_owned(),
        ]
    }

    fn authorizations(&self) -> Vec<State> {
        let mut states = Vec::new();
        for order in &self.events().orders {
            let opened = earlier(order.captured, TimeDelta::seconds(90));
            let mut state = |status: &str, at, captured: Cents, reason: &str| {
                let ids =
                    [order.authorization.to_string(), format!("{}-A", order.seller_order), order.reference.to_string()];
                states.push(self.authorization(ids, [order.price, captured], status, [at, opened], reason));
            };
            state("Open", opened, 0, "");
            state("Closed", order.captured, order.price, "MaxCapturesProcessed");
        }
        for expired in &self.events().expired {
            let opened = earlier(expired.at, AUTHORIZATION_LIFE);
            let mut state = |status: &str, at, reason: &str| {
                let ids = [
                    expired.authorization.to_string(),
                    format!("AUTH-{}", expired.seller_order),
                    expired.reference.to_string(),
                ];
                states.push(self.authorization(ids, [expired.price, 0], status, [at, opened], reason));
            };
            state("Open", opened, "");
            state("Closed", expired.at, "ExpiredUnused");
        }
        states
    }

    fn authorization(
        &self,
        ids: [String; 3],
        [authorized, captured]: [Cents; 2],
        status: &str,
        [at, opened]: [Instant; 2],
        reason: &str,
    ) -> State {
        let mut cells = Vec::from(ids);
        cells.extend([
            decimal(authorized),
            decimal(captured),
            self.currency(),
            status.to_owned(),
            self.stamp(at),
            reason.to_owned(),
            self.stamp(earlier(opened, -AUTHORIZATION_LIFE)),
            self.stamp(opened),
        ]);
        State { at, cells }
    }

    fn order_references(&self) -> Vec<State> {
        let mut states = Vec::new();
        for order in &self.events().orders {
            let created = earlier(order.captured, TimeDelta::seconds(150));
            for (status, at, reason) in [("Open", created, ""), ("Closed", order.captured, "SellerClosed")] {
                let cells = vec![
                    order.reference.to_string(),
                    order.seller_order.to_string(),
                    self.books.account.market.store.to_owned(),
                    decimal(order.price),
                    self.currency(),
                    String::new(),
                    status.to_owned(),
                    self.stamp(at),
                    reason.to_owned(),
                    self.stamp(created),
                ];
                states.push(State { at, cells });
            }
        }
        states
    }

    fn billing_agreements(&self) -> Vec<State> {
        let mut states = Vec::new();
        for order in self.events().orders.iter().filter(|order| order.number % BILLING_AGREEMENT_EVERY == 0) {
            let mut random = Random::for_purpose(order.number, "billing agreement");
            let id = format!("C02-{}-{}", random.digits(7), random.digits(7));
            let created = earlier(order.captured, TimeDelta::seconds(240));
            let opened = earlier(order.captured, TimeDelta::seconds(200));
            for (status, at) in [("Draft", created), ("Open", opened)] {
                let cells = vec![
                    id.clone(),
                    format!("SUB-{}", order.number),
                    self.books.account.market.store.to_owned(),
                    self.currency(),
                    status.to_owned(),
                    self.stamp(at),
                    String::new(),
                    self.stamp(created),
                ];
                states.push(State { at, cells });
            }
        }
        states
    }
}

/// How long a refund waits before it is completed: a minute to three hours, fixed by its amount.
fn waiting(amount: Cents) -> TimeDelta {
    TimeDelta::seconds(60 + amount % 10_740)
}

fn earlier(at: Instant, by: TimeDelta) -> Instant {
    Instant::new(at.utc_millis() - by.num_milliseconds(), 0)
}
