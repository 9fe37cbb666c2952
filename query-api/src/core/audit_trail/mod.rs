//! What happened in a workspace, and who did it.

mod asked;
mod body;
#[cfg(test)]
mod tests;

use axum::extract::State;
use events::StreamName;
use service::body::{Json, Query};
use service::caller::Caller;
use service::headers::MinPosition;
use service::page::Page;
use service::problem::Problem;

use self::asked::{Asked, Behind, Wanted};
use self::body::{ActBody, Row};
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::progress::Projection;

/// What the trail depends on: the same view, made from three streams.
const DEPENDS_ON: [Projection; 3] = [
    Projection::AuditTrail,
    Projection::AuditTrailMedia,
    Projection::AuditTrailLinks,
];

/// What happened in the workspace, and who did it, newest first
#[utoipa::path(
    get, path = "/v1/core/audit", operation_id = "list_audit", tag = "audit",
    params(Asked, ("Min-Position" = Option<String>, Header, example = "CORE:1,LINKS:1")),
    responses((status = 200, body = Page<ActBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<ActBody>>, Problem> {
    let wanted = asked.parse()?;
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let page = page(&app, &caller, &wanted).await?;
    Ok(Json(page.map(ActBody::from)))
}

async fn page(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Page<Row>, Problem> {
    let mut read = app.databases.core.of(caller).await?;
    // One comparison is both the cursor and the end, so that the index leads straight to the page.
    let rows = sqlx::query_as!(
        Row,
        "select stream, sequence, event_id, event_type, subject_kind, subject_id, actor_kind, actor_id,
                occurred_at, request_id
           from audit_trail
          where workspace_id = $1 and occurred_at >= $2
            and (occurred_at, stream, sequence) < ($3, $4, $5)
            and ($6::text is null or subject_kind = $6) and ($7::uuid is null or subject_id = $7)
            and ($8::text is null or actor_kind = $8) and ($9::uuid is null or actor_id = $9)
          order by occurred_at desc, stream desc, sequence desc limit $10",
        caller.workspace.uuid(),
        wanted.from.odt(),
        wanted.before.time.odt(),
        wanted.before.stream.map_or("", StreamName::as_str),
        wanted.before.sequence.cast_signed(),
        wanted.subject.kind,
        wanted.subject.id,
        wanted.actor.kind,
        wanted.actor.id,
        i64::from(wanted.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    Ok(Page::cut(rows, wanted.limit, Behind::of))
}
