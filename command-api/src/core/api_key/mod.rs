//! An API key: a credential for programs.

mod issue;
mod record_use;
mod revoke;

use events::core::ApiKeyEvent;
use events::{Timestamp, UserId};

use crate::decider::Aggregate;

pub(crate) use issue::Issue;
pub(crate) use record_use::RecordUse;
pub(crate) use revoke::Revoke;

/// A key's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Key {
    /// Never heard of.
    #[default]
    Unknown,
    /// Good until it expires.
    Issued {
        user: UserId,
        used_at: Option<Timestamp>,
    },
    /// No longer good.
    Revoked,
}

/// Why nothing came of a wish about an API key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyRejection {
    #[error("the key is there already")]
    AlreadyIssued,
    #[error("there is no such key")]
    Unknown,
}

impl Aggregate for Key {
    type Event = ApiKeyEvent;

    fn evolve(self, event: &ApiKeyEvent) -> Self {
        match event {
            ApiKeyEvent::Issued { user, .. } => Self::Issued {
                user: *user,
                used_at: None,
            },
            ApiKeyEvent::Used { at } => match self {
                Self::Issued { user, .. } => Self::Issued {
                    user,
                    used_at: Some(*at),
                },
                Self::Unknown | Self::Revoked => self,
            },
            ApiKeyEvent::Revoked { user: _ } => Self::Revoked,
        }
    }
}

/// What the specifications of a key begin with.
#[cfg(test)]
pub(crate) mod samples {
    use events::core::{ApiKeyEvent, Scope};
    use events::{Timestamp, UserId};
    use uuid::Uuid;

    pub(crate) fn user() -> UserId {
        UserId::new(Uuid::from_u128(1))
    }

    pub(crate) fn at(minutes: i64) -> Timestamp {
        let begin: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        Timestamp::new(begin.odt() + time::Duration::minutes(minutes))
    }

    pub(crate) fn issued() -> ApiKeyEvent {
        ApiKeyEvent::Issued {
            user: user(),
            name: "deploys".to_owned(),
            scopes: vec![Scope::LinksWrite],
            secret_hash: "h".to_owned(),
            expires_at: None,
        }
    }

    pub(crate) fn revoked() -> ApiKeyEvent {
        ApiKeyEvent::Revoked { user: user() }
    }
}
