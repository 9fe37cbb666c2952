//! What the reading side may do, and whose rows it sees, whatever it asks.

use std::collections::BTreeSet;

use axum::body::to_bytes;
use axum::response::IntoResponse;
use events::Context;
use service::caller::Caller;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::code;
use crate::testing::{Stage, database, member_of, router};

/// One row of workspace 1 in every table that has a workspace or a user, by the table's columns.
const ROWS: &[&str] = &[
    "core.user_profile values ('{user}', '{workspace}', 'ada@example.com', 'Ada', now(), null, 1)",
    "core.workspace_list values ('{workspace}', 'Ada', '{user}', true, now(), 1)",
    "core.member_list values ('{workspace}', '{user}', 'admin', false, now(), 1)",
    "core.session_list values ('{session}', '{user}', '{workspace}', null, null, now(), null,
        '2999-01-01', 1)",
    "core.session_list_cutoff values ('{user}', 1)",
    "core.api_key_list values ('{thing}', '{workspace}', '{user}', 'CI', '{}', now(), null, null,
        null, 1)",
    "core.audit_trail values ('CORE', 1, '{thing}', '{workspace}', 'a.v1', 'user', '{user}', 'user',
        '{user}', now(), null)",
    "media.asset_list values ('{thing}', '{workspace}', 'a.png', 'image/png', 5, null, 'private',
        'pending', 'k1', now(), null, 3)",
    "links.link_list values ('{thing}', '{workspace}', 'go.example.com', 's', 'https://a.example',
        302, false, null, '{}', now(), 7)",
    "links.domain_list values ('{thing}', '{workspace}', 'go.example.com', false, '_millrace', 'proof',
        false, now(), null, 7)",
    "links.click (workspace_id, link_id, occurred_at, sequence, ordinal, click_id, slug, is_bot)
        values ('{workspace}', '{thing}', '2026-11-21', 1, 0, '{thing}', 's', false)",
    "links.click_rollup (workspace_id, link_id, bucket, is_bot, clicks)
        values ('{workspace}', '{thing}', '2026-11-21', false, 1)",
    "links.click_producer values ('{thing}', '{workspace}', 1, now())",
    "links.click_record (workspace_id, link_id, occurred_at, sequence, ordinal, click_id, slug, is_bot)
        values ('{workspace}', '{thing}', '2026-11-21', 1, 0, '{thing}', 's', false)",
    "links.click_count values ('{workspace}', '{thing}', '2026-11-21', 1, '')",
    "links.click_count_quarter values ('{workspace}', '{thing}', '2026-11-21', false, 1, null)",
    "links.click_count_value values ('{workspace}', '{thing}', 0, '2026-11-21', false, 'NP', 1, null)",
    "links.click_exclusion values ('{thing}', '{workspace}', null, null, null, 1, null, null, null, null,
        null, now(), 0)",
    "links.click_count_producer values ('{thing}', '{workspace}', 1, now())",
];
/// The tables of every schema that no reader asks.
const CLOSED: [&str; 7] = [
    "_sqlx_migrations",
    "parked_event",
    "click_producer",
    "click_count_producer",
    "session_list_cutoff",
    "click_2026_11",
    "click_record_2026_11",
];
/// Tells how far a view has come; of nobody.
const OF_ANYBODY: &str = "projection_position";
const THING: Uuid = Uuid::from_u128(77);

/// A stage with something of Ada's in every table, in partitions as the projectors make them.
async fn stage() -> (Stage, Caller) {
    let (stage, ada) = (Stage::new().await, member_of(1));
    stage
        .write(
            "create table links.click_2026_11 partition of links.click
             for values from ('2026-11-01') to ('2026-12-01');
             alter table links.click_2026_11 enable row level security;
             create table links.click_record_2026_11 partition of links.click_record
             for values from ('2026-11-01') to ('2026-12-01');
             alter table links.click_record_2026_11 enable row level security"
                .to_owned(),
        )
        .await;
    for row in ROWS {
        let row = row
            .replace("{user}", &ada.user.to_string())
            .replace("{workspace}", &ada.workspace.to_string())
            .replace("{session}", &ada.session().unwrap().to_string())
            .replace("{thing}", &THING.to_string());
        stage.write(format!("insert into {row}")).await;
    }
    (stage, ada)
}

