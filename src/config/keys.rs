//! Every key of `settle.toml`, in one table: what it is, what it may hold, what it is by default.
//!
//! Reading, environment variables, `settle config show`, the README's table and the hint after a
//! misspelt key all come from here.

use super::choice::{
    Acknowledge, AnyPayee, Chart, DateOrder, Environment, Language, OrderPreset, PayoutRule, RefundReturns, Region,
    Rounding, Source, TransactionReports, VatOnFees,
};

/// A part of `settle.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// Above the first header.
    Top,
    /// `[reporting]`
    Reporting,
    /// `[accounts.NAME]`, one per account.
    Account,
    /// `[schedule]`
    Schedule,
    /// `[fetch]`
    Fetch,
    /// `[notify]`
    Notify,
    /// `[run]`
    Run,
    /// `[verify]`
    Verify,
    /// `[disputes]`
    Disputes,
    /// `[export]`
    Export,
    /// `[accounts_map]`
    AccountsMap,
    /// `[bank]`
    Bank,
    /// `[orders.NAME]`, one per kind of order list.
    Orders,
    /// `[tariff.NAME]`, one per country and time.
    Tariff,
}

impl Section {
    /// Every section, in the order of the documentation.
    pub const ALL: &[Section] = &[
        Section::Top,
        Section::Reporting,
        Section::Account,
        Section::Schedule,
        Section::Fetch,
        Section::Notify,
        Section::Run,
        Section::Verify,
        Section::Disputes,
        Section::Export,
        Section::AccountsMap,
        Section::Bank,
        Section::Orders,
        Section::Tariff,
    ];

    /// The sections of which there are several, each with a name of its own.
    pub const NAMED: [Section; 3] = [Section::Account, Section::Orders, Section::Tariff];

    /// The word in the header; empty above the first header.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Section::Top => "",
            Section::Reporting => "reporting",
            Section::Account => "accounts",
            Section::Schedule => "schedule",
            Section::Fetch => "fetch",
            Section::Notify => "notify",
            Section::Run => "run",
            Section::Verify => "verify",
            Section::Disputes => "disputes",
            Section::Export => "export",
            Section::AccountsMap => "accounts_map",
            Section::Bank => "bank",
            Section::Orders => "orders",
            Section::Tariff => "tariff",
        }
    }

    /// The section as a person would look for it.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Section::Top => "the top of the file, before any [section]".to_owned(),
            other => format!("[{}]", other.header("NAME")),
        }
    }

    /// Whether there are several, each with a name of its own.
    #[must_use]
    pub fn is_named(self) -> bool {
        Section::NAMED.contains(&self)
    }

    /// What stands in the brackets.
    #[must_use]
    pub fn header(self, name: &str) -> String {
        if self.is_named() { format!("{}.{name}", self.word()) } else { self.word().to_owned() }
    }

    /// The section with this header word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Section::ALL.iter().copied().find(|section| *section != Section::Top && section.word() == word)
    }
}

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One word of a list.
    Choice(&'static [&'static str]),
    /// An IANA time zone.
    Zone,
    /// An ISO 3166 country.
    Country,
    /// A length of time that may be zero.
    Duration,
    /// A length of time above zero.
    Span,
    /// A cron expression of five fields.
    Cron,
    /// A file or folder.
    Path,
    /// An id of Amazon, or a name: text without blanks.
    Id,
    /// The name of an environment variable.
    Variable,
    /// A program and its arguments.
    Command,
    /// An amount, or a table of amounts by currency.
    Balance,
    /// The address of a service.
    Url,
    /// A number of days, or a table of them by country.
    Window,
    /// A name that a file prints.
    Text,
    /// Digits, so many that the doc of the key says it.
    Digits,
    /// A percentage.
    Percent,
    /// A day of the year, or the one day on which a year begins.
    YearStart,
    /// An account of the ledger.
    LedgerAccount,
    /// A currency of ISO 4217.
    Currency,
    /// A calendar day.
    Date,
    /// A percentage, at most four decimals.
    Rate,
    /// A percentage, or a list of them.
    Rates,
    /// An amount that is not negative.
    Fee,
    /// One text, or a list of texts.
    Texts,
    /// One word of a list, or several of them.
    Choices(&'static [&'static str]),
    /// One day, or a list of days.
    Days,
    /// A small whole number.
    Count,
    /// A part of the whole, or `none`.
    Share,
}

