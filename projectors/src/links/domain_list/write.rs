//! What each event does to the rows of a workspace's domains.

use events::DomainId;
use sqlx::PgConnection;

use super::OfDomains;
use crate::projection::ApplyError;

impl OfDomains {
    pub(super) async fn added(
        &self,
        tx: &mut PgConnection,
        id: DomainId,
        domain: &str,
        is_case_sensitive: bool,
        (record_name, record_value): (&str, &str),
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "insert into domain_list (domain_id, workspace_id, domain, is_case_sensitive, record_name,
                 record_value, created_at, version)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (domain_id) do nothing",
            id.uuid(),
            self.workspace.uuid(),
            domain,
            is_case_sensitive,
            record_name,
            record_value,
            self.recorded.metadata.time.odt(),
            self.version(),
        )
        .execute(tx)
        .await
        .map(drop)
    }

    pub(super) async fn verified(
        &self,
        tx: &mut PgConnection,
        id: DomainId,
    ) -> Result<(), ApplyError> {
        let done = sqlx::query!(
            "update domain_list set verified_at = $2 where domain_id = $1",
            id.uuid(),
            self.recorded.metadata.time.odt(),
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&done, &self.recorded.subject)
    }

    /// The default before, if there was one, is none any more.
    pub(super) async fn made_default(
        &self,
        tx: &mut PgConnection,
        id: DomainId,
    ) -> Result<(), ApplyError> {
        let done = sqlx::query!(
            "update domain_list set is_default = (domain_id = $2) where workspace_id = $1",
            self.workspace.uuid(),
            id.uuid(),
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&done, &self.recorded.subject)
    }

    pub(super) async fn default_cleared(
        &self,
        tx: &mut PgConnection,
        id: DomainId,
    ) -> Result<(), ApplyError> {
        let done = sqlx::query!(
            "update domain_list set is_default = false where domain_id = $1",
            id.uuid(),
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&done, &self.recorded.subject)
    }

    pub(super) async fn removed(
        &self,
        tx: &mut PgConnection,
        id: DomainId,
    ) -> Result<(), ApplyError> {
        let done = sqlx::query!("delete from domain_list where domain_id = $1", id.uuid())
            .execute(tx)
            .await?;
        ApplyError::unless_touched(&done, &self.recorded.subject)
    }

    /// What happens to one of the workspace's domains moves the version of all.
    pub(super) async fn changed(&self, tx: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "update domain_list set version = $2 where workspace_id = $1",
            self.workspace.uuid(),
            self.version(),
        )
        .execute(tx)
        .await
        .map(drop)
    }

    const fn version(&self) -> i64 {
        self.recorded.position.sequence.cast_signed()
    }
}
