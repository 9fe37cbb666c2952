//! The redirect: the hot path, which depends on the broker alone, and not on it for slugs that are known.
//!
//! Look the slug up, pack the click, wait until the broker or the spool has it, lead on.

mod destination;
mod directory;
mod metrics;
mod visit;

use std::borrow::Cow;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use events::ClickId;
use events::links::ClickEvent;
use ipnet::IpNet;
use nats::LaneError;
use percent_encoding::percent_decode_str;
use service::problem::Problem;
use service::world;

use crate::app::App;
use crate::problem::{unavailable, unread};
use visit::Visit;

pub(crate) use destination::Destination;
pub(crate) use directory::{Directory, follow};
pub(crate) use metrics::RedirectMetrics;

/// `GET /{slug}`, and `HEAD`, which looks and doesn't count.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/{slug}", get(redirect))
        .with_state(app)
}

async fn redirect(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    // Taken apart by hand: extractors would copy the headers and the path.
    let (request, _) = request.into_parts();
    let slug = decoded(request.uri.path().trim_start_matches('/'));
    let found = app
        .directory
        .find(&app.broker, app.domain.host(), &slug)
        .await
        .map_err(unread)?;
    let Some(destination) = found else {
        app.redirects.unknown.inc();
        return Err(Problem::not_found());
    };
    let query = request.uri.query();
    if visit::is_counted(&request.method, &request.headers) {
        let agent = app.agents.know(request.headers.get(header::USER_AGENT));
        let visit = Visit {
            headers: &request.headers,
            query,
            is_trusted: is_trusted(&app.trusted_proxies, &request),
            agent: &agent,
        };
        record(&app, &destination, &visit).await?;
    } else {
        app.redirects.uncounted.inc();
    }
    Ok(lead(&destination, query))
}

/// A slug may come percent-encoded, though none needs it (RFC 3986, section 6.2.2.2).
fn decoded(slug: &str) -> Cow<'_, str> {
    percent_decode_str(slug).decode_utf8_lossy()
}

/// Whether the request comes through a proxy whose word is taken.
fn is_trusted(proxies: &[IpNet], request: &Parts) -> bool {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| {
        let address = peer.ip().to_canonical();
        proxies.iter().any(|net| net.contains(&address))
    })
}

/// Answered only when it is kept: an answered redirect is a stored click, unless the lane dropped and counted it.
async fn record(app: &App, destination: &Destination, visit: &Visit<'_>) -> Result<(), Problem> {
    let id = ClickId::new(world::new_id());
    let event = ClickEvent::new(id, world::now(), visit.click(destination));
    match app.lane.record(destination.workspace, &event).await {
        Ok(_) => {
            app.redirects.counted.inc();
            Ok(())
        }
        Err(LaneError::Dropped) => Ok(()),
        Err(error) => {
            app.redirects.refused.inc();
            Err(match error {
                LaneError::Full
                | LaneError::Unacknowledged
                | LaneError::Dropped
                | LaneError::Closed => unavailable(&error),
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
