//! CSV statements whose columns are known, one row a bank.
//!
//! Taken from the banks' own exports as they are described in public; a bank may change its columns,
//! so a preset is only used where all the columns that it needs are there, and the config overrides it.

/// The columns of one bank; names are compared without case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preset {
    /// Its name in the config.
    pub(super) name: &'static str,
    /// Booking day.
    pub(super) date: &'static str,
    /// Day of value; may be missing.
    pub(super) value_date: &'static str,
    /// The signed amount, or the unsigned one beside `debit_credit`.
    pub(super) amount: &'static str,
    /// Debits and credits, where they have columns of their own.
    pub(super) debit: &'static str,
    pub(super) credit: &'static str,
    /// Says whether the amount is a debit, and the word that means it.
    pub(super) debit_credit: (&'static str, &'static str),
    /// Column of the currency, or the currency.
    pub(super) currency: &'static str,
    /// Texts; those that are there are joined.
    pub(super) text: &'static [&'static str],
    /// The other party and its account.
    pub(super) counterparty: &'static str,
    pub(super) counterparty_account: &'static str,
    /// The bank's reference.
    pub(super) reference: &'static str,
    /// The own account.
    pub(super) account: &'static str,
    /// The balance after each entry.
    pub(super) balance: &'static str,
    /// The form of dates, where it could be taken for another.
    pub(super) date_format: &'static str,
}

const NONE: Preset = Preset {
    name: "",
    date: "",
    value_date: "",
    amount: "",
    debit: "",
    credit: "",
    debit_credit: ("", ""),
    currency: "",
    text: &[],
    counterparty: "",
    counterparty_account: "",
    reference: "",
    account: "",
    balance: "",
    date_format: "",
};

/// Every preset, the more particular ones first.
pub(super) const PRESETS: [Preset; 14] = [
    Preset {
        name: "sparkasse",
        date: "Buchungstag",
        value_date: "Valutadatum",
        amount: "Betrag",
        currency: "Waehrung",
        text: &["Buchungstext", "Verwendungszweck"],
        counterparty: "Beguenstigter/Zahlungspflichtiger",
        counterparty_account: "Kontonummer/IBAN",
        reference: "Kundenreferenz (End-to-End)",
        account: "Auftragskonto",
        date_format: "%d.%m.%y",
        ..NONE
    },
    Preset {
        name: "dkb",
        date: "Buchungsdatum",
        value_date: "Wertstellung",
        amount: "Betrag (€)",
        currency: "EUR",
        text: &["Umsatztyp", "Verwendungszweck"],
        counterparty: "Zahlungspflichtige*r",
        counterparty_account: "IBAN",
        reference: "Kundenreferenz",
        ..NONE
    },
    Preset {
        name: "ing-de",
        date: "Buchung",
        value_date: "Wertstellungsdatum",
        amount: "Betrag",
        currency: "Währung",
        text: &["Buchungstext", "Verwendungszweck"],
        counterparty: "Auftraggeber/Empfänger",
        balance: "Saldo",
        ..NONE
    },
    Preset {
        name: "commerzbank",
        date: "Buchungstag",
        value_date: "Wertstellung",
        amount: "Betrag",
        currency: "Währung",
        text: &["Umsatzart", "Buchungstext"],
        account: "IBAN Kontoinhaber",
        ..NONE
    },
    Preset {
        name: "n26",
        date: "Booking Date",
        value_date: "Value Date",
        amount: "Amount (EUR)",
        currency: "EUR",
        text: &["Type", "Payment Reference"],
        counterparty: "Partner Name",
        counterparty_account: "Partner Iban",
        account: "Account Name",
        ..NONE
    },
    Preset {
        name: "ing-nl",
        date: "Datum",
        amount: "Bedrag (EUR)",
        debit_credit: ("Af Bij", "Af"),
        currency: "EUR",
        text: &["Naam / Omschrijving", "Mededelingen"],
        counterparty: "Naam / Omschrijving",
        counterparty_account: "Tegenrekening",
        account: "Rekening",
        ..NONE
    },
    Preset {
        name: "rabobank",
        date: "Datum",
        value_date: "Rentedatum",
        amount: "Bedrag",
        currency: "Munt",
        text: &["Omschrijving-1", "Omschrijving-2", "Omschrijving-3"],
        counterparty: "Naam tegenpartij",
        counterparty_account: "Tegenrekening IBAN/BBAN",
        reference: "Transactiereferentie",
        account: "IBAN/BBAN",
        ..NONE
    },
    Preset {
        name: "boursobank",
        date: "dateOp",
        value_date: "dateVal",
        amount: "amount",
        currency: "EUR",
        text: &["label", "comment"],
        account: "accountNum",
        ..NONE
    },
    Preset {
        name: "credit-mutuel",
        date: "Date",
        value_date: "Date de valeur",
        debit: "Débit",
        credit: "Crédit",
        currency: "EUR",
        text: &["Libellé"],
        balance: "Solde",
        date_format: "%d/%m/%Y",
        ..NONE
    },
    Preset {
        name: "starling",
        date: "Date",
        amount: "Amount (GBP)",
        currency: "GBP",
        text: &["Type", "Reference", "Notes"],
        counterparty: "Counter Party",
        balance: "Balance (GBP)",
        date_format: "%d/%m/%Y",
        ..NONE
    },
    Preset {
        name: "lloyds",
        date: "Transaction Date",
        debit: "Debit Amount",
        credit: "Credit Amount",
        currency: "GBP",
        text: &["Transaction Type", "Transaction Description"],
        account: "Account Number",
        balance: "Balance",
        date_format: "%d/%m/%Y",
        ..NONE
    },
    Preset {
        name: "barclays",
        date: "Date",
        amount: "Amount",
        currency: "GBP",
        text: &["Subcategory", "Memo"],
        account: "Account",
        date_format: "%d/%m/%Y",
        ..NONE
    },
    Preset {
        name: "wise",
        date: "Date",
        amount: "Amount",
        currency: "Currency",
        text: &["Description", "Payment Reference"],
        counterparty: "Payer Name",
        reference: "TransferWise ID",
        balance: "Running Balance",
        date_format: "%d-%m-%Y",
        ..NONE
    },
    Preset {
        name: "generic",
        date: "Date",
        value_date: "Value Date",
        amount: "Amount",
        currency: "Currency",
        text: &["Description", "Text", "Memo"],
        counterparty: "Counterparty",
        counterparty_account: "Counterparty Account",
        reference: "Reference",
        account: "Account",
        balance: "Balance",
        ..NONE
    },
];

impl Preset {
    /// Whether a header has every column that the preset cannot do without.
    pub(super) fn fits(&self, has: &dyn Fn(&str) -> bool) -> bool {
        let needed = [self.date, self.amount, self.debit, self.credit, self.debit_credit.0];
        let needed = needed.into_iter().filter(|name| !name.is_empty()).all(has);
        let currency = self.currency.parse::<crate::domain::Currency>().is_ok() || has(self.currency);
        // What tells this bank from another: a text and, where it has one, its party or account column.
        let telling = [self.counterparty, self.account, self.reference, self.balance];
        let telling: Vec<&str> = telling.into_iter().filter(|name| !name.is_empty()).collect();
        let text = self.text.iter().any(|name| has(name));
        let particular = self.name == "generic" || telling.iter().all(|name| has(name));
        needed && currency && text && particular
    }
}
