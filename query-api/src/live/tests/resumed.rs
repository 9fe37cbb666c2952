//! Subscriptions that go on where another one ended.

use super::*;

const FROM_START: &str = "/v1/links/clicks/live?from=start";

impl Process {
    /// Subscribes behind a frame.
    async fn resume(&self, caller: &Caller, frame: &Value) -> Socket {
        let cursor = frame["cursor"].as_str().unwrap();
        let path = format!("{WORKSPACE}?cursor={cursor}");
        self.subscribe(caller, &path).await.unwrap()
    }

    /// Records clicks by a producer that begins to count anew: its numbers repeat those of its former life.
    async fn relive(&mut self, caller: &Caller, link: LinkId, clicks: usize) {
        // A folder has one spool.
        let folder = servers::testing::scratch();
        self.lane = lane(&self.broker, &folder, &self.tasks);
        for _ in 0..clicks {
            self.click(caller, link).await;
        }
        self.spool = folder;
    }
}

/// The next frames up to where the subscriber has caught up: the first, and the places of the clicks.
async fn caught_up(socket: &mut Socket) -> (Value, Vec<Value>) {
    let ready = frame(socket).await.unwrap();
    assert_eq!(ready["type"], "ready");
    let mut frames = Vec::new();
    loop {
        let frame = frame(socket).await.unwrap();
        if frame["type"] == "caught_up" {
            return (ready, frames);
        }
        frames.push(frame);
    }
}

fn places(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(place).collect()
}

const LINK: LinkId = LinkId::new(Uuid::from_u128(70));

#[tokio::test]
async fn who_comes_back_hears_what_it_missed_and_then_what_happens() {
    let process = Process::without_database().await;
    let (ada, bob) = (member_of(1), member_of(2));
    for caller in [&ada, &bob, &ada, &ada] {
        process.click(caller, LINK).await;
    }
    let mut socket = process.subscribe(&ada, FROM_START).await.unwrap();
    let (ready, all) = caught_up(&mut socket).await;
    assert_eq!(
        (place(&ready), places(&all)),
        ("0", vec!["1.0", "3.0", "4.0"])
    );
    process.click(&ada, LINK).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "5.0");

    for (from, missed) in [
        (&ready, vec!["1.0", "3.0", "4.0", "5.0"]),
        (&all[0], vec!["3.0", "4.0", "5.0"]),
        (&all[2], vec!["5.0"]),
    ] {
        let mut again = process.resume(&ada, from).await;
        let (ready, frames) = caught_up(&mut again).await;
        assert_eq!(
            (&ready["cursor"], places(&frames)),
            (&from["cursor"], missed)
        );
        assert!(frames.iter().all(|it| it["type"] == "click"));
    }
}

#[tokio::test]
async fn who_resumes_within_a_message_hears_the_rest_of_it() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let clicks = std::iter::repeat_with(|| process.click(&ada, LINK)).take(200);
    futures::future::join_all(clicks).await;
    let mut socket = process.subscribe(&ada, FROM_START).await.unwrap();
    let (_, all) = caught_up(&mut socket).await;
    assert_eq!(all.len(), 200);
    let within = all.iter().rposition(|it| !place(it).ends_with(".0"));
    let within = within.expect("a message holds several") - 1;
    let mut again = process.resume(&ada, &all[within]).await;
    let (_, rest) = caught_up(&mut again).await;
    assert_eq!(rest, all[within + 1..]);
}

#[tokio::test]
async fn a_message_that_came_again_is_told_once_wherever_one_begins() {
    let mut process = Process::without_database().await;
    let ada = member_of(1);
    process.relive(&ada, LINK, 3).await;
    process.relive(&ada, LINK, 4).await;
    // 1, 2 and 3 came again as 4, 5 and 6; 7 is new.
    let mut whole = process.subscribe(&ada, FROM_START).await.unwrap();
    let (ready, all) = caught_up(&mut whole).await;
    assert_eq!(places(&all), ["1.0", "2.0", "3.0", "7.0"]);
    let log = ready["cursor"].as_str().unwrap().split_once('-').unwrap().1;
    for (from, missed) in [
        ("2", vec!["3.0", "7.0"]),
        ("2.0", vec!["3.0", "7.0"]),
        ("3.0", vec!["7.0"]),
        ("4", vec!["7.0"]),
        ("5", vec!["7.0"]),
    ] {
        let from = json!({ "cursor": format!("{from}-{log}") });
        let mut again = process.resume(&ada, &from).await;
        assert_eq!(places(&caught_up(&mut again).await.1), missed, "{from}");
    }
}