impl Kind {
    /// What to write, for the error message.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Kind::Choice(words) => format!("one of {}", words.join(", ")),
            Kind::Zone => "an IANA time zone, for example \"Europe/Paris\"".to_owned(),
            Kind::Country => "a two-letter country code of ISO 3166, for example \"FR\"".to_owned(),
            Kind::Duration => "a whole number and one of s, m, h, d, w, for example \"10m\"".to_owned(),
            Kind::Span => "a whole number above zero and one of s, m, h, d, w, for example \"90d\"".to_owned(),
            Kind::Cron => "a cron expression of five fields, for example \"30 4 * * *\"".to_owned(),
            Kind::Path => "the path of a file or folder in quotes".to_owned(),
            Kind::Id => "text in quotes, without blanks".to_owned(),
            Kind::Variable => "the name of an environment variable, for example \"MWS_SECRET\"".to_owned(),
            Kind::Command => "a program and its arguments, for example [\"pass\", \"mws\"]".to_owned(),
            Kind::Balance => {
                "a decimal amount in quotes, for example \"120.00\", or a table { EUR = \"120.00\" }".to_owned()
            }
            Kind::Url => "an https address (plain http only for this machine)".to_owned(),
            Kind::Window => {
                "a whole number of days in quotes, for example \"11d\", or a table by country { GB = \"11d\" }"
                    .to_owned()
            }
            Kind::Text => "a short text in quotes".to_owned(),
            Kind::Digits => "digits in quotes, as many as that number has".to_owned(),
            Kind::Percent => "a percentage above zero in quotes, for example \"19\"".to_owned(),
            Kind::YearStart => "a month and day, for example \"01-01\", or a date, \"2026-01-01\"".to_owned(),
            Kind::LedgerAccount => "an account number and its name, for example \"517000 Amazon Pay\"".to_owned(),
            Kind::Currency => "a currency code of ISO 4217, for example \"EUR\"".to_owned(),
            Kind::Date => "a day in quotes, for example \"2026-01-01\"".to_owned(),
            Kind::Rate => "a percentage in quotes, for example \"2.7\"".to_owned(),
            Kind::Rates => "a percentage in quotes, for example \"4.2\", or a list of them".to_owned(),
            Kind::Fee => "an amount in quotes that is not negative, for example \"0.35\"".to_owned(),
            Kind::Choices(words) => format!("one of {}, or a list of them", words.join(", ")),
            Kind::Texts => "text in quotes, or a list of such texts".to_owned(),
            Kind::Days => "days, for example [\"2026-07-14\"]".to_owned(),
            Kind::Count => "a whole number in quotes, 0 to 1000".to_owned(),
            Kind::Share => "a share, for example \"1/30\" or \"3%\", or \"none\"".to_owned(),
        }
    }
}

/// One key of `settle.toml`.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Where it stands.
    pub section: Section,
    /// The key itself.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Its value when nobody says otherwise. Keys whose default depends on something have none here.
    pub default: Option<&'static str>,
    /// One line for people.
    pub doc: &'static str,
}

impl Key {
    /// The full name, e.g. `reporting.timezone` or `accounts.shop-fr.country`; `account` is the name of the
    /// section, where its kind has names.
    #[must_use]
    pub fn path(&self, account: &str) -> String {
        match self.section {
            Section::Top => self.name.to_owned(),
            other => format!("{}.{}", other.header(account), self.name),
        }
    }

    /// The environment variable that overrides it, e.g. `SETTLE_REPORTING_TIMEZONE`.
    #[must_use]
    pub fn variable(&self, account: &str) -> String {
        let name = self.path(account).replace(['.', '-'], "_");
        format!("SETTLE_{}", name.to_ascii_uppercase())
    }
}

const fn key(
    section: Section,
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    doc: &'static str,
) -> Key {
    Key { section, name, kind, default, doc }
}

const PII: &[&str] = &["drop", "hash", "keep"];
const DECIMAL_MARKS: &[&str] = &[".", ","];
/// The presets of `settle export`; a test keeps them those of the exports' own table.
pub const EXPORT_PRESETS: &[&str] = &[
    "transactions",
    "journal",
    "fec",
    "datev",
    "sie",
    "hledger",
    "beancount",
    "xero",
    "quickbooks",
    "freeagent",
    "parquet",
];
const BASIS: &[&str] = &["posted", "settlement", "payout"];

