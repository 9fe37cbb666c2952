//! Remembering that an API key is in use.

use events::Timestamp;
use events::core::ApiKeyEvent;

use super::{Key, KeyRejection};
use crate::decider::Decide;

/// A use so soon after the one before is not worth an event.
const APART_MIN: time::Duration = time::Duration::hours(1);

/// A key was used.
pub(crate) struct RecordUse {
    pub(crate) at: Timestamp,
}

impl Decide<Key> for RecordUse {
    type Rejection = KeyRejection;

    fn decide(&self, state: &Key) -> Result<Vec<ApiKeyEvent>, KeyRejection> {
        let Key::Issued { used_at, .. } = state else {
            return Ok(Vec::new());
        };
        let is_new = used_at.is_none_or(|used_at| self.at.odt() - used_at.odt() >= APART_MIN);
        let used = ApiKeyEvent::Used { at: self.at };
        Ok(is_new.then_some(used).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, RecordUse};
    use crate::core::api_key::samples::{at, issued, revoked};
    use crate::spec::given;
    use events::core::ApiKeyEvent;

    #[test]
    fn a_use_is_remembered_every_hour() {
        let used = |minutes| ApiKeyEvent::Used { at: at(minutes) };
        let use_at = |minutes| RecordUse { at: at(minutes) };
        given::<Key>(&[issued()]).when(&use_at(0)).then([used(0)]);
        given::<Key>(&[issued(), used(0)])
            .when(&use_at(59))
            .then([]);
        given::<Key>(&[issued(), used(0)])
            .when(&use_at(60))
            .then([used(60)]);
    }

    #[test]
    fn a_key_that_is_not_good_has_no_use() {
        for history in [vec![], vec![issued(), revoked()]] {
            given::<Key>(&history)
                .when(&RecordUse { at: at(0) })
                .then([]);
        }
    }
}
