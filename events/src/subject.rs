//! NATS subjects: the one place where they are built and read.
//!
//! An aggregate's subject *is* its history, so each aggregate has one literal subject.

use std::fmt;
use std::str::FromStr;

use crate::{ApiKeyId, AssetId, LinkId, SessionId, StreamName, UserId, WorkspaceId};

/// The longest key of a claim, in bytes: base64url of a domain (253), its workspace (33), a slash and a slug (192).
const CLAIM_KEY_BYTES_MAX: usize = 640;

/// The subject of one aggregate's history, of a workspace's clicks, or of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// `core._.user.<user>`: a user belongs to no workspace.
    User(UserId),
    /// `core._.session.<session>`: a session may go from one workspace to another.
    Session(SessionId),
    /// `core.<workspace>.workspace.<workspace>`
    Workspace(WorkspaceId),
    /// `core.<workspace>.api_key.<key>`
    ApiKey(WorkspaceId, ApiKeyId),
    /// `media.<workspace>.asset.<asset>`
    Asset(WorkspaceId, AssetId),
    /// `links.<workspace>.link.<link>`
    Link(WorkspaceId, LinkId),
    /// `links.<workspace>.domains.<workspace>`: all that a workspace brought, so that none is brought twice.
    OwnDomains(WorkspaceId),
    /// `clicks.<workspace>`
    Clicks(WorkspaceId),
    /// `clicks.<workspace>.exclusions.<workspace>`: which of its clicks do not count; in one order with them.
    Exclusions(WorkspaceId),
    /// `clicks.claim.idempotency.<key>`: a request that reported clicks or excluded them, by a hash of the caller and the key.
    ReportClaim(String),
    /// `<context>.claim.<kind>.<key>`: whoever publishes there first holds the value.
    Claim(Context, ClaimKind, String),
}

/// A part of the business, with a schema and a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Users and workspaces.
    Core,
    /// Assets.
    Media,
    /// Links and clicks.
    Links,
}

/// What a claim makes unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimKind {
    /// An e-mail address, keyed by its HMAC.
    Email,
    /// A slug of a domain, keyed by base64url of `domain/slug`; a workspace's own domain has its workspace beside it.
    Slug,
    /// A domain, keyed by base64url of its name: whoever proved control of it holds it.
    Domain,
    /// An `Idempotency-Key`, keyed by a hash of the caller and the key.
    Idempotency,
    /// An invitation, keyed by its id: it lets in once.
    Invitation,
}

/// The text is no subject that Millrace writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a subject of Millrace's log: {0}")]
pub struct ParseSubjectError(String);

impl Context {
    /// Every context.
    pub const ALL: [Self; 3] = [Self::Core, Self::Media, Self::Links];

    /// The first token of the context's subjects, and the name of its database schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Media => "media",
            Self::Links => "links",
        }
    }

    /// The stream that holds the context's aggregates and claims.
    #[must_use]
    pub const fn stream(self) -> StreamName {
        match self {
            Self::Core => StreamName::Core,
            Self::Media => StreamName::Media,
            Self::Links => StreamName::Links,
        }
    }
}

impl ClaimKind {
    const ALL: [Self; 5] = [
        Self::Email,
        Self::Slug,
        Self::Domain,
        Self::Idempotency,
        Self::Invitation,
    ];

    /// The kind's token in a claim's subject.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slug => "slug",
            Self::Domain => "domain",
            Self::Idempotency => "idempotency",
            Self::Invitation => "invitation",
        }
    }
}

impl Subject {
    /// The stream that holds the subject.
    #[must_use]
    pub const fn stream(&self) -> StreamName {
        match self {
            Self::User(_) | Self::Session(_) | Self::Workspace(_) | Self::ApiKey(..) => {
                StreamName::Core
            }
            Self::Asset(..) => StreamName::Media,
            Self::Link(..) | Self::OwnDomains(_) => StreamName::Links,
            Self::Clicks(_) | Self::Exclusions(_) | Self::ReportClaim(_) => StreamName::Clicks,
            Self::Claim(context, ..) => context.stream(),
        }
    }

    /// The context that the subject belongs to.
    #[must_use]
    pub const fn context(&self) -> Context {
        match self {
            Self::User(_) | Self::Session(_) | Self::Workspace(_) | Self::ApiKey(..) => {
                Context::Core
            }
            Self::Asset(..) => Context::Media,
            Self::Link(..)
            | Self::OwnDomains(_)
            | Self::Clicks(_)
            | Self::Exclusions(_)
            | Self::ReportClaim(_) => Context::Links,
            Self::Claim(context, ..) => *context,
        }
    }

