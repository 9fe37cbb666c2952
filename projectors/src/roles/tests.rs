//! Whose the tables are, for logins that may much and little.

use events::{Context, LinkId};
use servers::testing::TestPostgres;
use service::world;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::testing::{Log, database, lane, migrated, workspace};
use crate::{Database, MigrationError, migrate};

/// Some table that the migrations do not make.
const OLD: &str = "create schema media; create table media.old (it int)";

async fn tell(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

async fn texts(database: &Database, sql: &'static str) -> Vec<String> {
    let mut connection = database.connect(Context::Core).await.unwrap();
    let texts = sqlx::query_scalar(sql).fetch_all(&mut connection);
    texts.await.unwrap()
}

/// A cluster without the roles, and a database in it that belongs to a login with these attributes.
async fn as_login(attributes: &str) -> (TestPostgres, Database) {
    let postgres = servers::testing::own_postgres().await;
    let all = postgres.url("postgres");
    tell(
        &all,
        &format!("create role ada login {attributes} password 'x'"),
    )
    .await;
    tell(&all, "create database its owner ada").await;
    let (_, rest) = all.split_once('@').unwrap();
    let url = format!("postgres://ada:x@{}", rest.replace("/postgres", "/its"));
    let database = database(&url);
    (postgres, database)
}

#[tokio::test]
async fn several_databases_of_one_cluster_may_be_made_at_once() {
    let postgres = servers::testing::own_postgres().await;
    let mut databases = Vec::new();
    for name in ["one", "two", "three", "four"] {
        postgres.create_database(name).await.unwrap();
        databases.push(database(&postgres.url(name)));
    }
    let all = databases.iter().map(|it| migrate(it, &Context::ALL));
    futures::future::try_join_all(all).await.unwrap();
    let may = "select rolname || ' ' || (rolsuper or rolcreatedb or rolcreaterole or rolcanlogin or rolbypassrls)
                 from pg_roles where rolname like 'millrace\\_%' order by 1";
    assert_eq!(
        texts(&databases[0], may).await,
        ["millrace_projectors false", "millrace_query false"]
    );
}

#[tokio::test]
async fn a_login_that_may_make_roles_needs_no_administrator() {
    let (_postgres, database) = as_login("createrole").await;
    migrate(&database, &Context::ALL).await.unwrap();
    migrate(&database, &Context::ALL).await.unwrap();
    let may = "select pg_has_role('ada', 'millrace_query', 'member')::text";
    assert_eq!(texts(&database, may).await, ["true"]);
}

#[tokio::test]
async fn a_login_that_may_not_is_told_what_an_administrator_must_run() {
    let (postgres, database) = as_login("").await;
    let error = migrate(&database, &Context::ALL).await.unwrap_err();
    let MigrationError::Roles(refusal) = &error else {
        panic!("{error}");
    };
    assert!(error.to_string().ends_with(&refusal.sql()), "{error}");
    assert!(!error.reason().contains("ada"), "{}", error.reason());
    tell(&postgres.url("postgres"), &refusal.sql()).await;
    migrate(&database, &Context::ALL).await.unwrap();
}

#[tokio::test]
async fn a_login_that_only_projects_need_not_read() {
    let (postgres, database) = as_login("").await;
    let roles = "create role millrace_projectors nologin; create role millrace_query nologin;
                 grant millrace_projectors to ada";
    tell(&postgres.url("postgres"), roles).await;
    migrate(&database, &Context::ALL).await.unwrap();
    let may = "select pg_has_role('ada', 'millrace_query', 'member')::text";
    assert_eq!(texts(&database, may).await, ["false"]);
}

#[tokio::test]
async fn what_an_earlier_version_left_to_its_login_is_handed_over() {
    let url = servers::testing::fresh_database().await;
    tell(&url, OLD).await;
    let database = database(&url);
    migrate(&database, &Context::ALL).await.unwrap();
    let owned = "select nspowner::regrole || ' ' || relowner::regrole
                   from pg_class join pg_namespace on pg_namespace.oid = relnamespace
                  where relname = 'old'";
    assert_eq!(
        texts(&database, owned).await,
        ["millrace_projectors millrace_projectors"]
    );
}

#[tokio::test]
async fn every_table_is_under_row_level_security_and_of_the_projectors() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let link = LinkId::new(world::new_id());
    let position = lane(&log, world::new_id())
        .click(workspace(), link, 1)
        .await;
    running.reach("click_count", position).await;

    let tables = "from pg_class where relkind in ('r', 'p') and relnamespace in
        ('core'::regnamespace, 'media'::regnamespace, 'links'::regnamespace)";
    let astray = format!(
        "select oid::regclass::text {tables}
            and not (relrowsecurity and relowner = 'millrace_projectors'::regrole)"
    );
    // Those that are read through another table, or not at all.
    let closed = format!(
        "select relname::text {tables}
            and not has_table_privilege('millrace_query', oid, 'select') order by 1"
    );
    let mut found = Vec::new();
    let mut connection = running.database.connect(Context::Links).await.unwrap();
    for sql in [astray, closed] {
        let texts = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql));
        found.push(texts.fetch_all(&mut connection).await.unwrap());
    }
    assert_eq!(found[0], [""; 0]);
    let (partitions, others): (Vec<_>, Vec<_>) = found[1]
        .iter()
        .partition(|it| it.starts_with("click_record_20"));
    assert!(!partitions.is_empty());
    let expected = ["_sqlx_migrations"; 3]
        .into_iter()
        .chain(["click_count_producer", "click_producer"]);
    let expected = expected.chain(["parked_event"; 3]);
    let expected: Vec<_> = expected.chain(["session_list_cutoff"]).collect();
    assert_eq!(others, expected);
    running.stop().await;
}

#[tokio::test]
async fn the_projectors_make_nothing_outside_their_schemas() {
    let database = migrated().await;
    let mut connection = database.connect(Context::Core).await.unwrap();
    for sql in [
        "create table public.more (it int)",
        "create schema more",
        "create role more",
        "create database more",
        "select 1 from pg_authid",
        "alter role millrace_projectors superuser",
    ] {
        let told = sqlx::raw_sql(sql).execute(&mut connection).await;
        let code = told.unwrap_err().into_database_error().unwrap();
        assert_eq!(code.code().as_deref(), Some("42501"), "{sql}: {code}");
    }
}
