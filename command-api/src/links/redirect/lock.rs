//! Links with a password: a page asks for it, and a cookie remembers that it was right.

use std::time::Duration;

use aws_lc_rs::constant_time;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::links::Route;
use events::{LinkId, Sealed, Timestamp};
use service::body::{Form, Path};
use service::limits::Limit;
use service::problem::Problem;
use service::world;

use super::Destination;
use super::destination::Stage;
use super::refusal::Refusal;
use crate::app::App;
use crate::problem::{internal, unread};

/// How long a browser need not ask again.
const UNLOCKED_FOR: Duration = Duration::from_hours(24);
/// The most bytes of the form.
pub(super) const FORM_BYTES_MAX: usize = 4_096;
const LABEL: &str = "link-password-cookie";

/// Whether the visitor needs no password, or has shown it lately.
pub(super) fn is_open(
    app: &App,
    destination: &Destination,
    headers: &HeaderMap,
    at: Timestamp,
) -> bool {
    let Some(hash) = &destination.password_hash else {
        return true;
    };
    let name = cookie_name(destination.link);
    let cookies = headers.get_all(header::COOKIE).into_iter();
    cookies
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .any(|(_, value)| is_good(app, destination.link, hash, value, at))
}

/// `POST /{slug}`: the password, from the page.
pub(super) async fn unlock(
    State(app): State<App>,
    Path(slug): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let found = super::find(&app, &uri, &headers, slug.trim_end_matches('+')).await;
    let found = found.map_err(unread)?;
    let destination = found.ok_or_else(Problem::not_found)?;
    let time = world::now();
    let (Some(hash), Stage::Open) = (&destination.password_hash, destination.stage(time)) else {
        // Nothing to unlock: what the link is now, its own path says.
        return Ok(back(&uri));
    };
    let link = destination.link.to_string();
    app.limiter.spend(Limit::LinkPasswordLink, &link).await?;
    let phc = app.keyring.open(Route::PASSWORD_SEAL, hash);
    let phc = phc.map_err(internal)?;
    let password = form.field("password").unwrap_or_default();
    if !app.link_hashing.is_right(password, Some(phc)).await? {
        return Ok(Refusal::Mistaken.answer(&headers));
    }
    let cookie = cookie(&app, destination.link, hash, time, &uri).map_err(internal)?;
    let mut response = back(&uri);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// To the same address, to be opened again.
fn back(uri: &Uri) -> Response {
    let query = uri.query().map(|it| format!("?{it}")).unwrap_or_default();
    // Never to another host: `//` would begin one.
    let path = format!("/{}{query}", own_path(uri).trim_start_matches('/'));
    let location = HeaderValue::from_str(&path);
    let location = location.unwrap_or_else(|_| HeaderValue::from_static("/"));
    let never = HeaderValue::from_static("private, no-store");
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, never)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The link's own path: the page may have been asked for with a `+`.
fn own_path(uri: &Uri) -> &str {
    uri.path().trim_end_matches('+')
}

fn cookie_name(link: LinkId) -> String {
    format!("millrace_link_{}", link.uuid().simple())
}

fn cookie(
    app: &App,
    link: LinkId,
    hash: &Sealed,
    time: Timestamp,
    uri: &Uri,
) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let end = time
        .odt()
        .unix_timestamp()
        .saturating_add(UNLOCKED_FOR.as_secs().cast_signed());
    let secure = if app.domain.is_secure() {
        "; Secure"
    } else {
        ""
    };
    HeaderValue::from_str(&format!(
        "{}={end}.{}; Path={}; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(link),
        proof(app, link, hash, end),
        own_path(uri),
        UNLOCKED_FOR.as_secs(),
    ))
}

fn is_good(app: &App, link: LinkId, hash: &Sealed, value: &str, at: Timestamp) -> bool {
    let Some((end, said)) = value.split_once('.') else {
        return false;
    };
    let Ok(end) = end.parse::<i64>() else {
        return false;
    };
    let proof = proof(app, link, hash, end);
    let is_ours = constant_time::verify_slices_are_equal(proof.as_bytes(), said.as_bytes());
    is_ours.is_ok() && at.odt().unix_timestamp() < end
}

/// That this installation saw the password: of this very link and hash, so that a new password asks again.
fn proof(app: &App, link: LinkId, hash: &Sealed, end: i64) -> String {
    let said = format!("{link} {end} {}", hash.as_str());
    URL_SAFE_NO_PAD.encode(app.keyring.derive(LABEL, said.as_bytes()))
}
