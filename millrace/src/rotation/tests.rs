//! Rotations against a real broker, alone and beside others who register, erase and misunderstand.

use bytes::Bytes;
use events::UserId;
use nats::Broker;
use servers::testing::TestNats;
use service::keys::DataKey;
use service::sealed::SealingKey;
use service::world;

use super::rotate;
use super::tally::Tally;

/// An installation that was begun with `old`.
struct World {
    broker: Broker,
    old: DataKey,
    new: DataKey,
    _nats: TestNats,
}

/// A user, and something that the user's key has sealed.
struct Person {
    user: UserId,
    name: events::Sealed,
}

impl World {
    async fn new() -> Self {
        let nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        broker.apply_streams().await.unwrap();
        let (old, new) = (DataKey::random().unwrap(), DataKey::random().unwrap());
        let secret = old.new_secret().unwrap();
        broker.settle_secret(secret.into()).await.unwrap();
        Self {
            broker,
            old,
            new,
            _nats: nats,
        }
    }

    /// `new`, which wraps, and `old`, which is only read.
    fn changing(&self) -> DataKey {
        both(&self.new, &self.old)
    }

    async fn register(&self, data_key: &DataKey) -> Person {
        let (user, key) = (UserId::new(world::new_id()), SealingKey::random().unwrap());
        let wrapped = data_key.wrap(user, &key).unwrap();
        self.broker.put_key(user, wrapped.into()).await.unwrap();
        let name = key.seal("name", "Ada").unwrap();
        Person { user, name }
    }

    async fn people(&self, count: usize) -> Vec<Person> {
        let registering = (0..count).map(|_| self.register(&self.old));
        futures::future::join_all(registering).await
    }

    async fn stored(&self, person: &Person) -> Option<Bytes> {
        self.broker.key(person.user).await.unwrap()
    }

    /// Whether this key, alone, opens the person's name.
    async fn is_read_with(&self, data_key: &DataKey, person: &Person) -> bool {
        let wrapped = self.stored(person).await.unwrap();
        let key = data_key.unwrap_key(person.user, &String::from_utf8_lossy(&wrapped));
        key.is_ok_and(|key| key.open("name", &person.name).unwrap() == "Ada")
    }

    async fn is_begun_with(&self, data_key: &DataKey) -> bool {
        let (secret, _) = self.broker.secret().await.unwrap().unwrap();
        data_key.keyring(&String::from_utf8_lossy(&secret)).is_ok()
    }

    async fn rotate(&self, data_key: &DataKey) -> anyhow::Result<Tally> {
        rotate(&self.broker, data_key, |_| ()).await
    }
}

fn both(first: &DataKey, second: &DataKey) -> DataKey {
    let (first, second) = (first.to_base64(), second.to_base64());
    DataKey::parse(&format!("{},{}", first.expose(), second.expose())).unwrap()
}

/// How many were wrapped anew, were so already, and were destroyed meanwhile.
fn counts(tally: &Tally) -> (u64, u64, u64) {
    (tally.anew, tally.already, tally.gone)
}

#[tokio::test]
async fn afterwards_the_new_key_alone_opens_everything_and_the_old_one_nothing() {
    let world = World::new().await;
    // More than a page.
    let people = world.people(600).await;
    let early = world.register(&world.new).await;
    let mut looked_at = Vec::new();
    let done = rotate(&world.broker, &world.changing(), |it| looked_at.push(it)).await;
    let done = done.unwrap();
    assert_eq!((done.is_secret_anew, counts(&done)), (true, (600, 1, 0)));
    assert_eq!(looked_at.iter().max(), Some(&601));
    for person in people.iter().chain([&early]) {
        assert!(world.is_read_with(&world.new, person).await);
        assert!(!world.is_read_with(&world.old, person).await);
    }
    assert!(world.is_begun_with(&world.new).await && !world.is_begun_with(&world.old).await);
}

