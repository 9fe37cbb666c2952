//! How often a link was opened in all: what those are told who watch it.

use events::{LinkId, WorkspaceId};
use futures::TryStreamExt;
use service::click_count::unpack;
use service::problem::Problem;
use sqlx::PgConnection;

use crate::database;

/// All clicks on a link, of people and of programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllTime {
    pub(crate) clicks: i64,
    pub(crate) bots: i64,
}

/// Counts the link's clicks of all time.
pub(crate) async fn all_time(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    link: LinkId,
) -> Result<AllTime, Problem> {
    let bots = sqlx::query_scalar!(
        r#"select coalesce(sum(clicks), 0)::bigint as "bots!" from click_count_quarter
            where scope_id = $1 and workspace_id = $2 and is_bot"#,
        link.uuid(),
        workspace.uuid(),
    )
    .fetch_one(&mut *read)
    .await
    .map_err(database::problem)?;
    let mut all = AllTime {
        clicks: -bots,
        bots,
    };
    let mut days = sqlx::query!(
        "select clicks, packed from click_count where scope_id = $1 and workspace_id = $2",
        link.uuid(),
        workspace.uuid(),
    )
    .fetch(read);
    while let Some(day) = days.try_next().await.map_err(database::problem)? {
        let packed = unpack(&day.packed).map_err(|error| Problem::internal(&error))?;
        let bots = packed.iter().filter(|it| it.is_bot).count();
        let bots = i64::try_from(bots).unwrap_or(i64::MAX);
        all.clicks += day.clicks - bots;
        all.bots += bots;
    }
    Ok(all)
}
