//! One subscriber's socket, from its greeting to its end.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::SinkExt;
use tokio::time::{Interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::cursor::Cursor;
use super::end::End;
use super::frame::Frame;
use super::stay::Stay;
use super::told::Frames;
use super::words::Words;

/// A subscriber that doesn't take in this time what was handed to it at once is gone.
const SEND_MAX: Duration = Duration::from_secs(30);
/// How long a subscriber may take to answer a close.
const FAREWELL_MAX: Duration = Duration::from_secs(2);
/// When the process stops, so long may pass until a subscriber has taken what was being handed to it.
const STOP_MAX: Duration = Duration::from_secs(3);
/// A subscriber has nothing to say but pongs: so many messages in a ping's interval are too many.
const INCOMING_MAX: u32 = 64;

/// Serves a subscriber until it must go, or the process stops.
pub(super) async fn serve<W: Words>(
    mut socket: WebSocket,
    mut words: W,
    stay: Stay,
    stopping: CancellationToken,
    pings: Interval,
) {
    let hard_stop = async {
        stopping.cancelled().await;
        sleep(STOP_MAX).await;
    };
    let end = tokio::select! {
        biased;
        over = stay.over() => End::Over(over),
        () = hard_stop => End::Stopping(None),
        end = exchange(&mut socket, &mut words, &stopping, pings) => end.unwrap_or(End::Gone),
    };
    drop(words);
    // A subscriber that doesn't listen to its farewell needs none.
    drop(timeout(FAREWELL_MAX, part(socket, end)).await);
}

/// Tells what there is, and listens for signs of life.
async fn exchange<W: Words>(
    socket: &mut WebSocket,
    words: &mut W,
    stopping: &CancellationToken,
    mut pings: Interval,
) -> Result<End, axum::Error> {
    // As if a ping had been answered: none has been sent before the first interval is over.
    let mut incoming = 1;
    loop {
        tokio::select! {
            () = stopping.cancelled() => return Ok(End::Stopping(words.cursor())),
            told = words.next() => {
                let Some(told) = told else { return Ok(words.end()) };
                tell(socket, &told).await?;
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
                ping(socket, words.moved()).await?;
            }
        }
    }
}

/// Tells all in one go.
async fn tell(socket: &mut WebSocket, told: &[Frames]) -> Result<(), axum::Error> {
    in_time(async {
        for frames in told {
            for frame in frames.as_slice() {
                socket.feed(Message::Text(frame.text.clone())).await?;
            }
        }
        socket.flush().await
    })
    .await
}

/// Asks whether the subscriber is still there, and tells it where it is if it doesn't know.
async fn ping(socket: &mut WebSocket, moved: Option<Cursor>) -> Result<(), axum::Error> {
    let at = moved.map(|cursor| Frame::At { cursor }.text()).transpose();
    let at = at.map_err(axum::Error::new)?;
    in_time(async {
        if let Some(text) = at {
            socket.feed(Message::Text(text)).await?;
        }
        socket.send(Message::Ping(Bytes::new())).await
    })
    .await
}

async fn in_time(
    sending: impl Future<Output = Result<(), axum::Error>>,
) -> Result<(), axum::Error> {
    timeout(SEND_MAX, sending).await.map_err(axum::Error::new)?
}

/// Says why it ends, and waits until the subscriber has heard it.
async fn part(mut socket: WebSocket, end: End) -> Result<(), axum::Error> {
    if let End::Lagged(cursor) = end {
        let text = Frame::Lagged { cursor }.text().map_err(axum::Error::new)?;
        socket.feed(Message::Text(text)).await?;
    }
    if let Some(code) = end.code() {
        let reason = Utf8Bytes::from(end.reason());
        let close = Message::Close(Some(CloseFrame { code, reason }));
        socket.send(close).await?;
    }
    // Sends the answer to a close, too.
    while socket.recv().await.transpose()?.is_some() {}
    Ok(())
}