    /// The workspace that owns what the subject tells of, if one does.
    #[must_use]
    pub const fn workspace(&self) -> Option<WorkspaceId> {
        match self {
            Self::Workspace(workspace)
            | Self::ApiKey(workspace, _)
            | Self::Asset(workspace, _)
            | Self::Link(workspace, _)
            | Self::OwnDomains(workspace)
            | Self::Clicks(workspace)
            | Self::Exclusions(workspace) => Some(*workspace),
            Self::User(_) | Self::Session(_) | Self::ReportClaim(_) | Self::Claim(..) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "core._.user.{user}"),
            Self::Session(session) => write!(f, "core._.session.{session}"),
            Self::Workspace(workspace) => write!(f, "core.{workspace}.workspace.{workspace}"),
            Self::ApiKey(workspace, key) => write!(f, "core.{workspace}.api_key.{key}"),
            Self::Asset(workspace, asset) => write!(f, "media.{workspace}.asset.{asset}"),
            Self::Link(workspace, link) => write!(f, "links.{workspace}.link.{link}"),
            Self::OwnDomains(workspace) => write!(f, "links.{workspace}.domains.{workspace}"),
            Self::Clicks(workspace) => write!(f, "clicks.{workspace}"),
            Self::Exclusions(workspace) => {
                write!(f, "clicks.{workspace}.exclusions.{workspace}")
            }
            Self::ReportClaim(key) => write!(f, "clicks.claim.idempotency.{key}"),
            Self::Claim(context, kind, key) => {
                write!(f, "{}.claim.{}.{key}", context.as_str(), kind.as_str())
            }
        }
    }
}

impl FromStr for Subject {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseSubjectError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Subject> {
    let tokens: Vec<&str> = text.split('.').collect();
    match *tokens.as_slice() {
        ["clicks", workspace] => Some(Subject::Clicks(workspace.parse().ok()?)),
        ["clicks", "claim", "idempotency", key] => {
            is_claim_key(key).then(|| Subject::ReportClaim(key.to_owned()))
        }
        ["clicks", workspace, "exclusions", same] if workspace == same => {
            Some(Subject::Exclusions(workspace.parse().ok()?))
        }
        ["core", "_", "user", user] => Some(Subject::User(user.parse().ok()?)),
        ["core", "_", "session", session] => Some(Subject::Session(session.parse().ok()?)),
        ["core", workspace, "api_key", key] => {
            Some(Subject::ApiKey(workspace.parse().ok()?, key.parse().ok()?))
        }
        ["core", workspace, "workspace", same] if workspace == same => {
            Some(Subject::Workspace(workspace.parse().ok()?))
        }
        ["media", workspace, "asset", asset] => {
            Some(Subject::Asset(workspace.parse().ok()?, asset.parse().ok()?))
        }
        ["links", workspace, "link", link] => {
            Some(Subject::Link(workspace.parse().ok()?, link.parse().ok()?))
        }
        ["links", workspace, "domains", same] if workspace == same => {
            Some(Subject::OwnDomains(workspace.parse().ok()?))
        }
        [context, "claim", kind, key] => {
            let context = Context::ALL.into_iter().find(|it| it.as_str() == context)?;
            let kind = ClaimKind::ALL.into_iter().find(|it| it.as_str() == kind)?;
            is_claim_key(key).then(|| Subject::Claim(context, kind, key.to_owned()))
        }
        _ => None,
    }
}

fn is_claim_key(key: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=CLAIM_KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(is_base64url)
}

#[cfg(test)]
mod tests {
    use super::{ClaimKind, Context, Subject};
    use crate::{ApiKeyId, AssetId, LinkId, SessionId, UserId, WorkspaceId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn subject() -> impl Strategy<Value = Subject> {
        let uuid = || any::<u128>().prop_map(Uuid::from_u128);
        let workspace = move || uuid().prop_map(WorkspaceId::new);
        prop_oneof![
            uuid().prop_map(|id| Subject::User(UserId::new(id))),
            uuid().prop_map(|id| Subject::Session(SessionId::new(id))),
            workspace().prop_map(Subject::Workspace),
            (workspace(), uuid()).prop_map(|(ws, id)| Subject::ApiKey(ws, ApiKeyId::new(id))),
            (workspace(), uuid()).prop_map(|(ws, id)| Subject::Asset(ws, AssetId::new(id))),
            (workspace(), uuid()).prop_map(|(ws, id)| Subject::Link(ws, LinkId::new(id))),
            workspace().prop_map(Subject::OwnDomains),
            workspace().prop_map(Subject::Clicks),
            workspace().prop_map(Subject::Exclusions),
            "[A-Za-z0-9_-]{1,64}".prop_map(Subject::ReportClaim),
            (
                0..Context::ALL.len(),
                0..ClaimKind::ALL.len(),
                "[A-Za-z0-9_-]{1,64}"
            )
                .prop_map(|(context, kind, key)| {
                    Subject::Claim(Context::ALL[context], ClaimKind::ALL[kind], key)
                }),
        ]
    }

    proptest! {
        #[test]
        fn a_subject_is_read_as_it_was_written(subject in subject()) {
            prop_assert_eq!(subject.to_string().parse(), Ok(subject));
        }

        #[test]
        fn no_text_makes_the_reader_fall_over(text: String) {
            if let Ok(subject) = text.parse::<Subject>() {
                prop_assert_eq!(subject.to_string(), text);
            }
        }
    }

    #[test]
    fn wildcards_and_strangers_are_no_subjects() {
        for text in [
            "",
            "clicks.*",
            "clicks.>",
            "links.claim.slug.a*",
            "links.claim.colour.a",
        ] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
