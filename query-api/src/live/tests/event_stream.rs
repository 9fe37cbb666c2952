//! The same frames as server-sent events.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::*;

/// An event stream as it comes, chunk by chunk.
struct Events {
    lines: BufReader<TcpStream>,
    head: String,
}

/// One event: its id, and the frame in it.
type Event = (Option<String>, Value);

impl Process {
    /// Asks for events, with these headers besides.
    async fn events(&self, caller: &Caller, path: &str, headers: &[&str]) -> Events {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let headers: String = headers.iter().flat_map(|it| [*it, "\r\n"]).collect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{headers}\
             Authorization: Bearer {}\r\n\r\n",
            self.address,
            token(caller, world::now()),
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            lines.read_line(&mut head).await.unwrap();
        }
        Events { lines, head }
    }
}

impl Events {
    /// The next events that come together; none at the end.
    async fn next(&mut self) -> Vec<Event> {
        let chunk = timeout(SOON, self.chunk()).await.expect("a chunk");
        let events = chunk.split("\n\n").filter(|it| !it.is_empty());
        events.map(event).collect()
    }

    /// The next chunk, which says hardly more than that the stream is alive.
    async fn heartbeat(&mut self) -> String {
        let chunk = timeout(SOON, self.chunk()).await;
        chunk.expect("a heartbeat")
    }

    async fn chunk(&mut self) -> String {
        let mut size = String::new();
        self.lines.read_line(&mut size).await.unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.lines.read_exact(&mut chunk).await.unwrap();
        chunk.truncate(size);
        String::from_utf8(chunk).unwrap()
    }
}

fn event(text: &str) -> Event {
    let field = |name| text.lines().find_map(|line| line.strip_prefix(name));
    let frame = field("data: ").unwrap_or_else(|| panic!("no data in {text:?}"));
    let id = field("id: ").map(str::to_owned);
    (id, serde_json::from_str(frame).unwrap())
}

#[tokio::test]
async fn clicks_come_as_events_too_and_go_on_after_the_last() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let link = LinkId::new(Uuid::from_u128(70));
    let mut events = process.events(&ada, WORKSPACE, &[]).await;
    let head = events.head.to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for header in ["content-type: text/event-stream", "cache-control: no-store"] {
        assert!(head.contains(header), "{head}");
    }
    let greeting = events.next().await;
    let (id, ready) = greeting[0].clone();
    assert_eq!(
        (&ready["type"], ready["cursor"].as_str()),
        (&json!("ready"), id.as_deref())
    );
    let caught_up = json!({ "type": "caught_up", "cursor": ready["cursor"] });
    assert_eq!(greeting[1], (id, caught_up));
    process.click(&ada, link).await;
    process.click(&ada, link).await;
    let (id, click) = events.next().await.remove(0);
    assert_eq!(
        (place(&click), id.as_deref()),
        ("1.0", click["cursor"].as_str())
    );

    // As clients do that had begun at the start: the address stays the same.
    let path = format!("{WORKSPACE}?from=start");
    let last_event = format!("Last-Event-ID: {}", id.as_deref().unwrap());
    let mut again = process.events(&ada, &path, &[&last_event]).await;
    assert_eq!(again.next().await[0].0, id);
    assert_eq!(place(&again.next().await[0].1), "2.0");
}

#[tokio::test]
async fn an_event_stream_says_why_it_ends_and_where_to_go_on() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let mut events = process.events(&ada, WORKSPACE, &[]).await;
    let ready = events.next().await.remove(0).1;
    let stopped = process.tasks.stop(SOON);
    let heard = async { (events.next().await, events.next().await) };
    let (stopped, (last, end)) = tokio::join!(stopped, heard);
    assert_eq!(stopped, Ok(()));
    let closing = json!({ "type": "closing", "code": 1012, "cursor": ready["cursor"] });
    let id = ready["cursor"].as_str().map(str::to_owned);
    assert_eq!((last, end), (vec![(id, closing)], vec![]));
}

#[tokio::test]
async fn a_last_event_that_is_none_of_ours_is_refused() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let head = process
        .events(&ada, WORKSPACE, &["Last-Event-ID: yesterday"])
        .await
        .head;
    assert!(head.starts_with("HTTP/1.1 422"), "{head}");
}

#[tokio::test]
async fn an_event_stream_tells_once_where_it_is_while_nothing_happens() {
    let process = Process::beating().await;
    let (ada, bob) = (member_of(1), member_of(2));
    let link = LinkId::new(Uuid::from_u128(70));
    let mut events = process.events(&ada, WORKSPACE, &[]).await;
    events.next().await;
    process.click(&bob, link).await;
    let mut told = events.heartbeat().await;
    while told == ":\n\n" {
        told = events.heartbeat().await;
    }
    let id = told.strip_prefix("id: ");
    let id = id.and_then(|it| it.strip_suffix("\n\n"));
    let id = id.unwrap_or_else(|| panic!("more than an id in {told:?}"));
    assert!(id.starts_with("1-"), "{id}");
    assert_eq!(events.heartbeat().await, ":\n\n");

    process.click(&ada, link).await;
    let last_event = format!("Last-Event-ID: {id}");
    let mut again = process.events(&ada, WORKSPACE, &[&last_event]).await;
    assert_eq!(again.next().await[0].0.as_deref(), Some(id));
    assert_eq!(place(&again.next().await[0].1), "2.0");
}

#[tokio::test]
async fn who_is_sent_away_before_it_hears_of_a_gap_hears_of_it_elsewhere() {
    let process = Process::without_database().await;
    process.draining.cancel();
    let last_event = "Last-Event-ID: 1.0-0000abcd";
    let mut events = process
        .events(&member_of(1), WORKSPACE, &[last_event])
        .await;
    let closing = json!({ "type": "closing", "code": 1012, "cursor": "1.0-0000abcd" });
    let id = Some("1.0-0000abcd".to_owned());
    assert_eq!(events.next().await, [(id, closing)]);
}

#[tokio::test]
async fn who_offers_another_protocol_gets_events_all_the_same() {
    let process = Process::without_database().await;
    let offer = [
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    ];
    let mut events = process.events(&member_of(1), WORKSPACE, &offer).await;
    assert!(events.head.starts_with("HTTP/1.1 200"), "{}", events.head);
    assert_eq!(events.next().await[0].1["type"], "ready");
}
