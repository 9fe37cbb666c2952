//! Which API keys a workspace has, and had.

use events::core::{ApiKeyEvent, Scope};
use events::{
    ApiKeyId, Context, DecodeError, Recorded, StreamName, Subject, Timestamp, WorkspaceId,
};
use nats::StoredMessage;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `api_key_list`.
pub(crate) struct ApiKeyList;

/// Something that happened to an API key.
pub(crate) struct OfApiKey {
    workspace: WorkspaceId,
    key: ApiKeyId,
    recorded: Recorded<ApiKeyEvent>,
}

impl Projection for ApiKeyList {
    const NAME: &'static str = "api_key_list";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Core;
    type Event<'m> = OfApiKey;

    fn read(message: &StoredMessage) -> Result<Option<OfApiKey>, DecodeError> {
        let Some(Subject::ApiKey(workspace, key)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(OfApiKey {
            workspace,
            key,
            recorded: message.decode()?,
        }))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for event in batch {
            match &event.recorded.event {
                ApiKeyEvent::Issued {
                    user,
                    name,
                    scopes,
                    secret_hash: _,
                    expires_at,
                } => {
                    let scopes: Vec<_> = scopes.iter().map(|it| Scope::as_str(*it)).collect();
                    sqlx::query!(
                        "insert into api_key_list (key_id, workspace_id, user_id, name, scopes, created_at,
                             expires_at, version)
                         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (key_id) do nothing",
                        event.key.uuid(),
                        event.workspace.uuid(),
                        user.uuid(),
                        name,
                        &scopes as &[&str],
                        event.recorded.metadata.time.odt(),
                        expires_at.map(Timestamp::odt),
                        event.version()
                    )
                    .execute(&mut *tx)
                    .await?;
                }
                ApiKeyEvent::Used { at } => event.change(tx, Some(*at), None).await?,
                ApiKeyEvent::Revoked { user: _ } => {
                    let at = event.recorded.metadata.time;
                    event.change(tx, None, Some(at)).await?;
                }
            }
        }
        Ok(())
    }
}

impl OfApiKey {
    const fn version(&self) -> i64 {
        self.recorded.position.sequence.cast_signed()
    }

    /// Moves the version, and changes what is not `None`.
    async fn change(
        &self,
        tx: &mut PgConnection,
        used_at: Option<Timestamp>,
        revoked_at: Option<Timestamp>,
    ) -> Result<(), ApplyError> {
        let changed = sqlx::query!(
            "update api_key_list
                set last_used_at = coalesce($2, last_used_at), revoked_at = coalesce($3, revoked_at),
                    version = $4
              where key_id = $1",
            self.key.uuid(),
            used_at.map(Timestamp::odt),
            revoked_at.map(Timestamp::odt),
            self.version()
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&changed, &self.recorded.subject)
    }
}

#[cfg(test)]
mod tests {
    use events::Context;
    use events::core::ApiKeyEvent;
    use service::world;

    use crate::testing::{Log, api_key, issued, one, user, workspace};

    #[tokio::test]
    async fn a_key_is_listed_from_its_issue_to_its_revocation_and_after() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let (workspace, ada) = (workspace(), user());
        let subject = api_key(workspace);
        log.append(&subject, &issued(ada)).await;
        let at = world::now();
        log.append(&subject, &ApiKeyEvent::Used { at }).await;
        let position = log
            .append(&subject, &ApiKeyEvent::Revoked { user: ada })
            .await;
        running.reach("api_key_list", position).await;

        let row = "select concat_ws(' ', workspace_id, user_id, name, scopes, expires_at is null,
                       last_used_at is not null, revoked_at is not null, version) from api_key_list";
        assert_eq!(
            one::<String>(&running.database, Context::Core, row).await,
            Some(format!(
                "{workspace} {ada} CI {{links:read,media:write}} t t t 3"
            ))
        );
        running.stop().await;
    }
}
