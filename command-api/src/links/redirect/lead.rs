//! Leading a visitor on: the click is stored first.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use events::links::ClickEvent;
use events::{ClickId, Timestamp};
use nats::LaneError;
use service::problem::Problem;
use service::world;
use tokio::task::JoinHandle;

use super::choice::{Choice, choose, places};
use super::destination::{Destination, Stage};
use super::quota::Quota;
use super::refusal::Refusal;
use super::visit::{self, Visit};
use super::{Place, lock, page, quota};
use crate::app::App;
use crate::problem::{internal, unavailable};

/// As [`lead`], to the end of it though the visitor hangs up: a visit that was counted is led, or given back.
pub(super) async fn lead_to_the_end(
    app: &App,
    destination: &Arc<Destination>,
    request: &Parts,
    peer: IpAddr,
) -> Result<Response, Refusal> {
    let led = spawn(app.clone(), Arc::clone(destination), request.clone(), peer).await;
    led.unwrap_or_else(|error| Err(Refusal::Failed(internal(error))))
}

fn spawn(
    app: App,
    destination: Arc<Destination>,
    request: Parts,
    peer: IpAddr,
) -> JoinHandle<Result<Response, Refusal>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by itself, within the waits of the broker and the lane"
    )]
    tokio::spawn(async move { lead(&app, &destination, &request, peer).await })
}

/// Leads to the target once the click is kept: an answered redirect is a stored click, unless the lane dropped and counted it.
pub(super) async fn lead(
    app: &App,
    destination: &Destination,
    request: &Parts,
    peer: IpAddr,
) -> Result<Response, Refusal> {
    let time = world::now();
    let agent = app.agents.know(request.headers.get(header::USER_AGENT));
    let visit = Visit::new(app, request, peer, &agent, destination, time);
    let is_counted = visit::is_counted(&request.method, &request.headers);
    let stage = destination.stage(time);
    let choice = match stage {
        Stage::Archived => return Err(Refusal::Archived),
        Stage::Blocked => return Err(Refusal::Blocked),
        // It leads to what comes after it as often as anybody asks.
        Stage::Expired => Choice {
            place: destination.expired_place.as_ref().ok_or(Refusal::Expired)?,
            rule: None,
            variant: None,
        },
        Stage::Open if !lock::is_open(app, destination, &request.headers, time) => {
            return Err(Refusal::Locked);
        }
        Stage::Open => {
            if !is_counted && destination.max_clicks.is_some() {
                // Whoever hears where it leads is led.
                return Err(Refusal::Unshown);
            }
            let quota = quota::take(app, destination).await;
            if quota.map_err(Refusal::Failed)? == Quota::UsedUp {
                return Err(Refusal::UsedUp);
            }
            choose(destination, &visit.facts(destination, time))
        }
    };
    if is_counted {
        let recorded = record(app, destination, &visit, &choice, time).await;
        if let Err(error) = recorded {
            if is_given_back(&stage, &error) {
                quota::give_back(app, destination).await;
            }
            return Err(Refusal::Unrecorded(problem(&error)));
        }
    } else {
        app.redirects.uncounted.inc();
    }
    let query = request.uri.query();
    let forwarded = query.filter(|_| destination.is_query_forwarded);
    Ok(to(destination, choice.place.location(forwarded)))
}

/// Says everywhere that a link leads, without leading there; of a link with a password, an end or a limit, nothing.
pub(super) fn preview(destination: &Destination, request: &Parts) -> Result<Response, Refusal> {
    match destination.stage(world::now()) {
        Stage::Archived => return Err(Refusal::Archived),
        Stage::Blocked => return Err(Refusal::Blocked),
        Stage::Expired => return Err(Refusal::Expired),
        Stage::Open => {}
    }
    if destination.password_hash.is_some() {
        return Err(Refusal::Locked);
    }
    if destination.max_clicks.is_some() {
        return Err(Refusal::Unshown);
    }
    let targets: Vec<&str> = places(destination).into_iter().map(Place::as_str).collect();
    if page::is_wanted(&request.headers) {
        return Ok(page::preview(destination.title.as_deref(), &targets));
    }
    let body = serde_json::json!({
        "slug": destination.slug,
        "target": destination.place.as_str(),
        "targets": targets,
        "title": destination.title,
    });
    Ok(page::kept_by_nobody(axum::Json(body).into_response()))
}

async fn record(
    app: &App,
    destination: &Destination,
    visit: &Visit<'_>,
    choice: &Choice<'_>,
    time: Timestamp,
) -> Result<(), LaneError> {
    let recorded = {
        let id = ClickId::new(world::new_id());
        let event = ClickEvent::new(id, time, visit.click(destination, choice));
        app.lane.record(destination.workspace, &event)
    };
    match recorded.await {
        Ok(_) => {
            app.redirects.counted.inc();
            Ok(())
        }
        // The lane has counted it: the visitor is led all the same.
        Err(LaneError::Dropped) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a visit was taken for the click, and the click was not taken and will not be stored later.
///
/// For what comes after a link's end no visit is taken.
fn is_given_back(stage: &Stage, error: &LaneError) -> bool {
    *stage == Stage::Open && !matches!(error, LaneError::Unacknowledged)
}

fn problem(error: &LaneError) -> Problem {
    match error {
        LaneError::Full | LaneError::Unacknowledged | LaneError::Dropped | LaneError::Closed => {
            unavailable(error)
        }
        LaneError::TooLarge | LaneError::Encode(_) => Problem::internal(error),
    }
}

/// A permanent redirect may be remembered, if it is the same for everybody and for ever; any other is asked for again.
fn to(destination: &Destination, location: HeaderValue) -> Response {
    let status = destination.status;
    let mut response = status.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    let is_passing = matches!(status, StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT);
    if is_passing || destination.has_conditions() {
        response = page::kept_by_nobody(response);
    }
    response
}

#[cfg(test)]
mod tests {
    use nats::LaneError;

    use super::{Stage, is_given_back};

    #[test]
    fn a_visit_is_given_back_that_was_taken_for_a_click_that_is_lost() {
        for (stage, error, is_back) in [
            (Stage::Open, LaneError::Full, true),
            (Stage::Open, LaneError::Closed, true),
            (Stage::Open, LaneError::Unacknowledged, false),
            (Stage::Expired, LaneError::Full, false),
            (Stage::Expired, LaneError::Closed, false),
        ] {
            assert_eq!(is_given_back(&stage, &error), is_back, "{stage:?}, {error}");
        }
    }
}
