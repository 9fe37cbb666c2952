//! Revoking an API key.

use events::core::ApiKeyEvent;

use super::{Key, KeyRejection};
use crate::decider::Decide;

/// An admin wants a key to be no longer good.
pub(crate) struct Revoke;

impl Decide<Key> for Revoke {
    type Rejection = KeyRejection;

    fn decide(&self, state: &Key) -> Result<Vec<ApiKeyEvent>, KeyRejection> {
        match state {
            Key::Issued { user, .. } => Ok(vec![ApiKeyEvent::Revoked { user: *user }]),
            Key::Revoked => Ok(Vec::new()),
            Key::Unknown => Err(KeyRejection::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyRejection, Revoke};
    use crate::core::api_key::samples::{issued, revoked};
    use crate::spec::given;

    #[test]
    fn a_key_is_revoked_once() {
        given::<Key>(&[issued()]).when(&Revoke).then([revoked()]);
        given::<Key>(&[issued(), revoked()]).when(&Revoke).then([]);
    }

    #[test]
    fn what_was_never_issued_is_not_revoked() {
        given::<Key>(&[])
            .when(&Revoke)
            .then_rejected(|it| *it == KeyRejection::Unknown);
    }
}
