//! What the plain-text ledgers share: names of accounts, and the state of a file with several ledgers.

use std::collections::BTreeSet;

use super::accounting::FileFacts;
use crate::config::Event;

/// The account of an event as a path: the code where it is one, else its root and the code. The clearing
/// account bears the merchant account's name, so that each can be checked against its own statement.
pub(super) fn account_path(facts: &FileFacts<'_>, event: Event) -> String {
    let code = &facts.account(event).code;
    let path = if code.contains(':') { code.clone() } else { format!("{}:{code}", event.root().word()) };
    match event {
        Event::Clearing => format!("{path}:{}", facts.ledger.account),
        _ => path,
    }
}

/// The parts of a path as beancount wants them: a capital or digit first, then letters, digits and hyphens.
pub(super) fn strict_path(path: &str) -> String {
    let part = |part: &str| {
        let plain: String = part.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '-' }).collect();
        let plain = plain.trim_matches('-');
        let mut chars = plain.chars();
        match chars.next() {
            Some(first) => first.to_uppercase().chain(chars).collect(),
            None => "X".to_owned(),
        }
    };
    path.split(':').map(part).collect::<Vec<String>>().join(":")
}

/// Names that a file has declared already.
#[derive(Debug, Default)]
pub(super) struct Declared(BTreeSet<String>);

impl Declared {
    /// Whether a name is new.
    pub(super) fn is_new(&mut self, name: &str) -> bool {
        self.0.insert(name.to_owned())
    }

    /// Whether nothing was declared so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_parts_that_beancount_takes() {
        assert_eq!(strict_path("Assets:AmazonPay:shop-fr"), "Assets:AmazonPay:Shop-fr");
        assert_eq!(strict_path("Assets:517000"), "Assets:517000");
        assert_eq!(strict_path("Expenses:_frais bancaires_"), "Expenses:Frais-bancaires");
        assert_eq!(strict_path("Assets::é"), "Assets:X:É");
    }
}
