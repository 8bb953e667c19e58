//! Which account of the ledger stands for what happens at Amazon: the charts of accounts, as data.
//!
//! The accounts exist in the published charts; their use for Amazon Pay is practice, not law
//! (accounting-exports §12), so every one can be replaced in `[accounts_map]`. There is no default for the
//! reserve: the total of the clearing account is the balance at Amazon, and most books want no more.

use std::collections::BTreeMap;

use super::choice::Chart;

/// What a posting is for; each has its account in the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The merchant's balance at Amazon, kept like a bank account.
    Clearing,
    /// What customers owe, paid by captures.
    Receivable,
    /// Money given back to customers.
    Refund,
    /// The percentage fee of captures, and its return on refunds.
    FeePercentage,
    /// The fixed fee of captures.
    FeeFixed,
    /// The fee of an authorization.
    FeeAuthorization,
    /// The fee of a dispute, chargeback or claim.
    FeeDispute,
    /// Any other fee.
    FeeOther,
    /// A chargeback, until it is won or lost.
    Chargeback,
    /// An A-to-z Guarantee claim.
    AToZClaim,
    /// The hold of a dispute that names no kind.
    Dispute,
    /// A correction by Amazon.
    Adjustment,
    /// Money debited because the balance could not cover a refund.
    Debt,
    /// Money that left Amazon and has not reached the bank.
    Transit,
    /// Rows of unknown types, and what does not add up within a row.
    Suspense,
    /// The part of the balance that is set aside; no postings where it has no account.
    Reserve,
    /// Reverse charge: the tax that is owed.
    VatDue,
    /// Reverse charge: the same tax, deducted.
    VatDeductible,
    /// Where an opening balance comes from, in formats that check balances.
    Opening,
}

/// The five kinds of accounts; plain-text ledgers put their names first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// What is owned.
    Assets,
    /// What is owed.
    Liabilities,
    /// What came before.
    Equity,
    /// What is spent.
    Expenses,
}

impl Root {
    /// The name that beancount asks for.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Root::Assets => "Assets",
            Root::Liabilities => "Liabilities",
            Root::Equity => "Equity",
            Root::Expenses => "Expenses",
        }
    }
}

/// One account of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerAccount {
    /// Its number, or a name with colons.
    pub code: String,
    /// What it is called.
    pub label: String,
}

impl LedgerAccount {
    /// Reads `517000 Amazon Pay`: the number, and after a blank the name.
    pub(super) fn parse(text: &str, event: Event) -> Option<Self> {
        if text.contains(char::is_control) || text.chars().count() > ACCOUNT_CHARS_MAX {
            return None;
        }
        let (code, label) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), event.row().2));
        (!code.is_empty()).then(|| Self { code: code.to_owned(), label: label.trim().to_owned() })
    }
}

/// The longest account text; no chart has longer names.
const ACCOUNT_CHARS_MAX: usize = 200;

/// Event, key, name where the map gives none, root.
type EventRow = (Event, &'static str, &'static str, Root);

#[rustfmt::skip] // a table reads by its columns
const EVENTS: [EventRow; 19] = [
    (Event::Clearing, "clearing", "Amazon Pay", Root::Assets),
    (Event::Receivable, "receivable", "Customers", Root::Assets),
    (Event::Refund, "refund", "Customers", Root::Assets),
    (Event::FeePercentage, "fee_percentage", "Amazon Pay fees", Root::Expenses),
    (Event::FeeFixed, "fee_fixed", "Amazon Pay fees", Root::Expenses),
    (Event::FeeAuthorization, "fee_authorization", "Amazon Pay fees", Root::Expenses),
    (Event::FeeDispute, "fee_dispute", "Amazon Pay fees", Root::Expenses),
    (Event::FeeOther, "fee_other", "Amazon Pay fees", Root::Expenses),
    (Event::Chargeback, "chargeback", "Disputed payments", Root::Assets),
    (Event::AToZClaim, "a_to_z_claim", "Disputed payments", Root::Assets),
    (Event::Dispute, "dispute", "Disputed payments", Root::Assets),
    (Event::Adjustment, "adjustment", "Amazon Pay adjustments", Root::Expenses),
    (Event::Debt, "debt", "Amazon Pay debts", Root::Liabilities),
    (Event::Transit, "transit", "Amazon Pay payouts in transit", Root::Assets),
    (Event::Suspense, "suspense", "To be clarified", Root::Assets),
    (Event::Reserve, "reserve", "Amazon Pay reserve", Root::Assets),
    (Event::VatDue, "vat_due", "VAT due, reverse charge", Root::Liabilities),
    (Event::VatDeductible, "vat_deductible", "VAT deductible, reverse charge", Root::Assets),
    (Event::Opening, "opening", "Opening balances", Root::Equity),
];

