//! Who is a member of which workspace, and as what.

use events::core::{Role, WorkspaceEvent};
use events::{Context, DecodeError, Recorded, StreamName, Subject, UserId, WorkspaceId};
use nats::StoredMessage;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `member_list`.
pub(crate) struct MemberList;

/// Something that happened to a workspace.
pub(crate) struct OfWorkspace {
    workspace: WorkspaceId,
    recorded: Recorded<WorkspaceEvent>,
}

impl Projection for MemberList {
    const NAME: &'static str = "member_list";
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
                WorkspaceEvent::Opened { owner: user }
                | WorkspaceEvent::Founded {
                    founder: user,
                    name: _,
                } => event.add(tx, *user, Role::Admin).await?,
                WorkspaceEvent::MemberAdded { user, role } => event.add(tx, *user, *role).await?,
                WorkspaceEvent::RoleChanged { user, role } => {
                    event.change(tx, *user, Some(*role), None).await?;
                }
                WorkspaceEvent::MemberSuspended { user } => {
                    event.change(tx, *user, None, Some(true)).await?;
                }
                WorkspaceEvent::MemberReinstated { user } => {
                    event.change(tx, *user, None, Some(false)).await?;
                }
                WorkspaceEvent::MemberRemoved { user } => event.remove(tx, *user).await?,
            }
        }
        Ok(())
    }
}

impl OfWorkspace {
    /// Whoever was a member once begins anew.
    async fn add(&self, tx: &mut PgConnection, user: UserId, role: Role) -> Result<(), ApplyError> {
        sqlx::query!(
            "insert into member_list (workspace_id, user_id, role, is_suspended, joined_at, version)
             values ($1, $2, $3, false, $4, $5)
             on conflict (workspace_id, user_id) do update
                 set role = excluded.role, is_suspended = false, joined_at = excluded.joined_at,
                     version = excluded.version",
            self.workspace.uuid(),
            user.uuid(),
            role.as_str(),
            self.recorded.metadata.time.odt(),
            self.recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Changes what is not `None`.
    async fn change(
        &self,
        tx: &mut PgConnection,
        user: UserId,
        role: Option<Role>,
        is_suspended: Option<bool>,
    ) -> Result<(), ApplyError> {
        let changed = sqlx::query!(
            "update member_list
                set role = coalesce($3, role), is_suspended = coalesce($4, is_suspended), version = $5
              where workspace_id = $1 and user_id = $2",
            self.workspace.uuid(),
            user.uuid(),
            role.map(Role::as_str),
            is_suspended,
            self.recorded.position.sequence.cast_signed()
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&changed, &self.recorded.subject)
    }

    async fn remove(&self, tx: &mut PgConnection, user: UserId) -> Result<(), ApplyError> {
        sqlx::query!(
            "delete from member_list where workspace_id = $1 and user_id = $2",
            self.workspace.uuid(),
            user.uuid()
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use events::core::{Role, WorkspaceEvent};
    use events::{Context, Subject};

    use crate::testing::{Log, one, user, workspace};

    const ROWS: &str =
        "select string_agg(concat_ws(' ', user_id, role, is_suspended, version), ', '
        order by version) from member_list";

    #[tokio::test]
    async fn a_member_comes_changes_and_goes() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let (ada, bob, eve) = (user(), user(), user());
        let subject = Subject::Workspace(workspace());
        let mut position = None;
        let role = Role::Viewer;
        for event in [
            WorkspaceEvent::Opened { owner: ada },
            WorkspaceEvent::MemberAdded { user: bob, role },
            WorkspaceEvent::MemberAdded { user: eve, role },
            WorkspaceEvent::RoleChanged {
                user: bob,
                role: Role::Editor,
            },
            WorkspaceEvent::MemberSuspended { user: bob },
            WorkspaceEvent::MemberRemoved { user: eve },
        ] {
            position = Some(log.append(&subject, &event).await);
        }
        running.reach("member_list", position.unwrap()).await;
        let rows = one::<String>(&running.database, Context::Core, ROWS).await;
        assert_eq!(rows, Some(format!("{ada} admin f 1, {bob} editor t 5")));

        let event = WorkspaceEvent::MemberReinstated { user: bob };
        let position = log.append(&subject, &event).await;
        running.reach("member_list", position).await;
        let rows = one::<String>(&running.database, Context::Core, ROWS).await;
        assert_eq!(rows, Some(format!("{ada} admin f 1, {bob} editor f 7")));
        running.stop().await;
    }
}
