//! The redirect: the hot path, which depends on the broker alone, and not on it for slugs that are known.
//!
//! Look the slug up, choose the target, pack the click, wait until the broker or the spool has it, lead on.

mod choice;
mod destination;
mod directory;
mod document;
mod follow;
mod heard;
mod hosts;
mod lead;
mod lock;
mod metrics;
mod network;
mod page;
mod place;
mod quota;
mod refusal;
mod salts;
mod visit;
mod visitor;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use nats::ReadError;
use percent_encoding::percent_decode_str;
use service::guard;
use service::limits::{Limit, limit};
use service::listen::Shortcut;
use service::metrics::Metrics;

use crate::app::App;
use crate::links::slug::RESERVED;
use crate::problem::unread;
use hosts::Host;
use refusal::Refusal;

pub(crate) use destination::Destination;
pub(crate) use directory::{Directory, register};
pub(crate) use document::RedirectDocument;
pub(crate) use follow::{follow, open_tail};
pub(crate) use metrics::RedirectMetrics;
pub(super) use network::Network;
pub(crate) use place::Place;
pub(crate) use salts::{Salts, renew_always};
pub(super) use visit::{host_of, spot, tag};
pub(super) use visitor::{SeenBy, Visitor};

/// `GET /{slug}`; `HEAD`, which looks and doesn't count; and `POST`, which brings a link's password.
pub(crate) fn routes(app: App) -> Router {
    let limits = app
        .limiter
        .of_route(Limit::LinkPasswordAddress, Limit::LinkPasswordLink);
    let unlock = post(lock::unlock)
        .layer(DefaultBodyLimit::max(lock::FORM_BYTES_MAX))
        .layer(from_fn_with_state(limits, limit));
    Router::new()
        .route("/{slug}", get(routed).merge(unlock))
        .with_state(app)
}

/// `GET` and `HEAD` of what can be a slug, for a listener that asks no router; of the rest the router disposes.
pub(crate) fn shortcut(app: App, metrics: &Metrics) -> Shortcut {
    let answer = move |request, peer| redirect(app.clone(), request, peer);
    guard::shortcut(takes, answer, metrics)
}

/// One segment that no page of Millrace's own has: those are reserved words.
fn takes(method: &Method, path: &str) -> bool {
    let is_free = |it: &str| !it.is_empty() && !it.contains('/') && !RESERVED.contains(&it);
    matches!(*method, Method::GET | Method::HEAD) && path.strip_prefix('/').is_some_and(is_free)
}

async fn routed(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    redirect(app, request.into_parts().0, peer).await
}

async fn redirect(app: App, request: Parts, peer: SocketAddr) -> Response {
    let path = decoded(request.uri.path().trim_start_matches('/'));
    let (slug, is_preview) = match path.strip_suffix('+') {
        Some(slug) => (slug, true),
        None => (&*path, false),
    };
    let found = find(&app, &request.uri, &request.headers, slug).await;
    let answered = match found {
        Ok(Some(destination)) if is_preview => lead::preview(&destination, &request),
        Ok(Some(destination)) if destination.max_clicks.is_some() => {
            lead::lead_to_the_end(&app, &destination, &request, peer.ip()).await
        }
        Ok(Some(destination)) => lead::lead(&app, &destination, &request, peer.ip()).await,
        Ok(None) => Err(Refusal::Unknown),
        Err(error) => Err(Refusal::Failed(unread(error))),
    };
    answered.unwrap_or_else(|refusal| {
        app.redirects.note(&refusal);
        refusal.answer(&request.headers)
    })
}

/// Where a slug leads at the host that is asked: a workspace's own domain, or else the installation's.
async fn find(
    app: &App,
    uri: &Uri,
    headers: &HeaderMap,
    slug: &str,
) -> Result<Option<Arc<Destination>>, ReadError> {
    let default = app.domain.space();
    let host = host(uri, headers).filter(|it| *it != app.domain.host());
    let Some(host) = host else {
        return app.directory.find(&app.broker, default, slug).await;
    };
    match app.directory.host(&app.broker, host).await? {
        Host::Installation => app.directory.find(&app.broker, default, slug).await,
        Host::Own(space) => app.directory.find(&app.broker, &space, slug).await,
        Host::Nobody => Ok(None),
    }
}

/// The host that is asked: HTTP/2 has it in the address (RFC 9113, section 8.3.1).
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let said = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    uri.authority().map(Authority::as_str).or(said)
}

/// A slug may come percent-encoded (RFC 3986, section 6.2.2.2).
fn decoded(slug: &str) -> Cow<'_, str> {
    percent_decode_str(slug).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_future<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each redirect moves it around: what few need is kept in boxes.
    #[test]
    fn a_redirect_takes_little_room() {
        assert!(size_of_future(redirect) <= 1_536);
    }

    #[test]
    fn the_shortcut_takes_slugs_and_no_page() {
        for (method, path, is_taken) in [
            (Method::GET, "/spring", true),
            (Method::HEAD, "/spring+", true),
            (Method::GET, "/fr%C3%BChling", true),
            (Method::POST, "/spring", false),
            (Method::GET, "/", false),
            (Method::GET, "//", false),
            (Method::GET, "/spring/", false),
            (Method::GET, "/v1/links", false),
            (Method::GET, "/health", false),
            (Method::GET, "/metrics", false),
            (Method::GET, "/docs", false),
            (Method::GET, "*", false),
        ] {
            assert_eq!(takes(&method, path), is_taken, "{method} {path}");
        }
    }
}
