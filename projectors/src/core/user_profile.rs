//! Who a user is.

use events::core::{Role, UserEvent};
use events::{Context, DecodeError, Recorded, Sealed, StreamName, Subject, UserId, WorkspaceId};
use nats::{Broker, StoredMessage};
use service::keys::DataKey;
use service::sealed::SealingKey;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `user_profile`: the one place where the address and the name of a user stand in clear.
pub(crate) struct UserProfile {
    broker: Broker,
    data_key: DataKey,
}

impl UserProfile {
    pub(crate) const fn new(broker: Broker, data_key: DataKey) -> Self {
        Self { broker, data_key }
    }

    /// The user's key; none when the user was erased.
    async fn key(&self, user: UserId) -> Result<Option<SealingKey>, ApplyError> {
        let Some(wrapped) = self.broker.key(user).await? else {
            return Ok(None);
        };
        let wrapped = String::from_utf8_lossy(&wrapped);
        let key = self.data_key.unwrap_key(user, &wrapped);
        Ok(Some(key.map_err(ApplyError::DataKey)?))
    }
}

impl Projection for UserProfile {
    const NAME: &'static str = "user_profile";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Core;
    type Event<'m> = (UserId, Recorded<UserEvent>);

    fn read(message: &StoredMessage) -> Result<Option<Self::Event<'_>>, DecodeError> {
        let Some(Subject::User(user)) = message.subject else {
            return Ok(None);
        };
        Ok(Some((user, message.decode()?)))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for (user, recorded) in batch {
            match &recorded.event {
                UserEvent::Registered {
                    email,
                    name,
                    workspace,
                    password_hash: _,
                } => {
                    // An erased user leaves nothing behind, also when the log is read again.
                    if let Some(key) = self.key(*user).await? {
                        let profile = Registered {
                            user: *user,
                            workspace: *workspace,
                            email,
                            name,
                        };
                        profile.insert(tx, &key, recorded).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

struct Registered<'e> {
    user: UserId,
    workspace: WorkspaceId,
    email: &'e Sealed,
    name: &'e Sealed,
}

impl Registered<'_> {
    async fn insert(
        &self,
        tx: &mut PgConnection,
        key: &SealingKey,
        recorded: &Recorded<UserEvent>,
    ) -> Result<(), ApplyError> {
        sqlx::query!(
            "insert into user_profile (user_id, workspace_id, email, name, role, created_at, version)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (user_id) do nothing",
            self.user.uuid(),
            self.workspace.uuid(),
            key.open(UserEvent::EMAIL_SEAL, self.email)?,
            key.open(UserEvent::NAME_SEAL, self.name)?,
            Role::Admin.as_str(),
            recorded.metadata.time.odt(),
            recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use events::{Context, Subject};

    use crate::testing::{Log, Rows, one, person, registered, user};

    #[tokio::test]
    async fn a_user_is_shown_in_clear_and_an_erased_one_not_at_all() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let (ada, gone) = (user(), user());
        let key = person(&log, gone).await;
        log.broker.destroy_key(gone).await.unwrap();
        log.append(&Subject::User(gone), &registered(&key, "gone@example.org"))
            .await;
        let key = person(&log, ada).await;
        let position = log
            .append(&Subject::User(ada), &registered(&key, "ada@example.org"))
            .await;
        running.reach("user_profile", position).await;

        let row = "select user_id || ' ' || email || ' ' || name || ' ' || role || ' ' || version
                   from user_profile";
        let found = one::<String>(&running.database, Context::Core, row).await;
        assert_eq!(
            found,
            Some(format!(
                "{ada} ada@example.org Ada admin {}",
                position.sequence
            ))
        );
        assert_eq!(Rows::of(&running.database).await.count("user_profile"), 1);
        running.stop().await;
    }
}
