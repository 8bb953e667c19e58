//! Addresses of services, which may carry a secret and therefore never print whole.
//!
//! Plain http is accepted for this machine only. An address with a backslash, a blank or a control
//! character is refused: readers of URLs disagree about what those mean, and about which host they name.

use std::fmt;
use std::net::IpAddr;

/// An `https` address, or an `http` address of this machine. Prints without credentials and path.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    text: String,
    shown: String,
}

impl ServiceUrl {
    /// Reads an address; `None` unless it is https, or http to a loopback host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(|c| c == '\\' || c.is_whitespace() || c.is_control()) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (credentials, host_and_port) = match authority.rsplit_once('@') {
            Some((_, host)) => ("[redacted]@", host),
            None => ("", authority),
        };
        let host = host_of(host_and_port)?;
        let accepted = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => is_loopback_host(host),
            _ => false,
        };
        let path = if matches!(path, "" | "/") { path } else { "/[redacted]" };
        let shown = format!("{scheme}://{credentials}{host_and_port}{path}");
        accepted.then(|| Self { text: text.to_owned(), shown })
    }

    /// The host with its port, where one is named; in lower case, as signatures want it.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// The scheme and the host with its port, without a final slash: what paths are put after.
    #[must_use]
    pub fn base(&self) -> String {
        let scheme = self.text.split_once("://").map_or("https", |(scheme, _)| scheme);
        format!("{}://{}", scheme.to_ascii_lowercase(), self.host_and_port())
    }

    /// The whole address, for the one who connects to it; never for a message or a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// The host without its port and brackets, `None` where there is none.
fn host_of(host_and_port: &str) -> Option<&str> {
    if let Some(rest) = host_and_port.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = if port.is_empty() { Some("") } else { port.strip_prefix(':') };
        return port.filter(|port| is_port(port)).map(|_| host);
    }
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, ""));
    (!host.is_empty() && is_port(port)).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || (text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

/// Whether a host, with or without brackets, is this machine.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_accepted_for_this_machine_only() {
        for text in ["https://example.org/x", "http://127.0.0.1:8081", "http://localhost/", "http://[::1]:80/a"] {
            assert!(ServiceUrl::parse(text).is_some(), "{text}");
        }
        for text in [
            "http://example.org",
            "http://127.0.0.1@example.org/",
            "http://example.org\\@127.0.0.1/",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://",
            "https://:443",
            "https://a b",
            "http://127.0.0.1:99999",
            "example.org",
            "",
        ] {
            assert!(ServiceUrl::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_address_prints_without_credentials_path_and_query() {
        let url = ServiceUrl::parse("https://me:planted@hc.example.org/planted?key=planted#planted").unwrap();
        assert_eq!(url.to_string(), "https://[redacted]@hc.example.org/[redacted]");
        assert_eq!(format!("{url:?}"), url.to_string());
        assert!(url.expose().contains("planted"));
        assert_eq!(ServiceUrl::parse("http://127.0.0.1:8081").unwrap().to_string(), "http://127.0.0.1:8081");
    }
}
