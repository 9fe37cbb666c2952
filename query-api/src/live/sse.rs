//! One subscriber's event stream (SSE), from its greeting to its end.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::cursor::Cursor;
use super::end::End;
use super::frame::Frame;
use super::stay::Stay;
use super::told::{Frames, Told};
use super::words::Words;

pub(super) const MEDIA_TYPE: &str = "text/event-stream";
/// Proxies of nginx's kind pass each event on at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A stream of events that ends when the subscriber must go, or the process stops.
struct Events<W> {
    words: W,
    stay: Stay,
    stopping: CancellationToken,
    heartbeats: Interval,
    is_over: bool,
    _open: TaskTrackerToken,
}

/// Answers with the events as they come. Who doesn't take them for 30 s is cut off by the listener.
pub(super) fn serve<W: Words + 'static>(
    words: W,
    stay: Stay,
    stopping: CancellationToken,
    open: TaskTrackerToken,
    heartbeats: Interval,
) -> Response {
    let events = Events {
        words,
        stay,
        stopping,
        heartbeats,
        is_over: false,
        _open: open,
    };
    let headers = [
        (CONTENT_TYPE, MEDIA_TYPE),
        (CACHE_CONTROL, "no-store"),
        (BUFFERING, "no"),
    ];
    (headers, Body::from_stream(events.stream())).into_response()
}

impl<W: Words + 'static> Events<W> {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        stream::unfold(self, async |mut events| {
            let bytes = events.next().await?;
            Some((Ok(bytes), events))
        })
    }

    /// The next events in one piece; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let end = tokio::select! {
            biased;
            over = self.stay.over() => End::Over(over),
            () = self.stopping.cancelled() => End::Stopping(self.words.cursor()),
            told = self.words.next() => match told {
                Some(told) => return Some(events(told.iter().flat_map(Frames::as_slice))),
                None => self.words.end(),
            },
            _ = self.heartbeats.tick() => return Some(heartbeat(self.words.moved())),
        };
        self.is_over = true;
        Some(events(farewell(end).iter()))
    }
}

/// An event stream has no close with a code, so a last frame tells.
fn farewell(end: End) -> Vec<Told> {
    let lagged = match end {
        End::Lagged(cursor) => Told::of(&Frame::Lagged { cursor }, None),
        End::Gone | End::Flooding | End::Over(_) | End::Stopping(_) => None,
    };
    let closing = end.code().and_then(|code| {
        let closing = Frame::Closing {
            code,
            cursor: end.cursor(),
        };
        Told::of(&closing, end.cursor())
    });
    lagged.into_iter().chain(closing).collect()
}

/// An event without data is none, but its id counts as the last event's; a comment if that is no news.
fn heartbeat(moved: Option<Cursor>) -> Bytes {
    match moved {
        Some(cursor) => format!("id: {cursor}\n\n").into(),
        None => Bytes::from_static(b":\n\n"),
    }
}

/// A frame is one line of JSON, so it is one line of an event, too.
fn events<'t>(told: impl Iterator<Item = &'t Told> + Clone) -> Bytes {
    let mut text = String::with_capacity(told.clone().map(|it| it.text.len() + 64).sum());
    for Told {
        cursor,
        text: frame,
    } in told
    {
        if let Some(cursor) = cursor {
            text.push_str("id: ");
            text.push_str(&cursor.to_string());
            text.push('\n');
        }
        text.push_str("data: ");
        text.push_str(frame.as_str());
        text.push_str("\n\n");
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::stay::Over;

    #[test]
    fn an_end_is_told_in_a_last_frame() {
        let told = events(farewell(End::Over(Over::Revoked)).iter());
        assert_eq!(
            &told[..],
            b"data: {\"type\":\"closing\",\"code\":4401}\n\n".as_slice()
        );
    }
}
