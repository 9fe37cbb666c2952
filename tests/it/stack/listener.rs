//! Somebody who listens through everything that may happen, and goes on where it was.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::replica::Door;

/// Without a frame for so long, it tries another line.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Before another line is tried where nobody answers.
const PAUSE: Duration = Duration::from_millis(50);
/// On one line it hears up to so many frames.
const FRAMES_MAX: u64 = 400;

/// How it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    WebSocket,
    Events,
}

/// A click that was heard: its place on the log, and which it is.
pub(crate) type Heard = (String, String);

/// A listener with a cursor.
pub(crate) struct Listener {
    pub(crate) way: Way,
    /// Where it may listen.
    pub(crate) doors: Vec<Door>,
    pub(crate) path: String,
    pub(crate) token: String,
    /// What it says of where to begin, where it has no cursor yet.
    pub(crate) beginning: &'static str,
    /// How long it takes over a frame, now and then.
    pub(crate) slowness: Duration,
    /// What it does next, by lot.
    pub(crate) lot: Lot,
    /// How often a line ended, by whoever's will.
    pub(crate) ends: usize,
    cursor: Option<String>,
    heard: Vec<Heard>,
}

/// Numbers that look drawn by lot, the same in every run.
pub(crate) struct Lot(pub(crate) u64);

/// A way on which frames come.
enum Line {
    Socket(Box<WebSocketStream<TcpStream>>),
    Events {
        response: reqwest::Response,
        text: String,
    },
}

/// What comes on a line.
enum Word {
    Frame(Value),
    /// The line ended, with the place to go on from if it was told.
    End(Option<String>),
}

impl Lot {
    /// A number below `end`.
    pub(crate) const fn draw(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }
}

impl Listener {
    pub(crate) const fn new(way: Way, doors: Vec<Door>, path: String, token: String) -> Self {
        Self {
            way,
            doors,
            path,
            token,
            beginning: "from=start",
            slowness: Duration::ZERO,
            lot: Lot(1),
            ends: 0,
            cursor: None,
            heard: Vec::new(),
        }
    }

    /// Listens until it has heard so many clicks as `goal` says, once that says something; answers what it heard.
    pub(crate) async fn hears(
        &mut self,
        goal: impl Fn() -> Option<usize> + Send + Sync,
    ) -> &[Heard] {
        let is_done = |heard: usize| goal().is_some_and(|goal| heard >= goal);
        while !is_done(self.heard.len()) {
            let Some(mut line) = self.opens().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            for _ in 0..self.lot.draw(FRAMES_MAX) {
                if is_done(self.heard.len()) || !self.takes(&mut line).await {
                    break;
                }
            }
            self.ends += 1;
        }
        &self.heard
    }

    /// Listens to a link's totals until they are what `goal` says, once that says something; no line falls silent before.
    pub(crate) async fn hears_totals(&mut self, goal: impl Fn() -> Option<Value> + Send + Sync) {
        let mut last = Value::Null;
        let is_done = |last: &Value| goal().is_some_and(|goal| goal == *last);
        while !is_done(&last) {
            let Some(mut line) = self.opens().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            while !is_done(&last) {
                match timeout(PAUSE, line.next()).await {
                    Ok(Some(Word::Frame(frame))) => {
                        let is_less = frame["clicks"].as_u64() < last["clicks"].as_u64();
                        assert!(!is_less, "{frame} after {last}");
                        last = frame;
                    }
                    Ok(Some(Word::End(_)) | None) => {
                        self.ends += 1;
                        break;
                    }
                    // The goal may be known by now.
                    Err(_) => {}
                }
            }
        }
    }

    /// What it would hear on a new line before what happens then.
    pub(crate) async fn misses(&mut self) -> usize {
        let before = self.heard.len();
        let mut line = self.opens().await.expect("somebody answers");
        loop {
            match line.next().await {
                Some(Word::Frame(frame)) => {
                    self.notes(&frame);
                    if frame["type"] == "caught_up" {
                        break;
                    }
                }
                Some(Word::End(_)) | None => panic!("the line ended"),
            }
        }
        self.heard.len() - before
    }

