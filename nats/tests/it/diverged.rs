//! A log that isn't the one that was read is noticed.

use std::path::Path;
use std::time::Duration;

use events::StreamName;
use nats::{Broker, Checkpoint, Diverged, ReadError, Tail};
use servers::Nats;
use servers::testing::{scratch, tools};

use crate::world::{fill, subject};

async fn connect(nats: &Nats) -> Broker {
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    broker.apply_streams().await.unwrap();
    broker
}

async fn read(tail: &mut Tail, up_to: u64) -> Checkpoint {
    while tail.checkpoint().sequence < up_to {
        tail.next_batch(1_000, 1 << 20).await.unwrap();
    }
    tail.checkpoint()
}

fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(status.unwrap().success());
}

async fn why(broker: &Broker, checkpoint: &Checkpoint) -> Diverged {
    match broker
        .resume(StreamName::Core, Some(checkpoint))
        .await
        .err()
    {
        Some(ReadError::Diverged(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_log_that_was_made_again_has_diverged() {
    let scratch = scratch();
    let data = scratch.path().join("nats");
    let mut nats = Nats::start(tools().await, &data).await.unwrap();
    let broker = connect(&nats).await;
    fill(&broker, &subject(), 5).await;
    let mut tail = broker.resume(StreamName::Core, None).await.unwrap();
    let checkpoint = read(&mut tail, 5).await;

    nats.stop().await;
    std::fs::remove_dir_all(data.join("jetstream")).unwrap();
    nats.start_again().await.unwrap();
    let again = connect(&nats).await;
    fill(&again, &subject(), 10).await;
    assert!(matches!(
        why(&again, &checkpoint).await,
        Diverged::Incarnation { .. }
    ));
    // Who was reading all the time must notice too.
    let noticed = tokio::time::timeout(Duration::from_secs(10), tail.next_batch(1, 1))
        .await
        .unwrap();
    assert!(
        matches!(noticed, Err(ReadError::Diverged(_))),
        "{noticed:?}"
    );
}

#[tokio::test]
async fn a_log_that_lost_its_tail_has_diverged_also_once_it_has_grown_again() {
    let scratch = scratch();
    let data = scratch.path().join("nats");
    let (log, backup) = (data.join("jetstream"), scratch.path().join("backup"));
    let mut nats = Nats::start(tools().await, &data).await.unwrap();
    let broker = connect(&nats).await;
    fill(&broker, &subject(), 5).await;
    nats.stop().await;
    copy(&log, &backup);
    nats.start_again().await.unwrap();
    let broker = connect(&nats).await;
    fill(&broker, &subject(), 5).await;
    let checkpoint = read(
        &mut broker.resume(StreamName::Core, None).await.unwrap(),
        10,
    )
    .await;

    nats.stop().await;
    std::fs::remove_dir_all(&log).unwrap();
    copy(&backup, &log);
    nats.start_again().await.unwrap();
    let broker = connect(&nats).await;
    assert!(matches!(
        why(&broker, &checkpoint).await,
        Diverged::Shorter { last: 5, .. }
    ));
    fill(&broker, &subject(), 20).await;
    assert!(matches!(
        why(&broker, &checkpoint).await,
        Diverged::OtherEvent { sequence: 10, .. }
    ));
}
