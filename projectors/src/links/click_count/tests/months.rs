//! The months' tables, while somebody reads clicks for a long time, as a dump does.

use events::{Context, LinkId};
use service::world;
use sqlx::{Connection, Executor, PgConnection};

use super::{new_link, number};
use crate::testing::{Clicks, Log, Running, click, lane, one, workspace};

/// The definitions of a table's columns, indexes and triggers, and what Postgres knows of it besides.
const SHAPE: &str = "
    select jsonb_build_object(
        'table', (select to_jsonb(it) from (
            select relkind, relrowsecurity, relforcerowsecurity, relacl, relreplident, reloptions, relpersistence,
                   relispartition, pg_get_userbyid(relowner) as owner, am.amname,
                   pg_get_expr(relpartbound, pg_class.oid) as bound
              from pg_class join pg_am am on am.oid = relam where pg_class.oid = $1::regclass) it),
        'columns', (select jsonb_agg(to_jsonb(it) order by attnum) from (
            select attnum, attname, atttypid::regtype::text, attnotnull, attstorage, attcompression, attstattarget,
                   attcollation, attacl, pg_get_expr(adbin, adrelid) as default_value
              from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
             where attrelid = $1::regclass and attnum > 0) it),
        'indexes', (select jsonb_agg(replace(pg_get_indexdef(indexrelid), $1, 'it') || coalesce(inhparent::regclass::text, '')
                                     order by indexrelid::regclass::text)
              from pg_index left join pg_inherits on inhrelid = indexrelid where indrelid = $1::regclass),
        'constraints', (select jsonb_agg(pg_get_constraintdef(oid) order by pg_get_constraintdef(oid)) from pg_constraint
             where conrelid = $1::regclass)
    )::text";

/// The clicks of somebody who dates them.
struct Reporter {
    clicks: Clicks,
    workspace: events::WorkspaceId,
    link: LinkId,
}

impl Reporter {
    fn new(log: &Log) -> Self {
        Self {
            clicks: lane(log, world::new_id()),
            workspace: workspace(),
            link: new_link(),
        }
    }

    /// A click of that time is taken in.
    async fn is_counted(&self, time: &str, running: &Running) {
        let mut it = click(self.link);
        it.time = time.parse().unwrap();
        let position = self.clicks.record(self.workspace, &[it]).await;
        running.reach("click_count", position).await;
    }
}

/// A transaction that has read clicks and goes on.
async fn reader(running: &Running) -> PgConnection {
    let mut reader = running.database.connect(Context::Links).await.unwrap();
    reader.execute("begin").await.unwrap();
    let read = "select count(*) from click_record";
    reader.execute(read).await.unwrap();
    reader
}

async fn has_month(running: &Running, name: &str) -> bool {
    let sql = format!("select to_regclass('{name}') is not null");
    one(&running.database, Context::Links, &sql).await.unwrap()
}

#[tokio::test]
async fn clicks_of_a_new_month_are_taken_in_while_somebody_reads_for_long() {
    let log = Log::new().await;
    let reporter = Reporter::new(&log);
    let running = log.project_into(&servers::testing::fresh_database().await);
    reporter.is_counted("2020-01-15T00:00:00Z", &running).await;
    let mut long = reader(&running).await;
    reporter.is_counted("2020-03-15T00:00:00Z", &running).await;
    assert!(has_month(&running, "click_record_2020_03").await);
    // Who asks meanwhile is answered.
    let asked = "select count(*) from click_record";
    assert_eq!(number(&running, asked).await, 2);
    long.execute("commit").await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn clicks_are_taken_in_while_months_that_need_not_be_kept_wait_for_who_reads() {
    let log = Log::new().await;
    let reporter = Reporter::new(&log);
    let url = servers::testing::fresh_database().await;
    let all = log.project_into(&url);
    reporter.is_counted("2020-01-15T00:00:00Z", &all).await;
    let mut long = reader(&all).await;
    all.stop().await;
    let retention = Some(std::time::Duration::from_hours(31 * 24));
    let kept = log.project_and_keep(&url, retention);
    reporter.is_counted("2026-11-20T10:00:00Z", &kept).await;
    reporter.is_counted("2026-11-20T11:00:00Z", &kept).await;
    assert!(has_month(&kept, "click_record_2020_01").await);
    kept.stop().await;

    long.execute("commit").await.unwrap();
    let later = log.project_and_keep(&url, retention);
    reporter.is_counted("2026-11-20T12:00:00Z", &later).await;
    assert!(!has_month(&later, "click_record_2020_01").await);
    later.stop().await;
}

#[tokio::test]
async fn a_month_that_was_detached_is_attached_again_when_a_click_of_it_comes() {
    let log = Log::new().await;
    let reporter = Reporter::new(&log);
    let running = log.project_into(&servers::testing::fresh_database().await);
    reporter.is_counted("2020-01-15T00:00:00Z", &running).await;
    let mut owner = running.database.connect(Context::Links).await.unwrap();
    let detach = "alter table click_record detach partition click_record_2020_01";
    owner.execute(detach).await.unwrap();
    reporter.is_counted("2020-01-16T00:00:00Z", &running).await;
    assert_eq!(
        number(&running, "select count(*) from parked_event").await,
        0
    );
    assert_eq!(
        number(&running, "select count(*) from click_record").await,
        2
    );
    owner.close().await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_month_that_postgres_will_not_drop_holds_nothing_up() {
    let log = Log::new().await;
    let reporter = Reporter::new(&log);
    let url = servers::testing::fresh_database().await;
    let all = log.project_into(&url);
    reporter.is_counted("2020-01-15T00:00:00Z", &all).await;
    reporter.is_counted("2020-02-15T00:00:00Z", &all).await;
    let mut owner = all.database.connect(Context::Links).await.unwrap();
    let view = "create view january as select * from click_record_2020_01";
    owner.execute(view).await.unwrap();
    owner.close().await.unwrap();
    all.stop().await;
    let retention = Some(std::time::Duration::from_hours(31 * 24));
    let kept = log.project_and_keep(&url, retention);
    reporter.is_counted("2026-11-20T10:00:00Z", &kept).await;
    assert!(has_month(&kept, "click_record_2020_01").await);
    assert!(!has_month(&kept, "click_record_2020_02").await);
    kept.stop().await;
}

#[tokio::test]
async fn a_month_that_is_attached_is_as_one_that_was_made_in_its_place() {
    let log = Log::new().await;
    let reporter = Reporter::new(&log);
    let running = log.project_into(&servers::testing::fresh_database().await);
    reporter.is_counted("2020-01-15T00:00:00Z", &running).await;
    let mut owner = running.database.connect(Context::Links).await.unwrap();
    let made = "create table click_record_2019_01 partition of click_record \
         for values from ('2019-01-01 00:00:00Z') to ('2019-02-01 00:00:00Z'); \
         alter table click_record_2019_01 enable row level security";
    sqlx::raw_sql(made).execute(&mut owner).await.unwrap();
    let mut shapes = Vec::new();
    for name in ["click_record_2019_01", "click_record_2020_01"] {
        let shape = sqlx::query_scalar::<_, String>(SHAPE).bind(name);
        let shape = shape.fetch_one(&mut owner).await.unwrap();
        shapes.push(shape.replace(name, "it").replace("2019-", "2020-"));
    }
    assert_eq!(shapes[0], shapes[1]);
    owner.close().await.unwrap();
    running.stop().await;
}