impl Event {
    /// All events, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Event> {
        EVENTS.iter().map(|row| row.0)
    }

    fn row(self) -> EventRow {
        EVENTS.into_iter().find(|row| row.0 == self).unwrap_or((self, "", "", Root::Assets))
    }

    /// The key in `[accounts_map]`.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.row().1
    }

    /// The kind of account.
    #[must_use]
    pub fn root(self) -> Root {
        self.row().3
    }

    /// Whether it is a fee, so that the VAT treatment concerns it.
    #[must_use]
    pub fn is_fee(self) -> bool {
        use Event::{FeeAuthorization, FeeDispute, FeeFixed, FeeOther, FeePercentage};
        matches!(self, FeePercentage | FeeFixed | FeeAuthorization | FeeDispute | FeeOther)
    }
}

/// Events and their account: `(events, code, label)`.
type ChartRow = (&'static [Event], &'static str, &'static str);

const FEES: &[Event] =
    &[Event::FeePercentage, Event::FeeFixed, Event::FeeAuthorization, Event::FeeDispute, Event::FeeOther];
const CUSTOMERS: &[Event] = &[Event::Receivable, Event::Refund];
const DISPUTED: &[Event] = &[Event::Chargeback, Event::AToZClaim, Event::Dispute];
const UNCLEAR: &[Event] = &[Event::Suspense, Event::Debt];

#[rustfmt::skip] // a table reads by its columns
const PCG: &[ChartRow] = &[
    (&[Event::Clearing], "517000", "Amazon Pay"),
    (CUSTOMERS, "411000", "Clients"),
    (FEES, "627800", "Commissions Amazon Pay"),
    (DISPUTED, "416000", "Clients douteux ou litigieux"),
    (&[Event::Adjustment], "658000", "Charges diverses de gestion courante"),
    (&[Event::Transit], "580000", "Virements internes"),
    (UNCLEAR, "471000", "Comptes d'attente"),
    (&[Event::VatDue], "445200", "TVA due intracommunautaire"),
    (&[Event::VatDeductible], "445660", "TVA déductible"),
    (&[Event::Opening], "890000", "Bilan d'ouverture"),
];

#[rustfmt::skip] // a table reads by its columns
const SKR03: &[ChartRow] = &[
    (&[Event::Clearing], "1201", "Amazon Pay"),
    (CUSTOMERS, "10000", "Debitoren Amazon Pay"),
    (FEES, "4970", "Nebenkosten des Geldverkehrs"),
    (DISPUTED, "1460", "Zweifelhafte Forderungen"),
    (&[Event::Adjustment], "4900", "Sonstige betriebliche Aufwendungen"),
    (&[Event::Transit], "1361", "Geldtransit Amazon Pay"),
    (UNCLEAR, "1590", "Durchlaufende Posten"),
    (&[Event::VatDue], "1787", "Umsatzsteuer nach § 13b UStG"),
    (&[Event::VatDeductible], "1577", "Abziehbare Vorsteuer nach § 13b UStG"),
    (&[Event::Opening], "9000", "Saldenvorträge Sachkonten"),
];

#[rustfmt::skip] // a table reads by its columns
const SKR04: &[ChartRow] = &[
    (&[Event::Clearing], "1801", "Amazon Pay"),
    (CUSTOMERS, "10000", "Debitoren Amazon Pay"),
    (FEES, "6855", "Nebenkosten des Geldverkehrs"),
    (DISPUTED, "1240", "Zweifelhafte Forderungen"),
    (&[Event::Adjustment], "6300", "Sonstige betriebliche Aufwendungen"),
    (&[Event::Transit], "1461", "Geldtransit Amazon Pay"),
    (UNCLEAR, "1370", "Durchlaufende Posten"),
    (&[Event::VatDue], "3837", "Umsatzsteuer nach § 13b UStG"),
    (&[Event::VatDeductible], "1407", "Abziehbare Vorsteuer nach § 13b UStG"),
    (&[Event::Opening], "9000", "Saldenvorträge Sachkonten"),
];

#[rustfmt::skip] // a table reads by its columns
const BAS: &[ChartRow] = &[
    (&[Event::Clearing], "1684", "Amazon Pay"),
    (CUSTOMERS, "1510", "Kundfordringar"),
    (FEES, "6570", "Bankavgifter"),
    (DISPUTED, "1515", "Osäkra kundfordringar"),
    (&[Event::Adjustment], "6990", "Övriga externa kostnader"),
    (&[Event::Transit], "1930", "Företagskonto"),
    (UNCLEAR, "2999", "OBS-konto"),
    (&[Event::VatDue], "2614", "Utgående moms omvänd skattskyldighet"),
    (&[Event::VatDeductible], "2645", "Beräknad ingående moms"),
    (&[Event::Opening], "2099", "Ingående balans"),
];

#[rustfmt::skip] // a table reads by its columns
const NEUTRAL: &[ChartRow] = &[
    (&[Event::Clearing], "Assets:AmazonPay", "Amazon Pay"),
    (CUSTOMERS, "Assets:Receivable", "Customers"),
    (&[Event::FeePercentage], "Expenses:PaymentFees:Percentage", "Payment fees, percentage"),
    (&[Event::FeeFixed], "Expenses:PaymentFees:Fixed", "Payment fees, fixed"),
    (&[Event::FeeAuthorization], "Expenses:PaymentFees:Authorization", "Payment fees, authorization"),
    (&[Event::FeeDispute], "Expenses:PaymentFees:Dispute", "Payment fees, disputes"),
    (&[Event::FeeOther], "Expenses:PaymentFees:Other", "Payment fees, other"),
    (&[Event::Chargeback], "Assets:Disputed:Chargebacks", "Chargebacks"),
    (&[Event::AToZClaim], "Assets:Disputed:Claims", "A-to-z claims"),
    (&[Event::Dispute], "Assets:Disputed:Holds", "Dispute holds"),
    (&[Event::Adjustment], "Expenses:PaymentAdjustments", "Payment adjustments"),
    (&[Event::Debt], "Liabilities:AmazonPayDebt", "Amazon Pay debts"),
    (&[Event::Transit], "Assets:Transit", "Payouts in transit"),
    (&[Event::Suspense], "Assets:Suspense", "To be clarified"),
    (&[Event::VatDue], "Liabilities:VatReverseCharge", "VAT due, reverse charge"),
    (&[Event::VatDeductible], "Assets:VatReverseCharge", "VAT deductible, reverse charge"),
    (&[Event::Opening], "Equity:OpeningBalances", "Opening balances"),
];

fn rows(chart: Chart) -> &'static [ChartRow] {
    match chart {
        Chart::Pcg => PCG,
        Chart::Skr03 => SKR03,
        Chart::Skr04 => SKR04,
        Chart::Bas => BAS,
        Chart::Neutral => NEUTRAL,
        Chart::Own => &[],
    }
}

