//! Which addresses may be connected to: a document's URL comes from outside and must not lead inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Which addresses a door may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Any: the host was configured by the user.
    Any,
    /// Only addresses of the public internet: the host was named by a server.
    PublicOnly,
}

/// The host is known and none of its addresses may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the address {0} is not one of the public internet")]
pub(super) struct NotPublic(pub(super) IpAddr);

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("no address is known for it")]
pub(super) struct NoSuchHost;

/// Looks names up and keeps to the policy, so that a name cannot be swapped between check and use.
pub(super) struct Resolver(pub(super) AddressPolicy);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => found.collect(),
                Err(_) => return Err(NoSuchHost.into()),
            };
            let refused = found.iter().find(|address| policy == AddressPolicy::PublicOnly && !is_public(address.ip()));
            match (refused, found.is_empty()) {
                (Some(address), _) => Err(NotPublic(address.ip()).into()),
                (None, true) => Err(NoSuchHost.into()),
                (None, false) => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address belongs to the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

/// The special ranges of RFC 6890 and RFC 6598 left out.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

/// Only what is globally routed (2000::/3), less the ranges that carry IPv4 addresses or documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let routed = first & 0xe000 == 0x2000;
    let carries_v4 = first == 0x2002 || (first == 0x2001 && second == 0);
    let documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    routed && !carries_v4 && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_a_house_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "240.0.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["52.218.0.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2a05:d018::1", "::ffff:8.8.8.8"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
