//! A document's own address: another host, thirty seconds, nothing of the account with it.
//!
//! The address is a secret: it is never logged, stored or named in an error. It must be https (or the configured
//! endpoint, for rehearsals), must not lead into a private network, and is used once.

use std::cell::Cell;

use super::super::channel::Channel;
use super::super::error::FetchError;
use super::super::receive::{Packing, receive};
use crate::archive::{Finished, RawStore};
use crate::config::ServiceUrl;
use crate::net::{Call, Door, Method};

/// What an error calls the download.
const OPERATION: &str = "the document's storage";

/// Where documents may come from.
pub(super) struct Storage {
    /// For addresses that Amazon names: public ones only.
    pub(super) outside: Door,
    /// The base of the configured endpoint and the configured host: addresses there are the user's own choice.
    pub(super) allowed_bases: Vec<String>,
}

impl Storage {
    /// Fetches a document.
    pub(super) async fn fetch(
        &self,
        url: &str,
        packing: Packing,
        channel: &Channel<'_>,
        store: &RawStore,
    ) -> Result<(Finished, Option<String>), FetchError> {
        let address = ServiceUrl::parse(url)
            .ok_or_else(|| FetchError::AddressRefused { why: "it is neither https nor this machine".to_owned() })?;
        let own = self.allowed_bases.contains(&address.base());
        let door = if own { &channel.door } else { &self.outside };
        let call = Call { method: Method::Get, url: url.to_owned(), headers: Vec::new(), body: Vec::new() };
        let answer = door.call(call).await.map_err(|why| match why {
            crate::net::NetError::Forbidden { host, why } => {
                FetchError::AddressRefused { why: format!("{host}: {why}") }
            }
            other => other.into(),
        })?;
        tracing::info!(operation = OPERATION, status = answer.status(), host = answer.host(), "answered");
        let status = answer.status();
        if !answer.is_success() {
            return Err(match status {
                300..=399 => FetchError::AddressRefused { why: "it leads to another address".to_owned() },
                500..=599 => FetchError::Foreign { operation: OPERATION, what: "an error", status },
                _ => FetchError::AddressExpired { status },
            });
        }
        let content_type = answer.header("content-type").map(str::to_owned);
        let document = receive(answer, OPERATION, packing, store, &Cell::new(None)).await?;
        Ok((document, content_type))
    }
}
