//! Sessions: what is revoked is heard, and who cannot hear admits nobody.

use super::*;

/// Both gates admit, then the event happens, and then neither does.
async fn is_heard_by_both(
    subject: impl Fn(&Caller) -> Subject,
    event: impl DomainEvent,
    of: UserId,
) {
    let world = World::new().await;
    let gates = [world.gate().await, world.gate().await];
    let caller = Caller {
        user: of,
        ..world.member(Role::Editor).await
    };
    for gate in &gates {
        assert!(admit(gate, &caller).await.is_ok());
    }
    world.tell(subject(&caller), &event).await;
    let token = token(&caller, world::now());
    let refused = gates.each_ref().map(|gate| {
        let ask = || gate.admit(&token, None, world::now());
        until("refused", ask, is_revoked)
    });
    for took in futures::future::join_all(refused).await {
        assert!(took < AT_ONCE, "{took:?}");
    }
}

fn user() -> UserId {
    UserId::new(world::new_id())
}

#[tokio::test]
async fn a_logout_is_heard_everywhere_at_once() {
    let (user, reason) = (user(), CloseReason::LoggedOut);
    let subject = |caller: &Caller| Subject::Session(caller.session().unwrap());
    is_heard_by_both(subject, SessionEvent::Closed { user, reason }, user).await;
}

#[tokio::test]
async fn a_suspension_and_a_change_of_role_are_heard_everywhere_at_once() {
    let (user, role) = (user(), Role::Viewer);
    let subject = |caller: &Caller| Subject::Workspace(caller.workspace);
    is_heard_by_both(subject, WorkspaceEvent::MemberSuspended { user }, user).await;
    is_heard_by_both(subject, WorkspaceEvent::RoleChanged { user, role }, user).await;
}

#[tokio::test]
async fn an_erasure_is_heard_everywhere_at_once() {
    let (user, workspace) = (user(), ada().workspace);
    let subject = |caller: &Caller| Subject::User(caller.user);
    is_heard_by_both(subject, UserEvent::Erased { workspace }, user).await;
}

#[tokio::test]
async fn a_gate_that_starts_later_has_heard_what_was_revoked_before() {
    let world = World::new().await;
    let (ada, bob) = (
        world.member(Role::Editor).await,
        world.member(Role::Editor).await,
    );
    world.log_out(&ada).await;
    let gate = world.gate().await;
    // Whether it has caught up by now or not: nobody is admitted before.
    assert!(is_revoked(&admit(&gate, &ada).await));
    assert!(admit(&gate, &bob).await.is_ok());
}

#[tokio::test]
async fn a_gate_is_ready_when_it_hears() {
    let world = World::new().await;
    let readiness = Readiness::default();
    let gate = Gate::follow(tokens(), world.broker.clone(), &readiness, &world.tasks);
    assert_eq!(readiness.missing().len(), 1);
    assert!(admit(&gate, &ada()).await.is_ok());
    assert!(readiness.missing().is_empty());
}

