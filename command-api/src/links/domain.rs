//! Where short links are opened.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::{ClaimKind, Context, Subject};
use service::short_url::short_url;
use url::Url;

use super::slug::Slug;

/// The host, and the port where it isn't the scheme's own, of a public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain {
    scheme: String,
    host: String,
}

impl Domain {
    /// The domain of the public address.
    pub(crate) fn of(public_url: &Url) -> Self {
        let host = public_url.host_str().unwrap_or_default();
        let host = match public_url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Self {
            scheme: public_url.scheme().to_owned(),
            host: host.to_lowercase(),
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The address that people open.
    pub(crate) fn short_url(&self, slug: &str) -> String {
        short_url(&self.scheme, &self.host, slug)
    }

    /// The claim that makes a slug unique in this domain.
    pub(crate) fn claim(&self, slug: &Slug) -> Subject {
        claim(&self.host, slug.as_str())
    }
}

/// The claim on `domain/slug`.
pub(crate) fn claim(host: &str, slug: &str) -> Subject {
    let key = URL_SAFE_NO_PAD.encode(format!("{host}/{slug}"));
    Subject::Claim(Context::Links, ClaimKind::Slug, key)
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn the_port_belongs_to_the_domain_where_it_is_not_the_schemes_own() {
        let of = |url: &str| Domain::of(&url.parse().unwrap()).short_url("a");
        assert_eq!(of("https://Go.Example:443/"), "https://go.example/a");
        assert_eq!(of("http://127.0.0.1:8080"), "http://127.0.0.1:8080/a");
    }
}
