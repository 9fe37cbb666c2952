//! The host of a target, as whoever follows it understands it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use percent_encoding::percent_decode_str;
use url::Url;

use super::private::{is_private, within};

/// Names that mean this machine or this network (RFC 6761, RFC 6762, RFC 8375; `internal` by ICANN's resolution of 2024).
const PRIVATE_NAMES: [&str; 5] = ["localhost", "localdomain", "local", "internal", "home.arpa"];

/// A name in lower-case ASCII without the final dot, or an address; one of IPv6 that stands for one of IPv4 is that one.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::links) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    /// The host of a URL; none for a URL that has no place for one.
    pub(super) fn of(url: &Url) -> Option<Self> {
        match url.host()? {
            url::Host::Ipv4(address) => Some(Self::Address(address.into())),
            url::Host::Ipv6(address) => Some(Self::of_v6(address)),
            // Schemes of one's own have hosts that the URL standard leaves as they are: `app://2130706433` is loopback.
            url::Host::Domain(name) => {
                let decoded = percent_decode_str(name).decode_utf8_lossy();
                Some(Self::parse(&decoded).unwrap_or_else(|| Self::Name(name.to_owned())))
            }
        }
    }

    /// Reads a host as the URL standard reads that of an http address, whatever its spelling.
    pub(in crate::links) fn parse(text: &str) -> Option<Self> {
        match url::Host::parse(text).ok()? {
            url::Host::Ipv4(address) => Some(Self::Address(address.into())),
            url::Host::Ipv6(address) => Some(Self::of_v6(address)),
            url::Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                (!name.is_empty()).then(|| Self::Name(name.to_owned()))
            }
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        Self::Address(within(address).map_or(IpAddr::V6(address), IpAddr::V4))
    }

    /// Whether it leads elsewhere for everybody who follows it, or nowhere.
    pub(in crate::links) fn is_private(&self) -> bool {
        match self {
            Self::Address(address) => is_private(*address),
            Self::Name(name) => PRIVATE_NAMES.iter().any(|it| is_within(name, it)),
        }
    }

    /// Whether it is a name without a dot, which the resolver of whoever asks completes.
    pub(in crate::links) fn is_incomplete(&self) -> bool {
        matches!(self, Self::Name(name) if !name.contains('.'))
    }

    /// Whether a URL with this host is opened at `own`, which is a host, or a host and a port.
    pub(super) fn is_at(&self, own: &str, url: &Url) -> bool {
        let Ok(own) = Url::parse(&format!("http://{own}")) else {
            return false;
        };
        let is_host = Self::of(&own).as_ref() == Some(self);
        let is_port = match (own.port(), url.port_or_known_default()) {
            (Some(own), Some(port)) => own == port,
            (None, Some(port)) => matches!(port, 80 | 443),
            (_, None) => true,
        };
        is_host && is_port
    }
}

/// Whether a name is a domain's or of one below it.
fn is_within(name: &str, domain: &str) -> bool {
    let rest = name.strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}
