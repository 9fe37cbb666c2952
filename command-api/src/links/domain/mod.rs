//! Where short links are opened.

mod add;
mod body;
mod choice;
mod control;
mod default;
pub(crate) mod http;
mod known;
mod name;
mod own;
mod remove;
mod space;
mod txt;
mod verify;

use service::short_url::short_url;
use url::Url;

pub(crate) use choice::Choice;
pub(crate) use name::DomainName;
pub(crate) use own::{OwnDomainRejection, OwnDomains};
pub(crate) use space::{Space, claim_on, claimed, claimed_domain};

/// The host, and the port where it isn't the scheme's own, of a public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain {
    scheme: String,
    host: String,
    space: Space,
}

impl Domain {
    /// The domain of the public address.
    pub(crate) fn of(public_url: &Url) -> Self {
        let host = public_url.host_str().unwrap_or_default();
        let host = match public_url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let host = host.to_lowercase();
        Self {
            scheme: public_url.scheme().to_owned(),
            space: Space::installation(&host),
            host,
        }
    }

    /// Whether people reach it over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether it is this name, at whichever port.
    fn is_at(&self, name: &str) -> bool {
        let rest = self.host.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Where its slugs are unique.
    pub(crate) const fn space(&self) -> &Space {
        &self.space
    }

    /// The address that people open, on whichever host: all are reached as the public address is.
    pub(crate) fn short_url(&self, host: &str, slug: &str) -> String {
        short_url(&self.scheme, host, slug)
    }
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn the_port_belongs_to_the_domain_where_it_is_not_the_schemes_own() {
        let of = |url: &str| {
            let domain = Domain::of(&url.parse().unwrap());
            domain.short_url(domain.host(), "a")
        };
        assert_eq!(of("https://Go.Example:443/"), "https://go.example/a");
        assert_eq!(of("http://127.0.0.1:8080"), "http://127.0.0.1:8080/a");
    }
}
