//! What a reader may not do. Each refusal is the broker's own, and stands beside the same wish of the system's user,
//! which is granted: so none is refused for being written wrongly.

use std::time::Duration;

use events::StreamName;
use futures::StreamExt;
use nats::{Reach, ReaderStart};
use tokio::time::timeout;

use super::guest::{Guest, READERS, SYSTEMS};
use super::{STREAM, admit, link_of, name, reading, workspace};
use crate::world::World;

const CONSUMER: &str =
    r#"{"stream_name":"LINKS","config":{"durable_name":"mine","ack_policy":"explicit"}}"#;
const NAMED: &str = r#"{"stream_name":"LINKS","config":{"name":"mine","durable_name":"mine","ack_policy":"explicit"}}"#;
const FILTERED: &str = r#"{"stream_name":"LINKS","config":{"name":"mine","durable_name":"mine","ack_policy":"explicit","filter_subject":"links.a.>"}}"#;
/// To widen what one's own consumer reads.
const WIDENED: &str = r#"{"stream_name":"LINKS","action":"update","config":{"name":"one","durable_name":"one","ack_policy":"explicit","filter_subject":"links.>"}}"#;
const FETCH: &str = r#"{"batch":1,"expires":1000000}"#;

/// Operations of JetStream's API: what to ask, and what an answer has that isn't an error about the asking.
const OPERATIONS: [(&str, &str); 26] = [
    ("INFO", ""),
    ("STREAM.INFO.LINKS", ""),
    ("STREAM.NAMES", ""),
    ("STREAM.LIST", ""),
    ("STREAM.MSG.GET.LINKS", r#"{"seq":1}"#),
    ("DIRECT.GET.LINKS", r#"{"seq":1}"#),
    ("DIRECT.GET.LINKS.links.a.link.b", ""),
    ("STREAM.MSG.DELETE.LINKS", r#"{"seq":1}"#),
    ("STREAM.PURGE.LINKS", ""),
    (
        "STREAM.CREATE.MINE",
        r#"{"name":"MINE","subjects":["mine"]}"#,
    ),
    (
        "STREAM.UPDATE.MINE",
        r#"{"name":"MINE","subjects":["mine"]}"#,
    ),
    ("STREAM.DELETE.MINE", ""),
    ("CONSUMER.NAMES.LINKS", ""),
    ("CONSUMER.LIST.LINKS", ""),
    (
        "CONSUMER.CREATE.LINKS",
        r#"{"stream_name":"LINKS","config":{"ack_policy":"none"}}"#,
    ),
    ("CONSUMER.CREATE.LINKS.mine", NAMED),
    ("CONSUMER.CREATE.LINKS.mine.links.a.>", FILTERED),
    ("CONSUMER.DURABLE.CREATE.LINKS.mine", CONSUMER),
    ("CONSUMER.CREATE.LINKS.one", WIDENED),
    ("CONSUMER.PAUSE.LINKS.one", "{}"),
    ("CONSUMER.RESET.LINKS.one", "{}"),
    ("CONSUMER.INFO.LINKS.other", ""),
    ("CONSUMER.INFO.CORE.one", ""),
    ("CONSUMER.MSG.NEXT.LINKS.other", FETCH),
    ("CONSUMER.DELETE.LINKS.other", ""),
    ("CONSUMER.DELETE.LINKS.one", ""),
];

async fn is_refused_to_publish(reader: &mut Guest, subject: &str, body: &str) {
    let (subject, body) = (subject.to_owned(), body.to_owned());
    reader
        .client
        .publish(subject.clone(), body.into())
        .await
        .unwrap();
    let complaint = reader.complaint().await;
    let expected = format!("Permissions Violation for Publish to \"{subject}\"");
    assert!(complaint.contains(&expected), "{subject}: {complaint}");
}

#[tokio::test]
async fn a_reader_may_ask_for_nothing_but_its_messages_and_how_it_stands() {
    let world = World::new().await;
    let mut reader = admit(&world, "one", Reach::Workspace(workspace())).await;
    let _other = admit(&world, "other", Reach::Everything).await;
    let system = Guest::system(&world.nats).await;
    for (operation, body) in OPERATIONS {
        for api in [READERS, SYSTEMS] {
            is_refused_to_publish(&mut reader, &format!("{api}.{operation}"), body).await;
        }
        let answer = system.asks_api(operation, body).await;
        // As JetStream says of a question that it can't read.
        assert!(
            !answer.contains("10025") && !answer.contains("10040"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_reader_may_publish_nothing() {
    let world = World::new().await;
    let ours = workspace();
    let mut reader = admit(&world, "one", Reach::Workspace(ours)).await;
    let system = Guest::system(&world.nats).await;
    let clicks = format!("clicks.{ours}");
    for subject in [clicks, link_of(ours), link_of(workspace())] {
        is_refused_to_publish(&mut reader, &subject, "{}").await;
        assert!(system.asks(&subject, "{}").await.contains("seq"));
    }
    for subject in [
        "changed.links.link_list",
        "used.a.b",
        "_INBOX.somebody.1",
        "anything",
    ] {
        is_refused_to_publish(&mut reader, subject, "{}").await;
        let mut heard = system.client.subscribe(subject).await.unwrap();
        system.says(subject, None, "{}").await;
        assert!(heard.next().await.is_some());
    }
}

#[tokio::test]
async fn a_reader_may_listen_to_nothing_but_its_own_answers() {
    let world = World::new().await;
    let ours = workspace();
    let mut reader = admit(&world, "one", Reach::Workspace(ours)).await;
    let system = Guest::system(&world.nats).await;
    let clicks = format!("clicks.{ours}");
    for subject in [
        "clicks.>",
        &clicks,
        "links.>",
        ">",
        "*.>",
        "$JS.>",
        "_R_.>",
        "changed.>",
    ] {
        drop(reader.client.subscribe(subject.to_owned()).await.unwrap());
        let complaint = reader.complaint().await;
        let expected = format!("Permissions Violation for Subscription to \"{subject}\"");
        assert!(complaint.contains(&expected), "{subject}: {complaint}");
    }
    let mut heard = system.client.subscribe("clicks.>").await.unwrap();
    system.asks(&clicks, "[]").await;
    assert!(heard.next().await.is_some());
}

#[tokio::test]
async fn a_reader_hears_no_answer_to_another() {
    let world = World::new().await;
    let reader = admit(&world, "one", Reach::Everything).await;
    let other = admit(&world, "other", Reach::Everything).await;
    let system = Guest::system(&world.nats).await;
    let mut all_answers = reader.client.subscribe("_INBOX.>").await.unwrap();
    let mut all_of_the_systems = system.client.subscribe("_INBOX.>").await.unwrap();
    reader.is_heard().await;
    system.asks(&link_of(workspace()), "{}").await;
    assert_eq!(other.fetches("other").await.len(), 1);
    system.says("_INBOX.somebody", None, "").await;
    reader.asks_api("CONSUMER.INFO.LINKS.one", "").await;
    // That an account's own answers are heard so is shown by the last ones.
    let mut heard = Vec::new();
    while let Ok(Some(answer)) = timeout(Duration::from_millis(200), all_answers.next()).await {
        heard.push(String::from_utf8_lossy(&answer.payload).into_owned());
    }
    assert!(
        heard.iter().any(|it| it.contains("consumer_info_response")),
        "{heard:?}"
    );
    let is_foreign = |it: &&String| it.contains("\"seq\"") || it.contains("\"other\"");
    assert_eq!(heard.iter().find(is_foreign), None);
    assert!(all_of_the_systems.next().await.is_some());
}

#[tokio::test]
async fn the_answers_to_a_reader_never_reach_the_log() {
    let world = World::new().await;
    let (ours, theirs) = (workspace(), workspace());
    let reader = admit(&world, "one", Reach::Workspace(ours)).await;
    let system = Guest::system(&world.nats).await;
    for _ in 0..2 {
        system.asks(&link_of(ours), "{}").await;
    }
    let last = async || {
        world
            .broker
            .stream_state(STREAM)
            .await
            .unwrap()
            .last_sequence
    };
    assert_eq!(last().await, 2);
    // A message, and the word that there are no more, to where another workspace's events are.
    let (victim, body) = (link_of(theirs), r#"{"batch":2,"no_wait":true}"#);
    for operation in ["CONSUMER.MSG.NEXT.LINKS.one", "CONSUMER.INFO.LINKS.one"] {
        let subject = format!("{READERS}.{operation}");
        reader.says(&subject, Some(&victim), body).await;
    }
    reader.asks_api("CONSUMER.INFO.LINKS.one", "").await;
    assert_eq!(last().await, 2);
    // The same, where the requests are in the account of the streams.
    let subject = format!("{SYSTEMS}.CONSUMER.INFO.LINKS.one");
    system.says(&subject, Some(&victim), body).await;
    system.asks_api("CONSUMER.INFO.LINKS.one", "").await;
    assert_eq!(last().await, 3);
}

#[tokio::test]
async fn a_reader_acknowledges_nothing_for_another() {
    let world = World::new().await;
    let mut reader = admit(&world, "one", Reach::Everything).await;
    let other = admit(&world, "other", Reach::Everything).await;
    let system = Guest::system(&world.nats).await;
    system.asks(&link_of(workspace()), "{}").await;
    let messages = other.fetches("other").await;
    let theirs = messages[0].reply.clone().unwrap();
    is_refused_to_publish(&mut reader, theirs.as_str(), "+ACK").await;
    let second_form = theirs.as_str().replace("$JS.ACK.", "$JS.ACK._.4Vv2xyZ3.");
    is_refused_to_publish(&mut reader, &second_form, "+ACK").await;
    // Nor by having its own answers sent there: the first fetch takes its one message, the second finds none.
    reader.fetches("one").await;
    let subject = format!("{READERS}.CONSUMER.MSG.NEXT.LINKS.one");
    let asked =
        reader
            .client
            .publish_with_reply(subject, theirs.clone(), r#"{"no_wait":true}"#.into());
    asked.await.unwrap();
    let complaint = reader.complaint().await;
    assert!(complaint.contains("Publish with Reply"), "{complaint}");
    let info = async || other.asks_api("CONSUMER.INFO.LINKS.other", "").await;
    assert!(info().await.contains(r#""num_ack_pending":1"#));
    other.asks(theirs.as_str(), "+ACK").await;
    assert!(info().await.contains(r#""num_ack_pending":0"#));
}

#[tokio::test]
async fn a_reader_gets_no_message_of_another_by_an_acknowledgement_that_can_be_read_in_two_ways() {
    let world = World::new().await;
    let mut reader = admit(&world, "one", Reach::Everything).await;
    let _other = admit(&world, "other", Reach::Everything).await;
    let system = Guest::system(&world.nats).await;
    let ours = workspace();
    let all = [
        (StreamName::Core, format!("core.{ours}.workspace.{ours}")),
        (StreamName::Links, link_of(ours)),
        (StreamName::Clicks, format!("clicks.{ours}")),
        (StreamName::Media, format!("media.{ours}.asset.{ours}")),
    ];
    for (stream, subject) in &all {
        let reading = reading(Reach::Everything, ReaderStart::First);
        let theirs = name("other");
        let made = world.broker.make_reader(&theirs, *stream, reading);
        made.await.unwrap();
        assert!(system.asks(subject, "{}").await.contains("seq"));
    }
    let inbox = "_INBOX.taken";
    let mut stolen = reader.client.subscribe(inbox).await.unwrap();
    let mut granted = system.client.subscribe(inbox).await.unwrap();
    for (stream, subject) in &all {
        // The end of the first form for `other`, and with a domain and a hash the beginning of the second for `one`.
        let ambiguous = format!("$JS.ACK.{stream}.other.{STREAM}.one.1.1.1");
        reader.says(&ambiguous, Some(inbox), "+NXT").await;
        let answer = timeout(Duration::from_millis(200), stolen.next()).await;
        assert!(answer.is_err(), "{ambiguous}: {answer:?}");
        let complaint = reader.complaint().await;
        assert!(complaint.contains(&ambiguous), "{complaint}");
        // Nobody was given it yet, and who is allowed to ask so is.
        system.says(&ambiguous, Some(inbox), "+NXT").await;
        assert_eq!(granted.next().await.unwrap().subject.as_str(), subject);
    }
}
