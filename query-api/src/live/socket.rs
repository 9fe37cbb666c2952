//! One subscriber's socket, from its greeting to its end.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::SinkExt;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;

use super::cursor::Cursor;
use super::frame::{ClickFrame, Frame};
use super::hub::{FRAMES_MAX, Subscription};
use super::stay::{Over, Stay};

/// How often a subscriber is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// A subscriber that takes nothing for so long is gone.
const SEND_MAX: Duration = Duration::from_secs(10);
/// How long a subscriber may take to answer a close.
const FAREWELL_MAX: Duration = Duration::from_secs(2);
/// A subscriber has nothing to say but pongs: so many messages in a ping's interval are too many.
const INCOMING_MAX: u32 = 64;

/// Why a socket ends.
enum End {
    /// The subscriber went away, or closed.
    Gone,
    /// The subscriber says too much.
    Flooding,
    /// The credential is no longer good.
    Over(Over),
    /// The subscriber was too slow; it got everything up to here.
    Lagged(Cursor),
    /// The process stops; another one takes over.
    Stopping,
}

impl End {
    const fn close(&self) -> Option<(u16, &'static str)> {
        match self {
            Self::Gone => None,
            Self::Flooding => Some((1008, "nothing is expected from a subscriber")),
            Self::Over(Over::Expired) => Some((4401, "the credential has expired")),
            Self::Over(Over::Revoked) => Some((4401, "the credential was revoked")),
            Self::Lagged(_) => Some((4008, "too slow")),
            Self::Stopping => Some((1012, "restarting")),
        }
    }
}

/// Serves a subscriber until it must go, or the process stops.
pub(super) async fn serve(
    mut socket: WebSocket,
    mut subscription: Subscription,
    stay: Stay,
    stopping: CancellationToken,
) {
    let end = tokio::select! {
        biased;
        () = stopping.cancelled() => End::Stopping,
        over = stay.over() => End::Over(over),
        end = exchange(&mut socket, &mut subscription) => end.unwrap_or(End::Gone),
    };
    drop(subscription);
    // A subscriber that doesn't listen to its farewell needs none.
    drop(timeout(FAREWELL_MAX, part(socket, end)).await);
}

/// Tells of clicks, and listens for signs of life.
async fn exchange(
    socket: &mut WebSocket,
    subscription: &mut Subscription,
) -> Result<End, axum::Error> {
    let mut told = subscription.start;
    feed(socket, text(&Frame::Ready { cursor: told })?).await?;
    feed(socket, text(&Frame::CaughtUp)?).await?;
    flush(socket).await?;

    let mut pings = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // As if a ping had been answered: none has been sent before the first interval is over.
    let mut incoming = 1;
    loop {
        tokio::select! {
            frame = subscription.next() => {
                let Some(frame) = frame else { return Ok(End::Lagged(told)) };
                told = tell(socket, subscription, frame).await?;
            }
            message = socket.recv() => match message {
                None | Some(Err(_) | Ok(Message::Close(_))) => return Ok(End::Gone),
                Some(Ok(_)) if incoming >= INCOMING_MAX => return Ok(End::Flooding),
                Some(Ok(_)) => incoming += 1,
            },
            _ = pings.tick() => {
                if incoming == 0 {
                    return Ok(End::Gone);
                }
                incoming = 0;
                feed(socket, Message::Ping(Bytes::new())).await?;
                flush(socket).await?;
            }
        }
    }
}

/// Sends a click and those that wait behind it in one go; returns where the subscriber is then.
async fn tell(
    socket: &mut WebSocket,
    subscription: &mut Subscription,
    frame: ClickFrame,
) -> Result<Cursor, axum::Error> {
    let mut told = frame.cursor;
    feed(socket, Message::Text(frame.text)).await?;
    // At most a bufferful, so that the other end is listened to now and then.
    for _ in 1..FRAMES_MAX {
        let Some(frame) = subscription.next_waiting() else {
            break;
        };
        told = frame.cursor;
        feed(socket, Message::Text(frame.text)).await?;
    }
    flush(socket).await?;
    Ok(told)
}

/// Says why it ends, and waits until the subscriber has heard it.
async fn part(mut socket: WebSocket, end: End) -> Result<(), axum::Error> {
    if let End::Lagged(cursor) = end {
        socket.feed(text(&Frame::Lagged { cursor })?).await?;
    }
    if let Some((code, reason)) = end.close() {
        let reason = Utf8Bytes::from_static(reason);
        socket
            .send(Message::Close(Some(CloseFrame { code, reason })))
            .await?;
    }
    // Sends the answer to a close, too.
    while socket.recv().await.transpose()?.is_some() {}
    Ok(())
}

async fn feed(socket: &mut WebSocket, message: Message) -> Result<(), axum::Error> {
    timeout(SEND_MAX, socket.feed(message))
        .await
        .map_err(axum::Error::new)?
}

async fn flush(socket: &mut WebSocket) -> Result<(), axum::Error> {
    timeout(SEND_MAX, socket.flush())
        .await
        .map_err(axum::Error::new)?
}

fn text(frame: &Frame<'_>) -> Result<Message, axum::Error> {
    frame.text().map(Message::Text).map_err(axum::Error::new)
}
