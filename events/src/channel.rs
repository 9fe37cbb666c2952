//! Which events come on which subjects, for those who read the bus.

use crate::catalog::{self, EventType};
use crate::core::{ApiKeyEvent, SessionEvent, UserEvent, WorkspaceEvent};
use crate::links::{ClickEvent, ExclusionEvent, LinkEvent, OwnDomainEvent};
use crate::media::AssetEvent;
use crate::{DomainEvent, StreamName, WorkspaceId};

/// What stands for the workspace in an address.
const WORKSPACE: &str = "{workspace}";

/// The subjects of one kind of aggregate, or of the clicks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// What it is called.
    pub name: &'static str,
    /// What it tells of.
    pub about: &'static str,
    /// The stream that holds it.
    pub stream: StreamName,
    /// Its subjects, with a name in braces for each token that differs.
    pub address: &'static str,
    /// What the types of its events begin with.
    events: &'static str,
}

impl Channel {
    /// Every channel. Claims have none: they are no events.
    pub const ALL: [Self; 9] = [
        Self {
            name: "user",
            about: "What happened to a user.",
            stream: StreamName::Core,
            address: "core._.user.{user}",
            events: UserEvent::AGGREGATE,
        },
        Self {
            name: "session",
            about: "What happened to a session: one login, and the refresh tokens that came from it.",
            stream: StreamName::Core,
            address: "core._.session.{session}",
            events: SessionEvent::AGGREGATE,
        },
        Self {
            name: "workspace",
            about: "What happened to a workspace and its members.",
            stream: StreamName::Core,
            address: "core.{workspace}.workspace.{workspace}",
            events: WorkspaceEvent::AGGREGATE,
        },
        Self {
            name: "api_key",
            about: "What happened to an API key.",
            stream: StreamName::Core,
            address: "core.{workspace}.api_key.{api_key}",
            events: ApiKeyEvent::AGGREGATE,
        },
        Self {
            name: "asset",
            about: "What happened to an asset.",
            stream: StreamName::Media,
            address: "media.{workspace}.asset.{asset}",
            events: AssetEvent::AGGREGATE,
        },
        Self {
            name: "link",
            about: "What happened to a link.",
            stream: StreamName::Links,
            address: "links.{workspace}.link.{link}",
            events: LinkEvent::AGGREGATE,
        },
        Self {
            name: "domains",
            about: "What happened to the domains that a workspace brought.",
            stream: StreamName::Links,
            address: "links.{workspace}.domains.{workspace}",
            events: OwnDomainEvent::AGGREGATE,
        },
        Self {
            name: "clicks",
            about: "The clicks on a workspace's links, many in one message.",
            stream: StreamName::Clicks,
            address: "clicks.{workspace}",
            events: ClickEvent::AGGREGATE,
        },
        Self {
            name: "exclusions",
            about: "Which of its clicks a workspace does not count.",
            stream: StreamName::Clicks,
            address: "clicks.{workspace}.exclusions.{workspace}",
            events: ExclusionEvent::AGGREGATE,
        },
    ];

