//! Gates over a real broker.

mod keys;
mod revoked;

use std::time::Duration;

use events::core::{CloseReason, Role, SessionEvent, UserEvent, WorkspaceEvent};
use events::{DomainEvent, SessionId, Subject, Timestamp, UserId};
use http::StatusCode;
use nats::Broker;
use servers::testing::TestNats;
use tokio::time::{Instant, timeout};

use super::super::testing::{ada, message, token, tokens};
use super::super::{Credential, Seen};
use super::*;
use crate::problem::Problem;
use crate::world;

/// Generous for a busy machine; what must be quick is measured.
const SOON: Duration = Duration::from_secs(10);
/// "Within a second."
const AT_ONCE: Duration = Duration::from_secs(1);

struct World {
    nats: TestNats,
    broker: Broker,
    tasks: Tasks,
}

impl World {
    async fn new() -> Self {
        let nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        broker.apply_streams().await.unwrap();
        Self {
            nats,
            broker,
            tasks: Tasks::default(),
        }
    }

    /// A gate of another process.
    async fn gate(&self) -> Gate {
        let broker = Broker::connect(&self.nats.url(), "gate").await.unwrap();
        Gate::follow(tokens(), broker, &Readiness::default(), &self.tasks)
    }

    /// Answers the event's sequence.
    async fn tell(&self, subject: Subject, event: &impl DomainEvent) -> u64 {
        let message = message(subject, event);
        let appended = self.broker.append(&[message]).await.unwrap();
        appended.position.sequence
    }

    /// Somebody in a workspace of the person's own, as a token would tell of it now.
    async fn member(&self, role: Role) -> Caller {
        let mut caller = Caller { role, ..ada() };
        let user = caller.user;
        let opened = WorkspaceEvent::Opened { owner: user };
        let workspace = Subject::Workspace(caller.workspace);
        self.tell(workspace.clone(), &opened).await;
        let changed = WorkspaceEvent::RoleChanged { user, role };
        let last = self.tell(workspace, &changed).await;
        caller.seen = Seen {
            user: last,
            workspace: last,
        };
        caller
    }

    async fn log_out(&self, caller: &Caller) {
        let (user, reason) = (caller.user, CloseReason::LoggedOut);
        let subject = Subject::Session(caller.session().unwrap());
        self.tell(subject, &SessionEvent::Closed { user, reason })
            .await;
    }
}

async fn admit(gate: &Gate, caller: &Caller) -> Result<Caller, Refusal> {
    let now = world::now();
    gate.admit(&token(caller, now), None, now).await
}

/// Asks until the answer is the one that is waited for, and tells how long that took.
async fn until<T, F>(
    what: &str,
    ask: impl Fn() -> F + Send + Sync,
    is_it: impl Fn(&T) -> bool + Send + Sync,
) -> Duration
where
    F: Future<Output = T> + Send,
    T: Send,
{
    let begun = Instant::now();
    let asking = async {
        while !is_it(&ask().await) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let asked = timeout(SOON, asking).await;
    assert!(asked.is_ok(), "{what}: not within {SOON:?}");
    begun.elapsed()
}

fn is_revoked<T>(admitted: &Result<T, Refusal>) -> bool {
    matches!(admitted, Err(Refusal::Revoked | Refusal::RevokedKey))
}

fn is_deaf<T>(admitted: &Result<T, Refusal>) -> bool {
    matches!(admitted, Err(Refusal::Deaf))
}

fn status<T>(admitted: Result<T, Refusal>) -> StatusCode {
    admitted.map_or_else(
        |refusal| Problem::from(refusal).status(),
        |_| StatusCode::OK,
    )
}
