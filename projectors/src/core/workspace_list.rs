//! Which workspaces there are.

use events::core::WorkspaceEvent;
use events::{Context, DecodeError, Recorded, StreamName, Subject, UserId, WorkspaceId};
use nats::StoredMessage;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `workspace_list`.
pub(crate) struct WorkspaceList;

/// Something that happened to a workspace.
pub(crate) struct OfWorkspace {
    workspace: WorkspaceId,
    recorded: Recorded<WorkspaceEvent>,
}

impl Projection for WorkspaceList {
    const NAME: &'static str = "workspace_list";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Core;
    type Event<'m> = OfWorkspace;

    fn read(message: &StoredMessage) -> Result<Option<OfWorkspace>, DecodeError> {
        let Some(Subject::Workspace(workspace)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(OfWorkspace {
            workspace,
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
                WorkspaceEvent::Opened { owner } => event.insert(tx, None, *owner).await?,
                WorkspaceEvent::Founded { founder, name } => {
                    event.insert(tx, Some(name), *founder).await?;
                }
                WorkspaceEvent::MemberAdded { user: _, role: _ }
                | WorkspaceEvent::RoleChanged { user: _, role: _ }
                | WorkspaceEvent::MemberSuspended { user: _ }
                | WorkspaceEvent::MemberReinstated { user: _ }
                | WorkspaceEvent::MemberRemoved { user: _ } => event.move_version(tx).await?,
            }
        }
        Ok(())
    }
}

impl OfWorkspace {
    /// One without a name is its owner's own.
    async fn insert(
        &self,
        tx: &mut PgConnection,
        name: Option<&str>,
        owner: UserId,
    ) -> Result<(), ApplyError> {
        sqlx::query!(
            "insert into workspace_list (workspace_id, name, owner, is_own, created_at, version)
             values ($1, $2, $3, $4, $5, $6) on conflict (workspace_id) do nothing",
            self.workspace.uuid(),
            name,
            owner.uuid(),
            name.is_none(),
            self.recorded.metadata.time.odt(),
            self.recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    async fn move_version(&self, tx: &mut PgConnection) -> Result<(), ApplyError> {
        let moved = sqlx::query!(
            "update workspace_list set version = $2 where workspace_id = $1",
            self.workspace.uuid(),
            self.recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&moved, &self.recorded.subject)
    }
}

#[cfg(test)]
mod tests {
    use events::core::{Role, WorkspaceEvent};
    use events::{Context, Subject};

    use crate::testing::{Log, one, user, workspace};

    const ROWS: &str =
        "select string_agg(concat_ws(' ', coalesce(name, '-'), owner, is_own, version), ', '
        order by version) from workspace_list";

    #[tokio::test]
    async fn a_workspace_is_listed_and_moves_with_its_members() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let (ada, bob) = (user(), user());
        let (own, shop) = (workspace(), workspace());
        log.append(
            &Subject::Workspace(own),
            &WorkspaceEvent::Opened { owner: ada },
        )
        .await;
        let founded = WorkspaceEvent::Founded {
            founder: bob,
            name: "Shop".to_owned(),
        };
        log.append(&Subject::Workspace(shop), &founded).await;
        let added = WorkspaceEvent::MemberAdded {
            user: bob,
            role: Role::Viewer,
        };
        let position = log.append(&Subject::Workspace(own), &added).await;
        running.reach("workspace_list", position).await;

        assert_eq!(
            one::<String>(&running.database, Context::Core, ROWS).await,
            Some(format!("Shop {bob} f 2, - {ada} t 3"))
        );
        running.stop().await;
    }
}
