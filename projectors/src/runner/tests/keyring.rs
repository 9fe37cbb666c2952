//! Personal data that does not open: because of the installation's key, or because of the event.

use std::time::Duration;

use events::{Context, Position, Subject};
use service::keys::Keyring;
use service::sealed::SealingKey;
use tokio::time::timeout;

use crate::testing::{Log, Running, eventually, one, person, registered, user};

const SEVERAL_ATTEMPTS: Duration = Duration::from_secs(3);

async fn parked(running: &Running) -> Option<i64> {
    let count = "select count(*) from parked_event";
    one::<i64>(&running.database, Context::Core, count).await
}

async fn ada_registers(log: &Log) -> Position {
    let ada = user();
    let key = person(log, ada).await;
    log.append(&Subject::User(ada), &registered(&key, "ada@example.org"))
        .await
}

#[tokio::test]
async fn a_wrong_keyring_parks_nothing_and_the_right_one_goes_on() {
    let mut log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let position = ada_registers(&log).await;
    let right = std::mem::replace(&mut log.keyring, Keyring::random().unwrap());
    let running = log.project_into(&url);
    eventually("down", async || {
        let missing = running.readiness.missing();
        let is_told = matches!(missing.as_slice(), [only] if only.component == "user_profile"
            && only.reason == "DATA_KEY does not open the users' keys");
        if is_told { Ok(()) } else { Err(missing) }
    })
    .await;
    // Nor is it ready between one attempt and the next.
    let ready = eventually("ready", async || match running.readiness.missing() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(missing),
    });
    assert!(timeout(SEVERAL_ATTEMPTS, ready).await.is_err());
    assert_eq!(parked(&running).await, Some(0));
    running.stop().await;

    log.keyring = right;
    let running = log.project_into(&url);
    running.reach("user_profile", position).await;
    assert_eq!(parked(&running).await, Some(0));
    running.stop().await;
}

#[tokio::test]
async fn a_text_that_a_good_key_does_not_open_is_parked() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let bob = user();
    person(&log, bob).await;
    let other = SealingKey::random().unwrap();
    log.append(&Subject::User(bob), &registered(&other, "bob@example.org"))
        .await;
    let position = ada_registers(&log).await;
    running.reach("user_profile", position).await;
    assert_eq!(parked(&running).await, Some(1));
    running.stop().await;
}
