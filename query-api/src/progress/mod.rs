//! How far each projection has come, and waiting until one has come far enough.
//!
//! Projectors tell of each commit by a notice; a lost notice costs a delay, never truth.

use std::sync::Arc;
use std::time::Duration;

use events::{Context, StreamName};
use nats::{Broker, Changed};
use service::headers::MinPosition;
use service::problem::Problem;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::database::{self, Databases};

/// How long a read waits for its `Min-Position`.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to subscribe to the notices.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// What a client is told when a projection is too far behind.
const RETRY_AFTER_SECONDS: u32 = 1;

/// A read model that an answer may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Projection {
    UserProfile,
    WorkspaceList,
    MemberList,
    SessionList,
    ApiKeyList,
    AuditTrail,
    AuditTrailMedia,
    AuditTrailLinks,
    AssetList,
    LinkList,
    DomainList,
    ClickCount,
}

impl Projection {
    const ALL: [Self; 12] = [
        Self::UserProfile,
        Self::WorkspaceList,
        Self::MemberList,
        Self::SessionList,
        Self::ApiKeyList,
        Self::AuditTrail,
        Self::AuditTrailMedia,
        Self::AuditTrailLinks,
        Self::AssetList,
        Self::LinkList,
        Self::DomainList,
        Self::ClickCount,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::UserProfile => "user_profile",
            Self::WorkspaceList => "workspace_list",
            Self::MemberList => "member_list",
            Self::SessionList => "session_list",
            Self::ApiKeyList => "api_key_list",
            Self::AuditTrail => "audit_trail",
            Self::AuditTrailMedia => "audit_trail_media",
            Self::AuditTrailLinks => "audit_trail_links",
            Self::AssetList => "asset_list",
            Self::LinkList => "link_list",
            Self::DomainList => "domain_list",
            Self::ClickCount => "click_count",
        }
    }

    const fn context(self) -> Context {
        match self {
            Self::UserProfile
            | Self::WorkspaceList
            | Self::MemberList
            | Self::SessionList
            | Self::ApiKeyList
            | Self::AuditTrail
            | Self::AuditTrailMedia
            | Self::AuditTrailLinks => Context::Core,
            Self::AssetList => Context::Media,
            Self::LinkList | Self::DomainList | Self::ClickCount => Context::Links,
        }
    }

    const fn stream(self) -> StreamName {
        match self {
            Self::UserProfile
            | Self::WorkspaceList
            | Self::MemberList
            | Self::SessionList
            | Self::ApiKeyList
            | Self::AuditTrail => StreamName::Core,
            Self::AssetList | Self::AuditTrailMedia => StreamName::Media,
            Self::LinkList | Self::DomainList | Self::AuditTrailLinks => StreamName::Links,
            Self::ClickCount => StreamName::Clicks,
        }
    }
}

/// What was last heard of each projection.
#[derive(Clone)]
pub(crate) struct Progress {
    databases: Databases,
    patience: Duration,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    user_profile: watch::Sender<u64>,
    workspace_list: watch::Sender<u64>,
    member_list: watch::Sender<u64>,
    session_list: watch::Sender<u64>,
    api_key_list: watch::Sender<u64>,
    audit_trail: watch::Sender<u64>,
    audit_trail_media: watch::Sender<u64>,
    audit_trail_links: watch::Sender<u64>,
    asset_list: watch::Sender<u64>,
    link_list: watch::Sender<u64>,
    domain_list: watch::Sender<u64>,
    click_count: watch::Sender<u64>,
}

impl Heard {
    const fn of(&self, projection: Projection) -> &watch::Sender<u64> {
        match projection {
            Projection::UserProfile => &self.user_profile,
            Projection::WorkspaceList => &self.workspace_list,
            Projection::MemberList => &self.member_list,
            Projection::SessionList => &self.session_list,
            Projection::ApiKeyList => &self.api_key_list,
            Projection::AuditTrail => &self.audit_trail,
            Projection::AuditTrailMedia => &self.audit_trail_media,
            Projection::AuditTrailLinks => &self.audit_trail_links,
            Projection::AssetList => &self.asset_list,
            Projection::LinkList => &self.link_list,
            Projection::DomainList => &self.domain_list,
            Projection::ClickCount => &self.click_count,
        }
    }
}

impl Progress {
    pub(crate) fn new(databases: Databases, patience: Duration) -> Self {
        Self {
            databases,
            patience,
            heard: Arc::default(),
        }
    }

    /// Listens to the projectors for ever.
    pub(crate) async fn hear_all(self, broker: Broker) -> ! {
        loop {
            match broker.changes().await {
                Ok(mut changes) => {
                    while let Some(changed) = changes.next().await {
                        self.hear(&changed);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot listen to the projectors; reads ask Postgres");
                }
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    /// The latest word counts, not the furthest: after a rebuild on another log, positions begin anew.
    fn hear(&self, changed: &Changed) {
        let told_of = Projection::ALL
            .into_iter()
            .find(|it| it.context() == changed.context && it.name() == changed.projection);
        if let Some(projection) = told_of {
            self.heard
                .of(projection)
                .send_replace(changed.position.sequence);
        }
    }

    /// Returns when `projections` have taken in `wanted`, or with a 503 when they don't in time.
    ///
    /// Positions of streams that none of `projections` reads say nothing about the answer.
    pub(crate) async fn reach(
        &self,
        wanted: &MinPosition,
        projections: &[Projection],
    ) -> Result<(), Problem> {
        let deadline = Instant::now() + self.patience;
        for projection in projections {
            if let Some(position) = wanted.of(projection.stream()) {
                self.wait(*projection, position.sequence, deadline).await?;
            }
        }
        Ok(())
    }

    async fn wait(
        &self,
        projection: Projection,
        sequence: u64,
        deadline: Instant,
    ) -> Result<(), Problem> {
        // Listening begins before asking, so a commit in between is not missed.
        let mut heard = self.heard.of(projection).subscribe();
        let is_heard = *heard.borrow_and_update() >= sequence;
        if is_heard || self.ask(projection).await? >= sequence {
            return Ok(());
        }
        let is_woken = timeout_at(deadline, heard.wait_for(|position| *position >= sequence))
            .await
            .is_ok_and(|heard| heard.is_ok());
        if is_woken || self.ask(projection).await? >= sequence {
            return Ok(());
        }
        Err(Problem::unavailable(RETRY_AFTER_SECONDS)
            .detail("the view has not come to Min-Position in time"))
    }

    async fn ask(&self, projection: Projection) -> Result<u64, Problem> {
        let position = sqlx::query_scalar!(
            "select position from projection_position where projection = $1",
            projection.name(),
        )
        .fetch_optional(self.databases.of(projection.context()).of_anybody())
        .await
        .map_err(database::unreached)?;
        Ok(position.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests;
