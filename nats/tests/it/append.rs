//! Appending: expectations, atomic batches, lost answers, claims.

use std::time::Duration;

use events::{EventId, LinkId, StreamName, Subject, WorkspaceId};
use futures::future::join_all;
use nats::{AppendError, Expected, NewMessage};

use crate::world::{World, claim, claim_subject, event, fill, subject, uuid};

#[tokio::test]
async fn the_next_expected_event_is_stored_right_behind() {
    let world = World::new().await;
    let subject = subject();
    let first = world
        .broker
        .append(&[event(&subject, Expected::LastSequence(0))])
        .await
        .unwrap();
    assert_eq!((first.first, first.position.sequence), (1, 1));
    let second = event(&subject, Expected::LastSequence(1));
    assert_eq!(
        world
            .broker
            .append(&[second])
            .await
            .unwrap()
            .position
            .to_string(),
        "CORE:2"
    );
}

#[tokio::test]
async fn who_expected_something_else_learns_what_stands_there() {
    let world = World::new().await;
    let subject = subject();
    fill(&world.broker, &subject, 3).await;
    let late = world
        .broker
        .append(&[event(&subject, Expected::LastSequence(1))])
        .await;
    let Err(AppendError::Conflict(conflict)) = late else {
        panic!("{late:?}")
    };
    assert_eq!(conflict.subject, subject);
    assert_eq!(conflict.found.unwrap().position.sequence, 2);
    let early = world
        .broker
        .append(&[event(&subject, Expected::LastSequence(9))])
        .await;
    let Err(AppendError::Conflict(conflict)) = early else {
        panic!("{early:?}")
    };
    assert!(conflict.found.is_none());
}

