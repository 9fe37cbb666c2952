//! Personal data: the user's key, and what it seals and opens.

use events::ClaimKind;
use events::core::UserEvent;
use events::{Context, Sealed, Subject, UserId};
use nats::{Broker, ReadError, RequestError};
use service::keys::Keyring;
use service::sealed::{OpenError, SealError, SealingKey};

use super::email_address::EmailAddress;

/// Where users' keys are kept and addresses are made unfindable.
#[derive(Clone)]
pub(crate) struct Identities {
    broker: Broker,
    keyring: Keyring,
}

/// Personal data could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("a user's key could not be read")]
    Read(#[from] ReadError),
    #[error("a user's key could not be kept")]
    Keep(#[from] RequestError),
    #[error("personal data could not be sealed")]
    Seal(#[from] SealError),
    #[error("personal data could not be opened")]
    Open(#[from] OpenError),
}

impl Identities {
    pub(crate) const fn new(broker: Broker, keyring: Keyring) -> Self {
        Self { broker, keyring }
    }

    /// The claim on an address; its key is an HMAC, so that the log shows no address.
    pub(crate) fn claim(&self, address: &EmailAddress) -> Subject {
        let key = self.keyring.blind_index("email-claim", address.as_str());
        Subject::Claim(Context::Core, ClaimKind::Email, key)
    }

    /// Makes and keeps a new user's key.
    pub(crate) async fn make_key(&self, user: UserId) -> Result<SealingKey, IdentityError> {
        let key = SealingKey::random()?;
        let wrapped = self.keyring.wrap(user, &key)?;
        self.broker.put_key(user, wrapped.into()).await?;
        Ok(key)
    }

    /// The user's key; none once the user is forgotten.
    pub(crate) async fn key(&self, user: UserId) -> Result<Option<SealingKey>, IdentityError> {
        let Some(wrapped) = self.broker.key(user).await? else {
            return Ok(None);
        };
        let wrapped = String::from_utf8_lossy(&wrapped);
        Ok(Some(self.keyring.unwrap_key(user, &wrapped)?))
    }

    /// Destroys a key; one that stays, of a registration that was refused or of a user who was erased, does no harm:
    /// the first opens nothing, and the projectors destroy the second.
    pub(crate) async fn destroy_key(&self, user: UserId) {
        if let Err(error) = self.broker.destroy_key(user).await {
            tracing::warn!(%user, %error, "a key that should be destroyed stays for now");
        }
    }
}

/// What is known of a user in clear, for answers only.
pub(crate) struct Profile {
    pub(crate) email: String,
    pub(crate) name: String,
}

impl Profile {
    pub(crate) fn open(key: &SealingKey, email: &Sealed, name: &Sealed) -> Result<Self, OpenError> {
        Ok(Self {
            email: key.open(UserEvent::EMAIL_SEAL, email)?,
            name: key.open(UserEvent::NAME_SEAL, name)?,
        })
    }
}
