//! Field 86 of MT940: the German subfields, the slash keys of the Dutch banks, and free text.

use super::statement::{BankEntry, Reversal};

/// Keys inside a German purpose: four characters and a plus.
const PURPOSE_KEYS: [&str; 16] = [
    "EREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "PURP+", "KREF+", "ABWA+", "ABWE+", "COAM+", "OAMT+", "MDAT+",
    "SQTP+", "DDAT+", "ORCR+", "ORMR+",
];

/// Keys between slashes.
const SLASH_KEYS: [&str; 20] = [
    "TRTP", "IBAN", "BIC", "NAME", "REMI", "EREF", "ADDR", "MARF", "CSID", "ISDT", "ORDP", "BENM", "PREF", "RTRN",
    "CNTP", "ULTD", "ULTC", "PURP", "SVCL", "INIT",
];

/// German codes of returned transfers and debits.
const RETURN_CODES: [&str; 3] = ["108", "109", "159"];

/// Puts the texts of field 86 where they belong.
pub(super) fn read_details(details: &[String], entry: &mut BankEntry) {
    for detail in details {
        if let Some((code, separator, body)) = structured(detail) {
            subfields(code, separator, &body, entry);
        } else if detail.trim_start().starts_with('/')
            && SLASH_KEYS.iter().any(|key| detail.contains(&format!("/{key}/")))
        {
            slash_keys(detail, entry);
        } else {
            let words: Vec<&str> = detail.split_whitespace().collect();
            add(&mut entry.text, &words.join(" "));
        }
    }
}

/// Three digits, a separator, and the rest as one text: lines are broken in mid-word.
fn structured(detail: &str) -> Option<(&str, char, String)> {
    let (code, rest) = detail.split_at_checked(3)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '?' | '>' | '~' | '^'))?;
    let body: String = rest.chars().filter(|c| *c != '\n').collect();
    code.bytes().all(|byte| byte.is_ascii_digit()).then_some((code, separator, body))
}

fn subfields(code: &str, separator: char, body: &str, entry: &mut BankEntry) {
    code.clone_into(&mut entry.code);
    if RETURN_CODES.contains(&code) {
        entry.reversal = Reversal::Marked;
    }
    let (mut purpose, mut name) = (String::new(), String::new());
    for part in body.split(separator).skip(1) {
        let Some((number, text)) = part.split_at_checked(2) else { continue };
        match number.parse::<u32>() {
            Ok(0) => add(&mut entry.text, text.trim()),
            Ok(20..=29 | 60..=63) => purpose.push_str(text),
            Ok(31) => text.trim().clone_into(&mut entry.counterparty_account),
            Ok(32 | 33) => name.push_str(text),
            Ok(10 | 30 | 34) => {}
            _ => add(&mut entry.text, part.trim()),
        }
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    entry.counterparty = words.join(" ");
    purpose_keys(&purpose, entry);
}

/// Splits a purpose at its keys.
fn purpose_keys(purpose: &str, entry: &mut BankEntry) {
    let mut cuts: Vec<(usize, &str)> = PURPOSE_KEYS.iter().flat_map(|key| purpose.match_indices(key)).collect();
    cuts.sort_unstable();
    let first = cuts.first().map_or(purpose.len(), |cut| cut.0);
    add(&mut entry.text, purpose.get(..first).unwrap_or_default().trim());
    for (place, (at, key)) in cuts.iter().enumerate() {
        let end = cuts.get(place + 1).map_or(purpose.len(), |next| next.0);
        let value = purpose.get(at + key.len()..end).unwrap_or_default().trim();
        match *key {
            "EREF+" if entry.end_to_end.is_empty() => value.clone_into(&mut entry.end_to_end),
            "KREF+" if entry.customer_reference.is_empty() => value.clone_into(&mut entry.customer_reference),
            "SVWZ+" => add(&mut entry.text, value),
            _ => add(&mut entry.text, &format!("{key}{value}")),
        }
    }
}

fn slash_keys(detail: &str, entry: &mut BankEntry) {
    let text: String = detail.replace('\n', "");
    let mut cuts: Vec<(usize, &str)> = Vec::new();
    for key in SLASH_KEYS {
        cuts.extend(text.match_indices(&format!("/{key}/")).map(|(at, _)| (at, key)));
    }
    cuts.sort_unstable();
    for (place, (at, key)) in cuts.iter().enumerate() {
        let end = cuts.get(place + 1).map_or(text.len(), |next| next.0);
        let value = text.get(at + key.len() + 2..end).unwrap_or_default().trim_matches(['/', ' ']);
        match *key {
            "NAME" => value.clone_into(&mut entry.counterparty),
            "IBAN" => value.clone_into(&mut entry.counterparty_account),
            "EREF" => value.clone_into(&mut entry.end_to_end),
            "CNTP" => {
                let mut parts = value.split('/');
                parts.next().unwrap_or_default().clone_into(&mut entry.counterparty_account);
                parts.nth(1).unwrap_or_default().clone_into(&mut entry.counterparty);
            }
            "RTRN" => {
                entry.reversal = Reversal::Marked;
                add(&mut entry.text, value);
            }
            "REMI" => add(&mut entry.text, value),
            _ => add(&mut entry.text, &format!("/{key}/{value}")),
        }
    }
}

fn add(text: &mut String, more: &str) {
    if !more.is_empty() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(detail: &str) -> BankEntry {
        let mut entry =
            BankEntry::new(1, crate::domain::Amount::ZERO, "EUR".parse().unwrap(), "2026-09-10".parse().unwrap());
        read_details(&[detail.to_owned()], &mut entry);
        entry
    }

    #[test]
    fn german_subfields_are_joined_without_blanks_before_they_are_split() {
        let entry = read(
            "166?00GUTSCHR. UEBERWEISUNG?109251?20EREF+AMZN59848622\n22?21KREF+K1?22SVWZ+Amazon Pay Au?23szahlung\
             ?30TUBDDEDD?31DE89370400440532013000?32Amazon Payments Europe S.C?33.A.",
        );
        assert_eq!(entry.end_to_end, "AMZN5984862222");
        assert_eq!(entry.customer_reference, "K1");
        assert_eq!(entry.text, "GUTSCHR. UEBERWEISUNG Amazon Pay Auszahlung");
        assert_eq!(entry.counterparty, "Amazon Payments Europe S.C.A.");
        assert_eq!(entry.counterparty_account, "DE89370400440532013000");
    }

    #[test]
    fn slash_keys_and_free_text_are_read() {
        let entry = read(
            "/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/NAME/Amazon Payments Eu\nrope SCA/REMI/5984862222/EREF/E1",
        );
        assert_eq!((entry.counterparty.as_str(), entry.end_to_end.as_str()), ("Amazon Payments Europe SCA", "E1"));
        assert_eq!(read("BETALING\n  VAN ING").text, "BETALING VAN ING");
        assert_eq!(read("159?00RUECKUEBERWEISUNG").reversal, Reversal::Marked);
    }
}