#[tokio::test]
async fn the_same_messages_again_are_the_same_success() {
    let world = World::new().await;
    let subject = subject();
    let alone = [event(&subject, Expected::LastSequence(0))];
    let once = world.broker.append(&alone).await.unwrap();
    assert_eq!(world.broker.append(&alone).await.unwrap(), once);
    let batch = [
        claim("a"),
        event(&subject, Expected::LastSequence(1)),
        event(&subject, Expected::Any),
    ];
    let once = world.broker.append(&batch).await.unwrap();
    assert_eq!((once.first, once.position.sequence), (2, 4));
    // Even if others went on meanwhile.
    fill(&world.broker, &subject, 2).await;
    assert_eq!(world.broker.append(&batch).await.unwrap(), once);
    assert_eq!(
        world.broker.append(&alone).await.unwrap().position.sequence,
        1
    );
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let world = World::new().await;
    let (one, other) = (subject(), subject());
    fill(&world.broker, &other, 1).await;
    let batch = [
        event(&one, Expected::LastSequence(0)),
        event(&other, Expected::LastSequence(0)),
    ];
    let refused = world.broker.append(&batch).await;
    let Err(AppendError::Conflict(conflict)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(conflict.subject, other);
    assert!(world.broker.last_from_leader(&one).await.unwrap().is_none());
}

#[tokio::test]
async fn of_64_who_claim_a_value_one_gets_it() {
    let world = World::new().await;
    let tries = (0..64).map(|index| {
        let broker = world.broker.clone();
        let claim = claim("contested");
        let messages = [claim, event(&subject(), Expected::LastSequence(0))];
        async move {
            // Both ways of writing race with each other.
            let messages = if index % 2 == 0 {
                &messages[..1]
            } else {
                &messages[..]
            };
            broker.append(messages).await
        }
    });
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
    let holder = world
        .broker
        .last_from_leader(&claim_subject("contested"))
        .await
        .unwrap()
        .unwrap();
    for outcome in outcomes {
        match outcome {
            Ok(_) => {}
            Err(AppendError::Conflict(it)) => assert_eq!(it.found.unwrap().id(), holder.id()),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_claim_may_expire_and_is_free_again() {
    let world = World::new().await;
    let batch = |subject| {
        [
            claim("fleeting").with_ttl(Duration::from_secs(1)),
            event(&subject, Expected::LastSequence(0)),
        ]
    };
    world.broker.append(&batch(subject())).await.unwrap();
    let at_once = world.broker.append(&batch(subject())).await;
    assert!(matches!(at_once, Err(AppendError::Conflict(_))));
    let retaken = async {
        while world.broker.append(&batch(subject())).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), retaken)
        .await
        .unwrap();
}

#[tokio::test]
async fn two_hundred_batches_at_once_all_get_in() {
    let world = World::new().await;
    let batches = (0..200).map(|index| {
        let broker = world.broker.clone();
        let batch = [
            claim(&index.to_string()),
            event(&subject(), Expected::LastSequence(0)),
        ];
        async move { broker.append(&batch).await }
    });
    for outcome in join_all(batches).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_appended_is_refused_at_once() {
    let world = World::new().await;
    let (workspace, link) = (WorkspaceId::new(uuid()), LinkId::new(uuid()));
    let elsewhere = event(&Subject::Link(workspace, link), Expected::Any);
    let too_many: Vec<NewMessage> = (0..=nats::BATCH_MESSAGES_MAX)
        .map(|_| event(&subject(), Expected::Any))
        .collect();
    for messages in [vec![], vec![claim("a"), elsewhere], too_many] {
        let refused = world.broker.append(&messages).await;
        assert!(
            matches!(refused, Err(AppendError::Invalid(_))),
            "{refused:?}"
        );
    }
    let huge = NewMessage::claim(
        claim_subject("b"),
        EventId::new(uuid()),
        vec![b' '; 2 << 20],
    );
    for messages in [
        vec![huge.clone()],
        vec![claim("c"), huge.clone(), claim("d")],
        vec![claim("e"), huge],
    ] {
        let refused = world.broker.append(&messages).await;
        assert!(
            matches!(refused, Err(AppendError::Invalid("a message is too large"))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn an_append_outlives_a_crash_of_the_broker() {
    let mut world = World::new().await;
    let subject = subject();
    let broker = world.broker.clone();
    let written = subject.clone();
    let writer = tokio::spawn(async move {
        let mut last = 0;
        for _ in 0..2_000 {
            let message = event(&written, Expected::LastSequence(last));
            last = broker.append(&[message]).await.unwrap().position.sequence;
        }
        last
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        world.nats.kill().await;
        world.nats.start_again().await.unwrap();
    }
    assert_eq!(writer.await.unwrap(), 2_000);
}

#[tokio::test]
async fn an_answer_that_came_too_late_is_looked_up() {
    let world = World::new().await;
    let subject = subject();
    let batch = [claim("late"), event(&subject, Expected::LastSequence(0))];
    for messages in [&batch[..], &[event(&subject, Expected::LastSequence(2))]] {
        world.nats.pause();
        let resume = async {
            tokio::time::sleep(Duration::from_millis(3_500)).await;
            world.nats.resume();
        };
        let (appended, ()) = tokio::join!(world.broker.append(messages), resume);
        let last = world
            .broker
            .last_from_leader(&subject)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(appended.unwrap().position, last.position);
    }
    let state = world.broker.stream_state(StreamName::Core).await.unwrap();
    assert_eq!(state.messages, 3);
}

#[tokio::test]
async fn a_broker_that_stays_away_is_unavailable() {
    let mut world = World::new().await;
    world.nats.kill().await;
    let refused = world
        .broker
        .append(&[event(&subject(), Expected::LastSequence(0))])
        .await;
    assert!(
        matches!(refused, Err(AppendError::Unavailable(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_claim_that_was_given_up_is_held_by_the_first_who_takes_it_after() {
    let world = World::new().await;
    let after = |sequence| {
        NewMessage::claim_after(claim_subject("a"), EventId::new(uuid()), "{}", sequence)
    };
    let held = world.broker.append(&[claim("a")]).await.unwrap();
    let given_up = after(held.position.sequence);
    let released = world.broker.append(&[given_up]).await.unwrap();
    let taken = world
        .broker
        .append(&[after(released.position.sequence)])
        .await
        .unwrap();
    for late in [claim("a"), after(released.position.sequence)] {
        let late = world.broker.append(&[late]).await;
        assert!(matches!(late, Err(AppendError::Conflict(_))), "{late:?}");
    }
    let last = world.broker.last_from_leader(&claim_subject("a")).await;
    assert_eq!(last.unwrap().unwrap().position, taken.position);
}
