//! The redirect: the hot path, which depends on the broker alone.
//!
//! Look the slug up, pack the click, wait for the broker's word, lead on.

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
use service::problem::{Problem, ProblemBody};
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

/// What the links' document says of it; the route itself stands apart, since it must be fast.
#[derive(utoipa::OpenApi)]
#[openapi(paths(redirect))]
pub(crate) struct RedirectDocument;

/// Leads a visitor on, and counts the click
///
/// It answers when the click is stored.
/// `HEAD`, and requests that a browser makes beforehand, are answered and not counted.
#[utoipa::path(
    get, path = "/{slug}", operation_id = "redirect", tag = "links",
    params(("slug" = String, Path, example = "spring")),
    responses(
        (status = 301, description = "To the target, which browsers remember", headers(("Location" = String))),
        (status = 302, description = "To the target", headers(("Location" = String), ("Cache-Control" = String))),
        (status = 307, description = "To the target, by the same method", headers(("Location" = String), ("Cache-Control" = String))),
        (status = 308, description = "To the target, by the same method, which browsers remember", headers(("Location" = String))),
        (status = 404, description = "No link has this slug", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The click can't be stored; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds"))),
    ),
)]
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
        app.redirects.counted.inc();
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