/// Every table that the reading role may select from, with its context.
async fn tables(stage: &Stage) -> Vec<(Context, String)> {
    let mut all = Vec::new();
    for context in Context::ALL {
        let names: Vec<String> = sqlx::query_scalar(
            "select relname::text from pg_class
              where relnamespace = $1::text::regnamespace and relkind in ('r', 'p') order by 1",
        )
        .bind(context.as_str())
        .fetch_all(&stage.admin)
        .await
        .unwrap();
        all.extend(names.into_iter().map(|name| (context, name)));
    }
    all
}

/// The table's first column.
async fn column(stage: &Stage, context: Context, table: &str) -> String {
    let column =
        "select attname::text from pg_attribute where attrelid = $1::text::regclass and attnum = 1";
    let column = sqlx::query_scalar(column).bind(format!("{}.{table}", context.as_str()));
    column.fetch_one(&stage.admin).await.unwrap()
}

async fn count(read: &mut PgConnection, table: &str) -> sqlx::Result<i64> {
    let count = AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(count).fetch_one(read).await
}

#[tokio::test]
async fn in_sql_everybody_sees_their_own_rows_and_nobody_elses() {
    let (stage, ada) = stage().await;
    let (bob, mut asked) = (member_of(9), BTreeSet::new());
    for (context, table) in tables(&stage).await {
        let schema = stage.app.databases.of(context);
        let mut read = schema.of(&ada).await.unwrap();
        let seen = count(&mut read, &table).await;
        if CLOSED.contains(&table.as_str()) {
            assert_eq!(
                code(&seen.unwrap_err()).as_deref(),
                Some("42501"),
                "{table}"
            );
            continue;
        }
        if table == OF_ANYBODY {
            continue;
        }
        assert_eq!(seen.unwrap(), 1, "{table} shows Ada hers");
        drop(read);
        let mut read = schema.of(&bob).await.unwrap();
        assert_eq!(count(&mut read, &table).await.unwrap(), 0, "{table} to Bob");
        drop(read);
        let mut unsaid = schema.of_anybody().acquire().await.unwrap();
        assert_eq!(
            count(&mut unsaid, &table).await.unwrap(),
            0,
            "{table} to nobody"
        );
        asked.insert(table);
    }
    assert_eq!(asked.len(), ROWS.len() - 3, "{asked:?}");
}

#[tokio::test]
async fn every_table_is_under_row_level_security_and_of_the_projectors() {
    let (stage, _) = stage().await;
    let astray: Vec<String> = sqlx::query_scalar(
        "select oid::regclass::text from pg_class
          where relnamespace in ('core'::regnamespace, 'media'::regnamespace, 'links'::regnamespace)
            and relkind in ('r', 'p') and relname not in ('_sqlx_migrations', 'click_2026_11', 'click_record_2026_11')
            and not (relrowsecurity and relowner = 'millrace_projectors'::regrole)",
    )
    .fetch_all(&stage.admin)
    .await
    .unwrap();
    assert_eq!(astray, [""; 0]);
}

#[tokio::test]
async fn nothing_can_be_written_through_the_reading_side() {
    let (stage, _) = stage().await;
    for (context, table) in tables(&stage).await {
        let mut connection = stage.app.databases.of(context).of_anybody().acquire().await;
        let connection = connection.as_mut().unwrap();
        // Reading only is what a session begins with, not what keeps it from writing.
        let writing = "set default_transaction_read_only = off";
        sqlx::query(writing)
            .execute(&mut **connection)
            .await
            .unwrap();
        for write in [
            format!("insert into {table} default values"),
            format!(
                "update {table} set {} = default",
                column(&stage, context, &table).await
            ),
            format!("delete from {table}"),
            format!("truncate {table}"),
            format!("drop table {table}"),
            format!("alter table {table} disable row level security"),
            format!("create policy everything on {table} using (true)"),
            "create table more (it int)".to_owned(),
            "create table public.more (it int)".to_owned(),
            "create schema more".to_owned(),
        ] {
            let written = sqlx::raw_sql(AssertSqlSafe(write.clone()));
            let refused = written.execute(&mut **connection).await.expect_err(&write);
            assert_eq!(
                code(&refused).as_deref(),
                Some("42501"),
                "{write}: {refused}"
            );
        }
    }
}

