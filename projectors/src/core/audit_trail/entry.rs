//! What an envelope and a subject say of an event.

use events::core::{SessionEvent, UserEvent};
use events::{Actor, DecodeError, DomainEvent, Metadata, Position, Subject, WorkspaceId};
use nats::StoredMessage;
use uuid::Uuid;

/// An event of any kind, without what it says.
pub(crate) struct Entry {
    pub(super) position: Position,
    pub(super) metadata: Metadata,
    pub(super) event_type: String,
    pub(super) subject_kind: &'static str,
    pub(super) subject_id: Uuid,
    /// Not told by the later events of a user or a session.
    pub(super) workspace: Option<WorkspaceId>,
}

impl Entry {
    /// `None` for what is no event of an aggregate.
    pub(super) fn read(message: &StoredMessage) -> Result<Option<Self>, DecodeError> {
        let named = message.subject.as_ref().map(name);
        let (Some(subject), Some(Some((subject_kind, subject_id)))) = (&message.subject, named)
        else {
            return Ok(None);
        };
        let (metadata, event_type) = events::read_metadata(|name| message.header(name))?;
        let told = subject.workspace();
        Ok(Some(Self {
            position: message.position,
            metadata,
            event_type: event_type.to_owned(),
            subject_kind,
            subject_id,
            workspace: told
                .map_or_else(|| opening(event_type, &message.body), |it| Ok(Some(it)))?,
        }))
    }

    pub(super) const fn actor_kind(&self) -> &'static str {
        match self.metadata.actor {
            Actor::Anonymous => "anonymous",
            Actor::User(_) => "user",
            Actor::ApiKey(_) => "api_key",
            Actor::System => "system",
        }
    }

    pub(super) const fn actor_id(&self) -> Option<Uuid> {
        match self.metadata.actor {
            Actor::User(user) => Some(user.uuid()),
            Actor::ApiKey(key) => Some(key.uuid()),
            Actor::Anonymous | Actor::System => None,
        }
    }
}

/// What kind of thing the subject is, and which.
const fn name(subject: &Subject) -> Option<(&'static str, Uuid)> {
    match subject {
        Subject::User(user) => Some(("user", user.uuid())),
        Subject::Session(session) => Some(("session", session.uuid())),
        Subject::Workspace(workspace) => Some(("workspace", workspace.uuid())),
        Subject::ApiKey(_, key) => Some(("api_key", key.uuid())),
        Subject::Asset(_, asset) => Some(("asset", asset.uuid())),
        Subject::Link(_, link) => Some(("link", link.uuid())),
        Subject::OwnDomains(workspace) => Some(("domains", workspace.uuid())),
        Subject::Clicks(_)
        | Subject::Exclusions(_)
        | Subject::ReportClaim(_)
        | Subject::Claim(..) => None,
    }
}

/// The workspace that the first event of a user or a session tells.
fn opening(event_type: &str, body: &[u8]) -> Result<Option<WorkspaceId>, DecodeError> {
    let is = |aggregate: &str, name: &str| {
        let rest = event_type.strip_prefix(aggregate);
        rest.is_some_and(|rest| rest.starts_with(name))
    };
    if is(UserEvent::AGGREGATE, ".registered.") {
        if let UserEvent::Registered { workspace, .. } = UserEvent::decode(event_type, body)? {
            return Ok(Some(workspace));
        }
    } else if is(SessionEvent::AGGREGATE, ".opened.")
        && let SessionEvent::Opened { workspace, .. } = SessionEvent::decode(event_type, body)?
    {
        return Ok(Some(workspace));
    }
    Ok(None)
}
