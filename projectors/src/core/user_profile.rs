//! Who a user is.

use events::core::UserEvent;
use events::{Context, DecodeError, Recorded, Sealed, StreamName, Subject, UserId, WorkspaceId};
use nats::{Broker, ReadError, StoredMessage};
use service::keys::Keyring;
use service::sealed::SealingKey;
use sqlx::PgConnection;
use sqlx::postgres::PgQueryResult;

use crate::projection::{ApplyError, Projection};

/// Keeps `user_profile`: the one place where the address and the name of a user stand in clear.
pub(crate) struct UserProfile {
    broker: Broker,
    keyring: Keyring,
}

/// Something that happened to a user.
pub(crate) struct OfUser {
    user: UserId,
    recorded: Recorded<UserEvent>,
}

impl Projection for UserProfile {
    const NAME: &'static str = "user_profile";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Core;
    type Event<'m> = OfUser;

    fn read(message: &StoredMessage) -> Result<Option<OfUser>, DecodeError> {
        let Some(Subject::User(user)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(OfUser {
            user,
            recorded: message.decode()?,
        }))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for event in batch {
            self.apply_one(tx, event).await?;
        }
        Ok(())
    }
}

impl UserProfile {
    pub(crate) const fn new(broker: Broker, keyring: Keyring) -> Self {
        Self { broker, keyring }
    }

    async fn apply_one(&self, tx: &mut PgConnection, event: &OfUser) -> Result<(), ApplyError> {
        let done = match &event.recorded.event {
            UserEvent::Registered {
                email,
                name,
                workspace,
                password_hash: _,
            } => return self.register(tx, event, *workspace, email, name).await,
            UserEvent::Renamed { name } => {
                let name = self.open(event, UserEvent::NAME_SEAL, name).await?;
                event.change(tx, None, name).await?
            }
            UserEvent::EmailChanged { email } => {
                let email = self.open(event, UserEvent::EMAIL_SEAL, email).await?;
                event.change(tx, email, None).await?
            }
            UserEvent::Erased { workspace: _ } => {
                // Whoever erased the user has done it, unless its process ended in between.
                let destroyed = self.broker.destroy_key(event.user).await;
                destroyed.map_err(ReadError::from)?;
                event.erase(tx).await?
            }
            UserEvent::PasswordChanged {
                password_hash: _,
                kept: _,
            }
            | UserEvent::Joined { workspace: _ }
            | UserEvent::Left { workspace: _ } => event.change(tx, None, None).await?,
        };
        ApplyError::unless_touched(&done, &event.recorded.subject)
    }

    /// Who was erased since gets a row too, without a name: what comes later finds it.
    async fn register(
        &self,
        tx: &mut PgConnection,
        OfUser { user, recorded }: &OfUser,
        workspace: WorkspaceId,
        email: &Sealed,
        name: &Sealed,
    ) -> Result<(), ApplyError> {
        let key = self.key(*user).await?;
        let open = |seal: &str, sealed: &Sealed| key.as_ref().map(|it| it.open(seal, sealed));
        sqlx::query!(
            "insert into user_profile (user_id, workspace_id, email, name, created_at, version)
             values ($1, $2, $3, $4, $5, $6) on conflict (user_id) do nothing",
            user.uuid(),
            workspace.uuid(),
            open(UserEvent::EMAIL_SEAL, email).transpose()?,
            open(UserEvent::NAME_SEAL, name).transpose()?,
            recorded.metadata.time.odt(),
            recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// What is sealed; nothing when the user was erased since.
    async fn open(
        &self,
        event: &OfUser,
        seal: &str,
        sealed: &Sealed,
    ) -> Result<Option<String>, ApplyError> {
        let key = self.key(event.user).await?;
        Ok(key.map(|it| it.open(seal, sealed)).transpose()?)
    }

    /// The user's key; none when the user was erased.
    async fn key(&self, user: UserId) -> Result<Option<SealingKey>, ApplyError> {
        let Some(wrapped) = self.broker.key(user).await? else {
            return Ok(None);
        };
        let wrapped = String::from_utf8_lossy(&wrapped);
        let key = self.keyring.unwrap_key(user, &wrapped);
        Ok(Some(key.map_err(ApplyError::Keyring)?))
    }
}

impl OfUser {
    /// Moves the version, and changes what is not `None`.
    async fn change(
        &self,
        tx: &mut PgConnection,
        email: Option<String>,
        name: Option<String>,
    ) -> sqlx::Result<PgQueryResult> {
        sqlx::query!(
            "update user_profile
                set email = coalesce($2, email), name = coalesce($3, name), version = $4
              where user_id = $1",
            self.user.uuid(),
            email,
            name,
            self.recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await
    }

    async fn erase(&self, tx: &mut PgConnection) -> sqlx::Result<PgQueryResult> {
        sqlx::query!(
            "update user_profile set email = null, name = null, erased_at = $2, version = $3
              where user_id = $1",
            self.user.uuid(),
            self.recorded.metadata.time.odt(),
            self.recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await
    }
}

#[cfg(test)]
mod tests {
    use events::core::UserEvent;
    use events::{Context, Subject};

    use crate::testing::{Log, Running, one, person, registered, user, workspace};

    async fn row(running: &Running) -> Option<String> {
        let row = "select concat_ws(' ', user_id, coalesce(email, '-'), coalesce(name, '-'),
                       erased_at is not null, version) from user_profile";
        one::<String>(&running.database, Context::Core, row).await
    }

    #[tokio::test]
    async fn a_user_is_shown_in_clear_as_it_was_told_last() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let ada = user();
        let key = person(&log, ada).await;
        let subject = Subject::User(ada);
        let registered = registered(&key, "ada@example.org");
        let position = log.append(&subject, &registered).await;
        running.reach("user_profile", position).await;
        let expected = format!("{ada} ada@example.org Ada f {}", position.sequence);
        assert_eq!(row(&running).await, Some(expected));

        let name = key.seal(UserEvent::NAME_SEAL, "Ada L.").unwrap();
        log.append(&subject, &UserEvent::Renamed { name }).await;
        let email = key.seal(UserEvent::EMAIL_SEAL, "al@example.org").unwrap();
        log.append(&subject, &UserEvent::EmailChanged { email })
            .await;
        let workspace = workspace();
        let position = log.append(&subject, &UserEvent::Joined { workspace }).await;
        running.reach("user_profile", position).await;
        let expected = format!("{ada} al@example.org Ada L. f {}", position.sequence);
        assert_eq!(row(&running).await, Some(expected));
        running.stop().await;
    }

    #[tokio::test]
    async fn an_erased_user_is_shown_as_such_live_and_when_the_log_is_read_again() {
        let log = Log::new().await;
        let live = log.project_into(&servers::testing::fresh_database().await);
        let ada = user();
        let key = person(&log, ada).await;
        let subject = Subject::User(ada);
        let registered = registered(&key, "ada@example.org");
        let position = log.append(&subject, &registered).await;
        let name = key.seal(UserEvent::NAME_SEAL, "Ada L.").unwrap();
        log.append(&subject, &UserEvent::Renamed { name }).await;
        live.reach("user_profile", position).await;
        let workspace = workspace();
        let position = log.append(&subject, &UserEvent::Erased { workspace }).await;
        let again = log.project_into(&servers::testing::fresh_database().await);
        for running in [live, again] {
            running.reach("user_profile", position).await;
            let expected = format!("{ada} - - t {}", position.sequence);
            assert_eq!(row(&running).await, Some(expected));
            running.stop().await;
        }
        assert!(log.broker.key(ada).await.unwrap().is_none());
    }
}
