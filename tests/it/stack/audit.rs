//! What must be true at the end of every story.

use std::collections::HashMap;

use events::{LinkId, StreamName};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::{Log, World};
use crate::eventually::eventually;

/// Each projection: its schema, its name, and the stream that it reads.
const PROJECTIONS: [(&str, &str, StreamName); 12] = [
    ("core", "user_profile", StreamName::Core),
    ("core", "workspace_list", StreamName::Core),
    ("core", "member_list", StreamName::Core),
    ("core", "session_list", StreamName::Core),
    ("core", "api_key_list", StreamName::Core),
    ("core", "audit_trail", StreamName::Core),
    ("core", "audit_trail_media", StreamName::Media),
    ("core", "audit_trail_links", StreamName::Links),
    ("media", "asset_list", StreamName::Media),
    ("links", "link_list", StreamName::Links),
    ("links", "domain_list", StreamName::Links),
    ("links", "click_count", StreamName::Clicks),
];

/// Everything on the log is in the read models, exactly once, with nothing set aside.
pub(crate) async fn pass(world: &World, log: &Log) {
    has_caught_up(world, log).await;
    for schema in ["core", "media", "links"] {
        let sql =
            format!("select coalesce(string_agg(error, '; '), '') from {schema}.parked_event");
        let parked: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&world.tables)
            .await
            .unwrap();
        assert_eq!(parked, "", "parked in {schema}");
    }
    let logged = log.clicks().await;
    let raw = "select link_id, count(*) from links.click_record group by link_id";
    assert_eq!(counted(&world.tables, raw).await, logged, "raw clicks");
    let counts = "select scope_id, sum(clicks)::bigint from links.click_count
        where scope_id <> workspace_id group by scope_id";
    let counting = "select link_id, count(*) from links.click_record
        where not is_excluded group by link_id";
    let counting = counted(&world.tables, counting).await;
    assert_eq!(counted(&world.tables, counts).await, counting, "the counts");
}

/// Everything on the log is in the read models.
pub(crate) async fn has_caught_up(world: &World, log: &Log) {
    for (schema, projection, stream) in PROJECTIONS {
        is_at(&world.tables, schema, projection, log.last(stream).await).await;
    }
}

async fn is_at(tables: &PgPool, schema: &str, projection: &str, last: u64) {
    let sql = format!("select position from {schema}.projection_position where projection = $1");
    let sql = sql.as_str();
    eventually(&format!("{projection} is at {last}"), async || {
        let position: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(projection)
            .fetch_optional(tables)
            .await
            .map_err(|error| error.to_string())?;
        match position.unwrap_or(0).cast_unsigned() {
            position if position == last => Ok(()),
            position => Err(format!("at {position}")),
        }
    })
    .await;
}

async fn counted(tables: &PgPool, sql: &'static str) -> HashMap<LinkId, u64> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql).fetch_all(tables).await.unwrap();
    let row = |(link, clicks): (Uuid, i64)| (LinkId::new(link), clicks.cast_unsigned());
    rows.into_iter().map(row).collect()
}
