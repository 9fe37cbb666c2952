//! Somebody with an account, as the log tells: no database is asked.

use std::collections::BTreeSet;

use events::core::{Role, UserEvent};
use events::{Recorded, Sealed, SessionId, Subject, Timestamp, UserId, WorkspaceId};
use service::problem::Problem;
use service::sealed::SealingKey;
use uuid::Uuid;

use super::body::UserBody;
use super::email_address::EmailAddress;
use super::identity::Profile;
use super::user::User;
use crate::app::App;
use crate::decider::Aggregate;
use crate::problem::{internal, unread};

/// A user, with the key to what is sealed.
pub(super) struct Account {
    pub(super) id: UserId,
    pub(super) key: SealingKey,
    email: Sealed,
    name: Sealed,
    password_hash: Sealed,
    /// The workspace that was opened for the user.
    pub(super) workspace: WorkspaceId,
    /// The workspaces that the user joined.
    pub(super) joined: BTreeSet<WorkspaceId>,
    /// The sequence of the user's last event.
    pub(super) version: u64,
    /// How much has happened to the user.
    pub(super) events: usize,
    registered_at: Timestamp,
    /// Each change of the password: where it stands, and the session that it left open.
    password_changes: Vec<(u64, SessionId)>,
}

impl Account {
    /// Who has the address.
    ///
    /// Reads as much for an address that nobody has, so that the time tells nothing.
    pub(super) async fn of_address(
        app: &App,
        address: Option<&EmailAddress>,
    ) -> Result<Option<Self>, Problem> {
        let holder = match address {
            Some(address) => holder(app, address).await?,
            None => None,
        };
        match holder {
            Some(user) => Self::of(app, user).await,
            None => Self::of(app, UserId::new(Uuid::nil())).await,
        }
    }

    /// The user's account; none if there never was one, or none any more.
    pub(super) async fn of(app: &App, id: UserId) -> Result<Option<Self>, Problem> {
        let history = app
            .broker
            // A claim says that there is one, which a replica may not have heard of yet.
            .history_from_leader::<UserEvent>(&Subject::User(id))
            .await
            .map_err(unread)?;
        let key = app.identities.key(id).await?;
        Ok(key.and_then(|key| Self::replay(id, key, &history)))
    }

    fn replay(id: UserId, key: SealingKey, history: &[Recorded<UserEvent>]) -> Option<Self> {
        let (first, last) = (history.first()?, history.last()?);
        let user = history
            .iter()
            .fold(User::default(), |user, it| user.evolve(&it.event));
        let User::Registered {
            email,
            name,
            password_hash,
            workspace,
            joined,
            changes: _,
        } = user
        else {
            return None;
        };
        Some(Self {
            id,
            key,
            email,
            name,
            password_hash,
            workspace,
            joined,
            version: last.position.sequence,
            events: history.len(),
            registered_at: first.metadata.time,
            password_changes: history.iter().filter_map(password_change).collect(),
        })
    }

    /// The address and the name in clear.
    pub(super) fn profile(&self) -> Result<Profile, Problem> {
        Profile::open(&self.key, &self.email, &self.name).map_err(internal)
    }

    /// The password's hash, a PHC string.
    pub(super) fn password_hash(&self) -> Result<String, Problem> {
        let sealed = &self.password_hash;
        let opened = self.key.open(UserEvent::PASSWORD_HASH_SEAL, sealed);
        opened.map_err(internal)
    }

    /// Whether a change of the password ended the session, opened when the user's last event had `user_version`.
    pub(super) fn has_ended(&self, session: SessionId, user_version: u64) -> bool {
        self.password_changes
            .iter()
            .any(|(sequence, kept)| *sequence > user_version && *kept != session)
    }

    /// The account as its user sees it, who has `role` where it works now.
    pub(super) fn body(&self, role: Role) -> Result<UserBody, Problem> {
        let profile = self.profile()?;
        let at = self.registered_at;
        Ok(UserBody::new(self.id, profile, self.workspace, role, at))
    }
}

/// Whose the address is.
pub(super) async fn holder(app: &App, address: &EmailAddress) -> Result<Option<UserId>, Problem> {
    let claim = app.identities.claim(address);
    let last = app.broker.last_from_leader(&claim).await.map_err(unread)?;
    match last.as_ref().and_then(crate::claim::holder) {
        Some(Subject::User(user)) => Ok(Some(user)),
        Some(_) | None => Ok(None),
    }
}

fn password_change(recorded: &Recorded<UserEvent>) -> Option<(u64, SessionId)> {
    match &recorded.event {
        UserEvent::PasswordChanged { kept, .. } => Some((recorded.position.sequence, *kept)),
        UserEvent::Registered { .. }
        | UserEvent::Renamed { .. }
        | UserEvent::EmailChanged { .. }
        | UserEvent::Joined { .. }
        | UserEvent::Left { .. }
        | UserEvent::Erased { .. } => None,
    }
}
