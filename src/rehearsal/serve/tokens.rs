//! Next tokens: what a list continues with, bound to account and filter, valid for a while and reusable.
//!
//! A token is text of 388 characters of Base64 with `+`, `/` and `=`, as in every recording: a client that
//! does not encode it fully breaks here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::decided::TOKEN_LIFE;
use super::encoding::{base64_encode, sha256};

/// Bytes of a token: 388 characters with two equals signs; recorded ones have 384 to 440.
const TOKEN_BYTES: usize = 289;
/// What encodes to `a+b/`, so that every token has both.
const BEGINNING: [u8; 3] = [0x6b, 0xe6, 0xff];
/// The most tokens that are remembered; the store is emptied when it is full.
const TOKENS_MAX: usize = 100_000;

/// What a token continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Continuation<F> {
    /// Whose list.
    pub(super) account: String,
    /// What was asked for.
    pub(super) filter: F,
    /// How many items have been delivered.
    pub(super) offset: usize,
}

/// Every token that has been given out for one kind of list.
#[derive(Clone, Debug)]
pub(super) struct Tokens<F> {
    seed: u64,
    known: HashMap<String, (Continuation<F>, DateTime<Utc>)>,
}

impl<F: Clone + std::fmt::Debug + PartialEq> Tokens<F> {
    /// None yet.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, known: HashMap::new() }
    }

    /// A token for the rest of a list. The same rest at the same instant has the same token.
    pub(super) fn give(&mut self, rest: Continuation<F>, now: DateTime<Utc>) -> String {
        let purpose = format!("token {} {} {rest:?}", self.seed, now.timestamp_millis());
        let mut bytes = BEGINNING.to_vec();
        let mut block = sha256(purpose.as_bytes());
        while bytes.len() < TOKEN_BYTES {
            bytes.extend(block);
            block = sha256(&block);
        }
        bytes.truncate(TOKEN_BYTES);
        let token = base64_encode(&bytes);
        if self.known.len() >= TOKENS_MAX {
            self.known.clear();
        }
        self.known.insert(token.clone(), (rest, now + TOKEN_LIFE));
        token
    }

    /// What a token continues, where it is known, still valid, and the account's own.
    pub(super) fn find(&self, token: &str, account: &str, now: DateTime<Utc>) -> Option<Continuation<F>> {
        let (rest, expires) = self.known.get(token)?;
        (rest.account == account && now < *expires).then(|| rest.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_hard_to_encode_and_its_owners_for_an_hour() {
        let mut tokens = Tokens::new(1);
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let rest = Continuation { account: "a".to_owned(), filter: 7, offset: 10 };
        let token = tokens.give(rest.clone(), now);
        assert_eq!(token, tokens.give(rest.clone(), now));
        assert!(token.len() >= 384 && ["+", "/", "="].iter().all(|mark| token.contains(mark)), "{token}");
        assert_eq!(tokens.find(&token, "a", now), Some(rest.clone()));
        assert_eq!(tokens.find(&token, "b", now), None);
        assert_eq!(tokens.find(&token, "a", now + TOKEN_LIFE), None);
        assert_ne!(token, tokens.give(Continuation { offset: 20, ..rest }, now));
    }
}