/// The account of every event that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountsMap {
    /// The chart whose accounts stand where the config names none.
    pub chart: Chart,
    accounts: BTreeMap<Event, LedgerAccount>,
}

impl AccountsMap {
    /// The chart's accounts, with the config's over them. One number has one name: that of its first event.
    #[must_use]
    pub fn new(chart: Chart, configured: &BTreeMap<Event, LedgerAccount>) -> Self {
        let account = |code: &str, label: &str| LedgerAccount { code: code.to_owned(), label: label.to_owned() };
        let listed = rows(chart)
            .iter()
            .flat_map(|(events, code, label)| events.iter().map(move |event| (*event, account(code, label))));
        let mut accounts: BTreeMap<Event, LedgerAccount> = listed.collect();
        accounts.extend(configured.iter().map(|(event, account)| (*event, account.clone())));
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for account in accounts.values_mut() {
            account.label = names.entry(account.code.clone()).or_insert_with(|| account.label.clone()).clone();
        }
        Self { chart, accounts }
    }

    /// The account of an event.
    #[must_use]
    pub fn get(&self, event: Event) -> Option<&LedgerAccount> {
        self.accounts.get(&event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_but_ones_own_has_an_account_for_everything_but_the_reserve() {
        for chart in [Chart::Pcg, Chart::Skr03, Chart::Skr04, Chart::Bas, Chart::Neutral] {
            let map = AccountsMap::new(chart, &BTreeMap::new());
            for event in Event::all() {
                assert_eq!(map.get(event).is_some(), event != Event::Reserve, "{chart} {event:?}");
            }
        }
        assert!(AccountsMap::new(Chart::Own, &BTreeMap::new()).get(Event::Clearing).is_none());
    }

    #[test]
    fn a_configured_account_replaces_one_event_and_a_number_has_one_name() {
        let read = |text| LedgerAccount::parse(text, Event::FeeFixed).unwrap();
        let configured =
            BTreeMap::from([(Event::FeeFixed, read("627810 Frais fixes")), (Event::FeeOther, read("411000 X"))]);
        let map = AccountsMap::new(Chart::Pcg, &configured);
        assert_eq!(map.get(Event::FeeFixed).unwrap().label, "Frais fixes");
        assert_eq!(map.get(Event::FeePercentage).unwrap().code, "627800");
        assert_eq!(map.get(Event::FeeOther).unwrap().label, "Clients");
    }

    #[test]
    fn an_account_text_is_a_number_and_perhaps_a_name() {
        let read = |text| LedgerAccount::parse(text, Event::Transit);
        assert_eq!(read("580").unwrap().label, "Amazon Pay payouts in transit");
        assert_eq!(
            read("  580   Virements  ").unwrap(),
            LedgerAccount { code: "580".into(), label: "Virements".into() }
        );
        assert!(read("").is_none() && read(" ").is_none() && read("1\n2").is_none());
    }
}
