//! Idempotency keys: the same request again gets the saved answer, another request is refused. Kept for
//! ever and for each account, as documented.

use std::collections::HashMap;

use super::super::encoding::sha256_hex;
use super::super::message::{Answer, Received};
use super::Refusal;

/// What a key stands for.
#[derive(Clone, Debug)]
struct Saved {
    method: String,
    path: String,
    body_sha256: String,
    answer: Answer,
}

/// Every key by account. Only good answers are saved: whether Amazon keeps errors is not known.
#[derive(Clone, Debug, Default)]
pub(in crate::rehearsal::serve) struct Idempotency(HashMap<(String, String), Saved>);

impl Idempotency {
    /// The saved answer of a key, where there is one for this very request.
    pub(super) fn saved(&self, account: &str, key: &str, request: &Received) -> Result<Option<Answer>, Refusal> {
        let Some(saved) = self.0.get(&(account.to_owned(), key.to_owned())) else { return Ok(None) };
        let is_same = saved.method == request.method
            && saved.path == request.path()
            && saved.body_sha256 == sha256_hex(&request.body);
        if is_same { Ok(Some(saved.answer.clone())) } else { Err(Refusal::duplicate_key()) }
    }

    /// Saves an answer.
    pub(super) fn save(&mut self, account: &str, key: &str, request: &Received, answer: &Answer) {
        let saved = Saved {
            method: request.method.clone(),
            path: request.path().to_owned(),
            body_sha256: sha256_hex(&request.body),
            answer: answer.clone(),
        };
        self.0.insert((account.to_owned(), key.to_owned()), saved);
    }
}
