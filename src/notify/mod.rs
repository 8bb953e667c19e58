//! Tells somebody how a run went: a dead-man's switch that is pinged, and a webhook that gets a summary.
//!
//! Neither can change the result of a run or hold it up for long: failures are told as warnings, waits are
//! short. Addresses are secrets and never named whole. Depends on `domain`, `config` and `net`.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::{Notify, ServiceUrl};
use crate::domain::{ExitCode, Timer};
use crate::net::{AddressPolicy, Call, Door, DoorOptions, Method};

/// Longest wait for an answer: a run must not hang on somebody else's server.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Sendings of one notification.
const TRIES: u32 = 2;
/// The pause between them.
const PAUSE: TimeDelta = TimeDelta::seconds(2);

/// Who is told.
pub struct Bell<'a> {
    settings: &'a Notify,
    timer: &'a dyn Timer,
}

impl<'a> Bell<'a> {
    /// For the configured addresses, of which there may be none.
    #[must_use]
    pub fn new(settings: &'a Notify, timer: &'a dyn Timer) -> Self {
        Self { settings, timer }
    }

    /// Tells the switch that a run begins. Answers what went wrong, if anything did.
    pub async fn begin(&self) -> Vec<String> {
        match &self.settings.ping_url {
            Some(url) => self.ring(url, "ping_url", get(with_path(url, "start"))).await.into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Tells how a run ended: the switch by its exit code, the webhook by the summary as JSON.
    pub async fn end(&self, exit: ExitCode, summary: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(url) = &self.settings.ping_url {
            let address = if exit == ExitCode::Done {
                url.expose().to_owned()
            } else {
                with_path(url, &exit.number().to_string())
            };
            faults.extend(self.ring(url, "ping_url", get(address)).await);
        }
        if let Some(url) = &self.settings.webhook_url {
            let call = Call {
                method: Method::Post,
                url: url.expose().to_owned(),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: summary.as_bytes().to_vec(),
            };
            faults.extend(self.ring(url, "webhook_url", call).await);
        }
        faults
    }

    async fn ring(&self, shown: &ServiceUrl, setting: &str, call: Call) -> Option<String> {
        let mut fault = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                self.timer.pause(PAUSE).await;
            }
            match send(call.clone()).await {
                Ok(()) => return None,
                Err(why) => fault = Some(format!("notify.{setting} ({shown}) could not be told: {why}")),
            }
        }
        if let Some(fault) = &fault {
            tracing::warn!("{fault}");
        }
        fault
    }
}

fn get(url: String) -> Call {
    Call { method: Method::Get, url, headers: Vec::new(), body: Vec::new() }
}

async fn send(call: Call) -> Result<(), String> {
    let options = DoorOptions {
        timeout: TIMEOUT,
        authority: None,
        addresses: AddressPolicy::Any,
        user_agent: concat!("settle/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let answer =
        Door::open(&options).map_err(|why| why.to_string())?.call(call).await.map_err(|why| why.to_string())?;
    if answer.is_success() { Ok(()) } else { Err(format!("it answers {}", answer.status())) }
}

/// The address with one more segment, before its query where it has one.
fn with_path(url: &ServiceUrl, segment: &str) -> String {
    let whole = url.expose();
    let (path, rest) = whole.split_at(whole.find(['?', '#']).unwrap_or(whole.len()));
    format!("{}/{segment}{rest}", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_added_before_the_query() {
        for (url, expected) in [
            ("https://hc.example.org/abc", "https://hc.example.org/abc/start"),
            ("https://hc.example.org/abc/", "https://hc.example.org/abc/start"),
            ("https://hc.example.org/abc?rid=1", "https://hc.example.org/abc/start?rid=1"),
        ] {
            assert_eq!(with_path(&ServiceUrl::parse(url).unwrap(), "start"), expected);
        }
    }
}
