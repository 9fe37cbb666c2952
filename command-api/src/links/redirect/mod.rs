//! The redirect: the hot path, which depends on the broker alone.
//!
//! Look the slug up, pack the click, wait for the broker's word, lead on.

mod agents;
mod destination;
mod directory;
mod metrics;
mod visit;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use events::ClickId;
use events::links::ClickEvent;
use nats::LaneError;
use service::problem::Problem;
use service::world;

use crate::app::App;
use crate::problem::{unavailable, unread};
use visit::Visit;

pub(crate) use agents::Agents;
pub(crate) use destination::Destination;
pub(crate) use directory::{Directory, follow};
pub(crate) use metrics::RedirectMetrics;

/// `GET /{slug}`, and `HEAD`, which looks and doesn't count.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/{slug}", get(redirect))
        .with_state(app)
}

async fn redirect(
    State(app): State<App>,
    method: Method,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = app
        .directory
        .find(&app.broker, app.domain.host(), &slug)
        .await
        .map_err(unread)?;
    let Some(destination) = found else {
        app.redirects.unknown.inc();
        return Err(Problem::not_found());
    };
    let query = query.as_deref();
    if visit::is_counted(&method, &headers) {
        let is_trusted = app
            .trusted_proxies
            .iter()
            .any(|net| net.contains(&peer.ip().to_canonical()));
        let agent = app.agents.know(headers.get(header::USER_AGENT));
        let visit = Visit {
            headers: &headers,
            query,
            is_trusted,
            agent: &agent,
        };
        record(&app, &destination, &visit).await?;
        app.redirects.counted.inc();
    } else {
        app.redirects.uncounted.inc();
    }
    Ok(lead(&destination, query))
}

/// Answered only when the broker has stored it: an answered redirect is a stored click.
async fn record(app: &App, destination: &Destination, visit: &Visit<'_>) -> Result<(), Problem> {
    let id = ClickId::new(world::new_id());
    let event = ClickEvent::new(id, world::now(), visit.click(destination));
    match app.lane.record(destination.workspace, &event).await {
        Ok(_) => Ok(()),
        Err(error) => {
            app.redirects.refused.inc();
            Err(match error {
                LaneError::Full | LaneError::Unacknowledged | LaneError::Closed => {
                    unavailable(&error)
                }
                LaneError::TooLarge | LaneError::Encode(_) => Problem::internal(&error),
            })
        }
    }
}

fn lead(destination: &Destination, query: Option<&str>) -> Response {
    let location = destination.location(query);
    let mut response = destination.status.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    if matches!(
        destination.status,
        StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT
    ) {
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
    }
    response
}
