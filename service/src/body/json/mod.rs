//! JSON bodies: bounded in size and time, with the place of each fault.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::room::{Place, ROOM};
use crate::problem::{Fault, Problem};

/// The largest body that a route takes unless it says otherwise (`DefaultBodyLimit::max`).
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a client may take to send a body.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// A JSON body, in or out.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A JSON body as it came: what is read of it may borrow from it.
///
/// Its place is held as long as the bytes are.
pub struct JsonText(Bytes, #[expect(dead_code, reason = "held")] Place);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = JsonText::from_request(request, state).await?;
        parse(&text.0).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type()
                .detail("send the body as Content-Type: application/json"));
        }
        let place = ROOM.place(request.headers())?;
        let bytes = read(request, state, BODY_DEADLINE).await?;
        Ok(Self(bytes, place))
    }
}

impl JsonText {
    /// Reads it, with the same faults as [`Json`].
    pub fn read<'b, T: Deserialize<'b>>(&'b self) -> Result<T, Problem> {
        parse(&self.0)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    essence.eq_ignore_ascii_case("application/json")
}

pub(super) async fn read<S: Send + Sync>(
    request: Request,
    state: &S,
    deadline: Duration,
) -> Result<Bytes, Problem> {
    tokio::time::timeout(deadline, Bytes::from_request(request, state))
        .await
        .map_err(|_| Problem::timeout())?
        .map_err(|rejection| unread(rejection.status()))
}

fn unread(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::too_large()
    } else {
        Problem::bad_request("unreadable_body", "Body could not be read")
    }
}

fn parse<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Problem> {
    // To serde an array is an object whose fields go unnamed.
    if bytes.trim_ascii_start().starts_with(b"[") {
        let fault = Fault::new("", "must be an object, not an array");
        return Err(Problem::validation(vec![fault]));
    }
    // Most bodies are good, and to know at every step where one is costs as much as reading it:
    // where a fault stands is looked for once there is one. And what is a text as a whole need not be looked at again
    // for each text in it.
    let read = str::from_utf8(bytes).ok().map(serde_json::from_str);
    read.and_then(Result::ok).map_or_else(|| locate(bytes), Ok)
}

/// Reads it again, with the place of its fault.
fn locate<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Problem> {
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut source)
        .map_err(|error| refuse(error.path(), error.inner()))?;
    source.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn refuse(path: &Path, error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => {
            Problem::validation(vec![Fault::new(pointer(path), without_place(error))])
        }
        Category::Syntax | Category::Eof | Category::Io => malformed(error),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request("malformed_json", "Malformed JSON").detail(error.to_string())
}

/// The message without serde's ` at line 1 column 9`, since the pointer says where.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&place).unwrap_or(&message).to_owned()
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