#[tokio::test]
async fn a_message_that_came_again_after_a_restart_is_not_told() {
    let mut process = Process::without_database().await;
    let ada = member_of(1);
    process.relive(&ada, LINK, 3).await;
    // Knows nothing but what the log tells.
    let mut other = process.another().await;
    let mut socket = other.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    other.relive(&ada, LINK, 4).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "7.0");
}

#[tokio::test]
async fn a_cursor_of_another_log_is_answered_with_a_gap() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    process.click(&ada, LINK).await;
    let foreign = json!({ "cursor": "1.0-0000abcd" });
    let mut socket = process.resume(&ada, &foreign).await;
    let (ready, frames) = caught_up(&mut socket).await;
    let gap = json!({ "type": "gap", "from": "1.0-0000abcd", "to": ready["cursor"] });
    assert_eq!((place(&ready), frames), ("1", vec![gap]));
    process.click(&ada, LINK).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "2.0");
}

#[tokio::test]
async fn who_catches_up_while_the_broker_goes_away_goes_on_when_it_is_back() {
    let mut process = Process::without_database().await;
    let ada = member_of(1);
    process.click(&ada, LINK).await;
    let mut socket = process.subscribe(&ada, FROM_START).await.unwrap();
    process.nats().kill().await;
    process.nats().start_again().await.unwrap();
    let (_, all) = caught_up(&mut socket).await;
    assert_eq!(places(&all), ["1.0"]);
}

#[tokio::test]
async fn who_has_caught_up_need_not_hear_of_what_was_before() {
    let process = Process::without_database().await;
    let (ada, bob) = (member_of(1), member_of(2));
    let mut of_bob = process.subscribe(&bob, WORKSPACE).await.unwrap();
    greeting(&mut of_bob).await;
    process.click(&ada, LINK).await;
    process.click(&bob, LINK).await;
    // By then the hub has come so far, too.
    assert_eq!(place(&frame(&mut of_bob).await.unwrap()), "2.0");
    let mut socket = process.subscribe(&ada, FROM_START).await.unwrap();
    let mut frames = Vec::<Value>::new();
    while frames.last().is_none_or(|it| it["type"] != "caught_up") {
        frames.push(frame(&mut socket).await.unwrap());
    }
    assert_eq!(places(&frames), ["0", "1.0", "2"]);
}

#[tokio::test]
async fn who_hears_nothing_is_told_once_where_to_go_on() {
    let process = Process::beating().await;
    let (ada, bob) = (member_of(1), member_of(2));
    let mut socket = process.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    // Heard all the time, since who leaves a ping without an answer is gone.
    let ((), at) = tokio::join!(process.click(&bob, LINK), frame(&mut socket));
    let at = at.unwrap();
    assert_eq!((&at["type"], place(&at)), (&json!("at"), "1"));
    // The ping that came with it, and the next.
    for _ in 0..2 {
        let next = timeout(SOON, socket.next()).await.expect("a ping");
        let next = next.unwrap().unwrap();
        assert!(matches!(next, Message::Ping(_)), "{next:?}");
    }

    process.click(&ada, LINK).await;
    let mut again = process.resume(&ada, &at).await;
    let (ready, missed) = caught_up(&mut again).await;
    assert_eq!(
        (&ready["cursor"], places(&missed)),
        (&at["cursor"], vec!["2.0"])
    );
}

#[tokio::test]
async fn who_is_told_to_go_elsewhere_is_told_where_to_go_on() {
    let process = Process::without_database().await;
    let (ada, bob) = (member_of(1), member_of(2));
    let mut socket = process.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    process.click(&ada, LINK).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "1.0");
    let mut of_bob = process.subscribe(&bob, WORKSPACE).await.unwrap();
    greeting(&mut of_bob).await;
    process.click(&bob, LINK).await;
    frame(&mut of_bob).await.unwrap();
    process.draining.cancel();
    let (code, cursor) = close(&mut socket).await;
    assert_eq!(code, 1012);
    assert_eq!(place(&json!({ "cursor": cursor })), "2");
}
