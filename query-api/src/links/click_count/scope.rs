//! Whose clicks are wanted: a link's, those of some links, or all of the workspace.

use events::{LinkId, WorkspaceId};
use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;
use sqlx::PgConnection;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::database;

/// The most links that are counted one by one: their ids go along with each question, 16 bytes each.
const LINKS_MAX: usize = 50_000;
/// So few links are looked up one by one; to look through all of the workspace's clicks may be less work for more.
const FEW_LINKS: usize = 100;
/// No tag and no domain is longer.
const NAME_CHARS_MAX: usize = 253;

/// Which links of the workspace are counted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only links that are filed under this tag.
    tag: Option<String>,
    /// Only links on this domain.
    domain: Option<String>,
}

/// Whose clicks are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) workspace: WorkspaceId,
    /// Only these links; all of the workspace without.
    pub(super) links: Option<Vec<Uuid>>,
}

impl Scope {
    pub(super) fn link(workspace: WorkspaceId, link: LinkId) -> Self {
        Self {
            workspace,
            links: Some(vec![link.uuid()]),
        }
    }

    pub(super) const fn workspace(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            links: None,
        }
    }

    /// The links that are meant, as they are filed now; `which` has no faults.
    pub(super) async fn of(
        read: &mut PgConnection,
        workspace: WorkspaceId,
        which: &Which,
    ) -> Result<Self, Problem> {
        Self::of_at_most(LINKS_MAX, read, workspace, which).await
    }

    pub(super) async fn of_at_most(
        links_max: usize,
        read: &mut PgConnection,
        workspace: WorkspaceId,
        which: &Which,
    ) -> Result<Self, Problem> {
        if which.tag.is_none() && which.domain.is_none() {
            return Ok(Self::workspace(workspace));
        }
        let limit = i64::try_from(links_max + 1).unwrap_or(i64::MAX);
        let links = sqlx::query_scalar!(
            "select link_id from link_list
              where workspace_id = $1 and ($2::text is null or $2 = any(tags))
                and ($3::text is null or domain = $3)
              limit $4",
            workspace.uuid(),
            which.tag.as_deref(),
            which.domain.as_deref(),
            limit,
        )
        .fetch_all(read)
        .await
        .map_err(database::problem)?;
        if links.len() > links_max {
            return Err(which.too_many(links_max));
        }
        Ok(Self {
            workspace,
            links: Some(links),
        })
    }

    /// Whether it is better to look its links up than to look through the workspace.
    pub(super) fn is_few(&self) -> bool {
        self.links
            .as_ref()
            .is_some_and(|links| links.len() <= FEW_LINKS)
    }

    /// Under what the clicks are counted.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        let all = || vec![self.workspace.uuid()];
        self.links.clone().unwrap_or_else(all)
    }
}

impl Which {
    /// All that is wrong with it.
    pub(super) fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for (pointer, text) in [("/tag", &self.tag), ("/domain", &self.domain)] {
            let text = text.as_deref().unwrap_or_default();
            if text.chars().count() > NAME_CHARS_MAX || text.contains('\0') {
                faults.add(pointer, "is no name");
            }
        }
        faults
    }

    /// Told of each name that was given.
    fn too_many(&self, links_max: usize) -> Problem {
        let mut faults = Faults::default();
        let detail = format!("means more than {links_max} links: ask for all, or for fewer");
        for (pointer, text) in [("/tag", &self.tag), ("/domain", &self.domain)] {
            if text.is_some() {
                faults.add(pointer, detail.as_str());
            }
        }
        faults.into()
    }
}