    /// Hears a word; whether the line goes on.
    async fn takes(&mut self, line: &mut Line) -> bool {
        match timeout(SILENCE_MAX, line.next()).await {
            Ok(Some(Word::Frame(frame))) => {
                self.notes(&frame);
                if self.lot.draw(50) == 0 {
                    tokio::time::sleep(self.slowness).await;
                }
                true
            }
            Ok(Some(Word::End(cursor))) => {
                self.cursor = cursor.or(self.cursor.take());
                false
            }
            Ok(None) | Err(_) => false,
        }
    }

    fn notes(&mut self, frame: &Value) {
        let kind = frame["type"].as_str().unwrap();
        assert_ne!(kind, "gap", "{frame}");
        if let Some(cursor) = frame["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
            if kind == "click" {
                let place = cursor.split_once('-').unwrap().0.to_owned();
                let id = frame["click"]["id"].as_str().unwrap().to_owned();
                self.heard.push((place, id));
            }
        }
    }

    /// `None` if nobody answers, or not now.
    async fn opens(&mut self) -> Option<Line> {
        let door = self.lot.draw(self.doors.len() as u64);
        let address = self.doors[usize::try_from(door).unwrap()].address();
        let bearer = format!("Bearer {}", self.token);
        let resume = match &self.cursor {
            Some(cursor) => format!("cursor={cursor}"),
            None => self.beginning.to_owned(),
        };
        if self.way == Way::WebSocket {
            let url = format!("ws://{address}{}?{resume}", self.path);
            let mut request = url.into_client_request().unwrap();
            let headers = request.headers_mut();
            headers.insert("authorization", bearer.parse().unwrap());
            let stream = TcpStream::connect(address).await.ok()?;
            let (socket, _) = client_async(request, stream).await.ok()?;
            return Some(Line::Socket(Box::new(socket)));
        }
        // As an `EventSource` does, which asks for the same address again and again.
        let url = format!("http://{address}{}?{}", self.path, self.beginning);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.get(url).header("authorization", bearer);
        request = request.header("accept", "text/event-stream");
        if let Some(cursor) = &self.cursor {
            request = request.header("last-event-id", cursor);
        }
        let response = request.send().await.ok()?;
        let text = String::new();
        (response.status() == 200).then_some(Line::Events { response, text })
    }
}

impl Line {
    /// `None` when it broke.
    async fn next(&mut self) -> Option<Word> {
        match self {
            Self::Socket(socket) => loop {
                match socket.next().await?.ok()? {
                    Message::Text(text) => {
                        return Some(Word::Frame(serde_json::from_str(&text).unwrap()));
                    }
                    Message::Close(close) => {
                        let close = close?;
                        let cursor =
                            (u16::from(close.code) == 1012).then(|| close.reason.to_string());
                        return Some(Word::End(cursor.filter(|it| !it.is_empty())));
                    }
                    Message::Binary(_)
                    | Message::Ping(_)
                    | Message::Pong(_)
                    | Message::Frame(_) => {}
                }
            },
            Self::Events { response, text } => loop {
                if let Some((event, rest)) = text.split_once("\n\n") {
                    let field = |name| event.lines().find_map(|it| it.strip_prefix(name));
                    let data = field("data: ");
                    let data: Option<Value> = data.map(|it| serde_json::from_str(it).unwrap());
                    // A heartbeat may have an id alone.
                    let at = field("id: ").map(|id| json!({ "type": "at", "cursor": id }));
                    let frame = data.or(at);
                    *text = rest.to_owned();
                    match frame {
                        Some(frame) if frame["type"] == "closing" => {
                            let cursor = frame["cursor"].as_str().map(str::to_owned);
                            return Some(Word::End(cursor));
                        }
                        Some(frame) => return Some(Word::Frame(frame)),
                        None => continue,
                    }
                }
                let chunk = response.chunk().await.ok()??;
                text.push_str(std::str::from_utf8(&chunk).unwrap());
            },
        }
    }
}
