//! Invitations: what an admin hands to somebody who has no account yet.
//!
//! An invitation says all that there is to know of it, sealed, and nothing of it is stored but that it was used, and for
//! a day its id, where the admin sent an `Idempotency-Key`: no address of somebody who never registered stands on the
//! log. Millrace sends no mail, so the admin hands it over.

use std::time::Duration;

use events::core::Role;
use events::{ClaimKind, Context, Sealed, Subject, Timestamp, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::keys::Keyring;
use service::sealed::SealError;
use uuid::Uuid;

use super::email_address::EmailAddress;

/// What an invitation begins with.
const PREFIX: &str = "mli_";
/// What it is sealed as.
const SEAL: &str = "core.invitation";
/// How long it is good.
pub(super) const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// The right to become a member of a workspace, for whoever registers with this address.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invitation {
    pub(super) id: Uuid,
    pub(super) workspace: WorkspaceId,
    pub(super) role: Role,
    pub(super) email: String,
    /// The admin who invites: if the admin is none any more, nor is the invitation good.
    pub(super) by: UserId,
    pub(super) expires_at: Timestamp,
}

/// Why an invitation lets nobody in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvitationError {
    #[error("is no invitation of ours")]
    Malformed,
    #[error("is for another e-mail address")]
    OtherAddress,
    #[error("has expired; ask for a new one")]
    Expired,
}

impl Invitation {
    /// The text to hand over: always the same, so that a retry is told it again.
    pub(super) fn seal(&self, keyring: &Keyring) -> Result<String, SealError> {
        let text = serde_json::to_string(self).map_err(|_| SealError)?;
        let sealed = keyring.seal_alike(SEAL, &text)?;
        Ok(format!("{PREFIX}{}", sealed.as_str()))
    }

    /// What makes it good for once: an address may become free again, and the invitation must not.
    pub(super) fn claim(&self) -> Subject {
        let key = self.id.simple().to_string();
        Subject::Claim(Context::Core, ClaimKind::Invitation, key)
    }

    /// The invitation, if it is good for this address.
    pub(super) fn open(
        text: &str,
        address: &EmailAddress,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Self, InvitationError> {
        let sealed = text.strip_prefix(PREFIX).map(str::to_owned);
        let sealed = sealed.ok_or(InvitationError::Malformed)?;
        let opened = keyring.open(SEAL, &Sealed::new(sealed));
        let opened = opened.map_err(|_| InvitationError::Malformed)?;
        let invitation: Self =
            serde_json::from_str(&opened).map_err(|_| InvitationError::Malformed)?;
        if invitation.email != address.as_str() {
            return Err(InvitationError::OtherAddress);
        }
        if invitation.expires_at <= now {
            return Err(InvitationError::Expired);
        }
        Ok(invitation)
    }
}

#[cfg(test)]
mod tests {
    use super::{Invitation, InvitationError};
    use crate::core::email_address::EmailAddress;
    use events::core::Role;
    use events::{Timestamp, UserId, WorkspaceId};
    use service::keys::Keyring;
    use service::world;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn later(now: Timestamp, seconds: i64) -> Timestamp {
        Timestamp::new(now.odt() + time::Duration::seconds(seconds))
    }

    #[test]
    fn an_invitation_is_good_for_its_address_and_its_time() {
        let (keyring, now) = (Keyring::random().unwrap(), world::now());
        let invitation = Invitation {
            id: world::new_id(),
            workspace: WorkspaceId::new(world::new_id()),
            role: Role::Editor,
            email: "bob@example.com".to_owned(),
            by: UserId::new(world::new_id()),
            expires_at: later(now, 10),
        };
        let text = invitation.seal(&keyring).unwrap();
        assert!(!text.contains("bob"));
        assert_eq!(invitation.seal(&keyring).unwrap(), text);
        let open = |email: &str, at| Invitation::open(&text, &address(email), &keyring, at);
        assert_eq!(open("Bob@example.com", now), Ok(invitation));
        assert_eq!(
            open("eve@example.com", now),
            Err(InvitationError::OtherAddress)
        );
        assert_eq!(
            open("bob@example.com", later(now, 10)),
            Err(InvitationError::Expired)
        );
    }

    #[test]
    fn what_we_never_sealed_is_no_invitation() {
        let (keyring, now) = (Keyring::random().unwrap(), world::now());
        let sealed_as_something_else = keyring.seal("idempotency.answer", "{}").unwrap();
        for text in ["", "mli_", "mli_AAAA", sealed_as_something_else.as_str()] {
            let opened = Invitation::open(text, &address("bob@example.com"), &keyring, now);
            assert_eq!(opened, Err(InvitationError::Malformed), "{text}");
        }
    }
}
