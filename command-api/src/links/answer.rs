//! What a wish about a link is answered: the link.

use axum::http::StatusCode;
use events::{LinkId, Timestamp};

use super::body::LinkBody;
use super::link::Link;
use crate::accepted::Answer;
use crate::app::App;

/// The link as it is after the wish.
pub(super) fn of(
    app: &App,
    status: StatusCode,
    id: LinkId,
    link: &Link,
    created_at: Timestamp,
) -> Result<Answer, serde_json::Error> {
    let body = LinkBody::of(id, link, created_at, &app.domain);
    Ok(Answer {
        status,
        body: serde_json::to_string(&body)?,
    })
}
