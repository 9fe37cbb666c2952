//! The routes of subscriptions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use events::LinkId;
use nats::ReadError;
use service::body::Path;
use service::problem::{Chain, Problem};
use service::world;

use super::admission::Admission;
use super::feed::Feed;
use super::hub::JoinError;
use super::openapi::{Beginning, Events, LastEvent};
use super::stay::Stay;
use super::totals::{Count, Totals};
use crate::app::App;
use crate::http::{LiveProblems, ReadProblems};
use crate::links::link_list;
use crate::progress::Projection;

/// What a client that finds no room is told to wait.
const RETRY_AFTER_SECONDS: u32 = 5;

/// The clicks on one link, as they happen
///
/// A WebSocket of JSON frames, or, for `Accept: text/event-stream`, server-sent events with the same frames in `data` and cursors in `id`:
/// `{"type":"ready","cursor":"…"}`, then for each click
/// `{"type":"click","cursor":"…","click":{id, link_id, slug, occurred_at, country, referrer, browser, os, device, is_bot}}`,
/// and `{"type":"caught_up","cursor":"…"}` when what follows happens now.
/// Whoever resumes from the last cursor gets each click once; what cannot be had any more is told as `{"type":"gap","from":"…","to":"…"}`.
/// Where nothing happens, heartbeats tell cursors: a WebSocket gets `{"type":"at","cursor":"…"}`, an event stream an `id` without `data`.
/// A subscriber that is too slow gets `{"type":"lagged","cursor":"…"}` and is closed with 4008; one whose token expires or is revoked, with 4401.
/// A process that stops closes with 1012 and the cursor, if any, as reason; an event stream tells the code in a last frame, `closing`.
/// The token comes in `Authorization`, or as subprotocol `bearer.<token>` next to `millrace.v1`; one that is not good gets 401, before the upgrade.
#[utoipa::path(
    get, path = "/v1/links/{id}/clicks/live", operation_id = "watch_link_clicks", tag = "live",
    params(
        ("id" = Uuid, Path),
        Beginning,
        LastEvent,
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
        ("min_position" = Option<String>, Query, example = "LINKS:1", description = "the same, for browsers, which cannot send the header"),
    ),
    responses(Events, ReadProblems, LiveProblems),
)]
pub(super) async fn of_link(
    State(app): State<App>,
    admission: Admission,
    Path(link): Path<LinkId>,
) -> Result<Response, Problem> {
    app.progress
        .reach(&admission.min_position, &[Projection::LinkList])
        .await?;
    let mut read = app.databases.links.of(&admission.caller).await?;
    link_list::must_exist(&mut read, admission.caller.workspace, link).await?;
    drop(read);
    subscribe(app, admission, Some(link)).await
}

/// The clicks on all links of the workspace, as they happen
///
/// The frames are those of `/v1/links/{id}/clicks/live`.
#[utoipa::path(
    get,
    path = "/v1/links/clicks/live",
    operation_id = "watch_workspace_clicks",
    tag = "live",
    params(Beginning, LastEvent),
    responses(Events, ReadProblems, LiveProblems)
)]
pub(super) async fn of_workspace(
    State(app): State<App>,
    admission: Admission,
) -> Result<Response, Problem> {
    subscribe(app, admission, None).await
}

/// The totals of one link, as they change
///
/// A WebSocket, or, for `Accept: text/event-stream`, server-sent events:
/// `{"type":"totals","clicks":12,"bots":3}` at once, and then when they have changed, once a second at most.
/// `clicks` are those of people, `bots` those of programs; both are what the statistics say.
/// It ends as `/v1/links/{id}/clicks/live` does; there is nothing to resume.
#[utoipa::path(
    get, path = "/v1/links/{id}/stats/live", operation_id = "watch_link_stats", tag = "live",
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
        ("min_position" = Option<String>, Query, example = "LINKS:1", description = "the same, for browsers, which cannot send the header"),
    ),
    responses(Events, ReadProblems, LiveProblems),
)]
pub(super) async fn totals_of_link(
    State(app): State<App>,
    admission: Admission,
    Path(link): Path<LinkId>,
) -> Result<Response, Problem> {
    app.progress
        .reach(&admission.min_position, &[Projection::LinkList])
        .await?;
    let mut read = app.databases.links.of(&admission.caller).await?;
    link_list::must_exist(&mut read, admission.caller.workspace, link).await?;
    drop(read);
    let Admission {
        caller,
        transport,
        resume,
        min_position: _,
    } = admission;
    resume.must_be_now()?;
    let subscription = app.live.hub.join(caller.workspace, Some(link))?;
    let stay = Stay::of(&caller, &app.gate, world::now());
    let live = app.live.clone();
    let totals = Totals::new(subscription, Count { app, caller, link });
    Ok(live.serve(transport, totals, stay))
}

/// Joins before the client hears of it, so no click after that is missed.
async fn subscribe(
    app: App,
    admission: Admission,
    link: Option<LinkId>,
) -> Result<Response, Problem> {
    let Admission {
        caller,
        min_position: _,
        resume,
        transport,
    } = admission;
    let subscription = app.live.hub.join(caller.workspace, link)?;
    let past = Arc::clone(&app.live.past);
    let feed = Feed::open(past, subscription, resume)
        .await
        .map_err(|error| unreadable(&error))?;
    let stay = Stay::of(&caller, &app.gate, world::now());
    Ok(app.live.serve(transport, feed, stay))
}

fn unreadable(error: &ReadError) -> Problem {
    tracing::warn!(error = %Chain(error), "cannot resume a subscription");
    Problem::unavailable(RETRY_AFTER_SECONDS).detail("the log cannot be read")
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        Self::unavailable(RETRY_AFTER_SECONDS).detail(error.to_string())
    }
}
