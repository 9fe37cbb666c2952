//! How readers come and go.

use nats::{Login, Reach, ReaderAccount, ReaderError, ReaderStart, can_read};
use servers::NeighbourNats;

use super::guest::Guest;
use super::{STREAM, accounts, admit, link_of, name, reading, set_accounts, workspace};
use crate::world::World;

#[tokio::test]
async fn a_consumer_that_is_there_stays_and_another_of_its_name_is_refused() {
    let world = World::new().await;
    let (reader, reach) = (name("one"), Reach::Workspace(workspace()));
    for _ in 0..2 {
        let made = world
            .broker
            .make_reader(&reader, STREAM, reading(reach, ReaderStart::First));
        made.await.unwrap();
    }
    let readers = world.broker.readers().await.unwrap();
    assert_eq!(readers.len(), 1);
    assert_eq!((&readers[0].reader, readers[0].reach), (&reader, reach));
    for (reach, start) in [
        (Reach::Everything, ReaderStart::First),
        (Reach::Workspace(workspace()), ReaderStart::First),
        (reach, ReaderStart::New),
    ] {
        let again = world
            .broker
            .make_reader(&reader, STREAM, reading(reach, start))
            .await;
        assert!(matches!(again, Err(ReaderError::Taken { .. })), "{again:?}");
    }
    assert!(world.broker.remove_reader(&reader, STREAM).await.unwrap());
    assert!(!world.broker.remove_reader(&reader, STREAM).await.unwrap());
    assert_eq!(world.broker.readers().await.unwrap(), []);
}

#[tokio::test]
async fn a_reader_begins_where_it_was_told_to() {
    let world = World::new().await;
    let system = Guest::system(&world.nats).await;
    system.asks(&link_of(workspace()), "{}").await;
    let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
    let far_off = "2100-01-01T00:00:00Z".parse().unwrap();
    for (text, start) in [
        ("first", ReaderStart::First),
        ("new", ReaderStart::New),
        ("since", ReaderStart::Since(long_ago)),
        ("later", ReaderStart::Since(far_off)),
    ] {
        let reader = name(text);
        let made = world
            .broker
            .make_reader(&reader, STREAM, reading(Reach::Everything, start));
        made.await.unwrap();
    }
    let readers = world.broker.readers().await.unwrap();
    let told = readers.iter().map(|it| (it.reader.as_str(), it.pending));
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    assert_eq!(told, [("first", 1), ("later", 0), ("new", 0), ("since", 1)]);
}

#[tokio::test]
async fn a_reader_whose_account_is_gone_is_cut_off_and_the_others_are_not() {
    let world = World::new().await;
    let mut leaving = admit(&world, "leaving", Reach::Everything).await;
    let staying = admit(&world, "staying", Reach::Everything).await;
    let neighbour = NeighbourNats::find(world.nats.data()).unwrap();
    let mut accounts = accounts(&neighbour);
    accounts
        .remove(&ReaderAccount::name_of(&name("leaving")))
        .unwrap();
    set_accounts(&neighbour, &accounts);
    neighbour.reload().unwrap();
    let complaint = leaving.complaint().await;
    assert!(
        complaint == "disconnected" || complaint.contains("Authentication"),
        "{complaint}"
    );
    let before = world.broker.connection().borrow().count;
    assert_eq!((before, world.broker.is_connected()), (1, true));
    let state = staying.client.connection_state();
    assert_eq!(state, async_nats::connection::State::Connected);
    assert_eq!(staying.fetches("staying").await.len(), 0);
}

#[tokio::test]
async fn nobody_enters_with_anothers_password_or_none() {
    let world = World::new().await;
    let _reader = admit(&world, "one", Reach::Everything).await;
    let stranger = Login::new(name("one"));
    let refused = can_read(&world.nats.url(), &stranger, &[STREAM])
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("authorization"), "{refused}");
}

#[tokio::test]
async fn the_system_notices_nothing_when_readers_come() {
    let world = World::new().await;
    let neighbour = NeighbourNats::find(world.nats.data()).unwrap();
    let subject = crate::world::subject();
    for round in 0..50 {
        let account = serde_json::json!({ "users": [] });
        set_accounts(&neighbour, &[(format!("consumer_{round}"), account)].into());
        neighbour.reload().unwrap();
        let until = tokio::time::Instant::now() + std::time::Duration::from_millis(20);
        while tokio::time::Instant::now() < until {
            let reads = (0..32).map(|_| world.broker.last_from_leader(&subject));
            futures::future::try_join_all(reads).await.unwrap();
        }
    }
    assert_eq!(world.broker.connection().borrow().count, 1);
}
