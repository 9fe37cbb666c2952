//! Who may subscribe: what is asked of a request before it is upgraded, or answered with events.

mod resume;

use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use http::StatusCode;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::request::Parts;
use serde::Deserialize;
use service::body::Query;
use service::caller::Caller;
use service::headers::MinPosition;
use service::listen::Slot;
use service::problem::Problem;
use url::Url;

use self::resume::AskedResume;
use super::feed::Resume;
use super::sse;
use crate::app::App;

/// The subprotocol that the frames are written in.
const PROTOCOL: &str = "millrace.v1";
/// Browsers can set no header, so the token may come as a subprotocol; it is never sent back.
const TOKEN_PROTOCOL: &str = "bearer.";
/// A subscriber says next to nothing: what is kept ready for that, as long as the socket is open, has room for some pongs.
///
/// It grows for a larger message. The default would take 128 KiB a socket.
const READ_BUFFER_BYTES: usize = 512;
/// Some two hundred clicks' frames go into one write: in pieces a quarter as large, they cost a fifth more.
///
/// As much memory is taken as was ever told at once, and kept from then on.
const WRITE_BUFFER_BYTES: usize = 64 * 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 128 * 1024;
const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// A request that may subscribe, as far as it tells itself.
pub(super) struct Admission {
    pub(super) caller: Caller,
    /// How far the view of links must have come, by the header or by the query.
    pub(super) min_position: MinPosition,
    pub(super) resume: Resume,
    pub(super) transport: Transport,
}

/// How frames reach the subscriber.
pub(super) enum Transport {
    /// With its connection's place, which is held until the socket is closed.
    WebSocket(WebSocketUpgrade, Option<Slot>),
    Events,
}

#[derive(Deserialize)]
struct Asked {
    /// Stands in for the header that a browser cannot send.
    min_position: Option<String>,
    #[serde(flatten)]
    resume: AskedResume,
}

impl FromRequestParts<App> for Admission {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        adopt_protocol_token(&mut parts.headers);
        let caller = Caller::from_request_parts(parts, app).await?;
        check_origin(&parts.headers, &app.public_url)?;
        let transport = Transport::of(parts, app).await?;
        let Query(asked) = Query::<Asked>::from_request_parts(parts, app).await?;
        let resume = match transport {
            Transport::WebSocket(..) => asked.resume.parse()?,
            Transport::Events => asked.resume.or_last_event(&parts.headers).parse()?,
        };
        let mut min_position = MinPosition::from_request_parts(parts, app).await?;
        if let Some(text) = &asked.min_position {
            min_position.add("/min_position", text)?;
        }
        Ok(Self {
            caller,
            min_position,
            resume,
            transport,
        })
    }
}

impl Transport {
    async fn of(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if accepts_events(&parts.headers) && !wants_websocket(&parts.headers) {
            return Ok(Self::Events);
        }
        let slot = parts.extensions.remove::<Slot>();
        let upgrade = WebSocketUpgrade::from_request_parts(parts, app)
            .await
            .map_err(|rejection| upgrade_needed(&rejection.body_text()))?
            .protocols([PROTOCOL])
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
            .max_frame_size(MESSAGE_BYTES_MAX)
            .max_message_size(MESSAGE_BYTES_MAX);
        Ok(Self::WebSocket(upgrade, slot))
    }
}

/// What a header lists, on however many lines.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

fn accepts_events(headers: &HeaderMap) -> bool {
    listed(headers, ACCEPT)
        .filter_map(|it| it.split(';').next())
        .any(|it| it.trim().eq_ignore_ascii_case(sse::MEDIA_TYPE))
}

/// Clients offer other protocols, too, that nobody needs to take up: `h2c` is one.
fn wants_websocket(headers: &HeaderMap) -> bool {
    listed(headers, UPGRADE).any(|it| it.eq_ignore_ascii_case("websocket"))
}

/// A token among the subprotocols stands in for the `Authorization` that a browser cannot send.
fn adopt_protocol_token(headers: &mut HeaderMap) {
    let token = listed(headers, SEC_WEBSOCKET_PROTOCOL)
        .find_map(|protocol| protocol.strip_prefix(TOKEN_PROTOCOL));
    let header = token.and_then(|it| HeaderValue::try_from(format!("Bearer {it}")).ok());
    if let Some(mut header) = header.filter(|_| !headers.contains_key(AUTHORIZATION)) {
        header.set_sensitive(true);
        headers.insert(AUTHORIZATION, header);
    }
}

/// A page of another site must not subscribe for its visitors.
fn check_origin(headers: &HeaderMap, public_url: &Url) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().ok().and_then(|it| Url::parse(it).ok());
    let host = headers.get(HOST).and_then(|it| it.to_str().ok());
    let is_ours = origin.is_some_and(|origin| {
        origin.origin() == public_url.origin()
            || host.is_some_and(|host| origin.authority().eq_ignore_ascii_case(host))
    });
    if is_ours {
        Ok(())
    } else {
        Err(Problem::forbidden("pages of this origin may not subscribe"))
    }
}

fn upgrade_needed(detail: &str) -> Problem {
    Problem::new(
        StatusCode::UPGRADE_REQUIRED,
        "upgrade_required",
        "WebSocket or event stream needed",
    )
    .detail(format!(
        "{detail}; for events, send Accept: {}",
        sse::MEDIA_TYPE
    ))
    .header(UPGRADE, HeaderValue::from_static("websocket"))
    .header(CONNECTION, HeaderValue::from_static("upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_our_own_pages_may_subscribe() {
        let ours: Url = "https://go.example.com/".parse().unwrap();
        let allowed =
            |origin, host| check_origin(&headers(&[(ORIGIN, origin), (HOST, host)]), &ours);
        assert!(check_origin(&HeaderMap::new(), &ours).is_ok());
        assert!(allowed("https://go.example.com", "inside:8080").is_ok());
        assert!(allowed("http://localhost:8080", "LOCALHOST:8080").is_ok());
        for origin in [
            "https://evil.example",
            "http://go.example.com",
            "null",
            "localhost:8080",
        ] {
            assert!(allowed(origin, "localhost:8080").is_err(), "{origin}");
        }
    }

    #[test]
    fn events_are_for_who_asks_for_them_by_name() {
        let accepts = |line| accepts_events(&headers(&[(ACCEPT, line)]));
        assert!(accepts("text/event-stream"));
        assert!(accepts("text/html, Text/Event-Stream; q=0.9"));
        assert!(!accepts("*/*"));
        assert!(!accepts_events(&HeaderMap::new()));
    }

    #[test]
    fn a_websocket_is_for_who_asks_for_it_by_name() {
        let wants = |line| wants_websocket(&headers(&[(UPGRADE, line)]));
        assert!(wants("websocket"));
        assert!(wants("h2c, WebSocket"));
        assert!(!wants("h2c"));
        assert!(!wants_websocket(&HeaderMap::new()));
    }

    #[test]
    fn a_token_may_come_as_a_subprotocol_unless_the_header_has_one() {
        let protocols = (SEC_WEBSOCKET_PROTOCOL, "millrace.v1, bearer.abc.def");
        let mut browser = headers(std::slice::from_ref(&protocols));
        adopt_protocol_token(&mut browser);
        assert_eq!(browser[AUTHORIZATION], "Bearer abc.def");
        let mut both = headers(&[protocols, (AUTHORIZATION, "Bearer first")]);
        adopt_protocol_token(&mut both);
        assert_eq!(both[AUTHORIZATION], "Bearer first");
    }
}
