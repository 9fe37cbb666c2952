//! Recognising who asks: the token's signature, and that nothing of it was revoked.
//!
//! Measured here, call by call, since what matters is how long the slowest take: benchmark harnesses such as criterion
//! and divan time many calls at once, and tell means and medians.

use std::time::{Duration, Instant};

use anyhow::ensure;
use events::core::{CloseReason, Role, SessionEvent};
use events::{Actor, EventId, Metadata, SessionId, Subject, UserId, WorkspaceId};
use futures::{StreamExt, TryStreamExt, stream};
use nats::{Broker, Expected, NewMessage};
use servers::Nats;
use service::caller::{Gate, Grant, Refusal, Seen, Tokens};
use service::config::Secret;
use service::health::Readiness;
use service::shutdown::Tasks;
use service::world;

use crate::figure::Figure;
use crate::times::Times;

/// Sessions that have ended, and are remembered.
const REVOKED: usize = 10_000;
/// Sessions that go on, whose tokens are shown in turn.
const GOOD: usize = 1_000;
const CALLS: usize = 100_000;
/// Messages that are stored at once.
const AT_ONCE: usize = 256;
/// How long the last revocation may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);
const STOPPING_MAX: Duration = Duration::from_secs(5);
/// What checking a request's token may take.
const WANTED: Duration = Duration::from_micros(20);

pub(super) async fn measure(broker: &Nats) -> anyhow::Result<[Figure; 2]> {
    let broker = Broker::connect(&broker.url(), "bench").await?;
    broker.apply_streams().await?;
    let secret = Secret::new("a secret that only this measurement knows");
    let tokens = Tokens::new(&secret, Duration::from_hours(1));
    let tasks = Tasks::default();
    let gate = Gate::follow(
        tokens.clone(),
        broker.clone(),
        &Readiness::default(),
        &tasks,
    );
    let revoked: Vec<_> = (0..REVOKED).map(|_| session()).collect();
    let ended = stream::iter(&revoked).map(|session| end(&broker, *session));
    ended.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    refuses_all(&gate, &tokens, &revoked).await?;

    let good: Vec<_> = (0..GOOD).map(|_| issue(&tokens, session())).collect();
    let good: Vec<String> = good.into_iter().collect::<Result<_, _>>()?;
    let (mut admitted, mut verified) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for token in good.iter().cycle().take(CALLS) {
        let started = Instant::now();
        gate.admit(token, None, world::now()).await?;
        admitted.push(started.elapsed());
        let started = Instant::now();
        tokens.verify(token, world::now())?;
        verified.push(started.elapsed());
    }
    tasks.stop(STOPPING_MAX).await?;
    let (admitted, verified) = (Times::of(admitted)?, Times::of(verified)?);
    let measured = format!("p50 {:?}, p99 {:?}", admitted.p50, admitted.p99);
    Ok([
        Figure {
            name: "admission".to_owned(),
            measured: measured.clone(),
            bound: format!("{WANTED:?} at p99"),
            ratio: admitted.p99.as_secs_f64() / WANTED.as_secs_f64(),
            wanted: "1 or less",
        },
        Figure {
            name: "admission over signature".to_owned(),
            measured,
            bound: format!(
                "p50 {:?}, p99 {:?} without revocations",
                verified.p50, verified.p99
            ),
            ratio: admitted.p50.as_secs_f64() / verified.p50.as_secs_f64(),
            wanted: "",
        },
    ])
}

fn session() -> SessionId {
    SessionId::new(world::new_id())
}

async fn end(broker: &Broker, session: SessionId) -> anyhow::Result<()> {
    let metadata = Metadata {
        id: EventId::new(world::new_id()),
        time: world::now(),
        actor: Actor::System,
        correlation: None,
        causation: None,
        traceparent: None,
    };
    let closed = SessionEvent::Closed {
        user: UserId::new(world::new_id()),
        reason: CloseReason::LoggedOut,
    };
    let message = NewMessage::event(Subject::Session(session), &metadata, &closed, Expected::Any)?;
    broker.append(&[message]).await?;
    Ok(())
}

fn issue(tokens: &Tokens, session: SessionId) -> anyhow::Result<String> {
    let grant = Grant {
        user: UserId::new(world::new_id()),
        email: "ada@example.com",
        workspace: WorkspaceId::new(world::new_id()),
        role: Role::Admin,
        session,
        seen: Seen::default(),
    };
    Ok(tokens.issue(&grant, world::now(), world::new_id())?)
}

/// Waits until every one of them is refused: so many revocations are held while the rest is measured.
async fn refuses_all(gate: &Gate, tokens: &Tokens, revoked: &[SessionId]) -> anyhow::Result<()> {
    let started = Instant::now();
    for session in revoked {
        let token = issue(tokens, *session)?;
        while !matches!(
            gate.admit(&token, None, world::now()).await,
            Err(Refusal::Revoked)
        ) {
            ensure!(started.elapsed() < PATIENCE, "a revocation was not heard");
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
