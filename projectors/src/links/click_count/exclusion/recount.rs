//! Counting a day anew from its raw clicks, in the order of the log: it ends at the rows that came of them alone.

use std::collections::{BTreeMap, HashSet};

use service::click_count::Dimension;
use sqlx::{AssertSqlSafe, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::mark::Day;
use crate::links::click_count::click::{Click, Texts, quarter};
use crate::links::click_count::count;
use crate::links::click_count::day::ScopeDay;
use crate::projection::{ApplyError, Steps};

/// The clicks that are held at once, some ten megabytes of them.
pub(super) const CHUNK_CLICKS: usize = 20_000;

/// A raw click, as far as it is counted.
#[derive(sqlx::FromRow)]
struct Row {
    link_id: Uuid,
    occurred_at: OffsetDateTime,
    is_bot: bool,
    visitor: Option<i64>,
    /// By the dimensions' numbers.
    texts: Vec<String>,
}

/// Counts the day of the workspace anew, and that of these of its links.
pub(super) async fn recount(
    tx: &mut PgConnection,
    day: &Day,
    links: &HashSet<Uuid>,
    steps: &Steps,
) -> Result<(), ApplyError> {
    forget(tx, day, links).await?;
    steps.done();
    open(tx, day).await?;
    loop {
        let fetch = format!("fetch forward {CHUNK_CLICKS} from counted_anew");
        let clicks: Vec<Row> = sqlx::query_as(AssertSqlSafe(fetch))
            .persistent(false)
            .fetch_all(&mut *tx)
            .await?;
        if clicks.is_empty() {
            break;
        }
        steps.done();
        add(tx, day, links, &clicks).await?;
        steps.done();
    }
    sqlx::query("close counted_anew").execute(tx).await?;
    Ok(())
}

async fn forget(
    tx: &mut PgConnection,
    day: &Day,
    links: &HashSet<Uuid>,
) -> Result<(), sqlx::Error> {
    let workspace = day.workspace.uuid();
    let scopes: Vec<_> = links.iter().copied().chain([workspace]).collect();
    sqlx::query!(
        "delete from click_count where scope_id = any($1) and day = $2",
        &scopes,
        day.date,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from click_count_quarter where scope_id = any($1) and bucket >= $2 and bucket < $3",
        &scopes,
        day.from,
        day.to,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from click_count_value
          where scope_id = any($1) and dimension between 0 and 9 and day = $2",
        &scopes,
        day.date,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Begins to read the day's clicks that count.
async fn open(tx: &mut PgConnection, day: &Day) -> Result<(), sqlx::Error> {
    sqlx::query(
        "declare counted_anew no scroll cursor for
         select link_id, occurred_at, is_bot, visitor,
                array[coalesce(country, ''), coalesce(city, ''), coalesce(referrer, ''),
                      coalesce(browser, ''), coalesce(os, ''), coalesce(device, ''),
                      coalesce(utm_source, ''), coalesce(utm_medium, ''), coalesce(utm_campaign, ''),
                      coalesce(rule, '')] as texts
           from click_record
          where workspace_id = $1 and occurred_at >= $2 and occurred_at < $3 and not is_excluded
          order by sequence, ordinal",
    )
    .bind(day.workspace.uuid())
    .bind(day.from)
    .bind(day.to)
    .persistent(false)
    .execute(tx)
    .await?;
    Ok(())
}

async fn add(
    tx: &mut PgConnection,
    day: &Day,
    links: &HashSet<Uuid>,
    clicks: &[Row],
) -> Result<(), ApplyError> {
    let workspace = day.workspace.uuid();
    let key = |scope| ScopeDay {
        scope,
        day: day.date,
        workspace,
    };
    let mut texts = Texts::default();
    let mut days: BTreeMap<ScopeDay, Vec<Click>> = BTreeMap::new();
    for row in clicks {
        let click = row.counted(&mut texts);
        days.entry(key(workspace)).or_default().push(click);
        if links.contains(&row.link_id) {
            days.entry(key(row.link_id)).or_default().push(click);
        }
    }
    let days: Vec<_> = days.into_iter().collect();
    count::add(tx, &days, texts).await
}

impl Row {
    fn counted<'c>(&'c self, texts: &mut Texts<'c>) -> Click {
        let mut values = [""; Dimension::ALL.len()];
        for (value, text) in values.iter_mut().zip(&self.texts) {
            *value = text;
        }
        Click {
            quarter: quarter(self.occurred_at),
            is_bot: self.is_bot,
            visitor: self.visitor.map(i64::cast_unsigned),
            texts: texts.numbers(values),
        }
    }
}