#[tokio::test]
async fn without_the_log_nobody_is_admitted() {
    let nats = servers::testing::nats().await;
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    let tasks = Tasks::default();
    let gate = Gate::follow(tokens(), broker, &Readiness::default(), &tasks);
    let refused = admit(&gate, &ada()).await;
    assert!(is_deaf(&refused));
    assert_eq!(status(refused), StatusCode::SERVICE_UNAVAILABLE);
    // A forgery is one, whatever is heard.
    let forged = gate.admit("a.b.c", None, world::now()).await;
    assert_eq!(status(forged), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn while_the_broker_is_away_nobody_is_admitted_and_then_what_was_revoked_is_known_first() {
    let mut world = World::new().await;
    let gate = world.gate().await;
    let (ada, bob) = (
        world.member(Role::Editor).await,
        world.member(Role::Editor).await,
    );
    assert!(admit(&gate, &ada).await.is_ok());
    world.nats.kill().await;
    until("deaf", || admit(&gate, &ada), is_deaf).await;
    world.nats.start_again().await.unwrap();
    // Another process, which is back before the gate is.
    let broker = Broker::connect(&world.nats.url(), "test").await.unwrap();
    let (user, reason) = (ada.user, CloseReason::LoggedOut);
    let subject = Subject::Session(ada.session().unwrap());
    let closed = message(subject, &SessionEvent::Closed { user, reason });
    broker.append(&[closed]).await.unwrap();
    let revoked_at = Instant::now();
    let answers = until(
        "back",
        || async {
            let of_ada = admit(&gate, &ada).await;
            assert!(of_ada.is_err() || revoked_at.elapsed() < AT_ONCE);
            admit(&gate, &bob).await
        },
        Result::is_ok,
    );
    answers.await;
    // The gate may have been back before the session was closed.
    let of_ada = || async {
        let of_ada = admit(&gate, &ada).await;
        assert!(of_ada.is_err() || revoked_at.elapsed() < AT_ONCE);
        of_ada
    };
    until("revoked", of_ada, is_revoked).await;
}

#[tokio::test]
async fn a_short_absence_of_the_broker_is_waited_out() {
    let mut world = World::new().await;
    let (gate, ada) = (world.gate().await, world.member(Role::Editor).await);
    assert!(admit(&gate, &ada).await.is_ok());
    world.nats.kill().await;
    world.nats.start_again().await.unwrap();
    assert!(admit(&gate, &ada).await.is_ok());
}

#[tokio::test]
async fn what_has_expired_at_the_end_of_the_log_is_not_waited_for() {
    use events::{ClaimKind, Context, EventId};

    let world = World::new().await;
    let subject = Subject::Claim(Context::Core, ClaimKind::Idempotency, "key".to_owned());
    let claim = nats::NewMessage::claim(subject.clone(), EventId::new(world::new_id()), "{}");
    let claim = claim.with_ttl(AT_ONCE);
    world.broker.append(&[claim]).await.unwrap();
    let gate = world.gate().await;
    assert!(admit(&gate, &ada()).await.is_ok());
    let last = || world.broker.last_from_leader(&subject);
    until("expired", last, |found| matches!(found, Ok(None))).await;
    let later = world.gate().await;
    for gate in [&gate, &later] {
        assert!(admit(gate, &ada()).await.is_ok());
    }
}

#[tokio::test]
async fn who_watches_is_told_of_a_revocation_and_of_one_that_came_before() {
    let world = World::new().await;
    let gate = world.gate().await;
    let (ada, bob) = (
        world.member(Role::Editor).await,
        world.member(Role::Editor).await,
    );
    let (of_ada, of_bob) = (gate.watch(&ada), gate.watch(&bob));
    assert!(admit(&gate, &ada).await.is_ok());
    let begun = Instant::now();
    world.log_out(&ada).await;
    timeout(SOON, of_ada.revoked()).await.unwrap();
    assert!(begun.elapsed() < AT_ONCE);
    timeout(SOON, gate.watch(&ada).revoked()).await.unwrap();
    let told = timeout(Duration::from_millis(50), of_bob.revoked()).await;
    assert!(told.is_err());
}

#[tokio::test]
async fn who_watches_no_longer_is_forgotten() {
    let gate = Gate::deaf(tokens());
    let ada = ada();
    let watched = [gate.watch(&ada), gate.watch(&ada)];
    assert_eq!(gate.0.watchers.len(), 2);
    drop(watched);
    assert_eq!(gate.0.watchers.len(), 0);
}

#[tokio::test]
async fn over_another_log_everybody_begins_anew() {
    let world = World::new().await;
    let (gate, ada) = (world.gate().await, world.member(Role::Editor).await);
    assert!(admit(&gate, &ada).await.is_ok());
    let watched = gate.watch(&ada);
    gate.start_over(gate.0.followed.as_ref().unwrap());
    timeout(SOON, watched.revoked()).await.unwrap();
    let before = Timestamp::new(world::now().odt() - Duration::from_secs(2));
    let old = gate.admit(&token(&ada, before), None, world::now()).await;
    assert!(is_revoked(&old));
}
