//! Reading what stands on one subject.

use events::Subject;
use events::core::WorkspaceEvent;
use futures::StreamExt;
use nats::{Expected, ReadError};

use crate::world::{World, claim, claim_subject, client, event, fill, subject};

#[tokio::test]
async fn a_history_of_many_pages_is_read_in_order() {
    let world = World::new().await;
    let (one, other) = (subject(), subject());
    let mixed: Vec<_> = (0..1_000)
        .map(|index| event(if index % 2 == 0 { &one } else { &other }, Expected::Any))
        .collect();
    for _ in 0..5 {
        world.broker.append(&mixed).await.unwrap();
    }
    let history = world.broker.history::<WorkspaceEvent>(&one).await.unwrap();
    let sequences: Vec<u64> = history.iter().map(|it| it.position.sequence).collect();
    assert_eq!(
        sequences,
        (0..2_500).map(|index| index * 2 + 1).collect::<Vec<_>>()
    );
    assert!(history.iter().all(|it| it.subject == one));
    assert_eq!(
        history[0].metadata.correlation.as_deref(),
        Some("request  1")
    );
}

#[tokio::test]
async fn nothing_has_an_empty_history_and_no_last_message() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    assert!(
        broker
            .history::<WorkspaceEvent>(&subject())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(broker.last(&subject()).await.unwrap().is_none());
    assert!(broker.last_from_leader(&subject()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_last_message_is_the_same_from_any_replica_and_from_the_leader() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    let subject = subject();
    let last = fill(&broker, &subject, 3).await;
    let any = broker.last(&subject).await.unwrap().unwrap();
    let leaders = broker.last_from_leader(&subject).await.unwrap().unwrap();
    assert_eq!((any.position.sequence, any.id()), (last, leaders.id()));
    assert_eq!((any.position, &any.body), (leaders.position, &leaders.body));
    assert_eq!(
        (any.stored_at, any.raw_subject()),
        (leaders.stored_at, leaders.raw_subject())
    );
    assert_eq!(any.subject, Some(subject));
}

#[tokio::test]
async fn a_message_that_is_no_event_is_named() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    broker.append(&[claim("a")]).await.unwrap();
    let read = broker.history::<WorkspaceEvent>(&claim_subject("a")).await;
    assert!(matches!(read, Err(ReadError::Decode { position, .. }) if position.sequence == 1));
    assert!(
        broker
            .last(&claim_subject("a"))
            .await
            .unwrap()
            .unwrap()
            .is_claim()
    );
}

#[tokio::test]
async fn the_leaders_history_is_the_same() {
    let world = World::new().await;
    let (one, other) = (subject(), subject());
    let mixed: Vec<_> = (0..20)
        .map(|index| event(if index % 2 == 0 { &one } else { &other }, Expected::Any))
        .collect();
    world.broker.append(&mixed).await.unwrap();
    let any = world.broker.history::<WorkspaceEvent>(&one).await.unwrap();
    let leaders = world
        .broker
        .history_from_leader::<WorkspaceEvent>(&one)
        .await
        .unwrap();
    let ids = |history: &[events::Recorded<WorkspaceEvent>]| -> Vec<_> {
        history
            .iter()
            .map(|it| (it.position, it.metadata.id))
            .collect()
    };
    assert_eq!((leaders.len(), ids(&leaders)), (10, ids(&any)));
    let nothing = subject();
    let none = world.broker.history_from_leader::<WorkspaceEvent>(&nothing);
    assert!(none.await.unwrap().is_empty());
}

/// What the broker is asked meanwhile, in order.
async fn asked(world: &World, read: impl Future<Output = ()>) -> Vec<String> {
    let observer = client(&world.nats).await;
    let mut asked = observer.subscribe("$JS.API.>").await.unwrap();
    // What the observer asks itself shows that it listens.
    observer.request("$JS.API.INFO", "".into()).await.unwrap();
    assert_eq!(asked.next().await.unwrap().subject.as_str(), "$JS.API.INFO");
    read.await;
    world.broker.round_trip().await.unwrap();
    let questions = asked
        .map(|it| it.subject.to_string())
        .take_while(|it| std::future::ready(it != "$JS.API.INFO"));
    questions.collect().await
}

#[tokio::test]
async fn a_history_from_the_leader_costs_one_question_beyond_its_pages() {
    let world = World::new().await;
    let subject = subject();
    fill(&world.broker, &subject, 600).await;
    let questions = asked(&world, async {
        let history = world.broker.history_from_leader::<WorkspaceEvent>(&subject);
        assert_eq!(history.await.unwrap().len(), 600);
    });
    // Both are asked at once, in no order.
    let mut questions = Box::pin(questions).await;
    questions.sort();
    assert_eq!(
        questions,
        [
            "$JS.API.DIRECT.GET.CORE",
            "$JS.API.DIRECT.GET.CORE",
            "$JS.API.STREAM.MSG.GET.CORE",
        ]
    );
}

async fn of_no_event_one_and_two(world: &World) -> [Subject; 3] {
    let all = [subject(), subject(), subject()];
    let [_, one, two] = &all;
    let first = |subject| event(subject, Expected::LastSequence(0));
    let messages = [first(one), first(two), event(two, Expected::Any)];
    world.broker.append(&messages).await.unwrap();
    all
}

#[tokio::test]
async fn the_leader_is_asked_the_same_whether_there_is_a_history_or_not() {
    let world = World::new().await;
    let [nothing, one, two] = of_no_event_one_and_two(&world).await;
    for (subject, events) in [(&nothing, 0), (&one, 1), (&two, 2)] {
        let questions = asked(&world, async {
            let history = world.broker.history_from_leader::<WorkspaceEvent>(subject);
            assert_eq!(history.await.unwrap().len(), events);
        });
        let mut questions = Box::pin(questions).await;
        questions.sort();
        assert_eq!(
            questions,
            ["$JS.API.DIRECT.GET.CORE", "$JS.API.STREAM.MSG.GET.CORE"]
        );
    }
}

#[tokio::test]
async fn of_a_short_history_the_leader_is_asked_for_the_first_event_alone() {
    let world = World::new().await;
    let [nothing, one, two] = of_no_event_one_and_two(&world).await;
    let (leader, pages) = ("$JS.API.STREAM.MSG.GET.CORE", "$JS.API.DIRECT.GET.CORE");
    for (subject, sequences, costs) in [
        (&nothing, vec![], vec![leader]),
        (&one, vec![1], vec![leader]),
        (&two, vec![2, 3], vec![leader, pages]),
    ] {
        let questions = asked(&world, async {
            let history = world
                .broker
                .short_history_from_leader::<WorkspaceEvent>(subject);
            let history = history.await.unwrap().into_iter();
            let found: Vec<_> = history.map(|it| it.position.sequence).collect();
            assert_eq!(found, sequences);
        });
        assert_eq!(Box::pin(questions).await, costs);
    }
}
