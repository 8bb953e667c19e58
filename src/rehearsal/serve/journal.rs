//! What was asked and answered, one entry for each request, in the order of arrival.
//!
//! Credentials are kept: this is a test machine, and tests assert that they did not leak.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Which of the services a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Face {
    /// Amazon MWS Reports.
    Mws,
    /// Amazon Pay API v2.
    Pay,
    /// The storage that holds the documents of API v2.
    Storage,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// Its number, from 1.
    pub n: u64,
    /// The virtual instant, RFC 3339.
    pub at: String,
    /// The instant of the system's clock, RFC 3339.
    pub wall: String,
    /// The service.
    pub face: Face,
    /// The account's name, where the request names a known one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The MWS action, the Pay operation, or `GetObject`; empty where there is none.
    pub action: String,
    /// The method.
    pub method: String,
    /// The path as received.
    pub path: String,
    /// The query as received.
    pub query: String,
    /// The headers as received, in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The SHA-256 of the body in hex.
    pub body_sha256: String,
    /// The body as text, cut after 64 KiB.
    pub body: String,
    /// The canonical query (MWS) or canonical request (Pay), rebuilt; empty where nothing was verified.
    pub canonical: String,
    /// What must have been signed.
    pub string_to_sign: String,
    /// `ok` or the error code.
    pub verdict: String,
    /// The fault that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The status of the answer; 0 where there was none.
    pub status: u16,
    /// The bytes of the answer's body.
    pub answer_bytes: usize,
    /// Whether the answer ended before its end, by a fault or because the client went away.
    pub closed_early: bool,
}

impl JournalEntry {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// The most entries that are kept; the oldest go first. A long rehearsal must not fill the memory.
const ENTRIES_MAX: usize = 200_000;
/// The most bytes of a body that an entry shows.
pub(super) const BODY_SHOWN_MAX: usize = 64 * 1024;

/// Every entry since the start or the last clearing.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<JournalEntry>,
    last: u64,
}

impl Journal {
    /// The number of the entry to come.
    pub(super) fn next_number(&self) -> u64 {
        self.last + 1
    }

    /// Adds an entry that carries [`Journal::next_number`].
    pub(super) fn push(&mut self, entry: JournalEntry) {
        self.last = entry.n;
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Entries with a number above `since`.
    pub(super) fn since(&self, since: u64) -> impl Iterator<Item = &JournalEntry> {
        self.entries.iter().filter(move |entry| entry.n > since)
    }

    /// Forgets every entry; numbers go on.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Notes that an answer did not reach its end.
    pub(super) fn closed_early(&mut self, n: u64) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.n == n) {
            entry.closed_early = true;
        }
    }
}
