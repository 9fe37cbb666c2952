//! Where a slug is unique: on the installation's domain, or on a workspace's own.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::links::OwnDomain;
use events::{ClaimKind, Context, Subject, WorkspaceId};
use unicode_normalization::UnicodeNormalization;

use crate::links::slug;

/// Stand between a name and its workspace: neither is part of a host, or of the other.
const CASELESS: char = '~';
const CASED: char = '=';

/// A domain, and for whom: what a workspace made on a domain it had is not in the way of who has the domain next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Shared with whoever keeps something by it.
    name: Arc<str>,
    is_case_sensitive: bool,
}

impl Space {
    /// The installation's domain, on which case tells no slugs apart.
    pub(crate) fn installation(host: &str) -> Self {
        Self {
            name: host.into(),
            is_case_sensitive: false,
        }
    }

    /// A workspace's own domain.
    pub(crate) fn own(domain: &str, workspace: WorkspaceId, own: OwnDomain) -> Self {
        let OwnDomain { is_case_sensitive } = own;
        let mark = if is_case_sensitive { CASED } else { CASELESS };
        let workspace = workspace.uuid().simple();
        Self {
            name: format!("{domain}{mark}{workspace}").into(),
            is_case_sensitive,
        }
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The form by which a slug is unique here.
    pub(crate) fn key(&self, slug: &str) -> String {
        if self.is_case_sensitive {
            slug.nfc().collect()
        } else {
            slug::key(slug)
        }
    }

    /// Whether two slugs are one here.
    pub(crate) fn is_same(&self, one: &str, other: &str) -> bool {
        one == other || self.key(one) == self.key(other)
    }

    /// The claim on a slug.
    pub(crate) fn claim(&self, slug: &str) -> Subject {
        let key = format!("{}/{}", self.name, self.key(slug));
        Subject::Claim(Context::Links, ClaimKind::Slug, URL_SAFE_NO_PAD.encode(key))
    }
}

/// The space's name and the slug's form that a claim's key names.
pub(crate) fn claimed(key: &str) -> Option<(String, String)> {
    let text = decoded(key)?;
    let (space, slug) = text.split_once('/')?;
    Some((space.to_owned(), slug.to_owned()))
}

/// The claim on a domain: whoever proved control of it holds it.
pub(crate) fn claim_on(domain: &str) -> Subject {
    let key = URL_SAFE_NO_PAD.encode(domain);
    Subject::Claim(Context::Links, ClaimKind::Domain, key)
}

/// The domain that a claim's key names.
pub(crate) fn claimed_domain(key: &str) -> Option<String> {
    decoded(key)
}

fn decoded(key: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Space, claim_on, claimed, claimed_domain};
    use events::links::OwnDomain;
    use events::{Subject, WorkspaceId};
    use uuid::Uuid;

    fn key(subject: Subject) -> String {
        let Subject::Claim(_, _, key) = subject else {
            panic!("a claim is one");
        };
        key
    }

    fn own(workspace: u128, is_case_sensitive: bool) -> Space {
        let workspace = WorkspaceId::new(Uuid::from_u128(workspace));
        Space::own("go.example", workspace, OwnDomain { is_case_sensitive })
    }

    #[test]
    fn a_claim_is_read_as_it_was_made() {
        let named = ("go.example".to_owned(), "spring".to_owned());
        let claim = Space::installation("go.example").claim("Spring");
        assert_eq!(claimed(&key(claim)), Some(named));
        assert_eq!(claimed("!"), None);
        let domain = key(claim_on("go.example"));
        assert_eq!(claimed_domain(&domain).unwrap(), "go.example");
    }

    #[test]
    fn case_tells_slugs_apart_where_the_domain_says_so() {
        let (cased, caseless) = (own(1, true), own(1, false));
        assert_eq!(caseless.claim("Spring"), caseless.claim("spring"));
        assert_ne!(cased.claim("Spring"), cased.claim("spring"));
        // Two ways of writing one letter are one, whatever its case.
        assert_eq!(cased.claim("u\u{308}"), cased.claim("ü"));
    }

    #[test]
    fn what_was_made_for_another_is_not_in_the_way() {
        let spaces = [
            Space::installation("go.example"),
            own(1, false),
            own(1, true),
            own(2, false),
        ];
        for (index, one) in spaces.iter().enumerate() {
            for other in spaces.iter().skip(index + 1) {
                assert_ne!(one.claim("spring"), other.claim("spring"));
            }
        }
    }

    #[test]
    fn the_longest_claim_is_a_subject() {
        let workspace = WorkspaceId::new(Uuid::max());
        let own = OwnDomain {
            is_case_sensitive: true,
        };
        let space = Space::own(&"a".repeat(253), workspace, own);
        let claim = space.claim(&"京".repeat(64));
        assert_eq!(claim.to_string().parse(), Ok(claim));
    }
}
