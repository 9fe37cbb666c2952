//! Making an API key.

use events::core::{ApiKeyEvent, Scope};
use events::{Timestamp, UserId};

use super::{Key, KeyRejection};
use crate::decider::Decide;

/// An admin wants a key for a program.
pub(crate) struct Issue {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// SHA-256 of the secret.
    pub(crate) secret_hash: String,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Decide<Key> for Issue {
    type Rejection = KeyRejection;

    fn decide(&self, state: &Key) -> Result<Vec<ApiKeyEvent>, KeyRejection> {
        match state {
            Key::Unknown => Ok(vec![ApiKeyEvent::Issued {
                user: self.user,
                name: self.name.clone(),
                scopes: self.scopes.clone(),
                secret_hash: self.secret_hash.clone(),
                expires_at: self.expires_at,
            }]),
            Key::Issued { .. } | Key::Revoked => Err(KeyRejection::AlreadyIssued),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Issue, Key, KeyRejection};
    use crate::core::api_key::samples::{issued, revoked, user};
    use crate::spec::given;
    use events::core::Scope;

    #[test]
    fn a_key_is_issued_once() {
        let issue = Issue {
            user: user(),
            name: "deploys".to_owned(),
            scopes: vec![Scope::LinksWrite],
            secret_hash: "h".to_owned(),
            expires_at: None,
        };
        given::<Key>(&[]).when(&issue).then([issued()]);
        for history in [vec![issued()], vec![issued(), revoked()]] {
            given::<Key>(&history)
                .when(&issue)
                .then_rejected(|it| *it == KeyRejection::AlreadyIssued);
        }
    }
}
