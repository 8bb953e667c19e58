//! A request as received, and an answer before it is sent.

use hyper::body::Bytes;

use super::encoding::{Plus, pairs};

/// Which of the two listeners a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    /// Plain.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// As in a URL.
    pub(super) fn word(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// A request as received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) scheme: Scheme,
    pub(super) method: String,
    /// Path and query, byte for byte.
    pub(super) target: String,
    /// Names in lower case, in the order received; values as text.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Received {
    /// The path as received.
    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query as received, without its `?`.
    pub(super) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The decoded query.
    pub(super) fn parameters(&self, plus: Plus) -> Vec<(String, String)> {
        pairs(self.query(), plus)
    }

    /// Every value of a header.
    pub(super) fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The host that a client signs: lower case, with its port unless that is 80 or 443.
    pub(super) fn host(&self) -> String {
        let host = self.header("host").unwrap_or_default().trim().to_lowercase();
        let bare = [":80", ":443"].iter().find_map(|port| host.strip_suffix(port));
        bare.map_or_else(|| host.clone(), str::to_owned)
    }
}

/// How an answer goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Delivery {
    /// All of it.
    #[default]
    Whole,
    /// Nothing until the client gives up.
    StallHeaders,
    /// The headers and half of the body, then silence.
    StallBody,
    /// The headers with the full length and half of the body, then the connection is closed.
    CutBody,
    /// The connection is closed without an answer.
    Dropped,
}

/// An answer before it is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    pub(super) delivery: Delivery,
}

impl Answer {
    /// An answer with a content type.
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: body.into(), delivery: Delivery::Whole }
    }

    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The same with one more header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a header, replacing one of the same name.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.remove(name);
        self.headers.push((name, value.into()));
    }

    /// Takes a header away.
    pub(super) fn remove(&mut self, name: &str) {
        self.headers.retain(|(header, _)| *header != name);
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_host(host: &str) -> Received {
        Received {
            scheme: Scheme::Http,
            method: "GET".to_owned(),
            target: "/a?b=c?d".to_owned(),
            headers: vec![("host".to_owned(), host.to_owned())],
            body: Bytes::new(),
        }
    }

    #[test]
    fn the_signed_host_is_lower_case_and_without_a_usual_port() {
        assert_eq!(to_host("MWS-EU.Example.COM:443").host(), "mws-eu.example.com");
        assert_eq!(to_host("127.0.0.1:8080").host(), "127.0.0.1:8080");
    }

    #[test]
    fn the_first_question_mark_begins_the_query() {
        assert_eq!((to_host("x").path(), to_host("x").query()), ("/a", "b=c?d"));
    }
}
