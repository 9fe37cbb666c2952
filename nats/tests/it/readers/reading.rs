//! What a reader may do: read what is its own, acknowledge it, and ask how it stands.

use async_nats::Message;
use nats::Reach;
use serde_json::Value;

use super::guest::Guest;
use super::{admit, link_of, workspace};
use crate::world::World;

/// nats-server's hash of the account MILLRACE, in the second form of an acknowledgement's subject.
const ACCOUNT_HASH: &str = "4Vv2xyZ3";

fn subjects(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|it| it.subject.as_str()).collect()
}

fn acknowledgement(message: &Message) -> &str {
    message.reply.as_ref().unwrap().as_str()
}

/// How many messages a reader has not acknowledged, as it may ask itself.
async fn unacknowledged(reader: &Guest, consumer: &str) -> u64 {
    let operation = format!("CONSUMER.INFO.LINKS.{consumer}");
    let info: Value = serde_json::from_str(&reader.asks_api(&operation, "").await).unwrap();
    info.get("num_ack_pending").and_then(Value::as_u64).unwrap()
}

#[tokio::test]
async fn a_reader_of_a_workspace_reads_that_one_and_one_of_everything_every_one_but_no_claims() {
    let world = World::new().await;
    let system = Guest::system(&world.nats).await;
    let (ours, theirs) = (workspace(), workspace());
    let (link, foreign) = (link_of(ours), link_of(theirs));
    for subject in [&link, &foreign, "links.claim.slug.YQ"] {
        assert!(system.asks(subject, "{}").await.contains("seq"));
    }
    let of_one = admit(&world, "one", Reach::Workspace(ours)).await;
    let of_all = admit(&world, "all", Reach::Everything).await;
    assert_eq!(subjects(&of_one.fetches("one").await), [&link]);
    assert_eq!(subjects(&of_all.fetches("all").await), [&link, &foreign]);
}

#[tokio::test]
async fn an_acknowledgement_counts_in_both_forms() {
    let world = World::new().await;
    let system = Guest::system(&world.nats).await;
    let ours = workspace();
    for _ in 0..3 {
        system.asks(&link_of(ours), "{}").await;
    }
    let reader = admit(&world, "one", Reach::Workspace(ours)).await;
    let messages = reader.fetches("one").await;
    assert_eq!(unacknowledged(&reader, "one").await, 3);
    let first = acknowledgement(&messages[0]);
    assert!(first.starts_with("$JS.ACK.LINKS.one."), "{first}");
    reader.asks(first, "+ACK").await;
    assert_eq!(unacknowledged(&reader, "one").await, 2);
    let second = acknowledgement(&messages[1]);
    let second = second.replace("$JS.ACK.", &format!("$JS.ACK._.{ACCOUNT_HASH}."));
    reader.asks(&second, "+ACK").await;
    assert_eq!(unacknowledged(&reader, "one").await, 1);
}

#[tokio::test]
async fn a_reader_reads_on_while_others_are_admitted() {
    let world = World::new().await;
    let system = Guest::system(&world.nats).await;
    let ours = workspace();
    let reader = admit(&world, "one", Reach::Workspace(ours)).await;
    for round in 0..5 {
        let link = link_of(ours);
        system.asks(&link, "{}").await;
        let messages = reader.fetches("one").await;
        assert_eq!(subjects(&messages), [&link]);
        reader.asks(acknowledgement(&messages[0]), "").await;
        admit(&world, &format!("other{round}"), Reach::Everything).await;
    }
}
