//! Keeping reported clicks: in the lane with all others, or once, for who sends an `Idempotency-Key`.

use axum::http::StatusCode;
use events::{LinkId, Position, StreamName, WorkspaceId};
use nats::{Kept, LaneError, NewMessage};
use serde::Serialize;
use service::body::Faults;
use service::limits::Limit;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::body::{ClickBody, ReportBody};
use super::seen::Seen;
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::HandleError;
use crate::links::link::LinkRejection;
use crate::origin::{Once, Origin};
use crate::problem::{internal, unavailable, unread};

/// The most clicks of one report.
const CLICKS_MAX: usize = 1_000;

/// What became of a report.
pub(super) struct Reported {
    pub(super) answer: Answer,
    /// Unknown while the clicks wait for the broker.
    pub(super) position: Option<Position>,
    pub(super) is_replayed: bool,
}

/// How many clicks were kept.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportedClicks)]
pub(super) struct Counted {
    clicks: usize,
}

/// Keeps all of them, unless one has a fault; what is answered is stored.
pub(super) async fn report(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    link: LinkId,
    seen: Result<Vec<Seen<'_>>, Problem>,
) -> Result<Reported, Problem> {
    // Before anything that time may have changed: it was answered once.
    if let Some(once) = &origin.once {
        let record = once.subject(StreamName::Clicks);
        let earlier = app.commands.recorded::<LinkRejection>(&record, once);
        if let Some(earlier) = earlier.await? {
            return Ok(earlier.into());
        }
    }
    let seen = seen?;
    let (limit, account) = (Limit::ReportWorkspace, workspace.to_string());
    let count = u32::try_from(seen.len()).unwrap_or(u32::MAX);
    app.limiter.spend_many(limit, &account, count).await?;
    let found = app.directory.link(&app.broker, workspace, link).await;
    let destination = found.map_err(unread)?.ok_or_else(Problem::not_found)?;
    let mut new_id = world::new_ids();
    let events = seen.iter().map(|it| it.event(app, &destination, new_id()));
    let clicks = seen.len();
    let body = serde_json::to_string(&Counted { clicks }).map_err(internal)?;
    let status = StatusCode::ACCEPTED;
    let answer = Answer { status, body };
    if let Some(once) = &origin.once {
        let pack = || NewMessage::clicks(workspace, &events.collect::<Vec<_>>());
        let messages = app.report_turns.run(pack).await;
        return Ok(store_once(app, origin, once, messages, answer).await?);
    }
    let record = || app.lane.record_all(workspace, events);
    let recorded = app.report_turns.run(record).await;
    Ok(Reported {
        position: position(recorded.await)?,
        answer,
        is_replayed: false,
    })
}

/// Finds out what is kept of each, or every fault.
pub(super) fn parse<'b>(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: ReportBody<'b>,
) -> Result<Vec<Seen<'b>>, Problem> {
    let mut faults = Faults::default();
    let Some((clicks, is_list)) = body.into_clicks() else {
        faults.add(
            "/clicks",
            "stands beside another click; send it in the list",
        );
        return Err(faults.into());
    };
    if !(1..=CLICKS_MAX).contains(&clicks.len()) {
        faults.add("/clicks", format!("must have 1 to {CLICKS_MAX} clicks"));
        return Err(faults.into());
    }
    let see = |(index, click): (usize, ClickBody<'b>)| {
        let mut part = Faults::default();
        let seen = Seen::of(app, workspace, click, origin.time, &mut part);
        if is_list {
            faults.take_over(format_args!("/clicks/{index}"), part);
        } else {
            faults.take_over("", part);
        }
        seen
    };
    let seen = clicks.into_iter().enumerate().map(see).collect();
    faults.finish()?;
    Ok(seen)
}

fn position(recorded: Result<Option<Kept>, LaneError>) -> Result<Option<Position>, Problem> {
    match recorded {
        Ok(Some(Kept::InLog(position))) => Ok(Some(position)),
        Ok(Some(Kept::InSpool) | None) => Ok(None),
        Err(error @ (LaneError::TooLarge | LaneError::Encode(_))) => Err(Problem::internal(&error)),
        Err(
            error @ (LaneError::Full
            | LaneError::Closed
            | LaneError::Unacknowledged
            | LaneError::Dropped),
        ) => Err(unavailable(&error)),
    }
}

async fn store_once(
    app: &App,
    origin: &Origin,
    once: &Once,
    messages: Result<Vec<NewMessage>, serde_json::Error>,
    answer: Answer,
) -> Result<Reported, HandleError<LinkRejection>> {
    let messages = messages.map_err(|error| HandleError::Form(error.into()))?;
    let record = once.subject(StreamName::Clicks);
    let stored = app
        .commands
        .store_once(origin, once, &record, &messages, answer);
    Ok(stored.await?.into())
}

impl From<Accepted> for Reported {
    fn from(accepted: Accepted) -> Self {
        Self {
            answer: accepted.answer,
            position: Some(accepted.position),
            is_replayed: accepted.is_replayed,
        }
    }
}
