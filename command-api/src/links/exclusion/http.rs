//! Excluding clicks over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use events::{ExclusionId, Subject, WorkspaceId};
use service::body::{Faults, Json, Path};
use service::caller::Caller;
use service::headers::{ETag, IdempotencyKey, IfMatch};
use service::limits::{Limit, Limiter, limit};
use service::problem::{Problem, ProblemBody};
use service::world;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{self, ExclusionBody};
use super::exclusions::{Add, ExclusionRejection, Exclusions, Remove};
use super::rule::AddBody;
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Source, Wish};
use crate::openapi::{
    CallerProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};
use crate::origin::Origin;
use crate::problem::{contended, unread};

/// All routes, limited by `limiter`: days are counted anew for each change.
pub(crate) fn routes(limiter: &Limiter) -> OpenApiRouter<App> {
    let limits = limiter.of_callers(Limit::ExclusionWorkspace);
    OpenApiRouter::new()
        .routes(routes!(exclude_clicks))
        .routes(routes!(remove_exclusion))
        .route_layer(from_fn_with_state(limits, limit))
}

/// Excludes clicks
///
/// Clicks that fit all that is given do not count any more, nor do those that come, until the exclusion is removed.
/// They stay among the raw clicks, marked as `excluded`.
#[utoipa::path(
    post, path = "/v1/links/exclusions", tag = "clicks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = AddBody,
    responses(
        (status = 201, body = ExclusionBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`too_many_exclusions` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, LimitProblems,
    ),
)]
async fn exclude_clicks(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<AddBody>,
) -> Result<Accepted, Problem> {
    let route = "POST /v1/links/exclusions";
    let origin = Origin::by(&app, &caller, key.as_ref(), route, &body)?;
    let command = parse(&app, caller.workspace, body).await?;
    spend(&app, caller.workspace).await?;
    let wish = Wish::on(Subject::Exclusions(caller.workspace), &command);
    let answer = |all: &Exclusions| body::answer(all, command.id, origin.time);
    Ok(app.commands.handle(&origin, wish, answer).await?)
}

async fn parse(app: &App, workspace: WorkspaceId, body: AddBody) -> Result<Add, Problem> {
    let mut faults = Faults::default();
    let (rule, reason) = body.parse(&mut faults);
    if let Some(link) = rule.link_id {
        let found = app.directory.link(&app.broker, workspace, link).await;
        if found.map_err(unread)?.is_none() {
            faults.add("/link_id", "is no link of the workspace");
        }
    }
    faults.finish()?;
    let id = ExclusionId::new(world::new_id());
    Ok(Add { id, rule, reason })
}

/// Removes an exclusion
///
/// Its clicks count again, but for those that another exclusion means, too.
/// Days whose raw clicks are no longer kept stay as they were counted.
#[utoipa::path(
    delete, path = "/v1/links/exclusions/{id}", tag = "clicks",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it: of all exclusions of the workspace")),
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        CallerProblems, ResourceProblems, VersionProblems, LimitProblems,
    ),
)]
async fn remove_exclusion(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ExclusionId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    let (subject, command) = (Subject::Exclusions(caller.workspace), Remove { id });
    spend(&app, caller.workspace).await?;
    for _ in 0..ATTEMPTS_MAX {
        let known = app.commands.load(&subject, Source::Leader).await;
        let (all, version): (Exclusions, u64) = known.map_err(unread)?;
        all.find(id).ok_or(ExclusionRejection::Unknown)?;
        if_match.check(&ETag::version(version))?;
        let wish = Wish::at(subject.clone(), version, &command);
        match app.commands.carry_out::<Exclusions, _>(&origin, wish).await {
            // Something happened to another exclusion of the workspace in between.
            Err(HandleError::Moved) => {}
            done => {
                let done = done?;
                let answer = Answer::empty(StatusCode::NO_CONTENT);
                return Ok(Accepted::first(answer, done.version, done.position));
            }
        }
    }
    Err(contended())
}

/// Else whoever has a workspace would have its days counted over and over, and everybody's clicks wait for that.
async fn spend(app: &App, workspace: WorkspaceId) -> Result<(), Problem> {
    let limit = Limit::ExclusionWorkspace;
    app.limiter.spend(limit, &workspace.to_string()).await
}