#[tokio::test]
async fn a_session_begins_with_reading_only() {
    let (stage, ada) = stage().await;
    let delete = "delete from projection_position";
    let core = &stage.app.databases.core;
    let unsaid = sqlx::query(delete).execute(core.of_anybody()).await;
    assert_eq!(code(&unsaid.unwrap_err()).as_deref(), Some("25006"));
    let mut read = core.of(&ada).await.unwrap();
    let said = sqlx::query(delete).execute(&mut *read).await;
    assert_eq!(code(&said.unwrap_err()).as_deref(), Some("25006"));
}

#[tokio::test]
async fn no_route_tells_anything_of_another_workspace() {
    let (stage, ada) = stage().await;
    let routes = crate::routes(stage.app.clone());
    let ids = [THING, ada.user.uuid(), ada.workspace.uuid()];
    let (mut listed, mut shown) = (0, 0);
    for router in [routes.core, routes.media, routes.links] {
        for path in router.get_openapi().paths.paths.keys() {
            if path.ends_with("/live") {
                continue;
            }
            for id in ids {
                let path = path.replace("{id}", &id.to_string());
                let (of_ada, told) = stage.get(&ada, &path).await;
                shown += u32::from(of_ada.is_success());
                listed += u32::from(told.to_string().contains(&THING.to_string()));
                let (_, told) = stage.get(&member_of(9), &path).await;
                for secret in [
                    &ids.map(|it| it.to_string())[..],
                    &["ada@example.com".to_owned()],
                ]
                .concat()
                {
                    assert!(!told.to_string().contains(&secret), "{path} tells {told}");
                }
            }
        }
    }
    assert!(
        shown >= 30 && listed >= 10,
        "{shown} shown, {listed} listed"
    );
}

#[tokio::test]
async fn a_cluster_that_no_projector_has_prepared_is_a_503() {
    let postgres = servers::testing::own_postgres().await;
    let mut stage = Stage::new().await;
    stage.app = crate::testing::app(&database(&postgres.url("postgres")));
    let error = stage.app.databases.check().await.unwrap_err();
    assert_eq!(super::reason(&error), "the schema is not there yet");
    let answer = stage.get(&member_of(1), "/v1/core/users/me").await;
    assert_eq!(answer.0, 503);
}

#[tokio::test]
async fn a_login_that_may_not_read_is_a_503_and_the_readiness_says_why() {
    let (stage, ada) = stage().await;
    let login = format!("reader_{:x}", rand_suffix());
    stage
        .write(format!("create role {login} login password 'x'"))
        .await;
    let url = stage.settings.url.expose();
    let (_, rest) = url.split_once('@').unwrap();
    let settings = database(&format!("postgres://{login}:x@{rest}"));
    let app = crate::testing::app(&settings);
    let error = app.databases.check().await.unwrap_err();
    assert_eq!(
        super::reason(&error),
        "the login is no member of the role that may read"
    );
    let mut without = Stage { app, ..stage };
    assert_eq!(without.get(&ada, "/v1/core/users/me").await.0, 503);

    without
        .write(format!("grant millrace_query to {login}"))
        .await;
    without.app = crate::testing::app(&settings);
    assert_eq!(without.get(&ada, "/v1/core/users/me").await.0, 200);
    without.write(format!("drop role {login}")).await;
    drop(router(without.app));
}

fn rand_suffix() -> u128 {
    service::world::new_id().as_u128()
}

#[tokio::test]
async fn who_asks_for_too_much_is_told_so() {
    let stage = Stage::new().await;
    let mut read = stage.app.databases.links.of(&member_of(1)).await.unwrap();
    sqlx::query("set local statement_timeout = 10")
        .execute(&mut *read)
        .await
        .unwrap();
    let asked = sqlx::query("select pg_sleep(9)").execute(&mut *read).await;
    let told = super::problem(asked.unwrap_err()).into_response();
    assert_eq!(told.status(), 503);
    let told = to_bytes(told.into_body(), 1 << 10).await.unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(
        told["detail"],
        "it took too long: ask again, or for a shorter time"
    );
}
