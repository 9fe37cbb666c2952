//! What the descriptions of subscriptions have in common.

use utoipa::{IntoParams, IntoResponses};

/// Where a subscription begins; now unless said.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "stands for parameters in the description only")]
pub(super) struct Beginning {
    /// Behind this cursor of an earlier frame.
    #[param(example = "17.3-5f0c9a1e")]
    cursor: Option<String>,
    /// `start`: with the first click that is kept. Not together with a cursor.
    #[param(example = "start")]
    from: Option<String>,
}

/// What clients of event streams send when they come back.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "stands for parameters in the description only")]
pub(super) struct LastEvent {
    /// The same as `cursor`, of an event stream; counts more than the query.
    #[param(rename = "Last-Event-ID", example = "17.3-5f0c9a1e")]
    last_event_id: Option<String>,
}

/// How frames come.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(super) enum Events {
    /// The WebSocket is open.
    #[response(status = 101)]
    WebSocket,
    /// Events follow until the subscription ends.
    #[response(status = 200, content_type = "text/event-stream")]
    Stream(String),
}
