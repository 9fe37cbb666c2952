//! Callers, tokens and events for tests.

use std::time::Duration;

use events::core::Role;
use events::{
    Actor, DomainEvent, EventId, Metadata, SessionId, Subject, Timestamp, UserId, WorkspaceId,
};
use nats::{Expected, NewMessage};

use super::{Caller, Credential, Grant, Seen, Tokens};
use crate::config::Secret;
use crate::world;

pub(super) const SECRET: &str = "a-secret-of-more-than-32-characters";

pub(super) fn tokens() -> Tokens {
    Tokens::new(&Secret::new(SECRET), Duration::from_hours(1))
}

/// An editor, who knows of everything up to the tenth event.
pub(super) fn ada() -> Caller {
    let now = world::now();
    Caller {
        user: UserId::new(world::new_id()),
        workspace: WorkspaceId::new(world::new_id()),
        role: Role::Editor,
        credential: Credential::Session(SessionId::new(world::new_id())),
        issued_at: now,
        expires_at: Some(later(now, 3600)),
        seen: Seen {
            user: 10,
            workspace: 10,
        },
    }
}

pub(super) fn token(caller: &Caller, now: Timestamp) -> String {
    let grant = Grant {
        user: caller.user,
        email: "ada@example.com",
        workspace: caller.workspace,
        role: caller.role,
        session: caller.session().unwrap(),
        seen: caller.seen,
    };
    tokens().issue(&grant, now, world::new_id()).unwrap()
}

pub(super) fn later(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::new(now.odt() + time::Duration::seconds(seconds))
}

pub(super) fn message<E: DomainEvent>(subject: Subject, event: &E) -> NewMessage {
    let metadata = Metadata {
        id: EventId::new(world::new_id()),
        time: world::now(),
        actor: Actor::System,
        correlation: None,
        causation: None,
        traceparent: None,
    };
    NewMessage::event(subject, &metadata, event, Expected::Any).unwrap()
}