/// The table.
#[rustfmt::skip] // a table reads by its columns
pub const KEYS: &[Key] = {
    use Kind::*;
    use Section::*;
    &[
        key(Top, "data_dir", Path, None, "folder of the archive; default: $XDG_STATE_HOME/settle"),
        key(Top, "pii", Choice(PII), Some("drop"), "what becomes of buyers' names and addresses"),
        key(Reporting, "timezone", Zone, None, "zone of months and days; default: the account's country"),
        key(Reporting, "basis", Choice(BASIS), Some("posted"), "which date decides the month of a row"),
        key(Reporting, "language", Choice(Language::WORDS), Some("en"), "language of reports for people"),
        key(Reporting, "gap_tolerance", Duration, Some("10m"), "longest hole between settlements that is not a gap"),
        key(Account, "country", Country, None, "the merchant's country"),
        key(Account, "merchant_id", Id, None, "Amazon's merchant id, `SellerId` in the files"),
        key(Account, "source", Choice(Source::WORDS), Some("import"), "where the files come from"),
        key(Account, "region", Choice(Region::WORDS), None, "region of Amazon's services; default: by country"),
        key(Account, "environment", Choice(Environment::WORDS), Some("live"), "real money or Amazon's sandbox"),
        key(Account, "timezone", Zone, None, "needed where the country has no single known zone"),
        key(Account, "opening_balance", Balance, None, "balance before the first known settlement"),
        key(Account, "payout_rule", Choice(PayoutRule::WORDS), None, "whose money a transfer row is; default: learned from the files"),
        key(Account, "endpoint", Url, None, "another address of Amazon's services, for rehearsals"),
        key(Account, "ca_file", Path, None, "another certificate authority to trust, for rehearsals and proxies"),
        key(Account, "document_host", Id, None, "another host from which documents may come, private or not"),
        key(Account, "public_key_id", Id, None, "pay-api: id of the public key"),
        key(Account, "private_key_file", Path, None, "pay-api: file of the private key"),
        key(Account, "pay_auth_token_file", Path, None, "pay-api: file of the token of a solution provider"),
        key(Account, "access_key_id", Id, None, "mws: id of the access key"),
        key(Account, "secret_key_file", Path, None, "mws: file of the secret key"),
        key(Account, "secret_key_env", Variable, None, "mws: environment variable that holds the secret key"),
        key(Account, "secret_key_command", Command, None, "mws: program that prints the secret key"),
        key(Account, "chart", Choice(Chart::WORDS), None, "chart of accounts of this account's exports"),
        key(Account, "vat_on_fees", Choice(VatOnFees::WORDS), None, "VAT treatment of this account's fees"),
        key(Account, "mws_auth_token_file", Path, None, "mws: file of the token for a third party's developer key"),
        key(Schedule, "cron", Cron, None, "when the nightly job runs, five fields"),
        key(Schedule, "timezone", Zone, None, "zone of the cron expression; default: reporting.timezone"),
        key(Schedule, "jitter", Duration, Some("5m"), "the daemon starts up to this much later, always the same"),
        key(Fetch, "lookback", Span, Some("90d"), "how far back reports are listed"),
        key(Fetch, "timeout", Span, Some("60s"), "longest wait for one answer"),
        key(Fetch, "pay_pace", Duration, Some("1s"), "pay-api: one request in this time, after a burst of ten"),
        key(Fetch, "patience", Duration, Some("3h"), "longest wait in one run for Amazon's quotas"),
        key(Fetch, "transaction_reports", Choice(TransactionReports::WORDS), Some("listed"), "which transaction reports to get"),
        key(Fetch, "acknowledge", Choice(Acknowledge::WORDS), Some("after-commit"), "mws: tell Amazon which reports are here"),
        key(Notify, "ping_url", Url, None, "dead-man's switch: /start, then success or /<exit code>"),
        key(Notify, "webhook_url", Url, None, "address to which a summary of each run is posted as JSON"),
        key(Run, "inbox", Path, None, "folder whose files `settle run` imports first"),
        key(Run, "statements", Path, None, "folder in which `settle run` keeps the month statements"),
        key(Run, "exports", Choices(EXPORT_PRESETS), None, "presets that `settle run` writes for each month it checks"),
        key(Run, "exports_folder", Path, None, "folder in which `settle run` keeps those exports"),
        key(Verify, "nightly_share", Share, Some("1/30"), "part of the archive whose bytes `settle run` reads each night, or none"),
        key(Verify, "nightly_limit", Span, Some("2m"), "longest time that `settle run` reads them"),
        key(Disputes, "chargeback_window", Window, Some("11d"), "days to answer a chargeback, where Amazon gives no date"),
        key(Disputes, "a_to_z_window", Window, Some("7d"), "days to answer an A-to-z claim, likewise"),
        key(Disputes, "signing_certificate", Path, None, "certificate with which Amazon signs notifications, PEM"),
        key(Export, "chart", Choice(Chart::WORDS), None, "chart of accounts; default: by preset or country"),
        key(Export, "vat_on_fees", Choice(VatOnFees::WORDS), Some("exempt"), "how the VAT of Amazon's fees is declared"),
        key(Export, "reverse_charge_rate", Percent, None, "percent of VAT under reverse_charge"),
        key(Export, "company", Text, None, "name of the company, where a file prints it"),
        key(Export, "org_number", Text, None, "sie: registration number of the company"),
        key(Export, "siren", Digits, None, "fec: the nine digits that begin the file's name"),
        key(Export, "fiscal_year_start", YearStart, Some("01-01"), "first day of the fiscal year, every year or once"),
        key(Export, "journal_code", Id, Some("APAY"), "code of the journal, up to six letters and digits"),
        key(Export, "datev_consultant", Digits, None, "datev: number of the tax consultant, 1001 to 9999999"),
        key(Export, "datev_client", Digits, None, "datev: number of the client, 1 to 99999"),
        key(Export, "datev_account_digits", Digits, Some("4"), "datev: digits of general ledger accounts, 4 to 8"),
        key(Export, "datev_key_width", Digits, Some("4"), "datev: digits of a tax key, 4 or 0 for unpadded"),
        key(Export, "datev_reverse_charge_key", Digits, Some("94"), "datev: tax key of fees under reverse_charge"),
        key(Export, "xero_tax_rate", Text, None, "xero: name of the tax rate as in the organisation"),
        key(Export, "quickbooks_dates", Choice(DateOrder::WORDS), None, "quickbooks: order of day and month"),
        key(AccountsMap, "clearing", LedgerAccount, None, "the balance at Amazon, kept like a bank account"),
        key(AccountsMap, "receivable", LedgerAccount, None, "captures: what customers owed"),
        key(AccountsMap, "refund", LedgerAccount, None, "refunds to customers"),
        key(AccountsMap, "fee_percentage", LedgerAccount, None, "percentage fees of captures and refunds"),
        key(AccountsMap, "fee_fixed", LedgerAccount, None, "fixed fees of captures"),
        key(AccountsMap, "fee_authorization", LedgerAccount, None, "fees of authorizations"),
        key(AccountsMap, "fee_dispute", LedgerAccount, None, "fees of disputes, chargebacks and claims"),
        key(AccountsMap, "fee_other", LedgerAccount, None, "all other fees"),
        key(AccountsMap, "chargeback", LedgerAccount, None, "chargebacks, until they are won or lost"),
        key(AccountsMap, "a_to_z_claim", LedgerAccount, None, "A-to-z Guarantee claims"),
        key(AccountsMap, "dispute", LedgerAccount, None, "holds for disputes of no named kind"),
        key(AccountsMap, "adjustment", LedgerAccount, None, "corrections by Amazon"),
        key(AccountsMap, "debt", LedgerAccount, None, "debits for refunds that the balance could not cover"),
        key(AccountsMap, "transit", LedgerAccount, None, "payouts that have not reached the bank"),
        key(AccountsMap, "suspense", LedgerAccount, None, "rows of unknown types, and what does not add up"),
        key(AccountsMap, "reserve", LedgerAccount, None, "money set aside; without an account it has no postings"),
        key(AccountsMap, "vat_due", LedgerAccount, None, "reverse charge: tax owed"),
        key(AccountsMap, "vat_deductible", LedgerAccount, None, "reverse charge: tax deducted"),
        key(AccountsMap, "opening", LedgerAccount, None, "other side of an opening balance"),
        key(Bank, "payees", Texts, None, "further names under which the bank prints Amazon's payouts"),
        key(Bank, "any_payee", Choice(AnyPayee::WORDS), Some("candidate"), "worth of a line that fits and does not name Amazon"),
        key(Bank, "days_before", Count, Some("1"), "business days before its posting that a payout may be booked"),
        key(Bank, "days_after", Count, Some("7"), "business days after its posting that a payout may take"),
        key(Bank, "holidays", Days, None, "bank holidays besides those of the TARGET calendar"),
        key(Bank, "encoding", Text, None, "charset of statements that are not UTF-8; default: windows-1252"),
        key(Bank, "csv_preset", Text, None, "bank whose CSV columns are known; default: by the header"),
        key(Bank, "csv_delimiter", Text, None, "separator of CSV statements; default: by the header"),
        key(Bank, "csv_decimal_mark", Text, None, "`,` or `.`; default: by all amounts of the file"),
        key(Bank, "csv_date_format", Text, None, "form of dates, for example %d.%m.%Y; default: by all dates"),
        key(Bank, "csv_skip_lines", Count, None, "lines above the header of CSV statements; default: found by the header"),
        key(Bank, "csv_footer_lines", Count, None, "lines after the last entry of CSV statements"),
        key(Bank, "csv_date", Text, None, "column of the booking day"),
        key(Bank, "csv_value_date", Text, None, "column of the day of value"),
        key(Bank, "csv_amount", Text, None, "column of the signed amount"),
        key(Bank, "csv_debit", Text, None, "column of debits, where they have one of their own"),
        key(Bank, "csv_credit", Text, None, "column of credits, where they have one of their own"),
        key(Bank, "csv_debit_credit", Text, None, "column that says whether the amount is a debit or a credit"),
        key(Bank, "csv_debit_words", Texts, None, "words in that column that mean a debit"),
        key(Bank, "csv_currency", Text, None, "column of the currency, or a currency such as EUR"),
        key(Bank, "csv_balance", Text, None, "column of the balance after each entry"),
        key(Bank, "csv_reference", Text, None, "column of the bank's reference"),
        key(Bank, "csv_text", Texts, None, "columns of the text, joined"),
        key(Bank, "csv_counterparty", Text, None, "column of the other party's name"),
        key(Bank, "csv_counterparty_account", Text, None, "column of the other party's account"),
        key(Bank, "csv_account", Text, None, "column of the own account, or its number"),
        key(Orders, "preset", Choice(OrderPreset::WORDS), Some("custom"), "which shop wrote the list; every key below overrides it"),
        key(Orders, "order_id", Texts, None, "column of the order number that people use"),
        key(Orders, "merchant_reference", Texts, None, "column of what was sent to Amazon, where it is another number"),
        key(Orders, "external_id", Texts, None, "columns that hold ids of Amazon, of any kind"),
        key(Orders, "gross", Texts, None, "column of the order's total as charged"),
        key(Orders, "refunded", Texts, None, "column of what was refunded"),
        key(Orders, "currency", Texts, None, "column of the currency"),
        key(Orders, "currency_fixed", Currency, None, "currency of every order, instead of a column"),
        key(Orders, "date", Texts, None, "columns of the date; the first that is not empty counts"),
        key(Orders, "date_format", Text, None, "form of dates in the letters of strftime"),
        key(Orders, "timezone", Zone, None, "zone of dates without an offset; default: the report's"),
        key(Orders, "status", Texts, None, "column of the order's or payment's status"),
        key(Orders, "payment_method", Texts, None, "column of the payment method"),
        key(Orders, "payment_method_is", Texts, None, "payment methods that are Amazon Pay; others are ignored"),
        key(Orders, "invoice_no", Texts, None, "column of the invoice number"),
        key(Orders, "decimal", Choice(DECIMAL_MARKS), None, "decimal mark; default: seen in the file"),
        key(Orders, "margin", Duration, Some("45d"), "how far outside the period orders and captures are looked for"),
        key(Tariff, "country", Country, None, "country of the accounts to which it applies"),
        key(Tariff, "currency", Currency, None, "its currency; default: the country's"),
        key(Tariff, "from", Date, None, "first day on which it applies, until the next of its country"),
        key(Tariff, "percentage", Rate, None, "domestic percentage fee of a charge"),
        key(Tariff, "percentage_cross_border", Rates, None, "percentage fees of a charge across borders"),
        key(Tariff, "fixed", Fee, None, "fixed fee of a charge"),
        key(Tariff, "authorization", Fee, None, "fee of an authorization that is not captured"),
        key(Tariff, "chargeback", Fee, None, "fee of a contested chargeback"),
        key(Tariff, "refund_returns", Choice(RefundReturns::WORDS), None, "which fees a refund gives back"),
        key(Tariff, "rounding", Choice(Rounding::WORDS), Some("half_up"), "how a percentage fee is rounded"),
        key(Tariff, "rounding_unit", Fee, None, "smallest fee that is charged; default: the currency's smallest unit"),
    ]
};

