//! What each event does to its link's row.

use events::links::{Label, Route};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::OfLink;

impl OfLink {
    pub(super) async fn shortened(
        &self,
        tx: &mut PgConnection,
        domain: &str,
        slug: &str,
        route: &Route,
        label: &Label,
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "insert into link_list (link_id, workspace_id, domain, slug, target, status, forward_query,
                 title, tags, created_at, version, utm, rules, expires_at, expired_target, max_clicks,
                 has_password, notes)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
             on conflict (link_id) do nothing",
            self.link.uuid(),
            self.workspace.uuid(),
            domain,
            slug,
            route.target,
            route.status.cast_signed(),
            route.forward_query,
            label.title.as_deref(),
            &label.tags,
            self.recorded.metadata.time.odt(),
            self.version(),
            Json(&route.utm) as _,
            Json(&route.rules) as _,
            route.expires_at.map(events::Timestamp::odt),
            route.expired_target.as_deref(),
            route.max_clicks.map(u64::cast_signed),
            route.password_hash.is_some(),
            label.notes.as_deref(),
        )
        .execute(tx)
        .await
        .map(drop)
    }

    pub(super) async fn retargeted(
        &self,
        tx: &mut PgConnection,
        route: &Route,
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "update link_list set version = $2, target = $3, status = $4, forward_query = $5, utm = $6,
                 rules = $7, expires_at = $8, expired_target = $9, max_clicks = $10, has_password = $11
             where link_id = $1",
            self.link.uuid(),
            self.version(),
            route.target,
            route.status.cast_signed(),
            route.forward_query,
            Json(&route.utm) as _,
            Json(&route.rules) as _,
            route.expires_at.map(events::Timestamp::odt),
            route.expired_target.as_deref(),
            route.max_clicks.map(u64::cast_signed),
            route.password_hash.is_some(),
        )
        .execute(tx)
        .await
        .map(drop)
    }

    pub(super) async fn relabelled(
        &self,
        tx: &mut PgConnection,
        label: &Label,
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "update link_list set version = $2, title = $3, tags = $4, notes = $5 where link_id = $1",
            self.link.uuid(),
            self.version(),
            label.title.as_deref(),
            &label.tags,
            label.notes.as_deref(),
        )
        .execute(tx)
        .await
        .map(drop)
    }

    pub(super) async fn renamed(
        &self,
        tx: &mut PgConnection,
        slug: &str,
        former_slugs: &[String],
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "update link_list set version = $2, slug = $3, former_slugs = $4 where link_id = $1",
            self.link.uuid(),
            self.version(),
            slug,
            former_slugs,
        )
        .execute(tx)
        .await
        .map(drop)
    }

    pub(super) async fn archived(
        &self,
        tx: &mut PgConnection,
        is_archived: bool,
    ) -> sqlx::Result<()> {
        sqlx::query!(
            "update link_list set version = $2, is_archived = $3 where link_id = $1",
            self.link.uuid(),
            self.version(),
            is_archived,
        )
        .execute(tx)
        .await
        .map(drop)
    }

    const fn version(&self) -> i64 {
        self.recorded.position.sequence.cast_signed()
    }
}
