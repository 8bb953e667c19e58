//! How people of ten languages read a document: words, numbers, dates.
//!
//! Machine formats never come here. Numbers are exact decimal texts that are only punctuated; dates are
//! those of RFC 3339 texts, rewritten, never moved to another zone. Where a country groups with a blank it
//! is a no-break space, so that no amount is broken over two lines.

mod labels;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};

pub(in crate::export) use labels::{LANGUAGES, Label};

use crate::config::Language;
use crate::domain::{Money, RowKind};
use crate::report::{ClosedMonth, OPENING_RESTATED};

/// A blank at which no line breaks.
const NO_BREAK: char = '\u{a0}';

/// How a country writes: thousands mark, decimal mark, patterns of a date and of a day without
/// its year (`chrono`'s), the pattern of a date in a workbook, and the months where a month is spelled out (`{m}` its name, `{y}` its year).
struct Custom {
    language: Language,
    thousands: char,
    decimal: char,
    date: &'static str,
    day: &'static str,
    sheet_date: &'static str,
    month: &'static str,
    months: [&'static str; 12],
}

#[rustfmt::skip] // a table reads by its columns
const CUSTOMS: [Custom; 10] = [
    Custom { language: Language::En, thousands: ',', decimal: '.', date: "%-d %b %Y", day: "%-d %b", sheet_date: "d mmm yyyy", month: "{m} {y}",
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"] },
    Custom { language: Language::Fr, thousands: NO_BREAK, decimal: ',', date: "%d/%m/%Y", day: "%d/%m", sheet_date: "dd/mm/yyyy", month: "{m} {y}",
        months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"] },
    Custom { language: Language::De, thousands: '.', decimal: ',', date: "%d.%m.%Y", day: "%d.%m.", sheet_date: "dd.mm.yyyy", month: "{m} {y}",
        months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"] },
    Custom { language: Language::It, thousands: '.', decimal: ',', date: "%d/%m/%Y", day: "%d/%m", sheet_date: "dd/mm/yyyy", month: "{m} {y}",
        months: ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"] },
    Custom { language: Language::Es, thousands: '.', decimal: ',', date: "%d/%m/%Y", day: "%d/%m", sheet_date: "dd/mm/yyyy", month: "{m} de {y}",
        months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"] },
    Custom { language: Language::Nl, thousands: '.', decimal: ',', date: "%d-%m-%Y", day: "%d-%m", sheet_date: "dd-mm-yyyy", month: "{m} {y}",
        months: ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"] },
    Custom { language: Language::Sv, thousands: NO_BREAK, decimal: ',', date: "%Y-%m-%d", day: "%-d/%-m", sheet_date: "yyyy-mm-dd", month: "{m} {y}",
        months: ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"] },
    Custom { language: Language::Pt, thousands: NO_BREAK, decimal: ',', date: "%d/%m/%Y", day: "%d/%m", sheet_date: "dd/mm/yyyy", month: "{m} de {y}",
        months: ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"] },
    Custom { language: Language::Hu, thousands: NO_BREAK, decimal: ',', date: "%Y. %m. %d.", day: "%m. %d.", sheet_date: "yyyy. mm. dd.", month: "{y}. {m}",
        months: ["január", "február", "március", "április", "május", "június", "július", "augusztus", "szeptember", "október", "november", "december"] },
    Custom { language: Language::Da, thousands: '.', decimal: ',', date: "%d.%m.%Y", day: "%d.%m.", sheet_date: "dd.mm.yyyy", month: "{m} {y}",
        months: ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"] },
];

/// Labels of row kinds.
const KINDS: [(RowKind, Label); 12] = [
    (RowKind::Capture, Label::Captures),
    (RowKind::Refund, Label::Refunds),
    (RowKind::Authorization, Label::Authorizations),
    (RowKind::AToZClaim, Label::Claims),
    (RowKind::Chargeback, Label::Chargebacks),
    (RowKind::Dispute, Label::DisputeRows),
    (RowKind::Adjustment, Label::Adjustments),
    (RowKind::Debt, Label::Debts),
    (RowKind::Unknown, Label::Unknowns),
    (RowKind::Reserve, Label::Reserves),
    (RowKind::Carryover, Label::Carryovers),
    (RowKind::Transfer, Label::Payouts),
];

/// What the checks prove, by their names in JSON.
const CHECKS: [(&str, Label); 8] = [
    ("row_net", Label::CheckRowNet),
    ("row_fee", Label::CheckRowFee),
    ("period", Label::CheckPeriod),
    ("constant_id", Label::CheckConstantId),
    ("chain_reserve", Label::CheckChainReserve),
    ("chain_carryover", Label::CheckChainCarryover),
    ("chain_contiguous", Label::CheckChainContiguous),
    ("duplicate_settlement", Label::CheckDuplicate),
];

/// A language, ready to write with.
#[derive(Clone, Copy)]
pub(in crate::export) struct Words {
    language: Language,
    place: usize,
    custom: &'static Custom,
}

impl Words {
    /// The words of a language.
    pub(in crate::export) fn of(language: Language) -> Self {
        let place = LANGUAGES.iter().position(|known| *known == language).unwrap_or_default();
        let [english, ..] = &CUSTOMS;
        let custom = CUSTOMS.iter().find(|custom| custom.language == language).unwrap_or(english);
        Self { language, place, custom }
    }

    /// Its code, for a page.
    pub(in crate::export) fn code(self) -> &'static str {
        self.language.word()
    }

    /// A label as it stands within a sentence.
    pub(in crate::export) fn of_label(self, label: Label) -> &'static str {
        label.texts().get(self.place).copied().unwrap_or_default()
    }

    /// A label as a heading: its first letter is large.
    pub(in crate::export) fn heading(self, label: Label) -> String {
        capital(self.of_label(label))
    }

    /// A label with its gaps filled, in order.
    pub(in crate::export) fn fill(self, label: Label, values: &[&str]) -> String {
        fill(self.of_label(label), values)
    }

    /// The heading of a row kind, by its word in JSON.
    pub(in crate::export) fn kind(self, word: &str) -> String {
        let label = KINDS.iter().find(|(kind, _)| kind.word() == word).map(|(_, label)| *label);
        label.map_or_else(|| word.to_owned(), |label| self.heading(label))
    }

    /// The heading of an adjustment of a closed month, by its kind in JSON.
    pub(in crate::export) fn adjusted(self, kind: &str) -> String {
        if kind == OPENING_RESTATED { self.heading(Label::FirstBalance) } else { self.kind(kind) }
    }

    /// By which close a statement is sealed.
    pub(in crate::export) fn closed(self, closed: &ClosedMonth, month: Option<&str>) -> String {
        let on = self.instant_in_text(&closed.closed_at);
        if month == Some(closed.month.as_str()) {
            self.fill(Label::ClosedOn, &[&on])
        } else {
            self.fill(Label::SealedBy, &[&self.month_in_text(&closed.month), &on])
        }
    }

    /// What a check proves, by its name in JSON.
    pub(in crate::export) fn check(self, name: &str) -> String {
        let label = CHECKS.iter().find(|(check, _)| *check == name).map(|(_, label)| *label);
        label.map_or_else(|| name.to_owned(), |label| self.of_label(label).to_owned())
    }

    /// Which date decides, by its word in JSON.
    pub(in crate::export) fn basis(self, word: &str) -> &'static str {
        self.of_label(match word {
            "settlement" => Label::BySettlement,
            "payout" => Label::ByPayout,
            _ => Label::ByPosting,
        })
    }

    /// Where an opening balance comes from, by its word in JSON.
    pub(in crate::export) fn opening_basis(self, word: &str) -> Label {
        match word {
            "history" => Label::FromHistory,
            "configured" => Label::AsConfigured,
            _ => Label::AsFirstOpens,
        }
    }

    /// An amount without its currency.
    pub(in crate::export) fn money(self, amount: Money) -> String {
        self.number(&amount.to_string())
    }

    /// A whole number.
    pub(in crate::export) fn count(self, count: u64) -> String {
        self.number(&count.to_string())
    }

    /// A plain decimal text (`-1234.50`) as the country writes it. Any other text stays as it is.
    pub(in crate::export) fn number(self, plain: &str) -> String {
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
        let (whole, tail) = digits.split_once('.').map_or((digits, None), |(whole, tail)| (whole, Some(tail)));
        if whole.is_empty() || !whole.bytes().chain(tail.unwrap_or("0").bytes()).all(|byte| byte.is_ascii_digit()) {
            return plain.to_owned();
        }
        let mut text = sign.to_owned();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                text.push(self.custom.thousands);
            }
            text.push(digit);
        }
        if let Some(tail) = tail {
            text.push(self.custom.decimal);
            text.push_str(tail);
        }
        text
    }

    /// The mark between whole and fraction.
    pub(in crate::export) fn decimal_mark(self) -> char {
        self.custom.decimal
    }

    /// A plain decimal text of hundredths, with the sign of per cent: `2.70` is `2,70 %` in France.
    pub(in crate::export) fn percent(self, plain: &str) -> String {
        let blank = if self.language == Language::En || self.language == Language::Nl { "" } else { "\u{a0}" };
        format!("{}{blank}%", self.number(plain))
    }

    /// A date.
    pub(in crate::export) fn date(self, date: NaiveDate) -> String {
        date.format(self.custom.date).to_string()
    }

    /// A day of a year that is known.
    pub(in crate::export) fn day(self, date: NaiveDate) -> String {
        date.format(self.custom.day).to_string()
    }

    /// An instant to the minute, on the clock of the offset that it was printed with. What is no instant
    /// stays as it is.
    pub(in crate::export) fn instant(self, rfc3339: &str) -> String {
        local(rfc3339).map_or_else(
            || rfc3339.to_owned(),
            |at| format!("{} {:02}:{:02}", self.date(at.date_naive()), at.hour(), at.minute()),
        )
    }

    /// An instant in plain text: English keeps RFC 3339, which every country reads and sorts.
    pub(in crate::export) fn instant_in_text(self, rfc3339: &str) -> String {
        match self.language {
            Language::En => rfc3339.to_owned(),
            _ => local(rfc3339).map_or_else(
                || rfc3339.to_owned(),
                |at| format!("{} {}", self.date(at.date_naive()), at.format("%H:%M:%S")),
            ),
        }
    }

    /// A month (`YYYY-MM`), spelled out.
    pub(in crate::export) fn month(self, month: &str) -> String {
        let name = month.split_once('-').and_then(|(year, number)| {
            let name = self.custom.months.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
            Some(self.custom.month.replace("{m}", name).replace("{y}", year))
        });
        name.unwrap_or_else(|| month.to_owned())
    }

    /// A month in plain text: English keeps `YYYY-MM`.
    pub(in crate::export) fn month_in_text(self, month: &str) -> String {
        if self.language == Language::En { month.to_owned() } else { self.month(month) }
    }

    /// The number format of a date in a workbook.
    pub(in crate::export) fn sheet_date(self) -> &'static str {
        self.custom.sheet_date
    }
}

/// An RFC 3339 text as a local time.
pub(in crate::export) fn local(rfc3339: &str) -> Option<DateTime<FixedOffset>> {
    let at = DateTime::parse_from_rfc3339(rfc3339).ok()?;
    (at.year() > 0).then_some(at)
}

/// The text with a large first letter.
pub(in crate::export) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn fill(template: &str, values: &[&str]) -> String {
    let mut pieces = template.split("{}");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for (place, piece) in pieces.enumerate() {
        text.push_str(values.get(place).copied().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: &str) -> Words {
        Words::of(code.parse().unwrap())
    }

    #[test]
    fn no_language_lacks_a_label_a_month_or_a_custom() {
        assert_eq!(LANGUAGES.map(Language::word).to_vec(), Language::WORDS);
        for (label, name) in Label::ALL {
            let texts = label.texts();
            let gaps = texts[0].matches("{}").count();
            for (text, language) in texts.iter().zip(LANGUAGES) {
                assert!(!text.trim().is_empty(), "{name} in {language}");
                assert_eq!(text.trim(), *text, "{name} in {language}");
                assert_eq!(text.matches("{}").count(), gaps, "{name} in {language}: {text}");
            }
        }
        for language in LANGUAGES {
            assert_eq!(Words::of(language).custom.language, language);
            assert!(Words::of(language).custom.months.iter().all(|month| month.len() > 2));
        }
        for kind in RowKind::ALL {
            assert_ne!(words("hu").kind(kind.word()), kind.word());
        }
    }

    /// A sentence that is the same in two languages was most likely forgotten; short terms may agree.
    #[test]
    fn no_sentence_was_left_in_english() {
        for (label, name) in Label::ALL {
            let texts = label.texts();
            for (text, language) in texts.iter().zip(LANGUAGES).skip(1).filter(|(text, _)| text.contains(' ')) {
                assert_ne!(*text, texts[0], "{name} in {language}");
            }
        }
    }

    #[test]
    fn labels_have_names_of_their_own_in_a_workbook() {
        let sheets = [
            Label::Summary,
            Label::Settlements,
            Label::Payouts,
            Label::Transactions,
            Label::Fees,
            Label::Disputes,
            Label::Reconciliation,
            Label::Checks,
            Label::Sources,
        ];
        for language in LANGUAGES {
            let mut names: Vec<String> = sheets.map(|label| Words::of(language).heading(label)).to_vec();
            assert!(names.iter().all(|name| name.chars().count() <= 28), "{names:?}");
            names.sort();
            names.dedup();
            assert_eq!(names.len(), sheets.len(), "{language}");
        }
    }

    #[test]
    fn numbers_and_dates_are_those_of_the_country() {
        let at = "2026-09-03T06:05:59+02:00";
        for (code, number, date) in [
            ("en", "-1,234,567.80", "3 Sep 2026 06:05"),
            ("fr", "-1\u{a0}234\u{a0}567,80", "03/09/2026 06:05"),
            ("de", "-1.234.567,80", "03.09.2026 06:05"),
            ("nl", "-1.234.567,80", "03-09-2026 06:05"),
            ("sv", "-1\u{a0}234\u{a0}567,80", "2026-09-03 06:05"),
            ("hu", "-1\u{a0}234\u{a0}567,80", "2026. 09. 03. 06:05"),
        ] {
            assert_eq!(words(code).number("-1234567.80"), number);
            assert_eq!(words(code).instant(at), date);
        }
        assert_eq!(words("fr").month("2026-09"), "septembre 2026");
        assert_eq!(words("hu").month("2026-09"), "2026. szeptember");
        assert_eq!(words("de").number("n/a"), "n/a");
        assert_eq!(words("de").instant("soon"), "soon");
        assert_eq!(words("sv").percent("2.70"), "2,70\u{a0}%");
    }
}