/// The keys of one section, in table order.
pub fn keys_of(section: Section) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

/// The key of a section with this name.
#[must_use]
pub fn find_key(section: Section, name: &str) -> Option<&'static Key> {
    keys_of(section).find(|key| key.name == name)
}

/// A known word near an unknown one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The known word.
    pub word: &'static str,
    /// The section of a key; `None` when the word is itself a section.
    pub section: Option<Section>,
}

/// The nearest known key. The same key in another section is nearer than another key in this one.
#[must_use]
pub(super) fn nearest_key(section: Section, name: &str) -> Option<Nearest> {
    let elsewhere = KEYS.iter().find(|key| key.name == name);
    let near = || keys_of(section).min_by_key(|key| distance(key.name, name));
    elsewhere.or_else(near).map(|key| Nearest { word: key.name, section: Some(key.section) })
}

/// The nearest known section.
#[must_use]
pub(super) fn nearest_section(word: &str) -> Option<Nearest> {
    let sections = Section::ALL.iter().copied().filter(|section| *section != Section::Top);
    let nearest = sections.min_by_key(|section| distance(section.word(), word))?;
    Some(Nearest { word: nearest.word(), section: None })
}

/// The nearest word of a list, for a misspelt choice.
#[must_use]
pub(super) fn nearest_word(known: &'static [&'static str], word: &str) -> Option<&'static str> {
    let near = known.iter().min_by_key(|known| distance(known, word))?;
    (distance(near, word) * 2 <= near.len()).then_some(near)
}

