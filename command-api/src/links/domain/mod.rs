//! Where short links are opened.

mod control;
mod name;
mod txt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::{ClaimKind, Context, Subject};
use service::short_url::short_url;
use url::Url;

use super::slug;

pub(crate) use control::{is_proven_by, proof_record};
pub(crate) use name::{DomainName, DomainNameError};
pub(crate) use txt::{Dns, TxtError, TxtRecords};

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

    /// Whether people reach it over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The address that people open.
    pub(crate) fn short_url(&self, host: &str, slug: &str) -> String {
        short_url(&self.scheme, host, slug)
    }
}

/// The claim on a slug of a domain, by the form in which it is unique there.
pub(crate) fn claim(host: &str, slug: &str) -> Subject {
    let key = URL_SAFE_NO_PAD.encode(format!("{host}/{}", slug::key(slug)));
    Subject::Claim(Context::Links, ClaimKind::Slug, key)
}

/// The domain and the slug's form that a claim's key names.
pub(crate) fn claimed(key: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
    let (host, slug) = text.split_once('/')?;
    Some((host.to_owned(), slug.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Domain, claim, claimed};
    use events::Subject;

    #[test]
    fn a_claim_is_read_as_it_was_made() {
        let Subject::Claim(_, _, key) = claim("go.example", "Spring") else {
            panic!("a claim is one");
        };
        let named = ("go.example".to_owned(), "spring".to_owned());
        assert_eq!(claimed(&key), Some(named));
        assert_eq!(claimed("!"), None);
    }

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
