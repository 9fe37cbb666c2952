//! A context's schema, and whose it is.

use events::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::database::Database;
use crate::roles::{self, PROJECTORS, QUERY, RolesError};

/// Serialises starts on one database: of two `create schema` at once one may fail.
const LOCK: i64 = 0x6d69_6c6c_7261_6365;

/// Makes the roles and the schema where they are missing, and hands over what is somebody else's.
pub(crate) async fn provide(database: &Database, context: Context) -> Result<(), RolesError> {
    let schema = context.as_str();
    let mut connection = database.connect_as_login().await?;
    sqlx::query!("select pg_advisory_lock($1)", LOCK)
        .execute(&mut connection)
        .await?;
    roles::provide(&mut connection).await?;
    let owner = owner(&mut connection, schema).await?;
    if owner.is_none() {
        let create = format!("create schema {schema} authorization {PROJECTORS}");
        run(&mut connection, create).await?;
    } else if owner.as_deref() != Some(PROJECTORS) {
        let hand_over = format!("alter schema {schema} owner to {PROJECTORS}");
        run(&mut connection, hand_over).await?;
    }
    hand_over_tables(&mut connection, schema).await?;
    let grant = format!("set role {PROJECTORS}; grant usage on schema {schema} to {QUERY}");
    run(&mut connection, grant).await?;
    // The lock ends with the session.
    Ok(connection.close().await?)
}

async fn owner(connection: &mut PgConnection, schema: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select pg_get_userbyid(nspowner)::text as "owner!" from pg_namespace where nspname = $1"#,
        schema
    )
    .fetch_optional(connection)
    .await
}

/// An earlier version made its tables as the login.
async fn hand_over_tables(connection: &mut PgConnection, schema: &str) -> sqlx::Result<()> {
    let strangers = sqlx::query_scalar!(
        r#"select format('%I.%I', nspname, relname) as "table!"
             from pg_class join pg_namespace on pg_namespace.oid = relnamespace
            where nspname = $1 and relkind in ('r', 'p') and pg_get_userbyid(relowner) <> $2"#,
        schema,
        PROJECTORS
    )
    .fetch_all(&mut *connection)
    .await?;
    for table in strangers {
        run(
            connection,
            format!("alter table {table} owner to {PROJECTORS}"),
        )
        .await?;
    }
    Ok(())
}

/// The migrator's own table is made by the migrator, so no migration can close it to readers.
pub(crate) async fn close_ledger(connection: &mut PgConnection) -> sqlx::Result<()> {
    let is_closed = sqlx::query_scalar!(
        r#"select relrowsecurity as "is_closed!" from pg_class
            where oid = to_regclass('_sqlx_migrations')"#
    )
    .fetch_one(&mut *connection)
    .await?;
    if !is_closed {
        let close = "alter table _sqlx_migrations enable row level security";
        run(connection, close.to_owned()).await?;
    }
    Ok(())
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}