/// Slips of the fingers between two words; case and hyphens do not count.
fn distance(known: &str, typed: &str) -> usize {
    strsim::damerau_levenshtein(known, &typed.to_lowercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{Basis, PiiPolicy};

    #[test]
    fn no_key_stands_twice_and_every_key_is_explained() {
        let paths: BTreeSet<String> = KEYS.iter().map(|key| key.path("a")).collect();
        assert_eq!(paths.len(), KEYS.len());
        for key in KEYS {
            assert!(key.doc.len() > 10 && key.doc.len() < 80, "{}", key.name);
        }
    }

    #[test]
    fn variables_are_named_after_the_path() {
        assert_eq!(find_key(Section::Top, "data_dir").unwrap().variable(""), "SETTLE_DATA_DIR");
        assert_eq!(
            find_key(Section::Reporting, "gap_tolerance").unwrap().variable(""),
            "SETTLE_REPORTING_GAP_TOLERANCE"
        );
        let country = find_key(Section::Account, "country").unwrap();
        assert_eq!(country.variable("shop-fr"), "SETTLE_ACCOUNTS_SHOP_FR_COUNTRY");
    }

    #[test]
    fn no_account_key_ends_like_another_so_a_variable_names_one_account() {
        // SETTLE_ACCOUNTS_A_B_C is key `c` of account `a-b` or key `b_c` of account `a`, never both.
        for section in Section::NAMED {
            for longer in keys_of(section) {
                for shorter in keys_of(section) {
                    assert!(!longer.name.ends_with(&format!("_{}", shorter.name)), "{} {}", longer.name, shorter.name);
                }
            }
        }
    }

    #[test]
    fn the_words_of_the_table_are_those_of_the_types() {
        assert_eq!(BASIS, Basis::ALL.map(Basis::word));
        assert_eq!(PII, PiiPolicy::ALL.map(PiiPolicy::word));
        for key in KEYS {
            if let (Kind::Choice(words), Some(default)) = (key.kind, key.default) {
                assert!(words.contains(&default), "{}", key.name);
            }
        }
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        assert_eq!(nearest_key(Section::Reporting, "timezon").unwrap().word, "timezone");
        assert_eq!(nearest_key(Section::Account, "Merchant-Id").unwrap().word, "merchant_id");
        let astray = nearest_key(Section::Notify, "pii").unwrap();
        assert_eq!((astray.word, astray.section), ("pii", Some(Section::Top)));
        assert_eq!(nearest_section("account").unwrap().word, "accounts");
        assert_eq!(nearest_word(BASIS, "settlment"), Some("settlement"));
        assert_eq!(nearest_word(BASIS, "zzz"), None);
    }
}
