//! Calls out and answers in. A call is made once; whether to try again is for the caller.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, Url};

use super::address::{AddressPolicy, Resolver, is_public};
use super::error::{NetError, Phase};
use crate::config::is_loopback_host;
use crate::domain::Instant;

/// Longest wait for a connection: a host that is there answers within seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest answer that is held in memory: a page of a hundred reports is below 100 KB.
const BODY_BYTES_MAX: u64 = 8 << 20;

/// How a door is built.
#[derive(Clone, Debug)]
pub struct DoorOptions {
    /// Longest silence: until the head of an answer, and between two pieces of its body.
    pub timeout: Duration,
    /// Another certificate authority to trust, PEM.
    pub authority: Option<Vec<u8>>,
    /// Which addresses it may lead to.
    pub addresses: AddressPolicy,
    /// How the program names itself.
    pub user_agent: String,
}

/// A client that keeps its connections.
#[derive(Clone, Debug)]
pub struct Door {
    client: Client,
    addresses: AddressPolicy,
    timeout: Duration,
}

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Send.
    Post,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// One call.
#[derive(Clone)]
pub struct Call {
    /// What is done.
    pub method: Method,
    /// The whole address; it may be a secret.
    pub url: String,
    /// Header names and values, sent as they are.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl Door {
    /// Builds a door.
    ///
    /// # Errors
    /// [`NetError::Tls`] where the certificate authority cannot be used.
    pub fn open(options: &DoorOptions) -> Result<Self, NetError> {
        let refused = |why: String| NetError::Tls { host: "this machine".to_owned(), why };
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
            .read_timeout(options.timeout)
            .user_agent(&options.user_agent)
            .no_proxy()
            .dns_resolver(Arc::new(Resolver(options.addresses)));
        if let Some(pem) = &options.authority {
            let found = Certificate::from_pem_bundle(pem).map_err(|why| refused(why.to_string()))?;
            if found.is_empty() {
                return Err(refused("the authority's file holds no certificate".to_owned()));
            }
            builder = builder.tls_certs_merge(found);
        }
        let client = builder.build().map_err(|why| refused(why.without_url().to_string()))?;
        Ok(Self { client, addresses: options.addresses, timeout: options.timeout })
    }

    /// Makes a call and waits for the head of the answer.
    ///
    /// # Errors
    /// [`NetError`]; an answer of any status is an answer.
    pub async fn call(&self, call: Call) -> Result<Answer, NetError> {
        let url = self.allowed(&call.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = match call.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
        };
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if !call.body.is_empty() || call.method == Method::Post {
            request = request.body(call.body);
        }
        // `read_timeout` begins with the head, so the wait for the head needs a bound of its own.
        match tokio::time::timeout(self.timeout, request.send()).await {
            Err(_) => Err(NetError::TimedOut { host, phase: Phase::Head }),
            Ok(Err(why)) => Err(NetError::of(why, &host, Phase::Head)),
            Ok(Ok(response)) => Ok(Answer { response, host, timeout: self.timeout }),
        }
    }

    /// The address, if it may be called: https, or http to this machine; a literal address within the policy.
    fn allowed(&self, text: &str) -> Result<Url, NetError> {
        let url = Url::parse(text)
            .map_err(|_| NetError::Forbidden { host: "the address".to_owned(), why: "it is no address".to_owned() })?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let forbidden = |why: &str| Err(NetError::Forbidden { host: host.clone(), why: why.to_owned() });
        match url.scheme() {
            "https" => {}
            "http" if is_loopback_host(&host) => {}
            _ => return forbidden("only https is"),
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if self.addresses == AddressPolicy::PublicOnly && literal.is_some_and(|address| !is_public(address)) {
            return forbidden("it is not an address of the public internet");
        }
        Ok(url)
    }
}

/// The head of an answer, whose body is still to come.
#[derive(Debug)]
pub struct Answer {
    response: Response,
    host: String,
    timeout: Duration,
}

impl Answer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether the status says that it went well (2xx).
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.response.status().is_success()
    }

    /// The host that answered.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A header, where it came once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The server's clock as its `Date` header tells it.
    #[must_use]
    pub fn date(&self) -> Option<Instant> {
        let text = self.header("date")?;
        chrono::DateTime::parse_from_rfc2822(text).ok().map(Instant::from)
    }

    /// The stated length of the body.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.header("content-length").and_then(|text| text.parse().ok())
    }

    /// The whole body, in memory.
    ///
    /// # Errors
    /// [`NetError`], also where it is longer than any answer that is meant to be held.
    pub async fn body(mut self) -> Result<Vec<u8>, NetError> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            if body.len() as u64 + piece.len() as u64 > BODY_BYTES_MAX {
                return Err(NetError::TooLarge { host: self.host, limit: BODY_BYTES_MAX });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The next piece of the body; `None` at its end. A body shorter than its stated length is an error.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, NetError> {
        match tokio::time::timeout(self.timeout, self.response.chunk()).await {
            Err(_) => Err(NetError::TimedOut { host: self.host.clone(), phase: Phase::Body }),
            Ok(Err(why)) => Err(NetError::of(why, &self.host, Phase::Body)),
            Ok(Ok(piece)) => Ok(piece.map(|bytes| bytes.to_vec())),
        }
    }
}