    /// The events that come on it, earlier versions among them.
    #[must_use]
    pub fn event_types(&self) -> Vec<EventType> {
        let all = catalog::readable_types().into_iter();
        let is_of_this = |it: &EventType| {
            let rest = it.name.strip_prefix(self.events);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        all.filter(is_of_this).collect()
    }

    /// The names in braces, each once, in their order.
    #[must_use]
    pub fn parameters(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for token in self.address.split('.') {
            let name = token.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    /// Its subjects as NATS matches them: of one workspace, if it tells of workspaces, or of everything.
    #[must_use]
    pub fn filter(&self, workspace: Option<WorkspaceId>) -> Option<String> {
        if workspace.is_some() && !self.parameters().contains(&"workspace") {
            return None;
        }
        let token = |it: &str| match workspace {
            Some(workspace) if it == WORKSPACE => workspace.to_string(),
            Some(_) | None if it.starts_with('{') => "*".to_owned(),
            Some(_) | None => it.to_owned(),
        };
        let tokens: Vec<_> = self.address.split('.').map(token).collect();
        Some(tokens.join("."))
    }
}

/// What a reader of a stream asks for who wants its events, all or one workspace's, and none of the claims.
#[must_use]
pub fn filters(stream: StreamName, workspace: Option<WorkspaceId>) -> Vec<String> {
    let channels = Channel::ALL.iter().filter(|it| it.stream == stream);
    channels.filter_map(|it| it.filter(workspace)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Channel, filters};
    use crate::{
        ApiKeyId, AssetId, ClaimKind, Context, LinkId, SessionId, StreamName, Subject, UserId,
        WorkspaceId, catalog,
    };
    use uuid::Uuid;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    /// One subject of every kind that tells of a workspace.
    fn of(workspace: WorkspaceId) -> [Subject; 7] {
        [
            Subject::Workspace(workspace),
            Subject::ApiKey(workspace, ApiKeyId::new(id(3))),
            Subject::Asset(workspace, AssetId::new(id(4))),
            Subject::Link(workspace, LinkId::new(id(5))),
            Subject::OwnDomains(workspace),
            Subject::Clicks(workspace),
            Subject::Exclusions(workspace),
        ]
    }

    fn of_nobody() -> [Subject; 2] {
        [
            Subject::User(UserId::new(id(6))),
            Subject::Session(SessionId::new(id(7))),
        ]
    }

    fn claims() -> [Subject; 5] {
        let key = || "a".to_owned();
        [
            Subject::ReportClaim(key()),
            Subject::Claim(Context::Core, ClaimKind::Email, key()),
            Subject::Claim(Context::Core, ClaimKind::Invitation, key()),
            Subject::Claim(Context::Links, ClaimKind::Slug, key()),
            Subject::Claim(Context::Media, ClaimKind::Idempotency, key()),
        ]
    }

    /// How many filters let a subject through: JetStream refuses a consumer with two that overlap.
    fn passes(subject: &Subject, workspace: Option<WorkspaceId>) -> usize {
        let subject_text = subject.to_string();
        let tokens: Vec<_> = subject_text.split('.').collect();
        let fits = |filter: &String| {
            let wanted: Vec<_> = filter.split('.').collect();
            let pairs = || wanted.iter().zip(&tokens);
            wanted.len() == tokens.len() && pairs().all(|(it, token)| *it == "*" || it == token)
        };
        let filters = filters(subject.stream(), workspace);
        filters.iter().filter(|it| fits(it)).count()
    }

    #[test]
    fn every_event_passes_once_and_no_claim_does() {
        let workspace = WorkspaceId::new(id(1));
        for subject in of(workspace).iter().chain(&of_nobody()) {
            assert_eq!(passes(subject, None), 1, "{subject}");
        }
        for subject in claims() {
            assert_eq!(passes(&subject, None), 0, "{subject}");
            assert_eq!(passes(&subject, Some(workspace)), 0, "{subject}");
        }
    }

    #[test]
    fn a_workspaces_filters_let_through_what_is_its_own() {
        let [ours, theirs] = [1, 2].map(|number| WorkspaceId::new(id(number)));
        for subject in of(ours) {
            assert_eq!(passes(&subject, Some(ours)), 1, "{subject}");
            assert_eq!(passes(&subject, Some(theirs)), 0, "{subject}");
        }
        for subject in of_nobody() {
            assert_eq!(passes(&subject, Some(ours)), 0, "{subject}");
        }
    }

    #[test]
    fn every_event_type_comes_on_one_channel() {
        let told: Vec<_> = Channel::ALL
            .iter()
            .flat_map(Channel::event_types)
            .map(|it| it.name)
            .collect();
        let mut sorted = told.clone();
        sorted.sort();
        let all: Vec<_> = catalog::readable_types()
            .into_iter()
            .map(|it| it.name)
            .collect();
        assert_eq!(sorted, all);
        let streams = StreamName::ALL.map(|stream| filters(stream, None).len());
        assert_eq!(streams, [4, 1, 2, 2]);
    }
}
