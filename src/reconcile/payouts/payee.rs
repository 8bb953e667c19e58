//! Who paid: Amazon's paying entity in the spellings that banks print.
//!
//! Names are compared without case, accents, dots and blanks (bank-statements §9). The counterparty
//! decides where the bank names one; the other texts where it does not.

use crate::reconcile::bank::BankEntry;

/// What a payee is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payees {
    /// Further spellings that the config names, folded.
    further: Vec<String>,
}

impl Payees {
    /// Amazon's own names, and these.
    #[must_use]
    pub fn with_further(names: &[String]) -> Self {
        Self { further: names.iter().map(|name| joined(&words(name))).filter(|name| !name.is_empty()).collect() }
    }

    /// Whether an entry was paid, or collected, by Amazon Pay as far as its texts tell.
    #[must_use]
    pub fn is_amazon(&self, entry: &BankEntry) -> bool {
        if entry.counterparty.trim().is_empty() { self.names(&entry.text) } else { self.names(&entry.counterparty) }
    }

    fn names(&self, text: &str) -> bool {
        // Cheap and true of all but a few lines: without these letters there is nothing to fold.
        if self.further.is_empty() && !has_amazon(text) {
            return false;
        }
        let words = words(text);
        let pays = |next: Option<&String>| next.is_some_and(|next| next == "PAY" || next.starts_with("PAYM"));
        let in_words = words.iter().enumerate().any(|(at, word)| match word.strip_prefix("AMAZON") {
            Some("") => pays(words.get(at + 1)),
            Some(rest) => rest == "PAY" || rest.starts_with("PAYM"),
            None => false,
        });
        let joined = joined(&words);
        in_words || joined.contains("AMAZONPAYMENTS") || self.further.iter().any(|name| joined.contains(name.as_str()))
    }
}

/// Whether the letters of Amazon occur, perhaps with blanks between them.
fn has_amazon(text: &str) -> bool {
    let mut wanted = "AMAZON".chars().peekable();
    for c in text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).map(plain) {
        if wanted.peek() == Some(&c) {
            wanted.next();
        }
    }
    wanted.peek().is_none()
}

/// Upper-case words of letters and digits, without accents.
#[must_use]
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars() {
        match c {
            // `S.C.A.` is one word.
            '.' | '\'' => {}
            c if c.is_alphanumeric() => {
                if let Some(word) = words.last_mut() {
                    c.to_uppercase().for_each(|c| word.push(plain(c)));
                }
            }
            _ if words.last().is_some_and(String::is_empty) => {}
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn joined(words: &[String]) -> String {
    words.concat()
}

/// A capital without its accent, for the letters of Europe's paying entities.
fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    const PLAIN: [(&str, char); 7] =
        [("ÁÀÂÄÃÅ", 'A'), ("ÉÈÊË", 'E'), ("ÍÌÎÏ", 'I'), ("ÓÒÔÖÕØŐ", 'O'), ("ÚÙÛÜŰ", 'U'), ("Ç", 'C'), ("Ñ", 'N')];
    PLAIN.iter().find(|(accented, _)| accented.contains(c)).map_or(c, |(_, plain)| *plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(text: &str) -> bool {
        Payees::default().names(text)
    }

    #[test]
    fn every_spelling_of_the_payee_is_known() {
        for text in [
            "Amazon Payments Europe S.C.A.",
            "AMAZON PAYMENTS EUROPE SCA",
            "VIR SEPA AMAZON PAYMENTS EUROPE S",
            "AmazonPayments Europe",
            "amazon pay",
            "AMAZONPAY",
            "Amazon Payments UK Limited",
            "GUTSCHRIFT AMAZON PAYMENTS EUROPE S.C.A. 5984862222",
            "AMAZON PAYM",
            "AMAZ ON PAYMENTS EUROPE",
            "Ámazon Páyments",
        ] {
            assert!(looks(text), "{text}");
        }
    }

    #[test]
    fn names_that_only_look_alike_are_not_taken() {
        for text in [
            "Amazon EU S.a.r.l.",
            "AMZN Mktp DE",
            "Amazonas Payments GmbH",
            "Amazon Payroll Services",
            "AMAZON",
            "Pay Amazon",
            "Paypal Europe",
            "",
        ] {
            assert!(!looks(text), "{text}");
        }
        assert!(Payees::with_further(&["Amzn Übersee".to_owned()]).names("AMZN UBERSEE LTD"));
    }
}
