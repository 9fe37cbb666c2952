//! What a database holds.

use events::Context;
use sqlx::postgres::Postgres;
use sqlx::{AssertSqlSafe, Decode, Type};

use crate::Database;

/// All rows of all read models, as JSON, in an order of their own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rows(Vec<(&'static str, Vec<String>)>);

impl Rows {
    pub(crate) async fn of(database: &Database) -> Self {
        let tables = [
            (Context::Core, "user_profile"),
            (Context::Core, "workspace_list"),
            (Context::Core, "member_list"),
            (Context::Core, "session_list"),
            (Context::Core, "session_list_cutoff"),
            (Context::Core, "api_key_list"),
            (Context::Core, "audit_trail"),
            (Context::Media, "asset_list"),
            (Context::Links, "link_list"),
            (Context::Links, "domain_list"),
            (Context::Links, "click_record"),
            (Context::Links, "click_count"),
            (Context::Links, "click_count_quarter"),
            (Context::Links, "click_count_value"),
            (Context::Links, "click_count_producer"),
            (Context::Links, "click_exclusion"),
            (Context::Links, "parked_event"),
        ];
        let mut all = Vec::new();
        for (context, table) in tables {
            let sql = format!(
                "select (to_jsonb(it) - 'touched_at' - 'parked_at')::text from {table} it order by 1"
            );
            let mut connection = database.connect(context).await.unwrap();
            let rows = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await;
            all.push((table, rows.unwrap()));
        }
        Self(all)
    }

    pub(crate) fn count(&self, table: &str) -> usize {
        self.0
            .iter()
            .find(|(name, _)| *name == table)
            .unwrap()
            .1
            .len()
    }
}

/// One value; none when there is no row, or no database.
pub(crate) async fn one<T>(database: &Database, context: Context, sql: &str) -> Option<T>
where
    T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
{
    let mut connection = database.connect(context).await.ok()?;
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::query_scalar(sql)
        .fetch_optional(&mut connection)
        .await
        .ok()?
}