#[tokio::test]
async fn a_second_run_does_nothing_and_the_new_key_alone_may_check() {
    let world = World::new().await;
    let people = world.people(3).await;
    world.rotate(&world.changing()).await.unwrap();
    let stored = world.stored(&people[0]).await;
    for data_key in [&world.changing(), &world.new] {
        let again = world.rotate(data_key).await.unwrap();
        assert_eq!((again.is_secret_anew, counts(&again)), (false, (0, 3, 0)));
        assert!(again.to_string().contains("nothing to do"), "{again}");
    }
    assert_eq!(world.stored(&people[0]).await, stored);
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_finished_by_the_next() {
    let world = World::new().await;
    let people = world.people(1_100).await;
    let changing = world.changing();
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let first = rotate(&world.broker, &changing, move |it| told.send(it).unwrap());
    tokio::select! {
        biased;
        it = hears.recv() => assert!(it.unwrap() < 1_100),
        done = first => panic!("{done:?}"),
    }
    let next = world.rotate(&changing).await.unwrap();
    assert!(next.already >= 500 && !next.is_secret_anew, "{next}");
    assert_eq!(next.anew + next.already, 1_100);
    for person in &people {
        assert!(world.is_read_with(&world.new, person).await);
    }
}

#[tokio::test]
async fn who_is_erased_meanwhile_stays_erased_and_who_registers_can_be_read() {
    let world = World::new().await;
    let people = world.people(1_000).await;
    let (erased, kept) = people.split_at(500);
    let erase = async {
        // From the end, against the direction of the rotation.
        for person in erased.iter().rev() {
            world.broker.destroy_key(person.user).await.unwrap();
        }
    };
    let register = async {
        let mut newcomers = Vec::new();
        for _ in 0..50 {
            newcomers.push(world.register(&world.changing()).await);
        }
        newcomers
    };
    let changing = world.changing();
    let (done, (), newcomers) = tokio::join!(world.rotate(&changing), erase, register);
    done.unwrap();
    for person in erased {
        assert_eq!(world.stored(person).await, None);
    }
    for person in kept.iter().chain(&newcomers) {
        assert!(world.is_read_with(&world.new, person).await);
    }
}

#[tokio::test]
async fn two_runs_at_once_end_well_both() {
    let world = World::new().await;
    let people = world.people(700).await;
    let changing = world.changing();
    let (one, other) = tokio::join!(world.rotate(&changing), world.rotate(&changing));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.anew + other.anew, 700, "{one}\n{other}");
    for person in &people {
        assert!(world.is_read_with(&world.new, person).await);
    }
}

#[tokio::test]
async fn a_key_that_no_key_opens_is_told_by_its_user_and_the_others_are_done() {
    let world = World::new().await;
    let people = world.people(5).await;
    let stranger = world.register(&DataKey::random().unwrap()).await;
    let before = world.stored(&stranger).await;
    let error = world.rotate(&world.changing()).await.unwrap_err();
    let said = format!("{error:#}");
    assert!(
        said.starts_with("1 users' keys can be opened by no key"),
        "{said}"
    );
    assert!(said.contains(&stranger.user.to_string()), "{said}");
    for secret in [world.new.to_base64(), world.old.to_base64()] {
        assert!(!said.contains(secret.expose()), "{said}");
    }
    assert_eq!(world.stored(&stranger).await, before);
    for person in &people {
        assert!(world.is_read_with(&world.new, person).await);
    }
}

#[tokio::test]
async fn with_other_keys_than_the_logs_nothing_is_touched() {
    let world = World::new().await;
    let person = world.register(&world.old).await;
    let (before, other) = (world.stored(&person).await, DataKey::random().unwrap());
    let error = world.rotate(&both(&world.new, &other)).await.unwrap_err();
    assert!(error.to_string().contains("in use with"), "{error:#}");
    assert_eq!(world.stored(&person).await, before);
    assert!(world.is_begun_with(&world.old).await);
}

#[tokio::test]
async fn a_process_that_goes_on_wrapping_with_the_old_key_is_noticed() {
    let world = World::new().await;
    world.people(10).await;
    let straggler = async {
        loop {
            world.register(&world.old).await;
        }
    };
    let changing = world.changing();
    let error = tokio::select! {
        done = world.rotate(&changing) => done.unwrap_err(),
        () = straggler => panic!("it never ends"),
    };
    let said = error.to_string();
    assert!(
        said.contains("begin with the new key in every process"),
        "{said}"
    );
}

#[tokio::test]
async fn a_broker_that_no_millrace_was_started_with_is_left_as_it_is() {
    let nats = servers::testing::nats().await;
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    let error = rotate(&broker, &DataKey::random().unwrap(), |_| ()).await;
    let said = error.unwrap_err().to_string();
    assert!(said.contains("no Millrace was started"), "{said}");
}
